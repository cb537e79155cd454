use std::path::Path;

use super::*;
use crate::report::sketch;
use crate::report::together::together;

/// Two nights: in the second one model is a third slower, one much faster, and one costs more.
fn nights() -> Run {
    let (before, mut after) = (sketch::demo(600), sketch::demo(600));
    after.manifest.run_id = "2026-09-02T030000Z-demo".to_owned();
    for row in &mut after.cells {
        match row.model.as_str() {
            "hunyuan-turbo" => sketch::measure(row, 600, 740.0, 0.15),
            "qwen3-32b" => sketch::measure(row, 600, 120.0, 0.37),
            "glm-4.6v" => row.list_output_usd_per_mtok = Some("0.90".parse().unwrap()),
            _ => {}
        }
    }
    together(&[before, after], Path::new("there"))
}

#[test]
fn what_differs_is_counted_and_what_is_not_shown_is_called_that() {
    let headline = headline_of_changes(&nights());
    assert_eq!(
        headline.sentences[0],
        "2026-09-02T030000Z-demo against 2026-09-01T030000Z-demo, simulated: p99 lower at 4 and higher at 3 of 39 \
         endpoints, no difference shown at 32."
    );
    assert_eq!(headline.sentences[1], "4 output prices changed.");
    assert!(headline.sentences[2].contains("advice and no verdict"));
}

#[test]
fn the_table_begins_with_what_became_worse() {
    let run = nights();
    let table = changes_table(&run, 5).unwrap();
    assert_eq!((table.rows.len(), table.more), (5, 34));
    assert_eq!(table.rows[0][..2], ["hunyuan-turbo (B)", "us-east-1"]);
    assert_eq!(table.rows[0][3..6], ["higher", "716 → 1,049", "+46.5 %"]);
    assert_eq!(table.rows[3][3], "lower");
}

#[test]
fn a_cell_that_cannot_be_judged_tells_nothing_and_a_single_run_has_no_changes() {
    let mut run = nights();
    run.cells.iter_mut().for_each(|row| row.valid = Some(false));
    assert!(changes(&run).iter().all(|change| change.p99 == Shift::Unknown));
    assert!(changes(&sketch::demo(600)).is_empty() && changes_table(&sketch::demo(600), 5).is_none());
}

#[test]
fn every_pair_has_its_row_of_csv() {
    let text = changes_csv(&nights());
    let mut lines = text.lines();
    assert!(
        lines.next().unwrap().starts_with("baseline,candidate,provider,model,region,route,workload,load,concurrency,")
    );
    assert_eq!(lines.clone().count(), 39);
    assert!(lines.any(|line| line.contains(",glm-4.6v,") && line.contains(",0.80,0.90,")), "{text}");
}

#[test]
fn two_variants_of_one_run_are_held_together_where_only_the_provider_differs() {
    let mut run = nights();
    run.manifest.variants = vec!["A".to_owned(), "B".to_owned()];
    for (index, row) in run.cells.iter_mut().enumerate() {
        row.variant = Some(if index % 2 == 0 { "A" } else { "B" }.to_owned());
    }
    for row in run.cells.iter_mut().filter(|row| row.variant.as_deref() == Some("B") && row.model == "qwen3-8b") {
        row.provider = "another".to_owned();
    }
    let is_it = |change: &Change<'_>| change.after.model == "qwen3-8b";
    assert_eq!(
        changes(&run).into_iter().filter(is_it).count(),
        0,
        "of two nights another provider is another endpoint"
    );
    let side = serde_json::json!({ "registry": { "source": "built-in", "sha256": "" }, "hosts": [] });
    run.manifest.sides = vec![serde_json::from_value(side).unwrap(); 2];
    assert_eq!((changes(&run).into_iter().filter(is_it).count(), changes(&run).len()), (4, 39));
    assert!(headline_of_changes(&run).sentences.iter().any(|told| told.contains("wrong by chance")));
}

#[test]
fn routes_are_paired_by_their_names_whatever_their_order() {
    let mut run = nights();
    for (variant, names) in run.manifest.variants.clone().iter().zip([["a", "b"], ["b", "a"]]) {
        let rows = run.cells.iter_mut().filter(|row| row.variant.as_ref() == Some(variant));
        for (row, name) in rows.zip(names) {
            (row.route, row.region) = (Some(name.to_owned()), None);
            row.provider.clear();
            row.model.clear();
        }
    }
    run.cells.retain(|row| row.route.is_some());
    let found = changes(&run);
    let paired: Vec<_> = found.iter().map(|change| (&change.before.route, &change.after.route)).collect();
    assert!(paired.len() == 2 && paired.iter().all(|(before, after)| before == after), "{paired:?}");
    assert!(headline_of_changes(&run).sentences[0].contains(" of 2 routes, tables as a whole included"));
}

#[test]
fn a_route_that_hands_over_in_one_table_alone_has_a_row_and_so_has_one_that_is_new() {
    let mut run = nights();
    let variants = run.manifest.variants.clone();
    let mut rows = Vec::new();
    let row = |variant: &str, route: Option<&str>, requests: u64, handed: u64| CellRow {
        variant: Some(variant.to_owned()),
        route: route.map(str::to_owned),
        requests,
        outcomes: format!("ok={requests};handed_off={handed}"),
        ..CellRow::default()
    };
    rows.extend([row(&variants[0], Some("premium"), 60, 0), row(&variants[0], Some("idle"), 0, 0)]);
    rows.extend([row(&variants[0], None, 60, 48), row(&variants[1], None, 0, 109)]);
    rows.extend([row(&variants[1], Some("premium"), 0, 61), row(&variants[1], Some("new"), 5, 0)]);
    run.cells = rows;
    let told: Vec<_> = routes_of_both(&run)
        .into_iter()
        .map(|[was, is]| (was.or(is).unwrap().route.as_deref(), was.map(asked), is.map(handed)))
        .collect();
    assert_eq!(
        told,
        [(None, Some(108), Some(109)), (Some("premium"), Some(60), Some(61)), (Some("new"), None, Some(0))]
    );
}
