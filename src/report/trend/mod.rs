//! A history of nights for people and for programs: a table, and one row a figure.

mod csv;
mod table;
pub(crate) mod words;

pub use csv::trend_csv;
pub use table::trend_table;
