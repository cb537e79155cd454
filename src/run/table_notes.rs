//! Routing tables as the manifest knows them.

use jiff::Timestamp;

use crate::plan::Cell;
use crate::registry::{Endpoint, Registry};
use crate::router::BreakerEvent;
use crate::routes::{Action, Route};
use crate::run::inputs::{InputSide, Inputs};
use crate::run::notes::price_of;
use crate::run::settings::Settings;
use crate::rundir::{BreakerNote, EndpointNote, FileNote, RouteNote, TableNote};

/// What is known beforehand of the table of `side` in a run that starts at `at`; absent where it has none.
pub(super) fn table_note(settings: &Settings, inputs: &Inputs, side: &InputSide, at: Timestamp) -> Option<TableNote> {
    let known = &side.table.as_ref()?.table;
    let is_its = |cell: &&Cell| inputs.side(cell).variant == side.variant;
    let cell = inputs.plan.cells.iter().find(is_its)?;
    let classifier = known.classifier.as_ref();
    Some(TableNote {
        variant: side.variant.clone(),
        file: FileNote { source: known.source.clone(), sha256: known.sha256.clone() },
        text: Some(known.text.clone()),
        trust_tiers: settings.trust_tiers,
        classifier: classifier.map(|classifier| classifier.model.text.clone()),
        default_tier: classifier.map(|classifier| classifier.default_tier),
        routes: known.routes.iter().map(route_note).collect(),
        endpoints: cell
            .target
            .endpoints()
            .iter()
            .map(|endpoint| endpoint_note(&side.registry, *endpoint, at))
            .collect(),
        breakers: Vec::new(),
    })
}

fn route_note(route: &Route) -> RouteNote {
    let (models, human_cost_usd) = match &route.action {
        Action::HandOff { human_cost } => (Vec::new(), *human_cost),
        Action::Send { primary, fallback, .. } => {
            let mut first: Vec<_> = primary.iter().filter(|target| target.weight > 0.0).collect();
            first.sort_by(|a, b| b.weight.total_cmp(&a.weight));
            let names = first.into_iter().chain(fallback).map(|target| target.model.text.clone());
            (names.collect(), None)
        }
    };
    RouteNote { route: route.name.text.clone(), line: route.line, models, human_cost_usd }
}

fn endpoint_note(registry: &Registry, endpoint: Endpoint, at: Timestamp) -> EndpointNote {
    let model = registry.model(endpoint);
    EndpointNote {
        provider: registry.provider(endpoint).id.clone(),
        model: model.id.clone(),
        region: registry.region(endpoint).map(|region| region.id.clone()),
        tier: model.tier,
        price: price_of(registry, endpoint, at),
    }
}

/// A change of a breaker of a table whose names are of `registry`.
pub(super) fn breaker_note(registry: &Registry, event: &BreakerEvent) -> BreakerNote {
    BreakerNote {
        at_ms: event.at.0 as f64 / 1e3,
        provider: registry.providers[event.provider].id.clone(),
        region: event.region.map(|region| registry.regions[region].id.clone()),
        from: event.from.name().to_owned(),
        to: event.to.name().to_owned(),
        error_ratio: event.error_ratio,
        attempts: event.attempts,
    }
}
