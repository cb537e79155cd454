//! `run --routes`: a workload sent through a routing table, over real sockets.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::{Row, Sandbox, rows};

/// Two providers' worth of models at one, in two regions, at prices that are easy to add up.
const REGISTRY: &str = r#"schema = 1
[[provider]]
id = "acme"
base_url = "https://acme.invalid/v1"
region_header = "X-Region"
[[region]]
id = "us"
near = ["eu"]
[[region]]
id = "eu"
near = ["us"]
[[model]]
id = "small"
tier = 0
context = 32000
[[model.at]]
provider = "acme"
regions = ["us", "eu"]
[[model.at.price]]
from = "2026-01-01"
currency = "USD"
input = "0.10"
output = "0.20"
[[model]]
id = "large"
tier = 3
context = 32000
[[model.at]]
provider = "acme"
regions = ["us", "eu"]
[[model.at.price]]
from = "2026-01-01"
currency = "USD"
input = "1.00"
output = "3.00"
"#;

/// Tiers 0 and 1 to the small model, then the large one; 2 and 3 to the large one; 4 to a person.
const TABLE: &str = r#"schema = 1
registry = "registry.toml"
[classifier]
model = "small"
default_tier = 3
[failover]
on = ["connect", "timeout", "5xx", "429"]
timeout = "5s"
region_order = "as_written"
[failover.breaker]
attempt_error_ratio = 0.2
window = "10s"
min_requests = 10
cooldown = "1s"
[[route]]
name = "a person"
match = { tier = 4 }
action = "hand_off"
human_cost_usd = "2.50"
[[route]]
name = "cheap"
match = { tier = 0 }
primary = [ { model = "small" } ]
fallback = [ { model = "large" } ]
[[route]]
name = "rest"
primary = [ { model = "large" } ]
fallback = [ { model = "small" } ]
"#;

/// Answers of twenty tokens within a few milliseconds, classifications right nine times in ten.
const LAW: &str = "schema = 1\nclient = \"us\"\n[default]\nquality = 0.9\n\
    ttft = { kind = \"constant\", median_ms = 2 }\nms_per_token = { kind = \"constant\", median_ms = 0.05 }\n\
    answer_tokens = { median = 20, p99 = 21 }\n";

/// A run of [`TABLE`] against a simulator.
struct Replayed {
    sandbox: Sandbox,
    /// The measured rows of `samples.csv`.
    samples: Vec<Row>,
    /// The rows of `attempts.csv` of measured requests, by request.
    attempts: BTreeMap<(String, String), Vec<Row>>,
    /// The rows of the truth by request id.
    truth: BTreeMap<String, Row>,
    cells: Vec<Row>,
    manifest: Value,
}

fn replay(law: &str, table: &str, arguments: &[&str]) -> Replayed {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", law).write("registry.toml", REGISTRY).write("routes.toml", table);
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let run = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--rounds", "2", "--run-id", "r"];
    let closed: &[&str] = if arguments.contains(&"--rate") { &[] } else { &["--concurrency", "8"] };
    sandbox.run(&[&run[..], closed, arguments].concat()).measures();
    simulated.interrupt();
    Replayed::read(sandbox)
}

impl Replayed {
    fn read(sandbox: Sandbox) -> Self {
        let measured = |file: &str| {
            let all = rows(&sandbox.read(&format!("reports/r/{file}")));
            all.into_iter().filter(|row| row["phase"] == "measured").collect::<Vec<_>>()
        };
        let mut attempts: BTreeMap<_, Vec<Row>> = BTreeMap::new();
        for row in measured("attempts.csv") {
            attempts.entry((row["cell"].clone(), row["index"].clone())).or_default().push(row);
        }
        let truth = sandbox.path("truth.csv");
        let truth = std::fs::read_to_string(truth).map(|text| rows(&text)).unwrap_or_default();
        Self {
            samples: measured("samples.csv"),
            attempts,
            truth: truth.into_iter().map(|row| (row["request_id"].clone(), row)).collect(),
            cells: rows(&sandbox.read("reports/r/cells.csv")),
            manifest: serde_json::from_str(&sandbox.read("reports/r/manifest.json")).unwrap(),
            sandbox,
        }
    }

    fn attempts_of(&self, sample: &Row) -> &[Row] {
        self.attempts.get(&(sample["cell"].clone(), sample["index"].clone())).map_or(&[], Vec::as_slice)
    }

    /// What the manifest says of the cell with that slug.
    fn routing(&self, cell: &str) -> &Value {
        let mut all = self.manifest["routing"].as_array().unwrap().iter();
        all.find(|note| note["cell"] == cell).unwrap_or_else(|| panic!("no routing of {cell}"))
    }

    fn cell(&self, slug: &str) -> &Row {
        self.cells.iter().find(|row| row["cell"] == slug).unwrap_or_else(|| panic!("no cell {slug}"))
    }

    /// Every request's attempts are there, each is one that the server saw, and its cost is theirs and the person's.
    #[track_caller]
    fn adds_up(&self) {
        for sample in &self.samples {
            let attempts = self.attempts_of(sample);
            assert_eq!(sample["attempts"], attempts.len().to_string(), "{sample:?}");
            let failed = attempts.iter().filter(|row| row["outcome"] != "ok").count();
            assert_eq!(sample["failed_attempts"], failed.to_string(), "{sample:?}");
            let person = if sample["outcome"] == "handed_off" { 2_500_000_000_000 } else { 0 };
            let sum: u128 = attempts.iter().map(|row| picos(&row["cost_usd"])).sum();
            assert_eq!(picos(&sample["cost_usd"]), sum + person, "{sample:?}");
            let answering = attempts.iter().rfind(|row| row["purpose"] != "classify");
            for column in ["provider", "model", "region"] {
                let expected = answering.map_or("", |row| row[column].as_str());
                assert_eq!(sample[column], expected, "{column} of {sample:?}");
            }
            for attempt in attempts.iter().filter(|row| !row["request_id"].is_empty()) {
                assert_eq!(attempt["region"], self.truth[&attempt["request_id"]]["region"]);
            }
        }
    }
}

/// An exact decimal as a whole number of units of 10⁻¹²; nothing is 0.
fn picos(decimal: &str) -> u128 {
    if decimal.is_empty() {
        return 0;
    }
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    format!("{whole}{part:0<12}").parse().unwrap()
}

#[test]
fn each_request_is_labelled_routed_and_paid_call_by_call_as_the_server_saw_it() {
    let replayed = replay(LAW, TABLE, &["--workload", "classify", "--requests-per-cell", "200", "--warmup", "4"]);
    replayed.adds_up();
    let whole = "routes/classify/c8";
    assert_eq!(replayed.cells[0]["cell"], whole);
    assert!(replayed.cells[0]["model"].is_empty() && replayed.cells[0]["route"].is_empty());
    let routes: Vec<&str> = replayed.cells[1..].iter().map(|row| row["route"].as_str()).collect();
    assert_eq!(routes, ["a person", "cheap", "rest"]);

    // The confusion matrix is the truth's, label by label, and the route that of the label.
    let mut confusion = vec![vec![0_u64; 6]; 5];
    for sample in &replayed.samples {
        let classified = &replayed.attempts_of(sample)[0];
        assert_eq!(classified["purpose"], "classify");
        let truth = &replayed.truth[&classified["request_id"]];
        let [labelled, answered] = ["tier_labelled", "tier_answered"].map(|column| truth[column].parse::<usize>());
        let answered = answered.unwrap();
        confusion[labelled.unwrap()][answered] += 1;
        assert_eq!(
            (sample["tier"].as_str(), sample["tier_by"].as_str()),
            (answered.to_string().as_str(), "classifier")
        );
        let route = match answered {
            4 => "a person",
            0 => "cheap",
            _ => "rest",
        };
        assert_eq!(sample["route"], route);
        assert_eq!(sample["outcome"] == "handed_off", answered == 4);
    }
    let labels = &replayed.routing(whole)["classifier"];
    assert_eq!(labels["confusion"], serde_json::json!(confusion));
    let right: u64 = (0..5).map(|tier| confusion[tier][tier]).sum();
    assert_eq!((labels["right"].as_u64(), labels["compared"].as_u64()), (Some(right), Some(200)));
    assert!(right > 150 && right < 200, "the law errs one time in ten: {right}");

    // A route's cell is its share of the whole, and persons are outside availability.
    let sum = |column: &str| -> u64 { replayed.cells[1..].iter().map(|row| row[column].parse::<u64>().unwrap()).sum() };
    let handed = replayed.samples.iter().filter(|sample| sample["outcome"] == "handed_off").count() as u64;
    assert_eq!(replayed.cell(whole)["requests"], (200 - handed).to_string());
    assert_eq!(sum("requests"), 200 - handed);
    assert_eq!(replayed.cell(whole)["availability"], "1.0");
    assert_eq!(replayed.routing(whole)["handed_off"], handed);
    assert_eq!(replayed.routing("routes/classify/c8/a-person")["human_cost_usd"], format!("{}", 2.5 * handed as f64));
    let cost: u128 = replayed.cells[1..].iter().map(|row| picos(&row["cost_usd"])).sum();
    assert_eq!(picos(&replayed.cell(whole)["cost_usd"]), cost);
    for text in ["summary.md", "report.html", "summary.json"] {
        assert!(replayed.sandbox.read(&format!("reports/r/{text}")).contains("cheap"), "{text}");
    }
    let schema = serde_json::from_str(include_str!("../../reports/summary.schema.json")).unwrap();
    let summary: Value = serde_json::from_str(&replayed.sandbox.read("reports/r/summary.json")).unwrap();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&summary).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(summary["counts"]["requests"], 200 - handed, "a route's requests are counted once");
}

#[test]
fn the_bill_of_routing_too_high_is_what_ten_requests_cost_above_the_labelled_tiers_model() {
    // Nobody answers the classifier with a tier: its answers are cut before any word, and the default tier is 3.
    let table =
        TABLE.replace("model = \"small\"\ndefault_tier = 3", "model = \"small\"\ntimeout = \"1ms\"\ndefault_tier = 3");
    let line = |index: usize| {
        format!(
            "{{\"custom_id\":\"{index}\",\"body\":{{\"messages\":[{{\"role\":\"user\",\"content\":\"Request {index}.\"}}],\
             \"max_tokens\":30}},\"expect\":{{\"tier\":0}}}}\n"
        )
    };
    let sandbox = Sandbox::new();
    let slow = LAW.replace("median_ms = 2", "median_ms = 40");
    sandbox.write("law.toml", &slow).write("registry.toml", REGISTRY).write("routes.toml", &table);
    sandbox.write("ten.jsonl", &(0..10).map(line).collect::<String>());
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let arguments = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "ten.jsonl"];
    let amount = ["--requests-per-cell", "10", "--rounds", "1", "--warmup", "0", "--run-id", "r", "--concurrency", "2"];
    sandbox.run(&[&arguments[..], &amount].concat()).measures();
    simulated.interrupt();
    let replayed = Replayed::read(sandbox);
    let mut above = 0;
    for sample in &replayed.samples {
        assert_eq!((sample["tier_by"].as_str(), sample["route"].as_str()), ("default", "rest"));
        let [input, output] = ["input_tokens", "output_tokens"].map(|column| sample[column].parse::<u128>().unwrap());
        // A million tokens are $1.00 and $3.00 at the large model, $0.10 and $0.20 at the small one.
        above += input * (1_000_000 - 100_000) + output * (3_000_000 - 200_000);
    }
    let note = &replayed.routing("routes/ten/c2");
    let tiering = &note["tiering"];
    assert_eq!(
        (tiering["compared"].as_u64(), tiering["over"].as_u64(), tiering["under"].as_u64()),
        (Some(10), Some(10), Some(0))
    );
    assert_eq!(picos(tiering["paid_above_usd"].as_str().unwrap()), above);
    assert_eq!(note["classifier"]["defaulted"], 10);
    assert_eq!(note["classifier"]["confusion"][0][5], 10);
}

/// [`TABLE`] without a classifier: what has no tier takes the last route.
fn unlabelled() -> String {
    TABLE.replace("[classifier]\nmodel = \"small\"\ndefault_tier = 3\n", "")
}

#[test]
fn a_prompt_over_every_window_is_answered_piece_by_piece_and_all_of_it_is_paid() {
    let sandbox = Sandbox::new();
    let text: String = (0..900).map(|number| format!("Paragraph {number} says this and that.\\n\\n")).collect();
    let line = format!(
        "{{\"custom_id\":\"long\",\"body\":{{\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}],\"max_tokens\":400}}}}\n"
    );
    let table = "schema = 1\nregistry = \"registry.toml\"\n[[route]]\nname = \"all\"\nprimary = [ { model = \"small\" } ]\n\
                 on_overflow = \"chunk\"\nchunk_with = \"small\"\n";
    sandbox.write("registry.toml", &REGISTRY.replacen("context = 32000", "context = 4000", 1));
    sandbox.write("law.toml", LAW).write("routes.toml", table).write("long.jsonl", &line);
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let arguments = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "long.jsonl"];
    let amount = ["--requests-per-cell", "3", "--rounds", "1", "--warmup", "0", "--run-id", "r"];
    sandbox.run(&[&arguments[..], &amount].concat()).measures();
    simulated.interrupt();
    let replayed = Replayed::read(sandbox);
    replayed.adds_up();
    for sample in &replayed.samples {
        let attempts = replayed.attempts_of(sample);
        let (last, pieces) = attempts.split_last().unwrap();
        assert!(pieces.len() >= 2 && pieces.iter().all(|row| row["purpose"] == "chunk"), "{pieces:?}");
        assert_eq!((last["purpose"].as_str(), sample["outcome"].as_str()), ("stitch", "ok"));
        assert_eq!(
            (&sample["sent_at_ms"], &sample["last_token_at_ms"]),
            (&pieces[0]["sent_at_ms"], &last["last_token_at_ms"])
        );
    }
}

#[test]
fn where_a_region_is_down_requests_are_answered_elsewhere_and_its_breaker_opens() {
    let law = format!("{LAW}[[outage]]\nregion = \"us\"\nfrom_s = 0\nuntil_s = 1000\nerror_ratio = 1\n");
    let replayed =
        replay(&law, &unlabelled(), &["--workload", "autocomplete", "--requests-per-cell", "200", "--warmup", "0"]);
    replayed.adds_up();
    let whole = "routes/autocomplete/c8";
    assert!(replayed.samples.iter().all(|sample| sample["outcome"] == "ok" && sample["region"] == "eu"));
    let note = replayed.routing(whole);
    let again = replayed.samples.iter().filter(|sample| sample["failed_over"] == "1").count() as u64;
    assert_eq!((note["availability"].as_f64(), note["failed_over"]["requests"].as_u64()), (Some(1.0), Some(again)));
    let before = note["availability_before_failover"].as_f64().unwrap();
    assert!((before - (200 - again) as f64 / 200.0).abs() < 1e-6);
    // With every attempt in `us` failed it opens as soon as ten are counted, however many of the eight in flight follow.
    let events = replayed.manifest["tables"][0]["breakers"].as_array().unwrap();
    assert_eq!((events[0]["region"].as_str(), events[0]["to"].as_str()), (Some("us"), Some("open")));
    // Another worker may count one more in the same moment.
    assert!(events[0]["attempts"].as_u64().unwrap() >= 10);
    assert_eq!(events[0]["error_ratio"].as_f64(), Some(1.0));
    assert!((10..100).contains(&again), "{again} tried `us` before it was skipped");
}

#[test]
fn where_every_target_is_down_requests_end_with_their_outcome() {
    let law = format!("{LAW}[[outage]]\nfrom_s = 0\nuntil_s = 1000\nerror_ratio = 1\n");
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", &law).write("registry.toml", REGISTRY).write("routes.toml", TABLE);
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    let arguments = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "autocomplete"];
    let amount = ["--requests-per-cell", "40", "--rounds", "1", "--warmup", "0", "--run-id", "r", "--concurrency", "8"];
    sandbox.run(&[&arguments[..], &amount].concat()).exits_with(5).says("http_5xx");
    let replayed = Replayed::read(sandbox);
    for sample in &replayed.samples {
        assert_eq!(sample["outcome"], "http_5xx");
        // The classifier once, then each of the route's four endpoints at most.
        let attempts: u32 = sample["attempts"].parse().unwrap();
        assert!((2..=5).contains(&attempts), "{sample:?}");
        assert_eq!(sample["tier_by"], "default");
    }
    assert_eq!(replayed.cell("routes/autocomplete/c8")["availability"], "0.0");
}

#[test]
fn two_tables_are_compared_in_one_run_prompt_by_prompt() {
    let sandbox = Sandbox::new();
    let candidate = TABLE.replace("primary = [ { model = \"large\" } ]", "primary = [ { model = \"small\" } ]");
    let candidate = candidate.replace("fallback = [ { model = \"small\" } ]", "fallback = [ { model = \"large\" } ]");
    sandbox.write("s/registry.toml", REGISTRY).write("s/routes.toml", TABLE).write("s/candidate.toml", &candidate);
    sandbox.write(
        "s/ab.toml",
        "schema = 1\nworkloads = [\"support\"]\nroutes = \"routes.toml\"\n[[variant]]\nname = \"baseline\"\n\
         [[variant]]\nname = \"candidate\"\nroutes = \"candidate.toml\"\n[load]\nconcurrency = 4\n\
         requests_per_cell = 24\nrounds = 2\nwarmup = 0\n",
    );
    sandbox.run(&["run", "s/ab.toml", "--run-id", "r"]).measures();
    let replayed = Replayed::read(sandbox);
    let of = |variant: &str| {
        let mut rows: Vec<&Row> = replayed.samples.iter().filter(|row| row["variant"] == variant).collect();
        rows.sort_by_key(|row| row["index"].parse::<u32>().unwrap());
        rows.iter()
            .map(|row| (row["index"].clone(), row["custom_id"].clone(), row["round"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("baseline").len(), 24);
    assert_eq!(of("baseline"), of("candidate"));
    let cells: Vec<&str> = replayed.cells.iter().map(|row| row["cell"].as_str()).take(2).collect();
    assert_eq!(cells, ["baseline/routes/support/c4", "candidate/routes/support/c4"]);
    let answered = replayed.samples.iter().filter(|row| row["variant"] == "candidate" && !row["model"].is_empty());
    assert!(answered.count() > 0);
    assert!(replayed.samples.iter().all(|row| row["variant"] != "candidate" || row["model"] != "large"));
}

#[test]
fn the_built_in_table_takes_every_shipped_workload_and_reads_back_the_same() {
    let sandbox = Sandbox::new();
    let workloads = ["support", "classify", "documents", "long-context"].map(|name| ["--workload", name]).concat();
    let amount = ["--requests-per-cell", "60", "--rounds", "2", "--warmup", "0", "--concurrency", "4", "--run-id", "r"];
    let run = ["run", "--routes", "built-in"];
    sandbox.run(&[&run[..], &workloads, &amount].concat()).measures();
    let replayed = Replayed::read(sandbox);
    assert_eq!(replayed.samples.len(), 4 * 60);
    let routes: std::collections::BTreeSet<&str> =
        replayed.samples.iter().map(|sample| sample["route"].as_str()).collect();
    let names = ["a person decides", "vision", "documents", "decisions", "everyday", "contractual", "premium"];
    for name in names {
        assert!(routes.contains(name), "{name} is not among {routes:?}");
    }
    let done = replayed.samples.iter().filter(|sample| ["ok", "handed_off"].contains(&sample["outcome"].as_str()));
    assert!(
        done.count() >= 230,
        "the law lets one call in some hundreds fail, and most of them are made again elsewhere"
    );
    // What is made again from the rows of requests is what was written.
    let before = replayed.sandbox.read("reports/r/cells.csv");
    std::fs::remove_file(replayed.sandbox.path("reports/r/cells.csv")).unwrap();
    replayed.sandbox.run(&["report", "reports/r"]).exits_with(0);
    assert_eq!(replayed.sandbox.read("reports/r/cells.csv"), before);
}

#[test]
fn a_table_with_mistakes_or_words_that_mean_nothing_beside_it_stop_the_run_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    sandbox
        .write("registry.toml", REGISTRY)
        .write("routes.toml", &TABLE.replace("model = \"large\"", "model = \"lage\""));
    let run = ["run", "--routes", "routes.toml", "--workload", "support"];
    sandbox.run(&run).exits_with(2).says("did you mean `large`?").says("routes.toml");
    sandbox.run(&["run", "--routes", "built-in", "--model", "qwen3-8b"]).exits_with(2).says("`--model`");
    sandbox.run(&["run", "--trust-tiers"]).exits_with(2).says("`--routes`");
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn a_region_that_dies_and_comes_back_is_left_alone_meanwhile_and_called_again_after() {
    let law = format!("{LAW}[[outage]]\nregion = \"us\"\nfrom_s = 0\nuntil_s = 5\nerror_ratio = 1\n");
    let replayed = replay(
        &law,
        &unlabelled(),
        &["--workload", "autocomplete", "--rate", "30", "--duration", "10s", "--warmup", "0"],
    );
    replayed.adds_up();
    // What failed is what the server says it failed, and every one of those was answered in the other region.
    let attempts = || replayed.attempts.values().flatten();
    let failed = attempts().filter(|row| row["outcome"] == "http_5xx").count();
    let down =
        |row: &&Row| !row["request_id"].is_empty() && replayed.truth[&row["request_id"]]["outcome"] == "http_5xx";
    assert_eq!(failed, attempts().filter(down).count());
    assert!(replayed.samples.iter().all(|sample| sample["outcome"] == "ok"));
    let note = &replayed.manifest["routing"][0];
    assert_eq!(note["availability"].as_f64(), Some(1.0));
    assert_eq!(note["failed_over"]["requests"].as_u64(), Some(failed as u64));

    let events = replayed.manifest["tables"][0]["breakers"].as_array().unwrap();
    let changes: Vec<(&str, &str)> =
        events.iter().map(|event| (event["region"].as_str().unwrap(), event["to"].as_str().unwrap())).collect();
    assert_eq!(changes[0], ("us", "open"));
    assert_eq!(changes[changes.len() - 1], ("us", "closed"));
    assert_eq!(changes.iter().filter(|(_, to)| *to == "closed").count(), 1, "it was down once: {changes:?}");
    let closed = events[events.len() - 1]["at_ms"].as_f64().unwrap();
    let sent = |sample: &&Row| sample["sent_at_ms"].parse::<f64>().unwrap() > closed;
    let after: Vec<&Row> = replayed.samples.iter().filter(sent).collect();
    assert!(!after.is_empty() && after.iter().all(|sample| sample["region"] == "us" && sample["attempts"] == "1"));
    for text in ["summary.md", "report.html"] {
        assert!(replayed.sandbox.read(&format!("reports/r/{text}")).contains("us opened at"), "{text}");
    }
    assert!(replayed.sandbox.read("reports/r/report.html").contains("breaker of us closes"));
}

#[test]
fn a_budget_holds_for_every_call_that_a_table_makes() {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", LAW).write("registry.toml", REGISTRY).write("routes.toml", TABLE);
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    let arguments = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "autocomplete"];
    let amount =
        ["--requests-per-cell", "400", "--rounds", "1", "--warmup", "0", "--run-id", "r", "--concurrency", "4"];
    sandbox.run(&[&arguments[..], &amount, &["--max-cost-usd", "0.004"]].concat()).exits_with(6);
    let replayed = Replayed::read(sandbox);
    let spent: u128 = replayed.attempts.values().flatten().map(|row| picos(&row["cost_usd"])).sum();
    assert!(spent > 0 && spent <= 4_000_000_000, "{spent}");
    assert!(replayed.samples.len() < 400);
}
