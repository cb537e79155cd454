//! A verdict at a terminal: every rule in a sentence.

use std::fmt::Write;

use crate::gate::Ruling;
use crate::report::figures;
use crate::report::verdict::groups::Group;
use crate::report::verdict::tables::Tables;
use crate::report::verdict::{Judgement, RULINGS, words};

/// Lines for what holds; what does not is told to the last rule.
const MOST_HELD: usize = 12;

/// The verdict and its reasons in plain text, the worst first, ended by a line feed. What is broken is told in each place, all else
/// in a line for each rule and reason, with the worst place.
pub fn verdict_text(judgement: &Judgement<'_>) -> String {
    let mut text = format!("{}\n", judgement.headline());
    if let Some(advice) = judgement.advice() {
        let _ = writeln!(text, "{advice}");
    }
    for ruling in RULINGS {
        let mut line = |place: &str, told: &str, rule: &str| {
            let rule = if rule.is_empty() { String::new() } else { format!("  [{rule}]") };
            let _ = write!(text, "\n{:12}{place}: {told}{rule}", words::ruling(ruling));
        };
        if ruling == Ruling::Broken {
            for finding in judgement.worst_first().into_iter().filter(|finding| finding.ruling == ruling) {
                line(&judgement.place(finding), &judgement.told(finding), &judgement.rule(finding));
            }
            continue;
        }
        let groups = judgement.groups(ruling);
        let most = if ruling == Ruling::Holds { MOST_HELD } else { groups.len() };
        for group in groups.iter().take(most) {
            line(&group.place(judgement), &group.told(judgement), &group.source(judgement));
        }
        let more: usize = groups.iter().skip(most).map(Group::count).sum();
        if more > 0 {
            let _ = write!(text, "\n{:12}{} more", words::ruling(ruling), figures::count(more as u64));
        }
    }
    if !judgement.judged.findings.is_empty() {
        text.push('\n');
    }
    if let Some(tables) = Tables::of(judgement) {
        let (head, said) = tables.story();
        let _ = write!(text, "\n{head}: {}.\n", said.join(". "));
        for line in tables.gains().into_iter().chain(tables.differences()) {
            let _ = writeln!(text, "{line}");
        }
    }
    for sentence in judgement.reading().into_iter().chain(judgement.not_asked()) {
        let _ = write!(text, "\n{sentence}\n");
    }
    text
}
