//! Answers held against what their lines expect, and what is made of it.

use crate::canned::Canned;
use crate::measured::{Measured, measure, number};
use crate::sandbox::{Row, Sandbox, rows};

/// Fast answers of about twenty words.
const LAW: &str = "schema = 1\nclient = \"us-west-2\"\n[default]\nttft = { kind = \"constant\", median_ms = 2 }\n\
    ms_per_token = { kind = \"constant\", median_ms = 0.1 }\nanswer_tokens = { median = 20, p99 = 40 }\n";

/// 300 requests of `workload`, of which the law answers the share `quality` rightly, if it answers.
fn answered(workload: &str, quality: f64, more: &str) -> Measured {
    let law = LAW.replace("[default]", &format!("[default]\nquality = {quality}\n{more}"));
    measure(&law, &["--workload", workload, "--concurrency", "8", "--requests-per-cell", "300"])
}

impl Measured {
    /// Every answer is judged as the server knows it to be, and the cell's ratio is that of its answers.
    ///
    /// Returns how many answers were judged, and how many of them are right.
    #[track_caller]
    fn judges_as_the_server_knows(&self) -> (f64, f64) {
        for sample in &self.samples {
            let truth = self.truth_of(sample);
            assert_eq!(sample["quality"], truth["quality"], "{} {}", sample["custom_id"], sample["request_id"]);
            assert!(sample["outcome"] == "ok" || sample["quality"].is_empty(), "{sample:?}");
        }
        let count = |quality: &str| self.samples.iter().filter(|sample| sample["quality"] == quality).count() as f64;
        let (right, judged) = (count("1"), count("1") + count("0"));
        assert!((number(&self.cell, "quality_ratio") - right / judged).abs() < 1e-6, "{right} of {judged}");
        assert!((number(&self.cell, "requests_checked") - judged).abs() < 1e-9);
        (judged, right)
    }
}

#[test]
fn classifications_are_as_right_as_the_server_made_them() {
    let measured = answered("classify", 0.9, "");
    let (judged, right) = measured.judges_as_the_server_knows();
    assert!((judged - 300.0).abs() < 1e-9, "every line has a tier");
    // The draws are seeded, so this is one number; four standard deviations of 300 draws are 0.07.
    assert!((right / judged - 0.9).abs() < 0.07, "{right}");
}

#[test]
fn documents_are_read_as_rightly_as_the_law_says_whatever_is_expected_of_them() {
    let measured = answered("documents", 0.9, "error_ratio = 0.1");
    let (judged, right) = measured.judges_as_the_server_knows();
    let asked = measured.samples.iter().filter(|sample| !measured.truth_of(sample)["quality"].is_empty()).count();
    assert!(
        (judged - asked as f64).abs() < 1e-9 && judged > 200.0,
        "37 of 40 lines expect something, nine in ten answer"
    );
    assert!((right / judged - 0.9).abs() < 0.08, "{right} of {judged}");
    assert!(number(&measured.cell, "availability") < 1.0, "failures show there alone");
}

#[test]
fn a_model_that_is_never_wrong_and_one_that_always_is_are_told_apart() {
    for (quality, expected) in [(1.0, "1.0"), (0.0, "0.0")] {
        let measured = answered("code-review", quality, "");
        measured.judges_as_the_server_knows();
        assert_eq!(measured.cell["quality_ratio"], expected);
    }
}

#[test]
fn nothing_is_said_where_nothing_is_expected() {
    let measured = answered("autocomplete", 0.5, "");
    assert!(measured.samples.iter().all(|sample| sample["quality"].is_empty()));
    assert_eq!((&*measured.cell["quality_ratio"], &*measured.cell["requests_checked"]), ("", "0"));
}

/// A line whose answer is to be as `expect` says.
fn line(id: &str, expect: &str) -> String {
    let body = r#"{"temperature":0,"messages":[{"role":"user","content":"Is it?"}]}"#;
    format!("{{\"custom_id\":\"{id}\",\"body\":{body}{expect}}}\n")
}

fn expecting(id: &str, expect: &str) -> String {
    line(id, &format!(",\"expect\":{expect}"))
}

#[test]
fn each_kind_of_expectation_is_held_against_what_was_answered() {
    let sandbox = Sandbox::new();
    // It answers `Yes.` to everything.
    let canned = Canned::streaming();
    let lines = [
        expecting("equals", r#"{"equals":"Yes."}"#),
        expecting("equals more", r#"{"equals":"Yes"}"#),
        expecting("contains", r#"{"contains":"es"}"#),
        expecting("contains other", r#"{"contains":"No"}"#),
        expecting("regex", r#"{"regex":"^(?i)yes\\W$"}"#),
        expecting("schema", r#"{"json_schema":{"type":"string"}}"#),
        expecting("tier", r#"{"tier":1}"#),
        expecting("tier of a request", r#"{"tier":1,"contains":"Yes"}"#),
        line("nothing", ""),
    ];
    sandbox.write("own.jsonl", &lines.concat());
    let small = ["--workload", "own.jsonl", "--requests-per-cell", "9", "--rounds", "1", "--warmup", "1"];
    sandbox.run(&[&["run", "--base-url", &canned.base_url, "--model", "m"], &small[..]].concat()).measures();
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    let told: Vec<(&str, &str)> = samples
        .iter()
        .filter(|row| row["phase"] == "measured")
        .map(|row| (row["custom_id"].as_str(), row["quality"].as_str()))
        .collect();
    for expected in [
        ("equals", "1"),
        ("equals more", "0"),
        ("contains", "1"),
        ("contains other", "0"),
        ("regex", "1"),
        ("schema", "0"),
        ("tier", "0"),
        ("tier of a request", "1"),
        ("nothing", ""),
    ] {
        assert!(told.contains(&expected), "{expected:?} is not among {told:?}");
    }
    assert!(samples.iter().all(|row| row["phase"] == "measured" || row["quality"].is_empty()), "warm-up is not judged");
    let cell: &Row = &rows(&sandbox.read("reports/latest/cells.csv"))[0];
    let figures = ["quality_ratio", "requests_checked", "answer_variants"].map(|name| cell[name].as_str());
    assert_eq!(figures, ["0.5", "8", "1"]);
}

#[test]
fn every_report_tells_the_quality_and_a_lost_table_and_a_slim_run_do_not_lose_it() {
    let sandbox = Sandbox::new();
    let small = ["--workload", "classify", "--model", "qwen3-8b", "--region", "us-west-2", "--rounds", "2"];
    let ran =
        sandbox.run(&[&["run", "--run-id", "whole", "--requests-per-cell", "60"], &small[..]].concat()).measures();
    let before = sandbox.read("reports/whole/cells.csv");
    let ratio = rows(&before)[0]["quality_ratio"].clone();
    assert!(number(&rows(&before)[0], "quality_ratio") > 0.7, "{ran}");
    let shown = format!("{:.2}", number(&rows(&before)[0], "quality_ratio"));
    let says = |file: &str, text: &str| {
        let report = sandbox.read(&format!("reports/whole/{file}"));
        assert!(report.contains(text), "{file} lacks {text}\n{report}");
    };
    says("summary.md", &format!("|{shown} ("));
    says("summary.json", &format!("\"quality_ratio\": {ratio}"));
    says("report.html", &format!(">{shown}<"));
    says("metrics.prom", "tollmark_quality_ratio{");
    says("cost-quality.svg", "among 60 answers of 1 model");

    std::fs::remove_file(sandbox.path("reports/whole/cells.csv")).unwrap();
    sandbox.run(&["report", "reports/whole"]).exits_with(0);
    assert_eq!(sandbox.read("reports/whole/cells.csv"), before);
    sandbox.run(&["slim", "reports/whole", "--out", "slim"]).exits_with(0);
    sandbox.run(&["report", "slim"]).exits_with(0);
    assert!(sandbox.read("slim/cost-quality.svg") == sandbox.read("reports/whole/cost-quality.svg"));
}

#[test]
fn an_expectation_that_cannot_be_held_against_anything_is_refused_with_its_line() {
    let sandbox = Sandbox::new();
    let lines = [
        expecting("good", r#"{"regex":"a|b"}"#),
        expecting("pattern", r#"{"regex":"(a"}"#),
        expecting("schema", r#"{"json_schema":{"type":"objekt"}}"#),
        expecting("elsewhere", r#"{"json_schema":{"$ref":"https://example.com/a.json"}}"#),
    ];
    sandbox.write("own.jsonl", &lines.concat());
    for arguments in [&["run", "--workload", "own.jsonl"][..], &["workload", "check", "own.jsonl"]] {
        let ran = sandbox.run(arguments).exits_with(2);
        for text in [
            "own.jsonl:2: `expect.regex` is `(a`, must be a regular expression: unclosed group",
            "own.jsonl:3: `expect.json_schema` must be a JSON schema: at `/type`: ",
            "own.jsonl:4: `expect.json_schema` must be a JSON schema: `https://example.com/a.json`: ",
        ] {
            assert!(ran.stderr.contains(text), "stderr lacks: {text}\n{ran}");
        }
        assert!(!ran.stderr.contains("own.jsonl:1"), "{ran}");
    }
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn answers_that_differ_at_temperature_0_break_a_policy_that_wants_them_the_same() {
    let sandbox = Sandbox::new();
    let line = |id: &str| {
        format!(
            "{{\"custom_id\":\"{id}\",\"body\":{{\"messages\":[{{\"role\":\"user\",\"content\":\"Say {id}.\"}}],\
             \"max_tokens\":20,\"temperature\":0}}}}\n"
        )
    };
    sandbox.write("own.jsonl", &(line("one") + &line("two")));
    sandbox.write("gate.toml", "schema = 1\n[[slo]]\nname = \"again\"\nmetric = \"consistency_ratio\"\nmin = 0.9\n");
    for (varied, code, told) in [("0", 0, "holds  "), ("0.5", 3, "broken ")] {
        let law = format!(
            "schema = 1\nclient = \"us\"\n[default]\nttft = {{ kind = \"constant\", median_ms = 2 }}\n\
             ms_per_token = {{ kind = \"constant\", median_ms = 0.1 }}\nanswer_tokens = {{ median = 5, p99 = 6 }}\n\
             varied_ratio = {varied}\n"
        );
        sandbox.write("law.toml", &law);
        let simulated = sandbox.simulate(&["--law", "law.toml"]);
        let run = ["run", "--base-url", &simulated.base_url, "--model", "m", "--workload", "own.jsonl"];
        let amount = ["--requests-per-cell", "80", "--rounds", "2", "--warmup", "0", "--prompt-cache", "natural"];
        let id = format!("varied-{varied}");
        sandbox.run(&[&run[..], &amount, &["--run-id", &id]].concat()).measures();
        let path = format!("reports/{id}");
        sandbox.judge(&path, &[]);
        let judged = sandbox.run(&["gate", &path, "--policy", "gate.toml"]).exits_with(code);
        // Of two requests each had a first answer.
        assert!(judged.stdout.contains(told) && judged.stdout.contains("of 78 answers unlike the first"), "{judged}");
        sandbox.run(&["slim", &path, "--out", &format!("slim-{varied}")]).exits_with(0);
        sandbox.run(&["gate", &format!("slim-{varied}"), "--policy", "gate.toml"]).exits_with(2);
    }
}
