//! Run directories: their stored formats and versions.

mod attempt_rows;
mod attempts_file;
mod cell_row;
mod cells_file;
mod csv_line;
mod error;
#[cfg(test)]
mod fixture;
mod interval_log;
mod kind_notes;
mod manifest;
mod manifest_file;
mod open;
mod price_note;
mod primary;
mod promised;
mod rebuild;
mod routing_note;
mod row;
mod run;
mod sample_fields;
mod sample_rows;
mod samples_file;
mod slim;
mod spectra;
mod spending;
mod table_note;
mod timings;
mod usage_notes;
mod writer;

pub use attempt_rows::{AttemptRow, read_attempts};
pub use cell_row::CellRow;
pub use cells_file::{read_cells, write_cells};
pub use error::RunDirError;
pub use interval_log::read_intervals;
pub use kind_notes::{KindNote, estimated_kind_notes, kind_notes};
pub use manifest::{
    CellNote, DestinationNote, FORMAT_VERSION, FailureNote, FileNote, HostNote, LeftOutNote, LoadNote, Manifest,
    OverrideNote, PriceNote, RatesNote, SideNote, StageNote, StatedNote, Status, UsageNote, Validity, WorkloadNote,
};
pub use manifest_file::{read_manifest, write_manifest};
pub use primary::PrimaryLatency;
pub use promised::Promised;
pub use rebuild::keep_rebuilt;
pub use routing_note::{CallsNote, ClassifierNote, RoutingNote, TieringNote, TripNote, routing_notes};
pub use row::{cell_row, judge};
pub use run::Run;
pub use sample_rows::read_samples;
pub use slim::{Latencies, SLIM_BYTES, Slim, slim};
pub use spectra::Spectra;
pub use spending::{Spent, read_spending};
pub use table_note::{BreakerNote, EndpointNote, RouteNote, TableNote};
pub use timings::{Timing, read_timings};
pub use usage_notes::{usage_notes, usage_warnings};
pub use writer::RunWriter;
