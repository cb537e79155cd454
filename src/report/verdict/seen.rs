//! What was seen of a rule, in a sentence with its numbers.

use crate::gate::{Bound, Change, Finding, Measure, Promise, Regression, Rule, Ruling, Seen, Timed, Why};
use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::verdict::Judgement;
use crate::report::verdict::groups::innermost;
use crate::report::verdict::words::trimmed;
use crate::tally::Cause;
use crate::units::{Latency, Micros, Usd};

impl Judgement<'_> {
    /// What was seen, against what may be; or why nothing can be said.
    pub(in crate::report) fn seen(&self, finding: &Finding) -> String {
        if finding.ruling == Ruling::Invalid {
            let why = finding.why.as_ref().map(|why| visible(&why.to_string()));
            return why.into_iter().chain(remedy(finding).map(str::to_owned)).collect::<Vec<_>>().join("; ");
        }
        let figures = match (finding.rule, finding.seen) {
            (Rule::Slo(index), Seen::Counts { requests, bad }) => {
                counts(&self.policy.slos[index].promise, requests, bad)
            }
            (Rule::Regression(index), Seen::Change(change)) => {
                let rule = &self.policy.regressions[index];
                let of = [
                    Some(changed(rule, &change, 1.0 - self.policy.alpha)),
                    numbers(&change),
                    self.failures(rule, &change),
                ];
                of.into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
            (_, Seen::Prices { baseline, candidate }) => {
                let shown = |price: Option<_>| price.map_or_else(|| "unknown".to_owned(), figures::list_price);
                format!("{} → {} a million tokens{}", shown(baseline), shown(candidate), self.margin(finding))
            }
            _ => String::new(),
        };
        let p = finding.p.filter(|_| finding.ruling == Ruling::Broken).map(p_value);
        let figures = [figures].into_iter().filter(|text| !text.is_empty()).chain(p).collect::<Vec<_>>().join(", ");
        let more = [finding.why.as_ref().map(|why| visible(&why.to_string())), settles(finding)];
        let more: Vec<String> = more.into_iter().flatten().collect();
        match (figures.is_empty(), more.is_empty()) {
            (_, true) => figures,
            (true, false) => more.join("; "),
            (false, false) => format!("{figures} – {}", more.join("; ")),
        }
    }
}

impl Judgement<'_> {
    /// The rule and what was seen of it in one sentence.
    pub(in crate::report) fn told(&self, finding: &Finding) -> String {
        let seen = self.seen(finding);
        match (finding.rule, finding.seen) {
            // A reason, and no figures.
            (Rule::Regression(index), _) if finding.ruling == Ruling::Invalid => {
                format!("{}: {seen}", self.policy.regressions[index].measure)
            }
            (Rule::Regression(index), Seen::Change(_) | Seen::Prices { .. }) => {
                format!("{} {seen}", self.policy.regressions[index].measure)
            }
            _ => format!("{}; {seen}", self.asked(finding)),
        }
    }

    /// ` (margin 0 %)`; nothing for an SLO.
    fn margin(&self, finding: &Finding) -> String {
        match finding.rule {
            Rule::Slo(_) => String::new(),
            Rule::Regression(index) => format!(" ({})", bounds_words(&self.policy.regressions[index])),
        }
    }

    /// `failures (0 and 19) taken as 120 s`; absent where every request has such a time.
    fn failures(&self, rule: &Regression, change: &Change) -> Option<String> {
        let [was, is] = change.at_deadline;
        let deadline =
            Micros((self.run.manifest.load.timeout_total_ms.saturating_mul(1_000)).try_into().unwrap_or(u32::MAX));
        let counts = format!("{} and {}", figures::count(was), figures::count(is));
        let what = match rule.measure {
            Measure::Quantile { latency: Timed::Ttft, .. } => "requests without a first token",
            _ => "failures",
        };
        (was + is > 0).then(|| format!("{what} ({counts}) taken as {}", span(deadline)))
    }
}

/// `margin 10 %, holds if surely within 75 %`: what is surely worse than the first is broken. The second is absent for what is
/// exact.
pub(in crate::report) fn bounds_words(rule: &Regression) -> String {
    let margin = format!("margin {}", rule.measure.told(rule.margin));
    match rule.rule_out {
        Some(rule_out) => format!("{margin}, holds if surely within {}", rule.measure.told(rule_out)),
        None => margin,
    }
}

/// What to do about what cannot be judged; absent where that is not known.
fn remedy(finding: &Finding) -> Option<&'static str> {
    match finding.why.as_ref().map(innermost) {
        // A client that is late as well is not what is to be mended where nothing was answered.
        Some(Why::NotValid(reasons)) => Cause::of(reasons.first()?)?.remedy(),
        _ => None,
    }
}

/// What would settle what cannot be told.
fn settles(finding: &Finding) -> Option<String> {
    let near = "it is so near the limit that no number of requests would settle it";
    match (finding.ruling, finding.would_settle, finding.why.as_ref()) {
        // It says so itself.
        (Ruling::CannotTell, _, Some(Why::TooFewRequests(_))) => None,
        (Ruling::CannotTell, Some(requests), _) => {
            let each = if matches!(finding.rule, Rule::Regression(_)) { " a variant" } else { "" };
            Some(format!("about {} requests{each} would settle it", figures::count(requests)))
        }
        (Ruling::CannotTell, None, None) => Some(near.to_owned()),
        _ => None,
    }
}

fn p_value(p: f64) -> String {
    if p < 0.0001 { "p < 0.0001".to_owned() } else { format!("p = {p:.4}") }
}

fn counts(promise: &Promise, requests: u64, bad: u64) -> String {
    let words = match promise {
        Promise::Availability { .. } => "failed",
        Promise::Quality { .. } => "answers wrong",
        Promise::Consistency { .. } => "answers unlike the first",
        _ => "over it or failed",
    };
    format!(
        "{} of {} {words} ({} allowed)",
        figures::count(bad),
        figures::count(requests),
        figures::percent(promise.bad_share())
    )
}

/// `812 → 1,047 ms (+29 %, 95 % interval +21 to +37 %; margin 10 %, holds if surely within 25 %)`.
pub(super) fn changed(rule: &Regression, change: &Change, confidence: f64) -> String {
    let bounds = bounds_words(rule);
    let inside = match change_words(rule, change, confidence) {
        Some(change) => format!("{change}; {bounds}"),
        None => bounds,
    };
    format!("{} ({inside})", from_to(rule.measure, change))
}

/// `+29 %, 95 % interval +21 to +37 %`; absent where no round could be compared, or the baseline is 0.
pub(super) fn change_words(rule: &Regression, change: &Change, confidence: f64) -> Option<String> {
    let by = change.change.filter(|_| change.baseline > 0.0 || !matches!(rule.margin, Bound::Ratio(_)))?;
    let interval = change.low.zip(change.high).map(|ends| {
        let level = trimmed(confidence * 100.0);
        format!(", {level} % interval {}", interval_words(rule, ends))
    });
    Some(format!("{}{}", by_words(rule, by), interval.unwrap_or_default()))
}

/// A change in the unit that `rule` tells it in: `+29 %`, `−1.7 pp`, `+$0.02`.
pub(in crate::report) fn by_words(rule: &Regression, by: f64) -> String {
    let scale = scale(rule);
    format!("{}{}", scale.number(by), scale.unit())
}

/// The ends of a change's interval in that unit: `+21 to +37 %`.
pub(in crate::report) fn interval_words(rule: &Regression, (low, high): (f64, f64)) -> String {
    let scale = scale(rule);
    format!("{} to {}{}", scale.number(low), scale.number(high), scale.unit())
}

/// The figures that the change is the change of: `812 → 1,047 ms`, `370 ms → 120 s`.
pub(in crate::report) fn from_to(measure: Measure, change: &Change) -> String {
    let [was, is] = change.figures();
    match measure {
        Measure::Quantile { .. } => {
            let [was, is] = [was, is].map(|ms| Micros((ms * 1e3).round() as u32));
            if was.max(is) < LONG {
                let ms = |time: Micros| figures::ms(Latency::Finite(time));
                return format!("{} → {} ms", ms(was), ms(is));
            }
            format!("{} → {}", span(was), span(is))
        }
        Measure::CostPerThousand => {
            let usd = |usd: f64| figures::usd(Usd::from_picos((usd * 1e12).round() as i128));
            format!("{} → {}", usd(was), usd(is))
        }
        _ => format!("{} → {}", figures::percent(was), figures::percent(is)),
    }
}

/// Times from which on nobody counts in milliseconds, as the deadline of failed requests.
const LONG: Micros = Micros(10_000_000);

/// A time with its unit: `370 ms`, `120 s`, `12.3 s`.
fn span(time: Micros) -> String {
    const TENTH: u32 = 100_000;
    if time < LONG {
        return format!("{} ms", figures::ms(Latency::Finite(time)));
    }
    figures::limit(Micros((time.0 / TENTH + u32::from(time.0 % TENTH >= TENTH / 2)) * TENTH))
}

/// `1,000 requests each in 20 rounds`.
fn numbers(change: &Change) -> Option<String> {
    let [was, is] = change.requests;
    let requests = if was == is {
        format!("n = {} each", figures::count(was))
    } else {
        format!("n = {} and {}", figures::count(was), figures::count(is))
    };
    match (change.by_rounds, change.rounds) {
        (true, rounds) => Some(format!("{requests} in {}", figures::several(rounds as u64, "round"))),
        (false, _) => Some(requests),
    }
}

/// The unit that a change is told in.
#[derive(Clone, Copy)]
enum Scale {
    Percent,
    Points,
    Ms,
    Usd,
}

const fn scale(rule: &Regression) -> Scale {
    match (rule.measure, rule.margin) {
        // Of a share, a share of the baseline would be misread as points.
        (measure, _) if measure.is_ratio() => Scale::Points,
        (_, Bound::Ratio(_) | Bound::Points(_)) => Scale::Percent,
        (Measure::Quantile { .. }, Bound::Absolute(_)) => Scale::Ms,
        (_, Bound::Absolute(_)) => Scale::Usd,
    }
}

impl Scale {
    const fn unit(self) -> &'static str {
        match self {
            Self::Percent => " %",
            Self::Points => " pp",
            Self::Ms => " ms",
            Self::Usd => "",
        }
    }

    /// `+29`, `−1.7`, `+$0.02`, with two digits or more.
    fn number(self, value: f64) -> String {
        let value = if matches!(self, Self::Percent | Self::Points) { value * 100.0 } else { value };
        let size = value.abs();
        // What rounds to nothing has no direction.
        let sign = match value {
            _ if size < 0.005 && !matches!(self, Self::Usd) => return "0".to_owned(),
            value if value < 0.0 => "−",
            _ => "+",
        };
        if matches!(self, Self::Usd) {
            return format!("{sign}{}", figures::usd(Usd::from_picos((size * 1e12).round() as i128)));
        }
        let places = match size {
            size if size < 0.995 => 2,
            size if size < 9.95 => 1,
            _ => 0,
        };
        let text = format!("{size:.places$}");
        let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{fraction}", crate::units::grouped(whole))
    }
}

/// The change in the unit of the rule's margin, where no rounds could be compared that of the figures; 0 for multiples of 0.
pub(super) fn change_of(rule: &Regression, change: &Change) -> f64 {
    let [was, is] = change.figures();
    change.change.unwrap_or_else(|| match rule.margin {
        Bound::Ratio(_) if !rule.measure.is_ratio() && was <= 0.0 => 0.0,
        Bound::Ratio(_) if !rule.measure.is_ratio() => is / was - 1.0,
        _ => is - was,
    })
}

/// The margin of `rule` on the scale of `change`.
pub(in crate::report) fn margin_of(rule: &Regression, change: &Change) -> f64 {
    let margin = match rule.margin {
        Bound::Ratio(ratio) if rule.measure.is_ratio() => ratio * change.baseline,
        bound => bound.size(),
    };
    margin.max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_ten_seconds_or_more_is_told_in_seconds() {
        let told = [370_400, 9_999_900, 10_000_000, 12_349_999, 119_960_000].map(|micros| span(Micros(micros)));
        assert_eq!(told, ["370 ms", "10,000 ms", "10 s", "12.3 s", "120 s"]);
    }
}
