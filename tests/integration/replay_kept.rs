//! `run --routes`: what is on disk when the process dies, and what a slim run keeps.

use std::fs;
use std::thread;

use serde_json::Value;

use crate::replayed::{LAW, TABLE, registry};
use crate::sandbox::{Sandbox, rows};

/// A run through [`TABLE`] of `requests` for each of two workloads, one after another.
fn arguments<'a>(base_url: &'a str, requests: &'a str) -> Vec<&'a str> {
    let what = ["run", "--routes", "routes.toml", "--base-url", base_url, "--run-id", "r", "--concurrency", "8"];
    let amount = ["--requests-per-cell", requests, "--rounds", "2", "--warmup", "0", "--parallel-cells", "1"];
    [&what[..], &amount, &["--workload", "classify", "--workload", "autocomplete"]].concat()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", LAW).write("registry.toml", &registry()).write("routes.toml", TABLE);
    sandbox
}

#[test]
fn a_routed_run_that_was_killed_keeps_every_finished_round_route_by_route() {
    let sandbox = sandbox();
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    let mut started = sandbox.start(&arguments(&simulated.base_url, "400"));
    let path = sandbox.path("reports/r/samples.csv");
    // The second workload begins when the first round of the first is on disk.
    while !fs::read_to_string(&path).is_ok_and(|text| text.contains(",autocomplete,")) {
        if started.child.try_wait().unwrap().is_some() {
            panic!("the run ended by itself\n{}", sandbox.wait(started));
        }
        thread::yield_now();
    }
    started.child.kill().unwrap();
    sandbox.wait(started);
    sandbox.run(&["report", "reports/r"]).exits_with(0).says("did not end in order");
    let cells = rows(&sandbox.read("reports/r/cells.csv"));
    let of = |slug: &str| cells.iter().find(|row| row["cell"] == slug).unwrap();
    let whole = of("routes/classify/c8");
    let routes: u64 = ["a-person", "cheap", "rest"]
        .iter()
        .map(|route| of(&format!("routes/classify/c8/{route}"))["requests"].parse::<u64>().unwrap())
        .sum();
    assert_eq!(whole["requests"], routes.to_string());
    let samples = rows(&sandbox.read("reports/r/samples.csv"));
    let kept = |outcome: fn(&str) -> bool| {
        samples.iter().filter(|row| row["workload"] == "classify" && outcome(&row["outcome"])).count()
    };
    assert_eq!(kept(|_| true), 200);
    assert_eq!(whole["requests"], kept(|outcome| outcome != "handed_off").to_string());
    // What became of them on their routes is told again from the rows.
    let page = sandbox.read("reports/r/summary.md");
    assert!(page.contains("cheap") && page.contains("a person"), "{page}");
}

#[test]
fn a_slim_routed_run_tells_the_same_of_each_route() {
    let sandbox = sandbox();
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    sandbox.run(&arguments(&simulated.base_url, "100")).measures();
    sandbox.run(&["slim", "reports/r", "--out", "slim"]).exits_with(0);
    sandbox.run(&["report", "slim"]).exits_with(0);
    assert_eq!(sandbox.read("slim/cells.csv"), sandbox.read("reports/r/cells.csv"));
    let manifest =
        |folder: &str| -> Value { serde_json::from_str(&sandbox.read(&format!("{folder}/manifest.json"))).unwrap() };
    assert_eq!(manifest("slim")["routing"], manifest("reports/r")["routing"]);
    assert!(manifest("slim")["routing"][0]["classifier"]["calls"].as_u64().unwrap() > 0);
    let routing = |folder: &str| {
        let page = sandbox.read(&format!("{folder}/summary.md"));
        page[page.find("outing").unwrap()..].to_owned()
    };
    assert_eq!(
        routing("slim").lines().take(12).collect::<Vec<_>>(),
        routing("reports/r").lines().take(12).collect::<Vec<_>>()
    );
}
