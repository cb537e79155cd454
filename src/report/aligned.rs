//! Columns of text that fit a terminal: those that matter least are left out, then names are cut.

use crate::report::parts::Word;
use crate::report::plain_text::{clipped, columns};

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
/// Columns that names of models usually need, and to which longer ones are cut before a figure is left out.
const SHORT_NAME_ROOM: usize = 18;
/// Columns below which a name is not cut any further.
const LEAST_NAME_ROOM: usize = 4;
/// Columns to which names of models, regions and workloads are cut before one of them is left out.
const CUT_NAME_ROOM: usize = 9;
/// The order from which on names are left out, after all figures that can be.
pub(crate) const NAMES: u8 = 20;
/// What stands where nothing was measured.
const ABSENT: &str = "–";
/// Blanks between two columns.
const GAP: usize = 2;
/// A column: its heading is the first cell.
pub(crate) struct Column {
    pub(crate) cells: Vec<String>,
    kind: Kind,
    /// Left out first at 1; never at `None`.
    dispensable: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What a row is about; on the left, and cut where room is scarce.
    Name,
    /// On the right, and never cut.
    Figure,
    /// On the left, and never cut.
    Words,
}

#[derive(Clone, Copy)]
pub(crate) enum Line {
    Heading,
    Row(usize, Option<Word>),
}
/// The columns that have room: the model's name is cut a little, the least important figures go, then all names are
/// cut, and where even that is not enough, names but the model's go too.
pub(crate) fn fitted(mut grid: Vec<Column>, width: usize) -> Vec<Column> {
    cut_name(&mut grid, width, SHORT_NAME_ROOM);
    drop_columns(&mut grid, width, |order| order < NAMES);
    // Without its place a row could be any of its model's, so place and name are cut alike before one of them goes.
    while taken(&grid) > width {
        let names = grid.iter_mut().filter(|column| column.kind == Kind::Name && column.width() > CUT_NAME_ROOM);
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
    if let Some(name) = grid.iter_mut().find(|column| column.dispensable.is_none() && column.kind == Kind::Name) {
        let room = name.width().saturating_sub(over).max(least);
        name.cells.iter_mut().for_each(|cell| *cell = clipped(cell, room));
    }
}

fn taken(grid: &[Column]) -> usize {
    grid.iter().map(Column::width).sum::<usize>() + GAP * (grid.len() - 1)
}

impl Column {
    /// A column headed `title`; the one whose `dispensable` is least is left out first, one without never.
    pub(crate) fn new(
        title: &str,
        kind: Kind,
        dispensable: Option<u8>,
        cells: impl Iterator<Item = Option<String>>,
        style: &TableStyle,
    ) -> Self {
        let cells = cells.map(|cell| in_charset(cell.as_deref().unwrap_or(ABSENT), style));
        Self { cells: std::iter::once(title.to_owned()).chain(cells).collect(), kind, dispensable }
    }

    /// Whether some row has something to show.
    pub(crate) fn is_known(&self, style: &TableStyle) -> bool {
        let absent = in_charset(ABSENT, style);
        self.cells[1..].iter().any(|cell| *cell != absent)
    }

    /// Whether it can be left out.
    pub(crate) fn is_dispensable(&self) -> bool {
        self.dispensable.is_some()
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| columns(cell)).max().unwrap_or(0)
    }
}
pub(crate) fn line(grid: &[Column], style: &TableStyle, line: Line) -> String {
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
        match column.kind {
            Kind::Figure => text.extend([blanks.as_str(), cell.as_str()]),
            // Nothing follows the last column, so it needs no blanks.
            Kind::Name | Kind::Words => text.extend([cell.as_str(), if last { "" } else { &blanks }]),
        }
        if !last {
            text.push_str(&" ".repeat(GAP));
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
pub(crate) fn in_charset(text: &str, style: &TableStyle) -> String {
    if style.unicode {
        return text.to_owned();
    }
    let plain: String = text
        .replace('≥', ">=")
        .replace('∞', "inf")
        .replace('–', "-")
        .replace('…', ".")
        .replace('−', "-")
        .replace('→', "->")
        .replace('±', "+/-")
        .replace('·', "/");
    plain.chars().map(|symbol| if symbol.is_ascii() { symbol } else { '?' }).collect()
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

pub(crate) fn painted(text: &str, colour: &str, style: &TableStyle) -> String {
    if style.colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
}
