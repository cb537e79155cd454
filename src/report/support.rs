//! How high a percentile the requests of a cell support.

use crate::stats::Binomial;

/// The highest quantile of `n` values that is not their maximum: where `(1 − q) · n` is 1. 0 for one value or none.
pub(crate) fn highest_supported(n: u64) -> f64 {
    if n < 2 { 0.0 } else { 1.0 - 1.0 / n as f64 }
}

/// Whether the 95 % interval of the `q`-quantile of `ok` successes and `failed` failures ends at a success.
///
/// Failures count as infinite; the ranks are those of [`crate::stats::quantile_interval`].
pub(crate) fn has_upper_end(q: f64, ok: u64, failed: u64) -> bool {
    ok > 0 && Binomial::new(ok + failed, q).least_reaching(0.975) < ok
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_ends_begin_at_the_published_numbers_and_one_failure_takes_them() {
        assert!(!has_upper_end(0.99, 367, 0) && has_upper_end(0.99, 368, 0) && !has_upper_end(0.99, 368, 1));
        assert!(!has_upper_end(0.95, 71, 0) && has_upper_end(0.95, 72, 0));
        assert!(!has_upper_end(0.5, 0, 0) && !has_upper_end(0.5, 0, 600));
    }

    #[test]
    fn a_hundred_values_support_p99_and_not_more() {
        assert!((highest_supported(100) - 0.99).abs() < 1e-12);
        assert_eq!((highest_supported(1), highest_supported(0)), (0.0, 0.0));
    }
}
