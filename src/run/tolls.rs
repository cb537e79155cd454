//! Whether a limit of the bill can be kept: what every request of the plan may cost at most.

use jiff::Timestamp;

use crate::cost::Tariff;
use crate::load::{Budget, Toll};
use crate::plan::Cell;
use crate::registry::{Endpoint, PriceKey};
use crate::run::RunError;
use crate::run::inputs::Inputs;
use crate::run::settings::Settings;
use crate::units::Usd;
use crate::workload::answer_tokens_at_most;

/// Makes sure that the limit of the bill can be kept, where there is one.
///
/// # Errors
/// A price that a cell needs is unknown, or nothing bounds the answer to one of its requests.
pub fn check_budget(settings: &Settings, inputs: &Inputs) -> Result<(), RunError> {
    if settings.max_cost_usd.is_some() {
        tolls(inputs, Timestamp::now())?;
    }
    Ok(())
}

/// What requests of each cell cost at each of its endpoints in a run that starts at `started`.
///
/// # Errors
/// See [`check_budget`].
pub(super) fn tolls(inputs: &Inputs, started: Timestamp) -> Result<Vec<Vec<Toll>>, RunError> {
    let of_cell =
        |cell: &Cell| cell.target.endpoints().iter().map(|endpoint| toll(inputs, cell, *endpoint, started)).collect();
    inputs.plan.cells.iter().map(of_cell).collect()
}

/// What of the limit is held for requests whose bill is unknown, in words; absent: nothing.
pub(super) fn held_back(budget: &Budget, spent: Usd) -> Option<String> {
    let held = budget.held() - spent;
    (held > Usd::ZERO).then(|| {
        format!(
            "${held} of the limit of ${} was held for requests whose bill is unknown: each may have cost as much as its \
             worst case",
            budget.limit()
        )
    })
}

fn toll(inputs: &Inputs, cell: &Cell, endpoint: Endpoint, started: Timestamp) -> Result<Toll, RunError> {
    let registry = inputs.registry(cell);
    let model = registry.model(endpoint);
    let tariff = Tariff::new(registry.pricing(endpoint), started);
    let ceiling = tariff.ceiling().map_err(|missing| RunError::UnknownPrice {
        model: model.id.clone(),
        prices: missing.into_iter().map(PriceKey::name).collect::<Vec<_>>().join(" and "),
    })?;
    let workload = &inputs.workloads[cell.workload];
    let requests = cell.lines.iter().map(|line| &workload.requests[*line as usize]);
    let mut unbounded =
        requests.filter(|request| answer_tokens_at_most(&request.prompt, model.answer_limit()).is_none());
    match unbounded.next() {
        Some(request) => Err(RunError::UnboundedAnswer {
            file: workload.source.clone(),
            line: request.line,
            model: model.id.clone(),
        }),
        None => Ok(Toll { ceiling, tariff }),
    }
}
