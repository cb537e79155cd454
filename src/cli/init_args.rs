//! How the files to begin from are asked for on the command line.

use std::path::PathBuf;

use clap::Args;

/// What `init` is told.
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// The folder, which is made where there is none
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
}

const INIT_EXAMPLES: &str = "\
Examples:
  tollmark init llm

Without DIR they are written where you stand. At the root of a repository GitHub finds the workflow among them:
a forecast of each pull request that touches routes.toml, an A/B run on demand, and a nightly run with its history.

No file is ever replaced: where one of them exists already, all such are named and nothing is written, exit code 2.";
