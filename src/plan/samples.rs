//! Small registries and workloads for the tests of this module.

use std::collections::{BTreeMap, BTreeSet};

use crate::registry::{Dialect, Limits, Model, Offer, Provider, Region, Registry};
use crate::workload::{BadLines, Workload};

/// A model at the only provider, in regions 0 and 1.
pub(super) fn model(id: &str, context: Option<u64>) -> Model {
    let offer = Offer { provider: 0, send_as: id.to_owned(), regions: vec![0, 1], prices: Vec::new() };
    Model {
        id: id.to_owned(),
        label: None,
        tier: None,
        context,
        output_limit: None,
        capabilities: BTreeSet::new(),
        quality: None,
        offers: vec![offer],
    }
}

/// A registry of `models` at the provider `p` in `us-east-1` and `us-west-2`.
pub(super) fn registry(models: Vec<Model>, max_in_flight: Option<u32>) -> Registry {
    let provider = Provider {
        id: "p".to_owned(),
        base_url: "https://p.example/v1".to_owned(),
        api_key_env: None,
        dialect: Dialect::OpenAi,
        region_header: None,
        stream_options: true,
        headers: BTreeMap::new(),
        limits: Limits { max_in_flight, ..Limits::default() },
    };
    let region = |id: &str| Region { id: id.to_owned(), near: Vec::new(), base_url: None };
    Registry {
        sha256: String::new(),
        source: "test".to_owned(),
        providers: vec![provider],
        regions: vec![region("us-east-1"), region("us-west-2")],
        exchange_rates: Vec::new(),
        models,
    }
}

/// A workload of these bodies.
pub(super) fn workload(name: &str, bodies: &[&str]) -> Workload {
    let lines = bodies.iter().enumerate().map(|(index, body)| format!(r#"{{"custom_id":"{index}","body":{body}}}"#));
    let text = lines.collect::<Vec<_>>().join("\n");
    Workload::parse(name, "test", text.as_bytes(), BadLines::Stop).unwrap()
}

/// A workload of `count` short requests without images.
pub(super) fn chat(name: &str, count: usize) -> Workload {
    workload(name, &vec![r#"{"messages":[{"role":"user","content":"x"}],"max_tokens":20}"#; count])
}
