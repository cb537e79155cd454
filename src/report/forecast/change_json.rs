//! A change of a routing table for programs, beside its verdict.

use serde::Serialize;

use crate::report::forecast::change::Changed;
use crate::report::forecast::json::RouteEntry;

/// What a change of tables would come to; part of a verdict.
#[derive(Serialize)]
pub(in crate::report) struct ChangeEntry<'a> {
    routes: &'a str,
    against: &'a str,
    runs: Vec<&'a str>,
    origin: &'static str,
    story: String,
    changes: Vec<LineEntry<'a>>,
    contrasts: Vec<ContrastEntry<'a>>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct LineEntry<'a> {
    route: Option<&'a str>,
    line: Option<usize>,
    what: &'a str,
}

#[derive(Serialize)]
struct ContrastEntry<'a> {
    route: Option<&'a str>,
    unchanged: bool,
    baseline: Option<RouteEntry<'a>>,
    candidate: Option<RouteEntry<'a>>,
}

impl<'a> ChangeEntry<'a> {
    pub(in crate::report) fn of(changed: &Changed<'a>) -> Self {
        let (head, said) = changed.story();
        Self {
            routes: changed.routes,
            against: changed.against,
            runs: changed.measured.runs.iter().map(|run| run.id.as_str()).collect(),
            origin: changed.measured.origin(),
            story: format!("{head}: {}.", said.join(". ")),
            changes: changed
                .changes
                .iter()
                .map(|change| LineEntry { route: change.route.as_deref(), line: change.line, what: &change.what })
                .collect(),
            contrasts: changed
                .contrasts
                .iter()
                .map(|contrast| ContrastEntry {
                    route: contrast.name,
                    unchanged: contrast.is_unchanged(),
                    baseline: contrast.baseline.map(RouteEntry::of),
                    candidate: contrast.candidate.map(RouteEntry::of),
                })
                .collect(),
            notes: changed.remarks(),
        }
    }
}

/// The verdict `json` with what the change would come to beside it, ended by a line feed.
pub fn with_change(json: &str, changed: &Changed<'_>) -> String {
    let change = serde_json::to_string_pretty(&ChangeEntry::of(changed))
        .expect("strings and finite numbers can be written as JSON");
    let end = json.trim_end().strip_suffix('}').expect("a verdict is an object").trim_end();
    format!("{end},\n  \"forecast\": {}\n}}\n", change.replace('\n', "\n  "))
}
