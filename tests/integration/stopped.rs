//! A run that ends before its plan does keeps what was measured.

use std::fs;
use std::thread;

use crate::sandbox::{Sandbox, Started, interrupt, rows};

/// Many more requests than can be sent before the test ends the run.
const LONG: [&str; 13] = [
    "run",
    "--run-id",
    "long",
    "--model",
    "qwen3-8b",
    "--region",
    "us-west-2",
    "--requests-per-cell",
    "100000",
    "--rounds",
    "1000",
    "--concurrency",
    "4",
];

/// Starts a long run and returns once some requests are on disk.
///
/// It looks again and again rather than after a while, so that no length of time is part of the test.
fn under_way(sandbox: &Sandbox) -> Started {
    let mut started = sandbox.start(&LONG);
    let on_disk =
        || fs::read_to_string(sandbox.path("reports/long/samples.csv")).is_ok_and(|it| it.contains("\nmeasured,"));
    while !on_disk() {
        if started.child.try_wait().unwrap().is_some() {
            panic!("the run ended by itself\n{}", sandbox.wait(started));
        }
        thread::yield_now();
    }
    started
}

fn status(sandbox: &Sandbox) -> String {
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/long/manifest.json")).unwrap();
    manifest["status"].as_str().unwrap().to_owned()
}

#[test]
fn an_interrupted_run_is_whole_and_marked_as_partial() {
    let sandbox = Sandbox::new();
    let started = under_way(&sandbox);
    interrupt(&started.child);
    let ran = sandbox.wait(started).exits_with(130).says("interrupted: what was measured is kept");
    assert_eq!(status(&sandbox), "interrupted");
    assert!(!sandbox.path("reports/latest").exists(), "{ran}");
    let samples = rows(&sandbox.read("reports/long/samples.csv"));
    let cells = rows(&sandbox.read("reports/long/cells.csv"));
    let measured = samples.iter().filter(|row| row["phase"] == "measured" && row["outcome"] != "cancelled").count();
    assert_eq!(cells[0]["requests"], measured.to_string());
    assert!(samples.iter().all(|row| !row["end_at_ms"].is_empty()), "{ran}");
    assert!(sandbox.read("reports/long/summary.md").to_lowercase().contains("interrupted"), "{ran}");
    assert!(sandbox.path("reports/long/report.html").exists(), "{ran}");
}

#[test]
fn a_killed_run_can_still_be_reported_and_is_marked_as_partial() {
    let sandbox = Sandbox::new();
    let mut started = under_way(&sandbox);
    started.child.kill().unwrap();
    sandbox.wait(started);
    assert_eq!(status(&sandbox), "running");
    assert!(!sandbox.path("reports/long/cells.csv").exists());
    let ran = sandbox
        .run(&["report", "reports/long"])
        .exits_with(0)
        .says("warning: reports/long: the run did not end in order, or is still under way");
    let text = sandbox.read("reports/long/samples.csv");
    let whole = &text[..=text.rfind('\n').unwrap()];
    let measured = rows(whole).iter().filter(|row| row["phase"] == "measured").count();
    let cells = rows(&sandbox.read("reports/long/cells.csv"));
    assert_eq!(cells[0]["requests"], measured.to_string(), "{ran}");
    assert_ne!(cells[0]["valid"], "true", "how late the client was is not known: {ran}");
    assert!(sandbox.read("reports/long/summary.md").contains("Partial: "), "{ran}");
}

#[test]
fn a_budget_is_never_overspent_and_what_was_measured_is_kept() {
    let sandbox = Sandbox::new();
    let simulated = sandbox.simulate(&[]);
    let limit = ["--max-cost-usd", "0.0003", "--requests-per-cell", "400", "--concurrency", "4"];
    let url = ["run", "--run-id", "long", "--base-url", &simulated.base_url, "--model", "qwen3-8b"];
    let ran = sandbox.run(&[&url[..], &limit[..]].concat()).exits_with(6);
    assert_eq!(status(&sandbox), "over_budget");
    let samples = rows(&sandbox.read("reports/long/samples.csv"));
    let spent: f64 = samples.iter().filter_map(|row| row["cost_usd"].parse::<f64>().ok()).sum();
    let ok = samples.iter().filter(|row| row["outcome"] == "ok").count();
    assert!(ok > 8 && ok < 400, "{ok} requests\n{ran}");
    assert!(spent <= 0.0003, "${spent} spent\n{ran}");
    ran.says("stopped by the budget: what was measured is kept");
}
