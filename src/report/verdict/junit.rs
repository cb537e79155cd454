//! A verdict as JUnit XML, which every CI shows.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::gate::{Finding, Ruling};
use crate::report::plain_text::visible;
use crate::report::shown::load;
use crate::report::verdict::{Judgement, promise};

/// A test case for each rule in each cell, in the policy's order.
///
/// Broken is a failure, what may not be judged an error, what cannot be told skipped; what is broken and only warns is
/// skipped too, as it stops nobody. A run of which nothing could be asked has a single error.
pub fn verdict_junit(judgement: &Judgement<'_>) -> String {
    let mut suite = TestSuite::new(visible(&judgement.policy.source));
    suite.add_test_cases(judgement.findings.iter().map(|finding| case(judgement, finding)));
    if judgement.findings.is_empty() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(judgement.headline());
        suite.add_test_case(TestCase::new("a rule applies", status));
    }
    let mut report = Report::new("tollmark gate");
    report.add_test_suite(suite);
    report.to_string().expect("what is written to memory cannot fail")
}

fn case(judgement: &Judgement<'_>, finding: &Finding) -> TestCase {
    let (slo, row) = (judgement.slo(finding), judgement.row(finding));
    let seen = format!("{} [{}]", judgement.seen(finding), judgement.rule(finding));
    let status = match finding.ruling {
        Ruling::Holds => TestCaseStatus::success(),
        Ruling::Broken if judgement.stops(finding) => failed(NonSuccessKind::Failure, seen.clone()),
        Ruling::Invalid if judgement.stops(finding) => failed(NonSuccessKind::Error, seen.clone()),
        Ruling::Broken => skipped(format!("broken, which only warns: {seen}")),
        Ruling::Invalid => skipped(format!("invalid, which only warns: {seen}")),
        Ruling::CannotTell => skipped(format!("cannot be told: {seen}")),
    };
    let mut case = TestCase::new(format!("{} on {} at {}", promise(slo), visible(&row.workload), load(row)), status);
    let names = [Some(row.provider.as_str()), Some(row.model.as_str()), row.region.as_deref()];
    case.set_classname(names.into_iter().flatten().map(visible).collect::<Vec<_>>().join("."));
    if finding.ruling == Ruling::Holds {
        case.set_system_out(seen);
    }
    case
}

fn failed(kind: NonSuccessKind, message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    status
}

fn skipped(message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}
