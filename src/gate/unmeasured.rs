//! Rules about what a run would not measure, found before it is carried out.

use crate::conf::{Faults, Review};
use crate::gate::good::limit_of;
use crate::gate::measure::Measure;
use crate::gate::named::{Named, Pair};
use crate::gate::planned::{PlannedCell, planned_pairs};
use crate::gate::policy::{Policy, Promise, Timed};
use crate::gate::pools::pools;

/// The rules of `policy` about a metric that none of the `cells` they match would have, each as a mistake where the rule
/// begins; absent where there is none.
///
/// Such a rule could never be answered, and what is never asked is never broken. SLOs over a window count only where the run
/// `has_history`, and comparisons only where it has two variants: others are not asked anyway.
pub fn unmeasured(policy: &Policy, cells: &[PlannedCell], has_history: bool) -> Option<Faults> {
    let named: Vec<Named<'_>> = cells.iter().map(Named::from).collect();
    let pairs = planned_pairs(&named);
    let mut review = Review::new(&policy.source, &policy.text);
    let mut note = |line: Option<usize>, rule: &str, lack: Option<Lack>, matched: &[&PlannedCell]| {
        let Some(lack) = lack.filter(|lack| !matched.is_empty() && matched.iter().all(|cell| lack.is_of(cell))) else {
            return;
        };
        let (message, remedy) = lack.told(rule, matched);
        review.mistake(line_span(&policy.text, line.unwrap_or(1)), message, Some(remedy.to_owned()));
    };
    for slo in policy.slos.iter().filter(|slo| slo.window_days.is_none() || has_history) {
        let matched: Vec<&PlannedCell> =
            cells.iter().zip(&named).filter(|(_, named)| slo.matches.takes(named)).map(|(cell, _)| cell).collect();
        note(slo.line, &slo.name, Lack::possible_for_promise(&slo.promise), &matched);
    }
    for rule in &policy.regressions {
        let of_pair = |pair: Pair| [Some(pair.baseline), pair.candidate].into_iter().flatten();
        let places = pools(rule, &named, &pairs).into_iter().flatten().flat_map(of_pair);
        let matched: Vec<&PlannedCell> = places.map(|place| &cells[place]).collect();
        note(rule.line, &rule.title(), Lack::possible_for_measure(rule.measure), &matched);
    }
    review.finish().0
}

/// What a cell can lack, so that it has no figure for a rule.
#[derive(Clone, Copy)]
enum Lack {
    /// Answers that are streamed.
    FirstToken,
    /// Lines that say what is expected.
    Expectation,
}

impl Lack {
    fn possible_for_promise(promise: &Promise) -> Option<Self> {
        match promise {
            Promise::Quality { .. } => Some(Self::Expectation),
            _ => matches!(limit_of(promise), Some((Timed::Ttft, _))).then_some(Self::FirstToken),
        }
    }

    const fn possible_for_measure(measure: Measure) -> Option<Self> {
        match measure {
            Measure::Quality => Some(Self::Expectation),
            Measure::Quantile { latency: Timed::Ttft, .. } => Some(Self::FirstToken),
            _ => None,
        }
    }

    const fn is_of(self, cell: &PlannedCell) -> bool {
        match self {
            Self::FirstToken => !cell.is_streamed,
            Self::Expectation => !cell.has_expectations,
        }
    }

    /// What is wrong with `rule`, and what to do about it.
    fn told(self, rule: &str, matched: &[&PlannedCell]) -> (String, &'static str) {
        match self {
            Self::FirstToken => (
                format!("`{rule}` is about the time to first token, and this run streams no answer that it matches"),
                "stream them with `--stream true`, or take the rule out of this run's policy",
            ),
            Self::Expectation => {
                let mut workloads: Vec<String> = matched.iter().map(|cell| format!("`{}`", cell.workload)).collect();
                workloads.dedup();
                let of = workloads.join(", ");
                (
                    format!("`{rule}` is about quality, and no line of {of} says what a right answer is"),
                    "give lines an `expect`, or match a workload that has them",
                )
            }
        }
    }
}

/// The bytes of `text` that its line of this number, from 1, stands on.
fn line_span(text: &str, line: usize) -> std::ops::Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    start..start + text[start..].lines().next().map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(variant: Option<&str>, workload: &str) -> PlannedCell {
        PlannedCell {
            variant: variant.map(str::to_owned),
            workload: workload.into(),
            load: "closed".into(),
            is_streamed: true,
            has_expectations: true,
            ..PlannedCell::default()
        }
    }

    const RULES: &str = "schema = 1\n[[slo]]\nname = \"first\"\nmetric = \"ttft_p95_ms\"\nmax = 500\nseverity = \"warn\"\n\
                         [[slo]]\nname = \"right\"\nmetric = \"quality_ratio\"\nmin = 0.5\nmatch = { workload = \"chat\" }\n\
                         [[slo]]\nname = \"whole\"\nmetric = \"e2e_p95_ms\"\nmax = 500\n\
                         [[slo]]\nname = \"month\"\nmetric = \"ttft_share_over\"\nover_ms = 1\nmax = 0.1\nwindow = \"30d\"\n\
                         [[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\n";

    fn told(cells: &[PlannedCell], has_history: bool) -> Vec<String> {
        let policy = Policy::parse("gate.toml", RULES).unwrap();
        let faults = unmeasured(&policy, cells, has_history);
        faults.iter().flat_map(Faults::iter).map(ToString::to_string).collect()
    }

    #[test]
    fn every_rule_about_what_no_cell_would_measure_is_told_with_its_line() {
        assert_eq!(told(&[cell(None, "chat")], true), Vec::<String>::new());
        let whole = PlannedCell { is_streamed: false, has_expectations: false, ..cell(None, "chat") };
        let first =
            "gate.toml:2:1: `first` is about the time to first token, and this run streams no answer that it matches";
        let right = "gate.toml:7:1: `right` is about quality, and no line of `chat` says what a right answer is";
        assert_eq!(told(std::slice::from_ref(&whole), false), [first, right]);
        assert_eq!(told(std::slice::from_ref(&whole), true).len(), 3, "a window is asked where there is a history");
        let sides = ["a", "b"].map(|name| PlannedCell { variant: Some(name.into()), ..whole.clone() });
        let compared = told(&sides, false);
        assert!(compared[2].starts_with("gate.toml:22:1: `ttft p50 ≤ +10 %` is about the time"), "{compared:?}");
    }

    #[test]
    fn one_cell_that_has_the_metric_is_enough_and_a_rule_that_matches_nothing_is_no_mistake() {
        let whole = PlannedCell { is_streamed: false, ..cell(None, "chat") };
        assert_eq!(told(&[whole, cell(None, "chat")], true), Vec::<String>::new());
        let other = PlannedCell { has_expectations: false, ..cell(None, "code") };
        assert_eq!(told(&[other], true), Vec::<String>::new());
    }
}
