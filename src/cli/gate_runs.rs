//! `tollmark gate RUN --against RUN`: two runs of two nights, as advice but for promises and list prices.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::exit::{CliError, code_of_verdict};
use crate::cli::gate::{history_of, open, refuse_what_is_no_question, rendered, tell};
use crate::cli::gate_args::GateArgs;
use crate::gate::{Policy, judge_runs, why_not_comparable};
use crate::report::Judgement;

/// Holds the run at `path` against the earlier one at `against`, and tells the verdict.
///
/// # Errors
/// A run or the policy cannot be read, the runs did not measure the same, or a rule is about nothing that was measured.
pub(super) fn gate_runs(args: &GateArgs, against: &Path, path: &Path) -> Result<ExitCode, CliError> {
    let policy = args.policy.as_deref().map_or_else(|| Ok(Policy::built_in().clone()), Policy::read)?;
    let (baseline, candidate) = (open(against)?, open(path)?);
    if let Some(why) = why_not_comparable(&baseline, &candidate) {
        let [run, against] = [path, against].map(|path| path.display().to_string());
        return Err(CliError::NotComparable { run, against, why });
    }
    let history = history_of(args, &candidate)?;
    let apart = judge_runs(&policy, &baseline, &candidate, history.as_ref())?;
    if args.policy.is_some() {
        refuse_what_is_no_question(&apart.policy, &apart.run, &apart.judged)?;
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
