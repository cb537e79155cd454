//! A forecast for a pull request.

use crate::report::forecast::Foretold;
use crate::report::forecast::words::{HEADINGS, answers, headline, remarks, row};
use crate::report::summary::escaped;

/// The forecast as Markdown: a table of routes, and the rest folded away; ended by a line feed.
pub fn forecast_markdown(told: &Foretold<'_>) -> String {
    let mut text = format!("**{}**\n\n", escaped(&headline(told)));
    text.push_str(&format!("|{}|\n|---|{}\n", HEADINGS.join("|"), "--:|".repeat(HEADINGS.len() - 1)));
    for route in told.forecast.routes.iter().chain([&told.forecast.total]) {
        let cells: Vec<String> = row(route).iter().map(|cell| escaped(cell)).collect();
        text.push_str(&format!("|{}|\n", cells.join("|")));
    }
    let list = |lines: Vec<String>| lines.iter().map(|line| format!("- {}\n", escaped(line))).collect::<String>();
    text.push_str(&format!("\n{}", list(remarks(told))));
    let answers = answers(told);
    if !answers.is_empty() {
        text.push_str(&format!("\n<details><summary>Who answers</summary>\n\n{}\n</details>\n", list(answers)));
    }
    text
}
