//! Why nothing could be measured.

use std::io;
use std::path::PathBuf;

use crate::run::RunError;
use crate::rundir::RunDirError;
use crate::sim::SimError;

/// What stops a bench.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The null upstream cannot be started.
    #[error(transparent)]
    Upstream(#[from] SimError),
    /// The run against it cannot be carried out.
    #[error(transparent)]
    Run(#[from] RunError),
    /// What the run wrote cannot be read.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// There is no place for the run directory.
    #[error("cannot make the temporary folder `{path}`", path = path.display())]
    Scratch {
        /// Where it was to be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Requests failed, and those that did not would tell of another load.
    #[error("{failed} of {requests} requests to the null upstream failed")]
    Failed {
        /// Requests that failed.
        failed: u64,
        /// Requests in all.
        requests: u64,
    },
    /// The user stopped it.
    #[error("interrupted, nothing was measured")]
    Interrupted,
}
