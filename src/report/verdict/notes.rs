//! What is said once of a verdict, so that no line has to.

use crate::gate::{Change, Finding, Measure, Rule, Seen, Severity, Why};
use crate::report::verdict::Judgement;

impl Judgement<'_> {
    /// All of it.
    pub(super) fn notes(&self) -> Vec<String> {
        self.advice().into_iter().chain(self.reading()).collect()
    }

    /// What comparisons of two runs are worth, and what would make them worth more; absent for any other verdict.
    pub(super) fn advice(&self) -> Option<String> {
        let is_advice = |finding: &Finding| match finding.rule {
            Rule::Regression(index) => !self.policy.regressions[index].measure.is_exact(),
            Rule::Slo(_) => false,
        };
        let findings = || self.judged.findings.iter().filter(|finding| is_advice(finding));
        if !self.apart || findings().next().is_none() {
            return None;
        }
        let fails = match self.policy.inconclusive.runs {
            Severity::Warn => "they stop nobody",
            Severity::Block => "where one of them does not hold, the verdict is no worse than inconclusive",
        };
        let unknown = findings().any(|finding| finding.why == Some(Why::NightsUnknown));
        let remedy = if unknown {
            " How far nights differ here is not known: to conclude anything, give `--history` a folder with three or more nights \
             before this one."
        } else {
            ""
        };
        Some(format!(
            "Comparisons of two runs are advice, whatever the policy says, since two nights may differ by a tenth where nothing \
             changed: {fails}.{remedy}"
        ))
    }

    /// How its comparisons are to be read, in sentences; none where nothing was compared.
    pub(super) fn reading(&self) -> Vec<String> {
        let compared =
            || self.judged.findings.iter().filter_map(|finding| Some((finding.rule, change_of(finding.seen)?)));
        let mut notes = Vec::new();
        if compared().next().is_some() {
            notes.push(
                "A comparison is broken where it is surely worse than its margin, holds where it surely stays within its second \
                 bound, and cannot be told in between."
                    .to_owned(),
            );
        }
        if compared().any(|(_, change)| change.of_rounds.is_some()) {
            let timed = |rule: Rule| match rule {
                Rule::Regression(index) => matches!(self.policy.regressions[index].measure, Measure::Quantile { .. }),
                Rule::Slo(_) => false,
            };
            let failures = if compared().any(|(rule, _)| timed(rule)) {
                ", in which a failed request counts as its total deadline"
            } else {
                ""
            };
            notes.push(format!(
                "The figures of latency and cost, their change and its interval are means over the rounds{failures}: they need not \
                 be those of all requests together."
            ));
        }
        notes
    }
}

const fn change_of(seen: Seen) -> Option<Change> {
    match seen {
        Seen::Change(change) => Some(change),
        _ => None,
    }
}
