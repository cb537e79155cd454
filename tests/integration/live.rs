//! What a server beyond this program gets to see, and what is kept of it.

use std::collections::BTreeSet;
use std::fs;

use crate::canned::{Canned, STREAM};
use crate::sandbox::{Ran, Sandbox, rows};

/// Recorded with fields of its own, for another model, and not streamed.
const RECORDED: &str = r#"{"custom_id":"a","body":{"model":"recorded","messages":[{"role":"user","content":"first"}],"temperature":0.25,"stream":false,"max_tokens":16,"user":"u-1"}}
{"custom_id":"b","body":{"messages":[{"role":"user","content":"second"}],"seed":7}}
{"custom_id":"c","body":{"messages":[{"role":"user","content":"third"}]}}
"#;

/// A run against `server` with the workload above, and `more`.
fn run(sandbox: &Sandbox, server: &Canned, more: &[&str]) -> Ran {
    sandbox.write("recorded.jsonl", RECORDED);
    let url = ["run", "--base-url", &server.base_url, "--model", "Org/My-Model:7b", "--workload", "recorded.jsonl"];
    let few = ["--requests-per-cell", "9", "--rounds", "1", "--warmup", "3", "--concurrency", "2"];
    let arguments = [&url[..], &few, more].concat();
    let mut command = sandbox.command(&arguments);
    // The registry's own key is in the environment; only a key that the user names may be sent.
    sandbox.finish(command.env("GLOBAL_API_KEY", "sk-registry").env("MY_KEY", "sk-mine-0123456789"))
}

#[test]
fn a_url_of_ones_own_gets_no_key_and_no_header_of_the_registry() {
    let sandbox = Sandbox::new();
    let server = Canned::streaming();
    let ran = run(&sandbox, &server, &[]).measures();
    assert!(
        ran.stderr
            .starts_with(&format!("LOCAL: {}, on this machine\n", &server.base_url[7..server.base_url.len() - 3]))
    );
    assert_eq!(server.posts().len(), 12);
    for asked in server.asked() {
        assert_eq!((asked.header("authorization"), asked.header("x-region")), (None, None));
        assert!(!format!("{asked:?}").contains("sk-"), "{asked:?}");
    }
}

#[test]
fn a_key_that_the_user_names_is_sent_and_appears_nowhere_else() {
    let sandbox = Sandbox::new();
    let server = Canned::streaming();
    let ran = run(&sandbox, &server, &["--api-key-env", "MY_KEY"]).measures();
    let posts = server.posts();
    assert_eq!(posts.len(), 12);
    assert!(posts.iter().all(|asked| asked.header("authorization") == Some("Bearer sk-mine-0123456789")));
    assert!(!ran.to_string().contains("sk-mine"), "{ran}");
    for entry in fs::read_dir(sandbox.path(&sandbox.only_run())).unwrap().map(Result::unwrap) {
        let bytes = fs::read(entry.path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("sk-mine"), "{}", entry.path().display());
    }
}

#[test]
fn a_request_is_sent_as_it_was_recorded_but_for_model_and_streaming() {
    let sandbox = Sandbox::new();
    let server = Canned::streaming();
    run(&sandbox, &server, &["--prompt-cache", "natural"]).measures();
    let expected = serde_json::json!({
        "model": "Org/My-Model:7b", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "first"}], "temperature": 0.25, "max_tokens": 16, "user": "u-1",
    });
    let posts = server.posts();
    let first: Vec<_> = posts.iter().filter(|asked| asked.prompt() == "first").collect();
    assert_eq!(first.len(), 4, "a third of 9 measured and 3 to warm up");
    assert!(first.iter().all(|asked| asked.json() == expected), "{first:?}");
    let second = posts.iter().find(|asked| asked.prompt() == "second").unwrap();
    assert_eq!(second.json()["seed"], 7);
    assert!(posts.iter().all(|asked| asked.header("content-type") == Some("application/json")));
}

#[test]
fn streaming_can_be_as_it_was_recorded() {
    let sandbox = Sandbox::new();
    let server = Canned::streaming();
    run(&sandbox, &server, &["--prompt-cache", "natural", "--stream", "recorded"]);
    for asked in server.posts() {
        let body = asked.json();
        assert_eq!(body["stream"], asked.prompt() != "first", "{body}");
        assert_eq!(body["stream_options"].is_null(), asked.prompt() == "first", "{body}");
    }
}

#[test]
fn fresh_prompts_are_all_different_and_are_the_default_where_lines_repeat() {
    let sandbox = Sandbox::new();
    for more in [&["--run-id", "asked", "--prompt-cache", "fresh"][..], &["--run-id", "default"]] {
        let server = Canned::streaming();
        run(&sandbox, &server, more).measures();
        let prompts: BTreeSet<String> = server.posts().iter().map(crate::canned::Asked::prompt).collect();
        assert_eq!(prompts.len(), 12, "{prompts:?}");
        for prompt in &prompts {
            let (nonce, recorded) = prompt.split_once(' ').unwrap();
            assert!(["first", "second", "third"].contains(&recorded), "{prompt}");
            assert!(nonce.len() == 12 && nonce.bytes().all(|byte| byte.is_ascii_hexdigit()), "{prompt}");
        }
        let manifest = sandbox.read(&format!("reports/{}/manifest.json", more[1]));
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["load"]["prompt_cache"], "fresh");
    }
}

#[test]
fn a_row_is_simulated_when_the_reply_says_so_and_not_otherwise() {
    for (header, expected) in [("x-tollmark-simulated: 1\r\n", "true"), ("", "false")] {
        let sandbox = Sandbox::new();
        let server = Canned::start("text/event-stream", header, STREAM);
        run(&sandbox, &server, &[]).measures();
        for file in ["samples.csv", "cells.csv"] {
            let rows = rows(&sandbox.read(&format!("reports/latest/{file}")));
            assert!(rows.iter().all(|row| row["simulated"] == expected), "{file} with `{header}`");
        }
        let summary = sandbox.read("reports/latest/summary.md");
        assert_eq!(summary.contains("SIMULATED"), expected == "true", "{summary}");
    }
}

#[test]
fn an_unknown_price_is_an_empty_cell_and_a_budget_needs_it() {
    let sandbox = Sandbox::new();
    let server = Canned::streaming();
    run(&sandbox, &server, &[]).measures();
    let cell = rows(&sandbox.read("reports/latest/cells.csv")).remove(0);
    let price = ["cost_usd", "all_prices_known", "list_output_usd_per_mtok", "effective_output_usd_per_mtok"];
    assert_eq!(price.map(|column| &*cell[column]), ["", "false", "", ""]);
    assert_eq!((&*cell["input_tokens"], &*cell["output_tokens"]), ("81", "18"));

    let sent = server.asked().len();
    let ran = run(&sandbox, &server, &["--max-cost-usd", "1"]).exits_with(2);
    ran.says(
        "error: the input and output price of `Org/My-Model:7b` is unknown, so a limit of the bill cannot be kept\n\
         hint: give it in the registry, as `input = \"0.10\"` and `output = \"0.10\"` in its `[[model.at.price]]`, or pass \
         `--assume-price Org/My-Model:7b=IN,OUT` with dollars per million tokens\n",
    );
    assert_eq!(server.asked().len(), sent, "not even the list of models is asked for");
}

#[test]
fn the_providers_of_a_registry_get_their_key_their_headers_and_the_region() {
    let sandbox = Sandbox::new();
    let server = Canned::streaming();
    let registry = format!(
        "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"{}\"\napi_key_env = \"MY_KEY\"\nregion_header = \"X-Region\"\n\
         headers = {{ x-team = \"search\" }}\n[[region]]\nid = \"eu\"\n[[model]]\nid = \"m\"\ncontext = 32_000\n[[model.at]]\n\
         provider = \"p\"\nsend_as = \"m-on-the-wire\"\nregions = [\"eu\"]\n[[model.at.price]]\nfrom = \"2020-01-01\"\ncurrency = \"USD\"\n\
         input = \"1\"\noutput = \"2\"\n",
        server.base_url
    );
    sandbox.write("registry.toml", &registry).write("recorded.jsonl", RECORDED);
    let live = ["run", "--live", "--registry", "registry.toml", "--workload", "recorded.jsonl", "--max-cost-usd", "1"];
    let few = ["--requests-per-cell", "4", "--rounds", "1", "--warmup", "0", "--concurrency", "2"];
    let mut command = sandbox.command(&[&live[..], &few].concat());
    let ran = sandbox.finish(command.env("MY_KEY", "sk-mine-0123456789")).measures();
    assert!(ran.stderr.starts_with("LIVE: 127.0.0.1:") && ran.stderr.contains(", limit $1.00\n"), "{ran}");
    let posts = server.posts();
    assert_eq!(posts.len(), 4);
    for asked in posts {
        assert_eq!(asked.header("authorization"), Some("Bearer sk-mine-0123456789"));
        assert_eq!((asked.header("x-region"), asked.header("x-team")), (Some("eu"), Some("search")));
        assert_eq!(asked.json()["model"], "m-on-the-wire");
    }
    // Four replies of 9 tokens in and 2 out, at $1 and $2 per million.
    assert_eq!(rows(&sandbox.read("reports/latest/cells.csv"))[0]["cost_usd"], "0.000052");
}

#[test]
fn a_key_that_is_missing_is_told_before_anything_that_matters_less() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["run", "--live", "--max-cost-usd", "1", "--requests-per-cell", "30"]).exits_with(2);
    // Cells that take turns are given fewer rounds, of which nothing is to be said here.
    assert!(!ran.stderr.contains("warning: "), "{ran}");
    let second = ran.stderr.lines().nth(1).unwrap();
    assert!(second.starts_with("error: ") && second.contains("GLOBAL_API_KEY"), "{ran}");
}
