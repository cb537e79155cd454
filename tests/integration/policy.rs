//! A run that a policy judges when it is done.

use std::collections::BTreeMap;
use std::fs;

use tollmark::starter::{AB, GATE, NIGHTLY};

use crate::sandbox::{Ran, Sandbox};

/// 100 requests to one endpoint that answers within a third of a second.
const WHAT: [&str; 8] = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "100", "--rounds", "2"];

fn run(sandbox: &Sandbox, slo: &str, more: &[&str]) -> Ran {
    sandbox.write("gate.toml", &format!("schema = 1\n[[slo]]\nname = \"in time\"\n{slo}\n"));
    sandbox.run(&[&["run", "--run-id", "one", "--policy", "gate.toml"], &WHAT[..], more].concat())
}

/// Checks that the run came to an end with `code`, or that this machine was too busy for any verdict.
#[track_caller]
fn ends_with(ran: Ran, code: i32, verdict: &str) -> Ran {
    if ran.code == 5 && code != 5 {
        return ran.measures();
    }
    ran.exits_with(code).prints(&format!("\n{verdict}: "))
}

fn verdict(sandbox: &Sandbox) -> serde_json::Value {
    serde_json::from_str(&sandbox.read("reports/one/verdict.json")).unwrap()
}

#[test]
fn the_exit_code_of_a_run_with_a_policy_is_the_verdicts() {
    for (slo, code, word) in [
        ("metric = \"e2e_p95_ms\"\nmax = 20000", 0, "PASSED"),
        ("metric = \"e2e_p95_ms\"\nmax = 0.01", 3, "REGRESSED"),
        ("metric = \"availability\"\nmin = 0.999", 4, "INCONCLUSIVE"),
    ] {
        let sandbox = Sandbox::new();
        let ran = ends_with(run(&sandbox, slo, &[]), code, word);
        assert!(ran.stderr.contains("\nverdict: reports/one/verdict.json\n"), "{ran}");
        // What is in the files is what `gate` says of the run.
        sandbox.run(&["gate", "reports/one", "--policy", "gate.toml"]).exits_with(ran.code);
        let again =
            ["gate", "reports/one", "--policy", "gate.toml", "--format", "json=v.json", "--format", "junit=j.xml"];
        sandbox.run(&again).exits_with(ran.code);
        assert_eq!(sandbox.read("v.json"), sandbox.read("reports/one/verdict.json"));
        assert_eq!(sandbox.read("j.xml"), sandbox.read("reports/one/junit.xml"));
        assert!(verdict(&sandbox).is_object());
    }
}

#[test]
fn a_suite_names_its_policy_in_its_own_folder_and_the_flag_overrides_it() {
    let sandbox = Sandbox::new();
    sandbox
        .write("suites/small.toml", "schema = 1\n[gate]\npolicy = \"strict.toml\"\n")
        .write("suites/strict.toml", "schema = 1\n[[slo]]\nname = \"x\"\nmetric = \"e2e_p95_ms\"\nmax = 0.01\n")
        .write("mild.toml", "schema = 1\n[[slo]]\nname = \"x\"\nmetric = \"e2e_p95_ms\"\nmax = 20000\n");
    let suite = |more: &[&str]| sandbox.run(&[&["run", "suites/small.toml"], &WHAT[..], more].concat());
    ends_with(suite(&["--run-id", "strict"]), 3, "REGRESSED");
    ends_with(suite(&["--run-id", "mild", "--policy", "mild.toml"]), 0, "PASSED");
    assert!(sandbox.read("reports/strict/manifest.json").contains("\"source\": \"suites/strict.toml\""));
}

#[test]
fn a_promise_over_days_is_judged_by_the_history_that_the_suite_names() {
    let sandbox = Sandbox::new();
    let slo = "schema = 1\n[[slo]]\nname = \"%\"\nmetric = \"availability\"\nmin = 0.5\n";
    let window = format!("{}window = \"30d\"\n", slo.replace('%', "over a month").replace("schema = 1\n", ""));
    sandbox
        .write("suites/month.toml", "schema = 1\n[gate]\npolicy = \"gate.toml\"\nhistory = \"../reports\"\n")
        .write("suites/gate.toml", &format!("{}{window}", slo.replace('%', "now")));
    for (night, told) in [("one", " – in 1 run of 30 days"), ("two", " – in 2 runs of 30 days")] {
        let ran = sandbox.run(&[&["run", "suites/month.toml", "--run-id", night], &WHAT[..]].concat());
        ends_with(ran, 0, "PASSED");
        // As if this machine had kept up: what it spoils tells nothing of a provider.
        sandbox.judge(&format!("reports/{night}"), &[]);
        let again = ["gate", &format!("reports/{night}"), "--policy", "suites/gate.toml", "--history", "reports"];
        sandbox.run(&again).exits_with(0).prints(told);
    }
}

#[test]
fn promises_over_days_alone_are_asked_of_a_run_where_its_suite_names_the_history() {
    let sandbox = Sandbox::new();
    let window = "[[slo]]\nname = \"over a month\"\nmetric = \"availability\"\nmin = 0.5\nwindow = \"30d\"\n";
    sandbox
        .write("month.toml", "schema = 1\n[gate]\npolicy = \"gate.toml\"\nhistory = \"reports\"\n")
        .write("plain.toml", "schema = 1\n[gate]\npolicy = \"gate.toml\"\n")
        .write("gate.toml", &format!("schema = 1\n{window}"));
    let run = |suite: &str, more: &[&str]| sandbox.run(&[&["run", suite], &WHAT[..], more].concat());
    ends_with(run("month.toml", &["--run-id", "one"]), 0, "PASSED");
    let refused = run("plain.toml", &["--run-id", "two"]).exits_with(2).says(
        "gate.toml:2: every rule about this run is over days of history, must have that as `[gate] history` in the suite",
    );
    assert!(!sandbox.path("reports/two").exists(), "{refused}");
    // Beside a rule about the run itself it is left unasked, and that is said beforehand.
    sandbox.write("gate.toml", &format!("schema = 1\n{}{window}", window.replace("window = \"30d\"\n", "")));
    let unasked = "rule `over a month` is about 30 days of history, and no folder of runs is named: it will not be asked \
                   (`[gate] history` in the suite)";
    run("plain.toml", &["--dry-run"]).exits_with(0).prints(unasked);
    assert!(!run("month.toml", &["--dry-run"]).exits_with(0).stdout.contains("is about 30 days"));
    let ran = ends_with(run("plain.toml", &["--run-id", "three"]), 0, "PASSED");
    ran.says(&format!("warning: {unasked}")).prints("by `gate --history` or as `[gate] history` in a suite");
}

#[test]
fn a_policy_with_mistakes_is_told_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    let slo = "metric = \"e2e_p95_ms\"\nmax = 500";
    let refused = |rule: &str| {
        let ran = run(&sandbox, rule, &[]).exits_with(2);
        assert!(!sandbox.path("reports").exists(), "{ran}");
        ran
    };
    refused("metric = \"e2e_p95_ms\"\nmax = \"fast\"").says("gate.toml:5");
    refused(&format!("match = {{ model = \"qwen3-8c\" }}\n{slo}"))
        .says("`qwen3-8c` is no model of the registry")
        .says("gate.toml:4")
        .says("did you mean `qwen3-8b`?");
    refused(&format!("match = {{ provider = \"acme\" }}\n{slo}")).says("`acme` is no provider of the registry");
    // It is there, but it is not what this run measures.
    refused(&format!("match = {{ model = \"glm-4-9b\" }}\n{slo}"))
        .says("gate.toml:2: no rule is about this run, must have an SLO whose `match` names what is measured");
    let gone = [&["run", "--policy", "nowhere.toml", "--dry-run"], &WHAT[..]].concat();
    sandbox.run(&gone).exits_with(2).says("cannot read policy `nowhere.toml`");
}

#[test]
fn a_rule_about_what_a_run_would_not_measure_is_refused_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    let right = "metric = \"quality_ratio\"\nmin = 0.5\nseverity = \"warn\"";
    let slos = format!("metric = \"ttft_p95_ms\"\nmax = 2000\n[[slo]]\nname = \"right\"\n{right}\n");
    for more in [&["--stream", "false", "--workload", "support"][..], &["--stream", "false", "--dry-run"]] {
        let ran = run(&sandbox, &slos, more).exits_with(2);
        let ran = ran
            .says("gate.toml:2:1: `in time` is about the time to first token, and this run streams no answer")
            .says("`--stream true`");
        assert!(!sandbox.path("reports").exists(), "{ran}");
    }
    sandbox.write(
        "plain.jsonl",
        "{\"custom_id\":\"1\",\"body\":{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}}\n",
    );
    run(&sandbox, right, &["--workload", "plain.jsonl", "--dry-run"])
        .exits_with(2)
        .says("gate.toml:2:1: `in time` is about quality, and no line of `plain` says what a right answer is");
    // Labels of tiers are what answers are held against, and first tokens are what a stream has.
    run(&sandbox, &slos, &["--workload", "classify", "--dry-run"]).exits_with(0);
}

#[test]
fn what_only_the_finished_run_shows_not_to_be_there_ends_it_as_it_ends_the_gate() {
    let sandbox = Sandbox::new();
    let line =
        "{\"custom_id\":\"1\",\"body\":{\"temperature\":1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}}\n";
    sandbox.write("warm.jsonl", line);
    let slo = "metric = \"consistency_ratio\"\nmin = 0.5";
    let refused =
        "gate.toml:2: `in time` cannot be asked of `reports/one`: it is about a metric that this run does not have";
    let ran = run(&sandbox, slo, &["--workload", "warm.jsonl"]).exits_with(2).says(refused);
    assert!(sandbox.path("reports/one/report.html").exists(), "what was measured is kept: {ran}");
    assert!(!sandbox.path("reports/one/verdict.json").exists(), "{ran}");
    sandbox.run(&["gate", "reports/one", "--policy", "gate.toml"]).exits_with(2).says(refused);
}

#[test]
fn a_run_that_the_budget_stopped_says_so_whatever_the_verdict() {
    let sandbox = Sandbox::new();
    let more = ["--max-cost-usd", "0.00002"];
    let ran = run(&sandbox, "metric = \"e2e_p95_ms\"\nmax = 0.01", &more).exits_with(6);
    assert!(sandbox.path("reports/one/verdict.json").exists(), "{ran}");
}

#[test]
fn limits_of_the_policy_are_drawn_again_without_its_file() {
    let sandbox = Sandbox::new();
    // 100 requests are no p99, so that nothing depends on how fast they were.
    let slo = "match = { model = \"qwen*\" }\nmetric = \"e2e_p99_ms\"\nmax = 87";
    let ran = run(&sandbox, slo, &[]);
    assert!([3, 4, 5].contains(&ran.code), "{ran}");
    let contents = || -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(sandbox.path("reports/one")).unwrap().map(Result::unwrap);
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
    };
    let before = contents();
    fs::remove_file(sandbox.path("gate.toml")).unwrap();
    sandbox.run(&["report", "reports/one"]).exits_with(0);
    let after = contents();
    assert!(before == after, "{:?}", before.iter().filter(|(name, bytes)| after.get(*name) != Some(bytes)).count());
    // A busy machine makes the cell invalid, and what is invalid is held against no limit.
    sandbox.judge("reports/one", &[]);
    let drawn = contents();
    let text = |name: &str| String::from_utf8(drawn[name].clone()).unwrap();
    assert!(text("cost-latency.svg").contains("tier 0's 87 ms"), "{}", text("cost-latency.svg"));
    assert!(
        text("metrics.prom").lines().any(|line| line.starts_with("tollmark_slo_seconds{") && line.ends_with(" 0.087"))
    );
    assert!(!text("metrics.prom").contains("tollmark_availability_floor_ratio{"));
}

#[test]
fn a_dry_run_says_how_much_of_the_policy_is_asked_of_it() {
    let sandbox = Sandbox::new();
    let slo = |model: &str| {
        format!("[[slo]]\nname = \"{model}\"\nmatch = {{ model = \"{model}\" }}\nmetric = \"e2e_p50_ms\"\nmax = 900\n")
    };
    let rule = "[[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\n";
    sandbox.write("gate.toml", &format!("schema = 1\n{}{}{rule}", slo("qwen3-8b"), slo("glm-4-9b")));
    sandbox.run(&["run", "--dry-run", "--policy", "gate.toml", "--model", "qwen3-8b"]).exits_with(0).prints(
        "gate.toml: 1 rule is asked of this run, 1 compares two variants and it has one, 1 matches nothing of it",
    );
}

#[test]
fn what_a_run_cannot_decide_is_told_before_it_with_what_that_would_take() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "gate.toml",
        "schema = 1\n[[slo]]\nname = \"three nines\"\nmetric = \"availability\"\nmin = 0.999\n\
         [[slo]]\nname = \"two nines\"\nmetric = \"availability\"\nmin = 0.99\n",
    );
    let told = |more: &[&str]| {
        let what = ["run", "--dry-run", "--policy", "gate.toml", "--model", "hunyuan-turbo", "--region", "us-west-2"];
        let ran = sandbox.run(&[&what[..], more].concat()).exits_with(0);
        ran.stdout.lines().filter(|line| line.starts_with("rule ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let few = ["--requests-per-cell", "1000", "--concurrency", "8"];
    let [line] = &told(&few)[..] else { panic!("{:?}", told(&few)) };
    assert!(
        line.starts_with("rule `three nines` needs 2,995 requests, this suite sends 1,000: it can only be "),
        "{line}"
    );
    // 1,995 more, eight at once, a second each.
    assert!(line.contains(" (`--requests-per-cell 2995`, about ~$") && line.ends_with(" and 5 min more)"), "{line}");
    let [line] = &told(&["--rate", "10", "--duration", "100s"])[..] else { panic!() };
    assert!(line.contains(" (`--duration 300s`, about ~$"), "{line}");
    assert_eq!(told(&["--requests-per-cell", "2995"]), Vec::<String>::new());
    // A run of its own says the same before it begins.
    let few = ["--requests-per-cell", "20", "--rounds", "1", "--concurrency", "20"];
    let ran = sandbox
        .run(&[&["run", "--policy", "gate.toml", "--model", "qwen3-8b", "--region", "us-west-2"], &few[..]].concat());
    ran.says("warning: rule `three nines` needs 2,995 requests, this suite sends 20").says("warning: rule `two nines`");
}

#[test]
fn the_suites_to_begin_from_can_be_run_as_they_are_written() {
    let sandbox = Sandbox::new();
    let registry = sandbox.run(&["registry", "export"]).exits_with(0).stdout;
    sandbox.write("registry.toml", &registry).write("registry.candidate.toml", &registry);
    sandbox.write("gate.toml", GATE.text).write("ab.toml", AB.text);
    let ran = sandbox.run(&["run", "ab.toml", "--dry-run"]).exits_with(0);
    assert!(!ran.stdout.contains("\nrule ") && ran.stdout.contains("20000 requests"), "{ran}");
    sandbox.write("nightly.toml", NIGHTLY.text);
    let ran = sandbox.run(&["run", "nightly.toml", "--dry-run"]).exits_with(0);
    assert!(!ran.stdout.contains("\nrule ") && ran.stdout.contains("78000 requests"), "{ran}");
}
