//! A run held against an earlier one, and a run held against itself.

use crate::sandbox::Sandbox;

const POLICY: &str = "schema = 1\n[[slo]]\nname = \"answered\"\nmetric = \"availability\"\nmin = 0.5\n\
                      [[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"100%\"\nrule_out = \"900%\"\n\
                      [[regression]]\nmetric = \"list_output_usd_per_mtok\"\nmargin = \"0%\"\n";

/// A run of 80 requests to one endpoint, as if this machine had kept up.
fn night(sandbox: &Sandbox, name: &str, in_flight: &str) {
    let what = ["run", "--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "80", "--rounds", "8"];
    sandbox.run(&[&what[..], &["--concurrency", in_flight, "--run-id", name]].concat()).measures();
    sandbox.judge(&format!("reports/{name}"), &[]);
}

#[test]
fn two_nights_are_advice_and_are_refused_where_they_did_not_measure_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write("gate.toml", POLICY);
    night(&sandbox, "monday", "8");
    night(&sandbox, "tuesday", "8");
    let against = ["gate", "reports/tuesday", "--against", "reports/monday", "--policy", "gate.toml"];
    let ran = sandbox.run(&against).exits_with(0);
    assert!(ran.stdout.starts_with("PASSED: 1 cannot be told, 2 hold of gate.toml on tuesday against monday"), "{ran}");
    let head: Vec<&str> = ran.stdout.lines().take(2).collect();
    assert!(head[1].starts_with("Comparisons of two runs are advice, whatever the policy says"), "{ran}");
    assert!(head[1].contains("they stop nobody. How far nights differ here is not known"), "{ran}");
    assert_eq!(ran.stdout.matches("give `--history` a folder").count(), 1, "{ran}");
    assert!(ran.stdout.contains(" – how far two nights differ here is not known  [gate.toml:6, advice]"), "{ran}");
    // Two nights are no history of three.
    let ran = sandbox.run(&[&against[..], &["--history", "reports"]].concat()).exits_with(0);
    assert!(ran.stdout.contains("how far two nights differ here is not known"), "{ran}");
    sandbox.write("gate.toml", &POLICY.replace("schema = 1\n", "schema = 1\ninconclusive = { runs = \"block\" }\n"));
    sandbox.run(&against).exits_with(4).prints("INCONCLUSIVE: ");

    night(&sandbox, "wednesday", "4");
    let other = ["gate", "reports/wednesday", "--against", "reports/monday"];
    sandbox
        .run(&other)
        .exits_with(2)
        .says("error: `reports/wednesday` cannot be held against `reports/monday`: ")
        .says("the load must be the same");
}

#[test]
fn a_run_held_against_itself_says_whether_the_gate_may_stop_anybody() {
    let sandbox = Sandbox::new();
    sandbox.write("gate.toml", POLICY);
    night(&sandbox, "monday", "8");
    night(&sandbox, "tuesday", "8");
    let tried = ["gate", "--policy", "gate.toml", "--self-test", "reports/monday", "reports/tuesday"];
    let ran = sandbox.run(&tried).exits_with(0);
    assert!(ran.stdout.starts_with("0 of 2 runs alarmed by gate.toml where nothing differs (0 %, 95 % "), "{ran}");
    assert!(ran.stdout.contains("too few runs to judge the gate by, which takes 20"), "{ran}");
    let again = sandbox.run(&[&tried[..], &["reports/monday", "reports/latest"]].concat()).exits_with(0);
    assert_eq!(again.stdout, ran.stdout);
    again.says("warning: `reports/monday` is the same run as `reports/monday`; it is left out");
    sandbox.write("other.toml", &POLICY.replace("\nmargin", "\nmatch = { model = \"glm-*\" }\nmargin"));
    let unmatched = sandbox.run(&["gate", "--policy", "other.toml", "--self-test", "reports/monday"]).exits_with(0);
    assert_eq!(
        unmatched.stdout,
        "no comparison of other.toml could be tried on any run\n1 run measured nothing that a comparison matches\n"
    );
    sandbox.run(&["slim", "reports/monday", "--out", "reports/slim"]).exits_with(0);
    sandbox.run(&["gate", "--self-test", "reports/slim"]).exits_with(2).says("`reports/slim` keeps no requests");
    sandbox.run(&["gate", "reports/monday", "--self-test", "reports/tuesday"]).exits_with(2);
    sandbox.write("gate.toml", "schema = 1\n[[slo]]\nname = \"answered\"\nmetric = \"availability\"\nmin = 0.5\n");
    sandbox.run(&tried).exits_with(2).says("`--self-test` tries comparisons, and this policy has none");
}
