//! Run directories: their stored formats and versions.

mod cell_row;
mod manifest;
mod run;

pub use cell_row::CellRow;
pub use manifest::{
    CellNote, DestinationNote, FORMAT_VERSION, FileNote, HostNote, LeftOutNote, LoadNote, Manifest, PriceNote, Status,
    Validity, WorkloadNote,
};
pub use run::Run;
