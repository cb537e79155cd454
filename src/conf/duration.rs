//! Lengths of time as people write them: `500ms`, `30s`, `2m`.

use std::time::Duration;

/// Reads a whole number and its unit: `ms`, `s`, `m`, `h` or `d`.
///
/// # Errors
/// Anything else, a fraction included, and a time of over a thousand years.
pub fn parse_duration(text: &str) -> Result<Duration, NotADuration> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(end);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(NotADuration),
    };
    let number: u64 = number.parse().map_err(|_| NotADuration)?;
    let total = number.checked_mul(millis).filter(|total| *total <= LONGEST_MILLIS).ok_or(NotADuration)?;
    Ok(Duration::from_millis(total))
}

/// A thousand years: far beyond every use, and far below where adding up overflows.
const LONGEST_MILLIS: u64 = 365_250 * 86_400_000;

/// Text that is not a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a time, write it like \"500ms\", \"30s\", \"2m\", \"1h\" or \"30d\"")]
pub struct NotADuration;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_a_time() {
        for (text, millis) in [("500ms", 500), ("30s", 30_000), ("2m", 120_000), ("1h", 3_600_000), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse_duration("30d"), Ok(Duration::from_secs(30 * 86_400)));
    }

    #[test]
    fn a_number_without_a_unit_or_with_a_fraction_is_refused() {
        for text in ["", "30", "s", "-1s", "1.5s", "1 s", "2min", "18446744073709551615d"] {
            assert_eq!(parse_duration(text), Err(NotADuration), "{text}");
        }
    }
}
