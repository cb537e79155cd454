//! The policy of a run: read before anything is sent, and held against what is planned.

use std::path::Path;

use crate::gate::{KnownNames, Match, Named, PlannedCell, Policy, PolicyError, unmeasured, windows};
use crate::plan::{Arrivals, Cell, Load, Rate, Streaming};
use crate::run::RunError;
use crate::run::checks::is_judged;
use crate::run::inputs::{InputSide, Inputs, read};
use crate::run::settings::{Settings, Whereto};
use crate::run::tables::{RouteCell, route_cells};
use crate::units::Positive;
use crate::workload::{Prompt, Request, Workload};

/// Reads the policy of the run; absent: it has none. It may name what any of the registries holds, also the one whose models
/// a single URL takes the place of, every workload of the run, and those beside them or built in.
///
/// # Errors
/// It cannot be read, has mistakes, or names what there is not.
pub(super) fn read_policy(
    settings: &Settings,
    sides: &[InputSide],
    workloads: &[Workload],
) -> Result<Option<Policy>, RunError> {
    let Some(path) = &settings.policy else { return Ok(None) };
    let replaced = match settings.whereto {
        Whereto::Url { .. } => Some(read(settings.registry.as_deref())?),
        Whereto::Simulator | Whereto::Providers => None,
    };
    let mut known = KnownNames::of(sides.iter().map(|side| &side.registry).chain(&replaced));
    sides.iter().filter_map(|side| side.table.as_ref()).for_each(|table| known.add_table(&table.table));
    known.variants.extend(sides.iter().filter_map(|side| side.variant.clone()));
    for workload in workloads {
        known.workloads.insert(workload.name.clone());
        // What is built in has no folder.
        if workload.source != "built-in" {
            known.workloads.extend(Workload::names_beside(Path::new(&workload.source)));
        }
    }
    Ok(Some(Policy::read_for(path, &known)?))
}

impl Inputs {
    /// The policy whose limits reports show: that of the run, or the built-in one.
    pub fn policy_in_force(&self) -> &Policy {
        self.policy.as_ref().unwrap_or_else(|| Policy::built_in())
    }

    /// The cells of the plan as a policy sees them, in their order, then those of routes.
    pub fn planned_cells(&self) -> Vec<PlannedCell> {
        let mut planned: Vec<PlannedCell> = self.plan.cells.iter().map(|cell| self.planned(cell)).collect();
        // Of a route no more is known than that it cannot take more than all.
        for RouteCell { whole, route, .. } in route_cells(self) {
            let known = self.side(&self.plan.cells[whole]).table.as_ref();
            let route = known.map(|known| known.table.routes[route].name.text.clone());
            planned.push(PlannedCell { route, ..planned[whole].clone() });
        }
        planned
    }

    fn planned(&self, cell: &Cell) -> PlannedCell {
        let registry = self.registry(cell);
        let endpoint = cell.target.endpoint();
        let model = endpoint.map(|endpoint| registry.model(endpoint));
        let (concurrency, arrivals) = match &cell.load {
            Load::Closed { concurrency } => (Some(*concurrency), None),
            Load::Open { arrivals, .. } => (None, Some(arrivals)),
        };
        PlannedCell {
            variant: self.side(cell).variant.clone(),
            provider: endpoint.map_or_else(String::new, |endpoint| registry.provider(endpoint).id.clone()),
            model: model.map_or_else(String::new, |model| model.id.clone()),
            region: endpoint.and_then(|endpoint| registry.region(endpoint)).map(|region| region.id.clone()),
            tier: model.and_then(|model| model.tier),
            route: None,
            workload: self.workloads[cell.workload].name.clone(),
            load: cell.load.label(),
            concurrency,
            rate_rps: arrivals.and_then(Arrivals::rate).and_then(Rate::steady_rps).map(Positive::get),
            requests: u64::from(cell.requests),
            rounds: self.plan.rounds,
            is_streamed: self.requests(cell).any(|request| self.streams(request)),
            has_expectations: self
                .requests(cell)
                .any(|request| request.expect.as_ref().is_some_and(|expect| is_judged(cell, expect))),
        }
    }

    /// The lines that `cell` sends.
    fn requests(&self, cell: &Cell) -> impl Iterator<Item = &Request> {
        let all = &self.workloads[cell.workload].requests;
        cell.lines.iter().map(move |line| &all[*line as usize])
    }

    /// Whether the answer to `request` is streamed.
    fn streams(&self, request: &Request) -> bool {
        match self.streaming {
            Streaming::On => true,
            Streaming::Off => false,
            Streaming::AsRecorded => match &request.prompt {
                Prompt::Body(body) => body.stream.unwrap_or(true),
                Prompt::Lengths(_) => true,
            },
        }
    }

    /// Refuses a policy with rules about what the run, as planned, would not measure.
    pub(super) fn refuse_unmeasured(&self, settings: &Settings) -> Result<(), RunError> {
        let Some(policy) = &self.policy else { return Ok(()) };
        match unmeasured(policy, &self.planned_cells(), settings.history.is_some()) {
            Some(faults) => Err(PolicyError::from(faults).into()),
            None => Ok(()),
        }
    }

    /// Refuses a policy of which no rule could be asked of the run: its verdict would say nothing.
    pub(super) fn refuse_policy_about_nothing(&self, settings: &Settings) -> Result<(), RunError> {
        let Some(policy) = &self.policy else { return Ok(()) };
        let cells = self.planned_cells();
        let takes = |matches: &Match| cells.iter().any(|cell| matches.takes(&Named::from(cell)));
        let compares = cells.iter().any(|cell| cell.variant != cells[0].variant);
        if policy.slos.iter().any(|slo| slo.window_days.is_none() && takes(&slo.matches))
            || compares && policy.regressions.iter().any(|rule| takes(&rule.matches))
        {
            return Ok(());
        }
        if let Some(window) = windows(policy, &cells).first() {
            return match settings.history {
                Some(_) => Ok(()),
                None => Err(RunError::WindowsWithoutHistory {
                    policy: policy.source.clone(),
                    line: window.line.unwrap_or(1),
                }),
            };
        }
        let slos = policy.slos.iter().map(|slo| slo.line);
        let line = slos.chain(policy.regressions.iter().map(|rule| rule.line)).flatten().max().unwrap_or(1);
        Err(RunError::PolicyAboutNothing { policy: policy.source.clone(), line })
    }
}
