//! The binomial distribution, and how many requests a limit on a quantile needs.

/// `Binomial(n, p)` as cumulative probabilities, good to about 14 digits at any n.
///
/// Probabilities are built outwards from the mode by the ratio of neighbours and divided by their sum. So no
/// logarithm of a factorial is needed, whose rounding error grows with n, and the incomplete beta function's
/// continued fraction, which stops short of converging for large n, is not either.
#[derive(Clone, Debug)]
pub struct Binomial {
    n: u64,
    /// The count that `cumulative[0]` stands for; below it the probability is less than 1e-30.
    first: u64,
    cumulative: Vec<f64>,
}

impl Binomial {
    /// The number of events among `n` trials of probability `p`, 0 < p < 1.
    pub fn new(n: u64, p: f64) -> Self {
        debug_assert!(p > 0.0 && p < 1.0, "a probability is a ratio within 0 and 1");
        const NEGLIGIBLE: f64 = 1e-30;
        let (first, mut cumulative) = weights(n, p, NEGLIGIBLE);
        let mut sum = 0.0;
        for weight in &mut cumulative {
            sum += *weight;
            *weight = sum;
        }
        for weight in &mut cumulative {
            *weight /= sum;
        }
        Self { n, first, cumulative }
    }

    /// `P(X ≤ k)`.
    pub fn at_most(&self, k: u64) -> f64 {
        match k.checked_sub(self.first) {
            None => 0.0,
            Some(_) if k >= self.n => 1.0,
            Some(offset) => self.cumulative.get(offset as usize).copied().unwrap_or(1.0),
        }
    }

    /// How many counts k, from 0 on, have `P(X ≤ k) ≤ limit`, for a limit below 1.
    pub fn counts_within(&self, limit: f64) -> u64 {
        self.first + self.cumulative.partition_point(|probability| *probability <= limit) as u64
    }

    /// The least k with `P(X ≤ k) ≥ level`, for a level of at most 1.
    pub fn least_reaching(&self, level: f64) -> u64 {
        self.first + self.cumulative.partition_point(|probability| *probability < level) as u64
    }
}

/// What is proportional to the probabilities of the counts of `Binomial(n, p)`, 0 ≤ p ≤ 1, from the returned count on: 1 for
/// the most probable. Those of less than `negligible` are left out.
pub(in crate::stats) fn weights(n: u64, p: f64, negligible: f64) -> (u64, Vec<f64>) {
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p).floor() as u64).min(n);
    let mut below = Vec::new();
    let (mut weight, mut k) = (1.0, mode);
    while k > 0 && weight > negligible {
        weight *= k as f64 / ((n - k + 1) as f64 * odds);
        k -= 1;
        below.push(weight);
    }
    let first = k;
    let mut weights: Vec<f64> = below.into_iter().rev().collect();
    weights.push(1.0);
    (weight, k) = (1.0, mode);
    while k < n && weight > negligible {
        weight *= (n - k) as f64 * odds / (k + 1) as f64;
        k += 1;
        weights.push(weight);
    }
    (first, weights)
}

/// The least number of requests of which `over` may exceed a limit while "the `q`-quantile is within it" still
/// holds with `confidence`: `P(Binomial(n, 1 − q) ≤ over) ≤ 1 − confidence`.
pub fn least_requests(q: f64, over: u64, confidence: f64) -> u64 {
    let enough = |n: u64| Binomial::new(n, 1.0 - q).at_most(over) <= 1.0 - confidence;
    // More requests with the same number over the limit can only speak for it, so the answer can be bisected.
    let mut high = over + 1;
    while !enough(high) {
        high *= 2;
    }
    let mut low = over;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cumulative_probabilities_agree_with_published_tables() {
        // Tables of the cumulative binomial distribution, to four decimals.
        for (n, p, k, expected) in [
            (10, 0.5, 2, 0.0547),
            (10, 0.5, 1, 0.0107),
            (20, 0.5, 5, 0.0207),
            (20, 0.5, 6, 0.0577),
            (20, 0.1, 2, 0.6769),
            (15, 0.3, 7, 0.9500),
            (20, 0.95, 18, 0.2642),
        ] {
            let found = Binomial::new(n, p).at_most(k);
            assert!((found - expected).abs() < 5.1e-5, "n {n} p {p} k {k}: {found}");
        }
    }

    #[test]
    fn the_ends_are_exact_powers_and_stay_so_for_a_million_trials() {
        let none = Binomial::new(300, 0.01).at_most(0);
        assert!((none - 0.99_f64.powi(300)).abs() < 1e-15, "{none}");
        // Symmetric, so the lower half with half of the middle is one half.
        let million = Binomial::new(1_000_000, 0.5);
        let middle = (million.at_most(499_999) + million.at_most(500_000)) / 2.0;
        assert!((middle - 0.5).abs() < 1e-12, "{middle}");
        assert!(million.at_most(400_000) < 1e-30);
        assert!((million.at_most(1_000_000) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_limit_on_p99_needs_the_published_numbers_of_requests() {
        for (confidence, needed) in [(0.95, [299, 473, 628, 1_049, 1_693]), (0.99, [459, 662, 838, 1_307, 2_010])] {
            let found = [0, 1, 2, 5, 10].map(|over| least_requests(0.99, over, confidence));
            assert_eq!(found, needed, "confidence {confidence}");
        }
    }

    #[test]
    fn a_limit_on_p95_without_exceptions_needs_59_requests() {
        // The known answer of success-run sampling, ln 0.05 / ln 0.95.
        assert_eq!(least_requests(0.95, 0, 0.95), 59);
    }
}
