//! A run judged when it is done, and the verdict kept beside what it is about.

use crate::fsio::write_whole;
use crate::gate::{Policy, Verdict, judge};
use crate::report::{Judgement, verdict_json, verdict_junit, verdict_text};
use crate::run::RunError;
use crate::rundir::{Run, RunDirError};

/// What a policy made of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedRun {
    /// In a word.
    pub verdict: Verdict,
    /// For a person: the verdict, then every rule, the worst first.
    pub text: String,
}

/// Judges `run` by `policy` and writes `verdict.json` and `junit.xml` into its directory.
///
/// # Errors
/// The run's files cannot be read, or the verdict cannot be written.
pub fn judge_and_keep(policy: &Policy, run: &Run) -> Result<JudgedRun, RunError> {
    let judged = judge(policy, run)?;
    let judgement = Judgement { policy, run, judged: &judged, advisory: false };
    for (name, text) in [("verdict.json", verdict_json(&judgement)), ("junit.xml", verdict_junit(&judgement))] {
        write_whole(&run.path.join(name), text.as_bytes()).map_err(RunDirError::from)?;
    }
    Ok(JudgedRun { verdict: judged.verdict, text: verdict_text(&judgement) })
}
