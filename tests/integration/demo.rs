//! The demo: one command, no key, no network, and a run directory at the end.

use std::collections::BTreeSet;
use std::fs;

use crate::sandbox::{Row, Sandbox, rows};

/// One endpoint and few requests, so that a run takes a fraction of a second.
const SMALL: [&str; 9] =
    ["run", "--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "20", "--rounds", "2"];

/// Every file that a run of today leaves.
const FILES: [&str; 14] = [
    "attempts.csv",
    "bill.csv",
    "cells.csv",
    "cost-latency.svg",
    "latency.hlog",
    "manifest.json",
    "metrics.prom",
    "percentiles.hgrm",
    "percentiles.svg",
    "ranking.svg",
    "report.html",
    "samples.csv",
    "summary.json",
    "summary.md",
];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&SMALL, more].concat()
}

/// A decimal string as whole picodollars, so that sums are exact.
fn picos(usd: &str) -> u128 {
    let (whole, part) = usd.split_once('.').unwrap_or((usd, ""));
    format!("{whole}{part:0<12}").parse().unwrap()
}

fn measured(samples: &str) -> Vec<Row> {
    rows(samples).into_iter().filter(|row| row["phase"] == "measured").collect()
}

#[test]
fn a_run_leaves_every_file_of_a_run_directory_and_latest_names_it() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&SMALL).measures().prints("qwen3-8b");
    let run = sandbox.only_run();
    let names: BTreeSet<_> =
        fs::read_dir(sandbox.path(&run)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, FILES.into_iter().map(Into::into).collect(), "{ran}");
    assert_eq!(fs::read_link(sandbox.path("reports/latest")).unwrap(), sandbox.path(&run).file_name().unwrap());
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/latest/manifest.json")).unwrap();
    assert_eq!(manifest["status"], "finished");
    assert_eq!(manifest["format_version"], 1);
    assert!(run.ends_with(manifest["run_id"].as_str().unwrap()));
    ran.says(&format!("report: {run}/report.html"));
}

#[test]
fn it_is_said_first_and_everywhere_that_nothing_left_this_machine() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&SMALL).measures().prints("simulated");
    assert_eq!(ran.stderr.lines().next(), Some("SIMULATED: no request leaves this machine, $0"), "{ran}");
    for file in ["cells.csv", "samples.csv", "attempts.csv"] {
        let rows = rows(&sandbox.read(&format!("reports/latest/{file}")));
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|row| row["simulated"] == "true"), "{file}");
    }
    for file in ["cost-latency.svg", "report.html", "summary.md"] {
        assert!(sandbox.read(&format!("reports/latest/{file}")).contains("SIMULATED"), "{file}");
    }
    let summary: serde_json::Value = serde_json::from_str(&sandbox.read("reports/latest/summary.json")).unwrap();
    assert_eq!(summary["simulated"], true);
}

#[test]
fn the_costs_of_the_requests_add_up_to_the_cost_of_their_cell_to_the_last_digit() {
    let sandbox = Sandbox::new();
    let arguments = ["run", "--model", "qwen*", "--region", "us-west-2", "--requests-per-cell", "12", "--rounds", "2"];
    sandbox.run(&arguments).measures();
    let samples = measured(&sandbox.read("reports/latest/samples.csv"));
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    assert_eq!(cells.len(), 3);
    for cell in &cells {
        let costs = samples.iter().filter(|row| row["cell"] == cell["cell"]).map(|row| picos(&row["cost_usd"]));
        assert_eq!(costs.sum::<u128>(), picos(&cell["cost_usd"]), "{}", cell["cell"]);
        assert_eq!(cell["all_prices_known"], "true");
    }
    let summary: serde_json::Value = serde_json::from_str(&sandbox.read("reports/latest/summary.json")).unwrap();
    let total: u128 = cells.iter().map(|cell| picos(&cell["cost_usd"])).sum();
    assert_eq!(picos(summary["cost_usd"].as_str().unwrap()), total);
}

#[test]
fn a_cost_is_the_list_price_of_the_tokens_that_were_reported() {
    let sandbox = Sandbox::new();
    let model = ["--model", "glm-4.6v", "--region", "us-west-2", "--requests-per-cell", "6", "--rounds", "1"];
    sandbox.run(&[&["run"], &model[..]].concat()).measures();
    for row in rows(&sandbox.read("reports/latest/samples.csv")) {
        let tokens = |column: &str| row[column].parse::<u128>().unwrap();
        // $0.39 and $0.80 for a million tokens are 390,000 and 800,000 picodollars for one.
        let expected = tokens("input_tokens") * 390_000 + tokens("output_tokens") * 800_000;
        assert_eq!(picos(&row["cost_usd"]), expected, "{}", row["custom_id"]);
    }
}

#[test]
fn the_whole_matrix_has_39_cells_and_a_dry_run_sends_nothing() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["run", "--dry-run"]).exits_with(0).prints("39 cells").prints("nothing was sent");
    let flash = ran.stdout.lines().find(|line| line.contains("deepseek-v4-flash")).unwrap();
    assert!(!flash.contains("us-west-2"), "{flash}");
    let lines = ran.stdout.lines().filter(|line| line.starts_with("  ") && line.contains("us-east-1"));
    assert_eq!(lines.count(), 10, "a line a model: {ran}");
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn the_same_seed_makes_the_same_plan_and_another_seed_another() {
    let sandbox = Sandbox::new();
    let mut plans = Vec::new();
    for (name, seed) in [("one", "7"), ("two", "7"), ("three", "8")] {
        let arguments = ["--model", "glm-4-*b", "--region", "us-west-2", "--seed", seed, "--run-id", name];
        sandbox.run(&[&["run", "--requests-per-cell", "16", "--rounds", "2"], &arguments[..]].concat()).measures();
        let text = sandbox.read(&format!("reports/{name}/manifest.json"));
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        for changes in ["run_id", "started_at", "finished_at", "validity"] {
            assert!(manifest.as_object_mut().unwrap().remove(changes).is_some(), "{changes}");
        }
        let mut sent: Vec<_> = rows(&sandbox.read(&format!("reports/{name}/samples.csv")))
            .into_iter()
            .map(|row| ["cell", "phase", "round", "index", "custom_id"].map(|column| row[column].clone()))
            .collect();
        // Rows stand in the order in which replies ended, which is the machine's and not the plan's.
        sent.sort();
        plans.push((manifest, sent));
    }
    assert_eq!(plans[0], plans[1]);
    assert_ne!(plans[0].0["seed"], plans[2].0["seed"]);
}

#[test]
fn as_many_requests_as_asked_for_are_in_flight() {
    let sandbox = Sandbox::new();
    let arguments = ["--concurrency", "2,8", "--requests-per-cell", "80", "--rounds", "1"];
    sandbox.run(&[&["run", "--model", "qwen3-8b", "--region", "us-west-2"], &arguments[..]].concat()).measures();
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    assert_eq!(cells.len(), 2);
    for cell in cells {
        let wanted: f64 = cell["concurrency"].parse().unwrap();
        let held: f64 = cell["in_flight_mean"].parse().unwrap();
        // Never more than asked for. Less, because the last requests end one by one: the slowest of them lasts twice
        // the mean at most, which is a tenth of what 80 requests take eight at a time.
        assert!(held <= wanted && held > 0.75 * wanted, "{held} of {wanted}");
    }
}

#[test]
fn a_quick_run_says_that_it_is_too_short_for_p99() {
    let sandbox = Sandbox::new();
    let arguments = ["run", "--quick", "--model", "qwen3-8b", "--region", "us-west-2"];
    sandbox.run(&arguments).measures();
    sandbox.judge("reports/latest", &[]).prints("cannot be told at n = 40").prints("368");
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    assert_eq!(cells[0]["requests"], "40");
    assert_eq!(cells[0]["e2e_p99_high_ms"], "inf");
    assert_ne!(cells[0]["e2e_p50_high_ms"], "inf");
}

#[test]
fn progress_can_be_turned_off_and_stdout_holds_the_result_alone() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&with(&["--ui", "none"])).measures();
    assert!(ran.stdout.lines().any(|line| line.starts_with("tier ")), "{ran}");
    assert!(!ran.stdout.contains("report.html") && !ran.stdout.contains('\u{1b}'), "{ran}");
}
