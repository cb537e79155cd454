use super::*;
use crate::report::sketch;
use crate::units::{Latency, Micros};

/// One row of `model` whose interval of p99 is `low` to `high` milliseconds.
fn cell(model: &str, tier: u8, price: Option<&str>, low: u32, high: u32) -> (CellRow, bool) {
    let mut row = sketch::row(model, Some(tier), "autocomplete");
    let ms = |ms: u32| Some(Latency::Finite(Micros(ms * 1000)));
    row.list_output_usd_per_mtok = price.map(|price| price.parse().unwrap());
    (row.e2e_p50_ms, row.e2e_p99_ms) = (ms(low / 2), ms(u32::midpoint(low, high)));
    (row.e2e_p99_low_ms, row.e2e_p99_high_ms) = (ms(low), ms(high));
    (row, false)
}

fn said(rows: Vec<(CellRow, bool)>) -> String {
    headline(&sketch::of_rows(rows)).to_string()
}

#[test]
fn it_names_the_cheapest_that_meets_in_each_tier_and_counts_the_rest() {
    let mut assumed = cell("mellow", 2, Some("0.57"), 900, 1_000);
    assumed.1 = true;
    let rows = vec![
        cell("dear", 1, Some("0.30"), 300, 400),
        cell("cheap-but-late", 1, Some("0.10"), 600, 700),
        cell("cheap", 1, Some("0.15"), 300, 400),
        cell("small", 0, Some("0.01"), 300, 400),
        assumed,
    ];
    assert_eq!(
        said(rows),
        "Cheapest meeting its tier's p99, simulated: tier 0 none · tier 1 cheap $0.15 · tier 2 mellow ~$0.57. \
         3 of 5 meet, 1 misses, 1 cannot be told at n = 600."
    );
}

#[test]
fn models_are_named_by_the_ids_that_commands_take() {
    let mut run = sketch::of_rows(vec![cell("qwen3-8b", 0, Some("0.01"), 100, 200)]);
    run.manifest.cells[0].label = "Qwen3 8B".to_owned();
    assert_eq!(
        headline(&run).to_string(),
        "Cheapest meeting its tier's p99, simulated: tier 0 qwen3-8b $0.01. 1 of 1 meets."
    );
}

#[test]
fn of_one_endpoint_that_is_not_shown_to_meet_only_that_is_said() {
    assert_eq!(
        said(vec![cell("late", 1, Some("0.1"), 600, 700)]),
        "No endpoint is shown to meet its tier's p99, simulated. 1 misses."
    );
}

#[test]
fn of_equal_prices_the_faster_is_named_and_of_equal_ones_the_first_in_the_registry() {
    let tie = || vec![cell("b", 1, Some("0.2"), 300, 400), cell("a", 1, Some("0.2"), 300, 400)];
    assert!(said(tie()).contains("tier 1 b $0.20"));
    let mut rows = tie();
    rows.push(cell("c", 1, Some("0.2"), 300, 390));
    assert!(said(rows).contains("tier 1 c $0.20"));
}

#[test]
fn an_unknown_price_is_never_the_cheapest() {
    let rows = || vec![cell("unknown", 1, None, 100, 200), cell("known", 1, Some("9.00"), 300, 400)];
    assert!(said(rows()).contains("tier 1 known $9.00"));
    assert!(said(rows()[..1].to_vec()).contains("tier 1 unknown at an unknown price"));
}

#[test]
fn when_none_meets_it_says_so_and_what_a_p99_would_need() {
    let mut few = cell("few", 1, Some("0.1"), 300, 400);
    few.0.e2e_p99_high_ms = Some(Latency::Infinite);
    few.0.requests = 60;
    assert_eq!(
        said(vec![few, cell("late", 1, Some("0.1"), 600, 700)]),
        "No endpoint is shown to meet its tier's p99, simulated. \
         0 of 2 meet, 1 misses, 1 cannot be told at n = 60 (an interval of p99 needs 368)."
    );
}

#[test]
fn without_a_limit_or_a_success_or_a_request_it_claims_nothing() {
    let mut unlimited = cell("free-for-all", 4, Some("0.1"), 300, 400);
    assert_eq!(said(vec![unlimited.clone()]), "No p99 limit applies, simulated: 1 endpoint measured.");
    unlimited.0.ok = 0;
    assert_eq!(said(vec![unlimited.clone()]), "Every request failed, simulated: 1 endpoint without a success.");
    unlimited.0.requests = 0;
    assert_eq!(said(vec![unlimited]), "Nothing was measured, simulated.");
    assert_eq!(said(vec![]), "Nothing was measured, simulated.");
}

#[test]
fn several_workloads_get_a_sentence_each_and_a_partial_run_is_called_so() {
    let mut other = cell("cheap", 1, Some("0.15"), 300, 400);
    other.0.workload = "support".to_owned();
    other.0.cell = "other".to_owned();
    let mut run = sketch::of_rows(vec![cell("cheap", 1, Some("0.15"), 300, 400), other]);
    run.manifest.status = Status::Interrupted;
    run.manifest.destination.simulated = Some(false);
    assert_eq!(
        headline(&run).sentences,
        [
            "Cheapest meeting its tier's p99 on autocomplete, simulated in part: tier 1 cheap $0.15.",
            "1 of 1 meets.",
            "Cheapest meeting its tier's p99 on support, simulated in part: tier 1 cheap $0.15.",
            "1 of 1 meets.",
            "Partial: the run was interrupted.",
        ]
    );
}

#[test]
fn the_order_of_rows_has_no_influence() {
    let mut run = sketch::demo(600);
    let before = headline(&run);
    run.cells.reverse();
    assert_eq!(headline(&run), before);
}

#[test]
fn a_model_is_named_by_its_id_as_it_is_typed_and_not_by_its_label() {
    let mut run = sketch::of_rows(vec![cell("glm-4.6v", 2, Some("0.80"), 300, 400)]);
    run.manifest.cells[0].label = "GLM-4.6V".to_owned();
    assert!(headline(&run).sentences[0].ends_with("tier 2 glm-4.6v $0.80."), "{}", headline(&run));
    assert_eq!(shown(&run, &run.cells[0]), "GLM-4.6V");
}

#[test]
fn an_invalid_cell_is_called_so_and_not_too_small() {
    let mut run = sketch::of_rows(vec![
        cell("a", 1, Some("0.15"), 300, 400),
        cell("b", 1, Some("0.15"), 300, 400),
        cell("c", 1, Some("0.15"), 450, 600),
    ]);
    run.cells[1].valid = Some(false);
    assert_eq!(headline(&run).sentences[1], "1 of 3 meets, 1 cannot be told at n = 600, 1 is invalid.");
}

#[test]
fn a_policy_without_a_p99_limit_is_named_and_nothing_is_said_of_its_other_rules() {
    let mut run = sketch::of_rows(vec![cell("free-for-all", 4, Some("0.1"), 300, 400)]);
    let policy = serde_json::json!({ "source": "gate.toml", "sha256": "" });
    run.manifest.policy = Some(serde_json::from_value(policy).unwrap());
    let said = headline(&run).to_string();
    assert_eq!(said, "gate.toml has no p99 limit that applies, simulated: 1 endpoint measured.");
}

#[test]
fn by_effective_price_the_cheapest_and_its_price_are_others_than_by_the_list() {
    let mut rows = vec![cell("cheap-by-list", 1, Some("0.15"), 300, 400), cell("frugal", 1, Some("0.30"), 300, 400)];
    for ((row, _), price) in rows.iter_mut().zip(["1.23456", "0.987654"]) {
        row.effective_output_usd_per_mtok = Some(price.parse().unwrap());
    }
    let run = sketch::of_rows(rows);
    assert!(headline(&run).to_string().contains("tier 1 cheap-by-list $0.15."));
    let effective = headline_by(&run, PriceAxis::Effective).to_string();
    assert!(
        effective.starts_with("Cheapest meeting its tier's p99 by effective price, simulated: tier 1 frugal $0.988."),
        "{effective}"
    );
}

#[test]
fn of_many_loads_the_greatest_is_told_first() {
    let load = |concurrency: u32| {
        let (mut row, assumed) = cell("small", 0, Some("0.01"), 100, 200);
        (row.concurrency, row.cell) = (Some(concurrency), format!("global-apis/small/autocomplete/c{concurrency}"));
        (row, assumed)
    };
    let sentences = headline(&sketch::of_rows([1, 4, 16, 64].map(load).into())).sentences;
    assert!(
        sentences[0].starts_with("Cheapest meeting its tier's p99 on autocomplete, 64 in flight, "),
        "{sentences:?}"
    );
    let last = sentences.last().unwrap();
    assert_eq!(last, "1 more combination of workload and load is not summed up here.");
}
