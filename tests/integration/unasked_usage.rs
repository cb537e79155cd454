//! A provider that refuses `stream_options`: it is said, and the run goes on without when told to.

use crate::sandbox::{Ran, Sandbox, Simulated, rows};

/// Every stream that asks for its usage is refused.
const REFUSING: &str = "schema = 1\nclient = \"here\"\n[default]\nttft = { kind = \"constant\", median_ms = 1 }\n\
    ms_per_token = { kind = \"constant\", median_ms = 0.1 }\nanswer_tokens = { median = 5, p99 = 5 }\n\
    [[fault]]\nkind = \"stream_options_refused\"\nratio = 1\n";

const SMALL: [&str; 6] = ["--requests-per-cell", "6", "--rounds", "1", "--concurrency", "2"];

/// What is to be done about it.
const ADVICE: &str = "refuses `stream_options`: go on without by `--no-stream-options`, or by `stream_options = false`";

fn refusing(sandbox: &Sandbox) -> Simulated {
    sandbox.write("law.toml", REFUSING).simulate(&["--law", "law.toml"])
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.run(&[&["run"], arguments, &SMALL].concat())
}

/// Checks that every request of the latest run was answered without usage, and that its tokens are estimated.
fn goes_without(sandbox: &Sandbox, ran: Ran, provider: &str) {
    let ran = ran.measures();
    assert!(!ran.stderr.contains("hint: provider"), "{ran}");
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    assert!(samples.iter().all(|row| row["outcome"] == "ok" && row["usage_source"] == "estimated"), "{ran}");
    assert_eq!(rows(&sandbox.read("reports/latest/cells.csv"))[0]["requests_without_usage"], "6", "{ran}");
    let warning =
        format!("provider `{provider}` is not asked for the tokens of a stream: `stream_options` is left out");
    assert!(sandbox.read("reports/latest/manifest.json").contains(&warning), "{ran}");
    let estimated = format!("6 replies of `m` at `{provider}` came without usage: tokens are estimated");
    ran.says(&estimated);
}

#[test]
fn a_refusal_says_what_to_do_and_the_flag_does_it() {
    let sandbox = Sandbox::new();
    let simulated = refusing(&sandbox);
    let url = ["--base-url", &simulated.base_url, "--model", "m"];
    let ran = run(&sandbox, &url).exits_with(5).says(ADVICE);
    assert_eq!(ran.stderr.matches("hint: provider").count(), 1, "{ran}");
    for file in ["manifest.json", "summary.md", "report.html"] {
        let text = sandbox.read(&format!("reports/latest/{file}")).replace("&#96;", "`");
        assert!(text.contains("--no-stream-options"), "{file}");
    }
    let attempts = rows(&sandbox.read("reports/latest/attempts.csv"));
    let told = attempts.iter().all(|row| {
        (&*row["status"], &*row["error_code"], &*row["error_message"])
            == ("400", "unknown_parameter", "Unrecognized request argument supplied: stream_options")
    });
    assert!(told && attempts.len() >= 6, "{ran}");

    let ran = run(&sandbox, &[&url[..], &["--no-stream-options"]].concat());
    let provider = rows(&sandbox.read("reports/latest/cells.csv"))[0]["provider"].clone();
    goes_without(&sandbox, ran, &provider);
}

#[test]
fn a_registry_may_say_that_a_provider_takes_none() {
    let sandbox = Sandbox::new();
    let simulated = refusing(&sandbox);
    let registry = |options: &str| {
        format!(
            "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"{}\"\n{options}[[model]]\nid = \"m\"\n[[model.at]]\n\
             provider = \"p\"\n[[model.at.price]]\nfrom = \"2020-01-01\"\ncurrency = \"USD\"\ninput = \"1\"\n\
             output = \"1\"\n",
            simulated.base_url
        )
    };
    sandbox.write("asks.toml", &registry("")).write("spares.toml", &registry("stream_options = false\n"));
    sandbox.write("wrong.toml", &registry("stream_options = \"no\"\n"));
    let live = |file| ["--live", "--max-cost-usd", "1", "--registry", file];
    run(&sandbox, &live("asks.toml")).exits_with(5).says(&format!("provider `p` {ADVICE}"));
    goes_without(&sandbox, run(&sandbox, &live("spares.toml")), "p");
    run(&sandbox, &live("wrong.toml")).exits_with(2).says("wrong.toml:5");
}
