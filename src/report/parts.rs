//! What a report is given beside the run: the headline, each cell's standing, and the charts.

use crate::gate::Standing;
use crate::report::bill::Bill;
use crate::report::sweep::Sweep;
use crate::rundir::CellRow;
use crate::units::Micros;

/// What others found out about a run, for the formats that show it.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The finding in words, as plain text on one line.
    pub headline: &'a str,
    /// How each cell stands, in the order of the run's cells; absent, also by a shorter list: not judged.
    pub standings: &'a [Option<Judged>],
    /// The pictures in the order of the page.
    pub charts: &'a [Chart<'a>],
    /// The sweeps of the run; none where nothing was swept.
    pub sweeps: &'a [Sweep<'a>],
    /// What the run cost, and where that went; absent where its rows of requests are.
    pub bill: Option<&'a Bill>,
}

impl Parts<'_> {
    /// The word for `row`, which stands at `index` among the run's cells: an invalid cell is called that, whatever its
    /// figures are. Absent when nothing judged it.
    pub fn word(&self, index: usize, row: &CellRow) -> Option<Word> {
        if row.valid == Some(false) { Some(Word::Invalid) } else { self.standing(index).map(|judged| judged.word) }
    }

    /// How the cell at `index` stands; absent when nothing judged it.
    pub fn standing(&self, index: usize) -> Option<Judged> {
        self.standings.get(index).copied().flatten()
    }
}

/// How one cell stands against its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The finding.
    pub word: Word,
    /// The limit of the 99th percentile, end to end, that it was held against.
    pub limit: Micros,
}

impl Judged {
    /// How `row` stands against its limit; absent where it has none, or no request.
    pub fn of(row: &CellRow) -> Option<Self> {
        Standing::of(row)?;
        Some(Self { word: Word::of(row)?, limit: Standing::limit_of(row)? })
    }
}

/// How a cell stands, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Within its limit.
    Meets,
    /// Over its limit.
    Misses,
    /// The requests were too few, or too unlike each other, to say.
    CannotTell,
    /// Something other than the provider made the figures what they are.
    Invalid,
}

impl Word {
    /// The word for `row` and its limit; absent where there is none and the figures can be judged.
    pub fn of(row: &CellRow) -> Option<Self> {
        if row.valid == Some(false) {
            return Some(Self::Invalid);
        }
        Standing::of(row).map(|standing| match standing {
            Standing::Meets => Self::Meets,
            Standing::Misses => Self::Misses,
            Standing::CannotTell => Self::CannotTell,
        })
    }

    /// The word for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Meets => "meets",
            Self::Misses => "misses",
            Self::CannotTell => "cannot tell",
            Self::Invalid => "invalid",
        }
    }

    /// The word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CannotTell => "cannot_tell",
            other => other.text(),
        }
    }

    /// A mark that tells the words apart without colour.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Meets => "●",
            Self::Misses => "▲",
            Self::CannotTell => "○",
            Self::Invalid => "✕",
        }
    }
}

/// A picture to be inlined.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'a> {
    /// What it shows, for the heading above it.
    pub title: &'a str,
    /// A whole SVG document that this program drew; its ids and classes are its own.
    pub svg: &'a str,
}
