//! Two shares of requests held against bounds that are differences of shares.

use crate::gate::Comparison;
use crate::gate::comparison::held_against;
use crate::stats::{Share, difference_interval, exceeds_by};

/// One round of both variants: how many of how many requests were bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharePair {
    /// Of the baseline.
    pub baseline: Share,
    /// Of the candidate.
    pub candidate: Share,
}

/// The candidate's share of bad requests less the baseline's, held against `margin` and `rule_out`, which are differences of
/// shares; absent where a variant has no request.
///
/// Where every round has a bad request the rounds are compared, by the sign-flip test of the differences: requests of one
/// round may fail together. Else there is too little in most rounds to tell them apart, and the sums are compared by
/// an exact test, with the interval of Miettinen and Nurminen.
pub fn compare_shares(rounds: &[SharePair], margin: f64, rule_out: f64, alpha: f64) -> Option<Comparison> {
    let rounds: Vec<&SharePair> =
        rounds.iter().filter(|round| round.baseline.all > 0 && round.candidate.all > 0).collect();
    let ratio = |share: Share| share.of as f64 / share.all as f64;
    if !rounds.is_empty() && rounds.iter().all(|round| round.baseline.of + round.candidate.of > 0) {
        let differences: Vec<f64> = rounds.iter().map(|round| ratio(round.candidate) - ratio(round.baseline)).collect();
        return Some(held_against(&differences, margin, rule_out, alpha, |shift| shift));
    }
    let sum = |of: fn(&SharePair) -> Share| {
        rounds
            .iter()
            .map(|round| of(round))
            .fold(Share { of: 0, all: 0 }, |sum, share| Share { of: sum.of + share.of, all: sum.all + share.all })
    };
    let (baseline, candidate) = (sum(|round| round.baseline), sum(|round| round.candidate));
    let (low, high) = difference_interval(candidate, baseline, alpha)?;
    Some(Comparison {
        change: ratio(candidate) - ratio(baseline),
        low: Some(low),
        high: Some(high),
        p_worse: exceeds_by(candidate, baseline, margin)?,
        p_ruled_out: exceeds_by(baseline, candidate, -rule_out)?,
        rounds: rounds.len(),
        tested: None,
    })
}

/// The requests of each variant with which an increase of `rule_out` can be ruled out where none is bad; absent where no
/// reasonable number does. The more of them there are, the rarer is none.
pub(in crate::gate) fn requests_to_rule_out(rule_out: f64, alpha: f64) -> Option<u64> {
    least_that(|requests| {
        let none = Share { of: 0, all: requests };
        exceeds_by(none, none, -rule_out).is_some_and(|p| p <= alpha)
    })
}

/// The number that `tells` while one less does not, where more requests never undo that: the least. Absent beyond four million,
/// for which nobody would wait.
fn least_that(tells: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = 1;
    while !tells(high) {
        high *= 2;
        if high > MOST_REQUESTS {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if tells(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// Requests beyond which nobody would want to wait for an answer.
pub(in crate::gate) const MOST_REQUESTS: u64 = 4_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(count: usize, baseline: u64, candidate: u64, all: u64) -> Vec<SharePair> {
        let share = |of| Share { of, all };
        vec![SharePair { baseline: share(baseline), candidate: share(candidate) }; count]
    }

    #[test]
    fn rounds_that_all_have_failures_are_compared_and_others_added_up() {
        let by_rounds = compare_shares(&rounds(20, 1, 3, 50), 0.005, 0.02, 0.05).unwrap();
        assert!(by_rounds.tested.is_some() && (by_rounds.change - 0.04).abs() < 1e-12 && by_rounds.p_worse < 1e-5);
        let mut few = rounds(20, 0, 0, 50);
        few[3].candidate.of = 2;
        let summed = compare_shares(&few, 0.005, 0.02, 0.05).unwrap();
        assert!(summed.tested.is_none() && (summed.change - 0.002).abs() < 1e-12 && summed.p_worse > 0.5);
        assert!(summed.p_ruled_out < 0.05 && summed.low.unwrap() < 0.002 && summed.high.unwrap() > 0.002);
        assert_eq!(compare_shares(&rounds(3, 0, 0, 0), 0.005, 0.02, 0.05), None);
    }

    #[test]
    fn one_region_with_two_per_cent_of_errors_is_found() {
        let mut found = rounds(20, 0, 1, 50);
        found[7].candidate.of = 0;
        let summed = compare_shares(&found, 0.005, 0.02, 0.05).unwrap();
        assert!(summed.tested.is_none() && summed.p_worse < 0.001, "{summed:?}");
    }

    #[test]
    fn without_a_failure_there_is_a_number_of_requests_that_rules_an_increase_out() {
        let least = requests_to_rule_out(0.02, 0.05).unwrap();
        let p = |requests: u64| {
            let none = Share { of: 0, all: requests };
            exceeds_by(none, none, -0.02).unwrap()
        };
        assert!(p(least) <= 0.05 && p(least - 1) > 0.05 && (50..500).contains(&least), "{least}");
        assert_eq!(requests_to_rule_out(1e-9, 0.05), None);
    }
}
