use std::collections::BTreeMap;

use super::*;
use crate::report::fixture;
use crate::report::sketch;

/// Latencies of 5, 20, 20 and 200,000 ms in the first cell.
fn spectra(run: &Run) -> Spectra {
    let mut counts = SparseCounts::default();
    for value in [5_000, 20_000, 20_000, 200_000_000] {
        counts.add(value, 1);
    }
    Spectra::of_cells([(run.cells[0].cell.clone(), counts)])
}

/// Samples with the name and labels that hold all of `parts`, each with its value.
fn samples<'a>(text: &'a str, parts: &[&str]) -> Vec<(&'a str, &'a str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && parts.iter().all(|part| line.contains(part)));
    lines.map(|line| line.rsplit_once(' ').unwrap()).collect()
}

#[test]
fn figures_become_seconds_and_what_has_no_upper_bound_is_infinite() {
    let text = prometheus_text(&fixture::run(), None);
    let value = |parts: &[&str]| samples(&text, parts).iter().map(|sample| sample.1).collect::<Vec<_>>();
    let p99 = ["metric=\"e2e\"", "quantile=\"0.99\""];
    assert_eq!(value(&["quantile_seconds{", "qwen3-8b", p99[0], p99[1]]), ["0.184042"]);
    assert_eq!(value(&["_seconds_high{", "qwen3-8b", p99[0], p99[1]]), ["0.193"]);
    assert_eq!(value(&["_seconds_high{", "deepseek", p99[0], p99[1]]), ["+Inf"]);
    assert_eq!(value(&["tollmark_price_usd_per_million_output_tokens{", "qwen3-8b"]), ["0.01"]);
    assert_eq!(value(&["tollmark_slo_met{", "qwen3-8b"]), ["1"]);
    assert_eq!(value(&["tollmark_slo_met{", "script"]), [""; 0], "what cannot be told has no sample");
    assert_eq!(value(&["tollmark_slo_met{", "deepseek"]), ["0"]);
    assert_eq!(value(&["tollmark_valid{", "glm-4-9b"]), ["0"]);
    assert!(!text.contains("NaN") && !text.contains("run_id") && !text.contains("_bucket"));
}

#[test]
fn labels_name_the_cell_and_no_run() {
    let text = prometheus_text(&fixture::run(), None);
    assert_eq!(
        samples(&text, &["tollmark_availability_floor_ratio", "qwen3-8b"])[0].0,
        "tollmark_availability_floor_ratio{provider=\"global-apis\",model=\"qwen3-8b\",region=\"us-west-2\",\
         workload=\"autocomplete\",load=\"closed, 16\",simulated=\"true\"}"
    );
}

#[test]
fn every_outcome_is_counted_and_success_even_where_there_is_none() {
    let text = prometheus_text(&fixture::run(), None);
    let of = |parts: &[&str]| samples(&text, parts).iter().map(|sample| sample.1.to_owned()).collect::<Vec<_>>();
    assert_eq!(of(&["tollmark_requests_total{", "step-3.5", "outcome=\"rate_limited\""]), ["1"]);
    assert_eq!(of(&["tollmark_requests_total{", "glm-4-9b"]), ["0", "50"]);
}

#[test]
fn below_100_successes_there_is_no_p99() {
    let text = prometheus_text(&sketch::demo(99), None);
    assert!(samples(&text, &["quantile=\"0.99\""]).is_empty());
    assert_eq!(samples(&text, &["quantile_seconds{", "metric=\"e2e\"", "quantile=\"0.5\""]).len(), 39);
}

#[test]
fn buckets_count_upwards_and_end_with_everything() {
    let run = sketch::demo(600);
    let text = prometheus_text(&run, Some(&spectra(&run)));
    let buckets = samples(&text, &["tollmark_latency_seconds_bucket{"]);
    let of = |le: &str| buckets.iter().find(|bucket| bucket.0.contains(&format!("le=\"{le}\""))).map(|bucket| bucket.1);
    assert_eq!(buckets.len(), 34);
    assert_eq!(
        [of("0.01"), of("0.017783"), of("0.023714"), of("100"), of("+Inf")].map(Option::unwrap),
        ["1", "1", "3", "3", "4"]
    );
    assert_eq!(samples(&text, &["tollmark_latency_seconds_sum"])[0].1, "200.045000");
    assert_eq!(samples(&text, &["tollmark_latency_seconds_count"])[0].1, "4");
}

#[test]
fn a_series_occurs_once_and_families_are_whole_whatever_names_hold() {
    let text = prometheus_text(&fixture::run(), None);
    let mut seen = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value == "+Inf" || value.parse::<f64>().is_ok(), "{line}");
        assert_eq!(seen.insert(series, value), None, "{series}");
    }
    let types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert_eq!(types.len(), types.iter().collect::<std::collections::BTreeSet<_>>().len());
    assert!(text.contains("model=\"<script>alert(\\\"x\\\")</script>|"), "a quote in a name is escaped");
}

#[test]
fn only_a_run_that_was_carried_out_is_a_success() {
    let name = "tollmark_last_success_timestamp_seconds";
    let mut run = sketch::demo(600);
    assert_eq!(samples(&prometheus_text(&run, None), &[name])[0].1, "1788231648");
    run.manifest.status = Status::Interrupted;
    assert!(samples(&prometheus_text(&run, None), &[name]).is_empty());
    run.manifest.status = Status::Finished;
    run.cells.iter_mut().for_each(|row| row.ok = 0);
    assert!(samples(&prometheus_text(&run, None), &[name]).is_empty());
}
