//! A verdict for a pull request.

use crate::gate::{Finding, Ruling};
use crate::report::figures;
use crate::report::summary::escaped;
use crate::report::verdict::groups::Group;
use crate::report::verdict::tables::Tables;
use crate::report::verdict::{Judgement, words};

/// Bytes after which no more rules are listed: a comment on GitHub may have 65,536 characters, a step's summary 1 MiB.
const ROOM: usize = 58_000;

/// The verdict with its cause, a table of what does not hold, and the rest folded away, as Markdown under 60,000 bytes that
/// stands without pictures; ended by a line feed.
pub fn verdict_markdown(judgement: &Judgement<'_>) -> String {
    let each = |ruling: Ruling| {
        let of = judgement.worst_first().into_iter().filter(move |finding| finding.ruling == ruling);
        of.map(|finding| Row::of_one(judgement, finding)).collect::<Vec<_>>()
    };
    let untold = [Ruling::Invalid, Ruling::CannotTell].into_iter().flat_map(|ruling| judgement.groups(ruling));
    let groups: Vec<Group<'_>> = untold.collect();
    let mut matters = each(Ruling::Broken);
    matters.extend(groups.iter().map(|group| Row::of_group(judgement, group)));
    let tables = Tables::of(judgement);
    let mut text = match &tables {
        Some(tables) => of_tables(judgement, tables),
        None => opening(judgement, groups.first()),
    };
    let left_out = table(&mut text, &matters);
    if left_out > 0 {
        text.push_str(&more(left_out));
    }
    let holds = each(Ruling::Holds);
    if !holds.is_empty() && left_out == 0 {
        let count = figures::count(holds.len() as u64);
        text.push_str(&format!(
            "\n<details><summary>{count} {}</summary>\n",
            words::counted(Ruling::Holds, holds.len())
        ));
        let left_out = table(&mut text, &holds);
        if left_out > 0 {
            text.push_str(&more(left_out));
        }
        text.push_str("\n</details>\n");
    }
    for sentence in judgement.reading().into_iter().chain(judgement.not_asked()) {
        text.push_str(&format!("\n{}\n", escaped(&sentence)));
    }
    text
}

/// The verdict in bold, with the place and the numbers of what is worst where that is what decides: of what is broken the worst
/// place, else the first of what cannot be told, by its `untold` groups.
fn opening(judgement: &Judgement<'_>, untold: Option<&Group<'_>>) -> String {
    let verdict = judgement.verdict_words();
    let rest = escaped(&format!("{} {}", judgement.counts(), judgement.about()));
    let decides = |finding: &Finding| judgement.stops(finding) || judgement.advisory;
    let worst = judgement.worst_first().into_iter().next();
    let told = match worst.filter(|finding| decides(finding)) {
        Some(finding) if finding.ruling == Ruling::Broken => Some((judgement.place(finding), judgement.told(finding))),
        Some(_) => untold.map(|group| (group.place(judgement), group.told(judgement))),
        None => None,
    };
    let text = match told {
        Some((place, told)) => {
            format!("**{}: {}**: {}.\n\n{rest}.\n", escaped(&verdict), escaped(&place), escaped(&told))
        }
        None => format!("**{}**: {rest}.\n", escaped(&verdict)),
    };
    let advice = judgement.advice().map(|advice| format!("\n{}\n", escaped(&advice)));
    text + &advice.unwrap_or_default()
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

/// A row of the table of rules.
struct Row {
    cells: [String; 5],
    /// Findings that it stands for.
    count: usize,
}

impl Row {
    fn of_one(judgement: &Judgement<'_>, finding: &Finding) -> Self {
        let asked = (judgement.asked(finding), judgement.seen(finding));
        Self::new(finding.ruling, judgement.place(finding), asked, judgement.rule(finding), 1)
    }

    fn of_group(judgement: &Judgement<'_>, group: &Group<'_>) -> Self {
        let asked = (group.asked(judgement), group.seen(judgement));
        Self::new(group.worst.ruling, group.place(judgement), asked, group.source(judgement), group.count())
    }

    fn new(ruling: Ruling, place: String, (asked, seen): (String, String), rule: String, count: usize) -> Self {
        Self { cells: [words::ruling(ruling).to_owned(), place, asked, seen, rule], count }
    }
}

/// Adds the rows as a table, as far as there is room; returns how many findings had none.
fn table(text: &mut String, rows: &[Row]) -> usize {
    if rows.is_empty() {
        return 0;
    }
    text.push_str("\n||where|asked|seen|rule|\n|---|---|---|---|---|\n");
    for (told, row) in rows.iter().enumerate() {
        let line = format!("|{}|\n", row.cells.each_ref().map(|cell| escaped(cell)).join("|"));
        if text.len() + line.len() > ROOM {
            return rows[told..].iter().map(|row| row.count).sum();
        }
        text.push_str(&line);
    }
    0
}

fn more(left_out: usize) -> String {
    format!("\n{} more are in the other formats.\n", figures::several(left_out as u64, "rule"))
}
