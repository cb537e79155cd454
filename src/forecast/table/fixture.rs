//! Made-up measurements whose forecasts are known.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::forecast::kinds::Kind;
use crate::forecast::measured::{Measured, RunFact};
use crate::forecast::source::{Attempt, Source, Through};
use crate::forecast::table::{Forecast, Setting, forecast};
use crate::forecast::{Routing, traffic_shares};
use crate::gate::Traffic;
use crate::registry::{Endpoint, Registry};
use crate::routes::{Table, resolve};
use crate::sample::{Outcome, Usage};

/// `near` and `far` are regions; `small` and `large` cost $1 and $2 a million tokens of either kind, `unpriced` nobody knows.
pub(in crate::forecast) const REGISTRY: &str = r#"
schema = 1
[[provider]]
id = "acme"
base_url = "https://acme.invalid/v1"
[[region]]
id = "near"
near = ["far"]
[[region]]
id = "far"
near = ["near"]
[[model]]
id = "small"
tier = 1
context = 8192
[[model.at]]
provider = "acme"
regions = ["near", "far"]
[[model.at.price]]
from = "2026-01-01"
currency = "USD"
input = "1"
output = "1"
[[model]]
id = "large"
tier = 3
context = 128000
[[model.at]]
provider = "acme"
regions = ["near", "far"]
[[model.at.price]]
from = "2026-01-01"
currency = "USD"
input = "2"
output = "2"
"#;

pub(in crate::forecast) fn registry() -> Registry {
    Registry::parse("registry.toml", REGISTRY).unwrap()
}

pub(in crate::forecast) fn endpoint(registry: &Registry, model: &str, region: &str) -> Endpoint {
    let is_it = |endpoint: &Endpoint| {
        registry.model(*endpoint).id == model && registry.region(*endpoint).is_some_and(|known| known.id == region)
    };
    registry.endpoints().find(is_it).unwrap()
}

/// A cell without requests, in two rounds.
pub(in crate::forecast) fn source(registry: &Registry, endpoint: Endpoint, workload: &str) -> Source {
    Source {
        provider: registry.provider(endpoint).id.clone(),
        model: registry.model(endpoint).id.clone(),
        region: registry.region(endpoint).map(|region| region.id.clone()),
        workload: workload.to_owned(),
        through: Through::Cell,
        run: 0,
        rate: Some(10.0),
        quality: None,
        obstacle: None,
        service_tier: None,
        classes: Vec::new(),
        ranks: Arc::default(),
        rounds: vec![Vec::new(); 2],
    }
}

/// A request of 400 tokens in and 100 out, which took so many milliseconds; a failure has no tokens.
pub(in crate::forecast) fn attempt(outcome: Outcome, took_ms: u32) -> Attempt {
    let ok = outcome.is_ok();
    Attempt {
        class: None,
        prompt: None,
        outcome,
        took: took_ms * 1_000,
        ttft: ok.then_some(took_ms * 100),
        usage: ok.then_some(Usage { input: 400, output: 100, ..Usage::default() }),
        sent_at: 0,
        quality: None,
        estimated: false,
    }
}

/// Cells on `chat` whose rounds have these requests, by model and region.
pub(in crate::forecast) fn measured(cells: &[(&str, &str, Vec<Vec<Attempt>>)]) -> Measured {
    let registry = registry();
    let sources: Vec<Source> = cells
        .iter()
        .map(|(model, region, rounds)| Source {
            rounds: rounds.clone(),
            ..source(&registry, endpoint(&registry, model, region), "chat")
        })
        .collect();
    Measured {
        runs: vec![RunFact {
            id: "night".to_owned(),
            day: "2026-11-23".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            simulated: Some(true),
            slim: false,
            requests: 0,
            deadline_ms: 120_000.0,
            workloads: vec![("chat".to_owned(), "chat.jsonl".to_owned())],
        }],
        kinds: vec![kind("chat", None, 1.0)],
        rounds: sources[0].rounds.len(),
        sources: sources.into(),
        confusions: Vec::new(),
    }
}

/// Labels of 400 tokens in and one out by `small`, and answers of 400 and 100 by `large`.
pub(in crate::forecast) fn labelled() -> Measured {
    let label =
        Attempt { usage: Some(Usage { input: 400, output: 1, ..Usage::default() }), ..attempt(Outcome::Ok, 100) };
    let answer = attempt(Outcome::Ok, 300);
    measured(&[("small", "near", vec![vec![label; 10]; 2]), ("large", "near", vec![vec![answer; 10]; 2])])
}

pub(in crate::forecast) fn kind(class: &str, tier: Option<u8>, share: f64) -> Kind {
    Kind {
        workload: "chat".to_owned(),
        class: Some(class.to_owned()),
        tier,
        origin: Some("near".to_owned()),
        has_image: false,
        images: Some(0),
        tokens: 1_000,
        asked_bytes: None,
        lines: (share * 100.0).round() as u64,
        share,
    }
}

pub(in crate::forecast) fn setting() -> Setting {
    Setting { day: Date::constant(2026, 11, 24), seed: 1, requests_per_month: Some(1_000_000), draws: 100 }
}

/// The forecast of the table with this text.
pub(in crate::forecast) fn forecast_of(measured: &Measured, table: &str, traffic: Option<&Traffic>) -> Forecast {
    forecast_in(REGISTRY, measured, table, traffic)
}

/// The same by the registry with this text.
pub(in crate::forecast) fn forecast_in(
    registry: &str,
    measured: &Measured,
    table: &str,
    traffic: Option<&Traffic>,
) -> Forecast {
    let registry = Registry::parse("registry.toml", registry).unwrap();
    let table = Table::parse("routes.toml", table).unwrap_or_else(|faults| panic!("{faults}"));
    let resolved = resolve(&table, &registry).unwrap_or_else(|faults| panic!("{faults}"));
    let routing = Routing { table: &table, resolved: &resolved, registry: &registry };
    let shares = traffic_shares(measured, routing, traffic, ("gate.toml", &setting())).unwrap();
    forecast(measured, routing, &shares, &setting())
}
