//! genai-prices' `data.json`: US dollars a million tokens, with conditions.

use jiff::civil::{Date, Time};
use serde_json::value::RawValue;

use crate::registry::catalogue::decimal::Unit;
use crate::registry::catalogue::entry::{Entry, Host, Lost, set};
use crate::registry::catalogue::error::CatalogueError;
use crate::registry::catalogue::fields::{Fields, Source};
use crate::registry::catalogue::import::{Catalogue, Found, Task};
use crate::registry::price::{Condition, Override, Price, PriceKey, Rates, UtcWindow};

const FIGURES: [(&str, PriceKey, Unit); 6] = [
    ("input_mtok", PriceKey::Input, Unit::MillionTokens),
    ("output_mtok", PriceKey::Output, Unit::MillionTokens),
    ("output_reasoning_mtok", PriceKey::Reasoning, Unit::MillionTokens),
    ("cache_read_mtok", PriceKey::CachedInput, Unit::MillionTokens),
    ("cache_write_mtok", PriceKey::CacheWrite, Unit::MillionTokens),
    ("requests_kcount", PriceKey::PerRequest, Unit::ThousandPieces),
];

fn providers<'t>(source: &Source<'t>) -> Option<Vec<&'t RawValue>> {
    serde_json::from_str(source.text).ok()
}

/// Whether it is a list of providers with lists of models.
pub(super) fn is_like(source: &Source<'_>) -> bool {
    let has_models = |raw| {
        let provider = Source::object(raw);
        provider.and_then(|provider| Source::array(provider.get("models")?)).is_some()
    };
    providers(source).is_some_and(|all| !all.is_empty() && all.iter().all(|raw| has_models(raw)))
}

/// Every entry that is asked for.
pub(super) fn read(task: &Task<'_, '_>) -> Result<Found, CatalogueError> {
    let mut found = Found::default();
    for (place, raw) in providers(&task.source).unwrap_or_default().into_iter().enumerate() {
        let unnamed = format!("[{place}]");
        let id = task.source.fields(&unnamed, raw)?.text("id").unwrap_or(unnamed);
        let mut provider = task.source.fields(&id, raw)?;
        let _ = provider.text("id");
        let models = provider.take("models").and_then(Source::array).unwrap_or_default();
        let page = provider.texts("pricing_urls").into_iter().next();
        let mut is_used = false;
        for (place, raw) in models.into_iter().enumerate() {
            let unnamed = format!("models[{place}]");
            let mut fields = task.source.fields(&unnamed, raw)?;
            let name = fields.text("id").unwrap_or(unnamed);
            let key = format!("{id}/{name}");
            if !(task.wanted)(&key) && !(task.wanted)(&name) {
                continue;
            }
            (found.seen, is_used) = (found.seen + 1, true);
            let mut fields = fields.called(&key);
            let prices = read_prices(task, &mut fields, page.as_deref(), &mut found.lost)?;
            found.entries.push(Entry {
                key,
                host: Host { id: id.clone(), base_url: None, api_key_env: None },
                model: name.clone(),
                send_as: name,
                label: fields.text("name"),
                context: fields.count("context_window"),
                output_limit: None,
                capabilities: std::collections::BTreeSet::new(),
                prices,
            });
            fields.list_rest(&mut found.lost);
        }
        if is_used {
            provider.list_rest(&mut found.lost);
        }
    }
    Ok(found)
}

/// Of several rows with conditions the last that holds counts: one from a day on is a price row of its own, one at a
/// time of day an override of the row before it.
fn read_prices(
    task: &Task<'_, '_>,
    fields: &mut Fields<'_>,
    page: Option<&str>,
    lost: &mut Vec<Lost>,
) -> Result<Vec<Price>, CatalogueError> {
    let row = |from: Date, (rates, overrides): (Rates, Vec<Override>)| Price {
        from,
        currency: "USD".to_owned(),
        rates,
        overrides,
        source: Some(task.stamp.words(Catalogue::GenaiPrices, page)),
    };
    if let Some(mut plain) = fields.inner("prices") {
        let read = read_rates(&mut plain, lost)?;
        plain.list_rest(lost);
        return Ok(vec![row(task.stamp.date, read)]);
    }
    let rows = fields.inners("prices");
    let is_dated = rows.len() > 1;
    let mut prices: Vec<Price> = Vec::new();
    for mut condition in rows {
        let (mut day, mut window) = (None, None);
        if let Some(mut constraint) = condition.inner("constraint") {
            day = constraint.text("start_date").and_then(|text| text.parse::<Date>().ok());
            let time = |text: Option<String>| text?.trim_end_matches('Z').parse::<Time>().ok();
            let (start, end) = (time(constraint.text("start_time")), time(constraint.text("end_time")));
            window = start.zip(end).map(|(start, end)| UtcWindow { start, end });
            constraint.list_rest(lost);
        }
        let Some(mut figures) = condition.inner("prices") else { continue };
        let (rates, steps) = read_rates(&mut figures, lost)?;
        figures.list_rest(lost);
        condition.list_rest(lost);
        match (window, prices.last_mut()) {
            (Some(window), Some(before)) if day.is_none() => {
                let utc = vec![window];
                let steps = steps
                    .into_iter()
                    .map(|step| Override { when: Condition { utc: utc.clone(), ..step.when }, rates: step.rates });
                let when = Condition { utc: utc.clone(), ..Condition::default() };
                before.overrides.extend(std::iter::once(Override { when, rates }).chain(steps));
            }
            // What held before the first day that is named has always held, as far as the catalogue knows.
            _ => {
                let from = day.unwrap_or(if is_dated { Date::constant(1970, 1, 1) } else { task.stamp.date });
                prices.retain(|known| known.from != from);
                prices.push(row(from, (rates, steps)));
            }
        }
    }
    prices.sort_by_key(|price| price.from);
    Ok(prices)
}

/// The figures, and those for longer prompts.
fn read_rates(figures: &mut Fields<'_>, lost: &mut Vec<Lost>) -> Result<(Rates, Vec<Override>), CatalogueError> {
    let mut rates = Rates::default();
    let mut steps: Vec<(u64, Rates)> = Vec::new();
    for (name, key, unit) in FIGURES {
        if let Some(mut tiered) = figures.inner(name) {
            if let Some(picos) = tiered.price("base", unit, lost)? {
                set(&mut rates, key, picos);
            }
            for mut tier in tiered.inners("tiers") {
                if let Some(over) = tier.count("start")
                    && let Some(picos) = tier.price("price", unit, lost)?
                {
                    let place = steps.iter().position(|(known, _)| *known == over).unwrap_or_else(|| {
                        steps.push((over, Rates::default()));
                        steps.len() - 1
                    });
                    set(&mut steps[place].1, key, picos);
                }
                tier.list_rest(lost);
            }
            tiered.list_rest(lost);
        } else if let Some(picos) = figures.price(name, unit, lost)? {
            set(&mut rates, key, picos);
        }
    }
    steps.sort_by_key(|(over, _)| *over);
    let steps = steps.into_iter().map(|(over, rates)| Override {
        when: Condition { input_tokens_over: Some(over), ..Condition::default() },
        rates,
    });
    Ok((rates, steps.collect()))
}
