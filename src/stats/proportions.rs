//! A share and its interval; two shares held against each other: score tests at a margin, and their interval.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::stats::Binomial;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many are counted.
    pub of: u64,
    /// Among how many; at least as many.
    pub all: u64,
}

impl Share {
    fn ratio(self) -> f64 {
        self.of as f64 / self.all as f64
    }

    /// Both counts added.
    pub fn and(self, other: Self) -> Self {
        Self { of: self.of + other.of, all: self.all + other.all }
    }

    /// The interval of the share with confidence `1 − alpha` or more; absent for a share of nothing.
    ///
    /// It holds the shares under which what was seen is not too rare at either end (Clopper and Pearson, Biometrika 26,
    /// 1934).
    pub fn interval(self, alpha: f64) -> Option<(f64, f64)> {
        if self.all == 0 {
            return None;
        }
        // The less the share, the rarer so many or more; the more it is, the rarer so few or fewer.
        let at_most = |p: f64, count: u64| Binomial::new(self.all, p).at_most(count);
        let low = match self.of.checked_sub(1) {
            None => 0.0,
            Some(fewer) => border(|p| 1.0 - at_most(p, fewer) > alpha / 2.0),
        };
        let high = if self.of == self.all { 1.0 } else { border(|p| at_most(p, self.of) <= alpha / 2.0) };
        Some((low, high))
    }
}

/// The least share, strictly between 0 and 1, of which `beyond` is true, as it then is of all greater ones.
fn border(beyond: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if beyond(middle) { high = middle } else { low = middle }
    }
    f64::midpoint(low, high)
}

/// How many standard deviations the seen difference `candidate − baseline` lies above `margin`, which lies between −1 and 1;
/// absent where either is a share of nothing.
///
/// It is the score of Farrington and Manning (Statistics in Medicine 9, 1990): the variance is that of the likeliest shares that
/// differ by just the margin.
pub fn score(candidate: Share, baseline: Share, margin: f64) -> Option<f64> {
    wide_score(candidate, baseline, margin, 1.0)
}

/// What the p-value of "`candidate` is greater than `baseline` by more than `margin`" comes near to with many events; absent
/// where either is a share of nothing.
///
/// With few it may be too small by half, so that [`exceeds_by`](crate::stats::exceeds_by) is what decides.
pub fn score_test(candidate: Share, baseline: Share, margin: f64) -> Option<f64> {
    Some(standard().sf(score(candidate, baseline, margin)?))
}

/// The fewest events, or other requests, of either share that are to be expected where the shares differ by just `margin`;
/// absent where either is a share of nothing.
pub(in crate::stats) fn expected_events(candidate: Share, baseline: Share, margin: f64) -> Option<f64> {
    if candidate.all == 0 || baseline.all == 0 {
        return None;
    }
    let (p1, p2) = restricted(candidate, baseline, margin);
    let fewer = |share: Share, p: f64| share.all as f64 * p.min(1.0 - p);
    Some(fewer(candidate, p1).min(fewer(baseline, p2)))
}

/// The interval of the difference `candidate − baseline` with confidence `1 − alpha`; absent where either is a share of
/// nothing.
///
/// It holds the differences that the score test does not reject, with the variance enlarged by n / (n − 1) (Miettinen and
/// Nurminen, Statistics in Medicine 4, 1985).
pub fn difference_interval(candidate: Share, baseline: Share, alpha: f64) -> Option<(f64, f64)> {
    let n = (candidate.all + baseline.all) as f64;
    if candidate.all == 0 || baseline.all == 0 {
        return None;
    }
    let wide = n / (n - 1.0);
    let limit = standard().inverse_cdf(1.0 - alpha / 2.0);
    let seen = candidate.ratio() - baseline.ratio();
    // The score falls as the difference that is held against it rises.
    let end = |mut inside: f64, mut outside: f64| {
        for _ in 0..BISECTIONS {
            let middle = f64::midpoint(inside, outside);
            let rejected = wide_score(candidate, baseline, middle, wide).is_none_or(|z| z.abs() > limit);
            if rejected { outside = middle } else { inside = middle }
        }
        inside
    };
    Some((end(seen, -1.0), end(seen, 1.0)))
}

/// Halvings of the range of differences.
const BISECTIONS: usize = 50;

/// [`score`] with the variance multiplied by `wide`.
fn wide_score(candidate: Share, baseline: Share, margin: f64, wide: f64) -> Option<f64> {
    if candidate.all == 0 || baseline.all == 0 {
        return None;
    }
    let (p1, p2) = restricted(candidate, baseline, margin);
    let (n1, n2) = (candidate.all as f64, baseline.all as f64);
    let variance = (p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2) * wide;
    let above = candidate.ratio() - baseline.ratio() - margin;
    Some(if variance > 0.0 {
        above / variance.sqrt()
    } else if above.abs() < 1e-12 {
        0.0
    } else {
        // Shares without any variance differ by the margin or they do not.
        f64::INFINITY.copysign(above)
    })
}

/// The likeliest shares of both that differ by just `margin`: the root of the likelihood's cubic in closed form, as
/// Farrington and Manning's appendix gives it.
fn restricted(candidate: Share, baseline: Share, margin: f64) -> (f64, f64) {
    if margin.abs() < 1e-12 {
        // The cubic's root is then their common share, and is not told well where that is one event in a million.
        let common = candidate.and(baseline).ratio();
        return (common, common);
    }
    let theta = baseline.all as f64 / candidate.all as f64;
    let (p1, p2) = (candidate.ratio(), baseline.ratio());
    let a = 1.0 + theta;
    let b = -(1.0 + theta + p1 + theta * p2 + margin * (theta + 2.0));
    let c = margin.mul_add(margin, margin * (2.0 * p1 + theta + 1.0)) + p1 + theta * p2;
    let d = -p1 * margin * (1.0 + margin);
    let third = b / (3.0 * a);
    let v = third.powi(3) - b * c / (6.0 * a * a) + d / (2.0 * a);
    let u = (third * third - c / (3.0 * a)).max(0.0).sqrt().copysign(v);
    let cosine = if u == 0.0 { 0.0 } else { (v / u.powi(3)).clamp(-1.0, 1.0) };
    let w = (std::f64::consts::PI + cosine.acos()) / 3.0;
    let first = (2.0 * u * w.cos() - third).clamp(margin.max(0.0), (1.0 + margin).min(1.0));
    (first, (first - margin).clamp(0.0, 1.0))
}

fn standard() -> Normal {
    Normal::standard()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_share_is_the_published_one() {
        // The rule of three's exact form for none of n, and tables of exact limits (Documenta Geigy, 95 %).
        for (of, all, low, high) in
            [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (4, 20, 0.0573, 0.4366), (50, 100, 0.3983, 0.6017)]
        {
            let (found_low, found_high) = Share { of, all }.interval(0.05).unwrap();
            assert!(
                (found_low - low).abs() < 1e-4 && (found_high - high).abs() < 1e-4,
                "{of} of {all}: {found_low} {found_high}"
            );
        }
        assert_eq!(Share { of: 0, all: 0 }.interval(0.05), None);
    }

    const fn share(of: u64, all: u64) -> Share {
        Share { of, all }
    }

    #[test]
    fn without_a_margin_it_is_the_pooled_test_of_two_shares() {
        // z = (0.30 − 0.20) / sqrt(0.25 · 0.75 · 2 / 100)
        let z = 0.1 / (0.25_f64 * 0.75 * 0.02).sqrt();
        let expected = standard().sf(z);
        let found = score_test(share(30, 100), share(20, 100), 0.0).unwrap();
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn the_restricted_shares_differ_by_the_margin_and_nothing_near_them_is_likelier() {
        let (one, other, margin) = (share(17, 120), share(9, 150), 0.02);
        let (p1, p2) = restricted(one, other, margin);
        assert!((p1 - p2 - margin).abs() < 1e-12);
        let likelihood = |p1: f64| {
            let p2 = p1 - margin;
            17.0 * p1.ln() + 103.0 * (1.0 - p1).ln() + 9.0 * p2.ln() + 141.0 * (1.0 - p2).ln()
        };
        assert!(likelihood(p1) >= likelihood(p1 - 1e-4) && likelihood(p1) >= likelihood(p1 + 1e-4));
    }

    #[test]
    fn the_published_interval_comes_out() {
        // Newcombe, Statistics in Medicine 17 (1998), table II, method 10 (Miettinen–Nurminen): 56/70 against 48/80.
        let (low, high) = difference_interval(share(56, 70), share(48, 80), 0.05).unwrap();
        assert!((low - 0.0528).abs() < 5.1e-5 && (high - 0.3382).abs() < 5.1e-5, "{low} {high}");
        // 9/10 against 3/10.
        let (low, high) = difference_interval(share(9, 10), share(3, 10), 0.05).unwrap();
        assert!((low - 0.1700).abs() < 5.1e-5 && (high - 0.8406).abs() < 5.1e-5, "{low} {high}");
        // 10/10 against 0/20, and 0/10 against 0/20.
        let (low, high) = difference_interval(share(10, 10), share(0, 20), 0.05).unwrap();
        assert!((low - 0.7156).abs() < 5.1e-5 && (high - 1.0).abs() < 1e-9, "{low} {high}");
    }

    #[test]
    fn a_share_of_nothing_tells_nothing() {
        assert_eq!(score_test(share(0, 0), share(1, 2), 0.01), None);
        assert_eq!(difference_interval(share(1, 2), share(0, 0), 0.05), None);
    }

    #[test]
    fn no_failures_anywhere_are_no_reason_for_alarm() {
        let p = score_test(share(0, 1_000), share(0, 1_000), 0.005).unwrap();
        assert!(p > 0.95, "{p}");
        let (low, high) = difference_interval(share(0, 1_000), share(0, 1_000), 0.05).unwrap();
        assert!(low < 0.0 && high > 0.0 && high < 0.005, "{low} {high}");
    }
}
