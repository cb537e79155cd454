//! Exact quantiles: order statistics of times, with failures beyond every time.

use crate::units::{Latency, Micros};

/// The times of a set of requests in ascending order, and how many requests have none because they failed.
#[derive(Clone, Copy, Debug)]
pub struct Ordered<'a> {
    sorted: &'a [u32],
    failures: usize,
}

impl<'a> Ordered<'a> {
    /// Takes `sorted` times in microseconds, in ascending order, with `failures` beyond them.
    pub fn new(sorted: &'a [u32], failures: usize) -> Self {
        debug_assert!(sorted.is_sorted(), "order statistics need sorted times");
        Self { sorted, failures }
    }

    /// How many requests there are, failures included.
    pub fn len(self) -> usize {
        self.sorted.len() + self.failures
    }

    /// Whether there is no request at all.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The time of the `rank`-th request, from 1; infinite for a failure.
    pub fn at(self, rank: usize) -> Latency {
        self.sorted.get(rank - 1).map_or(Latency::Infinite, |time| Latency::Finite(Micros(*time)))
    }

    /// The `q`-quantile by nearest rank, 0 < q < 1; absent when there is no request.
    pub fn quantile(self, q: f64) -> Option<Latency> {
        (!self.is_empty()).then(|| self.at(rank(q, self.len())))
    }
}

/// The nearest rank of the `q`-quantile among `n` values, from 1: the least one with at least `q·n` at or below it.
///
/// It is the first definition of Hyndman and Fan, The American Statistician 50:361 (1996).
pub fn rank(q: f64, n: usize) -> usize {
    debug_assert!(q > 0.0 && q < 1.0, "a quantile is a ratio, not a percentage");
    // A product such as 0.07 × 100 comes out a hair above 7, and must not be taken for rank 8.
    let exact = q * n as f64;
    ((exact - 1e-9 * exact.max(1.0)).ceil() as usize).clamp(1, n.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finite(micros: u32) -> Option<Latency> {
        Some(Latency::Finite(Micros(micros)))
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        // The worked example of nearest rank: 15 20 35 40 50 at 5, 30, 40 and 50 %.
        let times = Ordered::new(&[15, 20, 35, 40, 50], 0);
        for (q, value) in [(0.05, 15), (0.30, 20), (0.40, 20), (0.50, 35), (0.99, 50)] {
            assert_eq!(times.quantile(q), finite(value), "{q}");
        }
    }

    #[test]
    fn rounding_of_a_product_never_moves_a_rank() {
        assert_eq!(rank(0.07, 100), 7);
        assert_eq!(rank(0.99, 600), 594);
        assert_eq!(rank(0.95, 20), 19);
        assert_eq!(rank(0.99, 101), 100);
        assert_eq!(rank(0.5, 1), 1);
        assert_eq!(rank(0.99, 1_000_000), 990_000);
    }

    #[test]
    fn one_failure_in_a_hundred_leaves_p99_finite_and_two_do_not() {
        let times: Vec<u32> = (1..=99).collect();
        assert_eq!(Ordered::new(&times, 1).quantile(0.99), finite(99));
        assert_eq!(Ordered::new(&times[..98], 2).quantile(0.99), Some(Latency::Infinite));
    }

    #[test]
    fn nothing_has_no_quantile_and_failures_alone_have_an_infinite_one() {
        assert_eq!(Ordered::new(&[], 0).quantile(0.5), None);
        assert_eq!(Ordered::new(&[], 3).quantile(0.5), Some(Latency::Infinite));
    }
}
