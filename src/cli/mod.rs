//! The command line: one file a subcommand; the only code that prints.

mod args;
mod bench;
mod bench_args;
mod catalogue;
mod chart_args;
mod cost_words;
mod dispatch;
mod dry_run;
mod exit;
mod gate;
mod load_choices;
mod progress;
mod progress_text;
mod registry;
mod registry_args;
mod report;
mod routes;
mod routes_args;
mod run;
mod simulate;
mod simulate_args;
mod slim;
mod slim_args;
mod terminal;
mod trend;
mod trend_args;
mod undecidable;
mod verdict_args;
mod whereto;
mod workload;
mod workload_args;

pub use args::Cli;
pub use dispatch::dispatch;
pub use exit::{CliError, exit_code, print_error};
