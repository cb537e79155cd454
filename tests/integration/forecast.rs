//! Routing tables forecast, and their changes judged, without a call.

use std::process::Command;

use crate::replayed::{LAW, TABLE, registry};
use crate::sandbox::{Ran, Sandbox, rows};

/// Three models that answer at different speeds and prices, 200 requests to each in ten rounds, judged valid.
fn measured() -> Sandbox {
    let sandbox = Sandbox::new();
    let what = ["--region", "us-west-2", "--requests-per-cell", "200", "--rounds", "10", "--workload", "autocomplete"];
    let models = ["--model", "step-3.5-flash", "--model", "qwen3-32b", "--model", "hunyuan-turbo"];
    sandbox.run(&[&["run", "--run-id", "night"], &what[..], &models[..]].concat()).measures();
    sandbox.judge("reports/night", &[]);
    sandbox
        .write("step.toml", &table("step-3.5-flash"))
        .write("qwen.toml", &table("qwen3-32b"))
        .write("gate.toml", GATE);
    sandbox
}

fn table(model: &str) -> String {
    format!(
        "schema = 1\n[[route]]\nname = \"typing\"\nmatch = {{ class = \"autocomplete\" }}\n\
         primary = [\n  {{ model = \"{model}\", regions = [\"us-west-2\"] }},\n]\n[[route]]\nname = \"rest\"\n\
         primary = [ {{ model = \"qwen3-32b\" }} ]\n"
    )
}

const GATE: &str = r#"
schema = 1
[traffic]
requests_per_month = 1_000_000
[[slo]]
name = "answers come"
metric = "availability"
min = 0.9
[[regression]]
metric = "e2e_p50_ms"
margin = "10%"
[[regression]]
metric = "cost_per_1k_requests_usd"
margin = "3%"
"#;

/// Holds `document` against the published schema of this text.
#[track_caller]
fn fits(document: &serde_json::Value, schema: &str) {
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let errors: Vec<String> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

fn gate(sandbox: &Sandbox, routes: &str, against: &str, more: &[&str]) -> Ran {
    let what = ["gate", "--routes", routes, "--against", against, "--from", "reports/night", "--policy", "gate.toml"];
    sandbox.run(&[&what[..], more].concat())
}

#[test]
fn a_table_is_forecast_from_what_was_measured_and_a_slim_run_will_do() {
    let sandbox = measured();
    let told =
        sandbox.run(&["forecast", "reports/night", "--routes", "step.toml", "--policy", "gate.toml"]).exits_with(0);
    assert!(told.stdout.starts_with("forecast of step.toml from night, simulated, 10 rounds\n"), "{told}");
    assert!(told.stdout.contains("typing: 100 % step-3.5-flash in us-west-2"), "{told}");
    let json = |run: &str, table: &str| -> serde_json::Value {
        let ran = sandbox.run(&["forecast", run, "--routes", table, "--format", "json"]).exits_with(0);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let cells: Vec<_> = rows(&sandbox.read("reports/night/cells.csv"));
    let row = cells.iter().find(|row| row["model"] == "step-3.5-flash").unwrap();
    let whole = json("reports/night", "step.toml");
    fits(&whole, include_str!("../../reports/forecast.schema.json"));
    // One endpoint alone: to the last digit what its cell says.
    let p50 = whole["total"]["figures"]["e2e_p50_ms"]["value"].as_f64().unwrap();
    assert!((p50 - row["e2e_p50_ms"].parse::<f64>().unwrap()).abs() < 1e-9, "{p50} {row:?}");
    let cost: f64 = whole["total"]["figures"]["cost_per_1k_requests_usd"]["value"].as_str().unwrap().parse().unwrap();
    assert!((cost - row["cost_per_1k_requests_usd"].parse::<f64>().unwrap()).abs() < 1e-9, "{cost} {row:?}");
    sandbox.run(&["slim", "reports/night", "--out", "slim"]).exits_with(0);
    let slim = json("slim", "step.toml");
    let near = |of: &serde_json::Value| of["total"]["figures"]["e2e_p95_ms"]["value"].as_f64().unwrap();
    assert!((near(&slim) / near(&whole) - 1.0).abs() < 0.005, "a histogram's buckets: {slim} {whole}");
    assert!(slim["assumptions"].to_string().contains("a slim run keeps no requests"), "{slim}");
}

#[test]
fn a_change_of_the_table_is_judged_and_told_with_the_line_that_did_it() {
    let sandbox = measured();
    gate(&sandbox, "step.toml", "step.toml", &[]).exits_with(0).prints("PASSED: Nothing changes for any route.");
    // Qwen costs nearly twice as much.
    let worse = gate(&sandbox, "qwen.toml", "step.toml", &[]).exits_with(3);
    assert!(worse.stdout.starts_with("REGRESSED: route typing (100 % of traffic): "), "{worse}");
    assert!(worse.stdout.contains("Cause: qwen.toml line 6, `step-3.5-flash` → `qwen3-32b`"), "{worse}");
    assert!(worse.stdout.contains("a month"), "{worse}");
    gate(&sandbox, "qwen.toml", "step.toml", &["--advisory"]).exits_with(0).prints("ADVISORY: REGRESSED");
    let better = gate(&sandbox, "step.toml", "qwen.toml", &[]).exits_with(0);
    assert!(better.stdout.starts_with("PASSED: "), "{better}");
    let formats =
        ["--format", "json=v.json", "--format", "junit=v.xml", "--format", "markdown=v.md", "--format", "github"];
    let told = gate(&sandbox, "qwen.toml", "step.toml", &formats).exits_with(3);
    assert!(told.stdout.contains("::error file=gate.toml"), "{told}");
    let verdict: serde_json::Value = serde_json::from_str(&sandbox.read("v.json")).unwrap();
    assert_eq!((&verdict["verdict"], &verdict["forecast"]["changes"][0]["line"]), (&"regressed".into(), &6.into()));
    fits(&verdict, include_str!("../../reports/verdict.schema.json"));
    assert!(sandbox.read("v.md").starts_with("**REGRESSED: route typing (100 % of traffic)**: "));
    assert!(sandbox.read("v.xml").contains("<failure"));
}

#[test]
fn what_was_never_measured_is_named_and_the_policy_says_whether_that_stops() {
    let sandbox = measured();
    sandbox.write("glm.toml", &table("glm-4-9b"));
    let told = gate(&sandbox, "glm.toml", "step.toml", &[]).exits_with(0);
    let first = told.stdout.lines().next().unwrap();
    assert!(first.starts_with("INCONCLUSIVE") && first.contains(": not measured: "), "{told}");
    assert!(!first.contains("Cause: "), "{told}");
    gate(&sandbox, "glm.toml", "glm.toml", &[])
        .prints("INCONCLUSIVE: route typing (100 % of traffic): cost per 1k requests: not measured: `glm-4-9b` on")
        .prints(" and add its directory. Nothing of it was measured. ");
    told.prints(
        "Run `tollmark run --model glm-4-9b --region us-west-2 --workload autocomplete --requests-per-cell 1500`",
    );
    sandbox.write("gate.toml", &format!("{GATE}\n[inconclusive]\nforecast = \"block\"\n"));
    gate(&sandbox, "glm.toml", "step.toml", &[]).exits_with(4);
    sandbox.judge("reports/night", &["the client was late".to_owned()]);
    gate(&sandbox, "step.toml", "step.toml", &[]).exits_with(5).prints("may not be judged");
    let invalid = gate(&sandbox, "qwen.toml", "step.toml", &[]).exits_with(5);
    let first = invalid.stdout.lines().next().unwrap();
    assert!(first.starts_with("INVALID") && first.contains("the client was late"), "{invalid}");
    assert!(!first.contains("Cause: "), "a client that is late is no fault of the table: {invalid}");
}

#[test]
fn a_table_may_come_from_git_and_old_runs_are_refused() {
    let sandbox = measured();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(sandbox.path(".")).args(["-c", "user.name=t", "-c", "user.email=t@t.invalid"]).args(arguments);
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    };
    sandbox.write("routes.toml", &table("step-3.5-flash"));
    git(&["init", "--quiet", "."]);
    git(&["add", "routes.toml"]);
    git(&["commit", "--quiet", "-m", "tables"]);
    sandbox.write("routes.toml", &table("qwen3-32b"));
    gate(&sandbox, "routes.toml", "HEAD:routes.toml", &[]).exits_with(3).prints("Cause: routes.toml line 6");
    gate(&sandbox, "routes.toml", "HEAD:nowhere.toml", &[])
        .exits_with(2)
        .says("`HEAD:nowhere.toml`, which is no file, from git");
    gate(&sandbox, "routes.toml", "nowhere.toml", &[]).exits_with(2).says("cannot read routing table `nowhere.toml`");
    let mut manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/night/manifest.json")).unwrap();
    manifest["started_at"] = "2026-01-01T00:00:00Z".into();
    sandbox.write("reports/night/manifest.json", &manifest.to_string());
    gate(&sandbox, "routes.toml", "routes.toml", &["--max-age", "48h"]).exits_with(2).says("must be at most 2 days");
}

#[test]
fn a_run_through_a_table_is_forecast_from_the_calls_that_the_table_made() {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", LAW).write("registry.toml", &registry()).write("routes.toml", TABLE);
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    // Every line twice.
    let lines = include_str!("../../workloads/classify.jsonl").lines().count();
    let requests = (2 * lines).to_string();
    let what = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "classify"];
    let load = ["--requests-per-cell", &requests, "--rounds", "4", "--concurrency", "8", "--run-id", "r"];
    sandbox.run(&[&what[..], &load].concat()).measures();
    sandbox.judge("reports/r", &[]);
    let forecast = |run: &str| {
        sandbox.run(&["forecast", run, "--routes", "routes.toml", "--registry", "registry.toml", "--format", "json"])
    };
    let told: serde_json::Value = serde_json::from_str(&forecast("reports/r").exits_with(0).stdout).unwrap();
    fits(&told, include_str!("../../reports/forecast.schema.json"));
    let samples = rows(&sandbox.read("reports/r/samples.csv"));
    let measured: Vec<_> = samples.iter().filter(|row| row["phase"] == "measured").collect();
    for route in told["routes"].as_array().unwrap() {
        // The confusion is that of this very run, so that its shares come out to the last request.
        let took = measured.iter().filter(|row| row["route"] == *route["route"].as_str().unwrap()).count();
        let share = took as f64 / measured.len() as f64;
        assert!((route["share"].as_f64().unwrap() - share).abs() < 1e-6, "{share} of {route}");
    }
    let assumed = told["assumptions"].to_string();
    assert!(assumed.contains("wrong ones fall as they did in runs through a table"), "{assumed}");
    assert!(
        assumed.contains("with all of `classify` what it did with the requests that a table sent there"),
        "{assumed}"
    );
    sandbox.run(&["slim", "reports/r", "--out", "slim"]).exits_with(0);
    forecast("slim").exits_with(2).says("went through a routing table and keeps none of its calls");
}

#[test]
fn over_tiering_that_was_planted_is_found_and_a_fair_table_is_left_alone() {
    let sandbox = measured();
    // As good as each other, by the registry.
    let registry = sandbox.run(&["registry", "export"]).exits_with(0).stdout;
    let judged = registry.replace("\ntier = ", "\nquality = 0.9\ntier = ");
    sandbox.write("registry.toml", &judged).write("dear.toml", &table("hunyuan-turbo"));
    let suggest = |table: &str| {
        let what =
            ["suggest", "reports/night", "--routes", table, "--registry", "registry.toml", "--policy", "gate.toml"];
        sandbox.run(&what).exits_with(0)
    };
    suggest("dear.toml").prints("`typing` `hunyuan-turbo` → `step-3.5-flash` saves ");
    suggest("step.toml").prints("nothing cheaper found");
}

#[test]
fn the_shipped_table_is_forecast_as_a_run_through_it_went_and_hands_no_typing_to_a_person() {
    let sandbox = Sandbox::new();
    let what = ["run", "--routes", "built-in", "--workload", "autocomplete", "--workload", "classify"];
    // Every line four times.
    let load = ["--requests-per-cell", "240", "--rounds", "4", "--warmup", "0", "--concurrency", "8", "--run-id", "r"];
    sandbox.run(&[&what[..], &load].concat()).measures();
    sandbox.judge("reports/r", &[]);
    let told = sandbox.run(&["forecast", "reports/r", "--routes", "built-in", "--format", "json"]).exits_with(0);
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let samples = rows(&sandbox.read("reports/r/samples.csv"));
    let share = |route: &str| samples.iter().filter(|row| row["route"] == route).count() as f64 / samples.len() as f64;
    for route in told["routes"].as_array().unwrap() {
        let name = route["route"].as_str().unwrap();
        assert!((route["share"].as_f64().unwrap() - share(name)).abs() < 1e-6, "{} of {route}", share(name));
    }
    let typing = samples.iter().filter(|row| row["class"] == "autocomplete");
    assert!(typing.clone().all(|row| row["route"] == "autocomplete" && row["tier_by"].is_empty()));
    assert_eq!(typing.count(), 240);
    // What was failed over to in a region that nobody was sent to by design is not measured, and such a route has no figures.
    let told_of = |route: &&serde_json::Value| route["figures"].is_object() && route["route"] != "a person decides";
    let routes: Vec<&serde_json::Value> = told["routes"].as_array().unwrap().iter().filter(told_of).collect();
    assert!(routes.len() > 2, "{told}");
    for route in routes {
        let took = || samples.iter().filter(|row| row["route"] == *route["route"].as_str().unwrap());
        let paid: f64 = took().filter_map(|row| row["cost_usd"].parse::<f64>().ok()).sum();
        let replayed = paid / took().count() as f64 * 1e3;
        let cost = &route["figures"]["cost_per_1k_requests_usd"]["value"];
        let cost: f64 = cost.as_str().unwrap().parse().unwrap();
        assert!((cost / replayed - 1.0).abs() < 0.1, "{cost} {replayed} of {route}");
    }
}

#[test]
fn a_slim_run_forecasts_how_right_answers_are_as_the_whole_one_does() {
    let sandbox = Sandbox::new();
    let what = ["run", "--workload", "classify", "--model", "qwen2.5-7b", "--region", "us-east-1", "--run-id", "r"];
    sandbox.run(&[&what[..], &["--requests-per-cell", "120", "--rounds", "4"]].concat()).measures();
    sandbox.run(&["slim", "reports/r", "--out", "slim"]).exits_with(0);
    sandbox.write(
        "routes.toml",
        "schema = 1\n[[route]]\nname = \"all\"\nprimary = [ { model = \"qwen2.5-7b\", regions = [\"us-east-1\"] } ]\n",
    );
    let quality = |run: &str| {
        let ran = sandbox.run(&["forecast", run, "--routes", "routes.toml", "--format", "json"]).exits_with(0);
        let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        told["total"]["figures"]["quality_ratio"].as_f64().unwrap_or_else(|| panic!("{ran}"))
    };
    let (whole, slim) = (quality("reports/r"), quality("slim"));
    assert!(whole < 1.0 && (slim - whole).abs() < 0.01, "{whole} {slim}");
}
