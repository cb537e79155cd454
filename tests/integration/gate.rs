//! A run held against a policy.

use std::fs;

use crate::sandbox::{Ran, Sandbox};

/// 400 requests to one endpoint that answers within a third of a second, judged valid.
fn measured() -> Sandbox {
    let sandbox = Sandbox::new();
    let what = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "400", "--rounds", "4"];
    sandbox.run(&[&["run", "--run-id", "one"], &what[..]].concat()).measures();
    sandbox.judge("reports/one", &[]);
    sandbox
}

fn gate(sandbox: &Sandbox, slo: &str, more: &[&str]) -> Ran {
    sandbox.write("gate.toml", &format!("schema = 1\n[[slo]]\nname = \"answered in time\"\n{slo}\n"));
    sandbox.run(&[&["gate", "reports/one", "--policy", "gate.toml"], more].concat())
}

#[test]
fn what_surely_holds_passes_and_what_is_surely_broken_does_not() {
    let sandbox = measured();
    let holds = gate(&sandbox, "metric = \"e2e_p95_ms\"\nmax = 5000", &[]).exits_with(0);
    assert!(holds.stdout.starts_with("PASSED: 1 holds of gate.toml on one, simulated\n"), "{holds}");
    assert!(
        holds
            .stdout
            .contains("holds       qwen3-8b in us-west-2 on autocomplete at closed, 16: p95 e2e ≤ 5 s; 0 of 400")
    );
    let broken = gate(&sandbox, "metric = \"e2e_p95_ms\"\nmax = 1", &[]).exits_with(3);
    assert!(broken.stdout.starts_with("REGRESSED: 1 broken of gate.toml on one, simulated\n"), "{broken}");
    assert!(
        broken
            .stdout
            .contains("400 of 400 over it or failed (5.00 % allowed), p < 0.0001  [answered in time, gate.toml:2]")
    );
    let advice = gate(&sandbox, "metric = \"e2e_p95_ms\"\nmax = 1", &["--advisory"]).exits_with(0);
    assert!(advice.stdout.starts_with("ADVISORY: REGRESSED: "), "{advice}");
}

#[test]
fn what_so_few_requests_cannot_tell_is_told_with_how_many_would() {
    let sandbox = measured();
    let ran = gate(&sandbox, "metric = \"availability\"\nmin = 0.999", &[]).exits_with(4);
    assert!(ran.stdout.starts_with("INCONCLUSIVE: 1 cannot be told"), "{ran}");
    assert!(ran.stdout.contains("about 3,000 requests would settle it"), "{ran}");
    let warns = "metric = \"availability\"\nmin = 0.999\nseverity = \"warn\"";
    gate(&sandbox, warns, &[]).exits_with(0).prints("cannot tell");
}

#[test]
fn there_is_no_picture_of_what_changed_in_a_run_of_one_variant() {
    let sandbox = measured();
    let ran = gate(&sandbox, "metric = \"availability\"\nmin = 0.5", &["--format", "svg=diff.svg"]).exits_with(2);
    assert!(ran.stderr.contains("`--format svg` draws what changed between two variants"), "{ran}");
    assert!(!sandbox.path("diff.svg").exists() && !sandbox.path("reports/one/diff.svg").exists());
}

#[test]
fn a_slim_run_gives_the_same_answers_as_the_whole_one() {
    let sandbox = measured();
    let policy = "metric = \"ttft_share_over\"\nover_ms = 5000\nmax = \"2%\"";
    let whole = gate(&sandbox, policy, &[]).exits_with(0);
    sandbox.run(&["slim", "reports/one", "--out", "reports/slim"]).exits_with(0);
    let slim = sandbox.run(&["gate", "reports/slim", "--policy", "gate.toml"]).exits_with(0);
    assert_eq!(slim.stdout, whole.stdout);
}

#[test]
fn figures_that_may_not_be_judged_never_pass() {
    let sandbox = measured();
    sandbox.judge("reports/one", &["the client was late".to_owned()]);
    gate(&sandbox, "metric = \"e2e_p95_ms\"\nmax = 5000", &["--advisory"])
        .exits_with(5)
        .prints("INVALID: 1 cannot be judged");
    // Nothing is asked of the run, so nothing is known of it.
    sandbox.write("empty.toml", "schema = 1\n");
    sandbox
        .run(&["gate", "reports/one", "--policy", "empty.toml"])
        .exits_with(2)
        .says("empty.toml:1:1: has no rule, must have an `[[slo]]` or a `[[regression]]`");
}

#[test]
fn two_formats_do_not_take_each_others_file() {
    let sandbox = measured();
    let formats = ["--format", "json=verdict", "--format", "junit=./verdict"];
    gate(&sandbox, "metric = \"availability\"\nmin = 0.5", &formats)
        .exits_with(2)
        .says("two formats cannot go to one file");
    assert!(!sandbox.path("verdict").exists());
}

#[test]
fn a_name_that_there_is_not_is_a_mistake_in_every_mode() {
    let sandbox = measured();
    let up = "schema = 1\n[[slo]]\nname = \"up\"\nmetric = \"availability\"\nmin = 0.5\n\
              [[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\n";
    let table = ["--routes", "built-in", "--against", "built-in", "--from", "reports/one"];
    let modes: [&[&str]; 4] =
        [&["reports/one"], &["reports/one", "--against", "reports/one"], &["--self-test", "reports/one"], &table];
    for mode in modes {
        let tried = |kind: &str, name: &str| {
            sandbox.write("gate.toml", &format!("{up}match = {{ {kind} = \"{name}\" }}\n"));
            sandbox.run(&[&["gate", "--policy", "gate.toml"], mode].concat())
        };
        tried("model", "hunyan-turbo").exits_with(2).says("gate.toml:9:").says("did you mean `hunyuan-turbo`?");
        tried("workload", "autocomplte").exits_with(2).says("gate.toml:9:").says("did you mean `autocomplete`?");
    }
    // A run without routes says nothing of them, and one with them knows each.
    let sent = ["run", "--run-id", "routed", "--routes", "built-in", "--workload", "classify", "--trust-tiers"];
    sandbox.run(&[&sent[..], &["--requests-per-cell", "20", "--rounds", "2"]].concat()).measures();
    for (name, code) in [("everyda", 2), ("autocomplete", 0)] {
        sandbox.judge("reports/routed", &[]);
        let slo = up.split("[[regression]]").next().unwrap();
        let named = slo.replace("\"up\"", "\"routed\"").replace("schema = 1\n", "");
        sandbox.write("gate.toml", &format!("{slo}{named}match = {{ route = \"{name}\" }}\n"));
        let ran = sandbox.run(&["gate", "reports/routed", "--policy", "gate.toml", "--advisory"]).exits_with(code);
        if code == 2 {
            ran.says("gate.toml:10:")
                .says("`everyda` is no route of the routing table")
                .says("did you mean `everyday`?");
        }
    }
}

#[test]
fn names_are_held_against_the_runs_registry_from_every_folder() {
    let sandbox = Sandbox::new();
    let registry = sandbox.run(&["registry", "export"]).exits_with(0).stdout;
    sandbox.write("registry.toml", &registry).write("elsewhere/note", "");
    let what = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "40", "--rounds", "2"];
    sandbox.run(&[&["run", "--run-id", "one", "--registry", "registry.toml"], &what[..]].concat()).measures();
    sandbox.judge("reports/one", &[]);
    let up = "[[slo]]\nname = \"up\"\nmetric = \"availability\"\nmin = 0.5\n";
    let policy = |model: &str| {
        sandbox.write("gate.toml", &format!("schema = 1\n{up}{up}match = {{ model = \"{model}\" }}\n"));
    };
    let from = |folder: &str, more: &[&str]| {
        let back = if folder.is_empty() { "" } else { "../" };
        let [run, gate] = ["reports/one", "gate.toml"].map(|path| format!("{back}{path}"));
        let arguments = [&["gate", &run, "--policy", &gate], more].concat();
        sandbox.finish(sandbox.command(&arguments).current_dir(sandbox.path(folder)))
    };
    for folder in ["", "elsewhere"] {
        policy("glm-4-9b");
        from(folder, &[]).exits_with(0).prints("not asked: 1 rule matches nothing that was measured");
        policy("glm-4-9c");
        from(folder, &[]).exits_with(2).says("`glm-4-9c` is no model of the registry").says("did you mean `glm-4-9b`?");
    }
    sandbox.write("registry.toml", &format!("{registry}# as of today\n"));
    let changed = from("", &[]).exits_with(2).says("`glm-4-9c` is no model that was measured, and the registry");
    changed.says("has changed since the run: name it with `--registry`");
    policy("glm-4-9b");
    from("", &[]).exits_with(0);
    fs::rename(sandbox.path("registry.toml"), sandbox.path("elsewhere/moved.toml")).unwrap();
    let gone = from("", &[]).exits_with(2).says("gate.toml:10:");
    gone.says("`glm-4-9b` is no model that was measured, and no registry was found at")
        .says("name it with `--registry`");
    from("", &["--registry", "elsewhere/moved.toml"]).exits_with(0);
    policy("qwen3-*");
    from("", &[]).exits_with(0);
}

#[test]
fn a_policy_that_several_runs_share_is_about_more_than_one_of_them_measured() {
    let sandbox = measured();
    let other = "[[slo]]\nname = \"of others\"\nmetric = \"e2e_p95_ms\"\nmax = 5000\nmatch = { model = \"glm-*\" }";
    let ran = gate(&sandbox, &format!("metric = \"e2e_p95_ms\"\nmax = 5000\n{other}"), &[]).exits_with(0);
    assert!(ran.stdout.starts_with("PASSED: 1 holds of gate.toml on one, simulated\n"), "{ran}");
    assert!(ran.stdout.contains("not asked: 1 rule matches nothing that was measured (gate.toml:6)"), "{ran}");
    // It is no mistake before the run either; a name that there is not is, at both times.
    let again = [
        "run",
        "--run-id",
        "two",
        "--model",
        "qwen3-8b",
        "--region",
        "us-west-2",
        "--dry-run",
        "--policy",
        "gate.toml",
    ];
    sandbox.run(&again).exits_with(0);
    gate(&sandbox, &format!("metric = \"e2e_p95_ms\"\nmax = 5000\n{}", other.replace("glm-", "glmm-")), &[])
        .exits_with(2)
        .says("gate.toml:10")
        .says("`glmm-*` is no model of the registry");
    sandbox.run(&again).exits_with(2).says("`glmm-*` is no model of the registry");
}

#[test]
fn a_policy_with_mistakes_or_about_nothing_that_was_measured_is_bad_input() {
    let sandbox = measured();
    gate(&sandbox, "metric = \"e2e_p95_ms\"\nmax = 5000\nmatch = { model = \"gpt-*\" }", &[])
        .exits_with(2)
        .says("`gpt-*` is no model of the registry");
    gate(&sandbox, "metric = \"e2e_p95_ms\"\nmax = 5000\nmatch = { model = \"glm-*\" }", &[])
        .exits_with(2)
        .says("gate.toml:2: `answered in time` cannot be asked of `reports/one`: it matches no cell");
    gate(&sandbox, "metric = \"e2e_p95_ms\"\nmax = \"fast\"", &[]).exits_with(2).says("gate.toml:5");
    sandbox
        .run(&["gate", "reports/one", "--policy", "nowhere.toml"])
        .exits_with(2)
        .says("cannot read policy `nowhere.toml`");
}
