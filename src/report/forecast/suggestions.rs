//! Cheaper tables that still would do, in sentences and for programs.

use serde::Serialize;

use crate::forecast::{Measured, Suggestion, Suggestions};
use crate::report::figures;
use crate::report::forecast::words::usd;
use crate::report::plain_text::visible;
use crate::units::{Latency, Micros, Usd};

/// Suggestions for `table`, a line each, the most dollars first, and what could not be told; ended by a line feed.
pub fn suggestions_text(table: &str, measured: &Measured, suggestions: &Suggestions) -> String {
    let runs: Vec<String> = measured.runs.iter().map(|run| visible(&run.id)).collect();
    let from = format!("{} from {}, {}", visible(table), runs.join(", "), measured.origin());
    let mut text = match suggestions.found.len() {
        0 => format!("nothing cheaper found that meets every limit and answers about as well: {from}\n"),
        found => format!("{}: {from}\n\n", figures::several(found as u64, "suggestion")),
    };
    for one in &suggestions.found {
        text.push_str(&format!("{}\n", sentence(one)));
    }
    if !suggestions.of_unknown_quality.is_empty() {
        let told = |(subject, change): &(String, String)| format!("`{}` {}", visible(subject), visible(change));
        let cheaper: Vec<String> = suggestions.of_unknown_quality.iter().map(told).collect();
        text.push_str(&format!(
            "\nnot suggested, as nobody knows the quality: {}: give requests an `expect`, or the registry's models a `quality`\n",
            cheaper.join(", ")
        ));
    }
    for name in &suggestions.unmeasured {
        text.push_str(&format!(
            "\nnot looked at: `{}`, of which a part was never measured: `tollmark forecast` names it\n",
            visible(name)
        ));
    }
    text
}

/// `` `summarize` tier 3 → 1 saves 62 %, p95 +40 ms, quality 0.97 → 0.96 (n = 400); $1,240.00 a month ``.
fn sentence(one: &Suggestion) -> String {
    let dollars = one.saves_a_month.map_or_else(
        || format!("{} a thousand requests", figures::usd(usd(one.saves_per_thousand))),
        |month| format!("{} a month", figures::usd(usd(month))),
    );
    let p95 = one.p95_ms.map_or_else(String::new, |ms| {
        let size = Latency::Finite(Micros((ms.abs() * 1e3).round() as u32));
        format!(", p95 {}{}", if ms < 0.0 { '−' } else { '+' }, figures::time(size))
    });
    let (was, is) = one.quality;
    let evaluated = if one.quality_is_measured { "" } else { " by the registry" };
    let line = one.line.map_or_else(String::new, |line| format!("; line {line} of the table"));
    let slower: Vec<String> =
        one.slower.iter().map(|(metric, ratio)| format!("{metric} +{:.1} %", ratio * 100.0)).collect();
    let slower = if slower.is_empty() {
        String::new()
    } else {
        format!("; the policy's gate may stop it: {}", slower.join(", "))
    };
    format!(
        "`{}` {} saves {:.0} %{p95}, quality {was:.2} → {is:.2}{evaluated} (n = {}); {dollars}{line}{slower}",
        visible(&one.subject),
        visible(&one.change),
        one.saves * 100.0,
        figures::count(one.requests)
    )
}

/// The version of this format; a change that a reader could notice raises it.
const FORMAT_VERSION: u32 = 1;

/// The same as pretty-printed JSON, ended by a line feed; what is absent is `null`.
pub fn suggestions_json(table: &str, measured: &Measured, suggestions: &Suggestions) -> String {
    let document = Document {
        format_version: FORMAT_VERSION,
        tool_version: env!("CARGO_PKG_VERSION"),
        table,
        runs: measured.runs.iter().map(|run| run.id.as_str()).collect(),
        origin: measured.origin(),
        suggestions: suggestions.found.iter().map(Entry::of).collect(),
        of_unknown_quality: suggestions.of_unknown_quality.len(),
        unknown_quality: suggestions
            .of_unknown_quality
            .iter()
            .map(|(subject, change)| Named { subject, change })
            .collect(),
        not_measured: suggestions.unmeasured.iter().map(String::as_str).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("strings and finite numbers can be written as JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool_version: &'static str,
    table: &'a str,
    runs: Vec<&'a str>,
    origin: &'static str,
    suggestions: Vec<Entry<'a>>,
    of_unknown_quality: usize,
    unknown_quality: Vec<Named<'a>>,
    not_measured: Vec<&'a str>,
}

#[derive(Serialize)]
struct Named<'a> {
    subject: &'a str,
    change: &'a str,
}

/// A quantile that a comparison of the policy would find too much greater.
#[derive(Serialize)]
struct Slower {
    metric: &'static str,
    change_ratio: f64,
}

#[derive(Serialize)]
struct Entry<'a> {
    subject: &'a str,
    line: Option<usize>,
    change: &'a str,
    saves_ratio: f64,
    saves_per_1k_requests_usd: Usd,
    saves_per_month_usd: Option<Usd>,
    e2e_p95_change_ms: Option<f64>,
    quality_before: f64,
    quality_after: f64,
    quality_source: &'static str,
    requests: u64,
    slower: Vec<Slower>,
}

impl<'a> Entry<'a> {
    fn of(one: &'a Suggestion) -> Self {
        Self {
            subject: &one.subject,
            line: one.line,
            change: &one.change,
            saves_ratio: one.saves,
            saves_per_1k_requests_usd: usd(one.saves_per_thousand),
            saves_per_month_usd: one.saves_a_month.map(usd),
            e2e_p95_change_ms: one.p95_ms,
            quality_before: one.quality.0,
            quality_after: one.quality.1,
            quality_source: if one.quality_is_measured { "measured" } else { "registry" },
            requests: one.requests,
            slower: one.slower.iter().map(|(metric, ratio)| Slower { metric, change_ratio: *ratio }).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_is_one_sentence() {
        let one = Suggestion {
            subject: "summarize".to_owned(),
            line: None,
            change: "tier 3 → 1".to_owned(),
            saves: 0.62,
            saves_per_thousand: 1.24,
            saves_a_month: Some(1_240.0),
            p95_ms: Some(40.0),
            quality: (0.97, 0.96),
            quality_is_measured: true,
            requests: 400,
            slower: Vec::new(),
        };
        let told = "`summarize` tier 3 → 1 saves 62 %, p95 +40 ms, quality 0.97 → 0.96 (n = 400); $1,240.00 a month";
        assert_eq!(sentence(&one), told);
        let swapped = Suggestion {
            line: Some(6),
            change: "`a` → `b`".to_owned(),
            saves_a_month: None,
            p95_ms: None,
            quality_is_measured: false,
            slower: vec![("ttft_p50_ms", 0.149)],
            ..one
        };
        let told = "`summarize` `a` → `b` saves 62 %, quality 0.97 → 0.96 by the registry (n = 400); $1.24 a thousand \
                    requests; line 6 of the table; the policy's gate may stop it: ttft_p50_ms +14.9 %";
        assert_eq!(sentence(&swapped), told);
    }
}
