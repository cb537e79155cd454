//! A verdict as annotations in a GitHub workflow.

use crate::gate::Ruling;
use crate::report::plain_text::visible;
use crate::report::verdict::groups::Group;
use crate::report::verdict::{Judgement, words};

/// Rules that get an annotation of their own: GitHub shows ten of a step, and one is the verdict.
const MOST_SHOWN: usize = 9;

/// The verdict and its nine worst reasons as workflow commands, a line each, anchored at the policy's lines; a rule is told once for
/// a reason, in its worst place.
///
/// What stops the job is an error; what does not, and still does not hold, a warning. The commands are those of GitHub's
/// "Workflow commands for GitHub Actions".
pub fn verdict_annotations(judgement: &Judgement<'_>) -> String {
    let fails = [Ruling::Broken, Ruling::Invalid, Ruling::CannotTell].into_iter().flat_map(|one| judgement.groups(one));
    // What stops the job comes before what only warns.
    let (stopping, warning): (Vec<Group<'_>>, Vec<Group<'_>>) = fails.partition(|group| judgement.stops(group.worst));
    let level = match (judgement.fails(), stopping.len() + warning.len()) {
        (true, _) => "error",
        (false, 0) => "notice",
        (false, _) => "warning",
    };
    // What the program brings itself is no file of the repository.
    let file = judgement.file().map(|file| format!("file={}", property(&visible(file))));
    // A command of its own would take the place of a rule.
    let said: Vec<String> = std::iter::once(judgement.headline()).chain(judgement.notes()).collect();
    let title = Some("title=tollmark gate".to_owned());
    let mut text = command(level, [file.clone(), None, title], &said.join("\n"));
    for group in stopping.into_iter().chain(warning).take(MOST_SHOWN) {
        let level = if judgement.stops(group.worst) { "error" } else { "warning" };
        let line = judgement.line(group.worst.rule).map(|line| format!("line={line}"));
        let title = property(&format!("{}: {}", words::ruling(group.worst.ruling), group.name(judgement)));
        let told = format!("{}: {}", group.place(judgement), group.told(judgement));
        text += &command(level, [file.clone(), line, Some(format!("title={title}"))], &told);
    }
    text
}

/// `::error file=gate.toml,line=3,title=a name::a message`, and a line feed.
fn command(level: &str, properties: [Option<String>; 3], said: &str) -> String {
    let properties: Vec<String> = properties.into_iter().flatten().collect();
    format!("::{level} {}::{}\n", properties.join(","), message(said))
}

/// What stands after the `::`, on one line.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands between `=` and the next comma.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
