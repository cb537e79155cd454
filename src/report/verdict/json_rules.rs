//! The rules of a verdict for programs.

use serde::Serialize;

use crate::gate::{Bound, Change, Finding, Measure, Place, Pool, Promise, Regression, Ruling, Seen, Slo, kept};
use crate::report::verdict::Judgement;
use crate::report::verdict::json::{ruling_name, severity_name};
use crate::report::verdict::words::trimmed;
use crate::rundir::CellRow;
use crate::stats::Share;
use crate::units::{Latency, UsdPerMtok};

/// An SLO in a cell.
#[derive(Serialize)]
pub(super) struct SloEntry<'a> {
    slo: &'a str,
    line: Option<usize>,
    severity: &'static str,
    metric: String,
    limit_ms: Option<Latency>,
    allowed_bad_ratio: f64,
    confidence: f64,
    cell: &'a str,
    variant: Option<&'a str>,
    provider: &'a str,
    model: &'a str,
    region: Option<&'a str>,
    tier: Option<u8>,
    route: Option<&'a str>,
    workload: &'a str,
    ruling: &'static str,
    requests: u64,
    bad: u64,
    bad_ratio_low: Option<f64>,
    bad_ratio_high: Option<f64>,
    p_holds: Option<f64>,
    p_broken: Option<f64>,
    requests_to_settle: Option<u64>,
    why: Option<String>,
    seen: String,
}

impl<'a> SloEntry<'a> {
    pub(super) fn of(judgement: &Judgement<'a>, finding: &Finding, slo: &'a Slo) -> Self {
        let row = judgement.row(finding);
        let (metric, limit) = match slo.promise {
            Promise::Quantile { latency, q, max } => {
                (format!("{}_p{}_ms", latency.name(), trimmed(q * 100.0)), Some(max))
            }
            Promise::ShareOver { latency, over, .. } => (format!("{}_share_over", latency.name()), Some(over)),
            Promise::Availability { .. } => ("availability".to_owned(), None),
            Promise::Quality { .. } => ("quality_ratio".to_owned(), None),
            Promise::Consistency { .. } => ("consistency_ratio".to_owned(), None),
        };
        let (requests, bad) = match finding.seen {
            Seen::Counts { requests, bad } => (requests, bad),
            _ => (0, 0),
        };
        let judged = Some(Share { of: bad, all: requests }).filter(|_| finding.ruling != Ruling::Invalid);
        // Each end by itself is what its one-sided test leaves at that confidence.
        let interval = judged.and_then(|share| share.interval(2.0 * (1.0 - slo.confidence)));
        Self {
            slo: &slo.name,
            line: slo.line,
            severity: severity_name(slo.severity),
            metric,
            limit_ms: limit.map(Latency::Finite),
            // 1 − 0.95 is not 0.05 in binary, and is meant to be.
            allowed_bad_ratio: (slo.promise.bad_share() * 1e12).round() / 1e12,
            confidence: slo.confidence,
            cell: &row.cell,
            variant: row.variant.as_deref(),
            provider: &row.provider,
            model: &row.model,
            region: row.region.as_deref(),
            tier: row.tier,
            route: row.route.as_deref(),
            workload: &row.workload,
            ruling: ruling_name(finding.ruling),
            requests,
            bad,
            bad_ratio_low: interval.map(|(low, _)| low),
            bad_ratio_high: interval.map(|(_, high)| high),
            p_holds: judged.and_then(|share| Some(kept(share.all, share.of, slo.promise.bad_share())?.p_holds)),
            p_broken: finding.p,
            requests_to_settle: finding.would_settle,
            why: finding.why.as_ref().map(ToString::to_string),
            seen: judgement.seen(finding),
        }
    }
}

/// A comparison of two cells, or of several pairs together.
#[derive(Serialize)]
pub(super) struct RegressionEntry<'a> {
    rule: String,
    line: Option<usize>,
    severity: &'static str,
    metric: &'static str,
    pool: &'static str,
    margin: f64,
    rule_out: Option<f64>,
    unit: &'static str,
    pairs: Vec<PairEntry<'a>>,
    ruling: &'static str,
    baseline: Option<f64>,
    candidate: Option<f64>,
    baseline_of_rounds: Option<f64>,
    candidate_of_rounds: Option<f64>,
    change: Option<f64>,
    change_unit: &'static str,
    change_low: Option<f64>,
    change_high: Option<f64>,
    requests_baseline: Option<u64>,
    requests_candidate: Option<u64>,
    at_deadline_baseline: Option<u64>,
    at_deadline_candidate: Option<u64>,
    rounds: Option<usize>,
    p_worse: Option<f64>,
    p_worse_adjusted: Option<f64>,
    p_ruled_out: Option<f64>,
    requests_to_settle: Option<u64>,
    why: Option<String>,
    seen: String,
}

#[derive(Serialize)]
struct PairEntry<'a> {
    baseline: &'a str,
    candidate: Option<&'a str>,
    provider: &'a str,
    model: &'a str,
    region: Option<&'a str>,
    tier: Option<u8>,
    route: Option<&'a str>,
    workload: &'a str,
}

impl<'a> RegressionEntry<'a> {
    pub(super) fn of(judgement: &Judgement<'a>, finding: &Finding, rule: &Regression) -> Self {
        let pairs = match &finding.place {
            Place::Cell(_) => &[][..],
            Place::Pairs(pairs) => pairs,
        };
        let cell = |place: usize| -> &'a CellRow { &judgement.run.cells[place] };
        let pairs = pairs.iter().map(|pair| {
            let row = cell(pair.baseline);
            PairEntry {
                baseline: &row.cell,
                candidate: pair.candidate.map(|place| cell(place).cell.as_str()),
                provider: &row.provider,
                model: &row.model,
                region: row.region.as_deref(),
                tier: row.tier,
                route: row.route.as_deref(),
                workload: &row.workload,
            }
        });
        let change: Option<Change> = match finding.seen {
            Seen::Change(change) => Some(change),
            _ => None,
        };
        let (baseline, candidate) = match finding.seen {
            Seen::Change(change) => (Some(change.baseline), Some(change.candidate)),
            Seen::Prices { baseline, candidate } => {
                (baseline.map(UsdPerMtok::as_f64), candidate.map(UsdPerMtok::as_f64))
            }
            _ => (None, None),
        };
        let of_rounds = change.and_then(|change| change.of_rounds);
        let timed = change.filter(|_| matches!(rule.measure, Measure::Quantile { .. }));
        Self {
            rule: rule.title(),
            line: rule.line,
            severity: severity_name(rule.severity),
            metric: rule.measure.name(),
            pool: match rule.pool {
                Pool::Cell => "cell",
                Pool::Route => "route",
                Pool::All => "all",
            },
            margin: rule.margin.size(),
            rule_out: rule.rule_out.map(Bound::size),
            unit: unit(rule.measure, rule.margin),
            pairs: pairs.collect(),
            ruling: ruling_name(finding.ruling),
            baseline,
            candidate,
            baseline_of_rounds: of_rounds.map(|[was, _]| was),
            candidate_of_rounds: of_rounds.map(|[_, is]| is),
            change: change.and_then(|change| change.change),
            change_unit: if rule.measure.is_ratio() { "difference" } else { unit(rule.measure, rule.margin) },
            change_low: change.and_then(|change| change.low),
            change_high: change.and_then(|change| change.high),
            requests_baseline: change.map(|change| change.requests[0]),
            requests_candidate: change.map(|change| change.requests[1]),
            at_deadline_baseline: timed.map(|change| change.at_deadline[0]),
            at_deadline_candidate: timed.map(|change| change.at_deadline[1]),
            rounds: change.filter(|change| change.by_rounds).map(|change| change.rounds),
            p_worse: change.and_then(|change| change.p_worse),
            p_worse_adjusted: finding.p,
            p_ruled_out: change.and_then(|change| change.p_ruled_out),
            requests_to_settle: finding.would_settle,
            why: finding.why.as_ref().map(ToString::to_string),
            seen: judgement.seen(finding),
        }
    }
}

/// What a bound is a number of.
const fn unit(measure: Measure, bound: Bound) -> &'static str {
    match bound {
        Bound::Ratio(_) => "of_baseline",
        Bound::Points(_) => "difference",
        Bound::Absolute(_) if matches!(measure, Measure::Quantile { .. }) => "ms",
        Bound::Absolute(_) => "usd",
    }
}
