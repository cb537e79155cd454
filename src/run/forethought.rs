//! What a run will cost, routing tables included, before anything is sent.

use jiff::Timestamp;

use crate::cost::{Cost, Tariff};
use crate::plan::{Cell, Estimate, Target, estimate, times_sent};
use crate::router::{Answer, Call, Facts, Passage, Purpose, Router, Step};
use crate::run::RunError;
use crate::run::inputs::{InputSide, Inputs};
use crate::run::settings::Settings;
use crate::run::tables::router;
use crate::sample::{Outcome, Usage};
use crate::units::{Moment, Usd};
use crate::workload::prompt_tokens;

/// What each cell of the plan may cost by the prices in force `at` its start, in the order of its cells.
///
/// A routing table is asked for each line what it would do: as if all went well and tiers are labelled as recorded, and
/// as if every call failed as late as can be, whatever the label.
///
/// # Errors
/// A route limits what a request may cost, and a price that this needs is unknown.
pub fn estimates(settings: &Settings, inputs: &Inputs, at: Timestamp) -> Result<Vec<Estimate>, RunError> {
    let mut estimates = estimate(&inputs.plan, &inputs.workloads, &inputs.registries(), at);
    for (number, side) in inputs.sides.iter().enumerate() {
        let Some(router) = calm(settings, side, at)? else { continue };
        for (cell, estimate) in inputs.plan.cells.iter().zip(&mut estimates) {
            if cell.side == number && matches!(cell.target, Target::Routes(_)) {
                *estimate = of_cell(&router, inputs, cell, at);
            }
        }
    }
    Ok(estimates)
}

/// The router of `side` without breakers, of which a rehearsal must not learn.
fn calm(settings: &Settings, side: &InputSide, at: Timestamp) -> Result<Option<Router>, RunError> {
    let mut side = side.clone();
    if let Some(known) = &mut side.table {
        known.table.failover.breaker = None;
    }
    router(settings, &side, at)
}

fn of_cell(router: &Router, inputs: &Inputs, cell: &Cell, at: Timestamp) -> Estimate {
    let workload = &inputs.workloads[cell.workload];
    let registry = inputs.registry(cell);
    let tariff = |endpoint| Tariff::new(registry.pricing(endpoint), at);
    let tariffs: Vec<Tariff> = cell.target.endpoints().iter().map(|endpoint| tariff(*endpoint)).collect();
    let facts = router.prepare(workload);
    let mut sum = Estimate::NOTHING;
    for (place, line) in cell.lines.iter().enumerate() {
        let times = times_sent(place, cell.lines.len(), cell);
        if times > 0 {
            let input = prompt_tokens(&workload.requests[*line as usize].prompt);
            sum.add(one(router, &facts[*line as usize], input, &tariffs).times(times));
        }
    }
    sum
}

/// What a request of these `facts`, whose prompt has `tokens`, may cost.
fn one(router: &Router, facts: &Facts, tokens: u64, tariffs: &[Tariff]) -> Estimate {
    let likely = i32::from(facts.tier.unwrap_or(1));
    let (mut low, mut expected, mut high) = (Cost::NOTHING, Cost::NOTHING, Cost::NOTHING);
    let mut guessed = false;
    rehearse(router.begin(facts, 0), likely, Outcome::Ok, |call| {
        let body = &call.body;
        let tariff = &tariffs[call.place];
        let charge = |usage: Usage| tariff.charge(&usage, body.images, None, None);
        // A classifier and a piece read no more than they are sent; a request's tokens are counted.
        let input = if call.purpose == Purpose::Answer { tokens.min(body.input_bound) } else { body.input_bound / 4 };
        let bounded = body.output_bound != u64::MAX;
        let answer = if bounded { body.output_bound.div_ceil(2).max(1) } else { 1 };
        guessed |= call.purpose == Purpose::Answer;
        low += charge(Usage { input, cached_input: input, output: 1, ..Usage::default() });
        let likely = charge(Usage { input, output: answer, ..Usage::default() });
        expected += Cost { complete: likely.complete && bounded, ..likely };
    });
    for outcome in [Outcome::Ok, Outcome::TimeoutTotal, Outcome::Http5xx] {
        for tier in 0..=4 {
            let mut worst = Cost::NOTHING;
            rehearse(router.begin(facts, 0), tier, outcome, |call| worst += at_worst(call, &tariffs[call.place]));
            if worst.known > high.known {
                high = worst;
            }
        }
    }
    if low.known > expected.known {
        low = expected;
    }
    let high = Cost { known: high.known.max(expected.known), ..high };
    Estimate { low, expected, high, guessed: guessed.into() }
}

/// Goes the whole way of a request whose tier is labelled `tier` and whose every other call ends with `outcome`.
fn rehearse(mut passage: Passage<'_>, tier: i32, outcome: Outcome, mut each: impl FnMut(&Call)) {
    let label = tier.to_string();
    while let Step::Call(call) = passage.next(Moment(0)) {
        each(&call);
        let labels = call.purpose == Purpose::Classify;
        let outcome = if labels || matches!(call.purpose, Purpose::Chunk { .. }) { Outcome::Ok } else { outcome };
        let text = if labels { label.as_str() } else { "" };
        let answer = Answer { outcome, first_token_seen: false, text: Some(text), cost: Some(Usd::ZERO) };
        passage.answered(Moment(0), &answer);
    }
}

/// What `call` costs at most at the prices of `tariff`.
fn at_worst(call: &Call, tariff: &Tariff) -> Cost {
    let body = &call.body;
    match tariff.ceiling() {
        Ok(ceiling) if body.output_bound != u64::MAX => {
            let picos = ceiling.worst_case(body.input_bound, body.output_bound, body.images);
            Cost { known: Usd::from_picos(picos.into()), ..Cost::NOTHING }
        }
        _ => Cost { complete: false, ..Cost::NOTHING },
    }
}
