//! A change of a routing table for a pull request.

use crate::report::forecast::change::{COLUMNS, Changed, row};
use crate::report::forecast::change_text::changes;
use crate::report::summary::escaped;

/// Routes that are shown: a comment on GitHub may have 65,536 characters.
const MOST_ROUTES: usize = 100;

/// The change as Markdown: the verdict with its cause, who gains and who pays, and the rest folded away; ended by a line feed.
pub fn change_markdown(changed: &Changed<'_>) -> String {
    let (head, said) = changed.story();
    let mut text = format!("**{}**: {}.\n", escaped(&head), escaped(&said.join(". ")));
    let list = |lines: &[String]| lines.iter().map(|line| format!("- {}\n", escaped(line))).collect::<String>();
    let gains = changed.gains();
    if !gains.is_empty() {
        text.push_str(&format!("\n{}", list(&gains)));
    }
    text.push_str(&format!("\n|{}|\n|---|{}\n", COLUMNS.join("|"), "--:|".repeat(COLUMNS.len() - 1)));
    for contrast in changed.contrasts.iter().take(MOST_ROUTES) {
        let cells: Vec<String> = row(contrast).iter().map(|cell| escaped(cell)).collect();
        text.push_str(&format!("|{}|\n", cells.join("|")));
    }
    if changed.contrasts.len() > MOST_ROUTES {
        text.push_str(&format!("\n{} more routes are in the other formats.\n", changed.contrasts.len() - MOST_ROUTES));
    }
    let changes = changes(changed);
    let rest: Vec<String> = changes.into_iter().chain(changed.remarks()).collect();
    if !rest.is_empty() {
        text.push_str(&format!(
            "\n<details><summary>What changed, and what was assumed</summary>\n\n{}\n</details>\n",
            list(&rest)
        ));
    }
    text
}
