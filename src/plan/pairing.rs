//! Which endpoints of the variants are compared with each other, and with which requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::cell::{LeftOut, Target};
use crate::plan::fit::Fit;
use crate::plan::input::Side;
use crate::registry::Endpoint;
use crate::workload::Workload;

/// Endpoints that are measured together, and the workload's lines that each of them gets.
pub(super) struct Group {
    /// The side of each and where it sends to, the baseline first.
    pub(super) members: Vec<(usize, Target)>,
    /// Indices of the requests, at least one.
    pub(super) lines: Vec<u32>,
}

/// The endpoints `chosen` of each of `sides` in groups: each of the baseline with its like of the other, then what the
/// baseline has not; `fits` say what each model takes, by side and model. Endpoints that take nothing are in no group.
///
/// Alike are those of one model in one region. Where a model is offered there by several providers it is the same
/// provider, else the next in the registry's order.
pub(super) fn groups(sides: &[Side<'_>], chosen: &[Vec<Endpoint>], fits: &[BTreeMap<usize, Fit>]) -> Vec<Group> {
    let fit = |(side, at): (usize, Endpoint)| &fits[side][&at.model];
    let usable = |side: usize| {
        let all = chosen[side].iter().map(move |at| (side, *at));
        all.filter(|member| !fit(*member).lines.is_empty()).collect::<Vec<_>>()
    };
    let [baseline, candidate] = [0, 1].map(|side| if side < sides.len() { usable(side) } else { Vec::new() });
    let mut free: Vec<Option<(usize, Endpoint)>> = candidate.into_iter().map(Some).collect();
    let mut partners = vec![None; baseline.len()];
    let place = |(side, at): (usize, Endpoint)| {
        let registry = sides[side].registry;
        (&registry.model(at).id, registry.region(at).map(|region| &region.id))
    };
    let provider = |(side, at): (usize, Endpoint)| &sides[side].registry.provider(at).id;
    for same_provider in [true, false] {
        for (one, partner) in baseline.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            let is_like = |other: (usize, Endpoint)| {
                place(*one) == place(other) && (!same_provider || provider(*one) == provider(other))
            };
            let found = free.iter_mut().find(|other| other.is_some_and(is_like));
            *partner = found.and_then(Option::take);
        }
    }
    let mut groups = Vec::new();
    let at = |(side, endpoint)| (side, Target::Endpoint(endpoint));
    let alone = |member| Group { members: vec![at(member)], lines: fit(member).lines.clone() };
    for (one, partner) in baseline.into_iter().zip(partners) {
        let Some(other) = partner else {
            groups.push(alone(one));
            continue;
        };
        let lines: Vec<u32> =
            fit(one).lines.iter().copied().filter(|line| fit(other).lines.binary_search(line).is_ok()).collect();
        // Without a prompt that both take there is nothing to compare, though each can be measured.
        match lines.is_empty() {
            true => groups.extend([alone(one), alone(other)]),
            false => groups.push(Group { members: vec![at(one), at(other)], lines }),
        }
    }
    groups.extend(free.into_iter().flatten().map(alone));
    groups
}

/// The routing tables of `sides` on the workload of that index, together; none where no side has one.
///
/// A table gets every line: what it cannot send anywhere ends with an outcome of its own.
pub(super) fn routed(sides: &[Side<'_>], workload: usize, recorded: &Workload) -> Option<Group> {
    let on = |side: &Side<'_>| side.measures.iter().any(|measure| measure.workloads.contains(&workload));
    let of = |(number, side): (usize, &Side<'_>)| {
        let routes = side.routes.as_ref().filter(|_| on(side))?;
        Some((number, Target::Routes(Arc::clone(routes))))
    };
    let members: Vec<_> = sides.iter().enumerate().filter_map(of).collect();
    let lines = u32::try_from(recorded.requests.len()).expect("a workload holds fewer than 2^32 lines");
    (!members.is_empty() && lines > 0).then(|| Group { members, lines: (0..lines).collect() })
}

/// Endpoints that a warning names at most.
const MOST_NAMED: usize = 4;

/// Which endpoints are measured in one variant alone on `workload`, a warning for each variant; none where nothing is
/// compared.
pub(super) fn alone_warnings(sides: &[Side<'_>], workload: &str, groups: &[Group]) -> Vec<String> {
    let warning = |(number, side): (usize, &Side<'_>)| {
        let variant = side.variant?;
        let lone = groups.iter().filter(|group| group.members.len() == 1).map(|group| &group.members[0]);
        let names: Vec<String> = lone
            .filter(|(of, _)| *of == number)
            .filter_map(|(_, target)| target.endpoint())
            .map(|at| {
                let model = &side.registry.model(at).id;
                side.registry.region(at).map_or(format!("`{model}`"), |region| format!("`{model}` in {}", region.id))
            })
            .collect();
        let more = names.len().checked_sub(MOST_NAMED).filter(|more| *more > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        let named = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        (!names.is_empty())
            .then(|| format!("only {variant} measures {named}{more} on `{workload}`: there is nothing to compare with"))
    };
    sides.iter().enumerate().filter(|_| sides.len() > 1).filter_map(warning).collect()
}

/// Requests of a pair that only one of its members can take, and so neither gets.
pub(super) fn lost(sides: &[Side<'_>], workload: &str, group: &Group, fits: &[BTreeMap<usize, Fit>]) -> Vec<LeftOut> {
    let lost = |(side, target): &(usize, Target)| {
        let at = target.endpoint()?;
        let lost = fits[*side][&at.model].lines.len() - group.lines.len();
        (lost > 0).then(|| LeftOut {
            variant: sides[*side].variant.map(str::to_owned),
            model: sides[*side].registry.model(at).id.clone(),
            region: None,
            workload: Some(workload.to_owned()),
            requests: Some(u32::try_from(lost).expect("a workload holds fewer than 2^32 lines")),
            reason: "the other variant cannot take them, and both get the same prompts".to_owned(),
        })
    };
    group.members.iter().filter_map(lost).collect()
}

/// What each side leaves out as one list: what all of them do once and without a name, the rest by its variant.
pub fn left_out_of_all(by_side: &[(Option<&str>, Vec<LeftOut>)]) -> Vec<LeftOut> {
    let mut all: Vec<LeftOut> = Vec::new();
    for (variant, entries) in by_side {
        for entry in entries {
            let everywhere = by_side.iter().all(|(_, others)| others.contains(entry));
            let variant = variant.filter(|_| !everywhere).map(str::to_owned);
            let entry = LeftOut { variant, ..entry.clone() };
            if !all.contains(&entry) {
                all.push(entry);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests;
