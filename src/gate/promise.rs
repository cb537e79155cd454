//! Whether a share of requests surely stays below a bound, surely does not, or cannot be told.

use crate::stats::Binomial;

/// How surely a promise is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// The p-value of "it is broken": how likely so few bad requests were if it were just broken. Small says that it holds.
    pub p_holds: f64,
    /// The p-value of "it holds": how likely so many bad requests were if it just held. Small says that it is broken.
    pub p_broken: f64,
}

/// Holds `bad` of `n` requests against the promise that no more than the share `allowed` is bad; absent without a request.
///
/// The exact binomial test of a share: a q-quantile within a limit is the same as no more than 1 − q beyond it (Conover,
/// Practical Nonparametric Statistics, section 3.2).
pub fn kept(n: u64, bad: u64, allowed: f64) -> Option<Kept> {
    if n == 0 {
        return None;
    }
    if allowed >= 1.0 {
        return Some(Kept { p_holds: 0.0, p_broken: 1.0 });
    }
    let law = Binomial::new(n, allowed);
    let fewer = bad.checked_sub(1).map_or(0.0, |fewer| law.at_most(fewer));
    Some(Kept { p_holds: law.at_most(bad), p_broken: 1.0 - fewer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_about_p99_holds_from_the_published_numbers_of_requests_on() {
        for (bad, least) in [(0, 299), (1, 473), (2, 628), (5, 1_049), (10, 1_693)] {
            let holds = |n| kept(n, bad, 0.01).unwrap().p_holds <= 0.05;
            assert!(holds(least) && !holds(least - 1), "{bad} of {least}");
        }
    }

    #[test]
    fn many_bad_requests_break_it_and_some_leave_it_open() {
        let broken = |n, bad| kept(n, bad, 0.01).unwrap().p_broken <= 0.05;
        assert!(broken(600, 12) && !broken(600, 10) && !broken(600, 0));
        // Of one request that is bad nothing much can be said, but that one in a hundred is rare.
        assert!((kept(1, 1, 0.01).unwrap().p_broken - 0.01).abs() < 1e-12);
        assert_eq!(kept(0, 0, 0.01), None);
    }
}
