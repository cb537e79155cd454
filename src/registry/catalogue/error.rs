//! Why a catalogue cannot be imported.

use crate::registry::catalogue::import::Catalogue;
use crate::units::MoneyError;

/// A catalogue that is none, or holds what is no price.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The text is no JSON.
    #[error("{file}:{line}: is no JSON from here on, {problem}; must be a whole catalogue")]
    NotJson {
        /// The file or address.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the parser said.
        problem: String,
    },
    /// The JSON is of another shape.
    #[error("{file}: is no catalogue of {asked}{}", looks_like.map_or(String::new(), |other| format!(", but looks like one of {other}: use `--from {}`", other.name())))]
    OtherFormat {
        /// The file or address.
        file: String,
        /// What it was taken for.
        asked: Catalogue,
        /// What it may be; absent where it is like none.
        looks_like: Option<Catalogue>,
    },
    /// A field is not what it must be.
    #[error("{file}:{line}: `{field}` of `{entry}` is {value}, must be {must}")]
    BadField {
        /// The file or address.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The catalogue's name for the entry.
        entry: String,
        /// The field.
        field: String,
        /// What stands there, as JSON, shortened.
        value: String,
        /// What would be right.
        must: &'static str,
    },
    /// An amount is no price.
    #[error("{file}:{line}: `{field}` of `{entry}` is {value}, which {problem}")]
    BadPrice {
        /// The file or address.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The catalogue's name for the entry.
        entry: String,
        /// The field.
        field: String,
        /// What stands there, as JSON, shortened.
        value: String,
        /// Why it is no price.
        problem: MoneyError,
    },
    /// Nothing of it was asked for.
    #[error("{file}: has no model that {wanted}")]
    Nothing {
        /// The file or address.
        file: String,
        /// What was asked for.
        wanted: String,
    },
}
