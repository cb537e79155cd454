//! From what was typed to the subcommand that does it.

use std::process::ExitCode;

use crate::cli::args::{Cli, Command};
use crate::cli::exit::CliError;
use crate::cli::{
    bench, forecast, gate, init, registry, report, routes, run, shell, simulate, slim, suggest, trend, workload,
};

/// Does what was typed and returns the exit code.
///
/// # Errors
/// Whatever stops the command; see [`exit_code`](crate::cli::exit_code).
pub fn dispatch(cli: Cli) -> Result<ExitCode, CliError> {
    match cli.command {
        Command::Run(args) => run::run(*args),
        Command::Report(args) => report::report(&args),
        Command::Gate(args) => gate::gate(&args),
        Command::Forecast(args) => forecast::forecast_command(&args),
        Command::Suggest(args) => suggest::suggest_command(&args),
        Command::Trend(args) => trend::trended(&args),
        Command::Slim(args) => slim::slimmed(&args),
        Command::Registry(command) => registry::registry(&command),
        Command::Routes(command) => routes::routes(&command),
        Command::Workload(command) => workload::workload(&command),
        Command::Init(args) => init::init(&args),
        Command::Simulate(args) => simulate::simulate(args),
        Command::Bench(args) => bench::bench(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    }
}
