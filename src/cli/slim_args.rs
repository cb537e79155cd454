//! How a slim run is asked for on the command line.

use std::path::PathBuf;

use clap::Args;

/// What `slim` is told.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tollmark slim reports/latest --out slim-run")]
pub struct SlimArgs {
    /// The run directory
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// The directory to write, which must not exist yet
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
