//! How many requests would settle what cannot be told.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::gate::comparison::{Comparison, Tested};
use crate::gate::planned::rounds_needed;
use crate::gate::promise::kept;
use crate::gate::shares::MOST_REQUESTS;
use crate::stats::{Share, exceeds_by, score};

/// The requests with which a promise that no more than the share `allowed` is bad would be settled, if as great a share of them
/// were bad as `bad` of `n`; absent where that is the promised one itself, or so near that no reasonable number would tell.
///
/// It holds with `confidence`, or is broken at `alpha` over `tests`; the sooner of the two counts. At one share the distance from
/// the allowed one grows as the root of the requests, which says how many it takes by the normal law; told is a number near it
/// with which the exact test does tell, whole counts taken so that they speak against it.
pub(crate) fn promise_to_settle(
    (n, bad): (u64, u64),
    allowed: f64,
    confidence: f64,
    alpha: f64,
    tests: usize,
) -> Option<u64> {
    let seen = bad as f64 / n.max(1) as f64;
    let level = if seen < allowed { 1.0 - confidence } else { alpha / tests.max(1) as f64 };
    let tells = |requests: u64| {
        let bad = seen * requests as f64;
        let whole = if seen < allowed { bad.ceil() } else { bad.floor() } as u64;
        kept(requests, whole, allowed)
            .is_some_and(|kept| if seen < allowed { kept.p_holds <= level } else { kept.p_broken <= level })
    };
    let distance = Normal::standard().inverse_cdf(1.0 - level) / (seen - allowed);
    let estimate = (distance.powi(2) * allowed * (1.0 - allowed)).max(n as f64 + 1.0);
    first_that(estimate, tells)
}

/// The requests of each variant with which rounds like those of `comparison`, of `requests` in all, would settle it; absent
/// where what was seen is one of the bounds itself, or so near that no reasonable number would.
///
/// The mean of the rounds is taken for the truth, and their spread for what more requests make smaller by the root of their
/// number. It is settled where the one-sided test of the mean would find it worse than the margin at `alpha` over `tests`, or
/// rule out the other bound at `alpha`; the sooner of the two counts.
pub(in crate::gate) fn rounds_to_settle(
    comparison: &Comparison,
    tested: &Tested,
    requests: u64,
    alpha: f64,
    tests: usize,
) -> Option<u64> {
    let rounds = comparison.rounds as f64;
    let each = requests as f64 / rounds;
    let ways = [
        (tested.mean - tested.margin, alpha / tests.max(1) as f64, rounds_needed(alpha, tests)),
        (tested.rule_out - tested.mean, alpha, rounds_needed(alpha, 1)),
    ];
    let needed = ways.into_iter().filter(|(gap, ..)| *gap > 0.0).map(|(gap, level, least_rounds)| {
        let quantile = Normal::standard().inverse_cdf(1.0 - level);
        let by_spread = each * (quantile * tested.deviation / gap).powi(2);
        // What was not enough is not enough, whatever an estimate makes of it.
        by_spread.max(f64::from(least_rounds) * each).max(1.1 * requests as f64)
    });
    let needed = needed.fold(f64::INFINITY, f64::min);
    (needed <= MOST_REQUESTS as f64).then(|| rounded_up(needed))
}

/// The same for shares of which the sums were compared.
///
/// At the same shares a score grows as the root of the requests, which says how many it takes. The p-value of the exact test falls
/// with more of them only by and large, since counts are whole: so the number that is told is one with which the test does tell.
pub(in crate::gate) fn shares_to_settle(
    baseline: Share,
    candidate: Share,
    (margin, rule_out): (f64, f64),
    alpha: f64,
    tests: usize,
) -> Option<u64> {
    let scaled = |share: Share, requests: u64| Share {
        of: (share.of as f64 / share.all as f64 * requests as f64).round() as u64,
        all: requests,
    };
    let level = alpha / tests.max(1) as f64;
    let fewest = baseline.all.max(candidate.all);
    let needed = |score: Option<f64>, level: f64| {
        let score = score.filter(|score| *score > 0.0)?;
        Some(fewest as f64 * (Normal::standard().inverse_cdf(1.0 - level) / score).powi(2))
    };
    let worse = needed(score(candidate, baseline, margin), level);
    let ruled_out = needed(score(baseline, candidate, -rule_out), alpha);
    let estimate = worse.into_iter().chain(ruled_out).reduce(f64::min)?.max(fewest as f64 + 1.0);
    let tells = |requests: u64| {
        let (was, is) = (scaled(baseline, requests), scaled(candidate, requests));
        exceeds_by(is, was, margin).is_some_and(|p| p <= level)
            || exceeds_by(was, is, -rule_out).is_some_and(|p| p <= alpha)
    };
    first_that(estimate, tells)
}

/// The first number of two digits from `estimate` on that `tells`; absent where that is far from it, or more than anybody would
/// wait for.
fn first_that(estimate: f64, tells: impl Fn(u64) -> bool) -> Option<u64> {
    if estimate > MOST_REQUESTS as f64 {
        return None;
    }
    let told = std::iter::successors(Some(estimate), |number| Some(rounded_up(*number) as f64 + 1.0)).map(rounded_up);
    told.take(STEPS).find(|requests| tells(*requests))
}

/// Numbers of two digits that are tried from an estimate on: the greatest at least thrice the least.
const STEPS: usize = 30;

/// An estimate to two digits, which is all that it is good for.
fn rounded_up(number: f64) -> u64 {
    let unit = 10_f64.powi((number.log10().floor() as i32 - 1).max(0));
    ((number / unit).ceil() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Bound, compare_figures};
    use crate::rng::seeded;

    /// Rounds of a candidate that is `slower`, with a spread of 10 % between rounds.
    fn noisy(rounds: usize, slower: f64, seed: u64) -> Comparison {
        let mut rng = seeded(seed, "rounds to settle");
        let figures: Vec<(f64, f64)> = (0..rounds)
            .map(|_| (1.0, slower * (0.1 * (rng.f64() + rng.f64() + rng.f64() + rng.f64() - 2.0) * 3_f64.sqrt()).exp()))
            .collect();
        compare_figures(&figures, Bound::Ratio(0.1), Bound::Ratio(0.25), 0.05)
    }

    #[test]
    fn so_many_requests_do_settle_it_more_often_than_not() {
        let few = noisy(10, 1.2, 4);
        assert!(few.p_worse > 0.05 / 40.0 && few.p_ruled_out > 0.05, "{few:?}");
        let needed = rounds_to_settle(&few, &few.tested.unwrap(), 1_000, 0.05, 40).unwrap();
        assert!((1_100..20_000).contains(&needed), "{needed}");
        let settled = (0..20).filter(|seed| {
            let more = noisy(usize::try_from(needed / 100).unwrap().min(30), 1.2, 100 + seed);
            more.p_worse <= 0.05 / 40.0 || more.p_ruled_out <= 0.05
        });
        assert!(settled.count() >= 10);
    }

    #[test]
    fn more_requests_settle_a_promise_that_is_not_the_bound_itself() {
        let settled = |counts, tests| promise_to_settle(counts, 0.01, 0.95, 0.05, tests);
        // None of 299 holds it, as is published; two digits of that are 300.
        assert_eq!(settled((100, 0), 1), Some(300));
        let holds = settled((600, 4), 40).unwrap();
        let bad = (4.0 / 600.0 * holds as f64).ceil() as u64;
        assert!(holds > 600 && kept(holds, bad, 0.01).unwrap().p_holds <= 0.05, "{holds}");
        // That it is broken takes the more requests, the more is tested, and never so few as could not tell.
        let broken = [1, 40].map(|tests| settled((1_000, 15), tests).unwrap());
        assert!(broken[0] > 1_000 && broken[1] > broken[0], "{broken:?}");
        let bad = (0.015 * broken[1] as f64).floor() as u64;
        assert!(kept(broken[1], bad, 0.01).unwrap().p_broken <= 0.05 / 40.0);
        assert_eq!(settled((600, 6), 1), None);
    }

    #[test]
    fn what_lies_on_a_bound_of_a_narrow_rule_is_settled_by_the_other() {
        let tested = Tested { mean: 0.1, deviation: 0.2, margin: 0.1, rule_out: 0.1 };
        let on_both = Comparison { tested: Some(tested), ..noisy(20, 1.0, 1) };
        assert_eq!(rounds_to_settle(&on_both, &tested, 1_000, 0.05, 1), None);
        let wide = Tested { rule_out: 0.3, ..tested };
        assert!(rounds_to_settle(&on_both, &wide, 1_000, 0.05, 1).is_some());
    }

    #[test]
    fn shares_grow_until_they_tell() {
        let share = |of, all| Share { of, all };
        let needed = shares_to_settle(share(1, 100), share(2, 100), (0.005, 0.02), 0.05, 1).unwrap();
        assert!(needed > 100 && needed < 10_000, "{needed}");
        let (was, is) = (share((needed + 50) / 100, needed), share((needed + 25) / 50, needed));
        assert!(exceeds_by(is, was, 0.005).unwrap() <= 0.05 || exceeds_by(was, is, -0.02).unwrap() <= 0.05);
        // Nothing failed, and 2 % are ruled out by none of 149.
        assert_eq!(shares_to_settle(share(0, 50), share(0, 50), (0.005, 0.02), 0.05, 40), Some(150));
        // What lies on both bounds is never settled.
        assert_eq!(shares_to_settle(share(1, 100), share(2, 100), (0.01, 0.01), 0.05, 1), None);
    }

    #[test]
    fn an_estimate_has_two_digits() {
        assert_eq!([1.0, 12.3, 1_234.0, 20_001.0].map(rounded_up), [1, 13, 1_300, 21_000]);
    }
}
