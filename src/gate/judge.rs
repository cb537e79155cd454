//! A run held against a whole policy.

use crate::gate::draft::{Draft, Test};
use crate::gate::finding::{Finding, Rule, Ruling, Verdict};
use crate::gate::policy::{Policy, Severity};
use crate::gate::regressions::regression_drafts;
use crate::gate::slo::slo_drafts;
use crate::history::History;
use crate::rundir::{Run, RunDirError};
use crate::stats::{benjamini_hochberg, holm};

/// What a policy makes of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Every rule in every place that it is about, in the policy's order.
    pub findings: Vec<Finding>,
    /// The rules that this run cannot be asked, in the policy's order.
    pub not_asked: Vec<NotAsked>,
    /// What it all makes together.
    pub verdict: Verdict,
}

/// A rule that a run cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAsked {
    /// The rule.
    pub rule: Rule,
    /// Why not.
    pub reason: Unasked,
}

impl NotAsked {
    /// Whether the rule got no answer at all, although it is about what was measured, and a run like this one could never give it.
    pub const fn is_mistake(self) -> bool {
        match self.reason {
            Unasked::NoMetric { places, of } => places == of,
            Unasked::OneVariant
            | Unasked::NoRequests
            | Unasked::NothingMatches
            | Unasked::Window
            | Unasked::TableHasNoListPrice
            | Unasked::SmallRoutes(_)
            | Unasked::OtherRequests(_) => false,
        }
    }
}

/// Why a run cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// The rule compares two variants, and the run does not have them.
    OneVariant,
    /// The rule compares requests, and the run keeps neither its own nor the counts of its rounds, as a slim one may.
    NoRequests,
    /// The rule is about a window of history, and there is none.
    Window,
    /// The rule matches no cell.
    NothingMatches,
    /// The rule is about a list price, and everything that it matches is a routing table, which calls many endpoints.
    TableHasNoListPrice,
    /// Asked of a routing table as a whole, and not of so many of its routes: too few requests took them.
    SmallRoutes(usize),
    /// Asked of a routing table as a whole, and not of so many of its routes: one table has them alone, or sends them other
    /// requests than the other table does.
    OtherRequests(usize),
    /// Cells, or pools of cells, that it matches and that do not have the metric, in either variant where two are compared.
    NoMetric {
        /// So many.
        places: usize,
        /// Of so many that it matches.
        of: usize,
    },
}

/// Holds `run` against every rule of `policy` that is about a run by itself.
///
/// Broken is what its p-value says after Holm's adjustment over all tests that block, SLOs and comparisons alike, at the
/// policy's alpha. What only warns takes nothing from them: it is adjusted apart, by Benjamini and Hochberg, so that alpha is the
/// share of wrong warnings among all. A comparison holds where the p-value of its
/// `rule_out` is within alpha, an SLO with its own confidence. List prices are compared exactly. Failures, and requests without
/// the latency in question, count as bad in SLOs and as their total deadline in comparisons. Latencies are those of the
/// requests, or for SLOs, where the run holds none, of its histograms, whose buckets are taken at their upper end.
///
/// # Errors
/// The run's files cannot be read.
pub fn judge(policy: &Policy, run: &Run) -> Result<Judged, RunDirError> {
    judge_over(policy, run, None)
}

/// The same, and with a history the SLOs over a window too: by the requests of its runs within so many days up to the start of
/// `run`, which belongs to the history itself (see [`History::with`]).
///
/// # Errors
/// The files of the run, or of one in a window, cannot be read.
pub fn judge_over(policy: &Policy, run: &Run, history: Option<&History>) -> Result<Judged, RunDirError> {
    let mut not_asked = Vec::new();
    let mut drafts = slo_drafts(policy, run, history, &mut not_asked)?;
    drafts.extend(regression_drafts(policy, run, &mut not_asked)?);
    let findings = ruled(policy, drafts);
    let skips = |one: &NotAsked| one.reason == Unasked::NoRequests && policy.severity(one.rule) == Severity::Block;
    let verdict = match verdict(policy, &findings) {
        // A comparison that would have stopped somebody was not made: that is no pass.
        Verdict::Passed if policy.inconclusive.ab == Severity::Block && not_asked.iter().any(skips) => {
            Verdict::Inconclusive
        }
        verdict => verdict,
    };
    Ok(Judged { findings, not_asked, verdict })
}

impl Severity {
    /// The p-values of all tests of this severity, adjusted for their number: by Holm where one wrong alarm stops somebody, by
    /// Benjamini and Hochberg where it is one warning among others.
    pub(crate) fn adjusted(self, p_values: &[f64]) -> Vec<f64> {
        match self {
            Self::Block => holm(p_values),
            Self::Warn => benjamini_hochberg(p_values),
        }
    }
}

impl Policy {
    /// What `rule` does when it is broken.
    ///
    /// # Panics
    /// The rule is not one of this policy.
    pub fn severity(&self, rule: Rule) -> Severity {
        match rule {
            Rule::Slo(index) => self.slos[index].severity,
            Rule::Regression(index) => self.regressions[index].severity,
        }
    }
}

/// The findings with their rulings, all tests of one severity taken together.
pub(in crate::gate) fn ruled(policy: &Policy, drafts: Vec<Draft>) -> Vec<Finding> {
    let mut adjusted = vec![None; drafts.len()];
    let mut tests = [0, 0];
    for (count, severity) in tests.iter_mut().zip([Severity::Block, Severity::Warn]) {
        let of = |draft: &Draft| {
            let test = draft.test.as_ref().filter(|_| policy.severity(draft.finding.rule) == severity);
            test.map(Test::p_broken)
        };
        let found: Vec<(usize, f64)> =
            drafts.iter().enumerate().filter_map(|(index, draft)| Some((index, of(draft)?))).collect();
        *count = found.len();
        let p_values = severity.adjusted(&found.iter().map(|(_, p)| *p).collect::<Vec<_>>());
        found.iter().zip(p_values).for_each(|((index, _), p)| adjusted[*index] = Some(p));
    }
    let ruled = drafts.into_iter().zip(adjusted).map(|(draft, p)| {
        let blocks = policy.severity(draft.finding.rule) == Severity::Block;
        draft.ruled(p, policy.alpha, tests[usize::from(!blocks)])
    });
    ruled.collect()
}

pub(in crate::gate) fn verdict(policy: &Policy, findings: &[Finding]) -> Verdict {
    let any = |ruling| findings.iter().any(|one| one.ruling == ruling && policy.severity(one.rule) == Severity::Block);
    if any(Ruling::Broken) {
        Verdict::Regressed
    } else if any(Ruling::Invalid) || findings.iter().all(|one| one.ruling == Ruling::Invalid) {
        Verdict::Invalid
    } else if any(Ruling::CannotTell) && policy.inconclusive.ab == Severity::Block {
        Verdict::Inconclusive
    } else {
        Verdict::Passed
    }
}

#[cfg(test)]
mod tests;
