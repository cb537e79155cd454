//! The folder to begin from: each file passes its own check, and together they stop a change of the routing table.

use std::process::Command;

use clap::Parser;
use tollmark::cli::Cli;

use crate::sandbox::Sandbox;

const WORKFLOW: &str = ".github/workflows/tollmark.yml";

#[test]
fn every_file_that_is_written_passes_its_own_check() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init"]).exits_with(0).prints("routes.candidate.toml").prints("REGRESSED, exit code 3");
    for registry in ["registry.toml", "registry.candidate.toml"] {
        sandbox.run(&["registry", "check", registry]).exits_with(0).prints(": ok, 10 models");
    }
    for table in ["routes.toml", "routes.candidate.toml"] {
        let ran = sandbox.run(&["routes", "check", table]).exits_with(0);
        assert!(
            ran.stdout.contains(": ok, 9 routes against the registry `registry.toml`\n") && ran.stderr.is_empty(),
            "{ran}"
        );
    }
    sandbox.run(&["workload", "check", "workloads/autocomplete.jsonl", "workloads/classify.jsonl"]).exits_with(0);
    for (suite, requests) in
        [("nightly.toml", "78000 requests"), ("ab.toml", "20000 requests"), ("ab-routes.toml", "16000 requests")]
    {
        // With its policy, of which no rule is more than the suite can decide.
        let ran = sandbox.run(&["run", suite, "--dry-run"]).exits_with(0);
        assert!(!ran.stdout.contains("\nrule ") && ran.stdout.contains(requests), "{ran}");
        assert!(ran.stdout.contains("it fits if answers are as long as expected"), "{ran}");
    }
}

#[test]
fn files_that_are_there_are_named_and_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("here/gate.toml", "mine").write("here/workloads/classify.jsonl", "mine too");
    let refused = sandbox.run(&["init", "here"]).exits_with(2);
    refused.says("error: `here/gate.toml` and `here/workloads/classify.jsonl` exist already");
    assert_eq!(sandbox.read("here/gate.toml"), "mine");
    assert!(!sandbox.path("here/routes.toml").exists());
    sandbox.write("file", "no folder");
    sandbox.run(&["init", "file"]).exits_with(1).says("cannot make the folder `file");
}

/// The commands of the workflow, without what only a runner knows.
fn commands_of(workflow: &str) -> Vec<String> {
    let told = workflow.lines().map(|line| line.trim_start().trim_start_matches("- ").trim_start_matches("run: "));
    let commands = told.filter(|line| line.starts_with("tollmark "));
    commands.map(|line| line.replace('"', "")).collect()
}

#[test]
fn every_command_of_the_workflow_can_be_typed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "."]).exits_with(0);
    let commands = commands_of(&sandbox.read(WORKFLOW));
    for command in &commands {
        if let Err(error) = Cli::try_parse_from(command.split_whitespace()) {
            panic!("{command}\n{error}");
        }
    }
    for of in ["routes check", "gate --routes", "run $SUITE.toml", "run nightly.toml", "slim", "trend"] {
        assert!(commands.iter().any(|command| command.starts_with(&format!("tollmark {of}"))), "{of}: {commands:?}");
    }
}

#[test]
fn a_pull_request_is_judged_as_the_workflow_does_it() {
    let sandbox = Sandbox::new();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(sandbox.path(".")).args(["-c", "user.name=t", "-c", "user.email=t@t.invalid"]).args(arguments);
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    };
    sandbox.run(&["init"]).exits_with(0);
    // On a machine with other work the simulated answers are late, and that decides nothing here.
    let patient = sandbox.read("gate.toml").replace("max = 1500", "max = 60000");
    sandbox.write("gate.toml", &patient);
    sandbox.run(&["run", "nightly.toml", "--requests-per-cell", "60", "--rounds", "12", "--run-id", "night"]);
    sandbox.judge("reports/night", &[]);
    sandbox.run(&["slim", "reports/night", "--out", "history/night"]).exits_with(0);
    git(&["init", "--quiet", "."]);
    git(&["add", "registry.toml", "routes.toml", "gate.toml"]);
    git(&["commit", "--quiet", "-m", "as it was"]);
    let candidate = sandbox.read("routes.candidate.toml");
    let commands = commands_of(&sandbox.read(WORKFLOW));
    let command = commands.iter().find(|command| command.contains("--routes")).unwrap();
    let judged = |table: &str| {
        sandbox.write("routes.toml", table);
        git(&["commit", "--quiet", "--allow-empty", "-am", "a change"]);
        let arguments: Vec<String> =
            command.split_whitespace().skip(1).map(|word| word.replace("$night", "history/night")).collect();
        sandbox.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let told = judged(&candidate).exits_with(3);
    assert!(told.stdout.starts_with("REGRESSED: route autocomplete (50.0 % of traffic): "), "{told}");
    told.prints("Cause: routes.toml line 29, `step-3.5-flash` → `deepseek-v4-flash`.");
    // What goes in beside it then changes nothing.
    judged(&format!("# A comment.\n{candidate}")).exits_with(0).prints("PASSED: Nothing changes for any route.");
}

#[test]
fn shells_and_man_are_told_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = sandbox.run(&["completions", shell]).exits_with(0);
        assert!(ran.stdout.contains("init") && ran.stdout.contains("max-cost-usd"), "{shell}");
    }
    sandbox.run(&["completions", "sh"]).exits_with(2);
    sandbox.run(&["man"]).exits_with(0).prints(".TH tollmark 1");
    sandbox.run(&["man", "--out", "man/man1"]).exits_with(0).prints(" pages");
    for (page, flag) in [("tollmark-run.1", "max\\-cost\\-usd"), ("tollmark-registry-import.1", "from")] {
        assert!(sandbox.read(&format!("man/man1/{page}")).contains(flag), "{page}");
    }
}
