//! `slim`: a run for a repository.

use std::fs;

use crate::sandbox::Sandbox;

#[test]
fn a_slim_run_has_no_rows_and_gives_the_same_reports() {
    let sandbox = Sandbox::new();
    let few = ["--model", "qwen*8b", "--region", "us-*", "--requests-per-cell", "20", "--rounds", "2"];
    sandbox.run(&[&["run", "--run-id", "whole"], &few[..]].concat()).measures();
    sandbox.run(&["slim", "reports/whole", "--out", "slim"]).exits_with(0).prints("latencies of each round");
    let names = |folder: &str| {
        let entries = fs::read_dir(sandbox.path(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names("slim"), ["cells.csv", "latency.hlog", "manifest.json", "rounds.csv"]);
    sandbox.run(&["report", "slim"]).exits_with(0);
    for name in ["cost-latency.svg", "percentiles.svg", "percentiles.hgrm", "cells.csv"] {
        assert!(sandbox.read(&format!("slim/{name}")) == sandbox.read(&format!("reports/whole/{name}")), "{name}");
    }
    sandbox.run(&["slim", "reports/whole", "--out", "slim"]).exits_with(2).says("slim` exists already");
    sandbox.run(&["slim", "nowhere", "--out", "other"]).exits_with(2).says("nowhere");
}

#[test]
fn a_run_that_was_killed_is_slimmed_as_far_as_it_came() {
    let sandbox = Sandbox::new();
    let few = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "20", "--rounds", "2"];
    sandbox.run(&[&["run", "--run-id", "dead"], &few[..]].concat()).measures();
    let mut manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/dead/manifest.json")).unwrap();
    manifest["status"] = "running".into();
    manifest["finished_at"] = serde_json::Value::Null;
    sandbox.write("reports/dead/manifest.json", &manifest.to_string());
    sandbox.run(&["slim", "reports/dead", "--out", "slim"]).exits_with(0).says("did not end in order");
    sandbox.run(&["report", "slim"]).exits_with(0).says("did not end in order").prints("qwen3-8b");
}
