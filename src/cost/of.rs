//! What one request costs.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::registry::{PriceKey, Rates};
use crate::sample::{Usage, UsageSource};
use crate::units::{Usd, UsdPerMtok};

/// What the request with this `usage` and so many `images` in its prompt costs at `rates`, in dollars.
///
/// Tokens read from or written to a cache fall back to the input price, and reasoning to the output price. What
/// needs a price that is unknown is left out of the sum, which is then marked as incomplete.
pub fn of(usage: &Usage, images: u32, rates: Option<&Rates>) -> Cost {
    let cached = usage.cached_input.min(usage.input);
    let written = usage.cache_write.min(usage.input - cached);
    let reasoning = usage.reasoning.min(usage.output);
    let Some(price) = rates else {
        return Cost { known: Usd::ZERO, complete: usage.input == 0 && usage.output == 0, assumed: false };
    };
    let input = (price.input, PriceKey::Input);
    let output = (price.output, PriceKey::Output);
    let or = |own: Option<UsdPerMtok>, key, fallback| if own.is_some() { (own, key) } else { fallback };
    let mut cost = Cost::NOTHING;
    for (tokens, (per_mtok, key)) in [
        (usage.input - cached - written, input),
        (cached, or(price.cached_input, PriceKey::CachedInput, input)),
        (written, or(price.cache_write, PriceKey::CacheWrite, input)),
        (usage.output - reasoning, output),
        (reasoning, or(price.reasoning, PriceKey::Reasoning, output)),
    ] {
        if tokens > 0 {
            cost += part(per_mtok.map(|per_mtok| per_mtok.of(tokens)), price, key);
        }
    }
    if price.per_request.is_some() {
        cost += part(price.per_request, price, PriceKey::PerRequest);
    }
    if let Some(per_image) = price.per_image.filter(|_| images > 0) {
        cost += part(Some(per_image.times(images.into())), price, PriceKey::PerImage);
    }
    cost
}

/// An amount and how far it can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The sum of what has a price.
    pub known: Usd,
    /// Whether that is everything; if not, the cost is at least `known`.
    pub complete: bool,
    /// Whether a price in it is an assumption.
    pub assumed: bool,
}

impl Cost {
    /// The cost of no request at all.
    pub const NOTHING: Self = Self { known: Usd::ZERO, complete: true, assumed: false };

    /// The amount, where all of it is known.
    pub fn exact(self) -> Option<Usd> {
        self.complete.then_some(self.known)
    }

    /// The same amount where its tokens were counted by `source`: what rests on an estimate is an assumption too.
    pub fn counted_by(self, source: UsageSource) -> Self {
        Self { assumed: self.assumed || source == UsageSource::Estimated, ..self }
    }

    /// The amount for people, with `places` decimals: `$0.0123`, `~$0.0123` where a price in it is assumed,
    /// `≥ $0.0123` where a part is unknown, and `unknown` where all of it is.
    pub fn shown(self, places: u32) -> String {
        if !self.complete && self.known == Usd::ZERO {
            return "unknown".to_owned();
        }
        let least = if self.complete { "" } else { "≥ " };
        let about = if self.assumed { "~" } else { "" };
        format!("{least}{about}${}", self.known.rounded(places))
    }
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            known: self.known + other.known,
            complete: self.complete && other.complete,
            assumed: self.assumed || other.assumed,
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::NOTHING, Add::add)
    }
}

/// One class of a cost; absent where its price is unknown.
fn part(amount: Option<Usd>, price: &Rates, key: PriceKey) -> Cost {
    match amount {
        Some(known) => Cost { known, complete: true, assumed: price.assumed.contains(&key) },
        None => Cost { known: Usd::ZERO, complete: false, assumed: false },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Rates; an empty string is a price that is left out.
    fn price(input: &str, cached_input: &str, output: &str) -> Rates {
        let per_mtok = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        Rates {
            input: per_mtok(input),
            output: per_mtok(output),
            cached_input: per_mtok(cached_input),
            ..Rates::default()
        }
    }

    fn usage(input: u64, cached_input: u64, output: u64, reasoning: u64) -> Usage {
        Usage { input, cached_input, output, reasoning, ..Usage::default() }
    }

    fn exact(usage: &Usage, price: &Rates) -> String {
        of(usage, 0, Some(price)).exact().unwrap().to_string()
    }

    #[test]
    fn the_golden_figures_come_out_exactly() {
        assert_eq!(exact(&usage(43, 0, 36, 0), &price("3", "", "15")), "0.000669");
        assert_eq!(exact(&usage(687, 679, 187, 0), &price("3", "0.75", "15")), "0.00333825");
        assert_eq!(exact(&usage(12, 11, 342, 340), &price("0.30", "0.075", "0.50")), "0.000172125");
        let short = of(&usage(0, 0, 2_000, 0), 0, Some(&price("", "", "0.25")));
        assert_eq!(short.exact().unwrap().to_string(), "0.0005");
        assert_eq!(std::iter::repeat_n(short, 1_000_000).sum::<Cost>().exact().unwrap().to_string(), "500");
    }

    #[test]
    fn cached_and_reasoning_tokens_fall_back_to_input_and_output_prices() {
        assert_eq!(exact(&usage(10, 4, 0, 0), &price("2", "", "")), "0.00002");
        assert_eq!(exact(&usage(0, 0, 10, 4), &price("", "", "2")), "0.00002");
        let dear_thoughts = Rates { reasoning: Some("6".parse().unwrap()), ..price("", "", "2") };
        assert_eq!(exact(&usage(0, 0, 10, 4), &dear_thoughts), "0.000036");
    }

    #[test]
    fn tokens_written_to_a_cache_have_their_own_price() {
        let written = Usage { cache_write: 6, ..usage(10, 3, 0, 0) };
        let rates = Rates { cache_write: Some("2.5".parse().unwrap()), ..price("2", "0.2", "") };
        assert_eq!(exact(&written, &rates), "0.0000176", "1 at $2, 3 at $0.20, 6 at $2.50");
        assert_eq!(exact(&written, &price("2", "0.2", "")), "0.0000146", "or the input price");
    }

    #[test]
    fn free_is_known_and_left_out_is_not() {
        assert_eq!(of(&usage(5, 0, 5, 0), 0, Some(&price("0", "", "0"))), Cost::NOTHING);
        let open = of(&usage(5, 0, 1_000, 0), 0, Some(&price("", "", "0.25")));
        assert_eq!(open, Cost { known: "0.00025".parse().unwrap(), complete: false, assumed: false });
        assert_eq!(open.exact(), None);
        assert_eq!(of(&usage(5, 0, 5, 0), 0, None), Cost { known: Usd::ZERO, complete: false, assumed: false });
    }

    #[test]
    fn a_class_without_tokens_needs_no_price() {
        assert_eq!(exact(&usage(0, 0, 4, 0), &price("", "", "1")), "0.000004");
        assert_eq!(of(&usage(0, 0, 0, 0), 0, None), Cost::NOTHING);
    }

    #[test]
    fn an_assumed_price_marks_a_cost_only_where_it_bears_on_it() {
        let guess = Rates { assumed: BTreeSet::from([PriceKey::Input]), ..price("0.01", "", "0.01") };
        assert!(of(&usage(1, 0, 0, 0), 0, Some(&guess)).assumed);
        assert!(of(&usage(1, 1, 0, 0), 0, Some(&guess)).assumed, "cached tokens fall back to the assumed price");
        assert!(!of(&usage(0, 0, 1, 0), 0, Some(&guess)).assumed);
    }

    #[test]
    fn a_cost_of_estimated_tokens_is_an_assumption_at_a_published_price() {
        let cost = of(&usage(5, 0, 5, 0), 0, Some(&price("1", "", "2")));
        assert_eq!(cost.counted_by(UsageSource::Provider), cost);
        assert_eq!(cost.counted_by(UsageSource::Estimated).shown(6), "~$0.000015");
    }

    #[test]
    fn requests_and_images_are_charged_besides_tokens() {
        let fees = Rates {
            per_request: Some("0.001".parse().unwrap()),
            per_image: Some("0.002".parse().unwrap()),
            ..price("1", "", "1")
        };
        let tokens = usage(1_000, 0, 0, 0);
        assert_eq!(of(&tokens, 3, Some(&fees)).exact().unwrap().to_string(), "0.008");
        assert_eq!(of(&tokens, 0, Some(&fees)).exact().unwrap().to_string(), "0.002");
    }

    #[test]
    fn the_dearest_price_and_the_largest_counts_do_not_overflow() {
        let most = Some(UsdPerMtok::from_picos_per_token(i128::MAX));
        let rates = Rates { input: most, per_image: Some(Usd::from_picos(i128::MAX)), ..price("", "", "1") };
        let wild = Usage { cached_input: u64::MAX, cache_write: u64::MAX, ..usage(u64::MAX, 0, u64::MAX, u64::MAX) };
        assert_eq!(of(&wild, u32::MAX, Some(&rates)).exact().unwrap().picos(), i128::MAX);
    }

    #[test]
    fn usage_that_contradicts_itself_is_charged_once_and_no_more() {
        assert_eq!(exact(&usage(3, 9, 2, 5), &price("1", "0.5", "1")), "0.0000035");
    }

    #[test]
    fn an_amount_says_how_far_it_can_be_relied_on() {
        let cost = |complete, assumed| Cost { known: "0.01234".parse().unwrap(), complete, assumed }.shown(4);
        assert_eq!(cost(true, false), "$0.0123");
        assert_eq!(cost(true, true), "~$0.0123");
        assert_eq!(cost(false, false), "≥ $0.0123");
        assert_eq!(cost(false, true), "≥ ~$0.0123");
        assert_eq!(Cost { known: Usd::ZERO, complete: false, assumed: false }.shown(4), "unknown");
        assert_eq!(Cost::NOTHING.shown(4), "$0.0000");
    }
}
