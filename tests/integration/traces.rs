//! Traces that hold lengths alone, sent as text that was made up.

use std::collections::{BTreeMap, BTreeSet};

use crate::canned::{Asked, Canned};
use crate::sandbox::{Sandbox, rows};

/// Twelve lines of a real trace; all of them begin with the block 0.
const TRACE: &str = include_str!("../fixtures/traces/mooncake-excerpt.jsonl");

/// Bytes of the text of a block: 512 tokens.
const BLOCK: usize = 512 * 4;

/// What the lines of the trace ask for: prompt tokens with answer tokens.
fn lengths() -> BTreeMap<u64, u64> {
    let lines = TRACE.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.map(|line| (line["input_length"].as_u64().unwrap(), line["output_length"].as_u64().unwrap())).collect()
}

/// Two cycles of the trace and as much to warm up, sent to a server of our own.
fn sent(sandbox: &Sandbox, more: &[&str]) -> Vec<Asked> {
    sandbox.write("trace.jsonl", TRACE);
    let server = Canned::streaming();
    let url = ["run", "--base-url", &server.base_url, "--model", "m", "--workload", "trace.jsonl", "--rounds", "1"];
    let amount = ["--requests-per-cell", "24", "--warmup", "12", "--concurrency", "3"];
    sandbox.run(&[&url[..], &amount, more].concat()).measures();
    server.posts()
}

#[test]
fn a_trace_is_sent_with_the_tokens_it_names_and_the_prefixes_it_shares() {
    let sandbox = Sandbox::new();
    let posts = sent(&sandbox, &["--prompt-cache", "natural"]);
    let vocabularies = [tiktoken_rs::o200k_base_singleton(), tiktoken_rs::cl100k_base_singleton()];
    let mut prompts = BTreeSet::new();
    for asked in &posts {
        let (prompt, body) = (asked.prompt(), asked.json());
        let tokens = prompt.len() as u64 / 4;
        assert_eq!(Some(body["max_tokens"].as_u64().unwrap()), lengths().get(&tokens).copied());
        for vocabulary in vocabularies {
            assert_eq!(vocabulary.count_ordinary(&prompt) as u64, tokens);
        }
        prompts.insert(prompt);
    }
    assert_eq!((posts.len(), prompts.len()), (36, 12), "each line has one text, however often it is sent");
    let first: BTreeSet<&str> = prompts.iter().map(|prompt| &prompt[..BLOCK]).collect();
    let second: BTreeSet<&str> = prompts.iter().map(|prompt| &prompt[BLOCK..2 * BLOCK.min(prompt.len() / 2)]).collect();
    assert_eq!((first.len(), second.len()), (1, 12), "the block 0 is shared and no other");
}

#[test]
fn fresh_text_differs_by_cycle_and_phase_and_shares_its_prefixes_within_one() {
    let sandbox = Sandbox::new();
    let posts = sent(&sandbox, &["--prompt-cache", "fresh"]);
    let prompts: BTreeSet<String> = posts.iter().map(Asked::prompt).collect();
    let first: BTreeSet<&str> = prompts.iter().map(|prompt| &prompt[..BLOCK]).collect();
    // Warm-up, the first cycle and the second.
    assert_eq!((prompts.len(), first.len()), (36, 3));
}

#[test]
fn the_same_seed_makes_the_same_text_and_another_seed_other_text() {
    let sandbox = Sandbox::new();
    let with = |id, seed| {
        let more = ["--prompt-cache", "natural", "--run-id", id, "--seed", seed];
        sent(&sandbox, &more).iter().map(Asked::prompt).collect::<BTreeSet<String>>()
    };
    let one = with("one", "1");
    assert_eq!(one, with("again", "1"));
    assert!(one.is_disjoint(&with("two", "2")));
}

#[test]
fn everything_that_is_kept_of_a_trace_is_marked_synthetic() {
    let sandbox = Sandbox::new();
    sandbox.write("trace.jsonl", TRACE);
    let run = ["run", "--workload", "trace.jsonl", "--model", "qwen3-8b", "--region", "us-west-2", "--ui", "plain"];
    let ran = sandbox.run(&[&run[..], &["--requests-per-cell", "24", "--rounds", "2"]].concat()).measures();
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    assert!(samples.iter().all(|row| row["synthetic"] == "true"));
    // The simulator holds to the limit, and counts the very tokens that were asked for.
    let lengths = lengths();
    for row in samples.iter().filter(|row| row["outcome"] == "ok") {
        let [input, output] = ["input_tokens", "output_tokens"].map(|column| row[column].parse::<u64>().unwrap());
        assert!(lengths.get(&input).is_some_and(|limit| output <= *limit), "{row:?}");
    }
    assert_eq!(&*rows(&sandbox.read("reports/latest/cells.csv"))[0]["synthetic_prompts"], "12");
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/latest/manifest.json")).unwrap();
    assert_eq!(manifest["workloads"][0]["synthetic"], 12);
    assert_eq!(manifest["cells"][0]["synthetic_prompts"], 12);
    let words = "Synthetic prompts are made-up words of the recorded lengths";
    for file in ["summary.md", "report.html"] {
        assert!(sandbox.read(&format!("reports/latest/{file}")).contains(words), "{file}");
    }
    ran.prints(words);
}

#[test]
fn a_request_of_lengths_that_cannot_be_is_named_with_its_line() {
    let sandbox = Sandbox::new();
    let line = |id, rest| format!(r#"{{"custom_id":"{id}","output_length":4,{rest}}}"#);
    let text = [
        line("a", r#""input_length":600,"hash_ids":[1,2,3]"#),
        line("b", r#""input_length":600,"hash_ids":[1,2,3],"block_size":256"#),
        line("c", r#""input_length":600,"block_size":256"#),
        line("d", r#""input_length":10000001"#),
        line("e", r#""input_length":600,"hash_ids":[1],"block_size":0"#),
    ];
    sandbox.write("trace.jsonl", &text.join("\n"));
    let ran = sandbox.run(&["run", "--workload", "trace.jsonl", "--model", "qwen3-8b"]).exits_with(2);
    ran.says(
        "error: trace.jsonl:1: `hash_ids` holds 3 blocks of 512 tokens, must hold at most 2 for an `input_length` of 600\n\
         trace.jsonl:3: `block_size` is given without `hash_ids`, must stand beside them\n\
         trace.jsonl:4: `input_length` is 10000001, must be at most 10000000\n\
         trace.jsonl:5: `block_size` is 0, must be at least 1\n",
    );
}
