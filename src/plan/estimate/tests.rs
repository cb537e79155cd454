use proptest::prelude::*;

use super::*;
use crate::plan::input::{Amount, MeasureInput, PlanInput, Side};
use crate::plan::samples::workload;
use crate::plan::{Load, build};
use crate::registry::Registry;
use crate::workload::BadLines;

const THREE_MODELS: &str = r#"
schema = 1
[[provider]]
id = "p"
base_url = "https://p.example/v1"
[[model]]
id = "cached"
[[model.at]]
provider = "p"
[[model.at.price]]
from = "2026-05-01"
input = "1"
cached_input = "0.1"
output = "10"
[[model.at.price.override]]
utc = ["01:00-04:00"]
output = "20"
[[model]]
id = "unknown"
[[model.at]]
provider = "p"
[[model.at.price]]
from = "2026-05-01"
output = "10"
[[model]]
id = "assumed"
[[model.at]]
provider = "p"
[[model.at.price]]
from = "2026-05-01"
input = "1"
output = "10"
assumed = ["input"]
"#;

/// One traced request, one with a limit, one without.
fn three_lines() -> Workload {
    let text = concat!(
        r#"{"custom_id":"a","input_length":100,"output_length":40}"#,
        "\n",
        r#"{"custom_id":"b","body":{"messages":[{"role":"user","content":"hello world"}],"max_tokens":21}}"#,
        "\n",
        r#"{"custom_id":"c","body":{"messages":[{"role":"user","content":"hello world"}]}}"#,
    );
    Workload::parse("three", "three.jsonl", text.as_bytes(), BadLines::Stop).unwrap()
}

fn estimates(registry: &Registry, workload: Workload, requests: u32, warmup: u32, at: &str) -> Vec<Estimate> {
    let workloads = [workload];
    let measure = MeasureInput { endpoints: registry.endpoints().collect(), workloads: vec![0] };
    let plan = build(&PlanInput {
        sides: vec![Side { variant: None, registry, measures: vec![measure], routes: None, simulated: true }],
        workloads: &workloads,
        loads: vec![Load::Closed { concurrency: 1 }],
        amount: Amount::Requests(requests),
        rounds: 1,
        warmup,
        parallel_cells: Some(1),
        seed: 1,
    })
    .unwrap();
    estimate(&plan, &workloads, &[registry], at.parse().unwrap())
}

fn registry(text: &str) -> Registry {
    Registry::parse("registry.toml", text).unwrap()
}

fn dollars(cost: Cost) -> String {
    format!("{}{}{}", if cost.complete { "" } else { ">= " }, if cost.assumed { "~" } else { "" }, cost.known)
}

#[test]
fn a_cell_is_estimated_line_by_line_with_what_each_price_and_length_allows() {
    // Four measured and one to warm up: a three times, b twice, c never.
    let registry = registry(THREE_MODELS);
    let mut two = three_lines();
    two.requests.truncate(2);
    let told: Vec<[String; 3]> = estimates(&registry, two, 4, 1, "2026-11-23T12:00:00Z")
        .into_iter()
        .map(|each| [each.low, each.expected, each.high].map(dollars))
        .collect();
    // b has 2 tokens and 8 of framing; at most 11 bytes, 8 of framing and 13 of nonce. a has 100, at most 125 + 8 + 13.
    assert_eq!(told[0], ["0.000082", "0.001740", "0.003742"].map(|text| text.trim_end_matches('0').to_owned()));
    assert_eq!(told[1], [">= 0.00005", ">= 0.00142", ">= 0.00142"]);
    assert_eq!(told[2], ["~0.00037", "~0.00174", "~0.002122"]);
}

#[test]
fn the_hour_of_the_start_decides_what_is_expected_and_never_the_worst() {
    let mut one = three_lines();
    one.requests.truncate(1);
    let registry = registry(THREE_MODELS);
    let at = |at| estimates(&registry, one.clone(), 1, 0, at).remove(0);
    let (noon, night) = (at("2026-11-23T12:00:00Z"), at("2026-11-23T01:00:00Z"));
    assert_eq!([dollars(noon.expected), dollars(night.expected)], ["0.0005", "0.0009"]);
    assert_eq!(noon.high, night.high);
}

#[test]
fn an_answer_that_nothing_bounds_makes_a_lower_bound() {
    let mut last = three_lines();
    last.requests.drain(..2);
    let registry = registry(THREE_MODELS);
    let found = estimates(&registry, last, 2, 0, "2026-11-23T12:00:00Z").remove(0);
    assert!(found.low.complete && !found.expected.complete && !found.high.complete);
    assert_eq!((dollars(found.expected), found.guessed), (">= 0.00004".to_owned(), 2));
}

proptest! {
    #[test]
    fn the_low_is_never_above_the_expected_nor_that_above_the_high(
        lines in proptest::collection::vec((".{0,40}", 1_u32..500), 1..6),
        prices in proptest::collection::vec(proptest::option::of(0_u32..50), 4),
        (requests, warmup) in (1_u32..40, 0_u32..5),
    ) {
        let bodies: Vec<String> = lines
            .iter()
            .map(|(text, limit)| {
                let text = serde_json::to_string(text).unwrap();
                format!(r#"{{"messages":[{{"role":"user","content":{text}}}],"max_tokens":{limit}}}"#)
            })
            .collect();
        let names = ["input", "cached_input", "output", "reasoning"];
        let given: String = names
            .iter()
            .zip(&prices)
            .filter_map(|(name, price)| price.map(|price| format!("{name} = \"0.{price:02}\"\n")))
            .collect();
        let text = format!(
            "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"https://p.example/v1\"\n[[model]]\nid = \"m\"\n\
             [[model.at]]\nprovider = \"p\"\n[[model.at.price]]\nfrom = \"2026-05-01\"\n{given}"
        );
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let found = estimates(&registry(&text), workload("w", &bodies), requests, warmup, "2026-11-23T12:00:00Z");
        prop_assert!(found[0].low.known <= found[0].expected.known, "{found:?}");
        prop_assert!(found[0].expected.known <= found[0].high.known, "{found:?}");
        prop_assert_eq!(found[0].high.complete, prices[0].is_some() && prices[2].is_some());
    }
}
