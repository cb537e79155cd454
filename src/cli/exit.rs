//! Errors and endings into exit codes and messages; the only place that knows both.

use std::error::Error;
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::bench::BenchError;
use crate::cli::catalogue::ImportError;
use crate::cli::terminal::{colour, width};
use crate::conf::Faults;
use crate::forecast::ForecastError;
use crate::fsio::FileError;
use crate::gate::{NoQuestion, PolicyError, Verdict};
use crate::history::HistoryError;
use crate::plan::SuiteError;
use crate::registry::RegistryError;
use crate::registry::catalogue::CatalogueError;
use crate::routes::RoutesError;
use crate::run::{Ended, RunError};
use crate::rundir::RunDirError;
use crate::serve::ServeError;
use crate::sim::{LawError, SimError};
use crate::starter::StarterError;

/// Everything that can stop a command.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A run could not be started or carried out.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A run directory could not be read or written.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// A folder of runs could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A registry file is wrong.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A routing table is wrong.
    #[error(transparent)]
    Routes(#[from] RoutesError),
    /// A catalogue cannot be had.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A catalogue is wrong.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A law file is wrong.
    #[error(transparent)]
    Law(#[from] LawError),
    /// The simulator could not be started.
    #[error(transparent)]
    Simulator(#[from] SimError),
    /// Metrics cannot be served.
    #[error(transparent)]
    Metrics(#[from] ServeError),
    /// The client could not be measured.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// A policy is wrong.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A run cannot be asked a rule of the policy.
    #[error(transparent)]
    NoQuestion(#[from] NoQuestion),
    /// A forecast cannot be made.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
    /// An object of git cannot be had.
    #[error("cannot read `{object}`, which is no file, from git: {said}")]
    Git {
        /// The object.
        object: String,
        /// What git said.
        said: String,
    },
    /// A run is older than it may be.
    #[error("run `{}` is {age} old, must be at most {most}", run.display())]
    TooOld {
        /// The run directory.
        run: PathBuf,
        /// Its age.
        age: String,
        /// The greatest age.
        most: String,
    },
    /// Two runs did not measure the same.
    #[error("`{run}` cannot be held against `{against}`: {why}")]
    NotComparable {
        /// The run directory.
        run: String,
        /// The earlier one.
        against: String,
        /// Why not, and what would be right.
        why: String,
    },
    /// A run keeps no requests, where they are needed.
    #[error("`{run}` keeps no requests of its own, must be the run that it was made of")]
    NoRequests {
        /// The run directory.
        run: String,
    },
    /// The files to begin from cannot be written.
    #[error(transparent)]
    Starter(#[from] StarterError),
    /// A file that was asked for cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// What was typed contradicts itself.
    #[error("{0}")]
    Usage(&'static str),
    /// The terminal or pipe could not be written.
    #[error("cannot write the output")]
    Output(#[from] std::io::Error),
}

/// Done.
pub(super) const DONE: u8 = 0;
/// The tool failed: I/O, no network, a bug.
pub(super) const FAILED: u8 = 1;
/// Bad usage or a bad input file.
pub(super) const BAD_INPUT: u8 = 2;
/// A rule is broken, and the data say so.
pub(super) const REGRESSED: u8 = 3;
/// A rule cannot be told, and the policy blocks on that.
pub(super) const INCONCLUSIVE: u8 = 4;
/// A cell is invalid, or every request failed.
pub(super) const INVALID: u8 = 5;
/// Stopped by the budget.
pub(super) const OVER_BUDGET: u8 = 6;
/// Interrupted by the user.
pub(super) const INTERRUPTED: u8 = 130;

/// The exit code of a command that stopped with `error`.
pub fn exit_code(error: &CliError) -> ExitCode {
    let code = match error {
        CliError::Run(RunError::NotConfirmed) => INTERRUPTED,
        CliError::Run(error) if error.is_bad_input() => BAD_INPUT,
        CliError::Registry(_)
        | CliError::Routes(_)
        | CliError::Law(_)
        | CliError::Catalogue(_)
        | CliError::Usage(_)
        | CliError::Policy(_)
        | CliError::NoQuestion(_)
        | CliError::Git { .. }
        | CliError::Starter(StarterError::Exists(_))
        | CliError::TooOld { .. }
        | CliError::NotComparable { .. }
        | CliError::NoRequests { .. } => BAD_INPUT,
        CliError::Import(ImportError::Unreadable { .. } | ImportError::TooLarge(_) | ImportError::NotText(_)) => {
            BAD_INPUT
        }
        CliError::History(_) => BAD_INPUT,
        CliError::RunDir(error) | CliError::Forecast(ForecastError::Run(error)) if error.is_bad_input() => BAD_INPUT,
        CliError::Forecast(error) if !matches!(error, ForecastError::Run(_)) => BAD_INPUT,
        CliError::Bench(BenchError::Interrupted) => INTERRUPTED,
        _ => FAILED,
    };
    ExitCode::from(code)
}

/// The exit code of a run that was carried out.
pub(super) fn code_of_run(ended: Ended) -> ExitCode {
    ExitCode::from(match ended {
        Ended::Valid => DONE,
        Ended::Invalid => INVALID,
        Ended::OverBudget => OVER_BUDGET,
        Ended::Interrupted => INTERRUPTED,
    })
}

/// The exit code of a verdict; advice lets pass what was broken or cannot be told.
pub(super) fn code_of_verdict(verdict: Verdict, advisory: bool) -> ExitCode {
    ExitCode::from(match verdict {
        Verdict::Passed => DONE,
        Verdict::Regressed | Verdict::Inconclusive if advisory => DONE,
        Verdict::Regressed => REGRESSED,
        Verdict::Inconclusive => INCONCLUSIVE,
        Verdict::Invalid => INVALID,
    })
}

/// Prints `error` with its causes and what to do about it.
pub fn print_error(error: &CliError) {
    if let Some(faults) = faults(error) {
        anstream::eprint!("{}", faults.drawn(colour(stderr().is_terminal()), width()));
        return;
    }
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        eprintln!("  caused by: {inner}");
        cause = inner.source();
    }
    if let CliError::Run(error) = error
        && let Some(hint) = error.hint()
    {
        eprintln!("hint: {hint}");
    }
}

/// The mistakes of a user's file, which are drawn with their lines.
fn faults(error: &CliError) -> Option<&Faults> {
    match error {
        CliError::Registry(RegistryError::Faulty(faults))
        | CliError::Routes(RoutesError::Faulty(faults))
        | CliError::Law(LawError::Faulty(faults))
        | CliError::Policy(PolicyError::Faulty(faults))
        | CliError::Run(
            RunError::Registry(RegistryError::Faulty(faults))
            | RunError::Suite(SuiteError::Faulty(faults))
            | RunError::Policy(PolicyError::Faulty(faults))
            | RunError::Routes(RoutesError::Faulty(faults)),
        ) => Some(faults),
        _ => None,
    }
}
