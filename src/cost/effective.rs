//! What a million generated tokens really cost.

use crate::units::{Usd, UsdPerMtok};

/// Total cost over generated tokens, per million: it contains input, cache and reasoning, and so stands beside
/// the list price.
///
/// Rounded half up to a picodollar a token. Absent without generated tokens.
pub fn effective_output(total: Usd, output_tokens: u64) -> Option<UsdPerMtok> {
    let tokens = i128::from(output_tokens);
    (tokens > 0).then(|| UsdPerMtok::from_picos_per_token(total.picos().saturating_add(tokens / 2).div_euclid(tokens)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_price_is_the_whole_bill_over_the_generated_tokens() {
        let bill: Usd = "0.000669".parse().unwrap();
        // 669 µ$ over 36 tokens: $18.5833… a million.
        assert_eq!(effective_output(bill, 36).unwrap().to_string(), "18.583333");
        assert_eq!(effective_output("500".parse().unwrap(), 2_000_000_000).unwrap().to_string(), "0.25");
    }

    #[test]
    fn a_half_picodollar_is_rounded_up() {
        assert_eq!(effective_output(Usd::from_picos(3), 2).unwrap().picos_per_token(), 2);
        assert_eq!(effective_output(Usd::from_picos(4), 3).unwrap().picos_per_token(), 1);
        assert_eq!(effective_output(Usd::from_picos(5), 3).unwrap().picos_per_token(), 2);
    }

    #[test]
    fn without_generated_tokens_there_is_no_effective_price() {
        assert_eq!(effective_output("1".parse().unwrap(), 0), None);
        assert_eq!(effective_output(Usd::ZERO, 5), Some(UsdPerMtok::default()));
    }
}
