//! How the history of many runs is asked for on the command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::chart_args::ThemeName;

/// Flags of `trend`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TrendArgs {
    /// The folder that holds the run directories
    #[arg(value_name = "DIR")]
    pub runs: PathBuf,
    /// Write trend.csv and trend.svg into this folder [default: DIR]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print every cell and every month, not those that matter most
    #[arg(long)]
    pub all: bool,
    /// Write only these files, and print their paths in place of the table [default: csv,svg]
    #[arg(long = "format", value_enum, value_name = "FORMAT", value_delimiter = ',', conflicts_with = "all")]
    pub formats: Vec<TrendFormat>,
    /// Colours of the chart
    #[arg(long, value_enum, default_value = "auto")]
    pub theme: ThemeName,
}

/// A file that a history is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum TrendFormat {
    /// trend.csv: one row a night, cell and figure.
    Csv,
    /// trend.svg.
    Svg,
    /// The chart, for what refuses SVG.
    Png,
}

const EXAMPLES: &str = "\
Examples:
  tollmark trend reports
  tollmark trend reports --all
  tollmark trend reports --format png,csv --out trends

Runs are read by their manifest.json and cells.csv alone. The same cell of every night (provider,
model, region, route, variant, workload, load) is one series; simulated and live nights never
mix. Its last night is held against the up to 30 nights before it, from 10 on: another list price,
another version of tollmark and another workload file start the count anew.

Exit code: 0, also where something drifted: that is for a person to judge, and for `gate` to stop.";
