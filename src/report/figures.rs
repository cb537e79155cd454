//! Figures as people read them: the same money, time, ratio or count looks the same in every report.

use crate::units::{Latency, Micros, Usd, UsdPerMtok, grouped};

/// Milliseconds without their unit, for columns: `4.2`, `184`, `1,047`, `∞`.
pub fn ms(latency: Latency) -> String {
    match latency {
        Latency::Infinite => "∞".to_owned(),
        // Half up, on whole microseconds, so that no float decides a digit.
        Latency::Finite(time) if time.0 < 9_950 => {
            let tenths = (time.0 + 50) / 100;
            format!("{}.{}", tenths / 10, tenths % 10)
        }
        Latency::Finite(time) => count((u64::from(time.0) + 500) / 1000),
    }
}

/// A time with its unit, for sentences: `4.2 ms`, `184 ms`, `1.23 s`, `∞`.
pub fn time(latency: Latency) -> String {
    match latency {
        Latency::Finite(time) if time.0 >= 999_500 => {
            let hundredths = (u64::from(time.0) + 5_000) / 10_000;
            format!("{}.{:02} s", count(hundredths / 100), hundredths % 100)
        }
        Latency::Finite(_) => format!("{} ms", ms(latency)),
        Latency::Infinite => ms(latency),
    }
}

/// A limit as somebody would write it: `200 ms`, `1.5 s`, `10 s`.
pub fn limit(time: Micros) -> String {
    let (unit, name) = if time.0 >= 1_000_000 { (1_000_000, "s") } else { (1_000, "ms") };
    let fraction = format!("{:06}", u64::from(time.0 % unit) * (1_000_000 / u64::from(unit)));
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction} {name}", count((time.0 / unit).into()))
}

/// An interval of milliseconds for columns: `398–431`, or `≥ 398` where no upper end is known.
pub fn interval(low: Option<Latency>, high: Option<Latency>) -> Option<String> {
    match (low?, high.unwrap_or(Latency::Infinite)) {
        (Latency::Infinite, _) => Some("∞".to_owned()),
        (low, Latency::Infinite) => Some(format!("≥ {}", ms(low))),
        (low, high) => Some(format!("{}–{}", ms(low), ms(high))),
    }
}

/// An amount with three significant digits below a dollar and two decimals above: `$0.0123`, `$0.50`, `$1,234.57`.
pub fn usd(amount: Usd) -> String {
    let size = amount.picos().unsigned_abs();
    // One more place until three digits stand, but for cents, which everybody writes with two.
    let places = (2..12).find(|&places| size >= 100 * 10_u128.pow(12 - places)).unwrap_or(12);
    let places = if size >= 1_000_000_000_000 || size == 0 { 2 } else { places };
    let text = amount.rounded(places);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let kept = fraction.trim_end_matches('0').len().max(2).min(fraction.len());
    if size == 0 {
        return "$0".to_owned();
    }
    format!("{sign}${}.{}", grouped(whole), &fraction[..kept])
}

/// A list price per million tokens, exact: `$0.80`, `$0.125`.
pub fn list_price(price: UsdPerMtok) -> String {
    format!("${price}")
}

/// A measured price per million tokens, rounded as [`usd`] rounds.
pub fn measured_price(price: UsdPerMtok) -> String {
    usd(Usd::from_picos(price.picos_per_token()).times(1_000_000))
}

/// How far an amount of money can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Whether a price in it is an assumption: `~$0.0123`.
    pub assumed: bool,
    /// Whether a price in it is unknown, so that it is a lower bound: `≥ $0.0123`.
    pub partial: bool,
}

/// An amount with the marks that its prices earn: `$0.0123`, `~$0.0123`, `≥ $0.0123`, `≥ ~$0.0123`.
pub fn marked(amount: &str, trust: Trust) -> String {
    let partial = if trust.partial { "≥ " } else { "" };
    let assumed = if trust.assumed { "~" } else { "" };
    format!("{partial}{assumed}{amount}")
}

/// A ratio of 0 to 1 as per cent: `0.17 %`, `12.5 %`. Only exactly 0 and 1 are printed as `0 %` and `100 %`.
pub fn percent(ratio: f64) -> String {
    // 1 − 0.9 is not 0.1 in binary, and is meant to be.
    let value = (ratio * 1e14).round() / 1e12;
    if ratio <= 0.0 {
        "0 %".to_owned()
    } else if ratio >= 1.0 {
        "100 %".to_owned()
    } else if value < 0.01 {
        "< 0.01 %".to_owned()
    } else if value > 99.99 {
        "> 99.99 %".to_owned()
    } else if (10.0..99.0).contains(&value) {
        format!("{value:.1} %")
    } else {
        format!("{value:.2} %")
    }
}

/// A quality of 0 to 1 with two decimals, or as many as keep it apart from 1: `0.95`, `0.997`, `> 0.999`, `1`.
pub fn quality(ratio: f64) -> String {
    if ratio >= 1.0 {
        return "1".to_owned();
    }
    (2..=3)
        .map(|places| format!("{ratio:.places$}"))
        .find(|text| !text.starts_with('1'))
        .unwrap_or("> 0.999".to_owned())
}

/// An interval of qualities: `0.90–0.98`.
pub fn quality_interval((low, high): (f64, f64)) -> String {
    format!("{}–{}", quality(low), quality(high))
}

/// Failures of `requests`, with their share where there are any: `0`, `3 (0.50 %)`.
pub fn failures(failed: u64, requests: u64) -> String {
    if failed == 0 || requests == 0 {
        return count(failed);
    }
    format!("{} ({})", count(failed), percent(failed as f64 / requests as f64))
}

/// A whole number with its thousands apart: `23,400`.
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// One number, or the first to the last of several: `600`, `1,000 to 1,632`.
pub(crate) fn count_or_range(least: u64, most: u64) -> String {
    if least == most { count(most) } else { format!("{} to {}", count(least), count(most)) }
}

/// A count and what is counted, in the plural where it is not one: `1 cell`, `1,200 cells`.
pub fn several(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(number)) }
}

/// A rate as an axis or a sentence names it, with at most three digits: `0.25`, `4`, `41.5`, `1,240`.
pub fn rate(per_second: f64) -> String {
    let places = match per_second {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    let text = format!("{per_second:.places$}");
    if !text.contains('.') {
        return grouped(&text);
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finite(micros: u32) -> Latency {
        Latency::Finite(Micros(micros))
    }

    #[test]
    fn a_tenth_has_one_decimal_however_it_was_computed() {
        assert_eq!([0.1, 1.0 - 0.9, 0.09994].map(percent), ["10.0 %", "10.0 %", "9.99 %"]);
    }

    #[test]
    fn times_round_half_up_and_change_unit_where_the_rounded_figure_does() {
        let micros = [4, 4_249, 9_949, 9_950, 184_499, 184_500, 999_499, 999_500, 1_234_567, 120_000_000];
        let columns = micros.map(|micros| ms(finite(micros)));
        assert_eq!(columns, ["0.0", "4.2", "9.9", "10", "184", "185", "999", "1,000", "1,235", "120,000"]);
        let sentences = micros.map(|micros| time(finite(micros)));
        assert_eq!(sentences[4..], ["184 ms", "185 ms", "999 ms", "1.00 s", "1.23 s", "120.00 s"]);
        assert_eq!(ms(Latency::Infinite), "∞");
    }

    #[test]
    fn a_limit_is_written_out_exactly() {
        let limits = [200_000, 1_500_000, 10_000_000, 199_500].map(|micros| limit(Micros(micros)));
        assert_eq!(limits, ["200 ms", "1.5 s", "10 s", "199.5 ms"]);
    }

    #[test]
    fn an_interval_without_an_upper_end_is_shown_open() {
        assert_eq!(interval(Some(finite(398_000)), Some(finite(431_000))).unwrap(), "398–431");
        assert_eq!(interval(Some(finite(398_000)), Some(Latency::Infinite)).unwrap(), "≥ 398");
        assert_eq!(interval(Some(finite(398_000)), None).unwrap(), "≥ 398");
        assert_eq!(interval(Some(Latency::Infinite), Some(Latency::Infinite)).unwrap(), "∞");
        assert_eq!(interval(None, None), None);
    }

    #[test]
    fn money_keeps_three_digits_below_a_dollar_and_cents_above() {
        let texts = ["0.0123", "0.5", "0.01", "0.000669", "0.00333825", "1234.567", "0.09996", "0.999", "1.5"];
        let shown = texts.map(|text| usd(text.parse().unwrap()));
        assert_eq!(
            shown,
            ["$0.0123", "$0.50", "$0.01", "$0.000669", "$0.00334", "$1,234.57", "$0.10", "$0.999", "$1.50"]
        );
        assert_eq!(usd(Usd::ZERO), "$0");
        assert_eq!(usd(Usd::from_picos(7)), "$0.000000000007");
    }

    #[test]
    fn money_is_marked_by_what_is_assumed_and_what_is_missing() {
        let marks = |assumed, partial| marked("$0.0123", Trust { assumed, partial });
        assert_eq!(marks(false, false), "$0.0123");
        assert_eq!(marks(true, false), "~$0.0123");
        assert_eq!(marks(false, true), "≥ $0.0123");
        assert_eq!(marks(true, true), "≥ ~$0.0123");
        assert_eq!(measured_price("0.123456".parse().unwrap()), "$0.123");
        assert_eq!(list_price("0.8".parse().unwrap()), "$0.80");
    }

    #[test]
    fn a_ratio_is_never_rounded_to_all_or_nothing() {
        let shown = [0.0, 0.000_01, 0.0017, 0.0333, 0.125, 0.9967, 0.999_97, 1.0].map(percent);
        assert_eq!(shown, ["0 %", "< 0.01 %", "0.17 %", "3.33 %", "12.5 %", "99.67 %", "> 99.99 %", "100 %"]);
        assert_eq!(failures(3, 600), "3 (0.50 %)");
        assert_eq!(failures(0, 600), "0");
        assert_eq!(failures(23_400, 23_400), "23,400 (100 %)");
    }

    #[test]
    fn a_quality_is_1_only_where_nothing_was_wrong() {
        let shown = [0.0, 0.8, 0.954, 0.996, 0.9996, 1.0].map(quality);
        assert_eq!(shown, ["0.00", "0.80", "0.95", "0.996", "> 0.999", "1"]);
        assert_eq!(quality_interval((0.896, 1.0)), "0.90–1");
    }

    #[test]
    fn a_rate_has_at_most_three_digits_but_never_loses_whole_ones() {
        let rates = [0.0, 0.25, 0.600_000_000_000_000_1, 4.0, 41.52, 264.07, 1240.4].map(rate);
        assert_eq!(rates, ["0", "0.25", "0.6", "4", "41.5", "264", "1,240"]);
    }
}
