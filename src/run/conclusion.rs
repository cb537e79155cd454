//! What the manifest says of a run when it is over.

use jiff::Timestamp;

use crate::load::Budget;
use crate::router::BreakerEvent;
use crate::run::record::Recorded;
use crate::run::table_notes::breaker_note;
use crate::run::{Inputs, notes, tolls};
use crate::rundir::{Manifest, Status, routing_notes, usage_notes, usage_warnings};
use crate::tally::CellFigures;

/// Adds to `manifest` how the run ended and what was noticed in it; returns what to do about requests that failed.
pub(super) fn conclude(
    manifest: &mut Manifest,
    inputs: &Inputs,
    figures: &[CellFigures],
    recorded: Recorded,
    budget: Option<&Budget>,
) -> Vec<String> {
    manifest.status = match budget.is_some_and(Budget::is_exhausted) {
        _ if recorded.interrupted => Status::Interrupted,
        true => Status::OverBudget,
        false => Status::Finished,
    };
    manifest.finished_at = Some(notes::moment(Timestamp::now()));
    manifest.destination.simulated = recorded.simulated.or(manifest.destination.simulated);
    manifest.validity = notes::validity(&manifest.cells, figures, recorded.lags);
    let advice = recorded.failures.advice(&manifest.cells);
    manifest.warnings.extend(advice.iter().cloned());
    manifest.warnings.extend(budget.and_then(|budget| tolls::held_back(budget, recorded.spent)));
    manifest.failures = recorded.failures.notes(&manifest.cells);
    note_breakers(manifest, inputs, recorded.breakers);
    manifest.routing = routing_notes(manifest, &recorded.routing);
    manifest.usage = usage_notes(&manifest.cells, figures);
    manifest.warnings.extend(usage_warnings(&manifest.cells, &manifest.usage));
    advice
}

/// Puts the changes of breakers into the notes of their tables, in the order of time.
fn note_breakers(manifest: &mut Manifest, inputs: &Inputs, mut events: Vec<(u32, BreakerEvent)>) {
    // Workers tell of them in batches of their own.
    events.sort_by_key(|(_, event)| event.at);
    for (cell, event) in events {
        let side = inputs.side(&inputs.plan.cells[cell as usize]);
        let table = manifest.tables.iter_mut().find(|table| table.variant == side.variant);
        table.expect("only tables have breakers").breakers.push(breaker_note(&side.registry, &event));
    }
}
