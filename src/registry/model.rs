//! What the registry holds: providers, regions, models, and what a model at a provider costs.

use std::collections::{BTreeMap, BTreeSet};

use crate::registry::exchange::ExchangeRate;
use crate::registry::price::Price;

/// Everything that can be measured, with its price. Order is the file's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Registry {
    /// Where it came from: a path, or `built-in`.
    pub source: String,
    /// SHA-256 of its text in lower-case hex.
    pub sha256: String,
    /// Who is called.
    pub providers: Vec<Provider>,
    /// Where.
    pub regions: Vec<Region>,
    /// What answers.
    pub models: Vec<Model>,
    /// What other currencies are worth, oldest first.
    pub exchange_rates: Vec<ExchangeRate>,
}

/// Who is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// The name used elsewhere in the file.
    pub id: String,
    /// The URL up to and including `/v1`, without a trailing slash.
    pub base_url: String,
    /// The environment variable that holds the key; absent: no key is sent.
    pub api_key_env: Option<String>,
    /// The wire protocol.
    pub dialect: Dialect,
    /// The header that chooses the region; absent: regions differ by URL or not at all.
    pub region_header: Option<String>,
    /// Whether it takes `stream_options`, by which a stream is asked for its usage.
    pub stream_options: bool,
    /// Sent with each request; never secrets.
    pub headers: BTreeMap<String, String>,
    /// What the provider allows.
    pub limits: Limits,
}

/// A wire protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `POST /chat/completions`, with the variations found in the wild.
    OpenAi,
}

/// What a provider allows over all its endpoints; absent is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests in flight at once.
    pub max_in_flight: Option<u32>,
    /// Requests started in a minute.
    pub requests_per_minute: Option<u32>,
    /// Prompt and answer tokens in a minute.
    pub tokens_per_minute: Option<u64>,
}

/// Where a provider answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// The name on the wire and in the file.
    pub id: String,
    /// Where a request from here looks next, nearest first.
    pub near: Vec<String>,
    /// Replaces the provider's URL for this region.
    pub base_url: Option<String>,
}

/// What answers. A model alone has no price and no latency: a model at a provider has.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The name used everywhere in tollmark.
    pub id: String,
    /// The name on charts; absent: the id.
    pub label: Option<String>,
    /// The class of risk, 0 to 4; absent: no tier's limit applies.
    pub tier: Option<u8>,
    /// The context window in tokens; absent: unknown, and nothing is ruled out by it.
    pub context: Option<u64>,
    /// Tokens that one answer has at most, where a request sets no limit; absent: unknown, and the window bounds it.
    pub output_limit: Option<u64>,
    /// What it can do.
    pub capabilities: BTreeSet<Capability>,
    /// The user's own evaluation, 0 to 1.
    pub quality: Option<f64>,
    /// Where it is offered.
    pub offers: Vec<Offer>,
}

impl Model {
    /// Tokens that one answer has at most by the model itself: its limit, or else its window; absent: neither is known.
    pub fn answer_limit(&self) -> Option<u64> {
        self.output_limit.or(self.context)
    }

    /// The label, or the id where there is none.
    pub fn shown(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.id)
    }
}

/// Something a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Reads images.
    Vision,
    /// Thinks before it answers.
    Reasoning,
    /// Calls tools.
    Tools,
    /// Answers in JSON on request.
    Json,
}

impl Capability {
    /// Every capability with the name that files use.
    pub const NAMED: [(&'static str, Self); 4] =
        [("vision", Self::Vision), ("reasoning", Self::Reasoning), ("tools", Self::Tools), ("json", Self::Json)];
}

/// A model at a provider: what `[[model.at]]` holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Index into [`Registry::providers`].
    pub provider: usize,
    /// The model's name on the wire.
    pub send_as: String,
    /// Indices into [`Registry::regions`], in the file's order; a registry without regions has one nameless.
    pub regions: Vec<usize>,
    /// Dated prices, oldest first.
    pub prices: Vec<Price>,
}

/// One endpoint: indices into a [`Registry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Index into [`Registry::models`].
    pub model: usize,
    /// Index into that model's offers.
    pub offer: usize,
    /// Index into [`Registry::regions`]; absent where the registry names none.
    pub region: Option<usize>,
}

impl Registry {
    /// Every endpoint, by model, offer and region in the file's order.
    pub fn endpoints(&self) -> impl Iterator<Item = Endpoint> + '_ {
        self.models.iter().enumerate().flat_map(|(model, entry)| {
            entry.offers.iter().enumerate().flat_map(move |(offer, at)| {
                let nameless = at.regions.is_empty().then_some(Endpoint { model, offer, region: None });
                let named = at.regions.iter().map(move |&region| Endpoint { model, offer, region: Some(region) });
                nameless.into_iter().chain(named)
            })
        })
    }

    /// The model of `endpoint`.
    pub fn model(&self, endpoint: Endpoint) -> &Model {
        &self.models[endpoint.model]
    }

    /// The offer of `endpoint`.
    pub fn offer(&self, endpoint: Endpoint) -> &Offer {
        &self.model(endpoint).offers[endpoint.offer]
    }

    /// The provider of `endpoint`.
    pub fn provider(&self, endpoint: Endpoint) -> &Provider {
        &self.providers[self.offer(endpoint).provider]
    }

    /// The region of `endpoint`; absent where the registry names none.
    pub fn region(&self, endpoint: Endpoint) -> Option<&Region> {
        endpoint.region.map(|index| &self.regions[index])
    }
}
