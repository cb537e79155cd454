//! What `forecast` and `suggest` can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::args::positive_duration;

/// Flags of `forecast`.
#[derive(Debug, Args)]
#[command(after_help = FORECAST_EXAMPLES)]
pub struct ForecastArgs {
    /// Run directories, slim ones too; of a cell that several have the newest counts
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// The routing table: a file, `built-in`, or a git object such as origin/main:routes.toml
    #[arg(long, value_name = "FILE")]
    pub routes: String,
    /// The policy whose `[traffic]` says how much there is of what
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Models, regions and prices [default: what the table names, else the run's]
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Refuse runs that are older
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub max_age: Option<Duration>,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    pub format: ForecastFormat,
}

const FORECAST_EXAMPLES: &str = "\
Examples:
  tollmark forecast reports/latest --routes routes.toml
  tollmark forecast reports/latest --routes routes.toml --policy gate.toml --format markdown
  tollmark forecast reports/latest --routes routes.toml --max-age 48h

A policy turns dollars a request into dollars a month:
  [traffic]
  requests_per_month = 40_000_000
  share = { everyday = 0.6, autocomplete = 0.4 }   by route or class; without it, as in the workload

Exit codes: 0 done, 2 bad input. What was never measured is named, with the command that would measure it.";

/// How a forecast is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForecastFormat {
    /// For a person.
    Text,
    /// For programs.
    Json,
    /// For a pull request.
    Markdown,
}

/// Flags of `suggest`.
#[derive(Debug, Args)]
#[command(after_help = SUGGEST_EXAMPLES)]
pub struct SuggestArgs {
    /// Run directories, slim ones too; of a cell that several have the newest counts
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// The routing table: a file or a git object [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    pub routes: Option<String>,
    /// The policy whose SLOs must still be met, and whose `[traffic]` says how much there is of what [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Models, regions and prices [default: what the table names, else the run's]
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Refuse runs that are older
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub max_age: Option<Duration>,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    pub format: SuggestFormat,
}

const SUGGEST_EXAMPLES: &str = "\
Examples:
  tollmark suggest reports/latest --routes routes.toml
  tollmark suggest reports/latest --routes routes.toml --policy gate.toml --format json

It tries each class at each lower tier, and each primary model against every cheaper one that was measured, by
forecast. What it lists surely costs less, meets the policy's limits and answers about as well, as measured or as
the registry says: within the policy's margin for `quality_ratio`, without one 2 points lower at most. Where its
latency would grow by more than a comparison of the policy allows, that is said.

Exit codes: 0 done, whether something was found or not, 2 bad input.";

/// How suggestions are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SuggestFormat {
    /// For a person.
    Text,
    /// For programs.
    Json,
}
