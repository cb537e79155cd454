//! `tollmark gate RUN --against RUN`: two runs of two nights, as advice but for promises and list prices.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::exit::{CliError, code_of_verdict};
use crate::cli::gate::{history_of, open, rendered, tell};
use crate::cli::gate_args::GateArgs;
use crate::cli::gate_names::policy_for;
use crate::gate::{judge_runs, why_not_comparable};
use crate::report::Judgement;

/// Holds the run at `path` against the earlier one at `against`, and tells the verdict.
///
/// # Errors
/// A run or the policy cannot be read, the runs did not measure the same, or a rule is about nothing that was measured.
pub(super) fn gate_runs(args: &GateArgs, against: &Path, path: &Path) -> Result<ExitCode, CliError> {
    let (baseline, candidate) = (open(against)?, open(path)?);
    let policy = policy_for(args, &[&candidate, &baseline])?;
    if let Some(why) = why_not_comparable(&baseline, &candidate) {
        let [run, against] = [path, against].map(|path| path.display().to_string());
        return Err(CliError::NotComparable { run, against, why });
    }
    let history = history_of(args, &candidate)?;
    let apart = judge_runs(&policy, &baseline, &candidate, history.as_ref())?;
    if args.policy.is_some() {
        apart.judged.refuse_no_question(&apart.policy, &apart.run)?;
    }
    let judgement = Judgement {
        policy: &apart.policy,
        run: &apart.run,
        judged: &apart.judged,
        advisory: args.advisory,
        apart: true,
    };
    tell(&args.formats, |name| rendered(name, &judgement))?;
    Ok(code_of_verdict(apart.judged.verdict, args.advisory))
}
