//! `tollmark forecast`: what a routing table would cost and how slow it would be.

use std::process::ExitCode;

use jiff::Timestamp;

use crate::cli::exit::CliError;
use crate::cli::forecast_args::{ForecastArgs, ForecastFormat};
use crate::cli::tables::{day_of, load_table, open_runs};
use crate::cli::terminal::put;
use crate::forecast::{DRAWS, Measured, Setting, forecast, traffic_shares};
use crate::gate::Policy;
use crate::report::{Foretold, forecast_json, forecast_markdown, forecast_text};

/// The seed of every forecast: two of the same runs are told apart by their tables alone.
pub(super) const SEED: u64 = 1;

/// Forecasts the table in `args` from its runs, and prints it.
///
/// # Errors
/// A run, the table, the registry or the policy cannot be read or has mistakes, or a run is too old.
pub(super) fn forecast_command(args: &ForecastArgs) -> Result<ExitCode, CliError> {
    let now = Timestamp::now();
    let runs = open_runs(&args.runs, args.max_age, now)?;
    let policy = args.policy.as_deref().map(Policy::read).transpose()?;
    let loaded = load_table(&args.routes, args.registry.as_deref(), &runs, day_of(now))?;
    loaded.warn();
    let measured = Measured::read(&runs, |provider, model, region| loaded.calls(provider, model, region))?;
    let traffic = policy.as_ref().and_then(|policy| policy.traffic.as_ref());
    let setting = Setting {
        day: day_of(now),
        seed: SEED,
        requests_per_month: traffic.and_then(|traffic| traffic.requests_per_month),
        draws: DRAWS,
    };
    let source = policy.as_ref().map_or("", |policy| policy.source.as_str());
    let shares = traffic_shares(&measured, loaded.routing(), traffic, (source, &setting))?;
    let foreseen = forecast(&measured, loaded.routing(), &shares, &setting);
    let notes = [foreseen.notes(), shares.notes()].concat();
    let told = Foretold { table: &args.routes, forecast: &foreseen, measured: &measured, notes: &notes };
    put(&match args.format {
        ForecastFormat::Text => forecast_text(&told),
        ForecastFormat::Json => forecast_json(&told),
        ForecastFormat::Markdown => forecast_markdown(&told),
    })?;
    Ok(ExitCode::SUCCESS)
}
