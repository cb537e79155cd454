//! LiteLLM's table of models: US dollars a token, as floats.

use std::collections::BTreeMap;

use crate::registry::catalogue::decimal::Unit;
use crate::registry::catalogue::entry::{Entry, Host, Lost, Why, set};
use crate::registry::catalogue::error::CatalogueError;
use crate::registry::catalogue::fields::{Fields, Object, Source, read_count};
use crate::registry::catalogue::import::{Catalogue, Found, Task};
use crate::registry::model::Capability;
use crate::registry::price::{Condition, Override, Price, PriceKey, Rates, UtcWindow};

/// Whether most entries name their provider as this catalogue does.
pub(super) fn is_like(source: &Source<'_>) -> bool {
    let Ok(root) = serde_json::from_str::<Object<'_>>(source.text) else { return false };
    let named = |raw| Source::object(raw).is_some_and(|entry| entry.contains_key("litellm_provider"));
    root.values().filter(|raw| named(raw)).count() * 2 > root.len()
}

/// Every entry that is asked for.
pub(super) fn read(task: &Task<'_, '_>) -> Result<Found, CatalogueError> {
    let root: Object<'_> = serde_json::from_str(task.source.text).unwrap_or_default();
    let mut found = Found::default();
    for (key, raw) in &root {
        let mut fields = task.source.fields(key, raw)?;
        let provider = fields.text("litellm_provider");
        let prefix = provider.as_ref().map(|provider| format!("{provider}/"));
        let bare = prefix.and_then(|prefix| key.strip_prefix(&prefix)).unwrap_or(key);
        if !(task.wanted)(key) && !(task.wanted)(bare) {
            continue;
        }
        found.seen += 1;
        let mode = fields.text("mode");
        // `sample_spec` explains the format and is no model.
        let chats = matches!(mode.as_deref(), Some("chat" | "completion" | "responses") | None) && key != "sample_spec";
        match provider.filter(|_| chats) {
            Some(id) => {
                let entry = read_entry(task, fields, id, bare, &mut found.lost)?;
                found.entries.push(entry);
            }
            None => found.lost.push(fields.lost_whole(Why::NotChat)),
        }
    }
    Ok(found)
}

fn read_entry(
    task: &Task<'_, '_>,
    mut fields: Fields<'_>,
    provider: String,
    bare: &str,
    lost: &mut Vec<Lost>,
) -> Result<Entry, CatalogueError> {
    let mut rates = Rates::default();
    let mut changes: BTreeMap<(Option<u64>, Option<String>), Rates> = BTreeMap::new();
    for name in fields.names() {
        let Some((key, over, tier)) = figure(&name) else { continue };
        let unit = if key.is_per_mtok() { Unit::Token } else { Unit::Piece };
        if let Some(picos) = fields.price(&name, unit, lost)? {
            let plain = over.is_none() && tier.is_none();
            set(if plain { &mut rates } else { changes.entry((over, tier)).or_default() }, key, picos);
        }
    }
    // An older name for the price of cached tokens.
    if let Some(picos) = fields.price("input_cost_per_token_cache_hit", Unit::Token, lost)?
        && rates.cached_input.is_none()
    {
        set(&mut rates, PriceKey::CachedInput, picos);
    }
    for mut step in fields.inners("tiered_pricing") {
        let over = range_start(&mut step);
        for name in step.names() {
            if let (Some((key, None, None)), Some(over)) = (figure(&name), over)
                && let Some(picos) = step.price(&name, Unit::Token, lost)?
            {
                let over = Some(over).filter(|over| *over > 0);
                set(if over.is_none() { &mut rates } else { changes.entry((over, None)).or_default() }, key, picos);
            }
        }
        step.list_rest(lost);
    }
    let changes = changes.into_iter().map(|((over, tier), rates)| Override {
        when: Condition { input_tokens_over: over, service_tier: tier, ..Condition::default() },
        rates,
    });
    let mut overrides: Vec<Override> = changes.collect();
    if let Some(off_peak) = fields.inner("off_peak_pricing") {
        overrides.extend(read_off_peak(off_peak, lost)?);
    }
    let page = fields.text("source");
    let capabilities = [
        ("supports_vision", Capability::Vision),
        ("supports_reasoning", Capability::Reasoning),
        ("supports_function_calling", Capability::Tools),
        ("supports_response_schema", Capability::Json),
    ];
    let priced = PriceKey::NAMED.iter().any(|(_, key)| rates.figure(*key).is_some()) || !overrides.is_empty();
    let source = Some(task.stamp.words(Catalogue::LiteLlm, page.as_deref()));
    let price = Price { from: task.stamp.date, currency: "USD".to_owned(), rates, overrides, source };
    let entry = Entry {
        key: fields.entry().to_owned(),
        host: Host { id: provider, base_url: None, api_key_env: None },
        model: bare.to_owned(),
        send_as: bare.to_owned(),
        label: None,
        context: fields.count("max_input_tokens"),
        output_limit: fields.count("max_output_tokens"),
        capabilities: capabilities.into_iter().filter(|(name, _)| fields.flag(name)).map(|(_, can)| can).collect(),
        prices: if priced { vec![price] } else { Vec::new() },
    };
    fields.list_rest(lost);
    Ok(entry)
}

/// What a field such as `input_cost_per_token_above_272k_tokens_flex` holds: the figure, the prompt tokens that it takes
/// more than, and the service tier. Absent for any other field.
fn figure(name: &str) -> Option<(PriceKey, Option<u64>, Option<String>)> {
    const FIGURES: [(&str, PriceKey); 7] = [
        ("input_cost_per_token", PriceKey::Input),
        ("output_cost_per_token", PriceKey::Output),
        ("output_cost_per_reasoning_token", PriceKey::Reasoning),
        ("cache_read_input_token_cost", PriceKey::CachedInput),
        ("cache_creation_input_token_cost", PriceKey::CacheWrite),
        ("input_cost_per_request", PriceKey::PerRequest),
        ("input_cost_per_image", PriceKey::PerImage),
    ];
    const TIERS: [(&str, &str); 5] = [
        ("_batches", "batch"),
        ("_flex", "flex"),
        ("_priority", "priority"),
        ("_balanced", "balanced"),
        ("_ultrafast", "ultrafast"),
    ];
    let (key, rest) = FIGURES.iter().find_map(|(base, key)| Some((*key, name.strip_prefix(base)?)))?;
    let tier = TIERS.iter().find_map(|(suffix, tier)| Some((rest.strip_suffix(suffix)?, *tier)));
    let (rest, tier) = tier.map_or((rest, None), |(rest, tier)| (rest, Some(tier.to_owned())));
    if rest.is_empty() {
        return Some((key, None, tier));
    }
    let thousands: u64 = rest.strip_prefix("_above_")?.strip_suffix("k_tokens")?.parse().ok()?;
    Some((key, Some(thousands * 1_000), tier))
}

/// The start of a step of `tiered_pricing`, zero for the first; absent where the step has no range.
fn range_start(step: &mut Fields<'_>) -> Option<u64> {
    let bounds = Source::array(step.take("range")?)?;
    let start = bounds.first()?.get();
    if start.parse() == Ok(0.0_f32) { Some(0) } else { read_count(start) }
}

/// One override for each window of `off_peak_pricing`.
fn read_off_peak(mut fields: Fields<'_>, lost: &mut Vec<Lost>) -> Result<Vec<Override>, CatalogueError> {
    let mut rates = Rates::default();
    for name in fields.names() {
        if let Some((key, None, None)) = figure(&name)
            && let Some(picos) = fields.price(&name, Unit::Token, lost)?
        {
            set(&mut rates, key, picos);
        }
    }
    let mut overrides = Vec::new();
    for mut window in fields.inners("windows") {
        let mut hours = window.texts("hours_utc");
        hours.extend(window.text("hours_utc"));
        let utc: Vec<UtcWindow> = hours.iter().filter_map(|text| UtcWindow::parse(text)).collect();
        let days = window.take("weekdays").and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        window.list_rest(lost);
        overrides
            .push(Override { when: Condition { utc, weekdays: days, ..Condition::default() }, rates: rates.clone() });
    }
    fields.list_rest(lost);
    Ok(overrides)
}
