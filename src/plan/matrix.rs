//! Building a plan: models × regions × workloads × loads, less what cannot be measured.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::amount::{Measured, measured};
use crate::plan::cell::{Cell, LeftOut, Load, Plan};
use crate::plan::fit::{Fit, Sizes};
use crate::plan::input::{Amount, PlanError, PlanInput};
use crate::plan::limits::{in_flight_of, keep_rate};
use crate::plan::side_by_side::side_by_side;
use crate::plan::slug::Slugs;
use crate::plan::turns::{Order, turns};
use crate::registry::{Endpoint, Model, Registry};
use crate::workload::Workload;

/// Makes a plan. It depends on `input` alone: the same input gives the same plan.
///
/// # Errors
/// When a number is zero, when a load is over a live provider's limit, and when no cell is left.
pub fn build(input: &PlanInput<'_>) -> Result<Plan, PlanError> {
    refuse_zeros(input)?;
    let mut plan = Plan {
        cells: Vec::new(),
        left_out: Vec::new(),
        rounds: input.rounds,
        parallel_cells: 1,
        turns: Vec::new(),
        seed: input.seed,
        warnings: Vec::new(),
    };
    let loads = each_once(&input.loads);
    let mut slugs = Slugs::default();
    for (workload, endpoints) in chosen(input) {
        let recorded = &input.workloads[workload];
        let fits = fits(input.registry, recorded, &endpoints);
        for (model, fit) in &fits {
            plan.left_out.extend(left_out(&input.registry.models[*model], recorded, fit));
        }
        for load in &loads {
            for endpoint in &endpoints {
                let lines = &fits[&endpoint.model].lines;
                if !lines.is_empty() {
                    let slug = slugs.unique(&slug_parts(input.registry, *endpoint, recorded, &load.tag()));
                    let (load, fewer) = in_flight_of(load.clone(), input, *endpoint);
                    let Measured { lines, sessions, requests, schedule } =
                        measured(&load, input.amount, recorded, lines, (input.seed, &slug))?;
                    plan.warnings.extend(fewer.filter(|fewer| !plan.warnings.contains(fewer)));
                    plan.cells.push(Cell {
                        slug,
                        endpoint: *endpoint,
                        workload,
                        lines,
                        sessions,
                        load,
                        schedule,
                        requests,
                        warmup: input.warmup,
                    });
                }
            }
        }
    }
    if plan.cells.is_empty() {
        return Err(match plan.left_out.is_empty() {
            true => PlanError::NothingChosen,
            false => PlanError::NoCells { left_out: plan.left_out },
        });
    }
    keep_rate(input, &plan.cells)?;
    let (parallel_cells, fewer_cells) = side_by_side(input, &plan.cells)?;
    let order = Order { rounds: input.rounds, parallel_cells, seed: input.seed };
    let (rounds, turns, fewer_rounds) = turns(&plan.cells, &order);
    plan.parallel_cells = parallel_cells;
    plan.rounds = rounds;
    plan.turns = turns;
    plan.warnings.extend(fewer_cells);
    plan.warnings.extend(fewer_rounds);
    Ok(plan)
}

fn refuse_zeros(input: &PlanInput<'_>) -> Result<(), PlanError> {
    let no_slot = input.loads.iter().any(|load| matches!(load, Load::Closed { concurrency: 0 }));
    let no_room = input.loads.iter().any(|load| matches!(load, Load::Open { max_in_flight: 0, .. }));
    for (what, zero) in [
        ("requests-per-cell", input.amount == Amount::Requests(0)),
        ("rounds", input.rounds == 0),
        ("parallel-cells", input.parallel_cells == Some(0)),
        ("concurrency", no_slot),
        ("max-in-flight", no_room),
    ] {
        if zero {
            return Err(PlanError::Zero { what });
        }
    }
    Ok(())
}

/// The loads in their order, each the first time only.
fn each_once(loads: &[Load]) -> Vec<Load> {
    let mut once: Vec<Load> = Vec::new();
    for load in loads {
        if !once.contains(load) {
            once.push(load.clone());
        }
    }
    once
}

/// The endpoints to measure by workload, both in their file's order and each pair once.
fn chosen(input: &PlanInput<'_>) -> BTreeMap<usize, Vec<Endpoint>> {
    let mut wanted: BTreeMap<usize, BTreeSet<Endpoint>> = BTreeMap::new();
    for measure in &input.measures {
        for workload in &measure.workloads {
            wanted.entry(*workload).or_default().extend(&measure.endpoints);
        }
    }
    // An offer may list its regions in another order than the registry does.
    let in_order = |set: BTreeSet<Endpoint>| input.registry.endpoints().filter(|at| set.contains(at)).collect();
    wanted.into_iter().map(|(workload, set)| (workload, in_order(set))).collect()
}

/// What each model among `endpoints` can take of the workload, by the model's index.
fn fits(registry: &Registry, workload: &Workload, endpoints: &[Endpoint]) -> BTreeMap<usize, Fit> {
    let sizes = Sizes::new(workload);
    let models: BTreeSet<usize> = endpoints.iter().map(|endpoint| endpoint.model).collect();
    models.into_iter().map(|model| (model, sizes.fit(&registry.models[model]))).collect()
}

/// What `fit` leaves out: an entry a reason, or one for everything where nothing is left.
fn left_out(model: &Model, workload: &Workload, fit: &Fit) -> Vec<LeftOut> {
    let entry = |requests, reason| LeftOut {
        model: model.id.clone(),
        region: None,
        workload: Some(workload.name.clone()),
        requests,
        reason,
    };
    match fit.refused.as_slice() {
        [] => Vec::new(),
        [(_, reason)] if fit.lines.is_empty() => vec![entry(None, reason.clone())],
        refused if fit.lines.is_empty() => {
            let reasons: Vec<String> = refused.iter().map(|(count, reason)| format!("{reason} ({count})")).collect();
            vec![entry(None, reasons.join("; "))]
        }
        refused => refused.iter().map(|(count, reason)| entry(Some(*count), reason.clone())).collect(),
    }
}

fn slug_parts<'a>(registry: &'a Registry, at: Endpoint, workload: &'a Workload, load: &'a str) -> Vec<&'a str> {
    let mut parts = vec![registry.provider(at).id.as_str(), registry.model(at).id.as_str()];
    parts.extend(registry.region(at).map(|region| region.id.as_str()));
    parts.extend([workload.name.as_str(), load]);
    parts
}

#[cfg(test)]
pub(in crate::plan) mod tests;
