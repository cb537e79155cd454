//! Prices of a baseline and of a candidate: whether they differ, and whether they may be relied on alike.

use crate::gate::measure::{Bound, Measure};
use crate::rundir::{CellNote, PriceNote, RatesNote};
use crate::units::UsdPerMtok;

/// Whether `candidate` is dearer than `baseline` by more than `margin`, exactly where that is 0.
pub(in crate::gate) fn is_dearer(baseline: UsdPerMtok, candidate: UsdPerMtok, margin: Bound) -> bool {
    let (was, is) = (baseline.picos_per_token(), candidate.picos_per_token());
    let allowed = match margin {
        Bound::Absolute(usd) => usd * 1e6,
        Bound::Ratio(share) | Bound::Points(share) => was as f64 * share,
    };
    // Picodollars a token are whole, so that what a share of them comes to may be rounded.
    is - was > allowed.round() as i128
}

/// The list price that `measure` is about; absent where it is unknown.
pub(in crate::gate) fn list_price(note: &CellNote, measure: Measure) -> Option<UsdPerMtok> {
    let rates = &note.price.as_ref()?.rates;
    if measure == Measure::ListInputPrice { rates.input_usd_per_mtok } else { rates.output_usd_per_mtok }
}

/// What an unknown or assumed list price on one side alone is called; absent where both may be relied on alike.
pub(in crate::gate) fn list_price_doubt(baseline: &CellNote, candidate: &CellNote, measure: Measure) -> Option<String> {
    let key = if measure == Measure::ListInputPrice { "input" } else { "output" };
    let known = |note: &CellNote| list_price(note, measure).map(|price| price.to_string());
    let assumed =
        |note: &CellNote| note.price.as_ref().is_some_and(|price| price.rates.assumed.iter().any(|name| name == key));
    let (was, is) = (known(baseline), known(candidate));
    let doubt = |kind: &str, note: &CellNote| Some(format!("the {key} price of `{}` is {kind}", note.model));
    match (was.is_some(), is.is_some()) {
        (true, false) => return doubt("unknown", candidate),
        (false, true) => return doubt("unknown", baseline),
        _ => {}
    }
    // The same assumption on both sides is the same mistake on both sides, if it is one.
    match (assumed(baseline), assumed(candidate)) {
        (false, false) => None,
        (true, true) if was == is => None,
        (true, _) => doubt("assumed", baseline),
        (false, true) => doubt("assumed", candidate),
    }
}

/// What an unknown or assumed price that bears on one side alone, or on each in another size, is called; absent where all may
/// be relied on alike.
pub(in crate::gate) fn cost_doubt(baseline: &CellNote, candidate: &CellNote) -> Option<String> {
    let [was, is] = [baseline, candidate].map(|note| doubts(note.price.as_ref()));
    if was == is {
        return None;
    }
    let differs = |one: &[Doubt], other: &[Doubt]| one.iter().find(|doubt| !other.contains(doubt)).cloned();
    let (doubt, note) = match differs(&is, &was) {
        Some(doubt) => (doubt, candidate),
        None => (differs(&was, &is)?, baseline),
    };
    Some(format!("the {} price of `{}` is {}", doubt.key, note.model, doubt.kind))
}

/// Whether no price is known that costs could be compared by.
///
/// One unknown price is enough. What the known ones come to is not compared in its stead, not even where the same price is
/// unknown on both sides: the tokens that it multiplies are what differs between variants, as the length of answers does, so that
/// a candidate which doubles them would pass by the cost of its prompts. The unknown part would only cancel where both
/// sides have the same number of such tokens in each round, which measured answers never have.
pub(in crate::gate) fn is_unpriced(note: &CellNote) -> bool {
    has_no_price(note.price.as_ref())
}

/// Whether the price row lacks a price of input or output, or there is none.
pub(in crate::gate) fn has_no_price(price: Option<&PriceNote>) -> bool {
    price
        .map(|price| &price.rates)
        .is_none_or(|rates| rates.input_usd_per_mtok.is_none() || rates.output_usd_per_mtok.is_none())
}

/// A price that is not known for sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gate) struct Doubt {
    pub(in crate::gate) key: String,
    /// `unknown` or `assumed`.
    pub(in crate::gate) kind: &'static str,
    figure: Option<String>,
}

pub(in crate::gate) fn doubts(price: Option<&PriceNote>) -> Vec<Doubt> {
    let unknown = |key: &str| Doubt { key: key.to_owned(), kind: "unknown", figure: None };
    let Some(price) = price else { return vec![unknown("input"), unknown("output")] };
    let rates = &price.rates;
    let lacks = [("input", rates.input_usd_per_mtok), ("output", rates.output_usd_per_mtok)];
    let mut found: Vec<Doubt> =
        lacks.into_iter().filter(|(_, figure)| figure.is_none()).map(|(key, _)| unknown(key)).collect();
    let all = std::iter::once(rates).chain(price.overrides.iter().map(|change| &change.rates));
    for rates in all {
        found.extend(rates.assumed.iter().map(|key| Doubt {
            key: key.clone(),
            kind: "assumed",
            figure: figure(rates, key),
        }));
    }
    found
}

/// The figure of the price `key`, as it is named in the registry.
fn figure(rates: &RatesNote, key: &str) -> Option<String> {
    let per_mtok = match key {
        "input" => rates.input_usd_per_mtok,
        "output" => rates.output_usd_per_mtok,
        "cached_input" => rates.cached_input_usd_per_mtok,
        "cache_write" => rates.cache_write_usd_per_mtok,
        "reasoning" => rates.reasoning_usd_per_mtok,
        _ => None,
    };
    let each = match key {
        "per_request" => rates.per_request_usd,
        "per_image" => rates.per_image_usd,
        _ => None,
    };
    per_mtok.map(|price| price.to_string()).or_else(|| each.map(|amount| amount.to_string()))
}
