//! The table that a run ends with at a terminal.

use crate::report::parts::{Parts, Word};
use crate::report::pick;
use crate::report::plain_text::{clipped, columns, wrapped};
use crate::report::shown::{FROM_DUE, NO_DUE, SATURATED, SYNTHETIC, Shown};
use crate::rundir::Run;

/// Rows shown unless all are asked for.
const ROWS: usize = 10;
/// Columns that a name may take.
const NAME_ROOM: usize = 28;
/// Columns that names of models usually need, and to which longer ones are cut before a figure is left out.
const SHORT_NAME_ROOM: usize = 18;
/// Columns below which a name is not cut any further.
const LEAST_NAME_ROOM: usize = 4;
/// Columns to which names of models, regions and workloads are cut before one of them is left out.
const CUT_NAME_ROOM: usize = 9;
/// The order from which on names are left out, after all figures that can be.
const NAMES: u8 = 20;
const STANDING: &str = "standing";
/// The columns of amounts, which may wear marks.
const MONEY: [&str; 3] = ["$/M list", "$/M eff.", "cost"];
/// Blanks between two columns.
const GAP: usize = 2;

/// How the table is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableStyle {
    /// Columns of the terminal. Nothing is wider, down to 30.
    pub width: usize,
    /// Whether colour may be used.
    pub colour: bool,
    /// Every cell instead of about ten.
    pub all: bool,
    /// Whether symbols beyond ASCII may be used.
    pub unicode: bool,
}

/// The run's cells as aligned text, each line ended by a line feed; a run without cells says so.
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
    text
}

/// A column: its heading is the first cell.
struct Column {
    cells: Vec<String>,
    align: Align,
    /// Left out first at 1; never at `None`.
    dispensable: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

#[derive(Clone, Copy)]
enum Line {
    Heading,
    Row(usize, Option<Word>),
}

fn grid(rows: &[&Shown], style: &TableStyle) -> Vec<Column> {
    let column = |title: &str, align, dispensable, text: &dyn Fn(&Shown) -> Option<String>| {
        let cells = rows.iter().map(|row| in_charset(text(row).as_deref().unwrap_or("–"), style));
        Column { cells: std::iter::once(title.to_owned()).chain(cells).collect(), align, dispensable }
    };
    let (left, right) = (Align::Left, Align::Right);
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
        column("limit", right, Some(1), &|row| row.limit.clone()),
        column(STANDING, left, None, &word),
    ]);
    let absent = in_charset("–", style);
    grid.retain(|column| column.dispensable.is_none() || column.cells[1..].iter().any(|cell| *cell != absent));
    grid
}

/// The columns that have room: the model's name is cut a little, the least important figures go, then all names are
/// cut, and where even that is not enough, names but the model's go too.
fn fitted(mut grid: Vec<Column>, width: usize) -> Vec<Column> {
    cut_name(&mut grid, width, SHORT_NAME_ROOM);
    drop_columns(&mut grid, width, |order| order < NAMES);
    // Without its place a row could be any of its model's, so place and name are cut alike before one of them goes.
    while taken(&grid) > width {
        let names = grid.iter_mut().filter(|column| column.is_name() && column.width() > CUT_NAME_ROOM);
        // The first of the widest, since `max_by_key` would take the last.
        let Some(widest) = names.rev().max_by_key(|column| column.width()) else { break };
        let room = widest.width() - 1;
        widest.cells.iter_mut().for_each(|cell| *cell = clipped(cell, room));
    }
    drop_columns(&mut grid, width, |_| true);
    cut_name(&mut grid, width, LEAST_NAME_ROOM);
    grid
}

/// Takes the least important columns among those that `may` go, until the rest fits.
fn drop_columns(grid: &mut Vec<Column>, width: usize, may: impl Fn(u8) -> bool) {
    while taken(grid) > width {
        let dispensable = (0..grid.len()).filter(|&at| grid[at].dispensable.is_some_and(&may));
        let Some(least) = dispensable.min_by_key(|&at| grid[at].dispensable) else { break };
        grid.remove(least);
    }
}

/// Cuts the model's name by what the grid is too wide, but not below `least`.
fn cut_name(grid: &mut [Column], width: usize, least: usize) {
    let over = taken(grid).saturating_sub(width);
    if let Some(name) = grid.iter_mut().find(|column| column.dispensable.is_none() && column.align == Align::Left) {
        let room = name.width().saturating_sub(over).max(least);
        name.cells.iter_mut().for_each(|cell| *cell = clipped(cell, room));
    }
}

fn taken(grid: &[Column]) -> usize {
    grid.iter().map(Column::width).sum::<usize>() + GAP * (grid.len() - 1)
}

impl Column {
    /// Whether it names what a row is about; the standing, the last column, does not.
    fn is_name(&self) -> bool {
        self.align == Align::Left && self.cells[0] != STANDING
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| columns(cell)).max().unwrap_or(0)
    }
}

fn line(grid: &[Column], style: &TableStyle, line: Line) -> String {
    let (row, word) = match line {
        Line::Heading => (0, None),
        Line::Row(row, word) => (row + 1, word),
    };
    let mut text = String::new();
    for (at, column) in grid.iter().enumerate() {
        let cell = &column.cells[row];
        let blanks = " ".repeat(column.width() - columns(cell));
        let last = at + 1 == grid.len();
        let cell = match word {
            Some(word) if last => painted(cell, colour_of(word), style),
            _ if row == 0 => painted(cell, "2", style),
            _ => cell.clone(),
        };
        match column.align {
            Align::Right => text.extend([blanks.as_str(), cell.as_str()]),
            // Nothing follows the last column, so it needs no blanks.
            Align::Left => text.extend([cell.as_str(), if last { "" } else { &blanks }]),
        }
        if !last {
            text.push_str(&" ".repeat(GAP));
        }
    }
    text.push('\n');
    text
}

fn notes(run: &Run, rows: &[&Shown], grid: &[Column], cut: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let simulated = if run.cells.iter().any(|row| row.simulated) { "simulated; " } else { "" };
    notes.push(format!("{simulated}end to end, successes; the 95 % interval counts failures as infinite"));
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
    // A column that had no room needs no words for its marks.
    let money = || grid.iter().filter(|column| MONEY.contains(&column.cells[0].as_str())).flat_map(|each| &each.cells);
    if money().any(|sum| sum.contains('~')) {
        notes.push("~ rests on an assumed price".to_owned());
    }
    if money().any(|sum| sum.contains('≥') || sum.contains(">=")) {
        notes.push("≥ lacks a price that is not known".to_owned());
    }
    if cut > 0 {
        notes.push(format!("+{cut} more: --all"));
    }
    notes
}

fn in_charset(text: &str, style: &TableStyle) -> String {
    if style.unicode {
        return text.to_owned();
    }
    let plain: String = text.replace('≥', ">=").replace('∞', "inf").replace('–', "-").replace('…', ".");
    plain.chars().map(|symbol| if symbol.is_ascii() { symbol } else { '?' }).collect()
}

const fn plain_symbol(word: Word) -> &'static str {
    match word {
        Word::Meets => "+",
        Word::Misses => "!",
        Word::CannotTell => "?",
        Word::Invalid => "x",
    }
}

/// The colour of a word as an SGR parameter. Word and symbol say the same, so that nobody needs the colour.
const fn colour_of(word: Word) -> &'static str {
    match word {
        Word::Meets => "36",
        Word::Misses => "31",
        Word::CannotTell => "2",
        Word::Invalid => "33",
    }
}

fn painted(text: &str, colour: &str, style: &TableStyle) -> String {
    if style.colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests;
