//! A run directory in, bytes out: charts, page, Markdown, terminal table.

pub mod figures;
#[cfg(test)]
mod fixture;
mod parts;
mod pick;
mod plain_text;
mod shown;
mod table;

pub use parts::{Chart, Judged, Parts, Word};
pub use plain_text::{clipped, columns, visible};
pub use table::{TableStyle, table};
