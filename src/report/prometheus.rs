//! `metrics.prom`: the run for Prometheus, as a file for its node exporter or live over HTTP.

use jiff::Timestamp;

use crate::gate::Standing;
use crate::report::exposition::{Exposition, Kind, Labels};
use crate::report::shown::{ALPHA, LEAST_FOR_P99, load};
use crate::rundir::{CellRow, Run, Spectra, Status};
use crate::sample::Outcome;
use crate::tally::{Metric, SparseCounts};
use crate::units::{Latency, Micros};

/// Buckets of the histogram in a factor of ten, its lowest bound in powers of ten seconds, and how many tens it spans.
const A_DECADE: i32 = 8;
const LOWEST: i32 = -2;
const DECADES: i32 = 4;

/// The run in Prometheus' text format 0.0.4; the same run always gives the same bytes.
///
/// Times are seconds, ratios 0 to 1, money dollars. What is not known has no sample; what has no upper bound is `+Inf`.
/// No label tells one run from the next, so that a series goes on from night to night. Without `spectra` there is no
/// histogram.
pub fn prometheus_text(run: &Run, spectra: Option<&Spectra>) -> String {
    let cells: Vec<(Labels, &CellRow)> = run.cells.iter().map(|row| (labels(row), row)).collect();
    let mut text = Exposition::default();
    latencies(&mut text, &cells);
    if let Some(spectra) = spectra {
        histogram(&mut text, &cells, spectra);
    }
    requests(&mut text, run, &cells);
    money(&mut text, &cells);
    standings(&mut text, &cells);
    of_run(&mut text, run);
    text.into_text()
}

/// A cell's labels, absent ones left out.
fn labels(row: &CellRow) -> Labels {
    Labels::default()
        .with("provider", Some(&row.provider))
        .with("model", Some(&row.model))
        .with("region", row.region.as_deref())
        .with("route", row.route.as_deref())
        .with("workload", Some(&row.workload))
        .with("load", Some(&load(row)))
        .with("variant", row.variant.as_deref())
        .with("simulated", Some(if row.simulated { "true" } else { "false" }))
}

type Cells<'a> = [(Labels, &'a CellRow)];

/// A quantile of a latency: the metric, `quantile`, and the figure.
type Quantile = (&'static str, &'static str, Option<Latency>);

fn latencies(text: &mut Exposition, cells: &Cells<'_>) {
    let quantiles = |of: fn(&CellRow) -> Vec<Quantile>| {
        cells.iter().flat_map(move |(labels, row)| {
            of(row).into_iter().filter_map(move |(metric, quantile, latency)| {
                // The 99th percentile of fewer is their maximum, and no percentile to compare.
                let told = latency.filter(|_| quantile != "0.99" || row.ok >= LEAST_FOR_P99)?;
                Some((labels.and("metric", metric).and("quantile", quantile), seconds(told)))
            })
        })
    };
    text.family(
        "tollmark_latency_quantile_seconds",
        Kind::Untyped,
        "Exact quantile of a latency over successes; of e2e_with_failures over all requests, failures as infinite.",
        quantiles(|row| {
            vec![
                ("ttft", "0.5", row.ttft_p50_ms),
                ("ttft", "0.9", row.ttft_p90_ms),
                ("ttft", "0.95", row.ttft_p95_ms),
                ("ttft", "0.99", row.ttft_p99_ms),
                ("e2e", "0.5", row.e2e_p50_ms),
                ("e2e", "0.9", row.e2e_p90_ms),
                ("e2e", "0.95", row.e2e_p95_ms),
                ("e2e", "0.99", row.e2e_p99_ms),
                ("e2e_with_failures", "0.5", row.e2e_p50_with_failures_ms),
                ("e2e_with_failures", "0.95", row.e2e_p95_with_failures_ms),
                ("e2e_with_failures", "0.99", row.e2e_p99_with_failures_ms),
                ("e2e_from_due", "0.5", row.e2e_from_due_p50_ms),
                ("e2e_from_due", "0.95", row.e2e_from_due_p95_ms),
                ("e2e_from_due", "0.99", row.e2e_from_due_p99_ms),
                ("tpot", "0.5", row.tpot_p50_ms),
                ("tpot", "0.99", row.tpot_p99_ms),
                ("itl", "0.99", row.itl_p99_ms),
            ]
        }),
    );
    text.family(
        "tollmark_latency_quantile_seconds_low",
        Kind::Untyped,
        "Lower end of the quantile's 95 % interval, failures counted as infinite.",
        quantiles(|row| {
            vec![
                ("ttft", "0.5", row.ttft_p50_low_ms),
                ("ttft", "0.99", row.ttft_p99_low_ms),
                ("e2e", "0.5", row.e2e_p50_low_ms),
                ("e2e", "0.99", row.e2e_p99_low_ms),
                ("e2e_from_due", "0.99", row.e2e_from_due_p99_low_ms),
            ]
        }),
    );
    text.family(
        "tollmark_latency_quantile_seconds_high",
        Kind::Untyped,
        "Upper end of the quantile's 95 % interval; infinite where the requests support none.",
        quantiles(|row| {
            vec![
                ("ttft", "0.5", row.ttft_p50_high_ms),
                ("ttft", "0.99", row.ttft_p99_high_ms),
                ("e2e", "0.5", row.e2e_p50_high_ms),
                ("e2e", "0.99", row.e2e_p99_high_ms),
                ("e2e_from_due", "0.99", row.e2e_from_due_p99_high_ms),
            ]
        }),
    );
}

fn histogram(text: &mut Exposition, cells: &Cells<'_>, spectra: &Spectra) {
    let mut samples = Vec::new();
    for (labels, row) in cells {
        let from_due = spectra.primary(row).filter(|_| row.is_open_load());
        for (metric, counts) in [(Metric::E2e, spectra.of(&row.cell)), (Metric::E2eFromDue, from_due)] {
            if let Some(counts) = counts {
                buckets(&labels.and("metric", metric.name()), counts, &mut samples);
            }
        }
    }
    let help = "Latencies of successes, each to three digits; the exact quantiles are apart.";
    text.suffixed("tollmark_latency_seconds", Kind::Histogram, help, samples);
}

fn buckets(labels: &Labels, counts: &SparseCounts, samples: &mut Vec<(&'static str, Labels, String)>) {
    let mut values = counts.values().peekable();
    let (mut below, mut sum) = (0, 0);
    let mut count_to = |most: u64| {
        while let Some((value, count)) = values.next_if(|(value, _)| *value <= most) {
            below += count;
            sum += value * count;
        }
        (below, sum)
    };
    for step in 0..=DECADES * A_DECADE {
        let bound = 10_f64.powf(f64::from(LOWEST) + f64::from(step) / f64::from(A_DECADE)) * 1e6;
        let bound = Micros(bound.round() as u32);
        let (below, _) = count_to(u64::from(bound.0));
        samples.push(("_bucket", labels.and("le", &seconds(Latency::Finite(bound))), below.to_string()));
    }
    let (all, sum) = count_to(u64::MAX);
    samples.push(("_bucket", labels.and("le", "+Inf"), all.to_string()));
    samples.push(("_sum", labels.clone(), format!("{}.{:06}", sum / 1_000_000, sum % 1_000_000)));
    samples.push(("_count", labels.clone(), all.to_string()));
}

fn requests(text: &mut Exposition, run: &Run, cells: &Cells<'_>) {
    text.family(
        "tollmark_requests_total",
        Kind::Counter,
        "Measured requests of the run that ended, by how they ended; ok is a success.",
        cells.iter().flat_map(|(labels, row)| {
            let counted = row.counted().filter(|(outcome, _)| outcome.counts());
            let failed = counted.filter(|(outcome, _)| !outcome.is_ok()).collect::<Vec<_>>();
            // Always there, so that a ratio of failures exists where all failed.
            let all = std::iter::once((Outcome::Ok, row.ok)).chain(failed);
            all.map(|(outcome, count)| (labels.and("outcome", outcome.name()), count)).collect::<Vec<_>>()
        }),
    );
    text.family(
        "tollmark_requests_dropped_total",
        Kind::Counter,
        "Requests that the schedule wanted sent and that could not be sent in time.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), row.dropped?))),
    );
    let planned =
        |row: &CellRow| run.manifest.cells.iter().find(|note| note.cell == row.cell).map(|note| note.requests);
    text.family(
        "tollmark_requests_planned",
        Kind::Gauge,
        "Measured requests that the run was to send.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), planned(row)?))),
    );
    text.family(
        "tollmark_availability_ratio",
        Kind::Gauge,
        "Successes over requests.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), row.availability?))),
    );
    text.family(
        "tollmark_availability_floor_ratio",
        Kind::Gauge,
        "The least availability that is allowed.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), Standing::floor_of(row)?))),
    );
    quality(text, cells);
    text.family(
        "tollmark_throughput_requests_per_second",
        Kind::Gauge,
        "Requests that ended a second while the cell was measured.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), row.throughput_rps?))),
    );
}

fn quality(text: &mut Exposition, cells: &Cells<'_>) {
    text.family(
        "tollmark_quality_ratio",
        Kind::Gauge,
        "Right answers over those of which the workload expects something.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), row.quality_ratio?))),
    );
    let ends = |end: fn((f64, f64)) -> f64| {
        cells.iter().filter_map(move |(labels, row)| Some((labels.clone(), end(row.quality()?.interval(ALPHA)?))))
    };
    let help = "Lower end of its 95 % interval.";
    text.family("tollmark_quality_ratio_low", Kind::Gauge, help, ends(|(low, _)| low));
    let help = "Upper end of the same interval.";
    text.family("tollmark_quality_ratio_high", Kind::Gauge, help, ends(|(_, high)| high));
    text.family(
        "tollmark_answer_variants",
        Kind::Gauge,
        "Most different answers to one prompt at temperature 0.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), row.answer_variants?))),
    );
}

fn money(text: &mut Exposition, cells: &Cells<'_>) {
    let prices = [
        (
            "tollmark_price_usd_per_million_output_tokens",
            "The price list's price of generated tokens.",
            (|row| row.list_output_usd_per_mtok) as fn(&CellRow) -> Option<_>,
        ),
        ("tollmark_price_usd_per_million_input_tokens", "The price list's price of prompt tokens.", |row| {
            row.list_input_usd_per_mtok
        }),
        (
            "tollmark_effective_price_usd_per_million_output_tokens",
            "All cost, input and failures included, over generated tokens.",
            |row| row.effective_output_usd_per_mtok,
        ),
    ];
    for (name, help, price) in prices {
        text.family(
            name,
            Kind::Gauge,
            help,
            cells.iter().filter_map(|(labels, row)| Some((labels.clone(), price(row)?))),
        );
    }
    text.family(
        "tollmark_cost_usd",
        Kind::Gauge,
        "What the run's requests with a known price cost.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), row.cost_usd?))),
    );
    text.family(
        "tollmark_cost_usd_per_thousand_requests",
        Kind::Gauge,
        "What a thousand requests cost, where every price is known.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), row.cost_per_1k_requests_usd?))),
    );
}

fn standings(text: &mut Exposition, cells: &Cells<'_>) {
    // The latency that the limit is about, so that the two can be joined.
    let about = |labels: &Labels, row: &CellRow| {
        labels.and("metric", if row.is_open_load() { Metric::E2eFromDue } else { Metric::E2e }.name())
    };
    text.family(
        "tollmark_slo_seconds",
        Kind::Gauge,
        "The limit of the 99th percentile.",
        cells
            .iter()
            .filter_map(|(labels, row)| Some((about(labels, row), seconds(Latency::Finite(Standing::limit_of(row)?))))),
    );
    text.family(
        "tollmark_slo_met",
        Kind::Gauge,
        "1 where the 99th percentile surely keeps its limit, 0 where it surely does not; absent where it cannot be told.",
        cells.iter().filter_map(|(labels, row)| {
            let met = match Standing::of(row)? {
                Standing::Meets => 1,
                Standing::Misses => 0,
                Standing::CannotTell => return None,
            };
            Some((about(labels, row), met))
        }),
    );
    text.family(
        "tollmark_valid",
        Kind::Gauge,
        "0 where something other than the provider made the figures what they are, 1 where nothing did.",
        cells.iter().filter_map(|(labels, row)| Some((labels.clone(), u8::from(row.valid?)))),
    );
}

fn of_run(text: &mut Exposition, run: &Run) {
    let manifest = &run.manifest;
    let simulated = manifest.destination.simulated.map(|simulated| if simulated { "true" } else { "false" });
    let suite = Labels::default().with("suite", Some(&manifest.suite)).with("simulated", simulated);
    let at = |moment: &str| moment.parse::<Timestamp>().ok().map(Timestamp::as_second);
    text.family(
        "tollmark_run_start_timestamp_seconds",
        Kind::Gauge,
        "When the run started.",
        at(&manifest.started_at).map(|second| (suite.clone(), second)),
    );
    let succeeded = manifest.status == Status::Finished && run.cells.iter().any(|row| row.ok > 0);
    let ended = manifest.finished_at.as_deref().filter(|_| succeeded).and_then(at);
    text.family(
        "tollmark_last_success_timestamp_seconds",
        Kind::Gauge,
        "When the run ended, where it was carried out in full and not every request failed.",
        ended.map(|second| (suite, second)),
    );
}

/// Seconds, exact to the microsecond.
fn seconds(latency: Latency) -> String {
    match latency {
        Latency::Infinite => "+Inf".to_owned(),
        Latency::Finite(Micros(time)) => {
            let text = format!("{}.{:06}", time / 1_000_000, time % 1_000_000);
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests;
