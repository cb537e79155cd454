//! A verdict for a pull request.

use crate::gate::{Finding, Ruling};
use crate::report::figures;
use crate::report::summary::escaped;
use crate::report::verdict::tables::Tables;
use crate::report::verdict::{Judgement, words};

/// Bytes after which no more rules are listed: a comment on GitHub may have 65,536 characters, a step's summary 1 MiB.
const ROOM: usize = 58_000;

/// The verdict with its cause, a table of what does not hold, and the rest folded away, as Markdown under 60,000 bytes that
/// stands without pictures; ended by a line feed.
pub fn verdict_markdown(judgement: &Judgement<'_>) -> String {
    let order = judgement.worst_first();
    let (holds, matters): (Vec<&Finding>, Vec<&Finding>) =
        order.into_iter().partition(|finding| finding.ruling == Ruling::Holds);
    let tables = Tables::of(judgement);
    let mut text = match &tables {
        Some(tables) => of_tables(judgement, tables),
        None => opening(judgement, matters.first().copied()),
    };
    let left_out = table(&mut text, judgement, &matters);
    if left_out > 0 {
        text.push_str(&more(left_out));
    }
    if !holds.is_empty() && left_out == 0 {
        let count = figures::count(holds.len() as u64);
        text.push_str(&format!(
            "\n<details><summary>{count} {}</summary>\n",
            words::counted(Ruling::Holds, holds.len())
        ));
        let left_out = table(&mut text, judgement, &holds);
        if left_out > 0 {
            text.push_str(&more(left_out));
        }
        text.push_str("\n</details>\n");
    }
    for sentence in judgement.not_asked() {
        text.push_str(&format!("\n{}\n", escaped(&sentence)));
    }
    text
}

/// The verdict in bold, with the place and the numbers of what is worst where that is what decides.
fn opening(judgement: &Judgement<'_>, worst: Option<&Finding>) -> String {
    let verdict = judgement.verdict_words();
    let rest = escaped(&format!("{} {}", judgement.counts(), judgement.about()));
    match worst.filter(|finding| judgement.stops(finding) || judgement.advisory) {
        Some(finding) => format!(
            "**{}: {}**: {}.\n\n{rest}.\n",
            escaped(&verdict),
            escaped(&judgement.place(finding)),
            escaped(&judgement.told(finding)),
        ),
        None => format!("**{}**: {rest}.\n", escaped(&verdict)),
    }
}

/// Routes that are shown: a comment on GitHub may have 65,536 characters.
const MOST_ROUTES: usize = 60;

/// The verdict of two routing tables: what decides it and which line did that, who gains and who pays, and every route's figures.
fn of_tables(judgement: &Judgement<'_>, tables: &Tables<'_>) -> String {
    let (head, said) = tables.story();
    let mut text = format!("**{}**: {}.\n", escaped(&head), escaped(&said.join(". ")));
    let list = |lines: &[String]| lines.iter().map(|line| format!("- {}\n", escaped(line))).collect::<String>();
    let gains = tables.gains();
    if !gains.is_empty() {
        text.push_str(&format!("\n{}", list(&gains)));
    }
    text.push_str(&format!(
        "\n|{}|\n|---|---|{}\n",
        Tables::COLUMNS.join("|"),
        "--:|".repeat(Tables::COLUMNS.len() - 2)
    ));
    let rows = tables.rows();
    for row in rows.iter().take(MOST_ROUTES) {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        text.push_str(&format!("|{}|\n", cells.join("|")));
    }
    if rows.len() > MOST_ROUTES {
        text.push_str(&format!("\n{} more routes are in the report.\n", rows.len() - MOST_ROUTES));
    }
    let differences = tables.differences();
    if differences.len() > 1 {
        text.push_str(&format!("\n<details><summary>What changed</summary>\n\n{}\n</details>\n", list(&differences)));
    }
    text.push_str(&format!("\n{}.\n", escaped(&format!("{} {}", judgement.counts(), judgement.about()))));
    text
}

/// Adds the findings as rows of a table, as far as there is room; returns how many had none.
fn table(text: &mut String, judgement: &Judgement<'_>, findings: &[&Finding]) -> usize {
    if findings.is_empty() {
        return 0;
    }
    text.push_str("\n||where|asked|seen|rule|\n|---|---|---|---|---|\n");
    for (told, finding) in findings.iter().enumerate() {
        let row = format!(
            "|{}|{}|{}|{}|{}|\n",
            words::ruling(finding.ruling),
            escaped(&judgement.place(finding)),
            escaped(&judgement.asked(finding)),
            escaped(&judgement.seen(finding)),
            escaped(&judgement.rule(finding))
        );
        if text.len() + row.len() > ROOM {
            return findings.len() - told;
        }
        text.push_str(&row);
    }
    0
}

fn more(left_out: usize) -> String {
    format!("\n{} more are in the other formats.\n", figures::several(left_out as u64, "rule"))
}
