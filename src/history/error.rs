//! Why there is no history.

use std::io;
use std::path::PathBuf;

/// A folder of runs that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The folder cannot be listed.
    #[error("cannot read the folder of runs `{}`", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One run was given instead of the folder that holds many.
    #[error("`{}` is a run directory, name the folder that holds the runs", path.display())]
    IsARun {
        /// The directory.
        path: PathBuf,
    },
    /// No run is in it.
    #[error("`{}` holds no run directory that can be read, name the folder that runs are made in", path.display())]
    NoRuns {
        /// The folder.
        path: PathBuf,
    },
}
