//! How one amount of money stands to another, exactly.

use crate::units::{Usd, grouped};

/// The change from `before` to `after` as a share of `before`, in millionths rounded half away from zero; absent where
/// that was nothing.
fn millionths(before: Usd, after: Usd) -> Option<i128> {
    let (before, change) = (before.picos(), (after - before).picos());
    let scaled = change.checked_mul(1_000_000)?;
    (before > 0).then(|| scaled.abs().saturating_add(before / 2) / before * scaled.signum())
}

/// The change as a ratio, `0.4` for 40 per cent more; absent where `before` was nothing.
pub(crate) fn ratio(before: Usd, after: Usd) -> Option<String> {
    millionths(before, after).map(|share| Usd::from_picos(share.saturating_mul(1_000_000)).to_string())
}

/// The change for people, `+40.0 %`; absent where `before` was nothing.
pub(crate) fn percent_change(before: Usd, after: Usd) -> Option<String> {
    let share = millionths(before, after)?;
    let tenths = share.abs().saturating_add(500) / 1_000;
    let sign = if share < 0 { '−' } else { '+' };
    Some(format!("{sign}{}.{} %", grouped(&(tenths / 10).to_string()), tenths % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_rounded_half_away_from_zero_and_has_no_share_of_nothing() {
        let usd = |text: &str| text.parse::<Usd>().unwrap();
        assert_eq!(ratio(usd("0.15"), usd("0.21")).as_deref(), Some("0.4"));
        assert_eq!(ratio(usd("3"), usd("2")).as_deref(), Some("-0.333333"));
        assert_eq!(percent_change(usd("3"), usd("2")).as_deref(), Some("−33.3 %"));
        assert_eq!(percent_change(usd("2"), usd("2.00100")).as_deref(), Some("+0.1 %"));
        assert_eq!(percent_change(usd("0.01"), usd("20")).as_deref(), Some("+199,900.0 %"));
        assert_eq!((ratio(usd("0"), usd("1")), percent_change(usd("0"), usd("0"))), (None, None));
    }
}
