//! A verdict as annotations in a GitHub workflow.

use std::fmt::Write;

use crate::gate::{Finding, Ruling};
use crate::report::plain_text::visible;
use crate::report::verdict::{Judgement, words};

/// Rules that get an annotation of their own: GitHub shows ten of a step, and one is the verdict.
const MOST_SHOWN: usize = 9;

/// The verdict and its nine worst reasons as workflow commands, a line each, anchored at the policy's lines.
///
/// What stops the job is an error; what does not, and still does not hold, a warning. The commands are those of GitHub's
/// "Workflow commands for GitHub Actions".
pub fn verdict_annotations(judgement: &Judgement<'_>) -> String {
    let order = judgement.worst_first();
    let fails = order.into_iter().filter(|finding| finding.ruling != Ruling::Holds);
    // What stops the job comes before what only warns.
    let (stopping, warning): (Vec<&Finding>, Vec<&Finding>) = fails.partition(|finding| judgement.stops(finding));
    let level = match (judgement.fails(), stopping.len() + warning.len()) {
        (true, _) => "error",
        (false, 0) => "notice",
        (false, _) => "warning",
    };
    let file = property(&visible(&judgement.policy.source));
    let mut text = format!("::{level} file={file},title=tollmark gate::{}\n", message(&judgement.headline()));
    for finding in stopping.into_iter().chain(warning).take(MOST_SHOWN) {
        let level = if judgement.stops(finding) { "error" } else { "warning" };
        let line = judgement.line(finding.rule).map_or_else(String::new, |line| format!(",line={line}"));
        let title = property(&format!("{}: {}", words::ruling(finding.ruling), judgement.name(finding.rule)));
        let told = format!("{}: {}", judgement.place(finding), judgement.told(finding));
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
