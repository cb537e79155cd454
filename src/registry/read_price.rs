//! `[[model.at.price]]` and what overrides it.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::conf::{Field, Table};
use crate::registry::exchange::{ExchangeRate, read_currency};
use crate::registry::price::{Condition, Override, Price, PriceKey, Rates, UtcWindow};

/// One price row; `seen` holds the days of the rows before it.
pub(super) fn read_price(table: Table<'_>, known: &[ExchangeRate], seen: &mut BTreeSet<Date>) -> Price {
    let day = table.required("from", "from = \"2026-05-01\"");
    let from = day.and_then(Field::date);
    if let (Some(day), Some(from)) = (day, from)
        && !seen.insert(from)
    {
        day.fault(&format!("is `{from}` a second time, must be different from the other prices here"));
    }
    let code = table.optional("currency");
    let currency = code.and_then(read_currency).unwrap_or_else(|| "USD".to_owned());
    if let Some(code) = code.filter(|_| currency != "USD" && !known.iter().any(|rate| rate.currency == currency)) {
        code.fault_with_hint(
            &format!("is `{currency}`, which has no `[[exchange_rate]]` in this file"),
            &format!("add one: `[[exchange_rate]]` with `currency = \"{currency}\"`, `from` and `usd`"),
        );
    }
    let price = Price {
        from: from.unwrap_or_default(),
        currency,
        rates: read_rates(&table),
        overrides: read_overrides(table.tables("override")),
        source: table.optional_string("source"),
    };
    table.finish();
    price
}

fn read_rates(table: &Table<'_>) -> Rates {
    Rates {
        input: table.optional("input").and_then(Field::decimal),
        output: table.optional("output").and_then(Field::decimal),
        cached_input: table.optional("cached_input").and_then(Field::decimal),
        cache_write: table.optional("cache_write").and_then(Field::decimal),
        reasoning: table.optional("reasoning").and_then(Field::decimal),
        per_request: table.optional("per_request").and_then(Field::decimal),
        per_image: table.optional("per_image").and_then(Field::decimal),
        assumed: read_assumed(table),
    }
}

/// The assumed figures, each of which must be given.
fn read_assumed(price: &Table<'_>) -> BTreeSet<PriceKey> {
    let fields = price.optional("assumed").map(Field::elements).unwrap_or_default();
    let read = |field: Field<'_>| {
        let key = field.one_of(&PriceKey::NAMED)?;
        let name = key.name();
        if price.optional(name).is_none() {
            field.fault(&format!("names `{name}`, which is not given here: give the assumed price"));
        }
        Some(key)
    };
    fields.into_iter().filter_map(read).collect()
}

/// The overrides in the file's order. Two of the same kind that decide the same figure of one request are a mistake.
fn read_overrides(tables: Vec<Table<'_>>) -> Vec<Override> {
    let mut read: Vec<Override> = Vec::with_capacity(tables.len());
    for table in tables {
        let change = Override { when: read_condition(&table), rates: read_rates(&table) };
        let given = |(_, key): &(&str, PriceKey)| change.rates.figure(*key).is_some();
        if change.when == Condition::default() {
            table.fault(
                "has no condition, must have `input_tokens_over`, `utc`, `weekdays` or `service_tier`; \
                 what holds for every request stands in the price itself",
            );
        } else if !PriceKey::NAMED.iter().any(given) {
            table.fault("gives no price, must give at least one, such as `input = \"0.60\"`");
        }
        if let Some((before, key)) = read.iter().enumerate().find_map(|(place, earlier)| {
            let key = PriceKey::NAMED
                .iter()
                .find(|(_, key)| earlier.rates.figure(*key).is_some() && change.rates.figure(*key).is_some());
            key.filter(|_| overlaps(&earlier.when, &change.when)).map(|(name, _)| (place + 1, *name))
        }) {
            table.fault(&format!(
                "overlaps with override {before} of this price, and both give `{key}`: a request could be charged \
                 by either; must differ in time, service tier or a higher `input_tokens_over`"
            ));
        }
        table.finish();
        read.push(change);
    }
    read
}

/// Whether a request may meet both conditions although they speak of the same things, so that neither is meant to
/// be the narrower. Of two cliffs the later is, if it is higher.
fn overlaps(earlier: &Condition, later: &Condition) -> bool {
    let speaks_of = |when: &Condition| {
        (when.input_tokens_over.is_some(), when.utc.is_empty(), when.weekdays.is_empty(), when.service_tier.is_some())
    };
    let higher = later.input_tokens_over > earlier.input_tokens_over;
    speaks_of(earlier) == speaks_of(later)
        && earlier.service_tier == later.service_tier
        && !higher
        && earlier.meets(later)
}

fn read_condition(table: &Table<'_>) -> Condition {
    let days = table.optional("weekdays").map(Field::elements).unwrap_or_default();
    let windows = table.optional("utc").map(Field::elements).unwrap_or_default();
    let mut weekdays = BTreeSet::new();
    for field in days {
        let Some(day) = field.integer(1..=7) else { continue };
        if !weekdays.insert(u8::try_from(day).expect("a day is at most 7")) {
            field.fault(&format!("names day {day} a second time, must name it once"));
        }
    }
    Condition {
        input_tokens_over: table.optional("input_tokens_over").and_then(|field| field.integer(1..=u64::MAX)),
        utc: windows.into_iter().filter_map(read_window).collect(),
        weekdays,
        service_tier: table.optional_string("service_tier"),
    }
}

/// A window such as `"01:00-04:00"`.
fn read_window(field: Field<'_>) -> Option<UtcWindow> {
    let text = field.string()?;
    let window = UtcWindow::parse(text);
    if window.is_none() {
        field.fault(&format!("is `{text}`, must be two times of day in UTC such as \"01:00-04:00\""));
    }
    window
}
