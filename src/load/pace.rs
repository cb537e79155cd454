//! Keeping to a provider's limits a minute.

use std::sync::atomic::Ordering::Relaxed;

use crate::load::Pace;

impl Pace {
    /// The nanosecond of the run at which a request of at most `tokens` may be sent; its place is then taken.
    ///
    /// This is the generic cell rate algorithm without a burst: places follow each other by the longer of the two
    /// gaps, which keeps both limits.
    pub fn reserve(&self, now_ns: u64, tokens: u64) -> u64 {
        let gap = self.request_gap_ns.max(self.token_gap_ns.saturating_mul(tokens));
        let next = |next_ns: u64| Some(next_ns.max(now_ns).saturating_add(gap));
        let before = self.next_ns.fetch_update(Relaxed, Relaxed, next).expect("the closure always returns a time");
        before.max(now_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_each_other_by_the_longer_gap() {
        let pace = Pace { request_gap_ns: 100, token_gap_ns: 3, ..Pace::default() };
        assert_eq!(pace.reserve(5, 10), 5);
        assert_eq!(pace.reserve(6, 50), 105);
        assert_eq!(pace.reserve(7, 1), 255);
    }

    #[test]
    fn time_that_passed_unused_is_not_caught_up() {
        let pace = Pace { request_gap_ns: 100, ..Pace::default() };
        assert_eq!(pace.reserve(0, 1), 0);
        assert_eq!(pace.reserve(1_000, 1), 1_000);
        assert_eq!(pace.reserve(1_000, 1), 1_100);
    }

    #[test]
    fn without_limits_everything_may_go_at_once() {
        let pace = Pace::default();
        assert_eq!((pace.reserve(7, 1_000), pace.reserve(7, 1_000)), (7, 7));
    }
}
