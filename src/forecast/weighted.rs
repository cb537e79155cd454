//! Quantiles of weighted times, and of rounds drawn again.

use crate::stats::Binomial;
use crate::units::{Latency, Micros};

/// Entries after which the weights so far are noted, so that a quantile need not walk through all of them.
const BLOCK: usize = 64;

/// The times of a route's requests, each with its weight, round by round.
#[derive(Clone, Debug)]
pub(in crate::forecast) struct Weighted {
    /// Ascending: microseconds, round, weight.
    sorted: Vec<(u32, u32, f32)>,
    /// The weight of each round, failures included.
    totals: Vec<f64>,
    /// For each full block, the weight up to its end of each round.
    so_far: Vec<f64>,
}

impl Weighted {
    /// `times` of rounds with these `totals`; what the times lack of them are failures, counted as infinite.
    pub(in crate::forecast) fn new(times: impl Iterator<Item = (u32, u32, f32)>, totals: Vec<f64>) -> Self {
        let mut sorted: Vec<(u32, u32, f32)> = times.collect();
        sorted.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        let mut sums = vec![0.0; totals.len()];
        let mut so_far = Vec::with_capacity(sorted.len() / BLOCK * totals.len());
        for block in sorted.chunks_exact(BLOCK) {
            block.iter().for_each(|(_, round, weight)| sums[*round as usize] += f64::from(*weight));
            so_far.extend_from_slice(&sums);
        }
        Self { sorted, totals, so_far }
    }

    /// The least time that a share `q` does not exceed where round r counts `times[r]` times; infinite where that is a failure,
    /// absent without any weight.
    pub(in crate::forecast) fn quantile(&self, q: f64, times: &[f64]) -> Option<Latency> {
        let dot = |weights: &[f64]| -> f64 { weights.iter().zip(times).map(|(weight, times)| weight * times).sum() };
        let all = dot(&self.totals);
        if all <= 0.0 {
            return None;
        }
        // Weights are not exact, and a rank must not slip by that.
        let wanted = q * all * (1.0 - 1e-6);
        let rounds = self.totals.len();
        let (mut low, mut high) = (0, self.so_far.len() / rounds);
        while low < high {
            let middle = usize::midpoint(low, high);
            if dot(&self.so_far[middle * rounds..(middle + 1) * rounds]) < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let mut passed = if low == 0 { 0.0 } else { dot(&self.so_far[(low - 1) * rounds..low * rounds]) };
        for (time, round, weight) in &self.sorted[low * BLOCK..] {
            passed += f64::from(*weight) * times[*round as usize];
            if passed >= wanted && passed > 0.0 {
                return Some(Latency::Finite(Micros(*time)));
            }
        }
        Some(Latency::Infinite)
    }

    /// The share of all that is over `limit`, failures included, 0 to 1.
    pub(in crate::forecast) fn share_over(&self, limit: Micros) -> Option<f64> {
        let all: f64 = self.totals.iter().sum();
        let within: f64 =
            self.sorted.iter().take_while(|(time, ..)| *time <= limit.0).map(|(.., weight)| f64::from(*weight)).sum();
        (all > 0.0).then(|| (1.0 - within / all).clamp(0.0, 1.0))
    }
}

/// The shares of the order statistics that bound the `q`-quantile of `n` requests with confidence `1 − alpha`; the second is
/// above 1 where so few have no upper bound (David and Nagaraja, Order Statistics, section 7.1).
pub(in crate::forecast) fn bounding_shares(n: f64, q: f64, alpha: f64) -> (f64, f64) {
    let n = n.max(1.0).floor();
    let law = Binomial::new(n as u64, q);
    let low = law.counts_within(alpha / 2.0) as f64 / n;
    let high = (law.least_reaching(1.0 - alpha / 2.0) as f64 + 1.0) / n;
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds; the greatest number is infinite.
    fn ms(latency: Option<Latency>) -> u32 {
        match latency.unwrap() {
            Latency::Finite(Micros(micros)) => micros / 1_000,
            Latency::Infinite => u32::MAX,
        }
    }

    #[test]
    fn equal_weights_give_order_statistics() {
        let times = (1..=1_000_u32).map(|time| (time * 1_000, (time % 4), 0.004));
        let weighted = Weighted::new(times, vec![1.0; 4]);
        for (q, expected) in [(0.5, 500), (0.95, 950), (0.99, 990), (1.0, 1_000)] {
            assert_eq!(ms(weighted.quantile(q, &[1.0; 4])), expected, "{q}");
        }
        assert_eq!(ms(weighted.quantile(0.5, &[0.0, 1.0, 0.0, 0.0])), 497, "the 125th of 1, 5, 9, …");
        assert!((weighted.share_over(Micros(900_000)).unwrap() - 0.1).abs() < 1e-6);
    }

    #[test]
    fn a_mixture_has_the_quantiles_of_its_weights_and_failures_are_infinite() {
        // 70 % at 100 ms, 25 % at 200 ms and the rest fails.
        let times = [(100_000, 0, 0.7), (200_000, 0, 0.25)].into_iter();
        let weighted = Weighted::new(times, vec![1.0]);
        let at = |q| ms(weighted.quantile(q, &[1.0]));
        assert_eq!([at(0.5), at(0.7), at(0.71), at(0.95), at(0.96)], [100, 100, 200, 200, u32::MAX]);
        assert_eq!(Weighted::new(std::iter::empty(), vec![0.0]).quantile(0.5, &[1.0]), None);
    }

    #[test]
    fn so_few_requests_have_no_upper_bound() {
        assert!(bounding_shares(367.0, 0.99, 0.05).1 > 1.0);
        assert!(bounding_shares(368.0, 0.99, 0.05).1 <= 1.0);
    }
}
