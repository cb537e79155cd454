//! A verdict at a terminal: every rule in a sentence.

use std::fmt::Write;

use crate::gate::{Finding, Ruling};
use crate::report::figures;
use crate::report::verdict::tables::Tables;
use crate::report::verdict::{Judgement, RULINGS, words};

/// Findings that cannot be told, and those that hold, which are told one by one; of broken ones all are.
const MOST_TOLD: usize = 12;

/// The verdict and its reasons in plain text, the worst first, ended by a line feed.
pub fn verdict_text(judgement: &Judgement<'_>) -> String {
    let mut text = format!("{}\n", judgement.headline());
    let order = judgement.worst_first();
    for ruling in RULINGS {
        let of: Vec<&&Finding> = order.iter().filter(|finding| finding.ruling == ruling).collect();
        let told = if ruling == Ruling::Broken { of.len() } else { MOST_TOLD };
        for finding in of.iter().take(told) {
            let _ = write!(
                text,
                "\n{:12}{}: {}  [{}]",
                words::ruling(ruling),
                judgement.place(finding),
                judgement.told(finding),
                judgement.rule(finding)
            );
        }
        if of.len() > told {
            let _ = write!(text, "\n{:12}{} more", words::ruling(ruling), figures::count((of.len() - told) as u64));
        }
    }
    if !order.is_empty() {
        text.push('\n');
    }
    if let Some(tables) = Tables::of(judgement) {
        let (head, said) = tables.story();
        let _ = write!(text, "\n{head}: {}.\n", said.join(". "));
        for line in tables.gains().into_iter().chain(tables.differences()) {
            let _ = writeln!(text, "{line}");
        }
    }
    for sentence in judgement.not_asked() {
        let _ = write!(text, "\n{sentence}\n");
    }
    text
}
