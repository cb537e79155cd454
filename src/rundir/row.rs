//! Figures and what the manifest knows, put into the columns of `cells.csv`.

use crate::cost::effective_output;
use crate::rundir::{CellNote, CellRow, Manifest, Validity};
use crate::sample::Outcome;
use crate::tally::{CellFigures, Lags, reasons};
use crate::units::Usd;

/// The row of the cell `note` of `manifest`.
///
/// Its validity is the manifest's; where that has none, as in a run that died, a cell can be told to be invalid by
/// its figures, but not to be valid, since how late the client was is not known.
pub fn cell_row(manifest: &Manifest, note: &CellNote, figures: &CellFigures) -> CellRow {
    let outcomes = &figures.outcomes;
    let requests = outcomes.requests();
    let judged = manifest.validity.iter().find(|validity| validity.cell == note.cell);
    let surely_invalid = || (!judge(note, figures, Lags::default()).valid).then_some(false);
    let all_known = figures.all_prices_known == Some(true);
    let known_cost = figures.cost.filter(|_| all_known);
    let price = note.price.as_ref();
    let (ttft, e2e, all) = (figures.ttft, figures.e2e, figures.e2e_with_failures);
    let from_due = figures.e2e_from_due;
    CellRow {
        run_id: manifest.run_id.clone(),
        started_at: manifest.started_at.clone(),
        cell: note.cell.clone(),
        variant: note.variant.clone(),
        provider: note.provider.clone(),
        model: note.model.clone(),
        region: note.region.clone(),
        tier: note.tier,
        route: note.route.clone(),
        workload: note.workload.clone(),
        load: note.load.clone(),
        concurrency: note.concurrency,
        rate_rps: note.rate_rps,
        simulated: figures.simulated || manifest.destination.simulated == Some(true),
        valid: judged.map(|validity| validity.valid).or_else(surely_invalid),
        requests,
        ok: outcomes.ok(),
        failed: outcomes.failed(),
        arrivals: figures.scheduled.then(|| outcomes.all()),
        dropped: figures.scheduled.then(|| outcomes.of(Outcome::NotSent)),
        availability: ratio(outcomes.ok() as f64, requests as f64),
        attempt_error_ratio: ratio(figures.failed_attempts as f64, figures.attempts as f64),
        rate_limited: outcomes.of(Outcome::RateLimited),
        in_flight_mean: figures.active_seconds.and_then(|seconds| rate(figures.request_seconds, seconds)),
        distinct_prompts: (requests > 0).then_some(figures.distinct_prompts),
        cached_ratio: figures.usage.and_then(|usage| ratio(usage.cached_input as f64, usage.input as f64)),
        ttft_p50_ms: ttft.map(|ttft| ttft.p50),
        ttft_p50_low_ms: ttft.and_then(|ttft| ttft.p50_interval.low),
        ttft_p50_high_ms: ttft.map(|ttft| ttft.p50_interval.high),
        ttft_p90_ms: ttft.map(|ttft| ttft.p90),
        ttft_p95_ms: ttft.map(|ttft| ttft.p95),
        ttft_p99_ms: ttft.map(|ttft| ttft.p99),
        ttft_p99_low_ms: ttft.and_then(|ttft| ttft.p99_interval.low),
        ttft_p99_high_ms: ttft.map(|ttft| ttft.p99_interval.high),
        ttft_max_ms: ttft.map(|ttft| ttft.max),
        e2e_p50_ms: e2e.map(|e2e| e2e.p50),
        e2e_p50_low_ms: e2e.and_then(|e2e| e2e.p50_interval.low),
        e2e_p50_high_ms: e2e.map(|e2e| e2e.p50_interval.high),
        e2e_p90_ms: e2e.map(|e2e| e2e.p90),
        e2e_p95_ms: e2e.map(|e2e| e2e.p95),
        e2e_p99_ms: e2e.map(|e2e| e2e.p99),
        e2e_p99_low_ms: e2e.and_then(|e2e| e2e.p99_interval.low),
        e2e_p99_high_ms: e2e.map(|e2e| e2e.p99_interval.high),
        e2e_max_ms: e2e.map(|e2e| e2e.max),
        e2e_p50_with_failures_ms: all.map(|all| all.p50),
        e2e_p95_with_failures_ms: all.map(|all| all.p95),
        e2e_p99_with_failures_ms: all.map(|all| all.p99),
        e2e_from_due_p50_ms: from_due.map(|from_due| from_due.p50),
        e2e_from_due_p95_ms: from_due.map(|from_due| from_due.p95),
        e2e_from_due_p99_ms: from_due.map(|from_due| from_due.p99),
        e2e_from_due_p99_low_ms: from_due.and_then(|from_due| from_due.p99_interval.low),
        e2e_from_due_p99_high_ms: from_due.map(|from_due| from_due.p99_interval.high),
        e2e_from_due_max_ms: from_due.map(|from_due| from_due.max),
        send_lag_p50_ms: figures.send_lag_p50,
        send_lag_p99_ms: figures.send_lag_p99,
        tpot_p50_ms: figures.tpot_p50,
        tpot_p99_ms: figures.tpot_p99,
        itl_p99_ms: figures.itl_p99,
        connect_p50_ms: figures.connect_p50,
        throughput_rps: figures.active_seconds.and_then(|seconds| rate(requests as f64, seconds)),
        output_tokens_per_s: figures
            .usage
            .zip(figures.active_seconds)
            .and_then(|(usage, seconds)| rate(usage.output as f64, seconds)),
        input_tokens: figures.usage.map(|usage| usage.input),
        cached_input_tokens: figures.usage.map(|usage| usage.cached_input),
        output_tokens: figures.usage.map(|usage| usage.output),
        reasoning_tokens: figures.usage.map(|usage| usage.reasoning),
        requests_without_usage: figures.requests_without_usage,
        cost_usd: figures.cost,
        all_prices_known: figures.all_prices_known,
        // What a person is handed is part of the traffic, and what the person costs of its cost.
        cost_per_1k_requests_usd: known_cost
            .and_then(|cost| per_thousand(cost, requests + outcomes.of(Outcome::HandedOff))),
        list_input_usd_per_mtok: price.and_then(|price| price.rates.input_usd_per_mtok),
        list_output_usd_per_mtok: price.and_then(|price| price.rates.output_usd_per_mtok),
        effective_output_usd_per_mtok: known_cost
            .zip(figures.usage)
            .and_then(|(cost, usage)| effective_output(cost, usage.output)),
        price_from: price.map(|price| price.from.clone()),
        quality_ratio: ratio(figures.requests_right as f64, figures.requests_checked as f64),
        answer_variants: figures.answer_variants,
        outcomes: outcomes.to_string(),
        synthetic_prompts: Some(note.synthetic_prompts),
        requests_estimated: Some(figures.requests_estimated),
        requests_checked: Some(figures.requests_checked),
        promised: note.promised,
    }
}

/// Whether the figures of the cell `note` may be judged, and why not.
pub fn judge(note: &CellNote, figures: &CellFigures, lags: Lags) -> Validity {
    // A route that took nothing, or hands over to a person, says nothing against the run.
    let reasons = match &note.route {
        Some(_) if figures.outcomes.requests() == 0 => Vec::new(),
        _ => reasons(figures, lags),
    };
    Validity { cell: note.cell.clone(), valid: reasons.is_empty(), reasons }
}

/// A share of a whole to six decimals; absent when there is no whole.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| (part / whole * 1e6).round() / 1e6)
}

/// So many a second to three decimals; absent when no time passed.
fn rate(count: f64, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then(|| (count / seconds * 1e3).round() / 1e3)
}

/// What a thousand requests cost, rounded half up to the picodollar; absent without requests.
fn per_thousand(cost: Usd, requests: u64) -> Option<Usd> {
    let requests = i128::from(requests);
    (requests > 0).then(|| Usd::from_picos(cost.times(1_000).picos().saturating_add(requests / 2).div_euclid(requests)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rundir::fixture::{failure, manifest, success};
    use crate::sample::Sample;
    use crate::tally::{CellShape, Tally};
    use crate::units::{Latency, UsdPerMtok};

    fn row(requests: &[(Sample, Option<Usd>)]) -> CellRow {
        let manifest = manifest();
        let mut tally = Tally::new(&[CellShape { shares: vec![3, 3] }], manifest.seed);
        for (sample, cost) in requests {
            tally.record(sample, *cost);
        }
        cell_row(&manifest, &manifest.cells[0], &tally.figures(0))
    }

    #[test]
    fn one_unknown_cost_leaves_the_sum_and_takes_away_what_is_divided_from_it() {
        let row = row(&[(success(0, 0), Some(Usd::from_picos(9))), (success(0, 1), None)]);
        assert_eq!((row.cost_usd, row.all_prices_known), (Some(Usd::from_picos(9)), Some(false)));
        assert_eq!((row.cost_per_1k_requests_usd, row.effective_output_usd_per_mtok), (None, None));
    }

    #[test]
    fn a_free_cell_costs_nothing_rather_than_an_unknown_amount() {
        let row = row(&[(success(0, 0), Some(Usd::ZERO))]);
        assert_eq!((row.cost_usd, row.cost_per_1k_requests_usd), (Some(Usd::ZERO), Some(Usd::ZERO)));
        assert_eq!(row.effective_output_usd_per_mtok, Some(UsdPerMtok::default()));
    }

    #[test]
    fn a_cell_of_failures_has_infinite_latency_with_them_and_none_without() {
        let row = row(&[(failure(0, 0, Outcome::RateLimited), None)]);
        assert_eq!((row.availability, row.rate_limited, row.ttft_p50_ms, row.e2e_p99_ms), (Some(0.0), 1, None, None));
        assert_eq!(row.e2e_p99_with_failures_ms, Some(Latency::Infinite));
        assert_eq!((row.cost_usd, row.all_prices_known, row.output_tokens), (None, None, None));
        assert_eq!(row.valid, Some(false));
    }

    #[test]
    fn a_cell_that_was_never_reached_is_empty_rather_than_zero() {
        let row = row(&[]);
        assert_eq!((row.requests, row.outcomes.as_str()), (0, ""));
        assert_eq!((row.availability, row.in_flight_mean, row.throughput_rps), (None, None, None));
        assert_eq!((row.distinct_prompts, row.cached_ratio, row.e2e_p50_with_failures_ms), (None, None, None));
    }

    #[test]
    fn what_a_schedule_wanted_sent_and_was_not_is_dropped() {
        let due = |sample: Sample| {
            let moments = crate::sample::Moments { due: sample.moments.sent, ..sample.moments };
            (Sample { moments, ..sample }, None)
        };
        let row = row(&[due(success(0, 0)), due(success(0, 1)), due(failure(0, 2, Outcome::NotSent))]);
        assert_eq!((row.arrivals, row.dropped, row.requests), (Some(3), Some(1), 2));
        assert_eq!(row.e2e_from_due_p50_ms, row.e2e_p50_ms);
    }
}
