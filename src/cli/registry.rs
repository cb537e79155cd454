//! `tollmark registry`: check or show models, regions and prices.

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::args::{ListFormat, RegistryCommand};
use crate::cli::exit::CliError;
use crate::cli::terminal::{put, width};
use crate::registry::{Registry, show, shown_as_csv, shown_as_json, shown_as_text};

/// Carries out a subcommand of `registry`.
///
/// # Errors
/// The file has mistakes or cannot be read, or nobody takes the output.
pub(super) fn registry(command: &RegistryCommand) -> Result<ExitCode, CliError> {
    let text = match command {
        RegistryCommand::Check { file } => {
            let registry = Registry::read(file)?;
            let (models, endpoints) = (registry.models.len(), registry.endpoints().count());
            format!("{}: ok, {models} models at {endpoints} endpoints\n", file.display())
        }
        RegistryCommand::Show { file, format } => {
            let registry = file.as_deref().map_or_else(|| Ok(Registry::built_in()), Registry::read)?;
            let rows = show(&registry, TimeZone::UTC.to_datetime(Timestamp::now()).date());
            match format {
                // A pipe has no width: nothing is left out there.
                ListFormat::Table => {
                    let columns = u16::try_from(width()).unwrap_or(u16::MAX);
                    shown_as_text(&rows, stdout().is_terminal().then_some(columns))
                }
                ListFormat::Csv => shown_as_csv(&rows),
                ListFormat::Json => shown_as_json(&rows),
            }
        }
    };
    put(&text)?;
    Ok(ExitCode::SUCCESS)
}
