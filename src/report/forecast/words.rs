//! The words and cells of a forecast.

use crate::forecast::{Estimate, Figures, Money, RouteForecast, Span, remedies};
use crate::report::figures;
use crate::report::forecast::Foretold;
use crate::report::plain_text::visible;
use crate::units::Usd;

/// The columns of the table of routes.
pub(super) const HEADINGS: [&str; 10] =
    ["route", "traffic", "p50 ms", "p95 ms", "p99 ms", "ttft p50 ms", "$ a 1,000", "$ a month", "available", "n"];

/// What stands where nothing is known.
pub(super) const ABSENT: &str = "–";

/// A row of the table.
pub(super) fn row(route: &RouteForecast) -> Vec<String> {
    let name = route.name.as_deref().map_or_else(|| "all routes".to_owned(), visible);
    let mut row = vec![name, figures::percent(route.share)];
    match &route.figures {
        None => row.extend([ABSENT; 8].map(str::to_owned)),
        Some(found) => row.extend(cells(found)),
    }
    row
}

fn cells(found: &Figures) -> Vec<String> {
    let spans =
        |spans: Option<[Span; 3]>, place: usize| spans.map_or_else(|| ABSENT.to_owned(), |spans| shown(&spans[place]));
    vec![
        spans(found.e2e, 0),
        spans(found.e2e, 1),
        spans(found.e2e, 2),
        spans(found.ttft, 0),
        money(&found.cost_per_thousand),
        found.month.as_ref().map_or_else(|| ABSENT.to_owned(), money),
        found.availability.map_or_else(|| ABSENT.to_owned(), |share| availability(&share)),
        figures::count(found.requests),
    ]
}

/// `812 (801–830)`.
pub(super) fn shown(span: &Span) -> String {
    let interval = figures::interval(span.low, Some(span.high));
    match interval {
        Some(interval) => format!("{} ({interval})", figures::ms(span.value)),
        None => figures::ms(span.value),
    }
}

/// An amount rounded for people.
pub(super) fn money(money: &Money) -> String {
    let trust = figures::Trust { assumed: money.assumed, partial: money.partial };
    let known = usd(money.dollars.value);
    // That it is no less than nothing says nothing.
    if trust.partial && known == Usd::ZERO {
        return "unknown".to_owned();
    }
    figures::marked(&figures::usd(known), trust)
}

/// Dollars to the picodollar.
pub(super) fn usd(dollars: f64) -> Usd {
    Usd::from_picos((dollars * 1e12).round() as i128)
}

pub(super) fn availability(share: &Estimate) -> String {
    figures::percent(share.value)
}

/// The first line: what was forecast, and from what.
pub(super) fn headline(told: &Foretold<'_>) -> String {
    let runs: Vec<String> = told.measured.runs.iter().map(|run| visible(&run.id)).collect();
    format!(
        "forecast of {} from {}, {}, {}",
        visible(told.table),
        runs.join(", "),
        told.measured.origin(),
        figures::several(told.forecast.rounds as u64, "round")
    )
}

/// Who answers each route, and what failing over does: a line each.
pub(super) fn answers(told: &Foretold<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for route in &told.forecast.routes {
        let (Some(name), Some(found)) = (&route.name, &route.figures) else { continue };
        let name = visible(name);
        if found.answered.is_empty() {
            lines.push(format!("{name}: a person answers"));
            continue;
        }
        let share = |one: &crate::forecast::Answered| {
            let region = one.region.as_deref().map_or_else(String::new, |region| format!(" in {}", visible(region)));
            format!("{} {}{region}", figures::percent(one.share), visible(&one.model))
        };
        let shown: Vec<String> = found.answered.iter().take(MOST_ANSWERING).map(share).collect();
        let more = found.answered.len().saturating_sub(MOST_ANSWERING);
        let more = if more > 0 { format!(", {more} more") } else { String::new() };
        let before = found.first_availability.zip(found.availability).filter(|(first, all)| *first < all.value);
        let before = before.map_or_else(String::new, |(first, all)| {
            format!("; {} from the first call, {} after failover", figures::percent(first), figures::percent(all.value))
        });
        let quality = found.quality.map_or_else(String::new, |quality| format!("; quality {quality:.3}"));
        lines.push(format!("{name}: {}{more}{before}{quality}", shown.join(", ")));
    }
    lines
}

/// Endpoints of a route that are named one by one.
const MOST_ANSWERING: usize = 4;

/// What is missing, what is far from what was measured, and what was taken for true: a sentence each.
pub(super) fn remarks(told: &Foretold<'_>) -> Vec<String> {
    let mut said = remedies(&told.forecast.missing, told.measured);
    said.extend(told.forecast.extrapolated.iter().map(|(name, rate, measured)| {
        format!(
            "extrapolated: {} would get {} requests a second, and was measured at {}",
            visible(name),
            figures::rate(*rate),
            figures::rate(*measured)
        )
    }));
    let invalid: Vec<String> = told.forecast.obstacles().map(|reason| format!("may not be judged: {reason}")).collect();
    said.extend(invalid.iter().take(MOST_INVALID).cloned());
    if invalid.len() > MOST_INVALID {
        said.push(format!(
            "may not be judged: {} more",
            figures::several((invalid.len() - MOST_INVALID) as u64, "cell")
        ));
    }
    said.extend(told.notes.iter().cloned());
    let assumed = told.forecast.assumptions.iter().map(|sentence| format!("assumed: {sentence}"));
    said.extend(assumed);
    said.iter().map(|sentence| visible(sentence)).collect()
}

/// Cells that may not be judged and are named one by one.
const MOST_INVALID: usize = 3;
