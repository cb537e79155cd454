//! How a routing table did: each route's first attempts and failovers, who answered, the classifier, and what routing too
//! high cost.

use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::text_table::TextTable;
use crate::rundir::{
    BreakerNote, CallsNote, CellNote, ClassifierNote, RoutingNote, Run, TableNote, TieringNote, TripNote,
};
use crate::units::{Latency, Usd};

/// Changes of breakers that are told one by one.
const BREAKERS: usize = 6;

/// What is to be known of the routing tables of `run`, a sentence each; none where there is no table.
pub(crate) fn routing_sentences(run: &Run) -> Vec<String> {
    let mut sentences = Vec::new();
    for (whole, note) in wholes(run) {
        let place = place(run, whole);
        sentences.extend(failovers(&place, note));
        sentences.extend(note.classifier.as_ref().map(|labels| classifier(&place, note, whole, run, labels)));
        sentences.extend(note.tiering.as_ref().and_then(|tiering| too_high(&place, tiering)));
        if note.handed_off > 0 {
            let cost = note.human_cost_usd.map_or_else(
                || "nobody says what they cost".to_owned(),
                |cost| format!("which cost {}, within the bill", figures::usd(cost)),
            );
            let handed = figures::several(note.handed_off, "request");
            sentences.push(format!("{place}{handed} handed to a person, outside availability; {cost}."));
        }
    }
    for table in &run.manifest.tables {
        sentences.extend(breakers(table));
    }
    sentences.iter().map(|sentence| capitalised(sentence)).collect()
}

/// `sentence` with a capital at its beginning; names of variants and workloads stay as they are.
fn capitalised(sentence: &str) -> String {
    let words = ["availability", "classifier", "of ", "breakers"];
    match words.iter().any(|word| sentence.starts_with(word)) {
        true => sentence[..1].to_uppercase() + &sentence[1..],
        false => sentence.to_owned(),
    }
}

/// The tables of routes, of who answered, and of labels; none where `run` has no routing table.
pub(crate) fn routing_tables(run: &Run) -> Vec<TextTable> {
    if run.manifest.routing.is_empty() {
        return Vec::new();
    }
    let mut tables = vec![routes(run), answered(run)];
    for (whole, note) in wholes(run) {
        let labels = note.classifier.as_ref().filter(|labels| labels.compared > 0);
        tables.extend(labels.map(|labels| confusion(&place(run, whole), labels)));
    }
    tables
}

/// The cells of whole tables with what became of their requests.
fn wholes(run: &Run) -> impl Iterator<Item = (&CellNote, &RoutingNote)> {
    noted(run).filter(|(cell, _)| cell.route.is_none())
}

fn noted(run: &Run) -> impl Iterator<Item = (&CellNote, &RoutingNote)> {
    let cell = |note: &RoutingNote| run.manifest.cells.iter().find(|cell| cell.cell == note.cell);
    run.manifest.routing.iter().filter_map(move |note| Some((cell(note)?, note)))
}

/// What tells `cell` from the other tables' cells, with a colon; empty where it is the only one.
fn place(run: &Run, cell: &CellNote) -> String {
    if wholes(run).count() < 2 {
        return String::new();
    }
    format!("{}: ", visible(&name(cell)))
}

/// The variant, the workload and the load.
fn name(cell: &CellNote) -> String {
    let load =
        cell.concurrency.map_or_else(|| cell.load.clone(), |concurrency| format!("{}, {concurrency}", cell.load));
    let parts = [cell.variant.clone(), Some(cell.workload.clone()), Some(load)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn failovers(place: &str, note: &RoutingNote) -> Option<String> {
    let (before, after) = (note.availability_before_failover?, note.availability?);
    let mut sentence = format!("{place}availability {} before failover, {} after", share(before), share(after));
    if let Some((first, again)) = note.first.as_ref().zip(note.failed_over.as_ref()) {
        sentence += &format!(": {} failed over and succeeded", figures::several(again.requests, "request"));
        if let Some(later) = apart(first.e2e_p50_ms, again.e2e_p50_ms) {
            sentence += &format!(", {later} at the median");
        }
        if let Some((first, again)) = per_request(first).zip(per_request(again)) {
            let dearer = again - first;
            let (dearer, word) = if dearer < Usd::ZERO { (Usd::ZERO - dearer, "cheaper") } else { (dearer, "dearer") };
            sentence += &format!(", {} a request {word}", figures::usd(dearer));
        }
    }
    Some(sentence + ".")
}

fn classifier(place: &str, note: &RoutingNote, whole: &CellNote, run: &Run, labels: &ClassifierNote) -> String {
    let model = run.manifest.tables.iter().find(|table| table.variant == whole.variant);
    let model = model
        .and_then(|table| table.classifier.as_deref())
        .map_or_else(String::new, |name| format!(" `{}`", visible(name)));
    let mut parts = vec![format!("{place}classifier{model}: {}", figures::several(labels.calls, "call"))];
    if let Some((p50, p99)) = labels.p50_ms.zip(labels.p99_ms) {
        parts.push(format!("p50 {} ms, p99 {} ms", figures::ms(p50), figures::ms(p99)));
    }
    parts.extend(labels.share_of_time.map(|time| format!("{} of the time", share(time))));
    let total = run.cells.iter().find(|row| row.cell == note.cell).and_then(|row| row.cost_usd);
    let part = total.filter(|total| *total > Usd::ZERO).map(|total| labels.cost_usd.as_f64() / total.as_f64());
    let of_all = part.map_or_else(String::new, |part| format!(", {} of the cost", share(part)));
    parts.push(format!("{}{of_all}", figures::usd(labels.cost_usd)));
    parts.push(format!("{} given the default tier", figures::count(labels.defaulted)));
    if labels.compared > 0 {
        let ratio = labels.right as f64 / labels.compared as f64;
        let (right, compared) = (figures::count(labels.right), figures::count(labels.compared));
        parts.push(format!("{right} of {compared} as recorded ({})", share(ratio)));
    }
    parts.join("; ") + "."
}

fn too_high(place: &str, tiering: &TieringNote) -> Option<String> {
    let TieringNote { compared, over, over_priced, paid_above_usd, under } = tiering;
    (over + under > 0).then(|| {
        let bill = match over_priced {
            0 => "what that cost is not known".to_owned(),
            _ => format!(
                "for {} of them {} was paid above the recorded tier's model, for as many tokens",
                figures::count(*over_priced),
                signed(*paid_above_usd)
            ),
        };
        format!(
            "{place}of {} with a recorded tier {} went to a higher one: {bill}; {} went to a lower one, where a weaker model \
             answered.",
            figures::several(*compared, "request"),
            figures::count(*over),
            figures::count(*under)
        )
    })
}

fn breakers(table: &TableNote) -> Option<String> {
    let told: Vec<String> = table.breakers.iter().take(BREAKERS).map(change).collect();
    let more = table.breakers.len().saturating_sub(BREAKERS);
    let more = if more > 0 { format!("; {} more in the manifest", figures::count(more as u64)) } else { String::new() };
    let variant = table.variant.as_ref().map_or_else(String::new, |variant| format!("{}: ", visible(variant)));
    (!told.is_empty()).then(|| format!("{variant}breakers: {}{more}.", told.join("; ")))
}

/// `us-west-2 opened at 2.1 s (3.0 % of 200 attempts failed)`.
fn change(change: &BreakerNote) -> String {
    let region = visible(change.region.as_deref().unwrap_or(&change.provider));
    let word = match change.to.as_str() {
        "open" => "opened",
        "closed" => "closed",
        _ => "was probed",
    };
    let why = change.error_ratio.zip(change.attempts).map_or_else(String::new, |(ratio, attempts)| {
        format!(" ({} of {} failed)", share(ratio), figures::several(attempts.into(), "attempt"))
    });
    format!("{region} {word} at {:.1} s{why}", change.at_ms / 1e3)
}

fn routes(run: &Run) -> TextTable {
    let dash = || "–".to_owned();
    let time = |trip: &Option<TripNote>, of: fn(&TripNote) -> Option<Latency>| {
        trip.as_ref().and_then(of).map_or_else(dash, figures::ms)
    };
    let cost = |trip: &Option<TripNote>| {
        let each = trip.as_ref().and_then(per_request).map(|cost| figures::usd(cost.times(1_000)));
        each.unwrap_or_else(dash)
    };
    let row = |(cell, note): (&CellNote, &RoutingNote)| {
        let again = note.failed_over.as_ref().map_or(0, |trip| trip.requests) + note.failed_all;
        vec![
            name(cell),
            cell.route.clone().unwrap_or_else(|| "all routes".to_owned()),
            figures::count(note.requests + note.handed_off),
            time(&note.first, |trip| trip.e2e_p50_ms),
            time(&note.first, |trip| trip.e2e_p95_ms),
            cost(&note.first),
            figures::count(again),
            time(&note.failed_over, |trip| trip.e2e_p50_ms),
            cost(&note.failed_over),
            note.availability_before_failover.map_or_else(dash, share),
            note.availability.map_or_else(dash, share),
            figures::count(note.handed_off),
        ]
    };
    TextTable {
        title: "Routes".to_owned(),
        note: "Routes that took no request are left out. Latency end to end of successes in milliseconds, classifier included; $ per thousand requests. What a person \
               answers is outside availability",
        headings: vec![
            "load",
            "route",
            "requests",
            "first p50",
            "first p95",
            "first $/1k",
            "failed over",
            "their p50",
            "their $/1k",
            "available before",
            "after",
            "to a person",
        ],
        names: 2,
        rows: noted(run)
            .filter(|(cell, note)| cell.route.is_none() || note.requests + note.handed_off > 0)
            .map(row)
            .collect(),
        more: 0,
        file: "manifest.json",
    }
}

fn answered(run: &Run) -> TextTable {
    let rows = noted(run).filter(|(cell, _)| cell.route.is_some()).flat_map(|(cell, note)| {
        let all: u64 = note.endpoints.iter().map(|calls| calls.answered).sum();
        note.endpoints.iter().map(move |calls: &CallsNote| {
            let part = (all > 0).then(|| share(calls.answered as f64 / all as f64));
            vec![
                name(cell),
                cell.route.clone().unwrap_or_default(),
                calls.model.clone(),
                calls.region.clone().unwrap_or_else(|| "–".to_owned()),
                part.unwrap_or_else(|| "–".to_owned()),
                figures::count(calls.calls),
                figures::count(calls.failed),
                figures::usd(calls.cost_usd),
            ]
        })
    });
    TextTable {
        title: "Who answered".to_owned(),
        note: "A route's answers by endpoint; calls are all those for an answer or a part of one, and $ is what they cost",
        headings: vec!["load", "route", "model", "region", "answers", "calls", "failed", "$"],
        names: 4,
        rows: rows.collect(),
        more: 0,
        file: "manifest.json",
    }
}

fn confusion(place: &str, labels: &ClassifierNote) -> TextTable {
    let row = |(tier, counts): (usize, &Vec<u64>)| {
        let counts = counts.iter().map(|count| figures::count(*count));
        std::iter::once(format!("tier {tier}")).chain(counts).collect()
    };
    TextTable {
        title: format!("{place}labels"),
        note: "A row is the tier that the workload records, a column the classifier's answer",
        headings: vec!["recorded", "0", "1", "2", "3", "4", "default"],
        names: 1,
        rows: labels.confusion.iter().enumerate().map(row).collect(),
        more: 0,
        file: "manifest.json",
    }
}

/// What a request cost on average; absent where that is not known.
fn per_request(trip: &TripNote) -> Option<Usd> {
    let requests = i128::from(trip.requests);
    trip.cost_usd.filter(|_| requests > 0).map(|cost| Usd::from_picos(cost.picos() / requests))
}

/// `12 ms later`, `3 ms earlier`.
fn apart(first: Option<Latency>, again: Option<Latency>) -> Option<String> {
    let later = again?.finite_ms()? - first?.finite_ms()?;
    let word = if later < 0.0 { "earlier" } else { "later" };
    Some(format!("{:.0} ms {word}", later.abs()))
}

fn signed(amount: Usd) -> String {
    if amount < Usd::ZERO { format!("−{}", figures::usd(Usd::ZERO - amount)) } else { figures::usd(amount) }
}

fn share(ratio: f64) -> String {
    figures::percent(ratio)
}
