//! The SLOs of a policy: what became of each in each cell of a run.

use std::collections::HashMap;

use crate::gate::draft::{Draft, Test};
use crate::gate::finding::{Finding, Place, Rule, Ruling, Seen, Why};
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
        } else if matches!(slo.promise, Promise::Quality { .. }) && !run.has_samples() {
            unasked(Unasked::NoRequests);
        } else if !has_metric(&slo.promise, cells.iter().map(|cell| &run.cells[*cell])) {
            unasked(Unasked::NoMetric { places: cells.len(), of: cells.len() });
        } else {
            asked.extend(cells.into_iter().map(|cell| Asked { index, slo, cell }));
        }
    }
    let counted = count(run, &asked)?;
    Ok(asked.iter().zip(counted).map(|(asked, counted)| asked.draft(run, counted)).collect())
}

/// An SLO in a cell.
struct Asked<'a> {
    index: usize,
    slo: &'a Slo,
    cell: usize,
}

impl Asked<'_> {
    fn draft(&self, run: &Run, Counted { requests, good }: Counted) -> Draft {
        let bad = requests.saturating_sub(good);
        let why = obstacle(run, self.cell).or_else(|| (requests == 0).then_some(Why::NoRequests));
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

/// The requests of a cell that a promise is about.
#[derive(Clone, Copy)]
struct Counted {
    requests: u64,
    /// Of these, those that surely are good: successes, within the limit where there is one; for quality, right answers.
    good: u64,
}

/// Whether any of the cells has what is promised, as far as it has answers at all.
fn has_metric<'a>(promise: &Promise, mut rows: impl Iterator<Item = &'a CellRow>) -> bool {
    match limit_of(promise) {
        Some((Timed::Ttft, _)) => rows.any(|row| row.ttft_p50_ms.is_some() || row.ok == 0),
        None if matches!(promise, Promise::Quality { .. }) => {
            rows.any(|row| row.quality_ratio.is_some() || row.ok == 0)
        }
        _ => true,
    }
}

fn count(run: &Run, asked: &[Asked<'_>]) -> Result<Vec<Counted>, RunDirError> {
    let mut of_cell: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, one) in asked.iter().enumerate() {
        of_cell.entry(run.cells[one.cell].cell.as_str()).or_default().push(index);
    }
    let limits: Vec<Option<(Timed, Micros)>> = asked.iter().map(|one| limit_of(&one.slo.promise)).collect();
    let beforehand = |one: &Asked<'_>| {
        let row = &run.cells[one.cell];
        match one.slo.promise {
            Promise::Availability { .. } => Counted { requests: row.requests, good: row.ok },
            Promise::Quality { .. } => Counted { requests: 0, good: 0 },
            Promise::Quantile { .. } | Promise::ShareOver { .. } => Counted { requests: row.requests, good: 0 },
        }
    };
    let mut counted: Vec<Counted> = asked.iter().map(beforehand).collect();
    if asked.iter().all(|one| matches!(one.slo.promise, Promise::Availability { .. })) {
        return Ok(counted);
    }
    if run.has_samples() {
        let notes = &run.manifest.cells;
        read_samples(&run.path, &run.manifest, |sample, _| {
            if sample.phase != Phase::Measured || !sample.outcome.is_ok() {
                return;
            }
            for index in of_cell.get(notes[sample.cell as usize].cell.as_str()).into_iter().flatten() {
                let of = &mut counted[*index];
                if let Some((latency, limit)) = limits[*index] {
                    of.good += u64::from(is_within(&sample, latency, limit));
                } else if let (Promise::Quality { .. }, Some(right)) = (asked[*index].slo.promise, sample.right) {
                    of.requests += 1;
                    of.good += u64::from(right);
                }
            }
        })?;
        return Ok(counted);
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
                counted[*index].good += limit.map_or(0, |(_, limit)| within(limit));
            }
        })?;
    }
    Ok(counted)
}

fn limit_of(promise: &Promise) -> Option<(Timed, Micros)> {
    match *promise {
        Promise::Quantile { latency, max, .. } => Some((latency, max)),
        Promise::ShareOver { latency, over, .. } => Some((latency, over)),
        Promise::Availability { .. } | Promise::Quality { .. } => None,
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
