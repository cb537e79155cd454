//! Prices that are unknown or assumed of the models that a table calls.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::conf::Review;
use crate::registry::{Endpoint, PriceKey, Registry};
use crate::routes::name::Name;
use crate::routes::table::{Action, OnOverflow, Table};

/// Notes each model without a price on `today` once, and gives those of which a price is an assumption.
pub(super) fn note_prices(
    table: &Table,
    registry: &Registry,
    today: Date,
    review: &mut Review<'_>,
) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut assumed = BTreeSet::new();
    for name in called(table).into_iter().filter(|name| !name.is_empty()) {
        if !seen.insert(name.text.as_str()) {
            continue;
        }
        let endpoints = registry.endpoints().filter(|endpoint| registry.model(*endpoint).id == **name);
        let mut unknown = BTreeSet::new();
        for endpoint in endpoints {
            let (missing, is_assumed) = prices(registry, endpoint, today);
            unknown.extend(missing);
            if is_assumed {
                assumed.insert(name.text.clone());
            }
        }
        if !unknown.is_empty() {
            let keys: Vec<&str> = unknown.into_iter().map(PriceKey::name).collect();
            let price = if keys.len() == 1 { "price" } else { "prices" };
            let message = format!("the {} {price} of `{name}` on {today} is unknown", keys.join(" and "));
            let message = if keys.len() == 1 { message } else { message.replace(" is unknown", " are unknown") };
            let hint = "what its requests cost stays unknown: give the registry a price, or `--assume-price`";
            review.warning(name.span.clone(), message, Some(hint.to_owned()));
        }
    }
    assumed
}

/// Which of the input and output price are unknown, and whether one of the two is assumed.
fn prices(registry: &Registry, endpoint: Endpoint, today: Date) -> (Vec<PriceKey>, bool) {
    let pricing = registry.pricing(endpoint);
    let keys = [PriceKey::Input, PriceKey::Output];
    let Some(row) = pricing.on(today) else { return (keys.to_vec(), false) };
    let rates = &row.price.rates;
    let missing = keys.into_iter().filter(|key| rates.figure(*key).is_none()).collect();
    (missing, keys.iter().any(|key| rates.assumed.contains(key)))
}

/// Every model that the table names, in the order of calls.
pub(super) fn called(table: &Table) -> Vec<&Name> {
    let mut names: Vec<&Name> = table.classifier.iter().map(|classifier| &classifier.model).collect();
    for route in &table.routes {
        let Action::Send { primary, fallback, on_overflow, .. } = &route.action else { continue };
        names.extend(primary.iter().chain(fallback).map(|target| &target.model));
        match on_overflow {
            OnOverflow::Escalate { to: model } | OnOverflow::Chunk { with: model } => names.push(model),
            OnOverflow::Reject => {}
        }
    }
    names
}
