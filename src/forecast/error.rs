//! Why there is no forecast.

use crate::rundir::RunDirError;

/// Why there is no forecast.
#[derive(Debug, thiserror::Error)]
pub enum ForecastError {
    /// A run's files cannot be read.
    #[error(transparent)]
    Run(#[from] RunDirError),
    /// A run does not say what its requests were.
    #[error(
        "run `{run}` does not keep the kinds of requests of workload `{workload}`, and the file that it came from is changed \
         or gone: measure it again"
    )]
    NoKinds {
        /// The run's id.
        run: String,
        /// The workload's name.
        workload: String,
    },
    /// No run has a cell of an endpoint.
    #[error("no run holds a measured endpoint: a forecast is made of measured requests")]
    Nothing,
    /// The only run went through a routing table, and its calls are not kept.
    #[error(
        "run `{run}` went through a routing table and keeps none of its calls, as slim runs do not: forecast from the run that \
         it was made of, or from one that measured the endpoints"
    )]
    SlimTable {
        /// The run's id.
        run: String,
    },
    /// A share of the traffic is given to something that there is not.
    #[error(
        "{policy}:{line}: `{name}` in `[traffic] share` is no route of the table and no class of the runs (known: {known})"
    )]
    UnknownShare {
        /// The policy's file.
        policy: String,
        /// The line that the table begins at.
        line: usize,
        /// What is unknown.
        name: String,
        /// What is known, as a list.
        known: String,
    },
    /// Two shares of the traffic are of the same requests.
    #[error(
        "{policy}:{line}: `{}` and `{}` in `[traffic] share` are both about {kind}, must name each request once: by its route or \
         by its class",
        names[0], names[1]
    )]
    SharedTwice {
        /// The policy's file.
        policy: String,
        /// The line that the table begins at.
        line: usize,
        /// What the shares are given to.
        names: [String; 2],
        /// A kind of request that belongs to both.
        kind: String,
    },
}
