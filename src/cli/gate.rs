//! `tollmark gate`: a run held against a policy, as a verdict and an exit code.

use std::process::ExitCode;

use crate::cli::args::GateArgs;
use crate::cli::exit::{CliError, code_of_verdict};
use crate::cli::terminal::put;
use crate::gate::{Policy, judge_slos};
use crate::report::verdict_text;
use crate::rundir::Run;

/// Judges the run in `args`.
///
/// # Errors
/// The policy or the run cannot be read, or an SLO is about nothing that the run measured.
pub(super) fn gate(args: &GateArgs) -> Result<ExitCode, CliError> {
    let policy = Policy::read(&args.policy)?;
    let run = Run::open(&args.run)?;
    for warning in &run.warnings {
        eprintln!("warning: {warning}");
    }
    let (findings, verdict) = judge_slos(&policy, &run)?;
    for (index, slo) in policy.slos.iter().enumerate().filter(|(_, slo)| slo.window_days.is_none()) {
        if !run.cells.is_empty() && !findings.iter().any(|finding| finding.slo == index) {
            return Err(CliError::NothingMatches {
                policy: policy.source,
                line: slo.line.unwrap_or(1),
                slo: slo.name.clone(),
                run: run.path.display().to_string(),
            });
        }
    }
    let advisory = if args.advisory { "ADVISORY: " } else { "" };
    put(&format!("{advisory}{}", verdict_text(&policy, &run, &findings, verdict)))?;
    Ok(code_of_verdict(verdict, args.advisory))
}
