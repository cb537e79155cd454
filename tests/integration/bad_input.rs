//! What is typed or written wrongly is refused with exit code 2 before anything is sent, and the message says what is
//! wrong, where, and what would be right.

use crate::canned::Canned;
use crate::sandbox::Sandbox;

/// One endpoint and few requests.
const SMALL: [&str; 9] =
    ["run", "--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "4", "--rounds", "1"];

const BAD_LINES: &str = r#"{"custom_id":"a","body":{"messages":[{"role":"user","content":"x"}]}}
{]
{"custom_id":"b","bdy":{}}
{"custom_id":"a","body":{"messages":[{"role":"user","content":"x"}]}}
"#;

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&SMALL, more].concat()
}

/// A refusal names the mistake, and nothing was begun.
#[track_caller]
fn refused(sandbox: &Sandbox, arguments: &[&str], expected: &[&str]) {
    let ran = sandbox.run(arguments).exits_with(2);
    for text in expected {
        assert!(ran.stderr.contains(text), "stderr lacks: {text}\n{ran}");
    }
    assert!(ran.stdout.is_empty(), "{ran}");
    assert!(!sandbox.path("reports").exists(), "{ran}");
}

#[test]
fn an_unknown_model_or_region_is_named_with_the_nearest_known_one() {
    let sandbox = Sandbox::new();
    refused(
        &sandbox,
        &["run", "--model", "qwen3-8c"],
        &[
            "error: model `qwen3-8c` is not in the registry (known: `qwen3-8b`, ",
            "\nhint: did you mean `qwen3-8b`? Or add it to a file and pass `--registry <FILE>`",
        ],
    );
    refused(
        &sandbox,
        &["run", "--region", "us-west-3"],
        &["error: region `us-west-3` is not in the registry (known: ", "\nhint: did you mean `us-west-2`?"],
    );
    refused(
        &sandbox,
        &["run", "--model", "deepseek-v4-flash", "--region", "us-west-2"],
        &["error: none of the models `deepseek-v4-flash` is offered in `us-west-2`"],
    );
}

#[test]
fn a_workload_that_is_neither_a_file_nor_built_in_is_named_with_those_that_are() {
    let sandbox = Sandbox::new();
    refused(
        &sandbox,
        &["run", "--workload", "traffic.jsonl"],
        &["error: cannot read workload `traffic.jsonl`\n  caused by: No such file or directory"],
    );
    refused(
        &sandbox,
        &["run", "--workload", "autocomplet"],
        &["error: workload `autocomplet` is neither a file nor built in (built in: autocomplete, classify, "],
    );
}

#[test]
fn all_mistakes_of_a_suite_are_shown_at_once_with_their_places() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.toml", "schema = 1\nlod = 3\n[load]\nrounds = 0\nconcurency = [3]\nwarmup = \"a\"\n");
    refused(
        &sandbox,
        &["run", "bad.toml"],
        &[
            "bad.toml:2:1: `lod` is not a key of the file",
            "did you mean `load`?",
            "bad.toml:4:10: `rounds` is 0, must be at least 1",
            "bad.toml:5:1: `concurency` is not a key of `[load]`",
            "did you mean `concurrency`?",
            "bad.toml:6:10: `warmup` is a string, must be a whole number",
        ],
    );
    refused(&sandbox, &["run", "none.toml"], &["`none.toml`", "\n  caused by: No such file or directory"]);
}

#[test]
fn all_mistakes_of_a_registry_are_shown_at_once_with_their_places() {
    let sandbox = Sandbox::new();
    let text = "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = 3\n[[model]]\nid = \"m\"\ntire = 2\n[[model.at]]\n\
                provider = \"q\"\n";
    sandbox.write("registry.toml", text);
    for arguments in [&["run", "--registry", "registry.toml"][..], &["registry", "check", "registry.toml"]] {
        refused(
            &sandbox,
            arguments,
            &[
                "registry.toml:4:12: `base_url` is a whole number, must be a string in quotes",
                "registry.toml:7:1: `tire` is not a key of `[[model]]`",
                "did you mean `tier`?",
                "registry.toml:9:12: `q` is not a `[[provider]]` of this file",
            ],
        );
    }
}

#[test]
fn all_bad_lines_of_a_workload_are_shown_at_once_with_their_places() {
    let sandbox = Sandbox::new();
    sandbox.write("chat.jsonl", BAD_LINES);
    let expected = [
        "error: chat.jsonl:2: is not JSON at column 2: key must be a string\n",
        "\nchat.jsonl:3: unknown key `bdy`, did you mean `body`?; holds neither `body` nor ",
        "\nchat.jsonl:4: `custom_id` is `a` as on line 1, must be unique\n",
    ];
    refused(&sandbox, &["run", "--workload", "chat.jsonl"], &expected);
    refused(&sandbox, &["workload", "check", "chat.jsonl"], &expected);
}

#[test]
fn bad_lines_can_be_skipped_and_are_counted_and_listed() {
    let sandbox = Sandbox::new();
    sandbox.write("chat.jsonl", BAD_LINES);
    sandbox
        .run(&with(&["--workload", "chat.jsonl", "--skip-bad-lines"]))
        .measures()
        .says("warning: 3 lines of `chat.jsonl` are left out:\n  chat.jsonl:2: ")
        .says("\n  chat.jsonl:3: unknown key `bdy`")
        .says("\n  chat.jsonl:4: `custom_id` is `a` as on line 1");
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/latest/manifest.json")).unwrap();
    assert_eq!(manifest["workloads"][0]["requests"], 1);
    assert_eq!(manifest["workloads"][0]["skipped_lines"], 3);
}

#[test]
fn a_run_directory_is_never_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.run(&with(&["--run-id", "one"])).measures();
    let before = sandbox.read("reports/one/samples.csv");
    sandbox
        .run(&with(&["--run-id", "one"]))
        .exits_with(2)
        .says("error: run directory `reports/one` exists already, move it away or choose another `--run-id`");
    assert_eq!(sandbox.read("reports/one/samples.csv"), before);
}

#[test]
fn a_name_that_would_leave_the_folder_of_runs_is_refused() {
    let sandbox = Sandbox::new();
    for name in ["../one", "latest", ".", ""] {
        let ran = sandbox.run(&[&SMALL[..], &["--run-id", name]].concat()).exits_with(2);
        ran.says(&format!("error: `{name}` is no name for a run directory"));
    }
}

#[test]
fn a_live_run_without_a_key_is_refused_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    refused(
        &sandbox,
        &["run", "--live", "--max-cost-usd", "1"],
        &[
            "LIVE: global-apis.com, limit $1.00\n",
            "error: environment variable `GLOBAL_API_KEY` is not set: `global-apis` needs its key there\n",
            "hint: export GLOBAL_API_KEY=…, or leave out `--live` to simulate\n",
        ],
    );
    let server = Canned::streaming();
    let url = &server.base_url;
    refused(
        &sandbox,
        &["run", "--base-url", url, "--model", "m", "--api-key-env", "MY_KEY"],
        &["error: environment variable `MY_KEY` is not set: "],
    );
    assert_eq!(server.posts().len(), 0);
}

#[test]
fn a_live_run_without_a_limit_and_without_anybody_to_ask_is_refused_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    // Not this machine, which is never paid; and a name that cannot be resolved, whatever the program does.
    let registry = "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"http://provider.invalid/v1\"\n\
                    [[model]]\nid = \"m\"\n[[model.at]]\nprovider = \"p\"\n";
    sandbox.write("registry.toml", registry);
    refused(
        &sandbox,
        &["run", "--live", "--registry", "registry.toml"],
        &[
            "error: a live run needs a limit of its bill: it costs about unknown, at most unknown\nhint: set one with `--max-cost-usd 5.00`, or ",
        ],
    );
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn a_url_needs_a_model_and_the_server_is_asked_which_it_has() {
    let sandbox = Sandbox::new();
    let simulated = sandbox.simulate(&[]);
    refused(
        &sandbox,
        &["run", "--base-url", &simulated.base_url],
        &[
            "error: `--base-url` needs `--model <NAME>`, the model's name as that server knows it (it lists: ",
            "qwen3-8b",
        ],
    );
}

#[test]
fn a_folder_that_holds_no_run_cannot_be_reported() {
    let sandbox = Sandbox::new();
    sandbox.write("some/file.txt", "x").write("broken/manifest.json", "{").write("later/manifest.json", LATER);
    for path in ["some", "none", "some/file.txt"] {
        refused(
            &sandbox,
            &["report", path],
            &[&format!("error: `{path}` is not a run directory, it must hold a `manifest.json`\n")],
        );
    }
    refused(&sandbox, &["report", "broken"], &["error: `broken/manifest.json` is not a manifest of tollmark\n"]);
    refused(
        &sandbox,
        &["report", "later"],
        &["`later/manifest.json` has format version 999, this tollmark reads up to 1"],
    );
}

const LATER: &str = r#"{"format_version": 999}"#;

#[test]
fn impossible_flags_are_bad_usage() {
    let sandbox = Sandbox::new();
    refused(&sandbox, &["run", "--rounds", "0"], &["error: invalid value '0' for '--rounds <N>'"]);
    refused(&sandbox, &["run", "--timeout-idle", "0s"], &["is 0, must be longer"]);
    refused(&sandbox, &["run", "--quick", "--rounds", "3"], &["cannot be used with"]);
    refused(&sandbox, &["run", "--api-key-env", "KEY"], &["--base-url"]);
    refused(&sandbox, &["rum"], &["similar subcommand exists: 'run'"]);
}

#[test]
fn a_broken_law_is_named_with_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", "schema = 1\nclient = \"here\"\n[default]\nttft = { median_ms = -1 }\n");
    let said = ["law.toml:4:8: missing field `p99_ms`", "4 │ ttft = { median_ms = -1 }", "·        ─"];
    refused(&sandbox, &["simulate", "--law", "law.toml"], &said);
}
