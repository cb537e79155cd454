//! One measure of a route, held between two tables round by round.

use std::ops::Range;

use crate::forecast::outlook::{Outlook, Round};
use crate::forecast::table::RouteForecast;
use crate::forecast::weighted::Weighted;
use crate::gate::{
    Bound, Change, Comparison, Measure, Regression, Ruling, Seen, SharePair, Timed, Why, compare_figures,
    compare_shares, least_in_a_round,
};
use crate::stats::Share;
use crate::units::Latency;

/// What a comparison found.
pub(in crate::forecast) struct Compared {
    pub(in crate::forecast) seen: Seen,
    pub(in crate::forecast) ruling: Ruling,
    pub(in crate::forecast) why: Option<Why>,
    /// The p-values of "not worse than the margin" and of "worse than what is to be ruled out"; absent: nothing is to be tested.
    pub(in crate::forecast) test: Option<(f64, f64)>,
    /// Rounds that were compared; absent where their sums were.
    pub(in crate::forecast) rounds: Option<usize>,
}

impl Compared {
    /// Nothing can be told, for this reason.
    pub(in crate::forecast) const fn untold(why: Why) -> Self {
        Self { seen: Seen::Nothing, ruling: Ruling::CannotTell, why: Some(why), test: None, rounds: None }
    }

    /// Both tables do the same: there is nothing to test. Absent where the route does not have the metric.
    pub(in crate::forecast) fn unchanged(rule: &Regression, route: &RouteForecast, deadline_ms: f64) -> Option<Self> {
        let figure = figure(rule.measure, &route.outlook, deadline_ms)?;
        let requests = requests(&route.outlook);
        let change = Change {
            baseline: figure,
            candidate: figure,
            of_rounds: None,
            change: Some(0.0),
            low: None,
            high: None,
            p_worse: None,
            p_ruled_out: None,
            rounds: 0,
            by_rounds: false,
            requests: [requests; 2],
            at_deadline: [0; 2],
        };
        Some(Self { seen: Seen::Change(change), ruling: Ruling::Holds, why: None, test: None, rounds: None })
    }
}

/// Holds `rule` against both forecasts; absent where neither has the metric.
pub(in crate::forecast) fn compare(
    rule: &Regression,
    alpha: f64,
    (was, is): (&RouteForecast, &RouteForecast),
    deadline_ms: f64,
) -> Option<Compared> {
    let (was, is) = (&was.outlook, &is.outlook);
    let both = (figure(rule.measure, was, deadline_ms), figure(rule.measure, is, deadline_ms));
    let figures = match both {
        (None, None) => return None,
        (Some(_), None) => return Some(Compared { ruling: Ruling::Invalid, ..Compared::untold(Why::Vanished) }),
        (None, Some(_)) => return Some(Compared::untold(Why::New)),
        (Some(was), Some(is)) => (was, is),
    };
    let rule_out = rule.rule_out?;
    let by_rounds = |each: Vec<(f64, f64)>| {
        let comparison = compare_figures(&each, rule.margin, rule_out, alpha);
        tested((was, is), figures, &comparison, Some(each.len()))
    };
    match rule.measure {
        Measure::Quantile { latency, q } => {
            let groups = match groups(was, is, least_in_a_round(q) as f64) {
                Ok(groups) => groups,
                Err(needed) => return Some(Compared::untold(Why::TooFewRequests(needed))),
            };
            let (was_times, is_times) = (times(was, latency)?, times(is, latency)?);
            let of = |times: &Weighted, group: &Range<usize>| {
                quantile_ms(times, q, group.clone(), was.rounds.len(), deadline_ms)
            };
            let each = groups.iter().filter_map(|group| Some((of(was_times, group)?, of(is_times, group)?)));
            Some(by_rounds(each.collect()))
        }
        Measure::CostPerThousand => {
            if let Some(price) = doubt(was, is) {
                return Some(Compared::untold(Why::Price(price)));
            }
            let cost = |outlook: &Outlook, round| outlook.cost_of_round(round) * 1e3;
            Some(by_rounds((0..was.rounds.len()).map(|round| (cost(was, round), cost(is, round))).collect()))
        }
        measure => {
            let better_when_greater = measure.is_better_when_greater();
            let pairs: Vec<SharePair> = shares(was, measure)
                .into_iter()
                .zip(shares(is, measure))
                .map(|(baseline, candidate)| SharePair { baseline, candidate })
                .collect();
            let points = |bound: Bound| match bound {
                Bound::Ratio(ratio) => ratio * figures.0,
                Bound::Points(size) | Bound::Absolute(size) => size,
            };
            let (margin, out) = (points(rule.margin), points(rule_out));
            if out <= 0.0 {
                return Some(Compared::untold(Why::ShareOfNothing));
            }
            let mut comparison = compare_shares(&pairs, margin, out, alpha)?;
            if better_when_greater {
                let less = |bound: Option<f64>| bound.map(|bound| -bound);
                (comparison.low, comparison.high) = (less(comparison.high), less(comparison.low));
                comparison.change = -comparison.change;
            }
            let rounds = comparison.tested.is_some().then_some(comparison.rounds);
            Some(tested((was, is), figures, &comparison, rounds))
        }
    }
}

fn tested(
    (was, is): (&Outlook, &Outlook),
    figures: (f64, f64),
    comparison: &Comparison,
    rounds: Option<usize>,
) -> Compared {
    let change = Change {
        baseline: figures.0,
        candidate: figures.1,
        of_rounds: None,
        change: Some(comparison.change),
        low: comparison.low,
        high: comparison.high,
        p_worse: Some(comparison.p_worse),
        p_ruled_out: Some(comparison.p_ruled_out),
        rounds: comparison.rounds,
        by_rounds: comparison.tested.is_some(),
        requests: [requests(was), requests(is)],
        at_deadline: [0; 2],
    };
    Compared {
        seen: Seen::Change(change),
        ruling: Ruling::CannotTell,
        why: (figures.1 <= 0.0 && figures.0 > 0.0).then_some(Why::TurnedZero),
        test: Some((comparison.p_worse, comparison.p_ruled_out)),
        rounds,
    }
}

fn requests(outlook: &Outlook) -> u64 {
    outlook.rounds.iter().map(|round| round.effective).sum::<f64>() as u64
}

fn times(outlook: &Outlook, latency: Timed) -> Option<&Weighted> {
    match latency {
        Timed::Ttft => outlook.ttft(),
        Timed::E2e => outlook.e2e(),
    }
}

/// The figure over all rounds in the measure's unit; a failed request takes the deadline. Absent where the route has none.
fn figure(measure: Measure, outlook: &Outlook, deadline_ms: f64) -> Option<f64> {
    let rounds = outlook.rounds.len();
    let sum = |of: fn(&Round) -> f64| outlook.rounds.iter().map(of).sum::<f64>();
    let ratio = |part: f64, all: f64| (all > 0.0).then(|| part / all);
    match measure {
        Measure::Quantile { latency, q } => quantile_ms(times(outlook, latency)?, q, 0..rounds, rounds, deadline_ms),
        Measure::CostPerThousand => {
            Some((0..rounds).map(|round| outlook.cost_of_round(round)).sum::<f64>() * 1e3 / rounds.max(1) as f64)
        }
        Measure::ErrorRatio => ratio(sum(|round| round.failed_calls), sum(|round| round.calls)),
        Measure::Availability => ratio(sum(|round| round.ok), sum(|round| round.asked)),
        Measure::Quality => ratio(sum(|round| round.quality.0), sum(|round| round.quality.1)),
        Measure::ListOutputPrice | Measure::ListInputPrice => None,
    }
}

fn quantile_ms(times: &Weighted, q: f64, group: Range<usize>, rounds: usize, deadline_ms: f64) -> Option<f64> {
    let counted: Vec<f64> = (0..rounds).map(|round| if group.contains(&round) { 1.0 } else { 0.0 }).collect();
    let found = times.quantile(q, &counted)?;
    Some(match found {
        Latency::Finite(_) => found.finite_ms().unwrap_or(deadline_ms),
        Latency::Infinite => deadline_ms,
    })
}

/// Neighbouring rounds taken together until each group stands on `least` stored requests in both tables.
///
/// # Errors
/// There are not two such groups; the stored requests that would do.
fn groups(was: &Outlook, is: &Outlook, least: f64) -> Result<Vec<Range<usize>>, u64> {
    let effective: Vec<f64> =
        was.rounds.iter().zip(&is.rounds).map(|(was, is)| was.effective.min(is.effective)).collect();
    let mut groups: Vec<Range<usize>> = Vec::new();
    let (mut begin, mut held) = (0, 0.0);
    for (round, requests) in effective.iter().enumerate() {
        held += requests;
        if held >= least {
            groups.push(begin..round + 1);
            (begin, held) = (round + 1, 0.0);
        }
    }
    match groups.last_mut() {
        Some(last) => last.end = effective.len(),
        None => return Err((least * effective.len().max(1) as f64) as u64),
    }
    if groups.len() < 2 && effective.len() > 1 {
        return Err((least * effective.len() as f64) as u64);
    }
    Ok(groups)
}

/// Of so many stored requests of each round so many would be bad; what is rounded in one round is made up for in the next.
fn shares(outlook: &Outlook, measure: Measure) -> Vec<Share> {
    let bad = |round: &Round| match measure {
        Measure::ErrorRatio => (round.failed_calls, round.calls),
        Measure::Quality => (round.quality.1 - round.quality.0, round.quality.1),
        _ => (round.asked - round.ok, round.asked),
    };
    let (mut all, mut of) = (0.0, 0.0);
    let mut counted = (0_u64, 0_u64);
    let share = |round: &Round| {
        let (part, whole) = bad(round);
        all += round.effective;
        of += if whole > 0.0 { (part / whole).clamp(0.0, 1.0) * round.effective } else { 0.0 };
        let until = ((of + 0.5) as u64, (all + 0.5) as u64);
        let share = Share { of: (until.0 - counted.0).min(until.1 - counted.1), all: until.1 - counted.1 };
        counted = (counted.0 + share.of, until.1);
        share
    };
    outlook.rounds.iter().map(share).collect()
}

/// A price that is unknown or assumed and does not bear alike on both sides; absent where none is.
fn doubt(was: &Outlook, is: &Outlook) -> Option<String> {
    if let Some(model) = was.unknown.symmetric_difference(&is.unknown).next() {
        return Some(format!("a price of `{model}` is unknown"));
    }
    if let Some((model, key)) = was.assumed.symmetric_difference(&is.assumed).next() {
        return Some(format!("the {} price of `{model}` is assumed", key.name()));
    }
    let lacks = |outlook: &Outlook| outlook.handed > 0.0 && outlook.human_cost.is_none();
    let differs = (was.handed - is.handed).abs() > 1e-9;
    ((lacks(was) || lacks(is)) && differs).then(|| "what a person costs is unknown".to_owned())
}
