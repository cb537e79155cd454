//! A [`Registry`] as the text of a `registry.toml`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::registry::model::{Capability, Model, Offer, Provider, Registry};
use crate::registry::price::{Price, PriceKey, Rates};

impl Registry {
    /// A registry file with the same contents; reading it gives this registry again, but for its name and fingerprint.
    pub fn to_toml(&self) -> String {
        let file = File {
            schema: 1,
            provider: self.providers.iter().map(provider).collect(),
            region: self
                .regions
                .iter()
                .map(|region| RegionTable { id: &region.id, near: &region.near, base_url: region.base_url.as_deref() })
                .collect(),
            exchange_rate: self
                .exchange_rates
                .iter()
                .map(|rate| RateTable {
                    currency: &rate.currency,
                    from: rate.from.to_string(),
                    usd: rate.usd.to_string(),
                    source: rate.source.as_deref(),
                })
                .collect(),
            model: self.models.iter().map(|model| self.model_table(model)).collect(),
        };
        toml::to_string(&file).expect("text, numbers and tables can be written as TOML")
    }

    fn model_table<'r>(&'r self, model: &'r Model) -> ModelTable<'r> {
        let named = Capability::NAMED.into_iter().filter(|(_, can)| model.capabilities.contains(can));
        ModelTable {
            id: &model.id,
            label: model.label.as_deref(),
            tier: model.tier,
            context: model.context,
            output_limit: model.output_limit,
            capabilities: named.map(|(name, _)| name).collect(),
            quality: model.quality,
            at: model.offers.iter().map(|offer| self.offer_table(model, offer)).collect(),
        }
    }

    fn offer_table<'r>(&'r self, model: &Model, offer: &'r Offer) -> OfferTable<'r> {
        OfferTable {
            provider: &self.providers[offer.provider].id,
            send_as: Some(offer.send_as.as_str()).filter(|name| *name != model.id),
            regions: offer.regions.iter().map(|&region| self.regions[region].id.as_str()).collect(),
            price: offer.prices.iter().map(price).collect(),
        }
    }
}

#[derive(Serialize)]
struct File<'r> {
    schema: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    provider: Vec<ProviderTable<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    region: Vec<RegionTable<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exchange_rate: Vec<RateTable<'r>>,
    model: Vec<ModelTable<'r>>,
}

#[derive(Serialize)]
struct ProviderTable<'r> {
    id: &'r str,
    base_url: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_env: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region_header: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: &'r BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<&'static str, u64>,
}

fn provider(provider: &Provider) -> ProviderTable<'_> {
    let limits = [
        ("max_in_flight", provider.limits.max_in_flight.map(u64::from)),
        ("requests_per_minute", provider.limits.requests_per_minute.map(u64::from)),
        ("tokens_per_minute", provider.limits.tokens_per_minute),
    ];
    ProviderTable {
        id: &provider.id,
        base_url: &provider.base_url,
        api_key_env: provider.api_key_env.as_deref(),
        region_header: provider.region_header.as_deref(),
        stream_options: (!provider.stream_options).then_some(false),
        headers: &provider.headers,
        limits: limits.into_iter().filter_map(|(name, limit)| Some((name, limit?))).collect(),
    }
}

#[derive(Serialize)]
struct RegionTable<'r> {
    id: &'r str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    near: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<&'r str>,
}

#[derive(Serialize)]
struct RateTable<'r> {
    currency: &'r str,
    from: String,
    usd: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'r str>,
}

#[derive(Serialize)]
struct ModelTable<'r> {
    id: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_limit: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<f64>,
    at: Vec<OfferTable<'r>>,
}

#[derive(Serialize)]
struct OfferTable<'r> {
    provider: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_as: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    regions: Vec<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    price: Vec<PriceTable<'r>>,
}

#[derive(Serialize)]
struct PriceTable<'r> {
    from: String,
    currency: &'r str,
    #[serde(flatten)]
    figures: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumed: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'r str>,
    #[serde(rename = "override", skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<OverrideTable<'r>>,
}

fn price(price: &Price) -> PriceTable<'_> {
    let overrides = price.overrides.iter().map(|change| OverrideTable {
        input_tokens_over: change.when.input_tokens_over,
        utc: change.when.utc.iter().map(ToString::to_string).collect(),
        weekdays: change.when.weekdays.iter().copied().collect(),
        service_tier: change.when.service_tier.as_deref(),
        figures: figures(&change.rates),
        assumed: assumed(&change.rates),
    });
    PriceTable {
        from: price.from.to_string(),
        currency: &price.currency,
        figures: figures(&price.rates),
        assumed: assumed(&price.rates),
        source: price.source.as_deref(),
        overrides: overrides.collect(),
    }
}

#[derive(Serialize)]
struct OverrideTable<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens_over: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    utc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    weekdays: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'r str>,
    #[serde(flatten)]
    figures: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumed: Vec<&'static str>,
}

/// The figures that are given, exactly.
fn figures(rates: &Rates) -> BTreeMap<&'static str, String> {
    PriceKey::NAMED.into_iter().filter_map(|(name, key)| Some((name, rates.figure(key)?.to_string()))).collect()
}

fn assumed(rates: &Rates) -> Vec<&'static str> {
    rates.assumed.iter().map(|key| key.name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_registry_is_written_and_read_back() {
        let built_in = Registry::built_in();
        let text = built_in.to_toml();
        let read = Registry::parse("built-in", &text).unwrap();
        assert_eq!(Registry { sha256: built_in.sha256.clone(), ..read.clone() }, built_in);
        assert_eq!(read.to_toml(), text);
    }
}
