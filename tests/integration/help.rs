//! Every example in every `--help` is what it claims to be.

use std::process::Command;

use clap::{CommandFactory, Parser};
use tollmark::cli::Cli;

use crate::sandbox::Sandbox;

/// Examples that are only read, not run, and why.
const NOT_RUN: [(&str, &str); 13] = [
    (
        "tollmark registry import --from litellm https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json --model 'deepseek*' --out prices.toml",
        "it reads from the network",
    ),
    ("tollmark report reports/monday reports/tuesday --out changes", "it needs two nights"),
    ("tollmark run", "it measures 39 cells in full, for half a minute"),
    (
        "tollmark run --workload support --concurrency 4,16 --requests-per-cell 50 --rounds 2 --model hunyuan-turbo",
        "its answers take seconds each",
    ),
    ("tollmark simulate --listen 127.0.0.1:8089 --truth truth.csv", "it needs a fixed port and does not end"),
    ("tollmark run --base-url http://127.0.0.1:8089/v1 --model qwen3-8b", "it needs the same port"),
    ("tollmark bench", "it loads every core for some seconds, and its figures want a release build"),
    ("tollmark bench streamed --concurrency 256 --format json", "for the same reason"),
    ("tollmark bench fidelity --streams 1024", "for the same reason"),
    ("tollmark bench --serve 127.0.0.1:8090", "it needs a fixed port and does not end"),
    ("tollmark run --quick", "it is the one below for all 39 cells"),
    (
        "tollmark gate --routes routes.toml --against origin/main:routes.toml --from reports/latest --policy gate.toml",
        "it needs a repository",
    ),
    (
        "tollmark gate reports/tuesday --against reports/monday --policy gate.toml --history reports",
        "it needs two nights",
    ),
];

const NIGHTLY: &str = r#"
schema = 1
name = "nightly"
[[measure]]
workloads = ["autocomplete"]
models = ["qwen3-8b"]
regions = ["us-west-2"]
[load]
requests_per_cell = 10
rounds = 1
"#;

const AB: &str = r#"
schema = 1
name = "ab"
models = ["qwen3-8b"]
workloads = ["autocomplete"]
[[variant]]
name = "baseline"
[[variant]]
name = "candidate"
registry = "registry.toml"
[load]
requests_per_cell = 10
rounds = 1
"#;

const GATE: &str = r#"
schema = 1
[[slo]]
name = "all are answered"
metric = "availability"
min = 0.5
"#;

const ROUTES: &str = r#"
schema = 1
[[route]]
name = "all"
primary = [ { model = "qwen3-8b" } ]
"#;

const TRAFFIC: &str = r#"{"custom_id":"a","body":{"messages":[{"role":"user","content":"x"}]}}"#;

const REGISTRY: &str = r#"
schema = 1
[[provider]]
id = "global-apis"
base_url = "https://global-apis.invalid/v1"
[[model]]
id = "qwen3-8b"
[[model.at]]
provider = "global-apis"
[[model.at.price]]
from = "2026-05-01"
currency = "USD"
output = "0.02"
"#;

/// The examples in the help of `command` and of everything below it, each once.
fn examples(command: &mut clap::Command, found: &mut Vec<String>) {
    for line in command.render_long_help().to_string().lines() {
        if let Some(rest) = line.strip_prefix("  tollmark ") {
            // What an example does stands behind two spaces or more.
            let words = rest.split("  ").next().unwrap().trim_end();
            let example = format!("tollmark {words}");
            if !found.contains(&example) {
                found.push(example);
            }
        }
    }
    for below in command.get_subcommands_mut() {
        examples(below, found);
    }
}

fn all() -> Vec<String> {
    let mut found = Vec::new();
    examples(&mut Cli::command(), &mut found);
    found
}

#[test]
fn every_example_can_be_typed_as_it_stands() {
    let found = all();
    for example in &found {
        let words = example.split(' ').map(|word| word.trim_matches('\''));
        if let Err(error) = Cli::try_parse_from(words) {
            panic!("{example}\n{error}");
        }
    }
    for (example, _) in NOT_RUN {
        assert!(found.contains(&example.to_owned()), "`{example}` is in no help any more");
    }
}

#[test]
fn every_example_that_is_short_does_what_it_says() {
    let sandbox = Sandbox::new();
    sandbox
        .write("nightly.toml", NIGHTLY)
        .write("ab.toml", AB)
        .write("my-traffic.jsonl", TRAFFIC)
        .write("registry.toml", REGISTRY)
        .write("gate.toml", GATE)
        .write("routes.toml", ROUTES)
        .write("routes.candidate.toml", ROUTES);
    sandbox.run(&["run", "--quick", "--model", "qwen3-8b", "--region", "us-west-2"]).measures();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_tollmark"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut run = 0;
    for example in all() {
        if NOT_RUN.iter().any(|(known, _)| *known == example) {
            continue;
        }
        // Through a shell, as it would be typed.
        let mut shell = Command::new("sh");
        let told = shell.args(["-c", &example]).env_clear().env("PATH", &path).current_dir(sandbox.path("."));
        let ran = sandbox.finish(told).measures();
        assert!(!ran.stdout.is_empty(), "{ran}");
        run += 1;
    }
    assert!(run >= 8, "only {run} examples were run");
}

#[test]
fn every_command_and_flag_is_explained() {
    fn check(command: &clap::Command, path: &str) {
        assert!(command.get_about().is_some(), "{path} has no description");
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty() && !help.ends_with('.'), "{path} {}: `{help}`", argument.get_id());
        }
        for below in command.get_subcommands() {
            check(below, &format!("{path} {}", below.get_name()));
        }
    }
    check(&Cli::command(), "tollmark");
}
