//! Building a plan: models × regions × workloads × loads, less what cannot be measured.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::amount::{Measured, measured};
use crate::plan::cell::{Cell, LeftOut, Load, Plan, Target};
use crate::plan::fit::{Fit, Sizes};
use crate::plan::input::{Amount, PlanError, PlanInput, Side};
use crate::plan::lane::Lane;
use crate::plan::limits::{in_flight_of, keep_rate};
use crate::plan::pairing::{Group, alone_warnings, groups, left_out_of_all, lost, routed};
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
        lanes: Vec::new(),
        variants: input.sides.iter().filter_map(|side| side.variant).map(str::to_owned).collect(),
        left_out: Vec::new(),
        rounds: input.rounds,
        parallel_cells: 1,
        turns: Vec::new(),
        seed: input.seed,
        warnings: Vec::new(),
    };
    let loads = each_once(&input.loads);
    let mut slugs = Slugs::default();
    let chosen: Vec<BTreeMap<usize, Vec<Endpoint>>> = input.sides.iter().map(chosen).collect();
    for (workload, recorded) in input.workloads.iter().enumerate() {
        let here: Vec<Vec<Endpoint>> =
            chosen.iter().map(|side| side.get(&workload).cloned().unwrap_or_default()).collect();
        let fits: Vec<BTreeMap<usize, Fit>> =
            input.sides.iter().zip(&here).map(|(side, here)| fits(side.registry, recorded, here)).collect();
        let mut groups = groups(&input.sides, &here, &fits);
        plan.left_out.extend(unfit(input, recorded, &fits, &groups));
        plan.warnings.extend(alone_warnings(&input.sides, &recorded.name, &groups));
        groups.extend(routed(&input.sides, workload, recorded));
        for load in &loads {
            for group in &groups {
                add_lane(&mut plan, input, (workload, load), group, &mut slugs)?;
            }
        }
    }
    if plan.cells.is_empty() {
        return Err(match plan.left_out.is_empty() {
            true => PlanError::NothingChosen,
            false => PlanError::NoCells { left_out: plan.left_out },
        });
    }
    keep_rate(input, &plan.cells, &plan.lanes)?;
    let (parallel_cells, fewer_cells) = side_by_side(input, &plan.cells, &plan.lanes)?;
    let order = Order { rounds: input.rounds, parallel_cells, seed: input.seed };
    let (rounds, turns, fewer_rounds) = turns(&plan.cells, &plan.lanes, &order);
    plan.parallel_cells = parallel_cells;
    plan.rounds = rounds;
    plan.turns = turns;
    plan.warnings.extend(fewer_cells);
    plan.warnings.extend(fewer_rounds);
    Ok(plan)
}

/// Puts the cells of `group` on a workload and a load into `plan`, as one lane.
fn add_lane(
    plan: &mut Plan,
    input: &PlanInput<'_>,
    (workload, load): (usize, &Load),
    group: &Group,
    slugs: &mut Slugs,
) -> Result<(), PlanError> {
    let recorded = &input.workloads[workload];
    let mut load = load.clone();
    let tag = load.tag();
    let mut named = Vec::with_capacity(group.members.len());
    for (side, target) in &group.members {
        named.push(slugs.unique(&slug_parts(&input.sides[*side], target, recorded, &tag)));
        for endpoint in target.endpoints() {
            let (bounded, fewer) = in_flight_of(load, &input.sides[*side], *endpoint);
            load = bounded;
            plan.warnings.extend(fewer.filter(|fewer| !plan.warnings.contains(fewer)));
        }
    }
    let lane = Lane { cells: (plan.cells.len()..plan.cells.len() + named.len()).collect() };
    let Measured { lines, sessions, requests, schedules } =
        measured(&load, input.amount, recorded, &group.lines, lane.arms(), (input.seed, &named[0]))?;
    for (arm, (slug, (side, target))) in named.into_iter().zip(&group.members).enumerate() {
        plan.cells.push(Cell {
            slug,
            side: *side,
            target: target.clone(),
            workload,
            lines: lines.clone(),
            sessions: sessions.clone(),
            load: load.clone(),
            schedule: schedules.get(arm).cloned(),
            requests,
            warmup: input.warmup,
        });
    }
    plan.lanes.push(lane);
    Ok(())
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

/// The endpoints to measure by workload, in the registry's order and each once.
fn chosen(side: &Side<'_>) -> BTreeMap<usize, Vec<Endpoint>> {
    let mut wanted: BTreeMap<usize, BTreeSet<Endpoint>> = BTreeMap::new();
    for measure in &side.measures {
        for workload in &measure.workloads {
            wanted.entry(*workload).or_default().extend(&measure.endpoints);
        }
    }
    // An offer may list its regions in another order than the registry does.
    let in_order = |set: BTreeSet<Endpoint>| side.registry.endpoints().filter(|at| set.contains(at)).collect();
    wanted.into_iter().map(|(workload, set)| (workload, in_order(set))).collect()
}

/// What each model among `endpoints` can take of the workload, by the model's index.
fn fits(registry: &Registry, workload: &Workload, endpoints: &[Endpoint]) -> BTreeMap<usize, Fit> {
    let sizes = Sizes::new(workload);
    let models: BTreeSet<usize> = endpoints.iter().map(|endpoint| endpoint.model).collect();
    models.into_iter().map(|model| (model, sizes.fit(&registry.models[model]))).collect()
}

/// What is left out of `workload` because a model, or the one that it is compared with, cannot take it.
fn unfit(input: &PlanInput<'_>, workload: &Workload, fits: &[BTreeMap<usize, Fit>], groups: &[Group]) -> Vec<LeftOut> {
    let of_side = |(side, fits): (&Side<'_>, &BTreeMap<usize, Fit>)| {
        fits.iter().flat_map(|(model, fit)| left_out(&side.registry.models[*model], workload, fit)).collect()
    };
    let by_side: Vec<(Option<&str>, Vec<LeftOut>)> =
        input.sides.iter().zip(fits).map(|side| (side.0.variant, of_side(side))).collect();
    let mut all = left_out_of_all(&by_side);
    for entry in groups.iter().flat_map(|group| lost(&input.sides, &workload.name, group, fits)) {
        if !all.contains(&entry) {
            all.push(entry);
        }
    }
    all
}

/// What `fit` leaves out: an entry a reason, or one for everything where nothing is left.
fn left_out(model: &Model, workload: &Workload, fit: &Fit) -> Vec<LeftOut> {
    let entry = |requests, reason| LeftOut {
        variant: None,
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

fn slug_parts<'a>(side: &'a Side<'_>, target: &Target, workload: &'a Workload, load: &'a str) -> Vec<&'a str> {
    let registry = side.registry;
    let mut parts: Vec<&str> = side.variant.into_iter().collect();
    match target {
        Target::Routes(_) => parts.push("routes"),
        Target::Endpoint(at) => {
            parts.extend([registry.provider(*at).id.as_str(), registry.model(*at).id.as_str()]);
            parts.extend(registry.region(*at).map(|region| region.id.as_str()));
        }
    }
    parts.extend([workload.name.as_str(), load]);
    parts
}

#[cfg(test)]
pub(in crate::plan) mod tests;
