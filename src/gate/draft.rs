//! Findings before all tests are taken together.

use crate::gate::comparison::Comparison;
use crate::gate::finding::{Finding, Ruling, Seen, Why};
use crate::gate::planned::rounds_needed;
use crate::gate::promise::Kept;
use crate::gate::settle::{promise_to_settle, rounds_to_settle, shares_to_settle};
use crate::stats::{Share, least_p};

/// A finding, and the test that decides it; without one its ruling is final.
#[derive(Clone, Debug)]
pub(in crate::gate) struct Draft {
    pub(in crate::gate) finding: Finding,
    pub(in crate::gate) test: Option<Test>,
}

/// A test with all that its ruling needs.
#[derive(Clone, Debug)]
pub(in crate::gate) enum Test {
    /// Whether a share of requests is kept.
    Promise { kept: Kept, allowed: f64, confidence: f64 },
    /// A comparison of rounds, of so many requests of each variant.
    Rounds { comparison: Comparison, requests: u64 },
    /// A comparison of the sums of bad requests, with its bounds in shares.
    Sums { comparison: Comparison, baseline: Share, candidate: Share, bounds: (f64, f64) },
    /// A comparison of two runs, by how far nights differ.
    Nights { p_worse: f64, p_ruled_out: f64 },
}

impl Test {
    /// The p-value of "it is not broken".
    pub(in crate::gate) const fn p_broken(&self) -> f64 {
        match self {
            Self::Promise { kept, .. } => kept.p_broken,
            Self::Rounds { comparison, .. } | Self::Sums { comparison, .. } => comparison.p_worse,
            Self::Nights { p_worse, .. } => *p_worse,
        }
    }

    /// Whether it surely holds. This is not adjusted for other tests: to be passed wrongly, a rule must be at its outer bound.
    fn holds(&self, alpha: f64) -> bool {
        match self {
            Self::Promise { kept, confidence, .. } => kept.p_holds <= 1.0 - confidence,
            Self::Rounds { comparison, .. } | Self::Sums { comparison, .. } => comparison.p_ruled_out <= alpha,
            Self::Nights { p_ruled_out, .. } => *p_ruled_out <= alpha,
        }
    }
}

impl Draft {
    /// The finding with its ruling, among `tests` tests, of which Holm's adjustment makes `adjusted` of its p-value.
    pub(in crate::gate) fn ruled(self, adjusted: Option<f64>, alpha: f64, tests: usize) -> Finding {
        let Self { mut finding, test } = self;
        finding.p = adjusted;
        let Some(test) = test else { return finding };
        finding.ruling = if adjusted.is_some_and(|p| p <= alpha) {
            Ruling::Broken
        } else if test.holds(alpha) {
            Ruling::Holds
        } else {
            Ruling::CannotTell
        };
        if finding.ruling == Ruling::CannotTell {
            finding.would_settle = would_settle(&finding.seen, &test, alpha, tests);
            if let Test::Rounds { comparison, .. } = test
                && least_p(comparison.rounds) > alpha / tests as f64
            {
                finding.why = Some(Why::TooFewRounds { needed: rounds_needed(alpha, tests), tests });
            }
        }
        finding
    }
}

fn would_settle(seen: &Seen, test: &Test, alpha: f64, tests: usize) -> Option<u64> {
    match test {
        Test::Promise { allowed, confidence, .. } => match *seen {
            Seen::Counts { requests, bad } => promise_to_settle((requests, bad), *allowed, *confidence, alpha, tests),
            _ => None,
        },
        Test::Rounds { comparison, requests } => {
            rounds_to_settle(comparison, comparison.tested.as_ref()?, *requests, alpha, tests)
        }
        Test::Sums { baseline, candidate, bounds, .. } => {
            shares_to_settle(*baseline, *candidate, *bounds, alpha, tests)
        }
        // More requests do not bring two nights nearer.
        Test::Nights { .. } => None,
    }
}
