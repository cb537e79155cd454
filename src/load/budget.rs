//! Reserving what a request may cost before it is sent, and settling what it did.

use std::sync::atomic::Ordering::Relaxed;

use crate::load::{Budget, Prepared, Tariff};
use crate::sample::Usage;

impl Tariff {
    /// What `request` costs at most, in picodollars.
    pub fn worst_case(self, request: &Prepared) -> u64 {
        self.of(request.input_bound, request.output_bound)
    }

    fn of(self, input: u64, output: u64) -> u64 {
        input.saturating_mul(self.input_picos).saturating_add(output.saturating_mul(self.output_picos))
    }
}

impl Budget {
    /// Whether a request of at most `picos` still fits; then it is reserved. Otherwise the budget is exhausted.
    pub fn reserve(&self, picos: u64) -> bool {
        let fits = |reserved: u64| reserved.checked_add(picos).filter(|sum| *sum <= self.limit_picos);
        let reserved = !self.is_exhausted() && self.reserved.fetch_update(Relaxed, Relaxed, fits).is_ok();
        if !reserved {
            self.exhausted.store(true, Relaxed);
        }
        reserved
    }

    /// Replaces a reservation of `picos` by what `usage` costs.
    pub fn settle(&self, picos: u64, tariff: Tariff, usage: Usage) {
        let spent = tariff.of(usage.input, usage.output);
        let settle = |reserved: u64| Some(reserved.saturating_sub(picos).saturating_add(spent));
        self.reserved.fetch_update(Relaxed, Relaxed, settle).expect("the closure always returns a sum");
    }

    /// Gives back a reservation of `picos` for a request that cannot have been billed.
    pub fn release(&self, picos: u64) {
        self.reserved.fetch_sub(picos, Relaxed);
    }

    /// Whether nothing more may be sent.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARIFF: Tariff = Tariff { input_picos: 1, output_picos: 10 };

    #[test]
    fn a_reservation_that_does_not_fit_ends_all_sending() {
        let budget = Budget { limit_picos: 100, ..Budget::default() };
        assert!(budget.reserve(60) && budget.reserve(40));
        assert!(!budget.reserve(1) && budget.is_exhausted());
        budget.release(40);
        assert!(!budget.reserve(1), "what is given back does not reopen the run");
        assert_eq!(budget.reserved.load(Relaxed), 60);
    }

    #[test]
    fn settling_frees_what_was_reserved_in_vain() {
        let budget = Budget { limit_picos: 100, ..Budget::default() };
        assert!(budget.reserve(90));
        budget.settle(90, TARIFF, Usage { input: 5, output: 2, ..Usage::default() });
        assert_eq!(budget.reserved.load(Relaxed), 25);
        assert!(budget.reserve(75) && !budget.is_exhausted());
    }

    #[test]
    fn an_overflowing_worst_case_fits_no_budget() {
        let budget = Budget { limit_picos: u64::MAX - 1, ..Budget::default() };
        assert!(!budget.reserve(TARIFF.of(u64::MAX, u64::MAX)));
    }
}
