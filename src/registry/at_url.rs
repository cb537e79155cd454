//! A registry of models at one URL that the user named, in place of the providers of another registry.

use std::collections::{BTreeMap, BTreeSet};

use crate::registry::model::{Dialect, Limits, Model, Offer, Provider, Registry};

impl Registry {
    /// The registry in which the server at `base_url`, called `provider`, offers `models` and nothing else.
    ///
    /// A model that this registry knows keeps its label, tier, window, capabilities and first offer's prices; of
    /// another nothing is known. There is no region, no key, no header and no limit.
    #[must_use]
    pub fn at_url(&self, base_url: &str, provider: &str, models: &[String]) -> Self {
        let offered = |name: &String| {
            let known = self.models.iter().find(|model| model.id == *name);
            let prices = known.and_then(|model| model.offers.first()).map(|offer| offer.prices.clone());
            Model {
                offers: vec![Offer {
                    provider: 0,
                    send_as: name.clone(),
                    regions: Vec::new(),
                    prices: prices.unwrap_or_default(),
                }],
                ..known.cloned().unwrap_or_else(|| nothing_known_of(name))
            }
        };
        Self {
            providers: vec![Provider {
                id: provider.to_owned(),
                base_url: base_url.to_owned(),
                api_key_env: None,
                dialect: Dialect::OpenAi,
                region_header: None,
                stream_options: true,
                headers: BTreeMap::new(),
                limits: Limits::default(),
            }],
            regions: Vec::new(),
            models: models.iter().map(offered).collect(),
            ..self.clone()
        }
    }

    /// The same registry with every provider and region at `base_url`, whose key is in the environment variable
    /// `api_key_env`, where it needs one. Names on the wire, headers, limits and prices stay; no other key is sent.
    #[must_use]
    pub fn sent_to(&self, base_url: &str, api_key_env: Option<&str>) -> Self {
        let mut registry = self.clone();
        for provider in &mut registry.providers {
            provider.base_url = base_url.to_owned();
            provider.api_key_env = api_key_env.map(str::to_owned);
        }
        for region in &mut registry.regions {
            region.base_url = None;
        }
        registry
    }
}

fn nothing_known_of(name: &str) -> Model {
    Model {
        id: name.to_owned(),
        label: None,
        tier: None,
        context: None,
        output_limit: None,
        capabilities: BTreeSet::new(),
        quality: None,
        offers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_model_keeps_its_price_and_an_unknown_one_has_none() {
        let names = ["step-3.5-flash".to_owned(), "my-model".to_owned()];
        let registry = Registry::built_in().at_url("http://127.0.0.1:8000/v1", "127.0.0.1:8000", &names);
        let endpoints: Vec<_> = registry.endpoints().collect();
        assert_eq!(endpoints.len(), 2);
        assert_eq!(registry.model(endpoints[0]).tier, Some(1));
        assert_eq!(registry.offer(endpoints[0]).prices[0].rates.output.unwrap().to_string(), "0.15");
        assert_eq!(registry.offer(endpoints[0]).send_as, "step-3.5-flash");
        assert!(registry.offer(endpoints[1]).prices.is_empty());
        assert_eq!((registry.region(endpoints[0]), registry.model(endpoints[1]).tier), (None, None));
    }

    #[test]
    fn a_registry_that_is_sent_elsewhere_keeps_everything_but_its_addresses_and_keys() {
        let mut registry = Registry::built_in();
        registry.regions[1].base_url = Some("https://us-west-2.example/v1".to_owned());
        let moved = registry.sent_to("http://127.0.0.1:8000/v1", Some("OTHER_KEY"));
        assert!(moved.providers.iter().all(|provider| provider.base_url == "http://127.0.0.1:8000/v1"));
        assert!(moved.providers.iter().all(|provider| provider.api_key_env.as_deref() == Some("OTHER_KEY")));
        assert!(moved.regions.iter().all(|region| region.base_url.is_none()));
        assert_eq!(moved.providers[0].region_header, registry.providers[0].region_header);
        assert_eq!((&moved.models, moved.endpoints().count()), (&registry.models, 39));
        assert_eq!(registry.sent_to("http://127.0.0.1:8000/v1", None).providers[0].api_key_env, None);
    }

    #[test]
    fn nothing_of_the_other_providers_is_sent_along() {
        let registry = Registry::built_in().at_url("http://127.0.0.1:8000/v1", "here", &["glm-4.6v".to_owned()]);
        let provider = &registry.providers[0];
        assert_eq!((&provider.api_key_env, &provider.region_header, provider.headers.len()), (&None, &None, 0));
        assert_eq!(registry.models[0].offers[0].send_as, "glm-4.6v");
    }
}
