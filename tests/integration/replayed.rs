//! A workload sent through a routing table against a simulator that keeps its own record.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::price_list::{Listed, price_list};
use crate::sandbox::{Row, Sandbox, rows};

/// A small and a large model in two regions.
pub(crate) fn registry() -> String {
    registry_with_window(32_000)
}

/// The same, but for the window of the small model.
pub(crate) fn registry_with_window(context: u32) -> String {
    let small = Listed { id: "small", tier: 0, context, usd: ["0.10", "0.20"] };
    let large = Listed { id: "large", tier: 3, context: 32_000, usd: ["1.00", "3.00"] };
    price_list("https://acme.invalid/v1", &["us", "eu"], &[small, large])
}

/// Tiers 0 and 1 to the small model, then the large one; 2 and 3 to the large one; 4 to a person.
pub(crate) const TABLE: &str = r#"schema = 1
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
pub(crate) const LAW: &str = "schema = 1\nclient = \"us\"\n[default]\nquality = 0.9\n\
    ttft = { kind = \"constant\", median_ms = 2 }\nms_per_token = { kind = \"constant\", median_ms = 0.05 }\n\
    answer_tokens = { median = 20, p99 = 21 }\n";

/// A run of [`TABLE`] against a simulator.
pub(crate) struct Replayed {
    pub(crate) sandbox: Sandbox,
    /// The measured rows of `samples.csv`.
    pub(crate) samples: Vec<Row>,
    /// The rows of `attempts.csv` of measured requests, by request.
    pub(crate) attempts: BTreeMap<(String, String), Vec<Row>>,
    /// The rows of the truth by request id.
    pub(crate) truth: BTreeMap<String, Row>,
    pub(crate) cells: Vec<Row>,
    pub(crate) manifest: Value,
}

pub(crate) fn replay(law: &str, table: &str, arguments: &[&str]) -> Replayed {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", law).write("registry.toml", &registry()).write("routes.toml", table);
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let run = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--rounds", "2", "--run-id", "r"];
    let closed: &[&str] = if arguments.contains(&"--rate") { &[] } else { &["--concurrency", "8"] };
    sandbox.run(&[&run[..], closed, arguments].concat()).measures();
    simulated.interrupt();
    Replayed::read(sandbox)
}

impl Replayed {
    pub(crate) fn read(sandbox: Sandbox) -> Self {
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

    pub(crate) fn attempts_of(&self, sample: &Row) -> &[Row] {
        self.attempts.get(&(sample["cell"].clone(), sample["index"].clone())).map_or(&[], Vec::as_slice)
    }

    /// What the manifest says of the cell with that slug.
    pub(crate) fn routing(&self, cell: &str) -> &Value {
        let mut all = self.manifest["routing"].as_array().unwrap().iter();
        all.find(|note| note["cell"] == cell).unwrap_or_else(|| panic!("no routing of {cell}"))
    }

    pub(crate) fn cell(&self, slug: &str) -> &Row {
        self.cells.iter().find(|row| row["cell"] == slug).unwrap_or_else(|| panic!("no cell {slug}"))
    }

    /// Every request's attempts are there, each is one that the server saw, and its cost is theirs and the person's.
    #[track_caller]
    pub(crate) fn adds_up(&self) {
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
pub(crate) fn picos(decimal: &str) -> u128 {
    if decimal.is_empty() {
        return 0;
    }
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    format!("{whole}{part:0<12}").parse().unwrap()
}

/// [`TABLE`] without a classifier: what has no tier takes the last route.
pub(crate) fn unlabelled() -> String {
    TABLE.replace("[classifier]\nmodel = \"small\"\ndefault_tier = 3\n", "")
}
