//! A verdict as annotations in a GitHub workflow.

use std::fmt::Write;

use crate::gate::{Finding, Ruling, Verdict};
use crate::report::plain_text::visible;
use crate::report::verdict::{Judgement, place, promise, word};

/// Rules that get an annotation of their own: GitHub shows ten of a step, and one is the verdict.
const MOST_SHOWN: usize = 9;

/// The verdict and its nine worst reasons as workflow commands, a line each, anchored at the policy's lines.
///
/// What stops the job is an error; what does not, and still does not hold, a warning. The commands are those of GitHub's
/// "Workflow commands for GitHub Actions".
pub fn verdict_annotations(judgement: &Judgement<'_>) -> String {
    let level = match judgement.verdict {
        Verdict::Passed => "notice",
        Verdict::Regressed | Verdict::Inconclusive if judgement.advisory => "warning",
        Verdict::Regressed | Verdict::Inconclusive | Verdict::Invalid => "error",
    };
    let file = property(&visible(&judgement.policy.source));
    let mut text = format!("::{level} file={file},title=tollmark gate::{}\n", message(&judgement.headline()));
    let order = judgement.worst_first();
    let fails: Vec<&&Finding> = order.iter().filter(|finding| finding.ruling != Ruling::Holds).collect();
    // What stops the job comes before what only warns.
    let (stopping, warning): (Vec<&Finding>, Vec<&Finding>) =
        fails.into_iter().copied().partition(|finding| judgement.stops(finding));
    for finding in stopping.into_iter().chain(warning).take(MOST_SHOWN) {
        let slo = judgement.slo(finding);
        let level = if judgement.stops(finding) { "error" } else { "warning" };
        let line = slo.line.map_or_else(String::new, |line| format!(",line={line}"));
        let title = property(&format!("{}: {}", word(finding.ruling), visible(&slo.name)));
        let told = format!("{}: {}; {}", place(judgement.row(finding)), promise(slo), judgement.seen(finding));
        let _ = writeln!(text, "::{level} file={file}{line},title={title}::{}", message(&told));
    }
    text
}

/// What stands after the `::`, on one line.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands between `=` and the next comma.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
