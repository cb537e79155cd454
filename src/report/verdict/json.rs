//! A verdict for programs.

use serde::Serialize;

use crate::forecast::TableChange;
use crate::gate::{Finding, NotAsked, Rule, Ruling, Severity, Unasked, Verdict};
use crate::report::verdict::Judgement;
use crate::report::verdict::json_rules::{RegressionEntry, SloEntry};
use crate::report::verdict::tables::Tables;
use crate::report::verdict::words::unasked_words;

/// The version of this format; a change that a reader could notice raises it.
const FORMAT_VERSION: u32 = 1;

/// The verdict as pretty-printed JSON, the worst rule first, ended by a line feed; absent is `null`.
pub fn verdict_json(judgement: &Judgement<'_>) -> String {
    let order = judgement.worst_first();
    let slo = |finding: &&Finding| match finding.rule {
        Rule::Slo(index) => Some(SloEntry::of(judgement, finding, &judgement.policy.slos[index])),
        Rule::Regression(_) => None,
    };
    let regression = |finding: &&Finding| match finding.rule {
        Rule::Slo(_) => None,
        Rule::Regression(index) => Some(RegressionEntry::of(judgement, finding, &judgement.policy.regressions[index])),
    };
    let document = Document {
        format_version: FORMAT_VERSION,
        tool_version: env!("CARGO_PKG_VERSION"),
        run_id: &judgement.run.manifest.run_id,
        simulated: judgement.run.manifest.destination.simulated,
        variants: &judgement.run.manifest.variants,
        policy: &judgement.policy.source,
        alpha: judgement.policy.alpha,
        verdict: verdict_name(judgement.judged.verdict),
        advisory: judgement.advisory,
        headline: judgement.headline(),
        counts: Counts {
            broken: judgement.count(Ruling::Broken),
            invalid: judgement.count(Ruling::Invalid),
            cannot_tell: judgement.count(Ruling::CannotTell),
            holds: judgement.count(Ruling::Holds),
        },
        notes: judgement.notes(),
        not_asked: judgement.judged.not_asked.iter().map(|unasked| UnaskedEntry::of(judgement, unasked)).collect(),
        tables: Tables::of(judgement).map(|tables| TablesEntry::of(&tables)),
        slos: order.iter().filter_map(slo).collect(),
        regressions: order.iter().filter_map(regression).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("strings and numbers can always be written as JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool_version: &'static str,
    run_id: &'a str,
    simulated: Option<bool>,
    variants: &'a [String],
    policy: &'a str,
    alpha: f64,
    verdict: &'static str,
    advisory: bool,
    headline: String,
    counts: Counts,
    notes: Vec<String>,
    not_asked: Vec<UnaskedEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tables: Option<TablesEntry>,
    slos: Vec<SloEntry<'a>>,
    regressions: Vec<RegressionEntry<'a>>,
}

/// A rule that the run could not be asked.
#[derive(Serialize)]
struct UnaskedEntry<'a> {
    rule: String,
    file: Option<&'a str>,
    line: Option<usize>,
    reason: &'static str,
    told: String,
}

impl<'a> UnaskedEntry<'a> {
    fn of(judgement: &Judgement<'a>, unasked: &NotAsked) -> Self {
        let rule = judgement.name(unasked.rule);
        Self {
            file: judgement.file(),
            line: judgement.line(unasked.rule),
            reason: reason_name(unasked.reason),
            told: format!("`{rule}` {}", unasked_words(unasked.reason)),
            rule,
        }
    }
}

const fn reason_name(reason: Unasked) -> &'static str {
    match reason {
        Unasked::OneVariant => "one_variant",
        Unasked::NoRequests => "no_requests",
        Unasked::Window => "window",
        Unasked::NothingMatches => "nothing_matches",
        Unasked::TableHasNoListPrice => "table_has_no_list_price",
        Unasked::SmallRoutes(_) => "small_routes",
        Unasked::OtherRequests(_) => "other_requests",
        Unasked::NoMetric { .. } => "no_metric",
    }
}

/// Two routing tables that are held against each other.
#[derive(Serialize)]
struct TablesEntry {
    routes: String,
    against: String,
    story: String,
    gains: Vec<String>,
    changes: Vec<LineEntry>,
}

#[derive(Serialize)]
struct LineEntry {
    route: Option<String>,
    line: Option<usize>,
    what: String,
}

impl TablesEntry {
    fn of(tables: &Tables<'_>) -> Self {
        let (head, said) = tables.story();
        let [routes, against] = tables.sources().map(str::to_owned);
        let line = |change: &TableChange| LineEntry {
            route: change.route.clone(),
            line: change.line,
            what: change.what.clone(),
        };
        Self {
            routes,
            against,
            story: format!("{head}: {}.", said.join(". ")),
            gains: tables.gains(),
            changes: tables.changes().iter().map(line).collect(),
        }
    }
}

#[derive(Serialize)]
struct Counts {
    broken: usize,
    invalid: usize,
    cannot_tell: usize,
    holds: usize,
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Regressed => "regressed",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Invalid => "invalid",
    }
}

pub(super) const fn ruling_name(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Broken => "broken",
        Ruling::Invalid => "invalid",
        Ruling::CannotTell => "cannot_tell",
        Ruling::Holds => "holds",
    }
}

pub(super) const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Block => "block",
        Severity::Warn => "warn",
    }
}
