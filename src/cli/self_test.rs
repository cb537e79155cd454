//! `tollmark gate --self-test`: how often comparisons alarm on a user's own runs, where nothing differs.

use std::process::ExitCode;

use crate::cli::exit::CliError;
use crate::cli::gate::open;
use crate::cli::gate_args::GateArgs;
use crate::cli::terminal::put;
use crate::gate::{Policy, SelfTest, self_test};
use crate::report::self_test_text;

/// Splits the requests of each run in two, and tells how often the comparisons of the policy alarmed.
///
/// # Errors
/// A run or the policy cannot be read, holds no requests of its own; the policy compares nothing.
pub(super) fn tell_self_test(args: &GateArgs) -> Result<ExitCode, CliError> {
    let policy = args.policy.as_deref().map_or_else(|| Ok(Policy::built_in().clone()), Policy::read)?;
    if policy.regressions.iter().all(|rule| rule.measure.is_exact()) {
        return Err(CliError::Usage(
            "`--self-test` tries comparisons, and this policy has none of what is measured: give it a `[[regression]]`",
        ));
    }
    let mut tests: Vec<SelfTest> = Vec::new();
    for path in &args.self_test {
        let run = open(path)?;
        if !run.has_samples() {
            return Err(CliError::NoRequests { run: path.display().to_string() });
        }
        tests.push(self_test(&policy, &run)?);
    }
    put(&self_test_text(&policy, &tests))?;
    Ok(ExitCode::SUCCESS)
}
