//! `summary.json`: what `summary.md` says, for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::gate::LEAST_N_FOR_P99;
use crate::report::bill_json::CostParts;
use crate::report::parts::{Parts, Word};
use crate::report::shown::{ALPHA, LEAST_FOR_P99, note_of};
use crate::report::totals::Totals;
use crate::rundir::{BreakerNote, CellRow, RoutingNote, Run, Status, TableNote};
use crate::units::{Latency, Usd, UsdPerMtok};

/// The version of this format; a change that a reader could notice raises it.
const FORMAT_VERSION: u32 = 1;

/// The run as pretty-printed JSON, ended by a line feed; the same run always gives the same bytes.
///
/// Money and times are exact decimals in strings, `inf` among the times; absent is `null`.
pub fn summary_json(run: &Run, parts: &Parts<'_>) -> String {
    let manifest = &run.manifest;
    let totals = Totals::of(run, parts);
    let summary = Summary {
        format_version: FORMAT_VERSION,
        tool_version: &manifest.tool_version,
        run_id: &manifest.run_id,
        suite: &manifest.suite,
        started_at: &manifest.started_at,
        finished_at: manifest.finished_at.as_deref(),
        status: manifest.status,
        simulated: manifest.destination.simulated,
        hosts: &manifest.destination.hosts,
        seed: manifest.seed,
        headline: parts.headline,
        counts: Counts {
            cells: run.whole_cells().count(),
            meets: totals.meets,
            misses: totals.misses,
            cannot_tell: totals.cannot_tell,
            invalid: totals.invalid,
            not_judged: totals.unjudged,
            left_out: manifest.left_out.len(),
            requests: totals.requests,
            ok: totals.ok,
            failed: totals.failed,
        },
        outcomes: totals.outcomes.iter().map(|(outcome, found)| (outcome.name(), found.requests)).collect(),
        cost_usd: totals.cost,
        all_prices_known: totals.trust.map(|trust| !trust.partial),
        cost: parts.bill.map(CostParts::of),
        routing: &manifest.routing,
        breakers: manifest.tables.iter().flat_map(Breaker::all).collect(),
        cells: run.cells.iter().enumerate().map(|(index, row)| Cell::of(run, row, index, parts)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&summary).expect("strings and numbers can always be written as JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Summary<'a> {
    format_version: u32,
    tool_version: &'a str,
    run_id: &'a str,
    suite: &'a str,
    started_at: &'a str,
    finished_at: Option<&'a str>,
    status: Status,
    simulated: Option<bool>,
    hosts: &'a [String],
    seed: u64,
    headline: &'a str,
    counts: Counts,
    outcomes: BTreeMap<&'static str, u64>,
    cost_usd: Option<Usd>,
    all_prices_known: Option<bool>,
    cost: Option<CostParts<'a>>,
    /// Left out where nothing is routed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    routing: &'a [RoutingNote],
    /// Likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    breakers: Vec<Breaker<'a>>,
    cells: Vec<Cell<'a>>,
}

/// A change of a breaker, and whose table it was.
#[derive(Serialize)]
struct Breaker<'a> {
    variant: Option<&'a str>,
    #[serde(flatten)]
    change: &'a BreakerNote,
}

impl<'a> Breaker<'a> {
    fn all(table: &'a TableNote) -> impl Iterator<Item = Self> {
        table.breakers.iter().map(|change| Self { variant: table.variant.as_deref(), change })
    }
}

#[derive(Serialize)]
struct Counts {
    cells: usize,
    meets: usize,
    misses: usize,
    cannot_tell: usize,
    invalid: usize,
    not_judged: usize,
    left_out: usize,
    requests: u64,
    ok: u64,
    failed: u64,
}

#[derive(Serialize)]
struct Cell<'a> {
    cell: &'a str,
    /// Left out where nothing is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    provider: &'a str,
    model: &'a str,
    region: Option<&'a str>,
    /// Left out but for a route.
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'a str>,
    tier: Option<u8>,
    workload: &'a str,
    load: &'a str,
    concurrency: Option<u32>,
    rate_rps: Option<f64>,
    simulated: bool,
    valid: Option<bool>,
    invalid_because: &'a [String],
    standing: Option<&'static str>,
    limit_ms: Option<Latency>,
    requests: u64,
    ok: u64,
    failed: u64,
    arrivals: Option<u64>,
    dropped: Option<u64>,
    ttft_p50_ms: Option<Latency>,
    ttft_p99_ms: Option<Latency>,
    e2e_p50_ms: Option<Latency>,
    e2e_p99_ms: Option<Latency>,
    e2e_p99_low_ms: Option<Latency>,
    e2e_p99_high_ms: Option<Latency>,
    p99_support: Option<&'static str>,
    e2e_p99_with_failures_ms: Option<Latency>,
    e2e_from_due_p50_ms: Option<Latency>,
    e2e_from_due_p99_ms: Option<Latency>,
    e2e_from_due_p99_low_ms: Option<Latency>,
    e2e_from_due_p99_high_ms: Option<Latency>,
    cost_usd: Option<Usd>,
    all_prices_known: Option<bool>,
    list_input_usd_per_mtok: Option<UsdPerMtok>,
    list_output_usd_per_mtok: Option<UsdPerMtok>,
    effective_output_usd_per_mtok: Option<UsdPerMtok>,
    quality_ratio: Option<f64>,
    quality_ratio_low: Option<f64>,
    quality_ratio_high: Option<f64>,
    requests_checked: Option<u64>,
    evaluated_quality: Option<f64>,
    answer_variants: Option<u64>,
}

impl<'a> Cell<'a> {
    fn of(run: &'a Run, row: &'a CellRow, index: usize, parts: &Parts<'_>) -> Self {
        let judged = parts.standing(index);
        let quality = row.quality().and_then(|share| share.interval(ALPHA));
        let validity = run.manifest.validity.iter().find(|validity| validity.cell == row.cell);
        Self {
            cell: &row.cell,
            variant: row.variant.as_deref(),
            provider: &row.provider,
            model: &row.model,
            region: row.region.as_deref(),
            route: row.route.as_deref(),
            tier: row.tier,
            workload: &row.workload,
            load: &row.load,
            concurrency: row.concurrency,
            rate_rps: row.rate_rps,
            simulated: row.simulated,
            valid: row.valid,
            invalid_because: validity.map_or(&[], |validity| &validity.reasons),
            standing: parts.word(index, row).map(Word::name),
            limit_ms: judged.map(|judged| Latency::Finite(judged.limit)),
            requests: row.requests,
            ok: row.ok,
            failed: row.failed,
            arrivals: row.arrivals,
            dropped: row.dropped,
            ttft_p50_ms: row.ttft_p50_ms,
            ttft_p99_ms: row.ttft_p99_ms,
            e2e_p50_ms: row.e2e_p50_ms,
            e2e_p99_ms: row.e2e_p99_ms,
            e2e_p99_low_ms: row.e2e_p99_low_ms,
            e2e_p99_high_ms: row.e2e_p99_high_ms,
            p99_support: row.primary_latency().p99.map(|_| p99_support(row)),
            e2e_p99_with_failures_ms: row.e2e_p99_with_failures_ms,
            e2e_from_due_p50_ms: row.e2e_from_due_p50_ms,
            e2e_from_due_p99_ms: row.e2e_from_due_p99_ms,
            e2e_from_due_p99_low_ms: row.e2e_from_due_p99_low_ms,
            e2e_from_due_p99_high_ms: row.e2e_from_due_p99_high_ms,
            cost_usd: row.cost_usd,
            all_prices_known: row.all_prices_known,
            list_input_usd_per_mtok: row.list_input_usd_per_mtok,
            list_output_usd_per_mtok: row.list_output_usd_per_mtok,
            effective_output_usd_per_mtok: row.effective_output_usd_per_mtok,
            quality_ratio: row.quality_ratio,
            quality_ratio_low: quality.map(|(low, _)| six_decimals(low)),
            quality_ratio_high: quality.map(|(_, high)| six_decimals(high)),
            requests_checked: row.requests_checked,
            evaluated_quality: note_of(run, row, index).and_then(|note| note.quality),
            answer_variants: row.answer_variants,
        }
    }
}

fn six_decimals(ratio: f64) -> f64 {
    (ratio * 1e6).round() / 1e6
}

/// What the requests of a cell make of its 99th percentile: it has an interval, or one without an upper end, or it is
/// the largest of too few.
fn p99_support(row: &CellRow) -> &'static str {
    let high = row.primary_latency().p99_high.and_then(Latency::finite_ms);
    match high {
        _ if row.ok < LEAST_FOR_P99 => "maximum",
        Some(_) if row.requests >= LEAST_N_FOR_P99 => "interval",
        _ => "no_upper_end",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::fixture::{self, run};
    use crate::rundir::Manifest;

    #[test]
    fn a_program_finds_counts_standings_and_exact_figures() {
        let text = summary_json(&fixture::run(), &fixture::parts());
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["format_version"], json!(1));
        assert_eq!(
            read["counts"],
            json!({ "cells": 5, "meets": 2, "misses": 0, "cannot_tell": 1, "invalid": 2, "not_judged": 0, "left_out": 1,
                "requests": 2050, "ok": 1988, "failed": 62 })
        );
        assert_eq!(read["outcomes"], json!({ "connect": 50, "ok": 1988, "rate_limited": 11, "timeout_idle": 1 }));
        assert_eq!((&read["cost_usd"], &read["all_prices_known"]), (&json!("0.09872"), &json!(false)));
        let cells = read["cells"].as_array().unwrap();
        assert_eq!(cells[0]["e2e_p99_ms"], json!("184.042"));
        assert_eq!(cells[2]["e2e_p99_high_ms"], json!("inf"));
        let support: Vec<&Value> = cells.iter().map(|cell| &cell["p99_support"]).collect();
        let (whole, open) = (json!("interval"), json!("no_upper_end"));
        assert_eq!(support, [&whole, &whole, &open, &open, &Value::Null]);
        assert_eq!((&cells[2]["standing"], &cells[2]["limit_ms"]), (&json!("cannot_tell"), &json!("10000.000")));
        assert_eq!((&cells[4]["e2e_p50_ms"], &cells[4]["cost_usd"]), (&Value::Null, &Value::Null));
        assert_eq!(cells[3]["model"], json!(fixture::HOSTILE));
        let reasons = |cell: &Value| cell["invalid_because"].as_array().unwrap().len();
        assert!(cells.iter().all(|cell| (reasons(cell) > 0) == (cell["valid"] == json!(false))), "{text}");
    }

    #[test]
    fn every_run_keeps_to_the_published_schema() {
        let schema = serde_json::from_str(include_str!("../../reports/summary.schema.json")).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let died = Run { manifest: Manifest { status: Status::Running, finished_at: None, ..run().manifest }, ..run() };
        for run in [run(), fixture::large_run(50), died] {
            let read: Value = serde_json::from_str(&summary_json(&run, &fixture::parts())).unwrap();
            let faults: Vec<_> = schema.iter_errors(&read).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{faults:#?}");
        }
        let mut wrong: Value = serde_json::from_str(&summary_json(&run(), &fixture::parts())).unwrap();
        wrong["cells"][0]["cost_usd"] = json!(0.1);
        assert!(!schema.is_valid(&wrong), "money is never a float");
    }

    #[test]
    fn two_renders_are_the_same() {
        let render = || summary_json(&fixture::large_run(50), &fixture::parts());
        assert_eq!(render(), render());
    }
}
