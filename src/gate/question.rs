//! Rules that could not be asked of a run, where that is a mistake of whoever wrote the policy.

use crate::gate::finding::Rule;
use crate::gate::judge::{Judged, NotAsked, Unasked};
use crate::gate::policy::Policy;
use crate::rundir::Run;

/// A rule of a policy that could not be asked of a run, nor ever of one like it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{policy}:{line}: `{rule}` cannot be asked of `{run}`: it {why}")]
pub struct NoQuestion {
    /// The policy's file.
    pub policy: String,
    /// The line that the rule begins at, from 1.
    pub line: usize,
    /// What people call it.
    pub rule: String,
    /// The run directory.
    pub run: String,
    /// Why not, and what would be right.
    pub why: &'static str,
}

impl Judged {
    /// Refuses a verdict that would say nothing: it may not pass.
    ///
    /// # Errors
    /// A rule of `policy` is about a metric that nothing in `run` has; or none is about anything that the run measured, as where
    /// there are comparisons alone, and the run has nothing to compare.
    pub fn refuse_no_question(&self, policy: &Policy, run: &Run) -> Result<(), NoQuestion> {
        // A run without any cell is no mistake of the policy.
        if run.cells.is_empty() {
            return Ok(());
        }
        let cannot = |rule: Rule, why: &'static str| {
            let (line, name) = match rule {
                Rule::Slo(index) => (policy.slos[index].line, policy.slos[index].name.clone()),
                Rule::Regression(index) => (policy.regressions[index].line, policy.regressions[index].title()),
            };
            let (policy, run) = (policy.source.clone(), run.path.display().to_string());
            Err(NoQuestion { policy, line: line.unwrap_or(1), rule: name, run, why })
        };
        if let Some(mistake) = self.not_asked.iter().find(|unasked| unasked.is_mistake()) {
            return cannot(
                mistake.rule,
                "is about a metric that this run does not have: it must be one that was measured",
            );
        }
        // A policy is about more than one run measures. Only where no rule is about this one is there nothing to pass by.
        let lacks = |unasked: &&NotAsked| {
            matches!(
                unasked.reason,
                Unasked::OneVariant | Unasked::NoRequests | Unasked::NothingMatches | Unasked::Window
            )
        };
        match self.not_asked.iter().find(lacks) {
            Some(unasked) if self.findings.is_empty() && self.not_asked.iter().all(|one| lacks(&one)) => cannot(
                unasked.rule,
                match unasked.reason {
                    Unasked::OneVariant => {
                        "compares two variants, and this run has one: run a suite with two `[[variant]]`"
                    }
                    Unasked::NothingMatches => {
                        "matches no cell of this run, and no other rule can be asked of it: a `match` must name what was measured"
                    }
                    Unasked::Window => {
                        "is about days of history, and no other rule can be asked of this run: give `--history` the folder of runs"
                    }
                    _ => "compares requests, and this run keeps none: give the run that it was made of",
                },
            ),
            _ => Ok(()),
        }
    }
}
