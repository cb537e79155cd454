//! The answer of OpenRouter's `/models`: US dollars a token, as strings.

use serde_json::value::RawValue;

use crate::registry::catalogue::decimal::Unit;
use crate::registry::catalogue::entry::{Entry, Host, Why, set};
use crate::registry::catalogue::error::CatalogueError;
use crate::registry::catalogue::fields::{Object, Source};
use crate::registry::catalogue::import::{Catalogue, Found, Task};
use crate::registry::model::Capability;
use crate::registry::price::{Price, PriceKey, Rates};

const FIGURES: [(&str, PriceKey, Unit); 6] = [
    ("prompt", PriceKey::Input, Unit::Token),
    ("completion", PriceKey::Output, Unit::Token),
    ("input_cache_read", PriceKey::CachedInput, Unit::Token),
    ("input_cache_write", PriceKey::CacheWrite, Unit::Token),
    ("request", PriceKey::PerRequest, Unit::Piece),
    ("image", PriceKey::PerImage, Unit::Piece),
];

fn models<'t>(source: &Source<'t>) -> Option<Vec<&'t RawValue>> {
    let mut root: Object<'t> = serde_json::from_str(source.text).ok()?;
    Source::array(root.remove("data")?)
}

/// Whether there is a list of models with prices.
pub(super) fn is_like(source: &Source<'_>) -> bool {
    let priced = |raw| Source::object(raw).is_some_and(|model| model.contains_key("pricing"));
    models(source).is_some_and(|models| !models.is_empty() && models.iter().all(|raw| priced(raw)))
}

/// Every entry that is asked for.
pub(super) fn read(task: &Task<'_, '_>) -> Result<Found, CatalogueError> {
    let mut found = Found::default();
    for (place, raw) in models(&task.source).unwrap_or_default().into_iter().enumerate() {
        let unnamed = format!("data[{place}]");
        let mut fields = task.source.fields(&unnamed, raw)?;
        let id = fields.text("id").unwrap_or(unnamed);
        if !(task.wanted)(&id) {
            continue;
        }
        found.seen += 1;
        let mut fields = fields.called(&id);
        let lost = &mut found.lost;
        let mut architecture = fields.inner("architecture");
        let mut kinds = |name: &str| architecture.as_mut().map(|all| all.texts(name)).unwrap_or_default();
        let (inputs, outputs) = (kinds("input_modalities"), kinds("output_modalities"));
        if !outputs.is_empty() && !outputs.iter().any(|kind| kind == "text") {
            lost.push(fields.lost_whole(Why::NotChat));
            continue;
        }
        let mut rates = Rates::default();
        if let Some(mut pricing) = fields.inner("pricing") {
            // A router's price is that of the model it chooses, written as -1.
            if let Some(raw) = pricing.look_at("prompt").filter(|raw| raw.get().trim_matches('"') == "-1") {
                let mut whole = fields.lost_whole(Why::Varies);
                whole.value = raw.get().to_owned();
                lost.push(whole);
                continue;
            }
            for (name, key, unit) in FIGURES {
                if let Some(picos) = pricing.price(name, unit, lost)? {
                    set(&mut rates, key, picos);
                }
            }
            // Nearly every model says 0 here, and charges its thoughts as answer.
            if let Some(picos) = pricing.price("internal_reasoning", Unit::Token, lost)?.filter(|picos| *picos > 0) {
                set(&mut rates, PriceKey::Reasoning, picos);
            }
            pricing.list_rest(lost);
        }
        let mut top = fields.inner("top_provider");
        let can = fields.texts("supported_parameters");
        let named = |words: &[&str]| can.iter().any(|parameter| words.contains(&parameter.as_str()));
        let capabilities = [
            (inputs.iter().any(|kind| kind == "image"), Capability::Vision),
            (named(&["reasoning", "include_reasoning"]), Capability::Reasoning),
            (named(&["tools"]), Capability::Tools),
            (named(&["response_format", "structured_outputs"]), Capability::Json),
        ];
        let source = Some(task.stamp.words(Catalogue::OpenRouter, None));
        let price = Price { from: task.stamp.date, currency: "USD".to_owned(), rates, overrides: Vec::new(), source };
        found.entries.push(Entry {
            key: id.clone(),
            host: Host {
                id: "openrouter".to_owned(),
                base_url: Some("https://openrouter.ai/api/v1".to_owned()),
                api_key_env: Some("OPENROUTER_API_KEY".to_owned()),
            },
            model: id.clone(),
            send_as: id,
            label: fields.text("name"),
            context: fields.count("context_length"),
            output_limit: top.as_mut().and_then(|top| top.count("max_completion_tokens")),
            capabilities: capabilities.into_iter().filter(|(has, _)| *has).map(|(_, can)| can).collect(),
            prices: vec![price],
        });
        for rest in [architecture, top, Some(fields)].into_iter().flatten() {
            rest.list_rest(lost);
        }
    }
    Ok(found)
}
