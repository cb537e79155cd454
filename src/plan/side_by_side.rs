//! How many lanes may run at once.

use std::collections::BTreeMap;

use crate::plan::cell::{Cell, Load};
use crate::plan::input::{PlanError, PlanInput};
use crate::plan::lane::Lane;
use crate::plan::limits::{Called, called_by, limit_of};

/// Lanes side by side, 1 or more, and a warning where that is fewer than was asked for.
///
/// Against live providers their `max_in_flight` binds, whichever lanes happen to run together. All that a lane holds in
/// flight may at some moment be with one of its providers.
///
/// # Errors
/// When one lane alone is over the limit.
pub(super) fn side_by_side(
    input: &PlanInput<'_>,
    cells: &[Cell],
    lanes: &[Lane],
) -> Result<(usize, Option<String>), PlanError> {
    let usual = if input.sides.iter().all(|side| side.simulated) { lanes.len() } else { 1 };
    let mut parallel = input.parallel_cells.unwrap_or(usual).min(lanes.len());
    let mut warning = None;
    let mut by_provider: BTreeMap<Called<'_>, Vec<u32>> = BTreeMap::new();
    for lane in lanes {
        for called in called_by(input, cells, lane).into_keys() {
            by_provider.entry(called).or_default().push(most_in_flight(&cells[lane.cells[0]]));
        }
    }
    let wanted = parallel;
    for (called, mut in_flight) in by_provider {
        let Some(limit) = limit_of(input, called, |limits| limits.max_in_flight) else { continue };
        in_flight.sort_unstable_by(|a, b| b.cmp(a));
        if in_flight[0] > limit {
            let (provider, concurrency) = (called.0.to_owned(), in_flight[0]);
            return Err(PlanError::OverLimit { provider, concurrency, limit });
        }
        let together = fitting(&in_flight, limit);
        if together < in_flight.len() && together < parallel {
            parallel = together;
            warning = Some(format!(
                "{parallel} cell{} side by side instead of {wanted}: provider `{}` allows {limit} requests in flight",
                if parallel == 1 { "" } else { "s" },
                called.0
            ));
        }
    }
    Ok((parallel, warning))
}

/// Requests that can be in flight at once in the lane of `cell`.
fn most_in_flight(cell: &Cell) -> u32 {
    match &cell.load {
        Load::Closed { concurrency } => *concurrency,
        Load::Open { max_in_flight, .. } => *max_in_flight,
    }
}

/// How many of the largest loads, which come first, stay within `limit` together.
fn fitting(in_flight: &[u32], limit: u32) -> usize {
    let sums = in_flight.iter().scan(0_u64, |sum, more| {
        *sum += u64::from(*more);
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= u64::from(limit)).count()
}
