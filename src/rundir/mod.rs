//! Run directories: their stored formats and versions.

mod cell_row;

pub use cell_row::CellRow;
