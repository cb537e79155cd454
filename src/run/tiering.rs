//! What a request that was routed too high would have cost at the tier that the workload records.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::cost::Tariff;
use crate::plan::Cell;
use crate::routes::{Action, Destination, Route};
use crate::run::inputs::Inputs;
use crate::sample::{CallKind, Outcome, Sample};
use crate::units::Usd;
use crate::workload::{Prompt, Request};

/// The prices of the models that recorded tiers lead to.
pub(super) struct Tiers<'r> {
    inputs: &'r Inputs,
    started: Timestamp,
    /// By cell and line: the tariff of the model that its route calls first; absent where there is none.
    known: HashMap<(u32, u32), Option<Tariff>>,
}

impl<'r> Tiers<'r> {
    /// Nothing is known so far; the run starts at `started`.
    pub(super) fn new(inputs: &'r Inputs, started: Timestamp) -> Self {
        Self { inputs, started, known: HashMap::new() }
    }

    /// What the answer to `sample`, or the person who was handed it, cost above what the model would have cost, for the same
    /// tokens, that the table calls first for the recorded tier; what a person answers has no tokens, and is all above.
    ///
    /// Absent where it was not routed by a higher tier than recorded, where that tier is a person's, and where either cost
    /// is not known, a person's included.
    pub(super) fn paid_above(&mut self, sample: &Sample) -> Option<Usd> {
        let passed = sample.passed.as_deref()?;
        let recorded =
            passed.recorded_tier.filter(|recorded| passed.label.is_some_and(|(tier, _)| tier > *recorded))?;
        let (inputs, started) = (self.inputs, self.started);
        let cell = &inputs.plan.cells[sample.cell as usize];
        let request = &inputs.workloads[cell.workload].requests[sample.line as usize];
        let key = (sample.cell, sample.line);
        let tariff = self.known.entry(key).or_insert_with(|| tariff(inputs, cell, request, recorded, started));
        let tariff = tariff.as_ref()?;
        let mut above = match (sample.outcome, passed.human_cost) {
            (Outcome::HandedOff, None) => return None,
            (_, person) => person.unwrap_or_default(),
        };
        for call in passed.calls.iter().filter(|call| call.kind != CallKind::Classify && call.usage.is_some()) {
            let (usage, _) = call.usage?;
            above += call.cost? - tariff.charge(&usage, call.images, call.moments.sent, None).exact()?;
        }
        Some(above)
    }
}

/// The tariff of the model that the table of `cell` calls first for `request`, had it the tier `tier`.
fn tariff(inputs: &Inputs, cell: &Cell, request: &Request, tier: u8, started: Timestamp) -> Option<Tariff> {
    let known = inputs.side(cell).table.as_ref()?;
    let has_image = matches!(&request.prompt, Prompt::Body(body) if body.images > 0);
    let takes = |route: &Route| route.matches.takes(Some(tier), request.class.as_deref(), has_image);
    let place = known.table.routes.iter().position(takes)?;
    if matches!(known.table.routes[place].action, Action::HandOff { .. }) {
        return None;
    }
    let heaviest = |a: &&Destination, b: &&Destination| a.weight.total_cmp(&b.weight);
    // Of equal weights the first.
    let first = known.resolved.routes[place].primary.iter().rev().max_by(heaviest)?;
    let endpoint = first.endpoints.first()?;
    Some(Tariff::new(inputs.registry(cell).pricing(*endpoint), started))
}
