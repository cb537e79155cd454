//! How a routing table did: each route's first attempts and failovers, who answered, the classifier, and what routing too
//! high cost.

use crate::report::figures::{self, Trust, marked};
use crate::report::plain_text::visible;
use crate::report::shown::assumed_of_table;
use crate::report::text_table::TextTable;
use crate::rundir::{
    BreakerNote, CallsNote, CellNote, ClassifierNote, EndpointNote, RoutingNote, Run, TableNote, TieringNote, TripNote,
};
use crate::units::{Latency, Usd};

/// Changes of breakers that are told one by one.
const BREAKERS: usize = 6;

/// What is to be known of the routing tables of `run`, a sentence each; none where there is no table.
pub(crate) fn routing_sentences(run: &Run) -> Vec<String> {
    let mut sentences = Vec::new();
    for (whole, note) in wholes(run) {
        let place = place(run, whole);
        sentences.extend(failovers(&place, note, &routes_of(run, whole)));
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

/// What became of the requests of each route of the table that carried out the cell `whole`.
fn routes_of<'r>(run: &'r Run, whole: &CellNote) -> Vec<&'r RoutingNote> {
    noted(run).filter(|(cell, _)| cell.part_of.as_ref() == Some(&whole.cell)).map(|(_, note)| note).collect()
}

fn failovers(place: &str, note: &RoutingNote, routes: &[&RoutingNote]) -> Option<String> {
    let (before, after) = (note.availability_before_failover?, note.availability?);
    let mut sentence = format!("{place}availability {} before failover, {} after", share(before), share(after));
    if let Some(again) = &note.failed_over {
        sentence += &format!(": {} failed over and succeeded", figures::several(again.requests, "request"));
        let later =
            beside_own(routes, |first, again| Some(again.e2e_p50_ms?.finite_ms()? - first.e2e_p50_ms?.finite_ms()?));
        let dearer = beside_own(routes, |first, again| Some((per_request(again)? - per_request(first)?).as_f64()));
        let later = later.map(|later| {
            format!("{:.0} ms {} at the median", later.abs(), if later < 0.0 { "earlier" } else { "later" })
        });
        let dearer = dearer.map(|dearer| {
            let amount = figures::usd(Usd::from_picos((dearer.abs() * 1e12).round() as i128));
            format!("{amount} a request {}", if dearer < 0.0 { "cheaper" } else { "dearer" })
        });
        let told: Vec<String> = later.into_iter().chain(dearer).collect();
        if !told.is_empty() {
            sentence += &format!(", {} than what did not on the same route", told.join(" and "));
        }
    }
    Some(sentence + ".")
}

/// By how much `of` says that what failed over differs from what did not, of each route by itself, so that which routes fail
/// over does not count as what it costs; the mean by the requests that did. Absent where no route has both.
fn beside_own(routes: &[&RoutingNote], of: impl Fn(&TripNote, &TripNote) -> Option<f64>) -> Option<f64> {
    let (mut sum, mut requests) = (0.0, 0);
    for (first, again) in routes.iter().filter_map(|note| note.first.as_ref().zip(note.failed_over.as_ref())) {
        if let Some(by) = of(first, again) {
            sum += by * again.requests as f64;
            requests += again.requests;
        }
    }
    (requests > 0).then(|| sum / requests as f64)
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
    let assumed = model_is_assumed(run, whole);
    parts.push(format!("{}{of_all}", marked(&figures::usd(labels.cost_usd), Trust { assumed, partial: false })));
    parts.push(format!("{} given the default tier", figures::count(labels.defaulted)));
    if labels.compared > 0 {
        let ratio = labels.right as f64 / labels.compared as f64;
        let (right, compared) = (figures::count(labels.right), figures::count(labels.compared));
        parts.push(format!("{right} of {compared} as recorded ({})", share(ratio)));
    }
    parts.join("; ") + "."
}

/// Whether a price of the endpoint that `calls` went to is an assumption.
fn is_assumed(run: &Run, cell: &CellNote, calls: &CallsNote) -> bool {
    let table = run.manifest.tables.iter().find(|table| table.variant == cell.variant);
    let same =
        |at: &&EndpointNote| (&at.provider, &at.model, &at.region) == (&calls.provider, &calls.model, &calls.region);
    let price = table.and_then(|table| table.endpoints.iter().find(same)).and_then(|at| at.price.as_ref());
    price.is_some_and(|price| !price.rates.assumed.is_empty())
}

/// Whether a price of the classifier of the table that carried out `whole` is an assumption.
fn model_is_assumed(run: &Run, whole: &CellNote) -> bool {
    let table = run.manifest.tables.iter().find(|table| table.variant == whole.variant);
    table.is_some_and(|table| {
        let is_its = |at: &&EndpointNote| Some(&at.model) == table.classifier.as_ref();
        let mut prices = table.endpoints.iter().filter(is_its).filter_map(|at| at.price.as_ref());
        prices.any(|price| !price.rates.assumed.is_empty())
    })
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
            "{place}of {} with a recorded tier {} went to a higher one: {bill}; {} went to a lower one, which risks a worse \
             answer.",
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
    let cost = |cell: &CellNote, trip: &Option<TripNote>| {
        let each = trip.as_ref().and_then(per_request).map(|cost| figures::usd(cost.times(1_000)));
        let assumed = !assumed_of_table(run, &cell.cell, cell.variant.as_deref()).is_empty();
        each.map_or_else(dash, |each| marked(&each, Trust { assumed, partial: false }))
    };
    let row = |(cell, note): (&CellNote, &RoutingNote)| {
        let again = note.failed_over.as_ref().map_or(0, |trip| trip.requests) + note.failed_all;
        vec![
            name(cell),
            cell.route.clone().unwrap_or_else(|| "all routes".to_owned()),
            figures::count(note.requests + note.handed_off),
            time(&note.first, |trip| trip.e2e_p50_ms),
            time(&note.first, |trip| trip.e2e_p95_ms),
            cost(cell, &note.first),
            figures::count(again),
            time(&note.failed_over, |trip| trip.e2e_p50_ms),
            cost(cell, &note.failed_over),
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
                marked(&figures::usd(calls.cost_usd), Trust { assumed: is_assumed(run, cell, calls), partial: false }),
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

fn signed(amount: Usd) -> String {
    if amount < Usd::ZERO { format!("−{}", figures::usd(Usd::ZERO - amount)) } else { figures::usd(amount) }
}

fn share(ratio: f64) -> String {
    figures::percent(ratio)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn note(first: &Value, failed_over: &Value) -> RoutingNote {
        serde_json::from_value(json!({ "cell": "c", "requests": 100, "handed_off": 0, "human_cost_usd": null,
            "availability_before_failover": 0.98, "availability": 1.0, "first": first, "failed_over": failed_over,
            "failed_all": 0, "endpoints": [], "classifier": null, "tiering": null }))
        .unwrap()
    }

    fn trip(requests: u64, p50_ms: &str, cost: &str) -> Value {
        json!({ "requests": requests, "e2e_p50_ms": p50_ms, "e2e_p95_ms": p50_ms, "cost_usd": cost })
    }

    #[test]
    fn what_failed_over_is_held_against_its_own_route() {
        // A dear route without a failover makes the mean of all of them dear.
        let cheap = note(&trip(50, "500", "0.05"), &trip(3, "900", "0.0036"));
        let other = note(&trip(20, "300", "0.04"), &trip(1, "500", "0.002"));
        let dear = note(&trip(30, "800", "9"), &Value::Null);
        let whole = note(&trip(100, "520", "9.09"), &trip(4, "800", "0.0056"));
        let told = failovers("", &whole, &[&cheap, &dear, &other]).unwrap();
        // (3 · 400 + 200) / 4 ms, and (3 · $0.0002 + $0) / 4.
        assert_eq!(
            told,
            "availability 98.0 % before failover, 100 % after: 4 requests failed over and succeeded, 350 ms later at the \
             median and $0.00015 a request dearer than what did not on the same route."
        );
    }

    #[test]
    fn nothing_is_compared_where_a_route_has_no_first_attempt_beside_its_failovers() {
        let all_failed_over = note(&Value::Null, &trip(2, "900", "0.002"));
        let whole = note(&trip(10, "500", "0.05"), &trip(2, "900", "0.002"));
        let told = failovers("", &whole, &[&all_failed_over]).unwrap();
        assert!(told.ends_with("2 requests failed over and succeeded."), "{told}");
    }
}
