//! A candidate held against its baseline, round by round.
//!
//! Both variants of one run send the same prompts interleaved, so that whatever happens to the provider in a round happens to
//! both. What is compared is therefore the ratio, or the difference, within each round, and rounds are what is counted.

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
    /// By how much the candidate is worse, as a share of the baseline, or as a difference of shares; below 0 it is better. The
    /// mean over the rounds, of logarithms where it is a share.
    pub change: f64,
    /// The interval of that with confidence `1 − alpha`, from the same test; absent ends are those that so few rounds cannot give.
    pub low: Option<f64>,
    /// See `low`.
    pub high: Option<f64>,
    /// The p-value of "not worse than the margin": small says that it is surely worse.
    pub p_worse: f64,
    /// The p-value of "worse than what is to be ruled out": small says that it surely is not.
    pub p_ruled_out: f64,
    /// Rounds that both variants have requests in.
    pub rounds: usize,
}

/// The quantile `q` of the candidate over that of the baseline, held against `margin` and `rule_out`, both shares of the
/// baseline.
///
/// Per round `ln(candidate / baseline) − ln(1 + bound)`, and the one-sided sign-flip test of their sum.
///
/// # Errors
/// The requests that each variant would need in all, where a round has too few for such a quantile: fewer than one of its
/// requests would lie beyond.
pub fn compare_quantile(
    rounds: &[RoundPair],
    q: f64,
    margin: f64,
    rule_out: f64,
    alpha: f64,
) -> Result<Comparison, u64> {
    Ok(of_logs(&quantile_logs(rounds, q)?, margin, rule_out, alpha))
}

/// The logarithm of candidate over baseline in each round.
///
/// # Errors
/// See [`compare_quantile`].
pub(in crate::gate) fn quantile_logs(rounds: &[RoundPair], q: f64) -> Result<Vec<f64>, u64> {
    let least = least_in_a_round(q);
    let fewest = rounds.iter().map(|round| round.baseline.len().min(round.candidate.len())).min().unwrap_or(0);
    if fewest < least {
        return Err((least * rounds.len().max(1)) as u64);
    }
    let logs = rounds.iter().filter_map(|round| {
        let (baseline, candidate) = (quantile(&round.baseline, q)?, quantile(&round.candidate, q)?);
        (baseline > 0.0 && candidate > 0.0).then(|| (candidate / baseline).ln())
    });
    Ok(logs.collect())
}

/// The mean of the candidate over that of the baseline, such as a cost a request, held against bounds as in
/// [`compare_quantile`]; rounds in which either is 0 are left out.
pub fn compare_mean(rounds: &[RoundPair], margin: f64, rule_out: f64, alpha: f64) -> Comparison {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let logs = rounds.iter().filter_map(|round| {
        let ratio = mean(&round.candidate) / mean(&round.baseline);
        (ratio.is_finite() && ratio > 0.0).then(|| ratio.ln())
    });
    of_logs(&logs.collect::<Vec<_>>(), margin, rule_out, alpha)
}

/// The candidate's share of bad requests less the baseline's, held against bounds that are differences of shares; each value
/// of a round is 1 for a bad request and 0 for a good one.
pub fn compare_share(rounds: &[RoundPair], margin: f64, rule_out: f64, alpha: f64) -> Comparison {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let differences: Vec<f64> = rounds
        .iter()
        .filter(|round| !round.baseline.is_empty() && !round.candidate.is_empty())
        .map(|round| mean(&round.candidate) - mean(&round.baseline))
        .collect();
    held_against(&differences, margin, rule_out, alpha, |shift| shift)
}

/// The requests of a round that such a quantile needs: one must be expected to lie beyond it.
pub fn least_in_a_round(q: f64) -> usize {
    // A share such as 1 − 0.99 is not exact, and must not ask for one request more.
    (1.0 / (1.0 - q) - 1e-9).ceil() as usize
}

fn of_logs(logs: &[f64], margin: f64, rule_out: f64, alpha: f64) -> Comparison {
    held_against(logs, margin.ln_1p(), rule_out.ln_1p(), alpha, f64::exp_m1)
}

/// The test of `differences` against both bounds on their own scale; `told` brings a figure to the scale of people.
fn held_against(differences: &[f64], margin: f64, rule_out: f64, alpha: f64, told: impl Fn(f64) -> f64) -> Comparison {
    let (p_worse, p_ruled_out) = p_values(differences, margin, rule_out);
    let (low, high) = shift_bounds(differences, alpha / 2.0);
    Comparison {
        change: told(differences.iter().sum::<f64>() / differences.len().max(1) as f64),
        low: low.map(&told),
        high: high.map(&told),
        p_worse,
        p_ruled_out,
        rounds: differences.len(),
    }
}

/// Of "not worse than `margin`" and of "worse than `rule_out`", both on the scale of `differences`.
pub(in crate::gate) fn p_values(differences: &[f64], margin: f64, rule_out: f64) -> (f64, f64) {
    let above: Vec<f64> = differences.iter().map(|difference| difference - margin).collect();
    let below: Vec<f64> = differences.iter().map(|difference| rule_out - difference).collect();
    (sign_flip(&above), sign_flip(&below))
}

/// The least value that a share `q` of `values` does not exceed; absent without one.
fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut values = values.to_vec();
    let rank = crate::stats::rank(q, values.len());
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(rank - 1, f64::total_cmp).1)
}

#[cfg(test)]
mod tests;
