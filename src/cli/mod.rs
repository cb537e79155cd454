//! The command line: one file a subcommand; the only code that prints.

mod progress;
mod progress_text;
mod snapshot;

pub use progress::{Progress, Ui};
pub use snapshot::{CellProgress, ModelLine, Snapshot};
