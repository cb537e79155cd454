//! The caption: what was measured, how, on how many requests, and what is not in the picture.

use crate::report::chart::mark::{Mark, Metric, PriceAxis, Tail};
use crate::report::chart::panel::FAN_REACH;
use crate::report::figures;
use crate::report::headline::{letters, origin};
use crate::report::setting::Setting;
use crate::rundir::{CellRow, Run};

/// What the caption speaks of.
pub(crate) struct Facts<'a> {
    pub(crate) run: &'a Run,
    /// All combinations of workload and load in the run.
    pub(crate) all: &'a [Setting<'a>],
    /// Those that the chart shows.
    pub(crate) shown: &'a [&'a Setting<'a>],
    pub(crate) marks: &'a [Mark],
    /// Names that did not fit into a panel, with the panel's title before them.
    pub(crate) key: &'a [String],
    pub(crate) dense: bool,
    /// Whether any marks stand beside their price.
    pub(crate) dodged: bool,
    pub(crate) metric: Metric,
    pub(crate) x: PriceAxis,
}

/// The caption as one paragraph.
pub(crate) fn caption(facts: &Facts<'_>) -> String {
    let rows: Vec<&CellRow> = facts.shown.iter().flat_map(|setting| setting.rows.iter().copied()).collect();
    let metric = match facts.metric {
        Metric::E2e if rows.iter().all(|row| row.is_open_load()) => {
            "End-to-end latency of successes from the moment they were due"
        }
        Metric::E2e if rows.iter().any(|row| row.is_open_load()) => {
            "End-to-end latency of successes, in open load from the moment they were due"
        }
        Metric::E2e => "End-to-end latency of successes",
        Metric::Ttft => "Time to first token of successes (verdicts are about end-to-end latency)",
    };
    let names: Vec<String> = facts.shown.iter().map(|setting| setting.under_its_load()).collect();
    let mut says = vec![
        format!("Lower is better. {metric}, p50 to p99; {}", n(&rows)),
        format!("{}, {}, {}", names.join("; "), window(facts.run), origin(facts.run)),
        price(facts, &rows),
    ];
    says.extend(letters(facts.run));
    if facts.marks.iter().any(|mark| mark.tail == Tail::Maximum) {
        says.push("Below 100 successes a stem ends at the maximum, not at p99".to_owned());
    }
    let saturated = rows.iter().filter(|row| row.is_saturated()).count();
    if saturated > 0 {
        says.push(format!("Saturated, and so not judged: {saturated}, of which requests were dropped"));
    }
    if facts.dense {
        says.push(
            "Intervals are left out at this many models; named are the cheapest of each tier that meets its limit \
             and the worst misses of each panel"
                .to_owned(),
        );
    } else if facts.dodged {
        says.push(match facts.marks.iter().any(|mark| mark.overlaid.is_some()) {
            true => {
                format!("Marks at one price stand side by side, each within {FAN_REACH} px of it; the bracket names it")
            }
            false => "Marks within 14 px stand side by side; the bracket names their true price".to_owned(),
        });
    }
    if facts.shown.len() > 1 {
        says.push("Each workload has a latency axis of its own".to_owned());
    }
    says.extend(missing(facts, &rows));
    if !facts.key.is_empty() {
        says.push(format!("Not named beside their mark: {}", facts.key.join("; ")));
    }
    says.join(". ") + "."
}

/// From when to when the run measured.
fn window(run: &Run) -> String {
    let start = &run.manifest.started_at;
    match &run.manifest.finished_at {
        Some(end) => format!("from {start} to {end}"),
        None => format!("from {start} on"),
    }
}

/// How many requests the figures of `rows` rest on.
pub(crate) fn n(rows: &[&CellRow]) -> String {
    let counts = || rows.iter().map(|row| row.requests).filter(|requests| *requests > 0);
    match (counts().min(), counts().max()) {
        (Some(least), Some(most)) => {
            format!("n = {} requests an endpoint", figures::count_or_range(least, most))
        }
        _ => "no request was measured".to_owned(),
    }
}

fn price(facts: &Facts<'_>, rows: &[&CellRow]) -> String {
    let mut days: Vec<&str> = rows.iter().filter_map(|row| row.price_from.as_deref()).collect();
    days.sort_unstable();
    let of = match (days.first(), days.last()) {
        (Some(first), Some(last)) if first < last => format!(", in force since {first} to {last}"),
        (Some(day), _) => format!(", in force since {day}"),
        _ => String::new(),
    };
    let estimated = facts.x == PriceAxis::Effective && rows.iter().any(|row| row.is_estimated());
    let assumed = match facts.marks.iter().any(|mark| mark.assumed) {
        true if estimated => "; ~ rests on an assumed price or on estimated tokens",
        true => "; ~ is an assumed price",
        false => "",
    };
    match facts.x {
        PriceAxis::List => format!("List price of output tokens{of}{assumed}"),
        PriceAxis::Effective => {
            format!("Effective price: all costs, input included, over output tokens; list prices{of}{assumed}")
        }
    }
}

/// What the run holds and the picture does not.
fn missing(facts: &Facts<'_>, rows: &[&CellRow]) -> Vec<String> {
    let unpriced = |row: &&&CellRow| match facts.x {
        PriceAxis::List => row.list_output_usd_per_mtok.is_none(),
        PriceAxis::Effective => row.effective_output_usd_per_mtok.is_none(),
    };
    let failed = rows.iter().filter(|row| row.requests > 0 && row.ok == 0).count();
    let no_price = rows.iter().filter(|row| row.ok > 0).filter(unpriced).count();
    let rest = rows.len().saturating_sub(facts.marks.len() + failed + no_price);
    let mut says = Vec::new();
    for (count, why) in [(failed, "without a success"), (no_price, "without a known price"), (rest, "without figures")]
    {
        if count > 0 {
            says.push(format!("Not drawn: {count} {why}"));
        }
    }
    let is_shown = |setting: &&Setting<'_>| facts.shown.iter().any(|shown| std::ptr::eq(*shown, *setting));
    let others: Vec<String> =
        facts.all.iter().filter(|setting| !is_shown(setting)).map(|setting| setting.name(facts.all)).collect();
    if !others.is_empty() {
        let shown = others.len().min(4);
        let more = if others.len() > shown { format!(" and {} more", others.len() - shown) } else { String::new() };
        says.push(format!("Also in this run, in the table: {}{more}", others[..shown].join("; ")));
    }
    says
}
