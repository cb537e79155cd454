//! A routing table as the configuration of a gateway, and what that cannot hold.

mod litellm;
mod lost;
mod portkey;
mod tree;

use crate::registry::{Endpoint, Registry};
use crate::routes::export::lost::Losses;
use crate::routes::resolve::Resolved;
use crate::routes::table::Table;

/// A gateway whose configuration can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// The `config.yaml` of the LiteLLM proxy: <https://docs.litellm.ai/docs/proxy/configs>.
    LiteLlm,
    /// A config object of Portkey: <https://portkey.ai/docs/product/ai-gateway/configs>.
    Portkey,
}

/// A configuration, and what became of the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The gateway's file.
    pub text: String,
    /// What it cannot hold, in the table's order.
    pub lost: Vec<Lost>,
}

/// Something that the table says and the gateway's file cannot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    /// The line of the table, from 1.
    pub line: usize,
    /// What is lost, and what the gateway does instead.
    pub what: String,
}

/// Writes `table` as the configuration of `gateway`. No key is written: its place names the environment variable, or
/// the provider's entry in the gateway.
pub fn export(table: &Table, resolved: &Resolved, registry: &Registry, gateway: Gateway) -> Exported {
    let mut losses = Losses::new(table);
    losses.note_common();
    let text = match gateway {
        Gateway::LiteLlm => litellm::written(table, resolved, registry, &mut losses),
        Gateway::Portkey => portkey::written(table, resolved, registry, &mut losses),
    };
    Exported { text, lost: losses.finish() }
}

/// The URL that `endpoint` is called at, up to and including `/v1`.
fn base_url(registry: &Registry, endpoint: Endpoint) -> &str {
    let region = registry.region(endpoint).and_then(|region| region.base_url.as_deref());
    region.unwrap_or(&registry.provider(endpoint).base_url)
}

/// The headers that reach `endpoint` with every request, that of its region first.
fn headers(registry: &Registry, endpoint: Endpoint) -> Vec<(String, String)> {
    let provider = registry.provider(endpoint);
    let region =
        registry.region(endpoint).and_then(|region| Some((provider.region_header.clone()?, region.id.clone())));
    let others = provider.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
    region.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests;
