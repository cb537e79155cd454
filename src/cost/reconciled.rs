//! What a provider says its requests cost, held against what the price list makes of them.

use std::ops::AddAssign;

use crate::units::Usd;

/// Two sums over the same requests: those of which the provider states a cost and an exact one could be worked out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// How many they are.
    pub requests: u64,
    /// What the provider states, in sum.
    pub stated: Usd,
    /// What the price list makes of their tokens, in sum.
    pub computed: Usd,
}

impl Reconciled {
    /// Takes one request in.
    pub fn add(&mut self, stated: Usd, computed: Usd) {
        *self += Self { requests: 1, stated, computed };
    }

    /// Whether the sums differ by more than one per cent of what is stated.
    pub fn is_off(&self) -> bool {
        self.difference().saturating_abs().saturating_mul(100) > self.stated.picos().abs()
    }

    /// By how much the computed sum is over or under the stated one, in words: `2.9 % less`; absent where nothing was
    /// stated to be the whole of it.
    pub fn in_per_cent(&self) -> Option<String> {
        let (difference, whole) = (self.difference(), self.stated.picos());
        // In tenths of a per cent, half up, so that no float decides a digit.
        let tenths =
            (whole > 0).then(|| difference.saturating_abs().saturating_mul(1_000).saturating_add(whole / 2) / whole)?;
        let word = if difference < 0 { "less" } else { "more" };
        Some(format!("{}.{} % {word}", tenths / 10, tenths % 10))
    }

    fn difference(&self) -> i128 {
        (self.computed - self.stated).picos()
    }
}

impl AddAssign for Reconciled {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.stated += other.stated;
        self.computed += other.computed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(stated: &str, computed: &str) -> Reconciled {
        let mut sums = Reconciled::default();
        sums.add(stated.parse().unwrap(), computed.parse().unwrap());
        sums
    }

    #[test]
    fn a_difference_is_told_from_the_first_picodollar_over_one_per_cent_on() {
        for (stated, computed, off) in [
            ("1", "1", false),
            ("1", "1.01", false),
            ("1", "0.99", false),
            ("1", "1.010000000001", true),
            ("1", "0.989999999999", true),
            ("0", "0", false),
            ("0", "0.000000000001", true),
        ] {
            assert_eq!(sums(stated, computed).is_off(), off, "{stated} and {computed}");
        }
    }

    #[test]
    fn the_sums_decide_and_not_each_request() {
        let mut sums = sums("1", "1.03");
        sums.add("1".parse().unwrap(), "0.97".parse().unwrap());
        assert_eq!((sums.requests, sums.is_off()), (2, false));
    }

    #[test]
    fn the_difference_is_a_share_of_what_is_stated() {
        assert_eq!(sums("1.03", "1").in_per_cent().unwrap(), "2.9 % less");
        assert_eq!(sums("0.5", "1").in_per_cent().unwrap(), "100.0 % more");
        assert_eq!(sums("0", "1").in_per_cent(), None);
    }
}
