//! Amounts as catalogues write them, exactly.

use crate::units::MoneyError;

/// What an amount is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Dollars for a token.
    Token,
    /// Dollars for a million tokens.
    MillionTokens,
    /// Dollars for a request or an image.
    Piece,
    /// Dollars for a thousand requests.
    ThousandPieces,
}

impl Unit {
    /// One dollar in this unit is ten to this power in picodollars for one token, request or image.
    const fn power(self) -> i32 {
        match self {
            Self::Token | Self::Piece => 12,
            Self::MillionTokens => 6,
            Self::ThousandPieces => 9,
        }
    }

    /// The least amount, in picodollars for one, that is too large for a registry: $1,000,000,000 as it is written there.
    const fn too_large(self) -> i128 {
        match self {
            Self::Token | Self::MillionTokens => 1_000_000_000_000_000,
            Self::Piece | Self::ThousandPieces => 1_000_000_000_000_000_000_000,
        }
    }
}

/// An amount in whole picodollars for one token, request or image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    /// Rounded half up.
    pub(super) picos: i128,
    /// Whether rounding took away more than the noise of a float, a part in a thousand million.
    pub(super) rounded: bool,
}

/// Reads a JSON number, or a number in a JSON string, such as `2.5e-06` or `"0.0000025"`.
pub(super) fn read_amount(json: &str, unit: Unit) -> Result<Amount, MoneyError> {
    let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json).trim();
    let (text, negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MoneyError::NotDecimal);
    }
    let exponent: i32 = exponent.parse().map_err(|_| MoneyError::NotDecimal)?;
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(Amount { picos: 0, rounded: false });
    }
    if negative {
        return Err(MoneyError::Negative);
    }
    let fraction = i32::try_from(fraction.len()).map_err(|_| MoneyError::NotDecimal)?;
    let power = exponent.saturating_sub(fraction).saturating_add(unit.power());
    let amount = scaled(digits, power)?;
    if amount.picos >= unit.too_large() { Err(MoneyError::TooLarge) } else { Ok(amount) }
}

/// `digits`, which do not begin with a zero, times ten to the `power`.
fn scaled(digits: &str, power: i32) -> Result<Amount, MoneyError> {
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if length.saturating_add(power) > 30 {
        return Err(MoneyError::TooLarge);
    }
    if power >= 0 {
        let number: i128 = digits.parse().map_err(|_| MoneyError::TooLarge)?;
        return Ok(Amount { picos: number * 10_i128.pow(power.unsigned_abs()), rounded: false });
    }
    let kept = usize::try_from(length.saturating_add(power)).unwrap_or(0);
    // Thirty places below a picodollar decide how it is rounded.
    let below: String = std::iter::repeat_n('0', usize::try_from(-length.saturating_add(power)).unwrap_or(0).min(30))
        .chain(digits[kept..].chars())
        .take(30)
        .collect();
    let whole: i128 = if kept == 0 { 0 } else { digits[..kept].parse().map_err(|_| MoneyError::TooLarge)? };
    let rest: i128 = format!("{below:0<30}").parse().map_err(|_| MoneyError::NotDecimal)?;
    let one = 10_i128.pow(30);
    let off = rest.min(one - rest);
    // A part in a thousand million of the whole is the noise of a float.
    let rounded = whole == 0 || off > 0 && off >= whole.saturating_mul(one / 1_000_000_000);
    Ok(Amount { picos: whole + i128::from(rest >= one / 2), rounded })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picos(json: &str, unit: Unit) -> (i128, bool) {
        let amount = read_amount(json, unit).unwrap();
        (amount.picos, amount.rounded)
    }

    #[test]
    fn floats_strings_and_units_come_to_the_same_picodollars() {
        for json in
            ["2.5e-06", "0.0000025", "\"0.0000025\"", "25E-7", "2.5000000000000003e-06", "2.4999999999999998e-06"]
        {
            assert_eq!(picos(json, Unit::Token), (2_500_000, false), "{json}");
        }
        assert_eq!(picos("2.5", Unit::MillionTokens), (2_500_000, false));
        assert_eq!(picos("0.005", Unit::Piece), (5_000_000_000, false));
        assert_eq!(picos("12", Unit::ThousandPieces), (12_000_000_000, false));
        assert_eq!(picos("0.0", Unit::Token), (0, false));
        assert_eq!(picos("-0", Unit::Token), (0, false));
        assert_eq!(picos("0e99", Unit::Token), (0, false));
    }

    #[test]
    fn what_a_picodollar_cannot_hold_is_rounded_half_up_and_said() {
        assert_eq!(picos("1.5e-12", Unit::Token), (2, true));
        assert_eq!(picos("1.4e-12", Unit::Token), (1, true));
        assert_eq!(picos("4e-13", Unit::Token), (0, true));
        assert_eq!(picos("0.0000625", Unit::MillionTokens), (63, true));
        assert_eq!(picos("1e-99", Unit::Token), (0, true));
        assert_eq!(picos("2.55000000000045e-07", Unit::Token), (255_000, false), "noise");
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for (json, error) in [
            ("-1", MoneyError::Negative),
            ("\"-1\"", MoneyError::Negative),
            ("\"free\"", MoneyError::NotDecimal),
            ("true", MoneyError::NotDecimal),
            ("\"\"", MoneyError::NotDecimal),
            ("1e", MoneyError::NotDecimal),
            ("{}", MoneyError::NotDecimal),
            ("1000", MoneyError::TooLarge),
            ("1e400", MoneyError::TooLarge),
            ("99999999999999999999999999999999999999999999", MoneyError::TooLarge),
        ] {
            assert_eq!(read_amount(json, Unit::Token), Err(error), "{json}");
        }
        assert_eq!(picos("999.999999999", Unit::Token).0, 999_999_999_999_000);
    }
}
