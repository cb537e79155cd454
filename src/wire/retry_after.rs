//! How long a provider asks to wait before the next request.

use jiff::fmt::rfc2822;

use crate::units::Micros;

/// Reads `retry-after-ms`, then `retry-after`, which is seconds, possibly a fraction, or a date.
///
/// A date counts from the reply's own `date`, so that no clock is needed and none has to agree; without that it is
/// absent, as is anything that cannot be read. A date in the past is no wait at all.
pub fn retry_after(millis: Option<&str>, seconds: Option<&str>, date: Option<&str>) -> Option<Micros> {
    let number = |text: &str, micros: f64| {
        let value: f64 = text.trim().parse().ok()?;
        // A float beyond 71 minutes stops at the unit's bound.
        (value.is_finite() && value >= 0.0).then_some(Micros((value * micros).round() as u32))
    };
    if let Some(wait) = millis.and_then(|text| number(text, 1e3)) {
        return Some(wait);
    }
    let text = seconds?;
    number(text, 1e6).or_else(|| {
        let until = rfc2822::parse(text.trim()).ok()?.timestamp().as_second();
        let from = rfc2822::parse(date?.trim()).ok()?.timestamp().as_second();
        let wait = u64::try_from(until - from).unwrap_or(0);
        Some(Micros(u32::try_from(wait.saturating_mul(1_000_000)).unwrap_or(u32::MAX)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_come_before_seconds() {
        assert_eq!(retry_after(Some("250"), Some("9"), None), Some(Micros(250_000)));
        assert_eq!(retry_after(None, Some("1.5"), None), Some(Micros(1_500_000)));
        assert_eq!(retry_after(Some("soon"), Some("2"), None), Some(Micros(2_000_000)));
    }

    #[test]
    fn a_date_counts_from_the_date_of_the_reply() {
        let until = Some("Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(retry_after(None, until, Some("Wed, 21 Oct 2015 07:27:30 GMT")), Some(Micros(30_000_000)));
        assert_eq!(retry_after(None, until, Some("Wed, 21 Oct 2015 07:29:00 GMT")), Some(Micros(0)));
        assert_eq!(retry_after(None, until, None), None);
    }

    #[test]
    fn what_cannot_be_read_is_absent() {
        assert_eq!(retry_after(None, None, None), None);
        assert_eq!(retry_after(None, Some("-1"), None), None);
        assert_eq!(retry_after(None, Some("NaN"), None), None);
    }
}
