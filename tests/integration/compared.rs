//! Several runs in one set of reports.

use std::fs;

use crate::sandbox::{Sandbox, rows};

/// Two runs of the same eight endpoints, of which the second is told to be on other seeds.
fn nights(sandbox: &Sandbox) {
    for (id, seed) in [("monday", "1"), ("tuesday", "2")] {
        let arguments = ["--model", "qwen*8b", "--region", "us-*", "--requests-per-cell", "120", "--rounds", "2"];
        sandbox.run(&[&["run", "--run-id", id, "--seed", seed], &arguments[..]].concat()).measures();
        sandbox.judge(&format!("reports/{id}"), &[]);
    }
}

#[test]
fn two_nights_stand_side_by_side_in_every_report() {
    let sandbox = Sandbox::new();
    nights(&sandbox);
    let before: Vec<u8> = fs::read(sandbox.path("reports/monday/report.html")).unwrap();
    let ran = sandbox.run(&["report", "reports/monday", "reports/tuesday", "--out", "changes"]).exits_with(0);
    assert!(ran.stdout.starts_with("tuesday against monday, simulated: p99 lower at "), "{ran}");
    let mut names: Vec<String> = fs::read_dir(sandbox.path("changes"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "cells.csv",
        "changes.csv",
        "cost-latency.svg",
        "percentiles.hgrm",
        "percentiles.svg",
        "ranking.svg",
        "report.html",
        "summary.json",
        "summary.md",
    ];
    assert_eq!(names, expected);
    let cells = rows(&sandbox.read("changes/cells.csv"));
    let changes = rows(&sandbox.read("changes/changes.csv"));
    assert_eq!(cells.len(), 2 * changes.len());
    for variant in ["monday", "tuesday"] {
        assert_eq!(cells.iter().filter(|row| row["variant"] == variant).count(), changes.len());
    }
    for change in &changes {
        assert_eq!((change["baseline"].as_str(), change["candidate"].as_str()), ("monday", "tuesday"));
    }
    for name in ["cost-latency.svg", "ranking.svg", "percentiles.svg"] {
        let svg = sandbox.read(&format!("changes/{name}"));
        assert!(svg.contains("A, grey, is monday, B is tuesday"), "{name}");
    }
    let summary: serde_json::Value = serde_json::from_str(&sandbox.read("changes/summary.json")).unwrap();
    let schema = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/reports/summary.schema.json")).unwrap();
    let schema = serde_json::from_slice(&schema).unwrap();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&summary).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(summary["cells"][1]["variant"], "tuesday");
    assert!(sandbox.read("changes/summary.md").contains("**What changed**"));
    assert!(sandbox.read("changes/report.html").contains("What changed"));
    assert_eq!(fs::read(sandbox.path("reports/monday/report.html")).unwrap(), before, "the runs are left alone");

    let files =
        |sandbox: &Sandbox| names.iter().map(|name| sandbox.read(&format!("changes/{name}"))).collect::<Vec<_>>();
    let first = files(&sandbox);
    sandbox.run(&["report", "reports/monday", "reports/tuesday", "--out", "changes"]).exits_with(0);
    assert_eq!(files(&sandbox), first, "the same runs give the same bytes");
}

#[test]
fn a_comparison_needs_a_folder_that_is_no_run() {
    let sandbox = Sandbox::new();
    nights(&sandbox);
    let two = ["report", "reports/monday", "reports/tuesday"];
    sandbox.run(&two).exits_with(2).says("several runs need a folder for what is made of them: `--out DIR`");
    sandbox.run(&[&two[..], &["--out", "reports/monday"]].concat()).exits_with(2).says("is a run directory");
    sandbox.run(&["report", "reports/monday", "--out", "x"]).exits_with(2).says("`--out` is for several runs");
    sandbox.run(&["report", "reports/monday", "nowhere", "--out", "x"]).exits_with(2).says("is not a run directory");
    assert!(!sandbox.path("x").exists());
}
