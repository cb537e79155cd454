//! The table that a run ends with at a terminal.

use crate::report::aligned::{Column, Kind, Line, NAMES, TableStyle, fitted, in_charset, line, painted};
use crate::report::headline::letters_in_text;
use crate::report::parts::{Parts, Word};
use crate::report::pick;
use crate::report::plain_text::{clipped, wrapped};
use crate::report::routing_text::routing_text;
use crate::report::shown::{FROM_DUE, NO_DUE, QUALITY, SATURATED, SYNTHETIC, Shown, about};
use crate::report::sweep_table::sweep_table;
use crate::rundir::Run;

/// Rows shown unless all are asked for.
const ROWS: usize = 10;
/// Columns that a name may take.
const NAME_ROOM: usize = 28;
/// The columns of amounts, which may wear marks.
const MONEY: [&str; 3] = ["$/M list", "$/M eff.", "cost"];

/// The run's cells, and below them its sweeps, as aligned text, each line ended by a line feed; a run without cells
/// says so.
///
/// On a narrow terminal the columns that matter least are left out, then names are cut. Names can hold no escape
/// sequence: control characters are replaced.
pub fn table(run: &Run, parts: &Parts<'_>, style: &TableStyle) -> String {
    let shown = Shown::all(run, parts);
    if shown.is_empty() {
        return "no cell was measured\n".to_owned();
    }
    let order = if style.all {
        pick::in_reading_order(run, &(0..shown.len()).collect::<Vec<_>>())
    } else {
        pick::worth_reading(run, parts, ROWS)
    };
    let rows: Vec<&Shown> = order.iter().map(|&index| &shown[index]).collect();
    let grid = fitted(grid(&rows, style), style.width);

    let mut text = line(&grid, style, Line::Heading);
    for (row, cell) in rows.iter().enumerate() {
        text.push_str(&line(&grid, style, Line::Row(row, cell.word)));
    }
    for note in notes(run, &rows, &grid, shown.len() - rows.len()) {
        for note in wrapped(&in_charset(&note, style), style.width) {
            text.push_str(&painted(&note, "2", style));
            text.push('\n');
        }
    }
    text + &sweep_table(parts.sweeps, style) + &routing_text(run, style)
}

fn grid(rows: &[&Shown], style: &TableStyle) -> Vec<Column> {
    let column = |title: &str, kind, dispensable, text: &dyn Fn(&Shown) -> Option<String>| {
        Column::new(title, kind, dispensable, rows.iter().map(|row| text(row)), style)
    };
    let (left, right) = (Kind::Name, Kind::Figure);
    let mut grid = vec![
        column("tier", right, Some(8), &|row| row.tier.clone()),
        column("model", left, None, &|row| Some(clipped(&row.model, NAME_ROOM))),
        column("region", left, Some(NAMES + 2), &|row| row.region.as_deref().map(|name| clipped(name, NAME_ROOM))),
    ];
    // What is the same in every row would only take room.
    let differ = |text: fn(&Shown) -> &str| rows.iter().any(|row| text(row) != text(rows[0]));
    if differ(|row| &row.workload) {
        grid.push(column("workload", left, Some(NAMES + 1), &|row| Some(clipped(&row.workload, NAME_ROOM))));
    }
    if differ(|row| &row.load) {
        grid.push(column("load", left, Some(NAMES), &|row| Some(row.load.clone())));
    }
    let figure = |row: &Shown| row.e2e_tail.as_ref().map(|tail| tail.figure.clone());
    let interval = |row: &Shown| row.e2e_tail.as_ref().and_then(|tail| tail.interval.clone());
    let word = |row: &Shown| {
        row.word
            .map(|word| format!("{} {}", if style.unicode { word.symbol() } else { plain_symbol(word) }, word.text()))
    };
    grid.extend([
        column("p50 ms", right, Some(10), &|row| row.e2e_p50.clone()),
        column("p99 ms", right, None, &figure),
        column("95 %", right, Some(2), &interval),
        column("n", right, Some(5), &|row| Some(row.requests.clone())),
        column("failed", right, Some(6), &|row| Some(row.failed.clone())),
        column("$/M list", right, Some(9), &|row| row.list_output.clone()),
        column("$/M eff.", right, Some(7), &|row| row.effective.clone()),
        column("cost", right, Some(4), &|row| row.cost.clone()),
        column("quality", right, Some(3), &|row| {
            let n = row.quality_n.as_ref().map_or_else(String::new, |n| format!(" of {n}"));
            row.quality.as_ref().map(|quality| format!("{quality}{n}"))
        }),
        column("evaluated", right, Some(0), &|row| row.evaluated.clone()),
        column("limit", right, Some(1), &|row| row.limit.clone()),
        column("standing", Kind::Words, None, &word),
    ]);
    grid.retain(|column| !column.is_dispensable() || column.is_known(style));
    grid
}

fn notes(run: &Run, rows: &[&Shown], grid: &[Column], cut: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let simulated = if run.cells.iter().any(|row| row.simulated) { "simulated; " } else { "" };
    notes.push(format!("{simulated}end to end, successes; the 95 % interval counts failures as infinite"));
    notes.extend(letters_in_text(run));
    if rows.iter().any(|row| row.e2e_tail.as_ref().is_some_and(|tail| tail.open)) {
        notes.push("* no upper end: too few requests, or too many failures".to_owned());
    }
    if rows.iter().any(|row| run.cells[row.index].is_open_load()) {
        notes.push(FROM_DUE.to_owned());
    }
    if rows.iter().any(|row| !run.cells[row.index].is_open_load()) {
        notes.push(NO_DUE.to_owned());
    }
    if rows.iter().any(|row| run.cells[row.index].is_saturated()) {
        notes.push(SATURATED.to_owned());
    }
    if rows.iter().any(|row| run.cells[row.index].is_synthetic()) {
        notes.push(SYNTHETIC.to_owned());
    }
    if grid.iter().any(|column| column.cells[0] == "quality") {
        notes.push(QUALITY.to_owned());
    }
    // A column that had no room needs no words for its marks.
    let money = || grid.iter().filter(|column| MONEY.contains(&column.cells[0].as_str())).flat_map(|each| &each.cells);
    if money().any(|sum| sum.contains('~')) {
        notes.push(about(run).to_owned());
    }
    if money().any(|sum| sum.contains('≥') || sum.contains(">=")) {
        notes.push("≥ lacks a price that is not known".to_owned());
    }
    if cut > 0 {
        notes.push(format!("+{cut} more: --all"));
    }
    notes
}

const fn plain_symbol(word: Word) -> &'static str {
    match word {
        Word::Meets => "+",
        Word::Misses => "!",
        Word::CannotTell => "?",
        Word::Invalid => "x",
    }
}

#[cfg(test)]
mod tests;
