//! `[[model.at]]` and its prices.

use std::collections::BTreeSet;

use crate::conf::{Field, Table};
use crate::registry::exchange::ExchangeRate;
use crate::registry::model::Offer;
use crate::registry::price::Price;
use crate::registry::read_price::read_price;

/// What an offer may name.
pub(super) struct Known<'k> {
    /// The ids of all providers.
    pub(super) providers: &'k [String],
    /// The ids of all regions.
    pub(super) regions: &'k [String],
    /// The rates of other currencies.
    pub(super) exchange_rates: &'k [ExchangeRate],
}

/// The offers of the model `id`; that it has none is noted.
pub(super) fn read_offers(model: &Table<'_>, id: &str, known: &Known<'_>) -> Vec<Offer> {
    let tables = model.tables("at");
    if tables.is_empty() {
        model.lacks(&format!("`{id}` is offered nowhere, must have a `[[model.at]]` with its provider"));
    }
    let mut taken = BTreeSet::new();
    tables.into_iter().map(|table| read_offer(table, id, known, &mut taken)).collect()
}

fn read_offer(table: Table<'_>, model: &str, known: &Known<'_>, taken: &mut BTreeSet<(usize, Option<usize>)>) -> Offer {
    let provider = table.required("provider", "provider = \"global-apis\"");
    let provider = provider.and_then(|field| index_of(field, known.providers, "is not a `[[provider]]` of this file"));
    let mut regions = Vec::new();
    for field in table.optional("regions").map(Field::elements).unwrap_or_default() {
        let Some(region) = index_of(field, known.regions, "is not a `[[region]]` of this file") else { continue };
        if provider.is_some_and(|provider| !taken.insert((provider, Some(region)))) {
            field.fault(&format!(
                "names `{}` a second time for this provider, must name it once",
                known.regions[region]
            ));
        }
        regions.push(region);
    }
    if table.optional("regions").is_none() && provider.is_some_and(|provider| !taken.insert((provider, None))) {
        table.fault(&format!("`{model}` stands at this provider a second time, must have different `regions`"));
    }
    let send_as = table.optional("send_as");
    let offer = Offer {
        provider: provider.unwrap_or_default(),
        send_as: send_as.and_then(Field::string).unwrap_or(model).to_owned(),
        regions,
        prices: read_prices(&table, known.exchange_rates),
    };
    table.finish();
    offer
}

/// The position of the name that stands in `field`; a name that is not known is noted.
fn index_of(field: Field<'_>, known: &[String], problem: &str) -> Option<usize> {
    let name = field.string()?;
    let index = known.iter().position(|known| known == name);
    if index.is_none() {
        field.unknown_name(problem, known.iter().map(String::as_str).filter(|known| !known.is_empty()));
    }
    index
}

/// The price rows, oldest first.
fn read_prices(offer: &Table<'_>, known: &[ExchangeRate]) -> Vec<Price> {
    let mut seen = BTreeSet::new();
    let mut prices: Vec<Price> =
        offer.tables("price").into_iter().map(|table| read_price(table, known, &mut seen)).collect();
    prices.sort_by_key(|price| price.from);
    prices
}
