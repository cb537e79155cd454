//! A verdict as JUnit XML, which every CI shows.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::gate::{Finding, Place, Ruling, Verdict};
use crate::report::plain_text::visible;
use crate::report::shown::load;
use crate::report::verdict::Judgement;
use crate::rundir::CellRow;

/// A test case for each rule in each cell, in the policy's order.
///
/// Broken is a failure, what may not be judged an error, what cannot be told skipped; what is broken or may not be judged and only
/// warns is skipped too, as it stops nobody. A run that is invalid as a whole has errors whatever its rules do, and one of which
/// nothing could be asked a single one.
pub fn verdict_junit(judgement: &Judgement<'_>) -> String {
    let mut suite = TestSuite::new(visible(&judgement.policy.source));
    suite.add_test_cases(judgement.judged.findings.iter().map(|finding| case(judgement, finding)));
    if judgement.judged.findings.is_empty() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(judgement.headline());
        suite.add_test_case(TestCase::new("a rule applies", status));
    }
    let said: Vec<String> = std::iter::once(judgement.headline()).chain(judgement.notes()).collect();
    suite.set_system_out(said.join("\n"));
    let mut report = Report::new("tollmark gate");
    report.add_test_suite(suite);
    report.to_string().expect("what is written to memory cannot fail")
}

fn case(judgement: &Judgement<'_>, finding: &Finding) -> TestCase {
    let row = judgement.row(finding);
    let rule = judgement.rule(finding);
    let rule = if rule.is_empty() { rule } else { format!(" [{rule}]") };
    let seen = judgement.seen(finding) + &rule;
    let status = match finding.ruling {
        Ruling::Holds => TestCaseStatus::success(),
        Ruling::Broken if judgement.stops(finding) => failed(NonSuccessKind::Failure, seen.clone()),
        Ruling::Invalid if judgement.stops(finding) || judgement.judged.verdict == Verdict::Invalid => {
            failed(NonSuccessKind::Error, seen.clone())
        }
        Ruling::Broken => skipped(format!("broken, which only warns: {seen}")),
        Ruling::Invalid => skipped(format!("invalid, which only warns: {seen}")),
        Ruling::CannotTell => skipped(format!("cannot be told: {seen}")),
    };
    let pooled = match &finding.place {
        Place::Pairs(pairs) if pairs.len() > 1 => Some(pairs.len()),
        _ => None,
    };
    // What is pooled over several cells has neither the region nor, perhaps, the workload of its first one.
    let where_it_was = match pooled {
        Some(_) => format!("in {}", judgement.place(finding)),
        None => format!("on {} at {}", visible(&row.workload), load(row)),
    };
    let mut case = TestCase::new(format!("{} {where_it_was}", judgement.asked(finding)), status);
    case.set_classname(classname(row, finding, pooled));
    if finding.ruling == Ruling::Holds {
        case.set_system_out(seen);
    }
    case
}

/// `provider.model.region`, or the route, after the variant where there are two and the rule is about one.
fn classname(row: &CellRow, finding: &Finding, pooled: Option<usize>) -> String {
    let variant = row.variant.as_deref().filter(|_| matches!(finding.place, Place::Cell(_)));
    let names = match (row.route.as_deref(), pooled) {
        (Some(route), _) => vec![Some(route)],
        (None, None) => vec![Some(row.provider.as_str()), Some(row.model_or_table()), row.region.as_deref()],
        (None, Some(_)) => vec![Some(row.model_or_table())],
    };
    let named = std::iter::once(variant).chain(names).flatten().filter(|name| !name.is_empty());
    named.map(visible).collect::<Vec<_>>().join(".")
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
