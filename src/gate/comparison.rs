//! A candidate held against its baseline, round by round.
//!
//! Both variants of one run send the same prompts interleaved, so that whatever happens to the provider in a round happens to
//! both. What is compared is therefore the ratio, or the difference, within each round, and rounds are what is counted.

use crate::gate::measure::Bound;
use crate::stats::{shift_bounds, sign_flip};

/// One round of both variants: what each of their requests took or cost, in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoundPair {
    /// Of the baseline. A failed request counts as its total deadline, so that ratios stay finite.
    pub baseline: Vec<f64>,
    /// Of the candidate.
    pub candidate: Vec<f64>,
}

/// What the rounds say of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// By how much the candidate is worse, in the unit of the margin: a share of the baseline, a difference of shares, or a
    /// difference in the measure's own unit; below 0 it is better. The mean over the rounds, of logarithms where it is a share
    /// of the baseline.
    pub change: f64,
    /// The interval of that with confidence `1 − alpha`, from the same test; absent ends are those that so few rounds cannot
    /// give.
    pub low: Option<f64>,
    /// See `low`.
    pub high: Option<f64>,
    /// The p-value of "not worse than the margin": small says that it is surely worse.
    pub p_worse: f64,
    /// The p-value of "worse than what is to be ruled out": small says that it surely is not.
    pub p_ruled_out: f64,
    /// Rounds that both variants have requests in.
    pub rounds: usize,
    /// What the rounds were tested by; absent where their sums were.
    pub tested: Option<Tested>,
}

/// The differences of rounds on the scale that they are tested on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tested {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation; 0 for a single round.
    pub deviation: f64,
    /// The margin.
    pub margin: f64,
    /// What is to be ruled out.
    pub rule_out: f64,
}

/// The quantile `q` of each round of the baseline and of the candidate. Rounds that neither has requests in are left out.
///
/// # Errors
/// The requests that each variant would need in all, where a round has too few for such a quantile: fewer than one of its
/// requests would lie beyond.
pub fn round_quantiles(rounds: &[RoundPair], q: f64) -> Result<Vec<(f64, f64)>, u64> {
    let rounds = || rounds.iter().filter(|round| !round.baseline.is_empty() || !round.candidate.is_empty());
    let least = least_in_a_round(q);
    let fewest = rounds().map(|round| round.baseline.len().min(round.candidate.len())).min().unwrap_or(0);
    if fewest < least {
        return Err((least * rounds().count().max(1)) as u64);
    }
    let of = |round: &RoundPair| Some((quantile(&round.baseline, q)?, quantile(&round.candidate, q)?));
    Ok(rounds().filter_map(of).collect())
}

/// The figures of each round, the baseline's first, held against two bounds of one unit.
///
/// Where that is a share of the baseline, per round `ln(candidate / baseline) − ln(1 + bound)`, else
/// `candidate − baseline − bound`; and of either the one-sided sign-flip test of their sum.
pub fn compare_figures(figures: &[(f64, f64)], margin: Bound, rule_out: Bound, alpha: f64) -> Comparison {
    if let Bound::Ratio(_) = margin {
        let logs: Vec<f64> = figures.iter().map(|(baseline, candidate)| log_ratio(*baseline, *candidate)).collect();
        return held_against(&logs, margin.size().ln_1p(), rule_out.size().ln_1p(), alpha, f64::exp_m1);
    }
    let differences: Vec<f64> = figures.iter().map(|(baseline, candidate)| candidate - baseline).collect();
    held_against(&differences, margin.size(), rule_out.size(), alpha, |shift| shift)
}

/// The logarithm of candidate over baseline. What became or was 0 counts as a thousand million times less.
pub(in crate::gate) fn log_ratio(baseline: f64, candidate: f64) -> f64 {
    const FARTHEST: f64 = 20.7;
    match (baseline > 0.0, candidate > 0.0) {
        (true, true) => (candidate / baseline).ln().clamp(-FARTHEST, FARTHEST),
        (true, false) => -FARTHEST,
        (false, true) => FARTHEST,
        (false, false) => 0.0,
    }
}

/// The requests of a round that such a quantile needs: one must be expected to lie beyond it.
pub fn least_in_a_round(q: f64) -> usize {
    // A share such as 1 − 0.99 is not exact, and must not ask for one request more.
    (1.0 / (1.0 - q) - 1e-9).ceil() as usize
}

/// The test of `differences` against both bounds on their own scale; `told` brings a figure to the scale of people.
pub(in crate::gate) fn held_against(
    differences: &[f64],
    margin: f64,
    rule_out: f64,
    alpha: f64,
    told: impl Fn(f64) -> f64,
) -> Comparison {
    let (p_worse, p_ruled_out) = p_values(differences, margin, rule_out);
    let (low, high) = shift_bounds(differences, alpha / 2.0);
    let count = differences.len().max(1) as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
    Comparison {
        change: told(mean),
        low: low.map(&told),
        high: high.map(&told),
        p_worse,
        p_ruled_out,
        rounds: differences.len(),
        tested: Some(Tested { mean, deviation: (squares / (count - 1.0).max(1.0)).sqrt(), margin, rule_out }),
    }
}

/// Of "not worse than `margin`" and of "worse than `rule_out`", both on the scale of `differences`.
pub(in crate::gate) fn p_values(differences: &[f64], margin: f64, rule_out: f64) -> (f64, f64) {
    let above: Vec<f64> = differences.iter().map(|difference| difference - margin).collect();
    let below: Vec<f64> = differences.iter().map(|difference| rule_out - difference).collect();
    (sign_flip(&above), sign_flip(&below))
}

/// The least value that a share `q` of `values` does not exceed; absent without one.
pub(in crate::gate) fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut values = values.to_vec();
    let rank = crate::stats::rank(q, values.len());
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(rank - 1, f64::total_cmp).1)
}

#[cfg(test)]
mod tests;
