//! Routing tables made ready for the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cost::Tariff;
use crate::load::Replay;
use crate::plan::Target;
use crate::router::{Facts, Router};
use crate::run::RunError;
use crate::run::inputs::Inputs;
use crate::run::settings::Settings;
use crate::run::tables::{route_cells, router};

/// The tables of all cells: one router a side, which so knows of its regions what all cells learned.
pub(super) struct Replays<'i> {
    inputs: &'i Inputs,
    started: Timestamp,
    /// By side.
    routers: Vec<Option<Arc<Router>>>,
    /// By side and workload.
    facts: BTreeMap<(usize, usize), Arc<Vec<Facts>>>,
    /// The number of the cell of the first route, by cell.
    first_routes: BTreeMap<usize, u32>,
}

impl<'i> Replays<'i> {
    /// The tables of `inputs` for a run that starts at `started`.
    ///
    /// # Errors
    /// A route limits what a request may cost, and a price that this needs is unknown.
    pub(super) fn new(settings: &Settings, inputs: &'i Inputs, started: Timestamp) -> Result<Self, RunError> {
        let ready = |side| Ok::<_, RunError>(router(settings, side, started)?.map(Arc::new));
        let mut first_routes = BTreeMap::new();
        for (number, cell) in (inputs.plan.cells.len()..).zip(route_cells(inputs)) {
            let number = u32::try_from(number).expect("a plan holds fewer than 2^32 cells");
            first_routes.entry(cell.whole).or_insert(number);
        }
        Ok(Self {
            inputs,
            started,
            routers: inputs.sides.iter().map(ready).collect::<Result<_, _>>()?,
            facts: BTreeMap::new(),
            first_routes,
        })
    }

    /// How the requests of the cell with that number are carried out; absent where they go to an endpoint.
    pub(super) fn of(&mut self, number: usize) -> Option<Arc<Replay>> {
        let cell = &self.inputs.plan.cells[number];
        let (Target::Routes(endpoints), Some(router)) = (&cell.target, &self.routers[cell.side]) else { return None };
        let registry = self.inputs.registry(cell);
        let facts = self.facts.entry((cell.side, cell.workload));
        let facts = facts.or_insert_with(|| Arc::new(router.prepare(&self.inputs.workloads[cell.workload])));
        let tariff = |endpoint| Tariff::new(registry.pricing(endpoint), self.started);
        Some(Arc::new(Replay {
            router: Arc::clone(router),
            facts: Arc::clone(facts),
            tariffs: endpoints.iter().map(|endpoint| tariff(*endpoint)).collect(),
            first_route: *self.first_routes.get(&number).expect("a table without a route is refused"),
        }))
    }
}
