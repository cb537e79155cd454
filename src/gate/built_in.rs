//! The policy that holds where no other is given.

use std::sync::LazyLock;

use crate::gate::Policy;

impl Policy {
    /// The policy in the program itself: a p99 limit for each tier, a floor of availability, and what a candidate may be worse.
    ///
    /// Its rules stand in no file of the user's, so they have no line.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Policy> = LazyLock::new(|| {
            let text = include_str!("built_in.toml");
            let mut policy = Policy::parse("built-in", text).expect("the built-in policy is read by a test");
            policy.slos.iter_mut().for_each(|slo| slo.line = None);
            policy.regressions.iter_mut().for_each(|rule| rule.line = None);
            policy
        });
        &BUILT_IN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Named;

    #[test]
    fn the_built_in_policy_keeps_to_the_format_and_has_a_limit_for_each_tier() {
        let policy = Policy::built_in();
        assert_eq!((policy.slos.len(), policy.regressions.len()), (9, 5));
        assert!(policy.slos.iter().all(|slo| slo.line.is_none() && slo.window_days.is_none()));
        let promised = |tier, workload| {
            let names = Named { tier: Some(tier), workload, ..Named::default() };
            policy.promised(&names)
        };
        for (tier, workload, ms) in [
            (0, "classify", Some(200.0)),
            (0, "autocomplete", Some(350.0)),
            (1, "autocomplete", Some(500.0)),
            (1, "support", Some(4_000.0)),
            (2, "autocomplete", Some(1_200.0)),
            (2, "support", Some(6_000.0)),
            (3, "autocomplete", Some(1_500.0)),
            (3, "support", Some(10_000.0)),
            (4, "autocomplete", None),
        ] {
            assert_eq!(promised(tier, workload).e2e_p99_ms, ms, "tier {tier} on {workload}");
            assert_eq!(promised(tier, workload).availability, Some(0.99));
        }
        assert_eq!(policy.promised(&Named::default()).e2e_p99_ms, None);
    }
}
