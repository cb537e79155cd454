//! How often comparisons alarmed where nothing differs, for people.

use std::fmt::Write;

use crate::gate::{Finding, Policy, Ruling, SelfTest, Severity, Untold};
use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::verdict::Judgement;
use crate::stats::Share;

/// Runs from which a rate can be judged.
const LEAST_RUNS: u64 = 20;

/// The rate of false alarms that a gate is to keep to.
const ALLOWED: f64 = 0.05;

/// How many of `tests` alarmed, what that says of the gate, and each alarm in a sentence; ended by a line feed.
///
/// Runs on which no comparison could be tried do not count, and are told with why not. The interval is that of [`Share::interval`] with 95 % confidence: only when
/// twenty runs or more have all of it above 5 % is the gate told to be advisory here.
pub fn self_test_text(policy: &Policy, tests: &[SelfTest]) -> String {
    let alarms = |test: &SelfTest| test.judged.findings.iter().any(|finding| is_alarm(policy, finding));
    let counted: Vec<&SelfTest> = tests.iter().filter(|test| test.tells()).collect();
    let rate = Share { of: counted.iter().filter(|test| alarms(test)).count() as u64, all: counted.len() as u64 };
    let source = visible(&policy.source);
    let mut text = match rate.interval(0.05) {
        Some((low, high)) => format!(
            "{} of {} alarmed by {source} where nothing differs ({}, 95 % interval {} to {}): {}\n",
            figures::count(rate.of),
            figures::several(rate.all, "run"),
            figures::percent(rate.of as f64 / rate.all as f64),
            figures::percent(low),
            figures::percent(high),
            advice(rate, low)
        ),
        None => format!("no comparison of {source} could be tried on any run\n"),
    };
    for test in counted {
        let judgement = Judgement { policy, run: &test.run, judged: &test.judged, advisory: true, apart: false };
        for finding in test.judged.findings.iter().filter(|finding| is_alarm(policy, finding)) {
            let run = visible(&test.run.manifest.run_id);
            let (place, told) = (judgement.place(finding), judgement.told(finding));
            let _ = writeln!(text, "{run}: {place}: {told}  [{}]", judgement.rule(finding));
        }
    }
    text.push_str(&untold(tests));
    text
}

/// A line for each reason why runs tell nothing, with how many there are.
fn untold(tests: &[SelfTest]) -> String {
    let mut reasons: Vec<(String, u64)> = Vec::new();
    for untold in tests.iter().filter_map(SelfTest::untold) {
        let words = match untold {
            Untold::NothingMatches => "measured nothing that a comparison matches".to_owned(),
            Untold::NoMetric => "measured nothing that a comparison is about".to_owned(),
            Untold::NotJudged(why) => format!("may not be judged: {}", visible(&why.to_string())),
            Untold::TooFewRequests => {
                "had too few requests for any comparison: half of a run is held against the other".to_owned()
            }
        };
        match reasons.iter_mut().find(|(known, _)| *known == words) {
            Some((_, runs)) => *runs += 1,
            None => reasons.push((words, 1)),
        }
    }
    reasons.iter().map(|(words, runs)| format!("{} {words}\n", figures::several(*runs, "run"))).collect()
}

/// Whether it would have stopped somebody.
fn is_alarm(policy: &Policy, finding: &Finding) -> bool {
    finding.ruling == Ruling::Broken && policy.severity(finding.rule) == Severity::Block
}

fn advice(rate: Share, low: f64) -> String {
    if rate.all < LEAST_RUNS {
        format!("too few runs to judge the gate by, which takes {LEAST_RUNS}")
    } else if low > ALLOWED {
        "surely more than 5 %, so that the gate should be advisory here (`--advisory`)".to_owned()
    } else {
        "no sign that it alarms in more than 5 %".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::fixture::{SAME, made_up};
    use crate::gate::self_test;

    fn policy() -> Policy {
        let rule = "schema = 1\n[[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\nrule_out = \"60%\"\n";
        Policy::parse("gate.toml", rule).unwrap()
    }

    /// `alarmed` of `runs` runs with a finding that says broken.
    fn told(alarmed: usize, runs: usize) -> String {
        let policy = policy();
        let test = self_test(&policy, &made_up(20, &[SAME]).run).unwrap();
        let mut broken = test.clone();
        let finding = Finding { ruling: Ruling::Broken, p: Some(0.01), ..test.judged.findings[0].clone() };
        broken.judged.findings = vec![finding];
        let tests: Vec<SelfTest> =
            (0..runs).map(|run| if run < alarmed { broken.clone() } else { test.clone() }).collect();
        self_test_text(&policy, &tests)
    }

    #[test]
    fn few_runs_are_said_to_be_few_whatever_they_say() {
        let text = told(3, 3);
        assert!(
            text.starts_with("3 of 3 runs alarmed by gate.toml where nothing differs (100 %, 95 % interval "),
            "{text}"
        );
        assert!(text.contains("): too few runs to judge the gate by, which takes 20\n"), "{text}");
        assert_eq!(text.matches("ab: small in us on chat at closed, 4: ttft p50 ").count(), 3, "{text}");
    }

    #[test]
    fn only_what_is_surely_more_than_one_in_twenty_asks_for_advice_alone() {
        // Of 20 runs the lower end of the interval is 3.2 % for 3 alarms, and 5.7 % for 4.
        assert!(told(3, 20).contains("no sign that it alarms in more than 5 %"));
        assert!(told(4, 20).contains("the gate should be advisory here"));
        assert!(told(0, 20).starts_with("0 of 20 runs alarmed"), "{}", told(0, 20));
    }

    #[test]
    fn a_run_that_is_too_small_for_every_rule_does_not_count() {
        let policy =
            Policy::parse("gate.toml", "schema = 1\n[[regression]]\nmetric = \"e2e_p99_ms\"\nmargin = \"10%\"\n")
                .unwrap();
        let test = self_test(&policy, &made_up(20, &[SAME]).run).unwrap();
        let text = self_test_text(&policy, &[test]);
        assert_eq!(
            text,
            "no comparison of gate.toml could be tried on any run\n\
             1 run had too few requests for any comparison: half of a run is held against the other\n"
        );
    }
}
