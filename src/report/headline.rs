//! What a run found, in a sentence or two: it is the title of the chart and the first line of every report.

use std::cmp::Ordering;
use std::fmt;

use crate::gate::{LEAST_N_FOR_P99, Standing};
use crate::report::changes::headline_of_changes;
use crate::report::chart::PriceAxis;
use crate::report::figures;
use crate::report::setting::{Setting, settings};
use crate::report::shown::per_thousand;
use crate::rundir::{CellRow, Run, Status};

/// The finding, sentence by sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// At least one; the first stands alone as a title, the rest say what bounds it.
    pub sentences: Vec<String>,
}

/// All sentences, with a space between.
impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences.join(" "))
    }
}

/// States, for each tier, the cheapest model, by its id, among the endpoints that meet its p99 limit, and how many do.
///
/// Models are named by their ids, which is what commands and routing tables take. Prices are list prices in dollars
/// per million output tokens, with `~` where they are assumptions. The order of the run's rows has no influence: the
/// manifest's order decides.
pub fn headline(run: &Run) -> Headline {
    headline_by(run, PriceAxis::List)
}

/// The same by the price that `axis` shows: what is cheapest by the price list need not be when all costs count.
pub(crate) fn headline_by(run: &Run, axis: PriceAxis) -> Headline {
    if !run.manifest.variants.is_empty() {
        return headline_of_changes(run);
    }
    let all = settings(run);
    let origin = origin(run);
    let mut sentences = Vec::new();
    for setting in told(&all) {
        let on = if all.len() > 1 { format!(" on {}", setting.name(&all)) } else { String::new() };
        sentences.extend(of_setting(run, setting, &on, axis));
    }
    if all.is_empty() {
        sentences.push(format!("Nothing was measured, {origin}."));
    }
    if let Some(more) = all.len().checked_sub(MOST_SETTINGS).filter(|more| *more > 0) {
        sentences.push(format!(
            "{} of workload and load {} not summed up here.",
            figures::several(more as u64, "more combination"),
            if more == 1 { "is" } else { "are" }
        ));
    }
    sentences.extend(partial(run.manifest.status).map(str::to_owned));
    Headline { sentences }
}

/// Where replies came from, as a word: `simulated`, `live`, `simulated in part` or `of unknown origin`.
pub(crate) fn origin(run: &Run) -> &'static str {
    match run.manifest.destination.simulated {
        Some(true) => "simulated",
        Some(false) if run.cells.iter().any(|row| row.simulated) => "simulated in part",
        Some(false) => "live",
        None => "of unknown origin",
    }
}

/// How many combinations of workload and load get a sentence of their own.
const MOST_SETTINGS: usize = 3;

/// The settings that there are sentences for: all of them, or where they are too many the greatest load of each workload,
/// which is where a sweep shows what it was made for, then the others in their order.
fn told<'s, 'a>(all: &'s [Setting<'a>]) -> Vec<&'s Setting<'a>> {
    if all.len() <= MOST_SETTINGS {
        return all.iter().collect();
    }
    let load = |setting: &Setting<'_>| setting.concurrency.map_or(setting.rate_rps, |load| Some(load.into()));
    let is_greatest = |setting: &&Setting<'_>| {
        let greater = |other: &Setting<'_>| other.workload == setting.workload && load(other) > load(setting);
        !all.iter().any(greater)
    };
    let (greatest, others): (Vec<_>, Vec<_>) = all.iter().partition(is_greatest);
    greatest.into_iter().chain(others).take(MOST_SETTINGS).collect()
}

fn of_setting(run: &Run, setting: &Setting<'_>, on: &str, axis: PriceAxis) -> Vec<String> {
    let (rows, origin) = (&setting.rows, origin(run));
    if let [row] = rows[..]
        && row.model.is_empty()
    {
        return vec![through_a_table(run, row, on, origin)];
    }
    let asked: Vec<&CellRow> = rows.iter().copied().filter(|row| row.requests > 0).collect();
    if asked.is_empty() {
        return vec![format!("Nothing was measured{on}, {origin}.")];
    }
    if asked.iter().all(|row| row.ok == 0) {
        return vec![format!("Every request failed{on}, {origin}: {} without a success.", endpoints(asked.len()))];
    }
    let judged: Vec<(&CellRow, Standing)> = asked.iter().filter_map(|row| Some((*row, Standing::of(row)?))).collect();
    if judged.is_empty() {
        let count = endpoints(asked.len());
        // The policy may judge them by other rules.
        let limits = match &run.manifest.policy {
            Some(policy) => format!("{} has no p99 limit that applies", cut(&policy.source)),
            None => "No p99 limit applies".to_owned(),
        };
        return vec![format!("{limits}{on}, {origin}: {count} measured.")];
    }
    let none_meets = !judged.iter().any(|(_, standing)| *standing == Standing::Meets);
    let first = if none_meets {
        format!("No endpoint is shown to meet its tier's p99{on}, {origin}.")
    } else {
        let tiers = cheapest_of_each_tier(run, &judged, axis).join(" · ");
        let by = if axis == PriceAxis::Effective { " by effective price" } else { "" };
        format!("Cheapest meeting its tier's p99{by}{on}, {origin}: {tiers}.")
    };
    vec![first, counts(&judged, rows.len())]
}

/// What came of a routing table: half of its answers, its tail, availability and cost.
fn through_a_table(run: &Run, row: &CellRow, on: &str, origin: &str) -> String {
    let e2e = row.primary_latency();
    let Some((p50, p99)) = e2e.p50.zip(e2e.p99) else {
        return format!("No request was answered through the routing table{on}, {origin}.");
    };
    let available =
        row.availability.map_or_else(String::new, |ratio| format!(", {} available", figures::percent(ratio)));
    let cost = per_thousand(run, row).map_or_else(String::new, |cost| format!(", {cost} per 1,000 requests"));
    let [p50, p99] = [p50, p99].map(figures::ms);
    format!("Through the routing table{on}, {origin}: p50 {p50} ms, p99 {p99} ms end to end{available}{cost}.")
}

fn cheapest_of_each_tier(run: &Run, judged: &[(&CellRow, Standing)], axis: PriceAxis) -> Vec<String> {
    let mut tiers: Vec<Option<u8>> = judged.iter().map(|(row, _)| row.tier).collect();
    tiers.sort_by_key(|tier| (tier.is_none(), *tier));
    tiers.dedup();
    let name_tier = |tier: Option<u8>| {
        let meeting = judged.iter().filter(|(row, standing)| row.tier == tier && *standing == Standing::Meets);
        let cheapest = meeting.map(|(row, _)| *row).min_by(|a, b| cheaper(a, b, axis));
        let words = tier.map_or_else(|| "no tier".to_owned(), |tier| format!("tier {tier}"));
        cheapest.map_or_else(
            || format!("{words} none"),
            |row| format!("{words} {} {}", cut(&row.model), price_text(run, row, axis)),
        )
    };
    tiers.into_iter().map(name_tier).collect()
}

/// By price, unknown ones last; then by p99. What is still equal keeps the registry's order.
pub(crate) fn cheaper(a: &CellRow, b: &CellRow, axis: PriceAxis) -> Ordering {
    let price = |row: &CellRow| axis.of(row).map_or((1, 0), |price| (0, price.picos_per_token()));
    price(a).cmp(&price(b)).then_with(|| match (a.primary_latency().p99, b.primary_latency().p99) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    })
}

/// The name on charts of what answered: a route's own, else the model's label where the run has noted one, or its id, see
/// [`cut`]; with the letter of its
/// variant where several are compared.
pub(crate) fn shown(run: &Run, row: &CellRow) -> String {
    if let Some(route) = &row.route {
        return cut(route) + &letter_of(run, row);
    }
    let note = run.manifest.cells.iter().find(|note| note.cell == row.cell);
    cut(note.map_or(row.model.as_str(), |note| note.label.as_str())) + &letter_of(run, row)
}

/// ` (B)` for a row of the second variant; empty where nothing is compared.
pub(crate) fn letter_of(run: &Run, row: &CellRow) -> String {
    run.variant_of(row).map_or_else(String::new, |variant| format!(" ({})", letter(variant)))
}

/// `A` for the first variant, a number beyond the alphabet.
fn letter(variant: usize) -> String {
    u8::try_from(variant)
        .ok()
        .filter(|variant| *variant < 26)
        .map_or_else(|| (variant + 1).to_string(), |variant| char::from(b'A' + variant).to_string())
}

/// Which letter stands for which variant; absent where nothing is compared.
pub(crate) fn letters(run: &Run) -> Option<String> {
    let names = run.manifest.variants.iter().enumerate().map(|(index, name)| match index {
        0 => format!("A, grey, is {}", cut(name)),
        _ => format!("{} is {}", letter(index), cut(name)),
    });
    (!run.manifest.variants.is_empty()).then(|| names.collect::<Vec<_>>().join(", "))
}

/// The same where nothing is coloured: `A is baseline, B is candidate`.
pub(crate) fn letters_in_text(run: &Run) -> Option<String> {
    let names = run.manifest.variants.iter().enumerate();
    let names: Vec<String> = names.map(|(index, name)| format!("{} is {}", letter(index), cut(name))).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A name without control characters, and cut where it is very long.
fn cut(name: &str) -> String {
    let mut letters = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let name: String = letters.by_ref().take(LONGEST_NAME).collect();
    if letters.next().is_some() { name + "…" } else { name }
}

/// The most letters of a name that a sentence or a chart repeats.
const LONGEST_NAME: usize = 48;

/// The price of `row` that `axis` shows, with the marks that it earns.
pub(crate) fn price_text(run: &Run, row: &CellRow, axis: PriceAxis) -> String {
    let Some(price) = axis.of(row) else {
        return "at an unknown price".to_owned();
    };
    let price = if axis == PriceAxis::List { figures::list_price(price) } else { figures::measured_price(price) };
    figures::marked(&price, figures::Trust { assumed: axis.is_assumed(run, row), partial: false })
}

/// Whether the output price of `row` is an assumption and no published figure.
pub(crate) fn assumes_price(run: &Run, row: &CellRow) -> bool {
    let note = run.manifest.cells.iter().find(|note| note.cell == row.cell).and_then(|note| note.price.as_ref());
    note.is_some_and(|price| price.rates.assumed.iter().any(|key| key == "output"))
}

fn counts(judged: &[(&CellRow, Standing)], of: usize) -> String {
    // What is wrong with an invalid cell is not that its requests are too few.
    let (invalid, judged): (Vec<_>, Vec<_>) = judged.iter().partition(|(row, _)| row.valid == Some(false));
    let count = |standing| judged.iter().filter(|(_, each)| *each == standing).count();
    let mut parts = Vec::new();
    for standing in [Standing::Meets, Standing::Misses, Standing::CannotTell] {
        let mut part = format!("{} {}", count(standing), verb(standing, count(standing)));
        if standing == Standing::Meets {
            part = format!("{} of {of} {}", count(standing), verb(standing, count(standing)));
        }
        if standing == Standing::CannotTell && count(standing) > 0 {
            let unsure: Vec<u64> =
                judged.iter().filter(|(_, each)| *each == standing).map(|(row, _)| row.requests).collect();
            part.push_str(&at_n(&unsure));
        }
        // Of one endpoint, what it does says it all.
        if count(standing) > 0 || standing == Standing::Meets && of > 1 {
            parts.push(part);
        }
    }
    match invalid.len() {
        0 => {}
        1 => parts.push("1 is invalid".to_owned()),
        more => parts.push(format!("{more} are invalid")),
    }
    match of - judged.len() - invalid.len() {
        0 => {}
        1 => parts.push("1 has no limit or no request".to_owned()),
        more => parts.push(format!("{more} have no limit or no request")),
    }
    format!("{}.", parts.join(", "))
}

fn verb(standing: Standing, count: usize) -> &'static str {
    match standing {
        Standing::Meets if count == 1 => "meets",
        Standing::Misses if count == 1 => "misses",
        _ => standing.verb(),
    }
}

/// ` at n = 600`, and what a p99 would need where n is too small for one.
fn at_n(requests: &[u64]) -> String {
    let least = requests.iter().copied().min().unwrap_or(0);
    let most = requests.iter().copied().max().unwrap_or(0);
    let n = format!(" at n = {}", figures::count_or_range(least, most));
    if least < LEAST_N_FOR_P99 { format!("{n} (an interval of p99 needs {LEAST_N_FOR_P99})") } else { n }
}

/// What there is to say of `rows` where none of them has a p99 to speak of: that they cannot be judged, or are too few.
pub(crate) fn without_a_p99(rows: &[&CellRow], on: &str, origin: &str) -> String {
    match rows {
        [row] if row.valid == Some(false) => format!("The only endpoint is invalid{on}, {origin}: it is not judged."),
        [_, ..] if rows.iter().all(|row| row.valid == Some(false)) => {
            format!("All {} are invalid{on}, {origin}: none is judged.", endpoints(rows.len()))
        }
        _ => format!("No endpoint that can be judged has the 100 successes that a p99 takes{on}, {origin}."),
    }
}

fn endpoints(count: usize) -> String {
    figures::several(count as u64, "endpoint")
}

/// What must be said of a run that did not end in order.
pub(crate) const fn partial(status: Status) -> Option<&'static str> {
    match status {
        Status::Finished => None,
        Status::Running => Some("Partial: the run is still under way, or it died."),
        Status::Interrupted => Some("Partial: the run was interrupted."),
        Status::OverBudget => Some("Partial: the run was stopped by its budget."),
    }
}

#[cfg(test)]
mod tests;
