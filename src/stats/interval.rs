//! The interval of one quantile from its order statistics, free of any assumption on the distribution.

use crate::stats::{Binomial, Ordered};
use crate::units::Latency;

/// A range that holds a quantile with the stated confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The lower end; absent where there are too few values for one.
    pub low: Option<Latency>,
    /// The upper end; infinite where there are too few values for one, or failures reach it.
    pub high: Latency,
}

impl Interval {
    /// The interval that reaches as far as the wider of the two at either end.
    pub fn hull(self, other: Self) -> Self {
        let low = self.low.zip(other.low).map(|(one, two)| one.min(two));
        Self { low, high: self.high.max(other.high) }
    }
}

/// The interval of the `q`-quantile with confidence `1 − alpha`; absent when there is no request.
///
/// With `B(k) = P(Binomial(n, q) ≤ k)` it reaches from the value of rank l, the largest with `B(l − 1) ≤ α/2`, to
/// that of rank u, the smallest with `B(u − 1) ≥ 1 − α/2` (David and Nagaraja, Order Statistics, section 7.1).
pub fn quantile_interval(times: Ordered<'_>, q: f64, alpha: f64) -> Option<Interval> {
    if times.is_empty() {
        return None;
    }
    let n = times.len();
    let law = Binomial::new(n as u64, q);
    // B(0), …, B(l − 1) are the l probabilities within α/2.
    let lower = law.counts_within(alpha / 2.0) as usize;
    let upper = law.least_reaching(1.0 - alpha / 2.0) as usize + 1;
    let low = (lower >= 1).then(|| times.at(lower));
    let high = if upper <= n { times.at(upper) } else { Latency::Infinite };
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Micros;

    fn ranks(n: u32, q: f64) -> (Option<u32>, Option<u32>) {
        let times: Vec<u32> = (1..=n).collect();
        let interval = quantile_interval(Ordered::new(&times, 0), q, 0.05).unwrap();
        let rank = |end| match end {
            Latency::Finite(Micros(rank)) => Some(rank),
            Latency::Infinite => None,
        };
        (interval.low.and_then(rank), rank(interval.high))
    }

    #[test]
    fn the_median_has_the_ranks_of_the_published_table() {
        // Ranks of the 95 % interval of a median: Conover, Practical Nonparametric Statistics, sign test tables.
        for (n, low, high) in [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)] {
            assert_eq!(ranks(n, 0.5), (Some(low), Some(high)), "n = {n}");
        }
    }

    #[test]
    fn five_values_support_neither_end_of_a_medians_interval() {
        assert_eq!(ranks(5, 0.5), (None, None));
    }

    #[test]
    fn p99_has_a_finite_upper_end_from_368_requests_and_p95_from_72() {
        assert_eq!(ranks(367, 0.99).1, None);
        assert_eq!(ranks(368, 0.99).1, Some(368));
        assert_eq!(ranks(71, 0.95).1, None);
        assert_eq!(ranks(72, 0.95).1, Some(72));
    }

    #[test]
    fn one_failure_among_368_opens_the_interval_of_p99() {
        let times: Vec<u32> = (1..=367).collect();
        let interval = quantile_interval(Ordered::new(&times, 1), 0.99, 0.05).unwrap();
        assert_eq!(interval.high, Latency::Infinite);
        assert_eq!(interval.low, Some(Latency::Finite(Micros(360))));
    }

    #[test]
    fn the_hull_is_the_wider_at_either_end_and_keeps_an_open_one_open() {
        let finite = |micros| Latency::Finite(Micros(micros));
        let one = Interval { low: Some(finite(3)), high: finite(9) };
        let two = Interval { low: Some(finite(2)), high: finite(8) };
        assert_eq!(one.hull(two), Interval { low: Some(finite(2)), high: finite(9) });
        let open = Interval { low: None, high: Latency::Infinite };
        assert_eq!(one.hull(open), open);
    }
}
