//! User-edited TOML: read whole, every mistake shown at once with its line.
//!
//! A [`Document`] is parsed with recovery and walked as [`Table`]s and [`Field`]s. What is wrong is noted with
//! its place and the walk goes on with a stand-in value, so that [`Document::finish`] can show all [`Faults`]
//! together. No stand-in leaves the module's callers: a document with a fault yields no value.

mod document;
mod duration;
mod fault;
mod field;
mod nearest;
mod review;
mod secret;
mod table;

pub use document::Document;
pub use duration::{NotADuration, parse_duration};
pub use fault::{Fault, Faults};
pub use field::Field;
pub use nearest::nearest;
pub use review::Review;
pub use secret::names_a_secret;
pub use table::Table;

#[cfg(test)]
mod tests;
