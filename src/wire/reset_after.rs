//! How long a provider says it takes until one of its rate limits is whole again.

use std::time::Duration;

/// Reads the value of a header such as `x-ratelimit-reset-tokens`: a length of time as Go writes it (`6m0s`,
/// `1m30.5s`, `20ms`), or a number of seconds.
///
/// Absent when it is negative, which says that there is no limit, or is no length of time: from a year on a bare
/// number is taken for a moment in time, which says nothing without a clock.
pub fn reset_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Some(seconds) = decimal(text) {
        return (seconds < YEAR_SECONDS).then(|| Duration::try_from_secs_f64(seconds).ok())?;
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !is_decimal(c))?);
        let (unit, after) = after.split_at(after.find(is_decimal).unwrap_or(after.len()));
        seconds += decimal(number)? * seconds_in(unit)?;
        rest = after;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(seconds).ok() }
}

const YEAR_SECONDS: f64 = 365.0 * 86_400.0;

fn is_decimal(c: char) -> bool {
    c.is_ascii_digit() || c == '.'
}

/// A number in digits and at most one point: no sign, exponent or word such as `inf`.
fn decimal(text: &str) -> Option<f64> {
    text.chars().all(is_decimal).then(|| text.parse().ok())?
}

fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        // Both the micro sign and the Greek letter are in use.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_written_as_go_writes_a_length_of_time() {
        for (text, micros) in [
            ("6m0s", 360_000_000),
            ("1s", 1_000_000),
            ("0s", 0),
            ("1m30.951s", 90_951_000),
            ("2m59.56s", 179_560_000),
            ("20ms", 20_000),
            ("23h59m59s", 86_399_000_000),
            ("500\u{b5}s", 500),
            ("500\u{3bc}s", 500),
            (" 1d ", 86_400_000_000),
        ] {
            assert_eq!(reset_after(text), Some(Duration::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn a_bare_number_is_seconds() {
        assert_eq!(reset_after("60"), Some(Duration::from_secs(60)));
        assert_eq!(reset_after("0"), Some(Duration::ZERO));
        assert_eq!(reset_after("0.25"), Some(Duration::from_millis(250)));
    }

    #[test]
    fn no_limit_a_moment_and_anything_else_are_absent() {
        for text in
            ["-1", "", " ", "1735689600", "1735689600000", "never", "6m0", "m", "1.2.3s", "1e3", "inf", "-6m", "6 m"]
        {
            assert_eq!(reset_after(text), None, "{text:?}");
        }
        assert_eq!(reset_after(&format!("{}h", "9".repeat(400))), None, "beyond every bound");
    }
}
