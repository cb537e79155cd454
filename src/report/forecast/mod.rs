//! A forecast of a routing table, for people and for programs.

mod change;
mod change_json;
mod change_markdown;
mod change_text;
mod json;
mod markdown;
mod suggestions;
mod text;
mod words;

pub use change::{Changed, as_run};
pub use change_json::with_change;
pub use change_markdown::change_markdown;
pub use change_text::change_text;
pub use json::forecast_json;
pub use markdown::forecast_markdown;
pub use suggestions::{suggestions_json, suggestions_text};
pub use text::forecast_text;

use crate::forecast::{Forecast, Measured};

/// A forecast, and what it was made of.
#[derive(Clone, Copy, Debug)]
pub struct Foretold<'a> {
    /// The table's path as it was given.
    pub table: &'a str,
    /// What it would come to.
    pub forecast: &'a Forecast,
    /// The runs behind it.
    pub measured: &'a Measured,
    /// What else is to be said, in sentences.
    pub notes: &'a [String],
}
