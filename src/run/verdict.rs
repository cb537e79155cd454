//! A run judged when it is done, and the verdict kept beside what it is about.

use std::path::Path;

use crate::fsio::write_whole;
use crate::gate::{Policy, Verdict, judge_over};
use crate::history::{History, HistoryError};
use crate::report::{Judgement, verdict_json, verdict_junit, verdict_markdown, verdict_text};
use crate::run::RunError;
use crate::rundir::{Run, RunDirError};

/// What a policy made of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedRun {
    /// In a word.
    pub verdict: Verdict,
    /// For a person: the verdict, then every rule, the worst first.
    pub text: String,
    /// What of the history was left out, and why.
    pub warnings: Vec<String>,
}

/// Judges `run` by `policy`, its SLOs over days by the runs in the folder `history`, and writes `verdict.json`, `verdict.md` and `junit.xml` into
/// its directory.
///
/// # Errors
/// The files of the run or of one in a window cannot be read, `history` is no folder of runs, a rule is about nothing that was
/// measured, as in `gate`, or the verdict cannot be written.
pub fn judge_and_keep(policy: &Policy, run: &Run, history: Option<&Path>) -> Result<JudgedRun, RunError> {
    let history = history.map(|folder| history_of(folder, run)).transpose()?;
    let judged = judge_over(policy, run, history.as_ref())?;
    judged.refuse_no_question(policy, run)?;
    let judgement = Judgement { policy, run, judged: &judged, advisory: false, apart: false };
    let files = [
        ("verdict.json", verdict_json(&judgement)),
        ("verdict.md", verdict_markdown(&judgement)),
        ("junit.xml", verdict_junit(&judgement)),
    ];
    for (name, text) in files {
        write_whole(&run.path.join(name), text.as_bytes()).map_err(RunDirError::from)?;
    }
    let warnings = history.map_or_else(Vec::new, |history| history.warnings);
    Ok(JudgedRun { verdict: judged.verdict, text: verdict_text(&judgement), warnings })
}

/// The runs in `folder` and `run`; before the first night the folder may not be there, or hold none.
fn history_of(folder: &Path, run: &Run) -> Result<History, HistoryError> {
    let earlier = match History::read(folder) {
        Err(HistoryError::NoRuns { .. }) => History::default(),
        Err(HistoryError::Unreadable { .. }) if !folder.exists() => History::default(),
        read => read?,
    };
    Ok(earlier.with(run))
}
