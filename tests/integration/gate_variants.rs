//! Two variants of one run held against a policy.

use crate::sandbox::{Ran, Sandbox};

/// Two models of one region, of which the first costs this much for its input.
fn registry(sandbox: &Sandbox, name: &str, input: &str) {
    let model = |id: &str, input: &str| {
        format!(
            "[[model]]\nid = \"{id}\"\ntier = 1\n[[model.at]]\nprovider = \"acme\"\nregions = [\"us\"]\n[[model.at.price]]\n\
             from = \"2026-05-01\"\ncurrency = \"USD\"\ninput = \"{input}\"\noutput = \"0.25\"\nsource = \"a list\"\n"
        )
    };
    let endpoints =
        "schema = 1\n[[provider]]\nid = \"acme\"\nbase_url = \"https://acme.invalid/v1\"\n[[region]]\nid = \"us\"\n";
    sandbox.write(name, &format!("{endpoints}{}{}", model("small", input), model("large", "0.57")));
}

/// Every answer has five tokens; the first of them takes so long, for the model `small` and for all others.
fn law(small_ms: u32, other_ms: u32) -> String {
    let law = |ms: u32| {
        format!(
            "ttft = {{ kind = \"constant\", median_ms = {ms} }}\nms_per_token = {{ kind = \"constant\", median_ms = 1 }}\n\
             answer_tokens = {{ median = 5, p99 = 5 }}\n"
        )
    };
    format!(
        "schema = 1\nclient = \"us-west-2\"\n[default]\n{}varied_ratio = 0\n[model.small]\n{}varied_ratio = 0\n",
        law(other_ms),
        law(small_ms)
    )
}

/// A run of the price list with a dearer `input` and `small_ms` against the one with 0.18 and 10 ms.
fn measured(input: &str, small_ms: u32) -> Sandbox {
    let sandbox = Sandbox::new();
    registry(&sandbox, "was.toml", "0.18");
    registry(&sandbox, "is.toml", input);
    sandbox.write("was.law", &law(10, 10)).write("is.law", &law(small_ms, 10));
    let (was, is) = (sandbox.simulate(&["--law", "was.law"]), sandbox.simulate(&["--law", "is.law"]));
    let variant = |name: &str, file: &str, url: &str| {
        format!("[[variant]]\nname = \"{name}\"\nregistry = \"{file}\"\nbase_url = \"{url}\"\n")
    };
    let load = "[load]\nconcurrency = [4]\nrequests_per_cell = 80\nrounds = 8\nwarmup = 2\n";
    let variants = variant("baseline", "was.toml", &was.base_url) + &variant("candidate", "is.toml", &is.base_url);
    sandbox.write("ab.toml", &format!("schema = 1\nname = \"ab\"\nworkloads = [\"autocomplete\"]\n{load}{variants}"));
    sandbox.run(&["run", "ab.toml", "--run-id", "ab", "--prompt-cache", "natural"]).measures();
    sandbox.judge("reports/ab", &[]);
    sandbox
}

fn gate(sandbox: &Sandbox, rules: &str, more: &[&str]) -> Ran {
    sandbox.write("gate.toml", &format!("schema = 1\n{rules}"));
    sandbox.run(&[&["gate", "reports/ab", "--policy", "gate.toml"], more].concat())
}

const RULES: &str = "\
[[regression]]
metric = \"ttft_p50_ms\"
margin = \"100%\"
rule_out = \"900%\"
[[regression]]
metric = \"list_input_usd_per_mtok\"
margin = \"0%\"
[[regression]]
metric = \"cost_per_1k_requests_usd\"
margin = \"3%\"
[[regression]]
metric = \"attempt_error_ratio\"
margin = \"2pp\"
rule_out = \"10pp\"
";

#[test]
fn what_became_slower_and_dearer_is_found_and_only_there() {
    let sandbox = measured("0.20", 120);
    let ran =
        gate(&sandbox, RULES, &["--format", "text", "--format", "json=verdict.json", "--format", "junit=junit.xml"])
            .exits_with(3);
    let broken: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("broken ")).collect();
    assert_eq!(broken.len(), 3, "{ran}");
    assert!(broken.iter().all(|line| line.contains(" small in us on autocomplete at closed, 4: ")), "{ran}");
    for told in [
        "list price of input $0.18 → $0.20 a million tokens (margin 0 %)  [gate.toml:6]",
        "; margin 100 %, holds if surely within 900 %), n = 80 each in 8 rounds, p = 0.0234  [gate.toml:2]",
        "; margin 3 %, holds if surely within 9 %), n = 80 each in 8 rounds, p = 0.0234  [gate.toml:9]",
    ] {
        assert!(broken.iter().any(|line| line.contains(told)), "no {told} in {ran}");
    }
    assert!(ran.stdout.starts_with("REGRESSED: 3 broken, 5 hold of gate.toml on ab, simulated\n"), "{ran}");
    let verdict: serde_json::Value = serde_json::from_str(&sandbox.read("verdict.json")).unwrap();
    let schema = include_str!("../../reports/verdict.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&verdict), "{verdict}");
    assert_eq!(verdict["regressions"].as_array().unwrap().len(), 8);
    let junit = sandbox.read("junit.xml");
    assert!(junit.contains("classname=\"acme.small.us\"") && junit.contains("failures=\"3\""), "{junit}");
    gate(&sandbox, RULES, &["--advisory"]).exits_with(0).prints("ADVISORY: REGRESSED: ");
    gate(&sandbox, RULES, &["--format", "svg=changed.svg"]).exits_with(3);
    let svg = sandbox.read("changed.svg");
    assert!(svg.contains("candidate is worse than baseline, simulated: "), "{svg}");
    assert!(svg.contains("Margins are those of gate.toml."), "{svg}");
    // It had no policy of its own, so that its reports draw it by the built-in one.
    let svg = sandbox.read("reports/ab/diff.svg");
    assert!(svg.contains("Margins are those of the built-in policy."), "{svg}");
    assert!(sandbox.read("reports/ab/report.html").contains("df-title"));
}

#[test]
fn what_changed_is_drawn_by_the_runs_own_policy_which_need_not_be_there_the_next_time() {
    let sandbox = Sandbox::new();
    registry(&sandbox, "was.toml", "0.18");
    registry(&sandbox, "is.toml", "0.20");
    let variant = |name: &str| format!("[[variant]]\nname = \"{name}\"\nregistry = \"{name}.toml\"\n");
    let load = "[load]\nconcurrency = [4]\nrequests_per_cell = 20\nrounds = 2\n";
    let variants = variant("was") + &variant("is");
    sandbox.write("ab.toml", &format!("schema = 1\nname = \"ab\"\nworkloads = [\"autocomplete\"]\n{load}{variants}"));
    sandbox.write("gate.toml", "schema = 1\n[[regression]]\nmetric = \"list_input_usd_per_mtok\"\nmargin = \"0%\"\n");
    sandbox.run(&["run", "ab.toml", "--run-id", "ab", "--policy", "gate.toml"]);
    let svg = sandbox.read("reports/ab/diff.svg");
    assert!(svg.contains("Margins are those of gate.toml.") && svg.contains("list price of input"), "{svg}");
    sandbox.judge("reports/ab", &[]);
    sandbox.run(&["report", "reports/ab"]).exits_with(0);
    let svg = sandbox.read("reports/ab/diff.svg");
    assert!(svg.contains("is is worse than was, simulated: list price of input of "), "{svg}");
    std::fs::remove_file(sandbox.path("gate.toml")).unwrap();
    sandbox.run(&["report", "reports/ab"]).exits_with(0);
    assert!(sandbox.read("reports/ab/diff.svg") == svg, "the same run gives the same bytes");
}

#[test]
fn where_nothing_changed_it_passes_and_a_slim_run_says_the_same() {
    let sandbox = measured("0.18", 10);
    gate(&sandbox, RULES, &[]).exits_with(0).prints("PASSED: 8 hold of gate.toml on ab, simulated");
    sandbox.run(&["slim", "reports/ab", "--out", "reports/slim"]).exits_with(0);
    let slim = sandbox.run(&["gate", "reports/slim", "--policy", "gate.toml"]).exits_with(0);
    assert!(slim.stdout.starts_with("PASSED: 8 hold of gate.toml on ab, simulated\n"), "{slim}");
    // Without the counts of its rounds nothing measured can be compared, and that is no pass.
    std::fs::remove_file(sandbox.path("reports/slim/rounds.csv")).unwrap();
    let bare = sandbox.run(&["gate", "reports/slim", "--policy", "gate.toml"]).exits_with(4);
    assert!(bare.stdout.starts_with("INCONCLUSIVE"), "{bare}");
    assert!(bare.stdout.contains("not asked: 3 rules, each of which compares requests"), "{bare}");
    gate(&sandbox, "[[regression]]\nmetric = \"e2e_p50_ms\"\nmargin = \"1%\"\nmatch = { model = \"gpt*\" }\n", &[])
        .exits_with(2)
        .says("`gpt*` is no model of the registry");
}

#[test]
fn a_variant_of_which_half_is_gone_is_invalid() {
    let sandbox = measured("0.18", 10);
    let samples = sandbox.read("reports/ab/samples.csv");
    let mut kept = 0;
    let half = samples.lines().filter(|line| {
        let of_candidate = line.contains("candidate/acme/small/");
        kept += usize::from(of_candidate);
        !of_candidate || kept % 2 == 0
    });
    let half = half.collect::<Vec<_>>().join("\n") + "\n";
    sandbox.write("reports/ab/samples.csv", &half);
    std::fs::remove_file(sandbox.path("reports/ab/cells.csv")).unwrap();
    let ran = gate(&sandbox, RULES, &["--advisory"]).exits_with(5);
    assert!(ran.stdout.starts_with("ADVISORY: INVALID: 3 cannot be judged, 5 hold"), "{ran}");
}

#[test]
fn a_policy_of_comparisons_alone_is_no_question_to_a_run_with_one_variant() {
    let sandbox = Sandbox::new();
    let what = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "20", "--rounds", "1"];
    sandbox.run(&[&["run", "--run-id", "ab"], &what[..]].concat()).measures();
    sandbox.judge("reports/ab", &[]);
    gate(&sandbox, RULES, &[])
        .exits_with(2)
        .says("gate.toml:2: `ttft p50 ≤ +100 %` cannot be asked of `reports/ab`: it compares two variants");
    let slo = "[[slo]]\nname = \"answered\"\nmetric = \"availability\"\nmin = 0.5\n";
    gate(&sandbox, &format!("{RULES}{slo}"), &[])
        .exits_with(0)
        .prints("not asked: 4 rules, each of which is about a baseline");
}
