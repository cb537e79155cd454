//! Entries of a catalogue into one registry.

use std::collections::{BTreeMap, BTreeSet};

use crate::registry::catalogue::entry::{Entry, Lost, Why};
use crate::registry::model::{Dialect, Limits, Model, Offer, Provider, Registry};

/// The registry of `entries`, ordered by name; how many of them are in it; and the providers without a URL.
///
/// A model of the same name at several providers becomes one model with several offers. Where they differ in what the
/// registry holds once for a model, the narrowest holds and the others are listed.
pub(super) fn assemble(entries: Vec<Entry>, lost: &mut Vec<Lost>) -> (Registry, usize, Vec<String>) {
    let mut providers: BTreeMap<String, Provider> = BTreeMap::new();
    let mut models: BTreeMap<String, BTreeMap<String, Entry>> = BTreeMap::new();
    let mut without_url = BTreeSet::new();
    let mut taken = 0;
    for mut entry in entries {
        entry.host.id = name_of(&entry.host.id);
        let plain = name_of(&entry.model);
        // Two keys may come to one name without their provider's prefix: the second keeps its own.
        let is_taken = |name: &str| models.get(name).is_some_and(|at| at.contains_key(&entry.host.id));
        let name = if is_taken(&plain) { name_of(&entry.key) } else { plain };
        if is_taken(&name) {
            lost.push(Lost { entry: entry.key, field: None, value: String::new(), why: Why::Twice });
            continue;
        }
        let id = entry.host.id.clone();
        if entry.host.base_url.is_none() {
            without_url.insert(id.clone());
        }
        providers.entry(id.clone()).or_insert_with(|| provider(&entry));
        models.entry(name).or_default().insert(id, entry);
        taken += 1;
    }
    let places: BTreeMap<String, usize> = providers.keys().cloned().zip(0..).collect();
    let models = models.into_iter().map(|(id, at)| model(id, at, &places, lost)).collect();
    let registry = Registry {
        source: "import".to_owned(),
        sha256: String::new(),
        providers: providers.into_values().collect(),
        regions: Vec::new(),
        models,
        exchange_rates: Vec::new(),
    };
    (registry, taken, without_url.into_iter().collect())
}

fn provider(entry: &Entry) -> Provider {
    let host: String =
        entry.host.id.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    Provider {
        id: entry.host.id.clone(),
        base_url: entry.host.base_url.clone().unwrap_or_else(|| format!("https://{host}.invalid/v1")),
        api_key_env: entry.host.api_key_env.clone(),
        dialect: Dialect::OpenAi,
        region_header: None,
        stream_options: true,
        headers: BTreeMap::new(),
        limits: Limits::default(),
    }
}

fn model(id: String, at: BTreeMap<String, Entry>, places: &BTreeMap<String, usize>, lost: &mut Vec<Lost>) -> Model {
    let label = at.values().find_map(|entry| entry.label.clone()).filter(|label| *label != id);
    let context = at.values().filter_map(|entry| entry.context).min();
    let output_limit = at.values().filter_map(|entry| entry.output_limit).min();
    let shared = |capability: &_| at.values().all(|entry| entry.capabilities.contains(capability));
    let capabilities: BTreeSet<_> =
        at.values().next().map(|first| first.capabilities.iter().copied().filter(shared).collect()).unwrap_or_default();
    for entry in at.values() {
        let mut differs = |field: &str, value: String| {
            lost.push(Lost { entry: entry.key.clone(), field: Some(field.to_owned()), value, why: Why::Differs });
        };
        if let Some(other) = entry.label.as_ref().filter(|other| **other != id && Some(*other) != label.as_ref()) {
            differs("label", other.clone());
        }
        if let Some(other) = entry.context.filter(|other| Some(*other) != context) {
            differs("context", other.to_string());
        }
        if let Some(other) = entry.output_limit.filter(|other| Some(*other) != output_limit) {
            differs("output_limit", other.to_string());
        }
        if !entry.capabilities.is_subset(&capabilities) {
            differs("capabilities", format!("{:?}", entry.capabilities));
        }
    }
    let offers = at.into_iter().map(|(provider, entry)| Offer {
        provider: places[&provider],
        send_as: entry.send_as,
        regions: Vec::new(),
        prices: entry.prices,
    });
    Model { id, label, tier: None, context, output_limit, capabilities, quality: None, offers: offers.collect() }
}

/// `name` without what no id may hold.
fn name_of(name: &str) -> String {
    name.chars().map(|c| if c.is_whitespace() || c.is_control() || c == ',' { '-' } else { c }).collect()
}
