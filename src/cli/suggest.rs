//! `tollmark suggest`: which traffic could go to a cheaper model.

use std::process::ExitCode;

use jiff::Timestamp;

use crate::cli::exit::CliError;
use crate::cli::forecast::SEED;
use crate::cli::forecast_args::{SuggestArgs, SuggestFormat};
use crate::cli::gate_names::names_of_tables;
use crate::cli::tables::{day_of, load_table, open_runs};
use crate::cli::terminal::put;
use crate::forecast::{Measured, Setting, suggest, traffic_shares};
use crate::gate::Policy;
use crate::report::{suggestions_json, suggestions_text};

/// Draws of an interval that only has to tell whether a change surely is cheaper, as there are many changes.
const QUICK_DRAWS: usize = 200;

/// Looks for cheaper tables by forecast, and prints what it finds.
///
/// # Errors
/// A run, the table, the registry or the policy cannot be read or has mistakes, or a run is too old.
pub(super) fn suggest_command(args: &SuggestArgs) -> Result<ExitCode, CliError> {
    let now = Timestamp::now();
    let runs = open_runs(&args.runs, args.max_age, now)?;
    let table = args.routes.as_deref().unwrap_or("built-in");
    let loaded = load_table(table, args.registry.as_deref(), &runs, day_of(now))?;
    loaded.warn();
    let policy = match args.policy.as_deref() {
        Some(path) => Policy::read_naming(path, &names_of_tables(&[&loaded], &runs))?,
        None => Policy::built_in().clone(),
    };
    let measured = Measured::read(&runs, |_, _, _| true)?;
    let traffic = policy.traffic.as_ref();
    let setting = Setting {
        day: day_of(now),
        seed: SEED,
        requests_per_month: traffic.and_then(|traffic| traffic.requests_per_month),
        draws: QUICK_DRAWS,
    };
    let shares = traffic_shares(&measured, loaded.routing(), traffic, (&policy.source, &setting))?;
    let found = suggest(&measured, loaded.routing(), &shares.shares, (&policy, &setting));
    put(&match args.format {
        SuggestFormat::Text => suggestions_text(table, &measured, &found),
        SuggestFormat::Json => suggestions_json(table, &measured, &found),
    })?;
    Ok(ExitCode::SUCCESS)
}
