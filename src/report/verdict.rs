//! What a gate found, for people and for programs: the verdict, then every rule, the worst first.

mod github;
mod groups;
mod json;
mod json_rules;
mod junit;
mod markdown;
mod notes;
mod seen;
mod self_test;
mod tables;
mod text;
mod words;

pub use github::verdict_annotations;
pub use json::verdict_json;
pub use junit::verdict_junit;
pub use markdown::verdict_markdown;
pub use self_test::self_test_text;
pub use text::verdict_text;

pub(in crate::report) use seen::{bounds_words, by_words, from_to, interval_words, margin_of};
pub(in crate::report) use words::{counted, ruling, trimmed};

use crate::gate::{Finding, Judged, Pair, Place, Policy, Rule, Ruling, Seen, Severity, Verdict};
use crate::report::figures;
use crate::report::headline::partial;
use crate::report::plain_text::visible;
use crate::report::totals::Source;
use crate::rundir::{CellRow, Run};

/// What a gate found, with all that it is about.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// What was demanded.
    pub policy: &'a Policy,
    /// Of what.
    pub run: &'a Run,
    /// What became of it.
    pub judged: &'a Judged,
    /// Whether it is advice: what is broken or cannot be told is then said, and stops nobody.
    pub advisory: bool,
    /// Whether its comparisons are of two runs, which makes them advice whatever the policy says.
    pub apart: bool,
}

impl<'a> Judgement<'a> {
    /// The verdict in one line, with how many rules came out in which way.
    fn headline(&self) -> String {
        format!("{}: {} {}", self.verdict_words(), self.counts(), self.about())
    }

    /// `REGRESSED`, `ADVISORY: REGRESSED`.
    fn verdict_words(&self) -> String {
        let advisory = if self.advisory { "ADVISORY: " } else { "" };
        format!("{advisory}{}", words::verdict(self.judged.verdict))
    }

    /// `1 broken, 37 hold`.
    fn counts(&self) -> String {
        let counts = RULINGS.map(|ruling| (self.count(ruling), ruling));
        let parts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, ruling)| format!("{} {}", figures::count(count as u64), words::counted(ruling, count)))
            .collect();
        if parts.is_empty() { "no rule applies".to_owned() } else { parts.join(", ") }
    }

    /// `of gate.toml on nightly, simulated`, and that less was measured than planned where that is so.
    fn about(&self) -> String {
        let policy = self.file().map_or_else(|| "the built-in policy".to_owned(), visible);
        let run = visible(&self.run.manifest.run_id);
        let partial = partial(self.run.manifest.status)
            .map_or_else(String::new, |said| format!(", {}", said.trim_end_matches('.').replacen('P', "p", 1)));
        format!("of {policy} on {run}, {}{partial}", Source::of(self.run).word().to_lowercase())
    }

    /// How many rules came out so.
    fn count(&self, ruling: Ruling) -> usize {
        self.judged.findings.iter().filter(|finding| finding.ruling == ruling).count()
    }

    /// The findings, the worst first: by what is known, what stops before what only warns, then by how many times more than
    /// what is allowed was seen.
    fn worst_first(&self) -> Vec<&'a Finding> {
        let mut order: Vec<(&Finding, f64)> =
            self.judged.findings.iter().map(|finding| (finding, self.excess(finding))).collect();
        let warns = |finding: &Finding| self.policy.severity(finding.rule) == Severity::Warn;
        order
            .sort_by(|(a, one), (b, other)| (a.ruling, warns(a)).cmp(&(b.ruling, warns(b))).then(other.total_cmp(one)));
        order.into_iter().map(|(finding, _)| finding).collect()
    }

    /// How many times what is allowed was seen, below 0 for what became better; 0 where nothing was.
    pub(in crate::report) fn excess(&self, finding: &Finding) -> f64 {
        match (finding.rule, finding.seen) {
            (Rule::Slo(index), Seen::Counts { requests, bad }) => {
                bad as f64 / requests.max(1) as f64 / self.policy.slos[index].promise.bad_share()
            }
            (Rule::Regression(index), Seen::Change(change)) => {
                let rule = &self.policy.regressions[index];
                let worse = if rule.measure.is_better_when_greater() { -1.0 } else { 1.0 };
                worse * seen::change_of(rule, &change) / seen::margin_of(rule, &change)
            }
            (Rule::Regression(_), Seen::Prices { baseline: Some(baseline), candidate: Some(candidate) }) => {
                // A list price is exact: its margin may be 0, so that its step itself is what is told.
                candidate.as_f64() / baseline.as_f64().max(f64::MIN_POSITIVE) - 1.0
            }
            _ => 0.0,
        }
    }

    /// The row that stands for the place of the finding: its cell, or the baseline of its first pair.
    pub(in crate::report) fn row(&self, finding: &Finding) -> &'a CellRow {
        let place = match &finding.place {
            Place::Cell(place) => *place,
            Place::Pairs(pairs) => pairs.first().map_or(0, |pair: &Pair| pair.baseline),
        };
        &self.run.cells[place]
    }

    /// Whether the finding is a reason for an exit code other than 0.
    fn stops(&self, finding: &Finding) -> bool {
        let blocks = self.policy.severity(finding.rule) == Severity::Block;
        blocks
            && match finding.ruling {
                Ruling::Broken => !self.advisory,
                Ruling::Invalid => true,
                Ruling::CannotTell => !self.advisory && self.policy.inconclusive.ab == Severity::Block,
                Ruling::Holds => false,
            }
    }

    /// Whether the verdict is a reason for an exit code other than 0.
    fn fails(&self) -> bool {
        match self.judged.verdict {
            Verdict::Passed => false,
            Verdict::Regressed => !self.advisory,
            // A forecast may be inconclusive where the policy only warns of that.
            Verdict::Inconclusive => !self.advisory && self.policy.inconclusive.ab == Severity::Block,
            Verdict::Invalid => true,
        }
    }

    /// The policy's file; absent where the program brings the policy itself.
    pub(in crate::report) fn file(&self) -> Option<&'a str> {
        Some(self.policy.source.as_str()).filter(|source| *source != Policy::built_in().source)
    }

    /// The policy's line of a rule.
    fn line(&self, rule: Rule) -> Option<usize> {
        match rule {
            Rule::Slo(index) => self.policy.slos[index].line,
            Rule::Regression(index) => self.policy.regressions[index].line,
        }
    }

    /// What people call a rule.
    fn name(&self, rule: Rule) -> String {
        match rule {
            Rule::Slo(index) => visible(&self.policy.slos[index].name),
            Rule::Regression(index) => self.policy.regressions[index].title(),
        }
    }
}

/// Every ruling, the worst first.
pub(in crate::report) const RULINGS: [Ruling; 4] = [Ruling::Broken, Ruling::Invalid, Ruling::CannotTell, Ruling::Holds];

#[cfg(test)]
mod tests;
