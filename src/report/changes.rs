//! What differs between the variants of a run: each endpoint under the first one against the same under another.

use std::cmp::Reverse;

use serde::Serialize;

use crate::report::figures;
use crate::report::headline::{Headline, origin, partial, shown};
use crate::report::setting::settings;
use crate::report::shown::{load, tail};
use crate::report::text_table::TextTable;
use crate::rundir::{CellRow, Run};
use crate::sample::Outcome;
use crate::units::{Latency, UsdPerMtok};

/// One endpoint under one workload and load, twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Change<'a> {
    /// Under the first variant, which the other is held against.
    pub(crate) before: &'a CellRow,
    /// Under another.
    pub(crate) after: &'a CellRow,
    /// How p99 changed.
    pub(crate) p99: Shift,
}

/// How a figure changed, by its 95 % intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// The whole interval lies below the other.
    Lower,
    /// The whole interval lies above the other.
    Higher,
    /// They overlap, so that nothing is shown: which is not to say that nothing changed.
    NotShown,
    /// One of them is missing, or of a cell that cannot be judged.
    Unknown,
}

impl Shift {
    fn of(before: &CellRow, after: &CellRow) -> Self {
        let judged = |row: &CellRow| row.valid != Some(false) && !row.is_saturated();
        if !judged(before) || !judged(after) {
            return Self::Unknown;
        }
        let (before, after) = (before.primary_latency(), after.primary_latency());
        match (before.p99_low, before.p99_high, after.p99_low, after.p99_high) {
            (Some(_), Some(high), Some(low), _) if low > high => Self::Higher,
            (Some(low), Some(_), _, Some(high)) if high < low => Self::Lower,
            (Some(_), Some(_), Some(_), Some(_)) => Self::NotShown,
            _ => Self::Unknown,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
            Self::NotShown => "not shown",
            Self::Unknown => "cannot be told",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::NotShown => "not_shown",
            Self::Unknown => "unknown",
            other => other.text(),
        }
    }
}

/// Every endpoint that the first variant and another have in common, in the manifest's order; none where nothing is
/// compared.
pub(crate) fn changes(run: &Run) -> Vec<Change<'_>> {
    let Some((baseline, _)) = run.manifest.variants.split_first() else { return Vec::new() };
    let mut changes = Vec::new();
    for setting in settings(run) {
        for after in setting.rows.iter().copied().filter(|row| row.variant.as_ref() != Some(baseline)) {
            let mut rows = setting.rows.iter().filter(|row| row.variant.as_ref() == Some(baseline));
            if let Some(before) = rows.find(|row| same_endpoint(row, after)).or_else(|| {
                // Two variants of one run may call a model through different providers.
                let like = |row: &&&CellRow| {
                    row.variant.as_ref() == Some(baseline)
                        && (&row.model, &row.region) == (&after.model, &after.region)
                        && !setting.rows.iter().any(|other| other.variant == after.variant && same_endpoint(row, other))
                };
                setting.rows.iter().filter(|_| !run.manifest.sides.is_empty()).find(like)
            }) {
                changes.push(Change { before, after, p99: Shift::of(before, after) });
            }
        }
    }
    changes.extend(of_routes(run, baseline));
    changes
}

/// The tables as a whole, and every route of the first variant's or the second's that was given a request in either, with what
/// became of it under both; absent: the table has no such route.
pub(crate) fn routes_of_both(run: &Run) -> Vec<[Option<&CellRow>; 2]> {
    let [baseline, candidate] = run.manifest.variants.as_slice() else { return Vec::new() };
    let of = |variant| cells_of(run, variant);
    let same = |one: &CellRow, other: &CellRow| one.route == other.route && same_load(one, other);
    let pairs = of(baseline).map(|was| [Some(was), of(candidate).find(|is| same(was, is))]);
    let new = of(candidate).filter(|is| !of(baseline).any(|was| same(was, is))).map(|is| [None, Some(is)]);
    let is_asked = |pair: &[Option<&CellRow>; 2]| pair.iter().flatten().any(|row| asked(row) > 0);
    let mut all: Vec<_> = pairs.chain(new).filter(is_asked).collect();
    all.sort_by_key(|pair| pair.iter().flatten().all(|row| row.route.is_some()));
    all
}

fn cells_of<'a>(run: &'a Run, variant: &'a str) -> impl Iterator<Item = &'a CellRow> {
    run.cells.iter().filter(move |row| row.variant.as_deref() == Some(variant))
}

/// Requests that the cell took, those handed to a person included.
pub(crate) fn asked(row: &CellRow) -> u64 {
    row.requests + handed(row)
}

/// Requests of the cell that were handed to a person.
pub(crate) fn handed(row: &CellRow) -> u64 {
    row.counted().filter(|(outcome, _)| *outcome == Outcome::HandedOff).map(|(_, count)| count).sum()
}

/// Every route that the first variant's table and another's have in common and that requests took in both; the table as a whole
/// stands before them like an endpoint.
fn of_routes<'a>(run: &'a Run, baseline: &'a str) -> impl Iterator<Item = Change<'a>> {
    let taken = |row: &&CellRow| row.route.is_some() && row.requests > 0;
    let is_baseline = move |row: &CellRow| row.variant.as_deref() == Some(baseline);
    run.cells.iter().filter(taken).filter(move |row| !is_baseline(row)).filter_map(move |after| {
        let like = |row: &&CellRow| is_baseline(row) && row.route == after.route && same_load(row, after);
        let before = run.cells.iter().filter(taken).find(like)?;
        Some(Change { before, after, p99: Shift::of(before, after) })
    })
}

fn same_load(one: &CellRow, other: &CellRow) -> bool {
    let rate = |row: &CellRow| row.rate_rps.map(f64::to_bits);
    (&one.workload, &one.load, one.concurrency, rate(one))
        == (&other.workload, &other.load, other.concurrency, rate(other))
}

fn same_endpoint(one: &CellRow, other: &CellRow) -> bool {
    (&one.provider, &one.model, &one.region) == (&other.provider, &other.model, &other.region)
}

/// For each other variant, at how many endpoints p99 is lower or higher than under the first.
pub(crate) fn headline_of_changes(run: &Run) -> Headline {
    let changes = changes(run);
    let mut sentences = Vec::new();
    let (baseline, others) = run.manifest.variants.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
    for variant in others {
        let of: Vec<&Change<'_>> =
            changes.iter().filter(|change| change.after.variant.as_ref() == Some(variant)).collect();
        let is_routed = of.iter().any(|change| change.after.route.is_some());
        let count = |shift| of.iter().filter(|change| change.p99 == shift).count();
        let [lower, higher, not_shown, unknown] =
            [Shift::Lower, Shift::Higher, Shift::NotShown, Shift::Unknown].map(count);
        let unknown = if unknown > 0 { format!(", {unknown} cannot be told") } else { String::new() };
        sentences.push(match of.len() {
            0 => format!("{variant} and {baseline} have no endpoint in common."),
            all => format!(
                "{variant} against {baseline}, {}: p99 lower at {lower} and higher at {higher} of {all} {}, no \
                 difference shown at {not_shown}{unknown}.",
                origin(run),
                if is_routed { "routes, tables as a whole included" } else { "endpoints" }
            ),
        });
        let prices = of
            .iter()
            .filter(|change| change.before.list_output_usd_per_mtok != change.after.list_output_usd_per_mtok)
            .count();
        if prices > 0 {
            sentences.push(format!("{} changed.", figures::several(prices as u64, "output price")));
        }
    }
    let why = match run.manifest.sides.is_empty() {
        true => "nights differ",
        false => "a share of such intervals is wrong by chance",
    };
    sentences.push(format!("By 95 % intervals that do not overlap; {why}, so this is advice and no verdict."));
    sentences.extend(partial(run.manifest.status).map(str::to_owned));
    Headline { sentences }
}

/// The changes for people, those that are shown first; absent where nothing is compared.
pub(crate) fn changes_table(run: &Run, room: usize) -> Option<TextTable> {
    let mut changes = changes(run);
    if changes.is_empty() {
        return None;
    }
    changes.sort_by_key(|change| match change.p99 {
        Shift::Higher => (0, Reverse(size(change))),
        Shift::Lower => (1, Reverse(size(change))),
        Shift::NotShown => (2, Reverse(size(change))),
        Shift::Unknown => (3, Reverse(0)),
    });
    let rows = changes.iter().take(room).map(|change| {
        let Change { before, after, p99 } = *change;
        let dash = || "–".to_owned();
        let pair = |before: Option<String>, after: Option<String>| match (before, after) {
            (None, None) => dash(),
            (Some(before), Some(after)) if before == after => after,
            (before, after) => format!("{} → {}", before.unwrap_or_else(dash), after.unwrap_or_else(dash)),
        };
        let p99_text = |row: &CellRow| {
            let e2e = row.primary_latency();
            tail(row, e2e.p99, e2e.max, (e2e.p99_low, e2e.p99_high)).map(|tail| tail.figure)
        };
        let p50 = |row: &CellRow| row.primary_latency().p50.map(figures::ms);
        let price = |price: Option<UsdPerMtok>| price.map(figures::list_price);
        let effective = |row: &CellRow| row.effective_output_usd_per_mtok.map(figures::measured_price);
        let failed = |row: &CellRow| Some(figures::failures(row.failed, row.requests));
        vec![
            shown(run, after),
            after.region.clone().unwrap_or_else(dash),
            format!("{} at {}", after.workload, load(after)),
            p99.text().to_owned(),
            pair(p99_text(before), p99_text(after)),
            percent(change).unwrap_or_else(dash),
            pair(p50(before), p50(after)),
            pair(price(before.list_output_usd_per_mtok), price(after.list_output_usd_per_mtok)),
            pair(effective(before), effective(after)),
            pair(failed(before), failed(after)),
        ]
    });
    Some(TextTable {
        title: "What changed".to_owned(),
        note: "p99 is lower or higher where the two 95 % intervals do not overlap; that one is not shown does not mean \
               that nothing changed. Milliseconds end to end, $ per million output tokens",
        headings: vec![
            "model",
            "region",
            "load",
            "p99",
            "p99 ms",
            "change",
            "p50 ms",
            "list out",
            "effective",
            "failed",
        ],
        names: 4,
        rows: rows.collect(),
        more: changes.len().saturating_sub(room),
        file: "changes.csv",
    })
}

/// How far p99 moved, in thousandths of it, whichever way; 0 where that is not known.
fn size(change: &Change<'_>) -> u64 {
    thousandths(change).map_or(0, i64::unsigned_abs)
}

fn thousandths(change: &Change<'_>) -> Option<i64> {
    let p99 = |row: &CellRow| row.primary_latency().p99.and_then(Latency::finite_ms).filter(|ms| *ms > 0.0);
    Some(((p99(change.after)? / p99(change.before)? - 1.0) * 1e3).round() as i64)
}

fn percent(change: &Change<'_>) -> Option<String> {
    let share = thousandths(change)?;
    let sign = match share {
        ..0 => "−",
        0 => "",
        _ => "+",
    };
    let size = share.unsigned_abs();
    Some(format!("{sign}{}.{} %", figures::count(size / 10), size % 10))
}

/// `changes.csv`: a row an endpoint that two variants have in common.
pub fn changes_csv(run: &Run) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for Change { before, after, p99 } in changes(run) {
        let row = Row {
            baseline: before.variant.as_deref(),
            candidate: after.variant.as_deref(),
            provider: &after.provider,
            model: &after.model,
            region: after.region.as_deref(),
            route: after.route.as_deref(),
            workload: &after.workload,
            load: &after.load,
            concurrency: after.concurrency,
            rate_rps: after.rate_rps,
            p99_shift: p99.name(),
            baseline_requests: before.requests,
            candidate_requests: after.requests,
            baseline_failed: before.failed,
            candidate_failed: after.failed,
            baseline_p50_ms: before.primary_latency().p50,
            candidate_p50_ms: after.primary_latency().p50,
            baseline_p99_ms: before.primary_latency().p99,
            baseline_p99_low_ms: before.primary_latency().p99_low,
            baseline_p99_high_ms: before.primary_latency().p99_high,
            candidate_p99_ms: after.primary_latency().p99,
            candidate_p99_low_ms: after.primary_latency().p99_low,
            candidate_p99_high_ms: after.primary_latency().p99_high,
            baseline_list_output_usd_per_mtok: before.list_output_usd_per_mtok,
            candidate_list_output_usd_per_mtok: after.list_output_usd_per_mtok,
            baseline_effective_output_usd_per_mtok: before.effective_output_usd_per_mtok,
            candidate_effective_output_usd_per_mtok: after.effective_output_usd_per_mtok,
        };
        writer.serialize(row).expect("a row is flat, so it can be written as CSV");
    }
    let bytes = writer.into_inner().expect("writing to memory cannot fail");
    String::from_utf8(bytes).expect("texts and numbers are UTF-8")
}

#[derive(Serialize)]
struct Row<'a> {
    baseline: Option<&'a str>,
    candidate: Option<&'a str>,
    provider: &'a str,
    model: &'a str,
    region: Option<&'a str>,
    route: Option<&'a str>,
    workload: &'a str,
    load: &'a str,
    concurrency: Option<u32>,
    rate_rps: Option<f64>,
    p99_shift: &'static str,
    baseline_requests: u64,
    candidate_requests: u64,
    baseline_failed: u64,
    candidate_failed: u64,
    baseline_p50_ms: Option<Latency>,
    candidate_p50_ms: Option<Latency>,
    baseline_p99_ms: Option<Latency>,
    baseline_p99_low_ms: Option<Latency>,
    baseline_p99_high_ms: Option<Latency>,
    candidate_p99_ms: Option<Latency>,
    candidate_p99_low_ms: Option<Latency>,
    candidate_p99_high_ms: Option<Latency>,
    baseline_list_output_usd_per_mtok: Option<UsdPerMtok>,
    candidate_list_output_usd_per_mtok: Option<UsdPerMtok>,
    baseline_effective_output_usd_per_mtok: Option<UsdPerMtok>,
    candidate_effective_output_usd_per_mtok: Option<UsdPerMtok>,
}

#[cfg(test)]
mod tests;
