//! Two runs of two nights held against each other: by how far nights differ though nothing changed.
//!
//! Within a run the requests of a night share its weather, and two nights do not. So a difference of two runs is held against the
//! spread of a history of nights, and without one nothing is concluded from it.

use crate::gate::draft::Test;
use crate::gate::finding::{Change, Ruling, Seen, Why};
use crate::gate::measure::{Bound, Measure};
use crate::gate::named::Pair;
use crate::gate::observed::Round;
use crate::gate::policy::{Regression, Timed};
use crate::gate::regression::{Compared, Found, at_deadline, change, together};
use crate::history::{CellKey, History, series, step_spread, turns};
use crate::rundir::CellRow;
use crate::stats::{Ordered, Share, quantile_interval, student_quantile, student_tail};
use crate::units::{Latency, Usd};

/// How far the nights of a history differ.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    /// The standard deviation of the difference of two nights, on the scale that the rule compares on.
    of_steps: f64,
    /// Pairs of neighbouring nights that it rests on.
    pairs: usize,
}

/// The scale that a rule compares on: logarithms where its bounds are shares of the baseline, else the figures themselves.
#[derive(Clone, Copy)]
struct Scale {
    is_ratio: bool,
}

impl Scale {
    fn of(rule: &Regression) -> Self {
        Self { is_ratio: matches!(rule.margin, Bound::Ratio(_)) && !rule.measure.is_ratio() }
    }

    fn at(self, value: f64) -> Option<f64> {
        if self.is_ratio { (value > 0.0).then(|| value.ln()) } else { Some(value) }
    }

    fn told(self, difference: f64) -> f64 {
        if self.is_ratio { difference.exp_m1() } else { difference }
    }

    fn bound(self, bound: f64) -> f64 {
        if self.is_ratio { bound.ln_1p() } else { bound }
    }
}

/// What `rule` finds in `pool` of two runs; absent where neither has the metric.
///
/// The figures of both are compared. What is uncertain of their difference is the sampling of either run, by the order statistics
/// of its requests, as a binomial share, or for costs by how far the rounds' differ, and besides the root mean square of the steps between neighbouring
/// nights of the cells, whose sum of squares is held against Student's t. The degrees of freedom are two thirds of the steps,
/// since neighbouring steps share a night (von Neumann, Annals of Mathematical Statistics 12, 1941). Without a spread nothing is
/// concluded.
pub(in crate::gate) fn compare_nights(
    compared: &Compared<'_>,
    rule: &Regression,
    pool: &[Pair],
    history: Option<&History>,
) -> Option<Found> {
    let rounds = match compared.rounds_of(rule.measure, pool)? {
        Ok(rounds) => rounds,
        Err(found) => return Some(found),
    };
    let rule_out = rule.rule_out?;
    let scale = Scale::of(rule);
    let (was, is) = together(&rounds);
    let deadline = compared.run.manifest.load.timeout_total_ms as f64;
    let side = |all: &Round, each: &[&Round]| Side::of(rule.measure, all, each, deadline, scale);
    let (baseline, candidate): (Vec<&Round>, Vec<&Round>) = rounds.iter().map(|(was, is)| (was, is)).unzip();
    let sides = (side(&was, &baseline)?, side(&is, &candidate)?);
    let figures = (sides.0.figure, sides.1.figure);
    let mut seen = change(&rounds, figures, None);
    if let Measure::Quantile { latency, .. } = rule.measure {
        seen.at_deadline = at_deadline(&rounds, latency);
    }
    let worse_when_less = rule.measure.is_better_when_greater();
    let difference = scale.at(figures.1).zip(scale.at(figures.0)).map(|(is, was)| is - was);
    seen.change = difference.map(|difference| scale.told(difference));
    let untested = |why| Some(Found::untested(Seen::Change(seen), why));
    let of_sides = sides.0.deviation.zip(sides.1.deviation).map(|(one, other)| one.hypot(other));
    let sampling = match rule.measure {
        Measure::CostPerThousand => of_rounds(&rounds, scale).or(of_sides),
        _ => of_sides,
    };
    let (Some(difference), Some(sampling)) = (difference, sampling) else {
        return untested(match rule.measure {
            Measure::Quantile { q, .. } => Why::TooFewRequests(crate::gate::least_in_a_round(q) as u64 * 4),
            _ => Why::OneRound,
        });
    };
    let Some(spread) = history.and_then(|history| spread_of(compared, rule.measure, pool, history, scale)) else {
        return untested(Why::NightsUnknown);
    };
    let bounds = [rule.margin, rule_out].map(|bound| match bound {
        Bound::Ratio(ratio) if rule.measure.is_ratio() => ratio * figures.0,
        bound => scale.bound(bound.size()),
    });
    if bounds[1] <= 0.0 {
        return untested(Why::ShareOfNothing);
    }
    let deviation = sampling.hypot(spread.of_steps).max(f64::MIN_POSITIVE);
    let freedom = (spread.pairs as f64 * 2.0 / 3.0).max(1.0);
    let worse = if worse_when_less { -difference } else { difference };
    let p_worse = student_tail(freedom, (worse - bounds[0]) / deviation);
    let p_ruled_out = student_tail(freedom, (bounds[1] - worse) / deviation);
    let reach = student_quantile(freedom, 1.0 - compared.alpha / 2.0) * deviation;
    seen = Change {
        low: Some(scale.told(difference - reach)),
        high: Some(scale.told(difference + reach)),
        p_worse: Some(p_worse),
        p_ruled_out: Some(p_ruled_out),
        ..seen
    };
    Some(Found {
        seen: Seen::Change(seen),
        ruling: Ruling::CannotTell,
        why: Some(Why::Nights(spread.pairs + 1)),
        would_settle: None,
        test: Some(Test::Nights { p_worse, p_ruled_out }),
    })
}

/// The standard deviation of the mean difference of the rounds' costs; absent where a round has none on one side, or there is no
/// second round.
///
/// Rounds of the same number replay the same prompts where the plan is the same, and how much dearer one prompt is than another
/// is then no part of how far the runs differ. Where it is not, differences vary by as much as both sides do.
fn of_rounds(rounds: &[(Round, Round)], scale: Scale) -> Option<f64> {
    let cost = |round: &Round| scale.at(round.cost_per_thousand()?);
    let differences: Vec<f64> = rounds.iter().map(|(was, is)| Some(cost(is)? - cost(was)?)).collect::<Option<_>>()?;
    of_mean(&differences, differences.iter().sum::<f64>() / differences.len() as f64)
}

/// The standard deviation of the mean of `values` around `centre`; absent with fewer than two.
fn of_mean(values: &[f64], centre: f64) -> Option<f64> {
    let n = values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt())
}

/// A measure of one run.
struct Side {
    figure: f64,
    /// The standard deviation of its sampling, on the scale that is compared on; absent where it cannot be told.
    deviation: Option<f64>,
}

impl Side {
    fn of(measure: Measure, all: &Round, each: &[&Round], deadline_ms: f64, scale: Scale) -> Option<Self> {
        match measure {
            Measure::Quantile { latency, q } => {
                let mut micros: Vec<u32> =
                    all.times_ms(latency, deadline_ms).into_iter().map(|ms| (ms * 1e3).round() as u32).collect();
                micros.sort_unstable();
                let ordered = Ordered::new(&micros, 0);
                let ms = |latency: Latency| latency.finite_ms();
                let figure = ms(ordered.quantile(q)?)?;
                // 1.96 standard deviations are on either side of a quantile in its 95 % interval.
                let interval = quantile_interval(ordered, q, 0.05)?;
                let (low, high) = (interval.low.and_then(ms), ms(interval.high));
                let width = low.zip(high).and_then(|(low, high)| Some(scale.at(high)? - scale.at(low)?));
                Some(Self { figure, deviation: width.map(|width| width / (2.0 * 1.959_964)) })
            }
            Measure::CostPerThousand => {
                let figure = all.cost_per_thousand()?;
                let costs: Vec<f64> = each.iter().filter_map(|round| round.cost_per_thousand()).collect();
                let on_scale = |of_mean: f64| if scale.is_ratio && figure > 0.0 { of_mean / figure } else { of_mean };
                Some(Self { figure, deviation: of_mean(&costs, figure).map(on_scale) })
            }
            _ => {
                let share = match measure {
                    Measure::ErrorRatio => all.attempt_failures(),
                    Measure::Quality => all.answers,
                    _ => all.failures(),
                };
                Self::of_share(share, measure.is_better_when_greater())
            }
        }
    }

    fn of_share(bad: Share, is_of_good: bool) -> Option<Self> {
        let (of, all) = (bad.of as f64, bad.all as f64);
        if bad.all == 0 {
            return None;
        }
        // None of so many does not make the share certain: half of one is added (Haldane and Anscombe).
        let p = (of + 0.5) / (all + 1.0);
        let figure = if is_of_good { 1.0 - of / all } else { of / all };
        Some(Self { figure, deviation: Some((p * (1.0 - p) / all).sqrt()) })
    }
}

/// How far the nights of the cells in `pool` differ, the root mean square over its cells as if their weather were one; absent where
/// any cell has too few nights.
fn spread_of(
    compared: &Compared<'_>,
    measure: Measure,
    pool: &[Pair],
    history: &History,
    scale: Scale,
) -> Option<Spread> {
    let all = series(history);
    let mut squares = 0.0;
    let mut least = usize::MAX;
    for pair in pool {
        // The variant is the name of the run here, and no part of what the cell is in other nights.
        let row = CellRow { variant: None, ..compared.run.cells[pair.candidate?].clone() };
        let key = CellKey::of(&row);
        let of_cell = all.iter().find(|series| series.key == key)?;
        let figure = |row: &CellRow| figure_of(measure, row).and_then(|value| scale.at(value));
        let (of_steps, pairs) = step_spread(of_cell, &turns(of_cell), figure)?;
        squares += of_steps.powi(2);
        least = least.min(pairs);
    }
    (least < usize::MAX).then(|| Spread { of_steps: (squares / pool.len() as f64).sqrt(), pairs: least })
}

/// The measure as `cells.csv` has it, in the unit of comparisons; absent where it is unknown or infinite.
fn figure_of(measure: Measure, row: &CellRow) -> Option<f64> {
    let ms = |latency: Option<Latency>| latency?.finite_ms();
    let at = |q: f64, other: f64| (q - other).abs() < 1e-9;
    match measure {
        Measure::Quantile { latency: Timed::Ttft, q } => ms(match q {
            q if at(q, 0.5) => row.ttft_p50_ms,
            q if at(q, 0.9) => row.ttft_p90_ms,
            q if at(q, 0.95) => row.ttft_p95_ms,
            _ => row.ttft_p99_ms,
        }),
        Measure::Quantile { latency: Timed::E2e, q } => ms(match q {
            q if at(q, 0.5) => row.primary_latency().p50,
            q if at(q, 0.9) && !row.is_open_load() => row.e2e_p90_ms,
            // In open load no p90 is kept: the p95 varies no less from night to night.
            q if q < 0.97 => row.primary_latency().p95,
            _ => row.primary_latency().p99,
        }),
        Measure::CostPerThousand => row.cost_per_1k_requests_usd.map(Usd::as_f64),
        Measure::ErrorRatio => row.attempt_error_ratio,
        Measure::Availability => row.availability,
        Measure::Quality => row.quality_ratio,
        Measure::ListOutputPrice | Measure::ListInputPrice => None,
    }
}
