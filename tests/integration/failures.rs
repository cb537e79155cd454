//! A request, a model or a disk that fails: what is lost, and what goes on.

use std::net::TcpListener;

use crate::canned::Canned;
use crate::sandbox::{Sandbox, rows};

/// One model never answers, all others always do.
const ONE_IS_DOWN: &str = r#"
schema = 1
client = "us-west-2"
[default]
ttft = { kind = "constant", median_ms = 5 }
ms_per_token = { kind = "constant", median_ms = 1 }
answer_tokens = { median = 4, p99 = 4 }
[model.down]
error_ratio = 1
ttft = { kind = "constant", median_ms = 5 }
ms_per_token = { kind = "constant", median_ms = 1 }
answer_tokens = { median = 4, p99 = 4 }
"#;

fn few(url: &str, models: &[&'static str]) -> Vec<String> {
    let fixed = ["run", "--base-url", url, "--requests-per-cell", "10", "--rounds", "1", "--concurrency", "2"];
    let models = models.iter().flat_map(|model| ["--model", model]);
    fixed.into_iter().chain(models).map(str::to_owned).collect()
}

fn run(sandbox: &Sandbox, arguments: &[String]) -> crate::sandbox::Ran {
    sandbox.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_model_that_fails_wholly_has_its_row_and_does_not_stop_the_others() {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", ONE_IS_DOWN);
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    let ran = run(&sandbox, &few(&simulated.base_url, &["down", "up"])).exits_with(5);
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    let told: Vec<_> = cells.iter().map(|row| ["model", "ok", "failed", "outcomes"].map(|it| &*row[it])).collect();
    assert_eq!(told, [["down", "0", "10", "http_5xx=10"], ["up", "10", "0", "ok=10"]]);
    let down = &cells[0];
    assert_eq!(down["valid"], "false");
    assert_eq!((&*down["availability"], &*down["e2e_p50_ms"], &*down["ttft_p99_ms"]), ("0.0", "", ""));
    assert_eq!(down["e2e_p50_with_failures_ms"], "inf");
    ran.says(&format!("invalid: {}: all 10 requests failed", down["cell"]));
}

#[test]
fn a_server_that_answers_html_is_measured_as_failing() {
    let sandbox = Sandbox::new();
    let server = Canned::start("text/html", "", "<html><body>Please log in</body></html>");
    let ran = run(&sandbox, &few(&server.base_url, &["m"])).exits_with(5);
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    assert_eq!(cells[0]["outcomes"], "parse_error=10");
    assert_eq!((&*cells[0]["simulated"], &*cells[0]["valid"]), ("false", "false"));
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    assert!(samples.iter().all(|row| row["outcome"] == "parse_error" && row["status"] == "200"), "{ran}");
    assert!(samples.iter().all(|row| row["cost_usd"].is_empty() && row["first_token_at_ms"].is_empty()), "{ran}");
}

#[test]
fn a_url_at_which_nobody_answers_is_told_at_once_and_leaves_no_run() {
    let sandbox = Sandbox::new();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", gone.local_addr().unwrap());
    drop(gone);
    run(&sandbox, &few(&url, &["m"]))
        .exits_with(1)
        .says(&format!("error: nobody answers at `{url}`: Connection refused"))
        .says("\nhint: start the server, or mend the address; it must end in `/v1` or the like");
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn a_provider_that_refuses_connections_is_measured_as_failing() {
    let sandbox = Sandbox::new();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = format!(
        "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"http://{}/v1\"\n[[model]]\nid = \"m\"\n[[model.at]]\n\
         provider = \"p\"\n[[model.at.price]]\nfrom = \"2020-01-01\"\ncurrency = \"USD\"\ninput = \"1\"\noutput = \"1\"\n",
        gone.local_addr().unwrap()
    );
    drop(gone);
    sandbox.write("registry.toml", &registry);
    let small = ["--requests-per-cell", "6", "--rounds", "1", "--concurrency", "2", "--max-cost-usd", "1"];
    let ran = sandbox.run(&[&["run", "--live", "--registry", "registry.toml"], &small[..]].concat()).exits_with(5);
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    assert_eq!(cells[0]["outcomes"], "connect=6", "{ran}");
    assert_eq!((&*cells[0]["requests"], &*cells[0]["cost_usd"]), ("6", ""), "{ran}");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_failure_of_the_machine() {
    let sandbox = Sandbox::new();
    sandbox.write("taken", "a file");
    let small = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "2", "--rounds", "1"];
    sandbox
        .run(&[&["run", "--out", "taken"], &small[..]].concat())
        .exits_with(1)
        .says("error: cannot create run directory `taken/")
        .says("\n  caused by: ");
    assert_eq!(sandbox.read("taken"), "a file");
}

#[test]
fn a_port_in_use_stops_the_simulator() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = sandbox.run(&["simulate", "--listen", &address]).exits_with(1);
    ran.says(&format!("`{address}`")).says("\n  caused by: Address already in use");
}
