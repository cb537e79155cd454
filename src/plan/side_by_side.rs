//! How many cells may run at once.

use std::collections::BTreeMap;

use crate::plan::cell::{Cell, Load};
use crate::plan::input::{PlanError, PlanInput};

/// Cells side by side, 1 or more, and a warning where that is fewer than was asked for.
///
/// Against live providers their `max_in_flight` binds, whichever cells happen to run together.
///
/// # Errors
/// When one cell alone is over the limit.
pub(super) fn side_by_side(input: &PlanInput<'_>, cells: &[Cell]) -> Result<(usize, Option<String>), PlanError> {
    let usual = if input.simulated { cells.len() } else { 1 };
    let mut parallel = input.parallel_cells.unwrap_or(usual).min(cells.len());
    let mut warning = None;
    if input.simulated {
        return Ok((parallel, warning));
    }
    let mut by_provider: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for cell in cells {
        by_provider.entry(input.registry.offer(cell.endpoint).provider).or_default().push(most_in_flight(cell));
    }
    let wanted = parallel;
    for (provider, mut in_flight) in by_provider {
        let provider = &input.registry.providers[provider];
        let Some(limit) = provider.limits.max_in_flight else { continue };
        in_flight.sort_unstable_by(|a, b| b.cmp(a));
        if in_flight[0] > limit {
            let (provider, concurrency) = (provider.id.clone(), in_flight[0]);
            return Err(PlanError::OverLimit { provider, concurrency, limit });
        }
        let together = fitting(&in_flight, limit);
        if together < in_flight.len() && together < parallel {
            parallel = together;
            warning = Some(format!(
                "{parallel} cell{} side by side instead of {wanted}: provider `{}` allows {limit} requests in flight",
                if parallel == 1 { "" } else { "s" },
                provider.id
            ));
        }
    }
    Ok((parallel, warning))
}

/// Requests of `cell` that can be in flight at once.
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
