//! What a live provider's limits make of a load.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::cell::{Cell, Load};
use crate::plan::input::{PlanError, PlanInput, Side};
use crate::plan::lane::Lane;
use crate::registry::{Endpoint, Limits, Provider, Registry};

/// A provider by its id and where it is called: sides that agree in both call the same one.
pub(super) type Called<'a> = (&'a str, &'a str);

/// Who answers `endpoint`.
pub(super) fn called(registry: &Registry, endpoint: Endpoint) -> Called<'_> {
    let provider = registry.provider(endpoint);
    (&provider.id, &provider.base_url)
}

/// The live providers that the cells of `lane` call, each with how many of them do.
pub(super) fn called_by<'a>(input: &PlanInput<'a>, cells: &[Cell], lane: &Lane) -> BTreeMap<Called<'a>, u32> {
    let mut counts = BTreeMap::new();
    for cell in lane.cells.iter().map(|cell| &cells[*cell]) {
        let Side { registry, simulated, .. } = input.sides[cell.side];
        if !simulated {
            let called: BTreeSet<Called<'_>> =
                cell.target.endpoints().iter().map(|endpoint| called(registry, *endpoint)).collect();
            called.into_iter().for_each(|called| *counts.entry(called).or_default() += 1);
        }
    }
    counts
}

/// The smallest of a limit that the live sides set to the provider `called`; absent where none does.
pub(super) fn limit_of(
    input: &PlanInput<'_>,
    called: Called<'_>,
    limit: impl Fn(&Limits) -> Option<u32>,
) -> Option<u32> {
    let live = input.sides.iter().filter(|side| !side.simulated);
    let is_it = |provider: &&Provider| (provider.id.as_str(), provider.base_url.as_str()) == called;
    live.flat_map(|side| side.registry.providers.iter().filter(is_it)).filter_map(|it| limit(&it.limits)).min()
}

/// `load` with no more in flight than the provider of `endpoint` allows, and a warning where that is less than asked.
///
/// A closed load is its concurrency, and is refused elsewhere where that is too much.
pub(super) fn in_flight_of(load: Load, side: &Side<'_>, endpoint: Endpoint) -> (Load, Option<String>) {
    let Load::Open { max_in_flight, .. } = &load else { return (load, None) };
    let max_in_flight = *max_in_flight;
    let provider = side.registry.provider(endpoint);
    match provider.limits.max_in_flight.filter(|limit| !side.simulated && *limit < max_in_flight) {
        None => (load, None),
        Some(limit) => {
            let warning = format!(
                "at most {limit} requests in flight instead of {max_in_flight}: provider `{}` allows no more, and what \
                 is due beyond is dropped",
                provider.id
            );
            (load.with_max_in_flight(limit), Some(warning))
        }
    }
}

/// Makes sure that no lane alone sends more a minute than a live provider allows: it could never keep its schedule.
///
/// # Errors
/// When one would.
pub(super) fn keep_rate(input: &PlanInput<'_>, cells: &[Cell], lanes: &[Lane]) -> Result<(), PlanError> {
    for lane in lanes {
        let load = &cells[lane.cells[0]].load;
        let Load::Open { arrivals, .. } = load else { continue };
        let Some(rate) = arrivals.rate() else { continue };
        for (called, arms) in called_by(input, cells, lane) {
            let Some(limit) = limit_of(input, called, |limits| limits.requests_per_minute) else { continue };
            let share = f64::from(arms) / f64::from(lane.arms());
            if rate.peak_rps() * share * 60.0 > f64::from(limit) {
                return Err(PlanError::OverRate { load: load.to_string(), provider: called.0.to_owned(), limit });
            }
        }
    }
    Ok(())
}
