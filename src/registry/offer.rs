//! `[[model.at]]` and its prices.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::conf::{Field, Table};
use crate::registry::model::{Offer, Price, PriceKey};

/// The offers of the model `id`; that it has none is noted.
pub(super) fn read_offers(model: &Table<'_>, id: &str, provider_ids: &[String], region_ids: &[String]) -> Vec<Offer> {
    let tables = model.tables("at");
    if tables.is_empty() {
        model.lacks(&format!("`{id}` is offered nowhere, must have a `[[model.at]]` with its provider"));
    }
    let mut taken = BTreeSet::new();
    tables.into_iter().map(|table| read_offer(table, id, provider_ids, region_ids, &mut taken)).collect()
}

fn read_offer(
    table: Table<'_>,
    model: &str,
    provider_ids: &[String],
    region_ids: &[String],
    taken: &mut BTreeSet<(usize, Option<usize>)>,
) -> Offer {
    let provider = table.required("provider", "provider = \"global-apis\"");
    let provider = provider.and_then(|field| index_of(field, provider_ids, "is not a `[[provider]]` of this file"));
    let mut regions = Vec::new();
    for field in table.optional("regions").map(Field::elements).unwrap_or_default() {
        let Some(region) = index_of(field, region_ids, "is not a `[[region]]` of this file") else { continue };
        if provider.is_some_and(|provider| !taken.insert((provider, Some(region)))) {
            field.fault(&format!("names `{}` a second time for this provider, must name it once", region_ids[region]));
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
        prices: read_prices(&table),
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
fn read_prices(offer: &Table<'_>) -> Vec<Price> {
    let mut seen = BTreeSet::new();
    let mut prices: Vec<Price> = offer.tables("price").into_iter().map(|table| read_price(table, &mut seen)).collect();
    prices.sort_by_key(|price| price.from);
    prices
}

fn read_price(table: Table<'_>, seen: &mut BTreeSet<Date>) -> Price {
    let day = table.required("from", "from = \"2026-05-01\"");
    let from = day.and_then(Field::date);
    if let (Some(day), Some(from)) = (day, from)
        && !seen.insert(from)
    {
        day.fault(&format!("is `{from}` a second time, must be different from the other prices here"));
    }
    if let Some(currency) = table.optional("currency")
        && let Some(code) = currency.string()
        && code != "USD"
    {
        let problem = format!("is `{code}`, must be \"USD\": other currencies are not supported yet");
        currency.fault_with_hint(&problem, "convert the prices, and name the rate and its day in `source`");
    }
    refuse_what_is_not_counted(&table);
    let assumed = read_assumed(&table);
    let price = Price {
        from: from.unwrap_or_default(),
        currency: "USD".to_owned(),
        input: table.optional("input").and_then(Field::decimal),
        output: table.optional("output").and_then(Field::decimal),
        cached_input: table.optional("cached_input").and_then(Field::decimal),
        reasoning: table.optional("reasoning").and_then(Field::decimal),
        per_request: table.optional("per_request").and_then(Field::decimal),
        per_image: table.optional("per_image").and_then(Field::decimal),
        assumed,
        source: table.optional_string("source"),
    };
    table.finish();
    price
}

/// Prices that exist and that no cost contains yet are refused: a bill without them would be wrong in silence.
fn refuse_what_is_not_counted(price: &Table<'_>) {
    if let Some(field) = price.optional("cache_write") {
        field.fault("is not supported yet: tokens written to a cache are not counted; leave it out");
    }
    if let Some(field) = price.optional("override") {
        field.fault("is not supported yet: a price cannot depend on time, length or service tier; leave it out");
    }
}

/// The assumed figures, each of which must be given.
fn read_assumed(price: &Table<'_>) -> BTreeSet<PriceKey> {
    let fields = price.optional("assumed").map(Field::elements).unwrap_or_default();
    let read = |field: Field<'_>| {
        let key = field.one_of(&PriceKey::NAMED)?;
        let (name, _) = PriceKey::NAMED.iter().find(|(_, named)| *named == key).expect("every key has a name");
        if price.optional(name).is_none() {
            field.fault(&format!("names `{name}`, which is not given here: give the assumed price"));
        }
        Some(key)
    };
    fields.into_iter().filter_map(read).collect()
}
