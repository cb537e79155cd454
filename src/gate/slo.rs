//! The SLOs of a policy: what became of each in each cell of a run.

use std::collections::HashMap;

use crate::gate::draft::{Draft, Test};
use crate::gate::finding::{Finding, Place, Rule, Ruling, Seen};
use crate::gate::judge::{NotAsked, Unasked};
use crate::gate::named::Named;
use crate::gate::obstacle::obstacle;
use crate::gate::policy::{Policy, Promise, Slo, Timed};
use crate::gate::promise::kept;
use crate::rundir::{CellRow, Run, RunDirError, read_intervals, read_samples};
use crate::sample::{Phase, Sample};
use crate::tally::Metric;
use crate::units::Micros;

/// Every SLO of `policy` that is about this run alone, for each cell of `run` that it matches; those that cannot be asked go to
/// `not_asked`.
pub(in crate::gate) fn slo_drafts(
    policy: &Policy,
    run: &Run,
    not_asked: &mut Vec<NotAsked>,
) -> Result<Vec<Draft>, RunDirError> {
    let mut asked: Vec<Asked<'_>> = Vec::new();
    for (index, slo) in policy.slos.iter().enumerate() {
        let mut unasked = |reason| not_asked.push(NotAsked { rule: Rule::Slo(index), reason });
        if slo.window_days.is_some() {
            unasked(Unasked::Window);
            continue;
        }
        let cells = (0..run.cells.len()).filter(|cell| slo.matches.takes(&Named::from(&run.cells[*cell])));
        let cells: Vec<usize> = cells.collect();
        if cells.is_empty() {
            unasked(Unasked::NothingMatches);
        } else if !has_metric(&slo.promise, cells.iter().map(|cell| &run.cells[*cell])) {
            unasked(Unasked::NoMetric { places: cells.len(), of: cells.len() });
        } else {
            asked.extend(cells.into_iter().map(|cell| Asked { index, slo, cell }));
        }
    }
    let good = count_good(run, &asked)?;
    Ok(asked.iter().zip(good).map(|(asked, good)| asked.draft(run, good)).collect())
}

/// An SLO in a cell.
struct Asked<'a> {
    index: usize,
    slo: &'a Slo,
    cell: usize,
}

impl Asked<'_> {
    /// Of the requests of the cell, `good` surely are good: successes, within the limit where there is one.
    fn draft(&self, run: &Run, good: u64) -> Draft {
        let requests = run.cells[self.cell].requests;
        let bad = requests.saturating_sub(good);
        let why = obstacle(run, self.cell);
        let allowed = self.slo.promise.bad_share();
        let kept = kept(requests, bad, allowed).filter(|_| why.is_none());
        Draft {
            finding: Finding {
                rule: Rule::Slo(self.index),
                place: Place::Cell(self.cell),
                seen: Seen::Counts { requests, bad },
                ruling: if kept.is_some() { Ruling::CannotTell } else { Ruling::Invalid },
                p: None,
                would_settle: None,
                why,
            },
            test: kept.map(|kept| Test::Promise { kept, allowed, confidence: self.slo.confidence }),
        }
    }
}

/// Whether any of the cells has what is promised, as far as it has answers at all.
fn has_metric<'a>(promise: &Promise, mut rows: impl Iterator<Item = &'a CellRow>) -> bool {
    match limit_of(promise) {
        Some((Timed::Ttft, _)) => rows.any(|row| row.ttft_p50_ms.is_some() || row.ok == 0),
        _ => true,
    }
}

fn count_good(run: &Run, asked: &[Asked<'_>]) -> Result<Vec<u64>, RunDirError> {
    let mut of_cell: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, one) in asked.iter().enumerate() {
        of_cell.entry(run.cells[one.cell].cell.as_str()).or_default().push(index);
    }
    let limits: Vec<Option<(Timed, Micros)>> = asked.iter().map(|one| limit_of(&one.slo.promise)).collect();
    let success_alone = |(one, limit): (&Asked<'_>, &Option<_>)| match limit {
        None => run.cells[one.cell].ok,
        Some(_) => 0,
    };
    let mut good: Vec<u64> = asked.iter().zip(&limits).map(success_alone).collect();
    if limits.iter().all(Option::is_none) {
        return Ok(good);
    }
    if run.has_samples() {
        let notes = &run.manifest.cells;
        read_samples(&run.path, &run.manifest, |sample, _| {
            if sample.phase != Phase::Measured || !sample.outcome.is_ok() {
                return;
            }
            for index in of_cell.get(notes[sample.cell as usize].cell.as_str()).into_iter().flatten() {
                good[*index] +=
                    u64::from(limits[*index].is_some_and(|(latency, limit)| is_within(&sample, latency, limit)));
            }
        })?;
        return Ok(good);
    }
    for metric in [Metric::Ttft, Metric::E2e, Metric::E2eFromDue] {
        read_intervals(&run.path, metric, |cell, histogram| {
            for index in of_cell.get(cell).into_iter().flatten() {
                let row = &run.cells[asked[*index].cell];
                let limit = limits[*index].filter(|(latency, _)| metric_of(*latency, row) == metric);
                let within = |limit: Micros| {
                    let steps = histogram.iter_recorded().filter(|step| step.value_iterated_to() <= u64::from(limit.0));
                    steps.map(|step| step.count_at_value()).sum::<u64>()
                };
                good[*index] += limit.map_or(0, |(_, limit)| within(limit));
            }
        })?;
    }
    Ok(good)
}

fn limit_of(promise: &Promise) -> Option<(Timed, Micros)> {
    match *promise {
        Promise::Quantile { latency, max, .. } => Some((latency, max)),
        Promise::ShareOver { latency, over, .. } => Some((latency, over)),
        Promise::Availability { .. } => None,
    }
}

fn is_within(sample: &Sample, latency: Timed, limit: Micros) -> bool {
    let took = match latency {
        Timed::Ttft => sample.ttft(),
        Timed::E2e => sample.e2e_from_due().or_else(|| sample.e2e()),
    };
    took.is_some_and(|took| took <= limit)
}

fn metric_of(latency: Timed, row: &CellRow) -> Metric {
    match latency {
        Timed::Ttft => Metric::Ttft,
        Timed::E2e if row.is_open_load() => Metric::E2eFromDue,
        Timed::E2e => Metric::E2e,
    }
}
