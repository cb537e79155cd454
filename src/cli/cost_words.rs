//! What a run will cost, in words.

use crate::cost::Cost;
use crate::plan::Estimate;
use crate::report::figures::{Trust, count, marked, usd};
use crate::run::{Inputs, Settings};
use crate::units::Usd;

/// An amount with its marks, `≥` where a part is unknown and `~` where a price is assumed; `unknown` where nothing is
/// known.
pub(super) fn amount(cost: Cost) -> String {
    if !cost.complete && cost.known == Usd::ZERO {
        return "unknown".to_owned();
    }
    marked(&usd(cost.known), Trust { partial: !cost.complete, assumed: cost.assumed })
}

/// `low $0.80, expected $3.10, high $9.42`, warm-up included, and what to know of it, a sentence a line.
pub(super) fn sentence(settings: &Settings, inputs: &Inputs, total: &Estimate) -> Vec<String> {
    let [low, expected, high] = [total.low, total.expected, total.high].map(amount);
    let simulated = if inputs.is_simulated() { ", simulated: nothing is charged" } else { "" };
    let mut lines = vec![format!("cost: low {low}, expected {expected}, high {high}{simulated}")];
    if total.guessed > 0 {
        lines.push(format!(
            "{} answers are expected to be half as long as they may be, since no length is recorded",
            count(total.guessed)
        ));
    }
    lines.extend(settings.max_cost_usd.and_then(|limit| against(limit, total)));
    lines
}

/// What a limit of the bill means for the run; absent where all of it fits.
fn against(limit: Usd, total: &Estimate) -> Option<String> {
    let stops = format!("the run stops at the limit of {}, ", usd(limit));
    if total.low.known > limit {
        Some(format!("{stops}which is below the least it costs: it will be partial"))
    } else if total.expected.known > limit {
        Some(format!("{stops}which is below what is expected: it will probably be partial"))
    } else if total.high.known > limit {
        Some(format!("{stops}and may reach it: it fits if answers are as long as expected"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(amount: &str) -> Cost {
        Cost { known: amount.parse().unwrap(), ..Cost::NOTHING }
    }

    #[test]
    fn a_limit_is_held_against_the_estimate() {
        let total = Estimate { low: cost("1"), expected: cost("3"), high: cost("9"), guessed: 0 };
        let told = |limit: &str| against(limit.parse().unwrap(), &total).unwrap_or_default();
        assert!(told("0.5").contains("below the least"));
        assert!(told("2").contains("below what is expected"));
        assert!(told("5").contains("may reach it"));
        assert_eq!(told("9"), "");
    }

    #[test]
    fn what_is_unknown_is_never_zero() {
        assert_eq!(amount(Cost { complete: false, ..Cost::NOTHING }), "unknown");
        assert_eq!(amount(Cost { complete: false, ..cost("0.5") }), "≥ $0.50");
        assert_eq!(amount(Cost { assumed: true, ..cost("0.5") }), "~$0.50");
        assert_eq!(amount(Cost::NOTHING), "$0");
    }
}
