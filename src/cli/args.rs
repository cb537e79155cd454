//! What can be typed. Values are checked here as far as they can be without reading a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::bench_args::BenchArgs;
use crate::cli::chart_args::{FormatName, MetricName, ThemeName, XAxis};
use crate::cli::forecast_args::{ForecastArgs, SuggestArgs};
use crate::cli::gate_args::GateArgs;
use crate::cli::init_args::InitArgs;
use crate::cli::load_choices::{ArrivalsChoice, PromptCacheChoice, StreamChoice};
use crate::cli::registry_args::RegistryCommand;
use crate::cli::routes_args::RoutesCommand;
use crate::cli::shell_args::{CompletionsArgs, ManArgs};
use crate::cli::simulate_args::SimulateArgs;
use crate::cli::slim_args::SlimArgs;
use crate::cli::trend_args::TrendArgs;
use crate::cli::workload_args::WorkloadCommand;
use crate::conf::parse_duration;
use crate::plan::Rate;
use crate::registry::AssumedPrice;
use crate::units::{Positive, Usd};

/// Measures what LLM traffic costs, in dollars and in milliseconds, and whether that got worse.
#[derive(Debug, Parser)]
#[command(name = "tollmark", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tollmark run                      Run the demo against the built-in simulated provider
  tollmark run --quick              The same in a few seconds, too short for p99
  tollmark report reports/latest    Render a run again
  tollmark init llm                 Write a folder to begin from, with a gate for pull requests
  tollmark registry show            List what can be measured, with prices";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replay workloads against every model and region, and keep what was measured
    Run(Box<RunArgs>),
    /// Render the reports of a run again, from its directory alone
    Report(ReportArgs),
    /// Hold a run against the SLOs of a policy: a verdict and an exit code
    Gate(GateArgs),
    /// Tell what a routing table would cost and how slow it would be, from measured runs; calls nobody
    Forecast(ForecastArgs),
    /// List traffic that could go to a cheaper model and still meet its limits and quality, by forecast
    Suggest(SuggestArgs),
    /// Tell how each cell did over many runs: drift, new levels, prices, availability by month
    Trend(TrendArgs),
    /// Write a run without its per-request rows, under 1 MB, fit for a repository
    Slim(SlimArgs),
    /// Check, compare or show the priced registry
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Check, show or export a routing table
    #[command(subcommand)]
    Routes(RoutesCommand),
    /// Check or inspect recorded request files
    #[command(subcommand)]
    Workload(WorkloadCommand),
    /// Write a folder to begin from: registry, routing tables, policy, suites, workloads and a GitHub workflow
    Init(InitArgs),
    /// Serve the simulated provider alone, until interrupted
    Simulate(SimulateArgs),
    /// Measure the client itself: replies a second, processor time a reply, how true its times are
    Bench(BenchArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UiChoice {
    /// Bars at a terminal, plain lines otherwise.
    Auto,
    /// A bar a model.
    Bars,
    /// A line every 10 s.
    Plain,
    /// Nothing.
    None,
}

/// Flags of `run`. A flag overrides the suite, the suite the default.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// The suite to run; with none, the built-in demo
    pub suite: Option<PathBuf>,

    /// Call the registry's providers; without it everything goes to the simulated provider
    #[arg(long, help_heading = "Where requests go")]
    pub live: bool,
    /// Call this OpenAI-compatible /v1 instead; sends no key or header of the registry
    #[arg(long, value_name = "URL", help_heading = "Where requests go")]
    pub base_url: Option<String>,
    /// Send the key held by this environment variable to --base-url
    #[arg(long, value_name = "NAME", requires = "base_url", help_heading = "Where requests go")]
    pub api_key_env: Option<String>,

    /// Read models, regions and prices from this file instead of the built-in registry
    #[arg(long, value_name = "FILE", help_heading = "What is measured")]
    pub registry: Option<PathBuf>,
    /// Replay this file, or the built-in workload of this name
    #[arg(long = "workload", value_name = "FILE", help_heading = "What is measured")]
    pub workloads: Vec<String>,
    /// Measure models whose id matches; with --base-url the name is sent as it is
    #[arg(long = "model", value_name = "GLOB", help_heading = "What is measured")]
    pub models: Vec<String>,
    /// Measure regions whose id matches
    #[arg(long = "region", value_name = "GLOB", help_heading = "What is measured")]
    pub regions: Vec<String>,
    /// Send each request through this routing table, or the `built-in` one, instead of to every endpoint
    #[arg(long, value_name = "FILE", help_heading = "What is measured")]
    pub routes: Option<PathBuf>,

    /// Route by the tiers that the workload records, and ask no classifier where there is one
    #[arg(long, help_heading = "What is measured")]
    pub trust_tiers: bool,

    /// Count and list bad workload lines instead of stopping
    #[arg(long, help_heading = "What is measured")]
    pub skip_bad_lines: bool,

    /// Keep this many requests, or sessions, under way in each cell; a list makes a cell each [default: the suite's, else 8]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = at_least_one(), help_heading = "Load")]
    pub concurrency: Vec<u32>,
    /// Issue requests like this [default: constant with --rate, else closed]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Load")]
    pub arrivals: Option<ArrivalsChoice>,
    /// Send requests, or begin sessions, on a fixed schedule, whatever the replies do: 20, or 10..200/60s to ramp; a list
    /// makes a cell each
    #[arg(long, value_name = "REQ_PER_S", value_delimiter = ',', help_heading = "Load")]
    pub rate: Vec<Rate>,
    /// Spread the gaps of gamma arrivals: 1 is Poisson, more comes in bursts
    #[arg(long, value_name = "RATIO", help_heading = "Load")]
    pub cv: Option<Positive>,
    /// Replay recorded arrivals, and the delays of their sessions, this many times faster [default: 1]
    #[arg(long, value_name = "FACTOR", help_heading = "Load")]
    pub speed: Option<Positive>,
    /// Drop and count what is due while this many requests of a cell are in flight [default: 10000]
    #[arg(long, value_name = "N", value_parser = at_least_one(), help_heading = "Load")]
    pub max_in_flight: Option<u32>,
    /// Measure what arrives in this time, in place of a number of requests
    #[arg(long, value_name = "TIME", value_parser = positive_duration, conflicts_with = "requests_per_cell", help_heading = "Load")]
    pub duration: Option<Duration>,
    /// Measure this many requests in each cell [default: the suite's, else 400, or a recording once]
    #[arg(long, value_name = "N", value_parser = at_least_one(), help_heading = "Load")]
    pub requests_per_cell: Option<u32>,
    /// Cut each cell into this many equal shares [default: the suite's, else 20]
    #[arg(long, value_name = "N", value_parser = at_least_one(), help_heading = "Load")]
    pub rounds: Option<u32>,
    /// Send this many requests to each cell first, and leave them out [default: the suite's, else 8]
    #[arg(long, value_name = "N", help_heading = "Load")]
    pub warmup: Option<u32>,
    /// Measure this many cells side by side [default: all when simulated, 1 when live]
    #[arg(long, value_name = "N", value_parser = at_least_one(), help_heading = "Load")]
    pub parallel_cells: Option<u32>,
    /// Draw everything random from this seed [default: 1]
    #[arg(long, value_name = "N", help_heading = "Load")]
    pub seed: Option<u64>,
    /// Ask for streamed answers [default: true]
    #[arg(long, value_enum, value_name = "WHEN", help_heading = "Load")]
    pub stream: Option<StreamChoice>,
    /// Send prompts as recorded, or made new each time [default: fresh where lines repeat live, else natural]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Load")]
    pub prompt_cache: Option<PromptCacheChoice>,
    /// Leave `stream_options` out, for a provider that refuses it; a stream's tokens may then be estimates
    #[arg(long, help_heading = "Load")]
    pub no_stream_options: bool,
    /// Speak HTTP/2, each request in flight on a connection of its own
    #[arg(long, help_heading = "Load")]
    pub http2: bool,
    /// Measure 40 requests in each cell in 2 rounds: quick, and too few for p99
    #[arg(long, conflicts_with_all = ["requests_per_cell", "duration", "rounds"], help_heading = "Load")]
    pub quick: bool,

    /// Give up on connecting after this long [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration, help_heading = "Limits")]
    pub timeout_connect: Option<Duration>,
    /// Give up when no token has come this long after sending [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration, help_heading = "Limits")]
    pub timeout_first_token: Option<Duration>,
    /// Give up when no payload has come for this long [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration, help_heading = "Limits")]
    pub timeout_idle: Option<Duration>,
    /// Give up on a request this long after sending [default: 120s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration, help_heading = "Limits")]
    pub timeout_total: Option<Duration>,
    /// Send nothing more when the bill could pass this
    #[arg(long, value_name = "USD", value_parser = dollars, help_heading = "Limits")]
    pub max_cost_usd: Option<Usd>,
    /// Take a model to cost this many dollars per million tokens where the registry does not say, and mark it with `~`
    #[arg(long = "assume-price", value_name = "MODEL=IN,OUT", help_heading = "Limits")]
    pub assumed_prices: Vec<AssumedPrice>,

    /// Judge the run by this policy when it is done: the exit code is then the verdict's
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub policy: Option<PathBuf>,
    /// Make the run directory in this folder
    #[arg(long, value_name = "DIR", default_value = "reports", help_heading = "Output")]
    pub out: PathBuf,
    /// Name the run directory [default: the time and the suite's name]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub run_id: Option<String>,
    /// Show progress in this way
    #[arg(long, value_enum, default_value = "auto", help_heading = "Output")]
    pub ui: UiChoice,
    /// Serve the run's metrics for Prometheus at http://ADDRESS/metrics while it goes on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", help_heading = "Output")]
    pub metrics_listen: Option<SocketAddr>,
    /// Print every cell at the end, not the ten that matter most
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// Open the report in a browser at the end
    #[arg(long, help_heading = "Output")]
    pub open: bool,
    /// Print what would be sent, and send nothing
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
}

const RUN_EXAMPLES: &str = "\
Examples:
  tollmark run
  tollmark run --quick --model 'qwen*' --region us-west-2
  tollmark run --workload support --concurrency 4,16 --requests-per-cell 50 --rounds 2 --model hunyuan-turbo
  tollmark run --arrivals poisson --rate 5,50 --duration 4s --model qwen3-8b --region us-west-2
  tollmark run --arrivals poisson --rate 5..50/4s --model qwen3-8b --region us-west-2
  tollmark run --quick --routes built-in --workload classify
  tollmark run --dry-run --live --workload long-context

A suite file holds the same and is kept under version control. With two [[variant]] tables it sends
the same prompts to a baseline and a candidate in turn:
  tollmark run nightly.toml --max-cost-usd 5.00
  tollmark run ab.toml

A policy judges the run when it is done, and leaves verdict.json, verdict.md and junit.xml:
  tollmark run nightly.toml --policy gate.toml
  tollmark run nightly.toml --policy gate.toml --dry-run   which rules the run cannot decide

Exit codes: 0 done or passed, 1 tollmark failed, 2 bad input, 3 a rule of the policy is surely broken, 4 one cannot be
told, 5 a cell is invalid or all requests failed, 6 stopped by the budget, 130 interrupted. In all but 2 what was
measured is kept.";

/// Flags of `report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tollmark report reports/latest\n  tollmark report reports/latest --all\n  \
                        tollmark report reports/latest --x effective\n  tollmark report reports/latest --format png,csv\n  \
                        tollmark report reports/monday reports/tuesday --out changes")]
pub struct ReportArgs {
    /// The run directories; of several the first is what the others are held against
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// Write the reports of several runs into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print every cell, not the ten that matter most
    #[arg(long)]
    pub all: bool,
    /// Write only these reports, and print their paths in place of the table [default: all but png]
    #[arg(long = "format", value_enum, value_name = "FORMAT", value_delimiter = ',', conflicts_with_all = ["all", "open"])]
    pub formats: Vec<FormatName>,
    /// Price on the x axis of cost-latency.svg
    #[arg(long, value_enum, default_value = "list")]
    pub x: XAxis,
    /// Put all regions into one panel of it, told apart by colour and shape
    #[arg(long)]
    pub overlay: bool,
    /// Latency on its y axis
    #[arg(long, value_enum, default_value = "e2e")]
    pub metric: MetricName,
    /// Colours of the chart files; the page follows its reader
    #[arg(long, value_enum, default_value = "auto")]
    pub theme: ThemeName,
    /// Open the report in a browser at the end
    #[arg(long)]
    pub open: bool,
}

pub(super) fn at_least_one() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..)
}

pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(Duration::ZERO) => Err("is 0, must be longer".to_owned()),
        Ok(time) => Ok(time),
        Err(error) => Err(error.to_string()),
    }
}

fn dollars(text: &str) -> Result<Usd, String> {
    text.parse().map_err(|error| format!("{error}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
