//! `tollmark gate --self-test`: how often comparisons alarm on a user's own runs, where nothing differs.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::exit::CliError;
use crate::cli::gate::open;
use crate::cli::gate_args::GateArgs;
use crate::cli::gate_names::policy_for;
use crate::cli::terminal::put;
use crate::gate::{SelfTest, self_test};
use crate::report::self_test_text;
use crate::rundir::Run;

/// Splits the requests of each run in two, and tells how often the comparisons of the policy alarmed.
///
/// # Errors
/// A run or the policy cannot be read, holds no requests of its own; the policy compares nothing.
pub(super) fn tell_self_test(args: &GateArgs) -> Result<ExitCode, CliError> {
    let runs = each_once(&args.self_test)?;
    let policy = policy_for(args, &runs.iter().collect::<Vec<_>>())?;
    if policy.regressions.iter().all(|rule| rule.measure.is_exact()) {
        return Err(CliError::Usage(
            "`--self-test` tries comparisons, and this policy has none of what is measured: give it a `[[regression]]`",
        ));
    }
    let mut tests: Vec<SelfTest> = Vec::new();
    for run in &runs {
        if !run.has_samples() {
            return Err(CliError::NoRequests { run: run.path.display().to_string() });
        }
        tests.push(self_test(&policy, run)?);
    }
    put(&self_test_text(&policy, &tests))?;
    Ok(ExitCode::SUCCESS)
}

/// The runs at `paths`; one that is given twice, or in a second copy, counts once, as it does in a history.
fn each_once(paths: &[PathBuf]) -> Result<Vec<Run>, CliError> {
    let mut runs: Vec<Run> = Vec::new();
    for path in paths {
        let run = open(path)?;
        let of = |run: &Run| (run.manifest.run_id.clone(), run.manifest.started_at.clone());
        match runs.iter().find(|known| of(known) == of(&run)) {
            Some(first) => {
                let (copy, first) = (path.display(), first.path.display());
                eprintln!("warning: `{copy}` is the same run as `{first}`; it is left out");
            }
            None => runs.push(run),
        }
    }
    Ok(runs)
}
