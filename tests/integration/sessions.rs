//! Conversations are replayed as conversations.

use std::collections::BTreeMap;

use crate::sandbox::{Row, Sandbox, interrupt, rows};

/// Answers at once.
const LAW: &str = r#"
schema = 1
client = "us-west-2"
[default]
ttft = { kind = "constant", median_ms = 1 }
ms_per_token = { kind = "constant", median_ms = 0.5 }
answer_tokens = { median = 4, p99 = 4 }
"#;

const DELAYS: [u64; 3] = [0, 4, 9];

/// Two conversations of three turns whose lines alternate, and a line that stands alone.
fn conversations() -> String {
    let body = r#""body":{"messages":[{"role":"user","content":"Hi"}],"max_tokens":8}"#;
    let turns = (0..3).flat_map(|turn| {
        ["s", "t"].map(|session| {
            let delay = if turn == 0 { String::new() } else { format!(r#","delay":{}"#, DELAYS[turn]) };
            let id = format!("{session}{turn}");
            format!(r#"{{"custom_id":"{id}",{body},"session_id":"{session}","timestamp":{}{delay}}}"#, turn * 20)
        })
    });
    let alone = format!(r#"{{"custom_id":"alone",{body},"timestamp":30}}"#);
    turns.chain([alone]).collect::<Vec<_>>().join("\n")
}

fn millis(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap()
}

#[test]
fn the_server_sees_each_conversation_in_order_with_its_pauses() {
    let loads = [&["--concurrency", "2"][..], &["--arrivals", "recorded"], &["--rate", "200", "--max-in-flight", "50"]];
    for load in loads {
        let sandbox = Sandbox::new();
        sandbox.write("law.toml", LAW).write("talk.jsonl", &conversations());
        let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
        let url = ["run", "--base-url", &simulated.base_url, "--model", "m", "--workload", "talk.jsonl"];
        let amount = ["--requests-per-cell", "17", "--rounds", "2", "--warmup", "4"];
        sandbox.run(&[&url[..], &amount, load].concat()).measures();
        simulated.interrupt();
        let truth: BTreeMap<String, Row> =
            rows(&sandbox.read("truth.csv")).into_iter().map(|row| (row["request_id"].clone(), row)).collect();
        let samples = rows(&sandbox.read("reports/latest/samples.csv"));
        assert_eq!((samples.len(), truth.len()), (21, 21), "every turn is sent once");
        let mut sessions: BTreeMap<[&str; 3], Vec<&Row>> = BTreeMap::new();
        for row in &samples {
            if row["custom_id"] == "alone" {
                assert_eq!((&*row["session_id"], &*row["turn"]), ("", ""));
            } else {
                let key = [&row["phase"], &row["cycle"], &row["session_id"]].map(String::as_str);
                sessions.entry(key).or_default().push(row);
            }
        }
        // Two and a half cycles of seven, and four to warm up: the last conversations are cut.
        assert_eq!(sessions.values().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3, 3, 3, 3, 1][..].to_vec());
        for turns in sessions.values() {
            let turns: Vec<&Row> = turns.iter().map(|row| &truth[&row["request_id"]]).collect();
            for (pair, delay) in turns.windows(2).zip(&DELAYS[1..]) {
                let pause = millis(pair[1], "received_at_ms") - millis(pair[0], "last_token_at_ms");
                assert!(pause >= *delay as f64, "{pause} ms is less than {delay} ms");
            }
        }
        for turns in sessions.values() {
            for (number, row) in turns.iter().enumerate() {
                assert_eq!((&*row["turn"], &row["custom_id"][1..]), (&*number.to_string(), &*number.to_string()));
            }
        }
    }
}

#[test]
fn an_interrupt_is_heard_while_a_turn_waits() {
    let sandbox = Sandbox::new();
    let turn = |id: u32, delay: u64| {
        let body = r#""body":{"messages":[{"role":"user","content":"Hi"}],"max_tokens":8}"#;
        format!(r#"{{"custom_id":"{id}",{body},"session_id":"s","delay":{delay}}}"#)
    };
    // The second turn comes an hour after the first.
    sandbox.write("talk.jsonl", &[turn(1, 0), turn(2, 3_600_000)].join("\n"));
    let few = ["--requests-per-cell", "2", "--warmup", "0", "--concurrency", "1", "--rounds", "2", "--run-id", "talk"];
    let started = sandbox.start(
        &[&["run", "--model", "qwen3-8b", "--region", "us-west-2", "--workload", "talk.jsonl"], &few[..]].concat(),
    );
    let answered =
        || std::fs::read_to_string(sandbox.path("reports/talk/samples.csv")).is_ok_and(|it| it.contains("\nmeasured,"));
    while !answered() {
        std::thread::yield_now();
    }
    interrupt(&started.child);
    sandbox.wait(started).exits_with(130);
    assert_eq!(rows(&sandbox.read("reports/talk/samples.csv")).len(), 1);
}

#[test]
fn a_turn_without_one_before_and_a_delay_below_zero_are_named_with_their_lines() {
    let sandbox = Sandbox::new();
    let line = |id: u32, rest| format!(r#"{{"custom_id":"{id}","input_length":4,"output_length":4,{rest}}}"#);
    let text = [
        line(1, r#""session_id":"s""#),
        line(2, r#""session_id":"s","delay":-5"#),
        line(3, r#""delay":5"#),
        line(4, r#""session_id":"s","delay":5"#),
    ];
    sandbox.write("talk.jsonl", &text.join("\n"));
    sandbox.run(&["run", "--workload", "talk.jsonl", "--model", "qwen3-8b"]).exits_with(2).says(
        "error: talk.jsonl:2: `delay` is -5, must be a whole number of milliseconds, 0 or more\n\
         talk.jsonl:3: `delay` is given without `session_id`, must follow a turn of the same session\n",
    );
    sandbox.write("talk.jsonl", &line(1, r#""session_id":"s","delay":5"#));
    sandbox.run(&["run", "--workload", "talk.jsonl", "--model", "qwen3-8b"]).exits_with(2).says(
        "error: talk.jsonl:1: `delay` is 5 and no turn of session `s` comes before, must be left out of the first\n",
    );
}
