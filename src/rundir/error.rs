//! What can be wrong with a run directory.

use std::io;
use std::path::PathBuf;

use crate::fsio::FileError;

/// A run directory that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// The run's id is no name for a directory.
    #[error("`{0}` is no name for a run directory, must be one name without `/` and other than `latest`")]
    BadRunId(String),
    /// A run of this name is there.
    #[error("run directory `{}` exists already, move it away or choose another `--run-id`", path.display())]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// Reports of several runs do not go into one of them.
    #[error("`{}` is a run directory, choose another `--out` for the reports of several runs", path.display())]
    IsARun {
        /// The directory.
        path: PathBuf,
    },
    /// The directory cannot be made.
    #[error("cannot create run directory `{}`", path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that grows with the run cannot be written.
    #[error("cannot write `{}`", path.display())]
    Append {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is written whole cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no such directory, or no run in it.
    #[error("`{}` is not a run directory, it must hold a `manifest.json`", path.display())]
    NotARun {
        /// What was given.
        path: PathBuf,
    },
    /// A run of which nothing is left but its manifest.
    #[error("`{}` holds neither `cells.csv` nor `samples.csv`, so there is nothing to report", path.display())]
    Nothing {
        /// The directory.
        path: PathBuf,
    },
    /// The manifest is not what this program writes.
    #[error("`{}` is not a manifest of tollmark", path.display())]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A later version of tollmark wrote it.
    #[error("`{}` has format version {found}, this tollmark reads up to {known}: use a newer one", path.display())]
    Newer {
        /// The manifest.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest one that is known.
        known: u32,
    },
    /// A row of a CSV file cannot be read.
    #[error("{}:{line}: {problem}", path.display())]
    BadRow {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
}

impl RunDirError {
    /// Whether what the user named is at fault, and not the machine.
    pub const fn is_bad_input(&self) -> bool {
        matches!(
            self,
            Self::BadRunId(_)
                | Self::Exists { .. }
                | Self::IsARun { .. }
                | Self::NotARun { .. }
                | Self::Nothing { .. }
                | Self::BadManifest { .. }
                | Self::Newer { .. }
                | Self::BadRow { .. }
        )
    }
}
