//! A verdict for a pull request.

use std::fmt::Write;

use crate::report::figures;
use crate::report::summary::escaped;
use crate::report::verdict::{Judgement, place, promise, word};

/// Bytes after which no more rules are listed: a comment on GitHub may have 65,536 characters, a step's summary 1 MiB.
const ROOM: usize = 60_000;

/// The verdict and its reasons as Markdown, the worst first, under 65,536 bytes; ended by a line feed.
pub fn verdict_markdown(judgement: &Judgement<'_>) -> String {
    let mut text = format!("**{}**\n", escaped(&judgement.headline()));
    let order = judgement.worst_first();
    if !order.is_empty() {
        text.push_str("\n||endpoint|promised|seen|rule|\n|---|---|---|---|---|\n");
    }
    let mut told = 0;
    for finding in &order {
        let row = format!(
            "|{}|{}|{}|{}|{}|\n",
            word(finding.ruling),
            escaped(&place(judgement.row(finding))),
            escaped(&promise(judgement.slo(finding))),
            escaped(&judgement.seen(finding)),
            escaped(&judgement.rule(finding))
        );
        if text.len() + row.len() > ROOM {
            break;
        }
        text.push_str(&row);
        told += 1;
    }
    if told < order.len() {
        let _ = write!(
            text,
            "\n{} more are in the other formats.\n",
            figures::several((order.len() - told) as u64, "rule")
        );
    }
    for sentence in judgement.not_asked() {
        let _ = write!(text, "\n{}\n", escaped(&sentence));
    }
    text
}
