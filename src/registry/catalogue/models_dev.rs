//! models.dev's `api.json`: US dollars a million tokens.

use crate::registry::catalogue::decimal::Unit;
use crate::registry::catalogue::entry::{Entry, Host, Lost, Why, set};
use crate::registry::catalogue::error::CatalogueError;
use crate::registry::catalogue::fields::{Fields, Object, Source};
use crate::registry::catalogue::import::{Catalogue, Found, Task};
use crate::registry::model::Capability;
use crate::registry::price::{Condition, Override, Price, PriceKey, Rates};

const FIGURES: [(&str, PriceKey); 5] = [
    ("input", PriceKey::Input),
    ("output", PriceKey::Output),
    ("reasoning", PriceKey::Reasoning),
    ("cache_read", PriceKey::CachedInput),
    ("cache_write", PriceKey::CacheWrite),
];

/// The providers by id: the root itself, or what stands below `providers` in it.
fn providers<'t>(source: &Source<'t>) -> Option<Object<'t>> {
    let mut root: Object<'t> = serde_json::from_str(source.text).ok()?;
    let Some(below) = root.remove("providers") else { return Some(root) };
    Source::object(below)
}

/// Whether every provider has an object of models.
pub(super) fn is_like(source: &Source<'_>) -> bool {
    let has_models = |raw| {
        let provider = Source::object(raw);
        provider.and_then(|provider| Source::object(provider.get("models")?)).is_some()
    };
    providers(source).is_some_and(|all| !all.is_empty() && all.values().all(|raw| has_models(raw)))
}

/// Every entry that is asked for.
pub(super) fn read(task: &Task<'_, '_>) -> Result<Found, CatalogueError> {
    let mut found = Found::default();
    for (id, raw) in providers(&task.source).unwrap_or_default() {
        let mut provider = task.source.fields(&id, raw)?;
        let models = provider.take("models").and_then(Source::object).unwrap_or_default();
        let url = provider.text("api");
        let host = Host {
            id: id.clone(),
            // Some hold a name to be filled in.
            base_url: url
                .as_ref()
                .map(|url| url.trim_end_matches('/').to_owned())
                .filter(|url| url.starts_with("http") && !url.contains(['$', '{', '?', '@'])),
            api_key_env: key_variable(&provider.texts("env")),
        };
        let page = provider.text("doc");
        let mut is_used = false;
        for (name, raw) in &models {
            let key = format!("{id}/{name}");
            if !(task.wanted)(&key) && !(task.wanted)(name) {
                continue;
            }
            (found.seen, is_used) = (found.seen + 1, true);
            let mut fields = task.source.fields(&key, raw)?;
            let mut modalities = fields.inner("modalities");
            let answers = modalities.as_mut().map(|modalities| modalities.texts("output")).unwrap_or_default();
            if !answers.is_empty() && !answers.iter().any(|kind| kind == "text") {
                found.lost.push(fields.lost_whole(Why::NotChat));
                continue;
            }
            let mut entry = read_entry(task, &mut fields, &host, name, page.as_deref(), &mut found.lost)?;
            if modalities.is_some_and(|mut kinds| kinds.texts("input").iter().any(|kind| kind == "image")) {
                entry.capabilities.insert(Capability::Vision);
            }
            fields.list_rest(&mut found.lost);
            found.entries.push(entry);
        }
        if is_used {
            if let Some(url) = url.filter(|_| host.base_url.is_none()) {
                let field = Some("api".to_owned());
                found.lost.push(Lost { entry: id, field, value: url, why: Why::Other });
            }
            provider.list_rest(&mut found.lost);
        }
    }
    Ok(found)
}

/// The variable among `names` that holds a key by its name.
fn key_variable(names: &[String]) -> Option<String> {
    let named = |word: &str| names.iter().find(|name| name.contains(word));
    let known = named("API_KEY").or_else(|| named("KEY")).or_else(|| named("TOKEN"))?;
    // No variable's name begins with a digit.
    let usable = !known.starts_with(|first: char| first.is_ascii_digit());
    usable.then(|| known.clone())
}

fn read_entry(
    task: &Task<'_, '_>,
    fields: &mut Fields<'_>,
    host: &Host,
    name: &str,
    page: Option<&str>,
    lost: &mut Vec<Lost>,
) -> Result<Entry, CatalogueError> {
    let mut prices = Vec::new();
    if let Some(mut cost) = fields.inner("cost") {
        let rates = read_rates(&mut cost, lost)?;
        let mut steps = Vec::new();
        for mut step in cost.inners("tiers") {
            let over = step.inner("tier").and_then(|mut tier| {
                let kind = tier.text("type");
                tier.count("size").filter(|_| kind.is_none_or(|kind| kind == "context"))
            });
            // A tier that is no step of the prompt's length stays in the list of what was lost.
            if let Some(over) = over {
                steps.push((over, read_rates(&mut step, lost)?));
            }
            step.list_rest(lost);
        }
        if let Some(mut step) = cost.inner("context_over_200k") {
            if !steps.iter().any(|(over, _)| *over == 200_000) {
                steps.push((200_000, read_rates(&mut step, lost)?));
            }
            step.list_rest(lost);
        }
        steps.sort_by_key(|(over, _)| *over);
        steps.dedup_by_key(|(over, _)| *over);
        let overrides = steps.into_iter().map(|(over, rates)| Override {
            when: Condition { input_tokens_over: Some(over), ..Condition::default() },
            rates,
        });
        prices.push(Price {
            from: task.stamp.date,
            currency: "USD".to_owned(),
            rates,
            overrides: overrides.collect(),
            source: Some(task.stamp.words(Catalogue::ModelsDev, page)),
        });
        cost.list_rest(lost);
    }
    let mut limit = fields.inner("limit");
    let mut counted = |name: &str| limit.as_mut().and_then(|limit| limit.count(name));
    let (context, output_limit) = (counted("context"), counted("output"));
    if let Some(limit) = limit {
        limit.list_rest(lost);
    }
    let capabilities = [
        ("reasoning", Capability::Reasoning),
        ("tool_call", Capability::Tools),
        ("structured_output", Capability::Json),
    ];
    // It stands above the entry already.
    fields.skip("id");
    Ok(Entry {
        key: fields.entry().to_owned(),
        host: host.clone(),
        model: name.to_owned(),
        send_as: name.to_owned(),
        label: fields.text("name"),
        context,
        output_limit,
        capabilities: capabilities.into_iter().filter(|(name, _)| fields.flag(name)).map(|(_, can)| can).collect(),
        prices,
    })
}

fn read_rates(cost: &mut Fields<'_>, lost: &mut Vec<Lost>) -> Result<Rates, CatalogueError> {
    let mut rates = Rates::default();
    for (name, key) in FIGURES {
        if let Some(picos) = cost.price(name, Unit::MillionTokens, lost)? {
            set(&mut rates, key, picos);
        }
    }
    Ok(rates)
}
