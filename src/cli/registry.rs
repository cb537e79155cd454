//! `tollmark registry`: check, compare or show models, regions and prices.

use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cli::catalogue::import_catalogue;
use crate::cli::exit::CliError;
use crate::cli::registry_args::{ListFormat, RegistryCommand};
use crate::cli::terminal::{put, width};
use crate::fsio::write_whole;
use crate::registry::{Registry, diff, in_both, next_change, show, shown_as_csv, shown_as_json, shown_as_text};
use crate::report::{PriceDiff, repriced};
use crate::rundir::Run;

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
        RegistryCommand::Diff { before, after, run, on, format } => {
            let on = on.unwrap_or_else(today);
            let compared = compare([before, after], run.as_deref(), on)?;
            match format {
                ListFormat::Table => compared.as_text(),
                ListFormat::Csv => compared.as_csv(),
                ListFormat::Json => compared.as_json(),
            }
        }
        RegistryCommand::Import(args) => return import_catalogue(args, today()),
        RegistryCommand::Export { file, out } => {
            let registry = file.as_deref().map_or_else(|| Ok(Registry::built_in()), Registry::read)?;
            let Some(out) = out else {
                put(&registry.to_toml())?;
                return Ok(ExitCode::SUCCESS);
            };
            write_whole(out, registry.to_toml().as_bytes()).map_err(std::io::Error::other)?;
            format!("{}: {} models\n", out.display(), registry.models.len())
        }
        RegistryCommand::Show { file, format } => {
            let registry = file.as_deref().map_or_else(|| Ok(Registry::built_in()), Registry::read)?;
            let rows = show(&registry, today());
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

fn compare(files: [&Path; 2], run: Option<&Path>, on: Date) -> Result<PriceDiff, CliError> {
    let read =
        |file: &Path| if file == Path::new("built-in") { Ok(Registry::built_in()) } else { Registry::read(file) };
    let (before, after) = (read(files[0])?, read(files[1])?);
    let bill = |path: &Path| -> Result<_, CliError> {
        let run = Run::open(path)?;
        let bill = repriced(&run, &before, &after, on)?;
        Ok((run.manifest.run_id, bill))
    };
    Ok(PriceDiff {
        before: files[0].display().to_string(),
        after: files[1].display().to_string(),
        on,
        in_both: in_both(&before, &after),
        changes: diff(&before, &after, on),
        next: next_change(&before, &after, on),
        bill: run.map(bill).transpose()?,
    })
}

fn today() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::now()).date()
}
