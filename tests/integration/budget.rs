//! A limit of the bill is never passed, and what was spent until then is kept.

use tollmark::plan::Streaming;
use tollmark::run::{Ended, Environment, Finished, Inputs, LoadWords, Overrides, Settings, Snapshot, Watch, carry_out};
use tollmark::sim::{Law, SimConfig, Simulator};
use tollmark::units::Usd;

use crate::canned::Canned;
use crate::sandbox::{Row, Sandbox, rows};

/// Answers at once and as long as they may be, so that a cent is spent in no time, and nearly as dear as was reserved.
const QUICK: &str = "schema = 1\nclient = \"here\"\n[default]\nttft = { kind = \"constant\", median_ms = 1 }\n\
                     ms_per_token = { kind = \"constant\", median_ms = 0.01 }\n\
                     answer_tokens = { median = 400, p99 = 400 }\n";

/// Of these nobody can say what they were billed, or that they were not.
const FAULTS: &str =
    "[[fault]]\nkind = \"cut_mid_stream\"\nratio = 0.03\n[[fault]]\nkind = \"rate_limited_ms\"\nratio = 0.03\n";

/// Answers are all but the whole bill, of 2 to 3 thousandths of the cent each.
const REQUESTS: &str = r#"{"custom_id":"a","body":{"messages":[{"role":"user","content":"Tell me of the harbour."}],"max_tokens":160}}
{"custom_id":"b","body":{"messages":[{"role":"user","content":"And of the tide?"}],"max_tokens":130}}
{"custom_id":"c","body":{"messages":[{"role":"user","content":"Name a ship."}],"max_tokens":110}}
"#;

const CENT: &str = "0.01";

/// Nobody looks.
struct Unseen;

impl Watch for Unseen {
    fn update(&mut self, _: &Snapshot) {}
}

/// A run in `sandbox` on the worker threads of this machine, 64 requests at once, that goes on until a cent is spent.
fn spend_a_cent(sandbox: &Sandbox, seed: u64) -> Finished {
    let is_faulty = seed.is_multiple_of(5);
    let law = if is_faulty { format!("{QUICK}{FAULTS}") } else { QUICK.to_owned() };
    let law = Law::parse("law.toml", &law).unwrap();
    let simulator = Simulator::start(SimConfig { law, seed, ..SimConfig::default() }).unwrap();
    let flags = Overrides {
        base_url: Some(simulator.base_url()),
        models: vec!["step-3.5-flash".to_owned()],
        workloads: vec![sandbox.path("requests.jsonl").display().to_string()],
        load: LoadWords { concurrency: vec![64], requests_per_cell: Some(1_000_000), ..LoadWords::default() },
        warmup: Some(16),
        seed: Some(seed),
        streaming: Some(if is_faulty { Streaming::On } else { Streaming::Off }),
        max_cost_usd: Some(CENT.parse().unwrap()),
        out: sandbox.path("reports"),
        run_id: Some(format!("seed-{seed}")),
        ..Overrides::default()
    };
    let settings = Settings::resolve(None, flags).unwrap();
    let finished = carry_out(&settings, &Inputs::read(&settings).unwrap(), &Environment, &mut Unseen, None).unwrap();
    simulator.stop().unwrap();
    finished
}

/// What all `rows` cost, warm-up included; an empty cell is of unknown cost.
fn cost(rows: &[Row]) -> Usd {
    let costs = rows.iter().map(|row| &row["cost_usd"]).filter(|cost| !cost.is_empty());
    costs.map(|cost| cost.parse::<Usd>().unwrap()).sum()
}

#[test]
fn a_cent_is_never_passed_at_concurrency_64_in_50_seeds() {
    let sandbox = Sandbox::new();
    sandbox.write("requests.jsonl", REQUESTS);
    let limit: Usd = CENT.parse().unwrap();
    for seed in 0..50 {
        let finished = spend_a_cent(&sandbox, seed);
        assert_eq!(finished.ended, Ended::OverBudget, "seed {seed}");
        let run = format!("reports/seed-{seed}");
        let samples = rows(&sandbox.read(&format!("{run}/samples.csv")));
        assert_eq!(samples.iter().filter(|row| row["phase"] == "warmup").count(), 16, "seed {seed}");
        let spent = cost(&samples);
        assert!(spent <= limit, "seed {seed}: ${spent} of ${limit}");
        let is_unknown = |row: &&Row| row["status"] == "200" && row["usage_source"] != "provider";
        let of_unknown_bill = samples.iter().filter(is_unknown).count();
        // Left over is what prompts were reserved too much, and what is held for unknown bills.
        let least = if of_unknown_bill > 0 { limit.picos() / 2 } else { limit.picos() * 9 / 10 };
        assert!(spent.picos() >= least, "seed {seed}: stopped at ${spent} of ${limit}");
        let summary = sandbox.read(&format!("{run}/summary.md"));
        assert_eq!(summary.contains("was held for requests whose bill is unknown"), of_unknown_bill > 0, "{summary}");
        assert!(summary.contains("Partial: the run was stopped by its budget."), "{summary}");
        assert!(summary.contains("The budget stopped the run: less was measured than planned."), "{summary}");
        let manifest: serde_json::Value = serde_json::from_str(&sandbox.read(&format!("{run}/manifest.json"))).unwrap();
        assert_eq!((&manifest["status"], &manifest["max_cost_usd"]), (&"over_budget".into(), &CENT.into()));
    }
}

/// What the registry of these tests knows: a model without a price, and one with both.
const REGISTRY: &str = r#"
schema = 1
[[provider]]
id = "p"
base_url = "https://p.example/v1"
[[model]]
id = "free-lance"
context = 32_000
[[model.at]]
provider = "p"
[[model]]
id = "priced"
output_limit = 100
[[model.at]]
provider = "p"
[[model.at.price]]
from = "2026-05-01"
input = "1"
output = "2"
"#;

const FEW: [&str; 10] = [
    "--registry",
    "registry.toml",
    "--workload",
    "requests.jsonl",
    "--requests-per-cell",
    "10",
    "--rounds",
    "1",
    "--warmup",
    "1",
];

/// The program with `more`, against the simulator and the registry above.
fn run(sandbox: &Sandbox, more: &[&str]) -> crate::sandbox::Ran {
    sandbox.write("registry.toml", REGISTRY).write("requests.jsonl", REQUESTS);
    sandbox.run(&[&["run"], &FEW[..], more].concat())
}

#[test]
fn a_budget_stops_the_demo_with_exit_code_6_and_says_how_far_it_came() {
    let sandbox = Sandbox::new();
    let cent = ["run", "--model", "step-3.5-flash", "--region", "us-west-2", "--concurrency", "64"];
    let ran = sandbox.run(&[&cent[..], &["--max-cost-usd", CENT]].concat()).exits_with(6);
    let ran = ran.says("stopped by the budget: what was measured is kept, and the run is marked as partial");
    let spent = cost(&rows(&sandbox.read(&format!("{}/samples.csv", sandbox.only_run()))));
    assert!(Usd::ZERO < spent && spent <= CENT.parse().unwrap(), "${spent}\n{ran}");
    for file in ["summary.md", "report.html"] {
        assert!(
            sandbox.read(&format!("{}/{file}", sandbox.only_run())).contains("stopped by its budget"),
            "{file}\n{ran}"
        );
    }
}

#[test]
fn an_assumed_price_answers_a_budget_and_is_marked_wherever_it_bears() {
    let sandbox = Sandbox::new();
    let lance = ["--model", "free-lance", "--max-cost-usd", "1"];
    let refused = run(&sandbox, &lance).exits_with(2);
    let refused = refused.says("the input and output price of `free-lance` is unknown");
    assert!(!sandbox.path("reports").exists(), "{refused}");

    run(&sandbox, &[&lance[..], &["--assume-price", "free-lance=0.10,0.30"]].concat()).measures();
    let manifest = sandbox.read(&format!("{}/manifest.json", sandbox.only_run()));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let price = &manifest["cells"][0]["price"];
    assert_eq!((&price["source"], &price["input_usd_per_mtok"]), (&"--assume-price".into(), &"0.10".into()), "{price}");
    assert_eq!(price["assumed"], serde_json::json!(["input", "output"]));
    assert!(sandbox.read("reports/latest/summary.md").contains("~$"));
    assert_eq!(rows(&sandbox.read("reports/latest/cells.csv"))[0]["all_prices_known"], "true");
}

#[test]
fn an_assumed_price_holds_at_a_url_too() {
    let sandbox = Sandbox::new();
    let simulated = sandbox.simulate(&[]);
    let url = ["--base-url", &simulated.base_url, "--model", "mine", "--assume-price", "mine=1,0"];
    run(&sandbox, &[&url[..], &["--max-cost-usd", "1"]].concat()).measures();
    let cell = rows(&sandbox.read("reports/latest/cells.csv")).remove(0);
    let tokens: i128 = cell["input_tokens"].parse().unwrap();
    assert_eq!(cell["cost_usd"], Usd::from_picos(tokens * 1_000_000).to_string(), "a dollar a million, answers free");
}

#[test]
fn an_assumption_that_is_none_is_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    for (assumed, reason) in [
        (&["priced=1,1"][..], "names `priced`, whose prices are known: 1.00 for input and 2.00 for output, in USD"),
        (&["nobody=1,1"], "names `nobody`, which is not measured here: must be the exact id of a model that is"),
        (&["free-*=1,1"], "names `free-*`, which is not measured here"),
        (&["free-lance=1,1"], "names `free-lance`, which is not measured here"),
        (&["priced=1,1", "priced=1,1"], "`priced`"),
        (&["priced"], "must be MODEL=IN,OUT in dollars per million tokens"),
        (&["priced=-1,1"], "the input price `-1` is negative, must be 0 or more"),
        (&["priced=1,"], "the output price `` is not a decimal number"),
    ] {
        let flags: Vec<&str> = assumed.iter().flat_map(|assumed| ["--assume-price", assumed]).collect();
        run(&sandbox, &[&["--model", "priced"], &flags[..]].concat()).exits_with(2).says(reason);
    }
    let twice = ["--model", "free-lance", "--assume-price", "free-lance=1,1", "--assume-price", "free-lance=2,2"];
    run(&sandbox, &twice).exits_with(2).says("names `free-lance` twice, must name it once");
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn an_answer_that_nothing_bounds_is_refused_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    let simulated = sandbox.simulate(&[]);
    sandbox.write(
        "open.jsonl",
        &format!(
            "{REQUESTS}{}\n",
            REQUESTS.lines().next().unwrap().replace("\"a\"", "\"d\"").replace(",\"max_tokens\":160", "")
        ),
    );
    let url = ["run", "--base-url", &simulated.base_url, "--workload", "open.jsonl", "--requests-per-cell", "8"];
    let more = ["--model", "mine", "--assume-price", "mine=1,1", "--max-cost-usd", "1"];
    let ran = sandbox.run(&[&url[..], &more].concat()).exits_with(2);
    ran.says(
        "error: open.jsonl:4: has no `max_tokens`, and the longest answer of `mine` is unknown, so a limit of the bill \
         cannot be kept\nhint: set `max_tokens` in the line, or `output_limit` or `context` of `mine` in the registry\n",
    );
    assert!(!sandbox.path("reports").exists());
    // The limit of a model that is known will do.
    sandbox.write("registry.toml", REGISTRY);
    let known = ["--registry", "registry.toml", "--model", "priced", "--max-cost-usd", "1"];
    sandbox.run(&[&url[..], &known].concat()).measures();
}

/// A streamed answer that claims more tokens than any counter can add up.
const WILD: &str = "\
data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Yes\"},\"finish_reason\":\"stop\"}]}\n\n\
data: {\"choices\":[],\"usage\":{\"prompt_tokens\":18446744073709551615,\"completion_tokens\":18446744073709551615,\
\"cost\":0.5}}\n\n\
data: [DONE]\n\n";

#[test]
fn token_counts_beyond_all_reason_at_the_dearest_price_break_no_run() {
    let sandbox = Sandbox::new();
    let server = Canned::start("text/event-stream", "", WILD);
    let url = ["--base-url", &server.base_url, "--model", "mine", "--assume-price", "mine=999999999,999999999"];
    run(&sandbox, &[&url[..], &["--run-id", "open"]].concat()).measures();
    let cell = rows(&sandbox.read("reports/open/cells.csv")).remove(0);
    assert_eq!(cell["input_tokens"], u64::MAX.to_string(), "a sum that stays at the top");
    // Each of ten requests: twice 2^64 - 1 tokens at 999,999,999,000,000 picodollars.
    let each = 2 * i128::from(u64::MAX) * 999_999_999_000_000;
    assert_eq!(cell["cost_usd"], Usd::from_picos(10 * each).to_string());
    sandbox.run(&["report", "reports/open"]).measures();

    let limited = ["--run-id", "limited", "--max-cost-usd", "999999999", "--concurrency", "1"];
    run(&sandbox, &[&url[..], &limited].concat()).exits_with(6);
    let samples = rows(&sandbox.read("reports/limited/samples.csv"));
    assert_eq!(samples.len(), 1, "the first bill, settled in full, ends the run: {samples:?}");
    run(&sandbox, &[&url[..], &["--max-cost-usd", "1000000000"]].concat()).exits_with(2).says("is too large");
}
