//! `tollmark workload`: check or inspect request files.

use std::process::ExitCode;

use crate::cli::exit::{BAD_INPUT, CliError, print_error};
use crate::cli::terminal::put;
use crate::cli::workload_args::WorkloadCommand;
use crate::run::workload as read;
use crate::workload::{BadLines, check_text, inspect, inspect_text};

/// Carries out a subcommand of `workload`.
///
/// # Errors
/// A file to inspect cannot be read or has bad lines, or nobody takes the output.
pub(super) fn workload(command: &WorkloadCommand) -> Result<ExitCode, CliError> {
    match command {
        WorkloadCommand::Check { files } => check(files),
        WorkloadCommand::Inspect { files, skip_bad_lines } => {
            let on_bad = if *skip_bad_lines { BadLines::Skip } else { BadLines::Stop };
            for (index, file) in files.iter().enumerate() {
                let text = inspect_text(&inspect(&read(file, on_bad)?));
                let gap = if index > 0 { "\n" } else { "" };
                put(&format!("{gap}{text}"))?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Checks every file, so that the mistakes of all are seen at once.
fn check(files: &[String]) -> Result<ExitCode, CliError> {
    let mut code = ExitCode::SUCCESS;
    for file in files {
        match read(file, BadLines::Stop) {
            Ok(workload) => put(&check_text(&workload))?,
            Err(error) => {
                print_error(&error.into());
                code = ExitCode::from(BAD_INPUT);
            }
        }
    }
    Ok(code)
}
