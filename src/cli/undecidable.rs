//! What a run's policy asks and the run cannot decide, with what it would take.

use std::time::Duration;

use crate::cli::cost_words::amount;
use crate::cost::Cost;
use crate::gate::{Slo, Undecidable, undecidable, windows};
use crate::plan::{Amount, Cell, Estimate};
use crate::run::{Inputs, Settings};
use crate::units::Usd;

/// A line for each rule of the run's policy that the run cannot decide, or that it will not be asked because no earlier runs are
/// named; none without a policy.
///
/// `estimates` match the plan's cells; a request is taken to last `typical` where time is told.
pub(super) fn undecidable_lines(
    settings: &Settings,
    inputs: &Inputs,
    estimates: &[Estimate],
    typical: Duration,
) -> Vec<String> {
    let Some(policy) = &inputs.policy else { return Vec::new() };
    let cells = inputs.planned_cells();
    let all = undecidable(policy, &cells);
    let undecided = all.iter().map(|rule| line(rule, settings, inputs, estimates, typical));
    let windows = if settings.history.is_none() { windows(policy, &cells) } else { Vec::new() };
    undecided.chain(windows.into_iter().map(unasked)).collect()
}

fn line(rule: &Undecidable, settings: &Settings, inputs: &Inputs, estimates: &[Estimate], typical: Duration) -> String {
    let mut remedies: Vec<String> = Vec::new();
    let requests = rule.needed_requests.filter(|_| !inputs.plan.cells.iter().any(|cell| cell.load.is_staged()));
    if let Some(requests) = requests {
        let most = inputs.plan.cells.iter().map(|cell| u64::from(cell.requests)).max().unwrap_or(1).max(1);
        remedies.push(match settings.amount {
            Amount::Lasting(time) => format!("`--duration {}s`", lengthened(time, requests, rule.requests).as_secs()),
            Amount::Requests(_) | Amount::Once => format!("`--requests-per-cell {requests}`"),
        });
        let seconds = inputs.plan.expected_duration(|_| typical).as_secs() * requests.saturating_sub(most) / most;
        remedies.push(more(dearer(inputs, estimates, requests), seconds));
    }
    remedies.extend(rule.needed_rounds.map(|rounds| format!("`--rounds {rounds}`")));
    match remedies.is_empty() {
        true => rule.sentence(),
        false => format!("{} ({})", rule.sentence(), remedies.join(", ")),
    }
}

fn unasked(window: &Slo) -> String {
    let days = window.window_days.unwrap_or_default();
    format!(
        "rule `{}` is about {days} days of history, and no folder of runs is named: it will not be asked (`[gate] history` in the \
         suite)",
        window.name
    )
}

/// How long a load of `time` that brings `has` requests must last for `needed`, in whole seconds.
fn lengthened(time: Duration, needed: u64, has: u64) -> Duration {
    Duration::from_secs((time.as_secs_f64() * needed as f64 / has.max(1) as f64).ceil() as u64)
}

/// What it costs more if every cell sends `requests`.
fn dearer(inputs: &Inputs, estimates: &[Estimate], requests: u64) -> Cost {
    let more = |(cell, estimate): (&Cell, &Estimate)| {
        let sent = u64::from(cell.requests) + u64::from(cell.warmup);
        let more = requests.saturating_sub(u64::from(cell.requests));
        let picos = estimate.expected.known.picos() * i128::from(more) / i128::from(sent.max(1));
        Cost { known: Usd::from_picos(picos), ..estimate.expected }
    };
    inputs.plan.cells.iter().zip(estimates).map(more).sum()
}

/// `about $0.12 and 40 s more`; without a price the time alone.
fn more(cost: Cost, seconds: u64) -> String {
    let time = time(seconds);
    if !cost.complete && cost.known == Usd::ZERO {
        return format!("about {time} more, at a price that is unknown");
    }
    format!("about {} and {time} more", amount(cost))
}

/// `40 s`, or `6 min`.
fn time(seconds: u64) -> String {
    if seconds < 90 { format!("{seconds} s") } else { format!("{} min", seconds.div_ceil(60)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_price_is_told_by_its_time_alone() {
        let priced = Cost { known: Usd::from_picos(120_000_000_000), complete: true, assumed: false };
        assert_eq!(more(priced, 19), "about $0.12 and 19 s more");
        assert_eq!(more(Cost { complete: false, ..Cost::NOTHING }, 19), "about 19 s more, at a price that is unknown");
    }
}
