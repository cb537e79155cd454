//! What a live provider's limits make of an open load.

use crate::plan::cell::{Cell, Load};
use crate::plan::input::{PlanError, PlanInput};
use crate::registry::Endpoint;

/// `load` with no more in flight than the provider of `endpoint` allows, and a warning where that is less than asked.
///
/// A closed load is its concurrency, and is refused elsewhere where that is too much.
pub(super) fn in_flight_of(load: Load, input: &PlanInput<'_>, endpoint: Endpoint) -> (Load, Option<String>) {
    let Load::Open { max_in_flight, .. } = &load else { return (load, None) };
    let max_in_flight = *max_in_flight;
    let provider = input.registry.provider(endpoint);
    match provider.limits.max_in_flight.filter(|limit| !input.simulated && *limit < max_in_flight) {
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

/// Makes sure that no cell alone sends more a minute than its live provider allows: it could never keep its schedule.
///
/// # Errors
/// When one would.
pub(super) fn keep_rate(input: &PlanInput<'_>, cells: &[Cell]) -> Result<(), PlanError> {
    for cell in cells.iter().filter(|_| !input.simulated) {
        let Load::Open { arrivals, .. } = &cell.load else { continue };
        let provider = input.registry.provider(cell.endpoint);
        let Some((limit, rate)) = provider.limits.requests_per_minute.zip(arrivals.rate()) else { continue };
        if rate.peak_rps() * 60.0 > f64::from(limit) {
            let (load, provider) = (cell.load.to_string(), provider.id.clone());
            return Err(PlanError::OverRate { load, provider, limit });
        }
    }
    Ok(())
}
