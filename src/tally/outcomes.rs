//! How often each outcome came up.

use std::fmt;

use crate::sample::Outcome;

/// A count for each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes([u64; Outcome::ALL.len()]);

impl Outcomes {
    /// Counts one more `outcome`.
    pub fn add(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }

    /// How often `outcome` came up.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize]
    }

    /// All outcomes, those that tollmark itself caused included.
    pub fn all(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Requests that were asked of the provider and ended.
    pub fn requests(&self) -> u64 {
        Outcome::ALL.into_iter().filter(|outcome| outcome.counts()).map(|outcome| self.of(outcome)).sum()
    }

    /// Requests that succeeded.
    pub fn ok(&self) -> u64 {
        self.of(Outcome::Ok)
    }

    /// Requests that were asked of the provider and did not succeed.
    pub fn failed(&self) -> u64 {
        self.requests() - self.ok()
    }
}

/// Those that came up, in the order of reports: `ok=597;timeout_idle=3`.
impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for outcome in Outcome::ALL {
            if self.of(outcome) > 0 {
                write!(f, "{separator}{outcome}={}", self.of(outcome))?;
                separator = ";";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_sent_is_listed_and_is_no_request() {
        let mut outcomes = Outcomes::default();
        for outcome in [Outcome::TimeoutIdle, Outcome::Ok, Outcome::Cancelled, Outcome::Ok] {
            outcomes.add(outcome);
        }
        assert_eq!(outcomes.to_string(), "ok=2;timeout_idle=1;cancelled=1");
        assert_eq!((outcomes.all(), outcomes.requests(), outcomes.ok(), outcomes.failed()), (4, 3, 2, 1));
    }

    #[test]
    fn every_outcome_has_a_count_of_its_own() {
        for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, index, "{outcome}");
        }
    }
}
