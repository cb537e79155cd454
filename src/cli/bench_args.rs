//! What can be typed after `tollmark bench`.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

use crate::cli::args::at_least_one;

/// Flags of `bench`.
#[derive(Debug, Args)]
#[command(after_help = BENCH_EXAMPLES)]
pub struct BenchArgs {
    /// Measure these parts alone [default: all]
    #[arg(value_enum, value_name = "PART")]
    pub parts: Vec<BenchPart>,
    /// Keep this many requests in flight for streamed and plain replies
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_one())]
    pub concurrency: u32,
    /// Measure this many streamed and this many plain replies
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = at_least_one())]
    pub requests: u32,
    /// Hold times against the upstream's at each of these numbers of streams in flight
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "128,1024", value_parser = at_least_one())]
    pub streams: Vec<u32>,
    /// Print the figures in this form
    #[arg(long, value_enum, default_value = "text")]
    pub format: BenchFormat,
    /// Serve the null upstream at this address for other clients instead, until interrupted
    #[arg(
        long,
        value_name = "ADDRESS",
        conflicts_with_all = ["parts", "concurrency", "requests", "streams", "format"]
    )]
    pub serve: Option<SocketAddr>,
    /// Serve replies at a model's pace, as times are held against, instead of at once
    #[arg(long, requires = "serve")]
    pub paced: bool,
}

const BENCH_EXAMPLES: &str = "\
Everything runs on this machine, against an upstream on one thread that always answers the same: 19 events,
16 of them with content, or one document.

Examples:
  tollmark bench
  tollmark bench streamed --concurrency 256 --format json
  tollmark bench fidelity --streams 1024
  tollmark bench --serve 127.0.0.1:8090";

/// A part of what `bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchPart {
    /// Streamed replies a second, and their cost.
    Streamed,
    /// The same for replies in one document.
    Plain,
    /// Reported times against true ones.
    Fidelity,
}

/// The form of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchFormat {
    /// Columns for people.
    Text,
    /// One object.
    Json,
}
