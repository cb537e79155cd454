//! Requests that are as a promise wants them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::gate::policy::{Promise, Timed};
use crate::rundir::{CellRow, Run, RunDirError, read_intervals, read_samples};
use crate::sample::{Phase, Sample};
use crate::tally::Metric;
use crate::units::Micros;

/// A cell of a run, and what was promised of it.
pub(in crate::gate) struct Wanted<'a> {
    pub(in crate::gate) row: &'a CellRow,
    pub(in crate::gate) promise: &'a Promise,
}

/// The requests of a cell that a promise is about.
#[derive(Clone, Copy)]
pub(in crate::gate) struct Counted {
    pub(in crate::gate) requests: u64,
    /// Of these, those that surely are good: successes, within the limit where there is one; for quality, right answers;
    /// for consistency, those that are as the first answer to the same request was.
    pub(in crate::gate) good: u64,
}

/// The requests of `run` that each of `wanted` is about.
///
/// Latencies are those of the requests, or where the run holds none of its histograms, whose buckets are taken at their upper end;
/// answers are judged by requests alone.
///
/// # Errors
/// The run's files cannot be read.
pub(in crate::gate) fn count(run: &Run, wanted: &[Wanted<'_>]) -> Result<Vec<Counted>, RunDirError> {
    let mut of_cell: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, one) in wanted.iter().enumerate() {
        of_cell.entry(one.row.cell.as_str()).or_default().push(index);
    }
    let limits: Vec<Option<(Timed, Micros)>> = wanted.iter().map(|one| limit_of(one.promise)).collect();
    let beforehand = |one: &Wanted<'_>| {
        let row = one.row;
        match one.promise {
            Promise::Availability { .. } => Counted { requests: row.requests, good: row.ok },
            Promise::Quality { .. } | Promise::Consistency { .. } => Counted { requests: 0, good: 0 },
            Promise::Quantile { .. } | Promise::ShareOver { .. } => Counted { requests: row.requests, good: 0 },
        }
    };
    let mut counted: Vec<Counted> = wanted.iter().map(beforehand).collect();
    if wanted.iter().all(|one| matches!(one.promise, Promise::Availability { .. })) {
        return Ok(counted);
    }
    if run.has_samples() {
        let notes = &run.manifest.cells;
        // The first answer to each line, by what asks for it.
        let mut first: HashMap<(usize, u32), u64> = HashMap::new();
        read_samples(&run.path, &run.manifest, |sample, _| {
            if sample.phase != Phase::Measured || !sample.outcome.is_ok() {
                return;
            }
            // One that took a route is asked for twice, as its table's and as its route's.
            let cells = std::iter::once(sample.cell).chain(sample.route).map(|cell| &notes[cell as usize].cell);
            for index in cells.filter_map(|cell| of_cell.get(cell.as_str())).flatten() {
                let of = &mut counted[*index];
                if let Some((latency, limit)) = limits[*index] {
                    of.good += u64::from(is_within(&sample, latency, limit));
                } else if let (Promise::Quality { .. }, Some(right)) = (wanted[*index].promise, sample.right) {
                    of.requests += 1;
                    of.good += u64::from(right);
                } else if let (Promise::Consistency { .. }, Some(answer)) = (wanted[*index].promise, sample.answer_hash)
                    && sample.greedy
                {
                    match first.entry((*index, sample.line)) {
                        Entry::Vacant(entry) => _ = entry.insert(answer),
                        Entry::Occupied(entry) => {
                            of.requests += 1;
                            of.good += u64::from(*entry.get() == answer);
                        }
                    }
                }
            }
        })?;
        return Ok(counted);
    }
    // A table as a whole has no histograms but those of its routes.
    let wholes: HashMap<&str, &str> =
        run.manifest.cells.iter().filter_map(|note| Some((note.cell.as_str(), note.part_of.as_deref()?))).collect();
    for metric in [Metric::Ttft, Metric::E2e, Metric::E2eFromDue] {
        read_intervals(&run.path, metric, |cell, histogram| {
            let slugs = [Some(cell), wholes.get(cell).copied()].into_iter().flatten();
            for index in slugs.filter_map(|slug| of_cell.get(slug)).flatten() {
                let row = wanted[*index].row;
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

/// The latency that a promise is about, with its limit; absent for one about success or answers.
pub(in crate::gate) fn limit_of(promise: &Promise) -> Option<(Timed, Micros)> {
    match *promise {
        Promise::Quantile { latency, max, .. } => Some((latency, max)),
        Promise::ShareOver { latency, over, .. } => Some((latency, over)),
        Promise::Availability { .. } | Promise::Quality { .. } | Promise::Consistency { .. } => None,
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
