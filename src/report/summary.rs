//! `summary.md`: the finding, the facts and the cells worth reading, for a pull request or a chat.

use std::fmt::Write;

use crate::report::bill::Bill;
use crate::report::bill_tables::{bill_sentence, bill_tables};
use crate::report::changes::changes_table;
use crate::report::figures;
use crate::report::headline::letters_in_text;
use crate::report::parts::Parts;
use crate::report::pick;
use crate::report::plain_text::{clipped, visible};
use crate::report::routing::{routing_sentences, routing_tables};
use crate::report::shown::{FROM_DUE, NO_DUE, QUALITY, SATURATED, SYNTHETIC, Shown, about};
use crate::report::sweep_rows::{SWEEP_LEGEND, telling_rows};
use crate::report::text_table::TextTable;
use crate::report::totals::{Source, Totals, lasted, left_out_place, shortfall};
use crate::rundir::{CellRow, Run};
use crate::sample::Outcome;

/// Endpoints whose change is shown, where variants are compared.
const CHANGES: usize = 15;
/// Rows above the fold.
const ROWS: usize = 10;
/// Bytes that the whole text may take: pull requests and job summaries cut longer ones off.
const MOST_BYTES: usize = 58_000;
/// Bytes kept free for what follows the tables.
const RESERVE: usize = 6_000;
/// Warnings, invalid cells and combinations left out that are listed before the rest is only counted.
const LISTED: usize = 12;
/// Characters of one listed line.
const LINE_ROOM: usize = 600;

/// The run in GitHub-flavoured Markdown, below 60 kB whatever its size. It stands without pictures.
///
/// Every name is escaped: no name can end a table row, open a tag or turn into a link.
pub fn summary_markdown(run: &Run, parts: &Parts<'_>) -> String {
    let totals = Totals::of(run, parts);
    let shown = Shown::all(run, parts);
    let mut text = format!("**{}**\n\n{}\n\n", escaped(parts.headline), facts(run, &totals));
    if let Some(reason) = shortfall(run.manifest.status) {
        let _ = write!(text, "⚠ {reason}\n\n");
    }

    if let Some(changes) = changes_table(run, CHANGES) {
        text.push_str(&text_table(&changes));
    }
    let first = pick::worth_reading(run, parts, ROWS);
    let columns = Columns::of(&shown);
    text.push_str(&columns.heading());
    for &index in &first {
        text.push_str(&columns.row(&shown[index]));
    }
    text.push('\n');
    text.push_str(&legend(run, &shown));
    text.push_str(&sweep_table(parts));
    for sentence in routing_sentences(run) {
        let _ = write!(text, "{}\n\n", escaped(&sentence));
    }
    routing_tables(run).iter().for_each(|table| text.push_str(&text_table(table)));
    if let Some(bill) = parts.bill {
        text.push_str(&cost(bill));
    }

    let rest: Vec<usize> = (0..shown.len()).filter(|index| !first.contains(index)).collect();
    if !rest.is_empty() {
        let _ =
            write!(text, "<details><summary>The other {}</summary>\n\n", figures::several(rest.len() as u64, "cell"));
        text.push_str(&columns.heading());
        let mut left = rest.len();
        for index in pick::in_reading_order(run, &rest) {
            let row = columns.row(&shown[index]);
            if text.len() + row.len() > MOST_BYTES - RESERVE {
                break;
            }
            text.push_str(&row);
            left -= 1;
        }
        text.push('\n');
        if left > 0 {
            let _ = write!(text, "+{left} more in report.html\n\n");
        }
        text.push_str("</details>\n\n");
    }
    for (title, lines) in lists(run) {
        text.push_str(&list(&title, &lines));
    }
    text
}

/// Markdown that shows the text as it is, on one line and in one table cell.
pub(in crate::report) fn escaped(text: &str) -> String {
    let text = visible(text);
    let mut safe = String::with_capacity(text.len());
    let mut symbols = text.chars().peekable();
    while let Some(symbol) = symbols.next() {
        match symbol {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // An address would become a link, and a name after @ would call somebody.
            ':' if symbols.peek() == Some(&'/') => safe.push_str("&#58;"),
            '@' => safe.push_str("&#64;\u{200B}"),
            // Between two dollar signs stands a formula, unless a digit follows the second: amounts are safe.
            '$' if symbols.peek().is_some_and(char::is_ascii_digit) => safe.push(symbol),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '#' => safe.extend(['\\', symbol]),
            _ => safe.push(symbol),
        }
    }
    safe
}

fn facts(run: &Run, totals: &Totals) -> String {
    let manifest = &run.manifest;
    let source = Source::of(run);
    let mut facts = vec![
        format!("**{}**", source.word()),
        manifest.destination.hosts.iter().map(|host| escaped(host)).collect::<Vec<_>>().join(", "),
        format!("suite {}", escaped(&manifest.suite)),
        escaped(&manifest.started_at),
    ];
    facts.extend(lasted(run));
    facts.push(format!("{}: {}", figures::several(run.whole_cells().count() as u64, "cell"), totals.standing_text()));
    let failed: Vec<String> = totals
        .outcomes
        .iter()
        .filter(|(outcome, _)| **outcome != Outcome::Ok)
        .map(|(outcome, occurrences)| format!("`{outcome}` {}", figures::count(occurrences.requests)))
        .collect();
    let failed = if failed.is_empty() { String::new() } else { format!(" ({})", failed.join(", ")) };
    facts.push(format!(
        "{}, {} failed{failed}",
        figures::several(totals.requests, "request"),
        figures::count(totals.failed)
    ));
    facts.push(totals.cost_text().map_or_else(|| "cost unknown".to_owned(), |cost| escaped(&cost)));
    facts.push(format!("seed {}", manifest.seed));
    facts.push(format!("tollmark {}", escaped(&manifest.tool_version)));
    facts.retain(|fact| !fact.is_empty());
    facts.join(" · ")
}

/// Which columns tell the cells of this run apart.
struct Columns {
    workload: bool,
    load: bool,
    quality: bool,
    evaluated: bool,
}

impl Columns {
    fn of(shown: &[Shown]) -> Self {
        let differ = |text: fn(&Shown) -> &str| shown.iter().any(|row| text(row) != text(&shown[0]));
        Self {
            workload: differ(|row| &row.workload),
            load: differ(|row| &row.load),
            quality: shown.iter().any(|row| row.quality.is_some()),
            evaluated: shown.iter().any(|row| row.evaluated.is_some()),
        }
    }

    fn heading(&self) -> String {
        let [workload, load, quality, evaluated] = [
            (self.workload, "workload|"),
            (self.load, "load|"),
            (self.quality, "quality (95 %), n|"),
            (self.evaluated, "evaluated|"),
        ]
        .map(|(wanted, name)| if wanted { name } else { "" });
        let names = format!(
            "|tier|model|region|{workload}{load}p50 ms|p99 ms (95 %)|n|failed|$/M list|$/M eff.|cost|{quality}{evaluated}\
             limit|standing|"
        );
        let left = ["model", "region", "workload", "load", "standing"];
        let rule: String =
            names.trim_matches('|').split('|').map(|name| if left.contains(&name) { "---|" } else { "--:|" }).collect();
        format!("{names}\n|{rule}\n")
    }

    fn row(&self, cell: &Shown) -> String {
        let tail = cell.e2e_tail.as_ref().map(|tail| match &tail.interval {
            Some(interval) => format!("{} ({interval})", tail.figure),
            None => tail.figure.clone(),
        });
        let standing = cell.word.map(|word| format!("{} {}", word.symbol(), word.text()));
        let mut fields = vec![cell.tier.clone(), Some(cell.model.clone()), cell.region.clone()];
        fields.extend(self.workload.then(|| Some(cell.workload.clone())));
        fields.extend(self.load.then(|| Some(cell.load.clone())));
        fields.extend([
            cell.e2e_p50.clone(),
            tail,
            Some(cell.requests.clone()),
            Some(cell.failed.clone()),
            cell.list_output.clone(),
            cell.effective.clone(),
            cell.cost.clone(),
        ]);
        let quality = cell.quality.as_ref().map(|quality| {
            let interval = cell.quality_interval.as_ref().map_or_else(String::new, |ends| format!(" ({ends})"));
            let n = cell.quality_n.as_ref().map_or_else(String::new, |n| format!(", {n}"));
            format!("{quality}{interval}{n}")
        });
        fields.extend(self.quality.then_some(quality));
        fields.extend(self.evaluated.then(|| cell.evaluated.clone()));
        fields.extend([cell.limit.clone(), standing]);
        let fields: Vec<String> =
            fields.into_iter().map(|field| field.map_or_else(|| "–".to_owned(), |text| escaped(&text))).collect();
        format!("|{}|\n", fields.join("|"))
    }
}

/// Rows of the table of sweeps.
const SWEEP_ROWS: usize = 40;

/// The sweeps with the most and the least goodput, load by load; empty where nothing was swept.
fn sweep_table(parts: &Parts<'_>) -> String {
    let rows = telling_rows(parts.sweeps);
    if rows.is_empty() {
        return String::new();
    }
    let all = parts.sweeps.iter().map(|sweep| sweep.steps.len()).sum::<usize>();
    let mut text = "**Latency and goodput by load**\n\n|model|region|workload|load|ended/s|p50 ms (95 %)|\
                    p99 ms (95 %)|goodput/s|remarks|\n|---|---|---|--:|--:|--:|--:|--:|---|\n"
        .to_owned();
    for row in rows.iter().take(SWEEP_ROWS) {
        let fields = [
            Some(&row.model),
            row.region.as_ref(),
            Some(&row.workload),
            Some(&row.load),
            row.achieved.as_ref(),
            row.p50.as_ref(),
            row.p99.as_ref(),
            row.goodput.as_ref(),
        ];
        let fields = fields.map(|field| field.map_or_else(|| "–".to_owned(), |field| escaped(field)));
        let remarks = row.remarks.as_ref().map_or_else(String::new, |remarks| escaped(remarks));
        let _ = writeln!(text, "|{}|{remarks}|", fields.join("|"));
    }
    let more = all - rows.len().min(SWEEP_ROWS);
    let more = if more > 0 { format!(" +{more} more in report.html.") } else { String::new() };
    format!("{text}\n{}{more}\n\n", escaped(SWEEP_LEGEND))
}

/// Rows of each table of the bill.
const BILL_ROWS: usize = 10;

/// A table with its title, its note and how many rows it lacks.
fn text_table(table: &TextTable) -> String {
    let mut text = format!("**{}**\n\n|{}|\n|", escaped(&table.title), table.headings.join("|"));
    let rule = |column: usize| if column < table.names { "---|" } else { "--:|" };
    text.extend((0..table.headings.len()).map(rule));
    text.push('\n');
    for row in &table.rows {
        let _ = writeln!(text, "|{}|", row.iter().map(|field| escaped(field)).collect::<Vec<_>>().join("|"));
    }
    let more = match table.more {
        0 => String::new(),
        more => format!("+{} more in {}", figures::count(more as u64), table.file),
    };
    let notes: Vec<&str> = [table.note, &more].into_iter().filter(|note| !note.is_empty()).collect();
    if !notes.is_empty() {
        let _ = write!(text, "\n{}\n", escaped(&notes.join("; ")));
    }
    text + "\n"
}

/// What the run cost: by model, and the rest folded away.
fn cost(bill: &Bill) -> String {
    let tables = bill_tables(bill, BILL_ROWS);
    let mut text = format!("**Cost:** {}\n\n", escaped(&bill_sentence(bill)));
    for (index, table) in tables.iter().enumerate() {
        if index == 1 {
            text.push_str("<details><summary>Where the cost went</summary>\n\n");
        }
        text.push_str(&text_table(table));
    }
    if tables.len() > 1 {
        text.push_str("</details>\n\n");
    }
    text
}

fn legend(run: &Run, shown: &[Shown]) -> String {
    let simulated = if run.cells.iter().any(|row| row.simulated) { "Simulated. " } else { "" };
    let mut text = format!(
        "{simulated}End-to-end latency of successes; the 95 % interval and the standing count failures. \
         Effective $/M is all cost over generated tokens."
    );
    for (applies, note) in [
        (run.cells.iter().any(CellRow::is_open_load), FROM_DUE),
        (run.cells.iter().any(|row| !row.is_open_load()), NO_DUE),
        (run.cells.iter().any(CellRow::is_saturated), SATURATED),
        (run.cells.iter().any(CellRow::is_synthetic), SYNTHETIC),
        (shown.iter().any(|cell| cell.quality.is_some()), QUALITY),
    ] {
        if applies {
            text.extend([" ", note]);
        }
    }
    if let Some(letters) = letters_in_text(run) {
        text.extend([" ", &escaped(&letters), "."]);
    }
    if shown.iter().any(|cell| cell.e2e_tail.as_ref().is_some_and(|tail| tail.open)) {
        text.push_str(" \\* no upper end: too few requests, or too many failures.");
    }
    if shown.iter().any(|cell| cell.cost.as_ref().is_some_and(|cost| cost.contains('~'))) {
        text.extend([" \\", about(run), "."]);
    }
    if shown.iter().any(|cell| cell.cost.as_ref().is_some_and(|cost| cost.contains('≥'))) {
        text.push_str(" ≥ lacks a price.");
    }
    text + "\n\n"
}

/// What is listed after the tables: titles with their lines, in the order of the manifest.
fn lists(run: &Run) -> [(String, Vec<String>); 3] {
    let manifest = &run.manifest;
    let invalid = manifest.validity.iter().filter(|cell| !cell.valid);
    let left_out = manifest.left_out.iter().map(|one| format!("{}: {}", left_out_place(one), one.reason));
    [
        (
            "Invalid cells".to_owned(),
            invalid.map(|cell| format!("{}: {}", cell.cell, cell.reasons.join("; "))).collect(),
        ),
        ("Left out".to_owned(), left_out.collect()),
        ("Warnings".to_owned(), manifest.warnings.iter().chain(&run.warnings).cloned().collect()),
    ]
}

fn list(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("<details><summary>{title}: {}</summary>\n\n", figures::count(lines.len() as u64));
    let room = (RESERVE - 900) / 3;
    let mut listed = 0;
    for line in lines.iter().take(LISTED) {
        let line = format!("- {}\n", escaped(&clipped(line, LINE_ROOM)));
        if text.len() + line.len() > room {
            break;
        }
        text.push_str(&line);
        listed += 1;
    }
    if listed < lines.len() {
        let _ = writeln!(text, "- +{} more in report.html", lines.len() - listed);
    }
    text + "\n</details>\n\n"
}

#[cfg(test)]
mod tests;
