//! Two variants in one run.

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use crate::canned::Canned;
use crate::sandbox::{Row, Sandbox, rows};

/// A registry of one model in two regions, whose answers cost `output` a million tokens; its prompts are free.
fn registry(output: &str) -> String {
    format!(
        "schema = 1\n[[provider]]\nid = \"global-apis\"\nbase_url = \"https://global-apis.invalid/v1\"\n\
         region_header = \"X-Region\"\napi_key_env = \"NOT_THERE\"\n[[region]]\nid = \"us-west-2\"\n[[region]]\n\
         id = \"eu-west-1\"\n[[model]]\nid = \"qwen3-8b\"\n[[model.at]]\nprovider = \"global-apis\"\n\
         regions = [\"us-west-2\", \"eu-west-1\"]\n[[model.at.price]]\nfrom = \"2026-05-01\"\ncurrency = \"USD\"\n\
         input = \"0\"\noutput = \"{output}\"\n"
    )
}

/// `[load]` of a short run, with `more` in it.
fn suite(candidate: &str, requests: u32) -> String {
    format!(
        "schema = 1\nregistry = \"old.toml\"\nworkloads = [\"autocomplete\"]\n[[variant]]\nname = \"baseline\"\n\
         [[variant]]\nname = \"candidate\"\n{candidate}\n[load]\nconcurrency = 4\nrequests_per_cell = {requests}\n\
         rounds = 3\nwarmup = 2\n"
    )
}

/// A suite of two price lists, of which the candidate's is dearer by half.
fn two_prices(requests: u32) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write("suites/old.toml", &registry("0.50"))
        .write("suites/new.toml", &registry("0.75"))
        .write("suites/ab.toml", &suite("registry = \"new.toml\"", requests));
    sandbox
}

/// The rows of `samples` by cell.
fn by_cell(samples: &[Row]) -> BTreeMap<String, Vec<&Row>> {
    let mut cells: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in samples {
        cells.entry(row["cell"].clone()).or_default().push(row);
    }
    cells.values_mut().for_each(|rows| {
        rows.sort_by_key(|row| (row["phase"].clone(), row["index"].parse::<u32>().unwrap()));
    });
    cells
}

/// An exact decimal as a whole number of units of 10⁻¹².
fn picos(decimal: &str) -> u128 {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    format!("{whole}{part:0<12}").parse().unwrap()
}

#[test]
fn both_variants_send_the_same_prompts_in_the_same_rounds_and_cost_what_their_prices_say() {
    let sandbox = two_prices(30);
    sandbox.run(&["run", "suites/ab.toml", "--run-id", "ab"]).measures();
    let samples = rows(&sandbox.read("reports/ab/samples.csv"));
    let cells = by_cell(&samples);
    assert_eq!((samples.len(), cells.len()), (4 * 32, 4));
    for region in ["us-west-2", "eu-west-1"] {
        let of = |variant: &str| &cells[&format!("{variant}/global-apis/qwen3-8b/{region}/autocomplete/c4")];
        let (old, new) = (of("baseline"), of("candidate"));
        for (one, other) in old.iter().zip(new) {
            for column in ["phase", "round", "cycle", "index", "custom_id", "region", "outcome"] {
                assert_eq!(one[column], other[column], "{column}");
            }
            assert_eq!((one["variant"].as_str(), other["variant"].as_str()), ("baseline", "candidate"));
            for (row, price) in [(one, 500_000), (other, 750_000)] {
                let tokens: u128 = row["output_tokens"].parse().unwrap();
                assert_eq!(picos(&row["cost_usd"]), tokens * price, "{row:?}");
            }
        }
    }
    let table = rows(&sandbox.read("reports/ab/cells.csv"));
    let variants: Vec<&str> = table.iter().map(|row| row["variant"].as_str()).collect();
    assert_eq!(variants, ["baseline", "candidate", "baseline", "candidate"], "a pair stands together");
    let attempts = rows(&sandbox.read("reports/ab/attempts.csv"));
    assert_eq!(attempts.iter().filter(|row| row["cell"].starts_with("candidate/")).count(), 2 * 32);
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/ab/manifest.json")).unwrap();
    assert_eq!(manifest["variants"], serde_json::json!(["baseline", "candidate"]));
    assert_eq!(manifest["sides"][1]["registry"]["source"], "suites/new.toml");
    assert_eq!(manifest["registry"], manifest["sides"][0]["registry"]);
    let bill = rows(&sandbox.read("reports/ab/bill.csv"));
    let models: Vec<&str> = bill.iter().filter(|row| row["kind"] == "model").map(|row| row["name"].as_str()).collect();
    assert_eq!(models, ["qwen3-8b (candidate)", "qwen3-8b (baseline)"], "the dearest first");
}

#[test]
fn the_reports_hold_the_variants_against_each_other_and_are_the_same_the_next_time() {
    let sandbox = two_prices(30);
    sandbox.run(&["run", "suites/ab.toml", "--run-id", "ab"]).measures();
    sandbox.judge("reports/ab", &[]);
    // Rows that had to be made again are told of once.
    let ran = sandbox.run(&["report", "reports/ab"]).exits_with(0);
    assert!(ran.stdout.starts_with("candidate against baseline, simulated: p99 lower at "), "{ran}");
    assert!(ran.stdout.contains("2 output prices changed."), "{ran}");
    assert!(ran.stdout.contains("\nA is baseline, B is candidate\n"), "{ran}");
    let names = |run: &str| {
        let mut names: Vec<_> =
            fs::read_dir(sandbox.path(run)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before: Vec<_> =
        names("reports/ab").iter().map(|name| fs::read(sandbox.path("reports/ab").join(name)).unwrap()).collect();
    sandbox.run(&["report", "reports/ab"]).exits_with(0);
    for (name, bytes) in names("reports/ab").iter().zip(&before) {
        assert!(fs::read(sandbox.path("reports/ab").join(name)).unwrap() == *bytes, "{name:?} differs");
    }
    for name in ["cost-latency.svg", "ranking.svg", "percentiles.svg"] {
        let svg = sandbox.read(&format!("reports/ab/{name}"));
        assert!(svg.contains("A, grey, is baseline, B is candidate"), "{name}");
    }
    assert!(sandbox.read("reports/ab/summary.md").contains("**What changed**"));
    let page = sandbox.read("reports/ab/report.html");
    assert!(page.contains("Variant candidate") && page.contains("suites/new.toml"), "the page says what each is");
    let metrics = sandbox.read("reports/ab/metrics.prom");
    for variant in ["baseline", "candidate"] {
        assert!(metrics.contains(&format!("variant=\"{variant}\"")), "{metrics}");
    }
    let summary: serde_json::Value = serde_json::from_str(&sandbox.read("reports/ab/summary.json")).unwrap();
    assert_eq!(summary["cells"][1]["variant"], "candidate");
    sandbox.run(&["slim", "reports/ab", "--out", "slim"]).exits_with(0);
    let slim = sandbox.run(&["report", "slim"]).exits_with(0);
    assert_eq!(slim.stdout.lines().next(), ran.stdout.lines().next(), "a slim run keeps both");
}

#[test]
fn a_run_that_was_killed_keeps_both_variants() {
    let sandbox = two_prices(100_000);
    let mut started = sandbox.start(&["run", "suites/ab.toml", "--run-id", "ab"]);
    let both =
        |text: &str| ["\nmeasured,0,0,baseline,", "\nmeasured,0,0,candidate,"].iter().all(|row| text.contains(row));
    while !fs::read_to_string(sandbox.path("reports/ab/samples.csv")).is_ok_and(|text| both(&text)) {
        if started.child.try_wait().unwrap().is_some() {
            panic!("the run ended by itself\n{}", sandbox.wait(started));
        }
        thread::yield_now();
    }
    started.child.kill().unwrap();
    sandbox.wait(started);
    sandbox.run(&["report", "reports/ab"]).exits_with(0);
    let cells = rows(&sandbox.read("reports/ab/cells.csv"));
    for variant in ["baseline", "candidate"] {
        let requests =
            cells.iter().filter(|row| row["variant"] == variant).map(|row| row["requests"].parse::<u64>().unwrap());
        assert!(requests.sum::<u64>() > 0, "{variant}");
    }
}

#[test]
fn a_variant_with_a_url_is_called_there_and_one_without_stays_where_the_suite_is() {
    let sandbox = Sandbox::new();
    let server = Canned::streaming();
    let candidate = format!("base_url = \"{}\"\napi_key_env = \"MY_KEY\"", server.base_url);
    sandbox.write("old.toml", &registry("0.50")).write("ab.toml", &suite(&candidate, 6));
    let missing = sandbox.run(&["run", "ab.toml"]).exits_with(2);
    missing.says("environment variable `MY_KEY` is not set");
    let mut command = sandbox.command(&["run", "ab.toml", "--run-id", "ab", "--region", "us-west-2"]);
    let ran = sandbox.finish(command.env("MY_KEY", "sk-mine-0123456789")).measures();
    assert!(ran.stderr.starts_with("LOCAL: 127.0.0.1:") && ran.stderr.contains("built-in simulator"), "{ran}");
    let posts = server.posts();
    assert_eq!(posts.len(), 8, "six measured and two to warm up: {ran}");
    for asked in &posts {
        assert_eq!(asked.header("authorization"), Some("Bearer sk-mine-0123456789"));
        assert_eq!((asked.header("x-region"), &asked.json()["model"]), (Some("us-west-2"), &"qwen3-8b".into()));
    }
    let cells = rows(&sandbox.read("reports/ab/cells.csv"));
    let told: Vec<(&str, &str)> =
        cells.iter().map(|row| (row["variant"].as_str(), row["simulated"].as_str())).collect();
    assert_eq!(told, [("baseline", "true"), ("candidate", "false")]);
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/ab/manifest.json")).unwrap();
    assert_eq!(manifest["load"]["prompt_cache"], "fresh", "warm-up begins with the first line too");
    assert_eq!(manifest["sides"][0]["hosts"], serde_json::json!(["built-in simulator"]));
}

#[test]
fn what_cannot_be_compared_is_refused_or_told_before_anything_is_sent() {
    let sandbox = two_prices(30);
    let url = ["run", "suites/ab.toml", "--base-url", "http://127.0.0.1:1/v1", "--model", "qwen3-8b"];
    sandbox.run(&url).exits_with(2).says(
        "error: `--base-url` has no meaning for a suite with variants, which say themselves where they are sent\n\
         hint: give a `[[variant]]` of the suite a `base_url`, or take another suite\n",
    );
    sandbox.write("suites/new.toml", &registry("0.75").replace("id = \"qwen3-8b\"", "id = \"another\""));
    let ran = sandbox.run(&["run", "suites/ab.toml", "--dry-run"]).exits_with(0);
    assert!(
        ran.stdout.contains("warning: only baseline measures `qwen3-8b` in us-west-2, `qwen3-8b` in eu-west-1"),
        "{ran}"
    );
    assert!(ran.stdout.contains("120 requests and 8 to warm up"), "{ran}");
    assert!(ran.stdout.contains("qwen3-8b baseline") && ran.stdout.contains("another candidate"), "{ran}");
    sandbox
        .run(&["run", "suites/ab.toml", "--model", "qwen3-8b"])
        .exits_with(2)
        .says("error: variant `candidate`: model `qwen3-8b` is not in the registry (known: `another`)");
}
