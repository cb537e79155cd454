//! `tollmark gate --routes`: a change of the routing table, judged by forecast.

use std::process::ExitCode;

use jiff::Timestamp;

use crate::cli::exit::{CliError, code_of_verdict};
use crate::cli::forecast::SEED;
use crate::cli::gate::{rendered, tell};
use crate::cli::gate_args::GateArgs;
use crate::cli::gate_names::names_of_tables;
use crate::cli::tables::{day_of, load_table, open_runs};
use crate::cli::verdict_args::VerdictName;
use crate::forecast::{
    Contrast, DRAWS, ForecastError, Measured, Setting, forecast, judge_change, table_changes, traffic_shares,
};
use crate::gate::{Inconclusive, Policy, Severity, Verdict};
use crate::report::{Changed, Judgement, as_run, change_markdown, change_text, with_change};

/// Forecasts both tables in `args` on the same rounds and draws, and judges the change.
///
/// # Errors
/// A run, a table, the registry or the policy cannot be read or has mistakes, or a run is too old.
pub(super) fn gate_routes(args: &GateArgs) -> Result<ExitCode, CliError> {
    let now = Timestamp::now();
    let runs = open_runs(&args.from, args.max_age, now)?;
    let (new, old) = (args.routes.as_deref().unwrap_or_default(), args.against.as_deref().unwrap_or_default());
    let load = |spec| load_table(spec, args.registry.as_deref(), &runs, day_of(now));
    let (after, before) = (load(new)?, load(old)?);
    after.warn();
    let policy = match args.policy.as_deref() {
        Some(path) => Policy::read_for(path, &names_of_tables(&[&after, &before], &runs))?,
        None => Policy::built_in().clone(),
    };
    let measured = Measured::read(&runs, |provider, model, region| {
        after.calls(provider, model, region) || before.calls(provider, model, region)
    })?;
    let traffic = policy.traffic.as_ref();
    let setting = Setting {
        day: day_of(now),
        seed: SEED,
        requests_per_month: traffic.and_then(|traffic| traffic.requests_per_month),
        draws: DRAWS,
    };
    // Both tables get the traffic that the old one has today; what only the new one names is known there alone.
    let shares = traffic_shares(&measured, before.routing(), traffic, (&policy.source, &setting));
    let shares = match shares {
        Err(ForecastError::UnknownShare { .. }) => {
            traffic_shares(&measured, after.routing(), traffic, (&policy.source, &setting))
        }
        found => found,
    }?;
    let [was, is] = [&before, &after].map(|table| forecast(&measured, table.routing(), &shares, &setting));
    let contrasts = Contrast::all(&was, &is);
    let judged = judge_change(&policy, &measured, &contrasts);
    let changes = table_changes(&before.table, &after.table);
    let mut notes: Vec<String> = [is.notes(), shares.notes()].concat();
    notes.extend(is.obstacles().map(|reason| format!("may not be judged: {reason}")));
    for sentence in is.assumptions.iter().chain(&was.assumptions) {
        let sentence = format!("assumed: {sentence}");
        if !notes.contains(&sentence) {
            notes.push(sentence);
        }
    }
    for (name, rate, measured) in &is.extrapolated {
        notes.push(format!(
            "extrapolated: {name} would get {rate:.1} requests a second, and was measured at {measured:.1}"
        ));
    }
    let changed = Changed {
        routes: new,
        against: old,
        measured: &measured,
        contrasts: &contrasts,
        changes: &changes,
        policy: &policy,
        judged: &judged,
        advisory: args.advisory,
        notes: &notes,
    };
    // What a verdict says of two variants holds of two forecasts, but for what is done where nothing can be told.
    let inconclusive = Inconclusive { ab: policy.inconclusive.forecast, ..policy.inconclusive };
    let of_forecasts = Policy { inconclusive, ..policy.clone() };
    let newest = runs.iter().max_by(|a, b| a.manifest.started_at.cmp(&b.manifest.started_at));
    let run = as_run((new, old), (&measured, newest.ok_or(ForecastError::Nothing)?), &contrasts);
    let judgement =
        Judgement { policy: &of_forecasts, run: &run, judged: &judged, advisory: args.advisory, apart: false };
    tell(&args.formats, |name| match name {
        VerdictName::Text => format!("{}\n{}", change_text(&changed), rendered(name, &judgement)),
        VerdictName::Json => with_change(&rendered(name, &judgement), &changed),
        VerdictName::Markdown => {
            let rules = rendered(name, &judgement);
            format!("{}\n<details><summary>Every rule</summary>\n\n{rules}\n</details>\n", change_markdown(&changed))
        }
        VerdictName::Junit | VerdictName::Github | VerdictName::Svg => rendered(name, &judgement),
    })?;
    let warns = judged.verdict == Verdict::Inconclusive && policy.inconclusive.forecast == Severity::Warn;
    Ok(code_of_verdict(judged.verdict, args.advisory || warns))
}
