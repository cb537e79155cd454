//! Reserving what a request may cost before it is sent, and settling what it did.

use std::sync::atomic::Ordering::Relaxed;

use crate::cost::{Cost, Tariff};
use crate::load::exchange::Exchanged;
use crate::load::{Budget, Prepared, Toll};
use crate::units::Usd;

impl Toll {
    /// What `request` costs at most, in picodollars.
    pub fn worst_case(&self, request: &Prepared) -> u64 {
        self.ceiling.worst_case(request.input_bound, request.output_bound, request.images)
    }

    /// What is known of the bill for `request`, which came to `exchanged`.
    pub(crate) fn bill(&self, request: &Prepared, exchanged: &Exchanged) -> Bill {
        bill(&self.tariff, request, exchanged)
    }
}

/// What is known of the bill by `tariff` for `request`, which came to `exchanged`.
pub(crate) fn bill(tariff: &Tariff, request: &Prepared, exchanged: &Exchanged) -> Bill {
    let answered = &exchanged.answered;
    let turned_away = exchanged.status.is_some_and(|status| (300..500).contains(&status));
    match &answered.usage {
        Some(usage) => Bill::Charged(tariff.charge(
            usage,
            request.images,
            exchanged.moments.sent,
            answered.service_tier.as_deref(),
        )),
        None if turned_away || exchanged.moments.sent.is_none() => Bill::Nothing,
        None => Bill::Unknown,
    }
}

/// What is known of the bill for a request that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bill {
    /// What the tokens cost that the provider reported.
    Charged(Cost),
    /// Nothing: it never reached the provider, or was turned away.
    Nothing,
    /// It reached the provider, which has not said: a timeout, a stream cut short, an error of the server's own.
    Unknown,
}

impl Budget {
    /// A budget of `limit`, of which nothing is spent.
    pub fn new(limit: Usd) -> Self {
        // The top of the range stands for more than can be counted, which fits no limit.
        let limit_picos = u64::try_from(limit.picos()).unwrap_or(u64::MAX).min(u64::MAX - 1);
        Self { limit_picos, ..Self::default() }
    }

    /// Whether a request of at most `picos` still fits; then it is reserved. Otherwise the budget is exhausted.
    pub fn reserve(&self, picos: u64) -> bool {
        let fits = |reserved: u64| reserved.checked_add(picos).filter(|sum| *sum <= self.limit_picos);
        let reserved = !self.is_exhausted() && self.reserved.fetch_update(Relaxed, Relaxed, fits).is_ok();
        if !reserved {
            self.exhausted.store(true, Relaxed);
        }
        reserved
    }

    /// Replaces a reservation of `picos` by what the request is billed, even if that is more. Where nobody knows, the
    /// reservation stays: it may have cost as much.
    pub(crate) fn settle(&self, picos: u64, bill: Bill) {
        let spent = match bill {
            Bill::Charged(cost) => {
                let known = u64::try_from(cost.known.picos()).unwrap_or(u64::MAX);
                if cost.complete { known } else { known.max(picos) }
            }
            Bill::Nothing => 0,
            Bill::Unknown => picos,
        };
        let settle = |reserved: u64| Some(reserved.saturating_sub(picos).saturating_add(spent));
        self.reserved.fetch_update(Relaxed, Relaxed, settle).expect("the closure always returns a sum");
    }

    /// Whether nothing more may be sent.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.load(Relaxed)
    }

    /// What it allows to be spent, as far as that can be counted.
    pub fn limit(&self) -> Usd {
        Usd::from_picos(self.limit_picos.into())
    }

    /// What is spent, and reserved by requests that are under way or whose bill is unknown.
    pub fn held(&self) -> Usd {
        Usd::from_picos(self.reserved.load(Relaxed).into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: u64 = 1_000;

    fn budget() -> Budget {
        Budget::new(Usd::from_picos(LIMIT.into()))
    }

    fn charged(picos: u64) -> Bill {
        Bill::Charged(Cost { known: Usd::from_picos(picos.into()), ..Cost::NOTHING })
    }

    #[test]
    fn a_reservation_that_does_not_fit_ends_all_sending() {
        let budget = budget();
        assert!(budget.reserve(600) && budget.reserve(400));
        assert!(!budget.reserve(1) && budget.is_exhausted());
        budget.settle(400, Bill::Nothing);
        assert!(!budget.reserve(1), "what is given back does not reopen the run");
        assert_eq!(budget.held(), Usd::from_picos(600));
    }

    #[test]
    fn settling_frees_what_was_reserved_in_vain() {
        let budget = budget();
        assert!(budget.reserve(900));
        budget.settle(900, charged(250));
        assert_eq!(budget.held(), Usd::from_picos(250));
        assert!(budget.reserve(750) && !budget.is_exhausted());
    }

    #[test]
    fn a_bill_that_is_unknown_or_known_in_part_is_held_at_its_worst() {
        let budget = budget();
        assert!(budget.reserve(300) && budget.reserve(200));
        budget.settle(300, Bill::Unknown);
        assert_eq!(budget.held(), Usd::from_picos(500));
        budget.settle(200, Bill::Charged(Cost { complete: false, ..Cost::NOTHING }));
        assert_eq!(budget.held(), Usd::from_picos(500));
    }

    #[test]
    fn a_worst_case_beyond_what_can_be_counted_fits_no_budget() {
        let budget = Budget::new(Usd::from_picos(i128::MAX));
        assert!(!budget.reserve(u64::MAX));
    }

    #[test]
    fn a_bill_beyond_what_can_be_counted_stays_at_the_top() {
        let budget = budget();
        assert!(budget.reserve(1) && budget.reserve(1));
        for _ in 0..2 {
            budget.settle(1, Bill::Charged(Cost { known: Usd::from_picos(i128::MAX), ..Cost::NOTHING }));
        }
        assert!(!budget.reserve(1));
        assert_eq!(budget.held(), Usd::from_picos(u64::MAX.into()));
    }

    /// What one request may do: how much it reserves, and of it what it is then billed; absent: nobody knows.
    type Request = (u64, Option<u64>);

    fn requests() -> impl Strategy<Value = Vec<Request>> {
        let request = (1_u64..120).prop_flat_map(|worst| (Just(worst), proptest::option::of(0..=worst)));
        proptest::collection::vec(request, 1..60)
    }

    fn bill(actual: Option<u64>) -> Bill {
        actual.map_or(Bill::Unknown, charged)
    }

    proptest! {
        #[test]
        fn in_any_order_what_is_reserved_and_settled_never_passes_the_limit(
            requests in requests(),
            order in proptest::collection::vec(any::<proptest::sample::Index>(), 60),
        ) {
            let budget = budget();
            let (mut under_way, mut total) = (Vec::new(), 0_u64);
            for (request, next) in requests.iter().zip(&order) {
                if budget.reserve(request.0) {
                    under_way.push(*request);
                }
                // Some earlier request may end before the next one is sent.
                if !under_way.is_empty() && next.index(3) > 0 {
                    let (worst, actual) = under_way.swap_remove(next.index(under_way.len()));
                    budget.settle(worst, bill(actual));
                    total += actual.unwrap_or(worst);
                }
                let open: u64 = under_way.iter().map(|(worst, _)| worst).sum();
                prop_assert_eq!(budget.held(), Usd::from_picos((total + open).into()));
                prop_assert!(total + open <= LIMIT);
            }
        }

        #[test]
        fn on_all_threads_at_once_the_sum_of_all_bills_is_exact_and_within_the_limit(requests in requests()) {
            let budget = budget();
            let spend = |_| {
                let mut total = 0;
                for (worst, actual) in &requests {
                    if budget.reserve(*worst) {
                        assert!(budget.held().picos() <= LIMIT.into(), "{budget:?}");
                        budget.settle(*worst, bill(*actual));
                        total += actual.unwrap_or(*worst);
                    }
                }
                total
            };
            let total: u64 = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || spend(thread))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            prop_assert!(total <= LIMIT);
            prop_assert_eq!(budget.held(), Usd::from_picos(total.into()));
        }
    }
}
