//! What is wrong with a routing table, and what may not be meant.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::conf::{Faults, Review};
use crate::registry::Registry;
use crate::routes::coverage::note_coverage;
use crate::routes::prices::note_prices;
use crate::routes::resolve::{Resolved, endpoints};
use crate::routes::sight::note_sight;
use crate::routes::table::Table;
use crate::routes::windows::note_windows;

/// A routing table that can be carried out.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its endpoints.
    pub resolved: Resolved,
    /// What may not be meant; absent: nothing.
    pub warnings: Option<Faults>,
    /// Models that it calls and of which a price is an assumption, in the order of their ids.
    pub assumed: BTreeSet<String>,
}

/// Holds `table` against `registry` and its prices of the day `today`.
///
/// # Errors
/// The mistakes of [`resolve`](crate::routes::resolve), all at once.
pub fn check(table: &Table, registry: &Registry, today: Date) -> Result<Checked, Faults> {
    let mut review = Review::new(&table.source, &table.text);
    let resolved = examine(table, registry, &mut review);
    let assumed = note_prices(table, registry, today, &mut review);
    match review.finish() {
        (Some(mistakes), _) => Err(mistakes),
        (None, warnings) => Ok(Checked { resolved, warnings, assumed }),
    }
}

/// Notes everything but prices.
pub(super) fn examine(table: &Table, registry: &Registry, review: &mut Review<'_>) -> Resolved {
    let resolved = endpoints(table, registry, review);
    note_coverage(table, review);
    note_windows(table, registry, review);
    note_sight(table, registry, review);
    resolved
}

#[cfg(test)]
mod tests;
