//! An amount of dollars as providers write it in JSON, read digit by digit: money is never a float.

use crate::units::Usd;

/// Places of a picodollar behind the point.
const PLACES: i64 = 12;

/// Digits before the point beyond which an amount is no cost of a request: a billion dollars and more.
const MOST_WHOLE_DIGITS: i64 = 9;

/// The amount in `json`, a number or a string with one, to the nearest picodollar; absent where it is none, is
/// negative, or a billion and more.
pub(super) fn dollars(json: &str) -> Option<Usd> {
    let text = json.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(json).trim();
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes()).map(|byte| i128::from(byte - b'0'));
    // How many digits stand before the point once the exponent has moved it.
    let before = exponent.checked_add(whole.len() as i64)?;
    let mut picos = 0_i128;
    for (place, digit) in (0_i64..).zip(digits) {
        // Counted from the point: the first place before it is 0, the first behind it -1.
        let power = before - 1 - place;
        if digit == 0 {
            continue;
        }
        if power >= MOST_WHOLE_DIGITS {
            return None;
        }
        match power + PLACES {
            at @ 0.. => picos += digit * 10_i128.pow(at as u32),
            // Half up: no digit behind the next one can matter.
            -1 => picos += i128::from(digit >= 5),
            _ => {}
        }
    }
    Some(Usd::from_picos(picos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn picos(json: &str) -> Option<i128> {
        dollars(json).map(Usd::picos)
    }

    #[test]
    fn an_amount_is_read_to_the_last_picodollar_in_any_notation() {
        for (json, expected) in [
            ("0.00014231", 142_310_000),
            ("1.5e-7", 150_000),
            ("15E-8", 150_000),
            ("1e+2", 100_000_000_000_000),
            ("\"0.25\"", 250_000_000_000),
            ("2", 2_000_000_000_000),
            ("0", 0),
            ("0e999999999999", 0),
            // As a float it would be one picodollar more.
            ("123456789.123456789012", 123_456_789_123_456_789_012),
            ("0.0000000000005", 1),
            ("0.00000000000049999", 0),
            ("1e-400", 0),
        ] {
            assert_eq!(picos(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn what_is_no_cost_of_a_request_is_absent() {
        let none = [
            "null",
            "-1",
            "-0.5",
            "1e9",
            "1e300",
            "1e99999999999999999999",
            "{}",
            "\"\"",
            "\"$1\"",
            "1.2.3",
            "true",
            "[1]",
            "e5",
        ];
        for json in none {
            assert_eq!(picos(json), None, "{json}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_reads_as_it_is_written(picos in 0_i128..1_000_000_000_000_000_000_000) {
            let amount = Usd::from_picos(picos);
            prop_assert_eq!(dollars(&amount.to_string()), Some(amount));
        }
    }
}
