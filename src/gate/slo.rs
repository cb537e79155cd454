//! A run by itself held against the SLOs of a policy.

use std::collections::HashMap;

use crate::gate::named::Named;
use crate::gate::policy::{Policy, Promise, Severity, Slo, Timed};
use crate::gate::promise::{Kept, kept, requests_to_settle};
use crate::rundir::{CellRow, Run, RunDirError, read_intervals, read_samples};
use crate::sample::{Phase, Sample};
use crate::stats::holm;
use crate::tally::Metric;
use crate::units::Micros;

/// What became of one SLO in one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The SLO's place in the policy.
    pub slo: usize,
    /// The cell's place in the run.
    pub cell: usize,
    /// Requests that ended and count.
    pub requests: u64,
    /// Of these, those that the promise does not want: failed, or over the limit.
    pub bad: u64,
    /// What the two say.
    pub ruling: Ruling,
    /// The p-value of "it holds", adjusted by Holm over all blocking SLOs of the run; absent without a request.
    pub p: Option<f64>,
    /// Requests that would settle it, if the share of bad ones stayed what it is; absent where it is settled, or no number
    /// would.
    pub would_settle: Option<u64>,
}

/// What is known of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruling {
    /// Surely broken.
    Broken,
    /// The cell's figures may not be judged, or there is none.
    Invalid,
    /// Neither can be said.
    CannotTell,
    /// Surely kept.
    Holds,
}

/// What a whole policy makes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that blocks surely holds.
    Passed,
    /// Something that blocks is surely broken.
    Regressed,
    /// Something that blocks cannot be told, and the policy blocks on that.
    Inconclusive,
    /// Something that blocks cannot be judged, and nothing is surely broken; or nothing at all was measured.
    Invalid,
}

/// Every SLO of `policy` that is about this run alone, for each cell of `run` that it matches, in the policy's order; and
/// what they make of the run.
///
/// Failures, and requests without the latency in question, count as bad. Latencies are those of the requests, or where the
/// run holds none of its histograms, whose buckets are taken at their upper end.
///
/// # Errors
/// The run's files cannot be read.
pub fn judge_slos(policy: &Policy, run: &Run) -> Result<(Vec<Finding>, Verdict), RunDirError> {
    let mut findings = Vec::new();
    for (index, slo) in policy.slos.iter().enumerate().filter(|(_, slo)| slo.window_days.is_none()) {
        let cells = run.cells.iter().enumerate().filter(|(_, row)| slo.matches.takes(&Named::from(*row)));
        findings.extend(cells.map(|(cell, row)| Finding {
            slo: index,
            cell,
            requests: row.requests,
            bad: row.requests,
            ruling: Ruling::CannotTell,
            p: None,
            would_settle: None,
        }));
    }
    count_good(policy, run, &mut findings)?;
    rule(policy, run, &mut findings);
    let verdict = verdict(policy, &findings);
    Ok((findings, verdict))
}

/// Takes from the bad requests of each finding those that are surely good: successes, within the limit where there is one.
fn count_good(policy: &Policy, run: &Run, findings: &mut [Finding]) -> Result<(), RunDirError> {
    let mut of_cell: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, finding) in findings.iter().enumerate() {
        of_cell.entry(run.cells[finding.cell].cell.as_str()).or_default().push(index);
    }
    let limits: Vec<Option<(Timed, Micros)>> =
        findings.iter().map(|finding| limit_of(&policy.slos[finding.slo].promise)).collect();
    let success_alone = |(finding, limit): (&Finding, &Option<_>)| match limit {
        None => run.cells[finding.cell].ok,
        Some(_) => 0,
    };
    let mut good: Vec<u64> = findings.iter().zip(&limits).map(success_alone).collect();
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
    } else {
        for metric in [Metric::Ttft, Metric::E2e, Metric::E2eFromDue] {
            read_intervals(&run.path, metric, |cell, histogram| {
                for index in of_cell.get(cell).into_iter().flatten() {
                    let row = &run.cells[findings[*index].cell];
                    let limit = limits[*index].filter(|(latency, _)| metric_of(*latency, row) == metric);
                    let within = |limit: Micros| {
                        let steps =
                            histogram.iter_recorded().filter(|step| step.value_iterated_to() <= u64::from(limit.0));
                        steps.map(|step| step.count_at_value()).sum::<u64>()
                    };
                    good[*index] += limit.map_or(0, |(_, limit)| within(limit));
                }
            })?;
        }
    }
    for (finding, good) in findings.iter_mut().zip(good) {
        finding.bad = finding.requests.saturating_sub(good);
    }
    Ok(())
}

/// The latency that a promise is about, with its limit; absent for one about success alone.
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

fn rule(policy: &Policy, run: &Run, findings: &mut [Finding]) {
    let known = |finding: &Finding| kept(finding.requests, finding.bad, promise(policy, finding).bad_share());
    let kept: Vec<Option<Kept>> = findings.iter().map(known).collect();
    let blocks = |finding: &Finding| policy.slos[finding.slo].severity == Severity::Block;
    // What only warns takes nothing of the chance of a false alarm from what blocks.
    let p_values = |blocking: bool| {
        let of = findings.iter().zip(&kept).enumerate().filter(|(_, (finding, _))| blocks(finding) == blocking);
        let of: Vec<(usize, f64)> =
            of.filter_map(|(index, (_, kept))| Some((index, kept.as_ref()?.p_broken))).collect();
        let adjusted = holm(&of.iter().map(|(_, p)| *p).collect::<Vec<_>>());
        of.into_iter().map(|(index, _)| index).zip(adjusted).collect::<Vec<_>>()
    };
    let adjusted: HashMap<usize, f64> = p_values(true).into_iter().chain(p_values(false)).collect();
    for (index, finding) in findings.iter_mut().enumerate() {
        let (row, slo) = (&run.cells[finding.cell], &policy.slos[finding.slo]);
        finding.p = adjusted.get(&index).copied();
        let Some(kept) = kept[index] else {
            finding.ruling = Ruling::Invalid;
            continue;
        };
        finding.ruling = if row.valid == Some(false) || row.is_saturated() {
            Ruling::Invalid
        } else if finding.p.is_some_and(|p| p <= policy.alpha) {
            Ruling::Broken
        } else if kept.p_holds <= 1.0 - slo.confidence {
            Ruling::Holds
        } else {
            let allowed = slo.promise.bad_share();
            finding.would_settle = requests_to_settle(finding.requests, finding.bad, allowed, slo.confidence);
            Ruling::CannotTell
        };
    }
}

fn promise<'p>(policy: &'p Policy, finding: &Finding) -> &'p Promise {
    &policy.slos[finding.slo].promise
}

fn verdict(policy: &Policy, findings: &[Finding]) -> Verdict {
    let slo = |finding: &Finding| -> &Slo { &policy.slos[finding.slo] };
    let any = |ruling| findings.iter().any(|one| one.ruling == ruling && slo(one).severity == Severity::Block);
    if any(Ruling::Broken) {
        Verdict::Regressed
    } else if any(Ruling::Invalid) || findings.iter().all(|one| one.ruling == Ruling::Invalid) {
        Verdict::Invalid
    } else if any(Ruling::CannotTell) && policy.inconclusive.ab == Severity::Block {
        Verdict::Inconclusive
    } else {
        Verdict::Passed
    }
}
