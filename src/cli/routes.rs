//! `tollmark routes`: check, show or export a routing table.

use std::io::{IsTerminal, stderr, stdout};
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::exit::CliError;
use crate::cli::routes_args::{ExportArgs, RoutesCommand, TableArgs};
use crate::cli::terminal::{colour, put, width};
use crate::conf::Faults;
use crate::fsio::write_whole;
use crate::registry::Registry;
use crate::report::figures::several;
use crate::routes::{Action, Checked, RoutesError, Table, check, export, show};

/// Carries out a subcommand of `routes`.
///
/// # Errors
/// The table or the registry has mistakes or cannot be read, or the output cannot be written.
pub(super) fn routes(command: &RoutesCommand) -> Result<ExitCode, CliError> {
    match command {
        RoutesCommand::Check(args) => checked(args),
        RoutesCommand::Show(args) => {
            let (table, _, _) = read(args)?;
            put(&shown(&table)).map_err(CliError::from)
        }
        RoutesCommand::Export(args) => exported(args),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn checked(args: &TableArgs) -> Result<(), CliError> {
    let (table, registry, checked) = read(args)?;
    if let Some(warnings) = &checked.warnings {
        warn(warnings);
    }
    let warnings = checked.warnings.map_or(0, |warnings| warnings.iter().count());
    let said = match warnings {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        some => format!(", {some} warnings"),
    };
    let count = table.routes.len();
    let routes = if count == 1 { "route" } else { "routes" };
    let mut text =
        format!("{}: ok, {count} {routes} against the registry `{}`{said}\n\n", table.source, registry.source);
    text += &shown(&table);
    if !checked.assumed.is_empty() {
        let names: Vec<&str> = checked.assumed.iter().map(String::as_str).collect();
        text += &format!("\nA price is an assumption, printed with ~, of {}\n", names.join(", "));
    }
    Ok(put(&text)?)
}

fn exported(args: &ExportArgs) -> Result<(), CliError> {
    let (table, registry, checked) = read(&args.table)?;
    if let Some(warnings) = &checked.warnings {
        warn(warnings);
    }
    let exported = export(&table, &checked.resolved, &registry, args.to.into());
    match &args.out {
        Some(out) => {
            write_whole(out, exported.text.as_bytes())?;
            let held = table.routes.iter().filter(|route| matches!(route.action, Action::Send { .. })).count();
            let handed = table.routes.len() - held;
            let left = if handed > 0 { format!(" of {}", table.routes.len()) } else { String::new() };
            put(&format!("{}: {}{left}\n", out.display(), several(held as u64, "route")))?;
        }
        None => put(&exported.text)?,
    }
    for lost in &exported.lost {
        eprintln!("not held: {}:{}: {}", table.source, lost.line, lost.what);
    }
    Ok(())
}

/// The table, the registry and what they are together.
fn read(args: &TableArgs) -> Result<(Table, Registry, Checked), CliError> {
    let table = args.file.as_deref().map_or_else(|| Ok(Table::built_in()), Table::read)?;
    let registry = args.registry.as_deref().or(table.registry.as_deref());
    let registry = registry.map_or_else(|| Ok(Registry::built_in()), Registry::read)?;
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let checked = check(&table, &registry, today).map_err(RoutesError::from)?;
    Ok((table, registry, checked))
}

fn shown(table: &Table) -> String {
    // A pipe has no width: nothing is broken there.
    let columns = u16::try_from(width()).unwrap_or(u16::MAX);
    show(table, stdout().is_terminal().then_some(columns))
}

fn warn(warnings: &Faults) {
    anstream::eprint!("{}", warnings.drawn(colour(stderr().is_terminal()), width()));
}
