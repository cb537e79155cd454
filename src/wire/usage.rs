//! What a provider says of the tokens and the cost of a request.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::sample::Usage;
use crate::units::Usd;
use crate::wire::dollars::dollars;
use crate::wire::text::Number;

/// A usage as it came, and what could be read of it.
#[derive(Debug)]
pub struct Reported<'a> {
    /// The JSON that was written.
    pub raw: &'a str,
    /// Its counts; all absent where it has another shape altogether.
    pub fields: UsageFields<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Reported<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(Self { raw, fields: serde_json::from_str(raw).unwrap_or_default() })
    }
}

/// The token counts and the cost as providers write them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UsageFields<'a> {
    prompt_tokens: Number,
    completion_tokens: Number,
    total_tokens: Number,
    prompt_tokens_details: Option<UsageDetails>,
    completion_tokens_details: Option<UsageDetails>,
    prompt_cache_hit_tokens: Number,
    cached_tokens: Number,
    cache_creation_input_tokens: Number,
    reasoning_tokens: Number,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
    cost_in_usd_ticks: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UsageDetails {
    cached_tokens: Number,
    cache_write_tokens: Number,
    cache_creation_tokens: Number,
    reasoning_tokens: Number,
}

/// Whether the counts of a usage add up to the total stated beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sum {
    /// They do in one of the known ways, or no total is stated.
    #[default]
    Fits,
    /// They do in no known way, so the completion count was taken at its word.
    Off,
}

impl UsageFields<'_> {
    /// The counts with each token in one class; absent when the prompt or the answer is not counted.
    ///
    /// Reasoning is on top of the completion where the total says so, and included otherwise. Cached tokens are
    /// inside the prompt unless there are more of them than that.
    pub fn normalised(&self) -> Option<(Usage, Sum)> {
        let prompt = self.prompt_tokens.count()?;
        let total = self.total_tokens.count();
        let completion = match self.completion_tokens.count() {
            Some(completion) => completion,
            None => total?.checked_sub(prompt)?,
        };
        let reasoning = of(self.completion_tokens_details.as_ref(), |details| details.reasoning_tokens)
            .or(self.reasoning_tokens.count())
            .unwrap_or(0);
        let cached = of(self.prompt_tokens_details.as_ref(), |details| details.cached_tokens)
            .or(self.prompt_cache_hit_tokens.count())
            .or(self.cached_tokens.count())
            .unwrap_or(0);
        let written = of(self.prompt_tokens_details.as_ref(), |details| details.cache_write_tokens)
            .or(of(self.prompt_tokens_details.as_ref(), |details| details.cache_creation_tokens))
            .or(self.cache_creation_input_tokens.count())
            .unwrap_or(0);
        let input = if cached > prompt { prompt.saturating_add(cached) } else { prompt };
        let fits = |input: u64, output: u64| total.is_none_or(|total| input.checked_add(output) == Some(total));
        let with_reasoning = completion.saturating_add(reasoning);
        let on_top = reasoning > 0 && total.is_some() && fits(prompt, with_reasoning);
        let output = if on_top { with_reasoning } else { completion };
        let sum = if on_top || fits(prompt, output) || fits(input, output) { Sum::Fits } else { Sum::Off };
        Some((
            Usage {
                input,
                cached_input: cached,
                cache_write: written.min(input.saturating_sub(cached)),
                output,
                reasoning: reasoning.min(output),
            },
            sum,
        ))
    }

    /// What the provider says the request cost: `cost` in dollars, else `cost_in_usd_ticks`; absent without either.
    pub fn stated_cost(&self) -> Option<Usd> {
        self.cost
            .and_then(|cost| dollars(cost.get()))
            .or_else(|| Some(Usd::from_picos(i128::from(self.cost_in_usd_ticks.count()?) * PICOS_PER_TICK)))
    }
}

/// Picodollars in a tick, of which a dollar has 1e10.
const PICOS_PER_TICK: i128 = 100;

fn of(details: Option<&UsageDetails>, count: fn(&UsageDetails) -> Number) -> Option<u64> {
    count(details?).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &str) -> UsageFields<'_> {
        serde_json::from_str(fields).unwrap()
    }

    fn usage(fields: &str) -> Option<Usage> {
        Some(read(fields).normalised()?.0)
    }

    fn sum(fields: &str) -> Sum {
        read(fields).normalised().unwrap().1
    }

    #[test]
    fn reasoning_inside_the_completion_is_not_added() {
        let fields = r#"{"prompt_tokens":10,"completion_tokens":50,"total_tokens":60,
            "completion_tokens_details":{"reasoning_tokens":40},"prompt_tokens_details":{"cached_tokens":4}}"#;
        assert_eq!(
            usage(fields),
            Some(Usage { input: 10, cached_input: 4, cache_write: 0, output: 50, reasoning: 40 })
        );
    }

    #[test]
    fn reasoning_on_top_of_the_completion_is_added() {
        let fields = r#"{"prompt_tokens":12,"completion_tokens":2,"total_tokens":354,
            "completion_tokens_details":{"reasoning_tokens":340}}"#;
        assert_eq!(
            usage(fields),
            Some(Usage { input: 12, cached_input: 0, cache_write: 0, output: 342, reasoning: 340 })
        );
    }

    #[test]
    fn where_the_sum_fits_neither_way_the_completion_is_trusted() {
        let fields = r#"{"prompt_tokens":1,"completion_tokens":5,"total_tokens":99,"reasoning_tokens":7}"#;
        assert_eq!(usage(fields), Some(Usage { input: 1, cached_input: 0, cache_write: 0, output: 5, reasoning: 5 }));
    }

    #[test]
    fn cached_tokens_are_found_in_three_places() {
        for place in
            ["\"prompt_tokens_details\":{\"cached_tokens\":3}", "\"prompt_cache_hit_tokens\":3", "\"cached_tokens\":3"]
        {
            let fields = format!("{{\"prompt_tokens\":8,\"completion_tokens\":1,{place}}}");
            assert_eq!(usage(&fields).unwrap().cached_input, 3, "{place}");
        }
    }

    #[test]
    fn tokens_written_to_a_cache_are_found_in_three_places_and_are_never_also_read() {
        for place in [
            "\"prompt_tokens_details\":{\"cached_tokens\":3,\"cache_write_tokens\":4}",
            "\"prompt_tokens_details\":{\"cached_tokens\":3,\"cache_creation_tokens\":4}",
            "\"cached_tokens\":3,\"cache_creation_input_tokens\":4",
        ] {
            let fields = format!("{{\"prompt_tokens\":8,\"completion_tokens\":1,{place}}}");
            assert_eq!(usage(&fields).unwrap().cache_write, 4, "{place}");
        }
        let too_many = r#"{"prompt_tokens":8,"completion_tokens":1,"cached_tokens":6,"cache_creation_input_tokens":9}"#;
        assert_eq!(usage(too_many).unwrap().cache_write, 2);
    }

    #[test]
    fn more_cached_tokens_than_prompt_tokens_are_beside_them() {
        let fields = r#"{"prompt_tokens":8,"completion_tokens":1,"cached_tokens":100}"#;
        assert_eq!(
            usage(fields),
            Some(Usage { input: 108, cached_input: 100, cache_write: 0, output: 1, reasoning: 0 })
        );
    }

    #[test]
    fn usage_without_a_prompt_count_is_absent_and_never_zero() {
        assert_eq!(usage(r#"{"completion_tokens":5}"#), None);
        assert_eq!(usage(r#"{"prompt_tokens":null,"completion_tokens":null,"total_tokens":0}"#), None);
        assert_eq!(usage(r#"{"prompt_tokens":-1,"completion_tokens":5}"#), None);
    }

    #[test]
    fn a_missing_completion_count_follows_from_the_total() {
        assert_eq!(usage(r#"{"prompt_tokens":5.0,"total_tokens":9}"#).unwrap().output, 4);
    }

    #[test]
    fn counts_that_add_up_in_no_known_way_are_marked() {
        assert_eq!(sum(r#"{"prompt_tokens":8,"completion_tokens":7,"total_tokens":250}"#), Sum::Off);
        assert_eq!(
            sum(r#"{"prompt_tokens":1,"completion_tokens":5,"total_tokens":99,"reasoning_tokens":7}"#),
            Sum::Off
        );
        assert_eq!(sum(r#"{"prompt_tokens":8,"completion_tokens":7,"total_tokens":15}"#), Sum::Fits);
        assert_eq!(
            sum(r#"{"prompt_tokens":8,"completion_tokens":7,"total_tokens":18,"reasoning_tokens":3}"#),
            Sum::Fits
        );
        assert_eq!(
            sum(r#"{"prompt_tokens":8,"completion_tokens":1,"total_tokens":109,"cached_tokens":100}"#),
            Sum::Fits
        );
        assert_eq!(sum(r#"{"prompt_tokens":8,"completion_tokens":7}"#), Sum::Fits, "no total contradicts nothing");
    }

    #[test]
    fn a_stated_cost_is_dollars_or_ticks_of_which_a_dollar_has_ten_billion() {
        let picos = |fields: &str| read(fields).stated_cost().map(Usd::picos);
        assert_eq!(picos(r#"{"cost":0.00014231}"#), Some(142_310_000));
        assert_eq!(picos(r#"{"cost":1.5e-7}"#), Some(150_000));
        assert_eq!(picos(r#"{"cost":"0.25"}"#), Some(250_000_000_000));
        assert_eq!(picos(r#"{"cost":2}"#), Some(2_000_000_000_000));
        assert_eq!(picos(r#"{"cost":0}"#), Some(0), "free is a statement");
        assert_eq!(picos(r#"{"cost_in_usd_ticks":37756000}"#), Some(3_775_600_000));
        for none in ["{}", r#"{"cost":null}"#, r#"{"cost":-1}"#, r#"{"cost":1e300}"#, r#"{"cost":{"total":1}}"#] {
            assert_eq!(picos(none), None, "{none}");
        }
    }

    #[test]
    fn counts_beyond_what_can_be_added_do_not_overflow() {
        let huge = u64::MAX;
        let fields = format!(
            r#"{{"prompt_tokens":{huge},"completion_tokens":{huge},"total_tokens":{huge},"reasoning_tokens":{huge},"cached_tokens":1e300}}"#
        );
        assert_eq!(sum(&fields), Sum::Off);
    }
}
