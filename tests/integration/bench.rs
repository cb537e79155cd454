//! The client measured by itself, where the figures are whatever they are.

use serde_json::Value;

use crate::sandbox::Sandbox;

#[test]
fn what_is_measured_is_told_as_one_object() {
    let ran = Sandbox::new().run(&["bench", "plain", "--requests", "20", "--concurrency", "2", "--format", "json"]);
    let found: Value = serde_json::from_str(&ran.exits_with(0).stdout).unwrap();
    assert_eq!(found["ceilings"][0]["replies"], "plain");
    assert!(found["ceilings"][0]["cpu_us_per_reply"].as_f64().unwrap() > 0.0, "{found}");
    assert_eq!(found["fidelities"], Value::Array(vec![]));
    // Absent where the system does not tell.
    assert!(found["peak_memory_bytes"].as_u64().is_none_or(|bytes| bytes > 1 << 20), "{found}");
}

#[test]
fn times_are_compared_at_as_many_streams_as_was_asked_for() {
    let ran = Sandbox::new().run(&["bench", "fidelity", "--streams", "2,3", "--format", "json"]);
    let found: Value = serde_json::from_str(&ran.exits_with(0).stdout).unwrap();
    let told = |at: usize| [&found["fidelities"][at]["streams"], &found["fidelities"][at]["requests"]];
    assert_eq!([told(0), told(1)], [[2, 40], [3, 60]]);
}

#[test]
fn only_what_is_served_can_be_paced() {
    Sandbox::new().run(&["bench", "--paced"]).exits_with(2).says("--serve");
}
