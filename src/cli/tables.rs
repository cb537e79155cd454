//! Routing tables for commands that call nobody: from a file, from the program itself, or from git.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cli::exit::CliError;
use crate::cli::terminal::{colour, width};
use crate::conf::Faults;
use crate::forecast::Routing;
use crate::registry::Registry;
use crate::routes::{Resolved, RoutesError, Table, check};
use crate::rundir::Run;

/// A routing table that was read and holds against its registry.
#[derive(Debug)]
pub(super) struct LoadedTable {
    pub(super) table: Table,
    pub(super) resolved: Resolved,
    pub(super) registry: Registry,
    /// What may not be meant.
    warnings: Option<Faults>,
}

impl LoadedTable {
    /// Says on stderr what may not be meant.
    pub(super) fn warn(&self) {
        if let Some(warnings) = &self.warnings {
            anstream::eprint!("{}", warnings.drawn(colour(std::io::stderr().is_terminal()), width()));
        }
    }

    pub(super) const fn routing(&self) -> Routing<'_> {
        Routing { table: &self.table, resolved: &self.resolved, registry: &self.registry }
    }

    /// Whether the table may call the endpoint with these names.
    pub(super) fn calls(&self, provider: &str, model: &str, region: Option<&str>) -> bool {
        let targets = self.resolved.routes.iter().flat_map(|route| {
            let destinations = route.primary.iter().chain(&route.fallback).flat_map(|target| &target.endpoints);
            destinations.chain(&route.escalation).chain(&route.chunking)
        });
        targets.chain(self.resolved.classifier.iter().flatten()).any(|endpoint| {
            self.registry.provider(*endpoint).id == provider
                && self.registry.model(*endpoint).id == model
                && self.registry.region(*endpoint).map(|region| region.id.as_str()) == region
        })
    }
}

/// Reads the table that `spec` names, `built-in`, a file, or an object of git as `REV:path`, and holds it against a registry: the
/// one given, else the one that the table names, else that of the first of `runs`.
///
/// # Errors
/// The table or the registry cannot be read or has mistakes, or git does not know the object.
pub(super) fn load_table(
    spec: &str,
    registry: Option<&Path>,
    runs: &[Run],
    today: Date,
) -> Result<LoadedTable, CliError> {
    let object = spec.split_once(':').filter(|_| spec != "built-in" && !Path::new(spec).exists());
    let table = match object {
        _ if spec == "built-in" => Table::built_in(),
        None => Table::read(Path::new(spec))?,
        Some(_) => Table::parse(spec, &git_show(spec)?).map_err(RoutesError::from)?,
    };
    let registry = match (registry, &table.registry, object) {
        (Some(path), ..) => Registry::read(path)?,
        (None, Some(path), None) => Registry::read(path)?,
        (None, Some(path), Some((revision, file))) => {
            // The table's folder is that of the object's path.
            let named = path.strip_prefix(Path::new(spec).parent().unwrap_or(Path::new(""))).unwrap_or(path);
            let beside: PathBuf = Path::new(file).parent().unwrap_or(Path::new("")).join(named);
            let object = format!("{revision}:{}", beside.display());
            Registry::parse(&object, &git_show(&object)?).map_err(crate::registry::RegistryError::from)?
        }
        (None, None, _) => registry_of(runs)?,
    };
    let checked = check(&table, &registry, today).map_err(RoutesError::from)?;
    Ok(LoadedTable { table, resolved: checked.resolved, registry, warnings: checked.warnings })
}

fn registry_of(runs: &[Run]) -> Result<Registry, CliError> {
    match runs.first().map(|run| run.manifest.registry.source.as_str()) {
        None | Some("built-in") => Ok(Registry::built_in()),
        Some(path) => Ok(Registry::read(Path::new(path))?),
    }
}

/// The contents of an object of the repository that the program runs in.
fn git_show(object: &str) -> Result<String, CliError> {
    let refused = |said: String| CliError::Git { object: object.to_owned(), said };
    let output = Command::new("git")
        .args(["show", "--no-textconv", "--end-of-options", object])
        .output()
        .map_err(|error| refused(format!("git cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    String::from_utf8(output.stdout).map_err(|_| refused("it is no UTF-8 text".to_owned()))
}

/// Opens run directories, whose warnings go to stderr.
///
/// # Errors
/// One cannot be read, or is older than `max_age` at the moment `now`.
pub(super) fn open_runs(paths: &[PathBuf], max_age: Option<Duration>, now: Timestamp) -> Result<Vec<Run>, CliError> {
    let mut runs = Vec::new();
    for path in paths {
        let run = Run::open(path)?;
        for warning in &run.warnings {
            eprintln!("warning: {warning}");
        }
        let started: Option<Timestamp> = run.manifest.started_at.parse().ok();
        let age = started.map(|started| now.duration_since(started));
        if let Some(most) = max_age
            && age.is_none_or(|age| age > SignedDuration::try_from(most).unwrap_or(SignedDuration::MAX))
        {
            return Err(CliError::TooOld {
                run: path.clone(),
                age: age.map_or_else(|| "of unknown age".to_owned(), age_in_words),
                most: age_in_words(SignedDuration::try_from(most).unwrap_or(SignedDuration::MAX)),
            });
        }
        runs.push(run);
    }
    Ok(runs)
}

/// `3 days and 4 hours`.
fn age_in_words(age: SignedDuration) -> String {
    let several = |count: i64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let (days, hours, minutes) = (age.as_hours() / 24, age.as_hours() % 24, age.as_mins() % 60);
    match (days, hours) {
        (0, 0) => several(minutes, "minute"),
        (0, hours) => format!("{} and {}", several(hours, "hour"), several(minutes, "minute")),
        (days, hours) => format!("{} and {}", several(days, "day"), several(hours, "hour")),
    }
}

/// The day that `now` is in, in UTC.
pub(super) fn day_of(now: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(now).date()
}
