//! A policy file read, with every mistake named where it stands.

use glob::Pattern;

use crate::conf::{Document, Faults, Field, Table};
use crate::digest::sha256;
use crate::gate::matching::Match;
use crate::gate::measure::Measure;
use crate::gate::policy::{Inconclusive, Policy, Promise, Severity, Slo, Timed};
use crate::gate::policy_names::KnownNames;
use crate::gate::regression_read::read_regression;
use crate::gate::traffic::read_traffic;
use crate::units::Micros;

/// Reads the text of a policy; `source` is its path. Its globs must match some of the names in `known`, where that is given, and
/// where it `must_judge` it needs a rule.
pub(in crate::gate) fn read_policy(
    source: &str,
    text: &str,
    known: Option<&KnownNames>,
    must_judge: bool,
) -> Result<Policy, Faults> {
    let document = Document::parse(source, text);
    let root = document.root();
    let (slos, regressions) = (root.tables("slo"), root.tables("regression"));
    if must_judge && slos.is_empty() && regressions.is_empty() {
        root.lacks("has no rule, must have an `[[slo]]` or a `[[regression]]`");
    }
    let policy = Policy {
        source: source.to_owned(),
        text: text.to_owned(),
        sha256: sha256(text.as_bytes()),
        alpha: root.optional("alpha").and_then(read_alpha).unwrap_or(0.05),
        inconclusive: root.table("inconclusive").map(read_inconclusive).unwrap_or(Inconclusive {
            ab: Severity::Block,
            forecast: Severity::Warn,
            runs: Severity::Warn,
        }),
        traffic: root.table("traffic").map(read_traffic),
        slos: slos.into_iter().filter_map(|table| read_slo(table, known)).collect(),
        regressions: regressions.into_iter().filter_map(|table| read_regression(table, known)).collect(),
    };
    root.finish();
    document.finish(policy)
}

const SEVERITIES: [(&str, Severity); 2] = [("block", Severity::Block), ("warn", Severity::Warn)];

fn read_inconclusive(table: Table<'_>) -> Inconclusive {
    let read = |key, default| table.optional(key).and_then(|field| field.one_of(&SEVERITIES)).unwrap_or(default);
    let inconclusive = Inconclusive {
        ab: read("ab", Severity::Block),
        forecast: read("forecast", Severity::Warn),
        runs: read("runs", Severity::Warn),
    };
    table.finish();
    inconclusive
}

/// A share of runs that may alarm by chance, from [`LEAST_ALPHA`] to below one half.
fn read_alpha(field: Field<'_>) -> Option<f64> {
    let number = field.any_number("a number")?;
    if (LEAST_ALPHA..0.5).contains(&number) {
        return Some(number);
    }
    field.fault(&if number > 0.0 && number < LEAST_ALPHA {
        format!("is {number:e}, must be at least {LEAST_ALPHA}: more surely no run could show anything")
    } else {
        format!("is {number}, must be at least {LEAST_ALPHA} and below 0.5")
    });
    None
}

/// The least alpha that is taken. Rounds show no p-value below 2^-30, a billionth, and that is divided by the tests of a policy.
const LEAST_ALPHA: f64 = 1e-6;

/// A number between two others, both excluded.
fn between(field: Field<'_>, low: f64, high: f64) -> Option<f64> {
    let number = field.any_number("a number")?;
    if number > low && number < high {
        return Some(number);
    }
    field.fault(&format!("is {number}, must lie between {low} and {high}"));
    None
}

pub(in crate::gate) fn read_match(table: &Table<'_>, known: Option<&KnownNames>) -> Match {
    let Some(wanted) = table.table("match") else { return Match::default() };
    let pattern = |key| {
        let field: Field<'_> = wanted.optional(key)?;
        let text = field.string()?;
        let no_glob = |error: glob::PatternError| field.fault(&format!("is `{text}`, which is no glob: {}", error.msg));
        let pattern = Pattern::new(text).map_err(no_glob).ok()?;
        if let Some(known) = known {
            known.check(field, &pattern);
        }
        Some(pattern)
    };
    let matches = Match {
        provider: pattern("provider"),
        model: pattern("model"),
        region: pattern("region"),
        tier: wanted.optional("tier").and_then(|field| field.integer(0..=4)).and_then(|tier| u8::try_from(tier).ok()),
        route: pattern("route"),
        workload: pattern("workload"),
        variant: pattern("variant"),
    };
    wanted.finish();
    matches
}

/// The promises' metrics, as they are named in files; a quantile's are those of [`Measure::ALL`].
const PROMISES: [&str; 13] = [
    "ttft_p50_ms",
    "ttft_p90_ms",
    "ttft_p95_ms",
    "ttft_p99_ms",
    "e2e_p50_ms",
    "e2e_p90_ms",
    "e2e_p95_ms",
    "e2e_p99_ms",
    "ttft_share_over",
    "e2e_share_over",
    "availability",
    "quality_ratio",
    "consistency_ratio",
];

fn read_slo(table: Table<'_>, known: Option<&KnownNames>) -> Option<Slo> {
    let line = table.line();
    let name = table.string("name", "name = \"autocomplete stays instant\"");
    let matches = read_match(&table, known);
    let confidence = table.optional("confidence").map_or(Some(0.95), |field| between(field, 0.5, 1.0));
    let window_days = table.optional("window").and_then(read_days);
    let severity = read_severity(&table);
    let promise = read_promise(&table);
    table.finish();
    Some(Slo { name, matches, promise: promise?, confidence: confidence?, window_days, severity, line: Some(line) })
}

pub(in crate::gate) fn read_severity(table: &Table<'_>) -> Severity {
    table.optional("severity").and_then(|field| field.one_of(&SEVERITIES)).unwrap_or(Severity::Block)
}

/// Whole days, as `"30d"`.
fn read_days(field: Field<'_>) -> Option<u32> {
    let text = field.string()?;
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| *days > 0);
    if days.is_none() {
        field.fault(&format!("is `{text}`, must be whole days such as \"30d\""));
    }
    days
}

fn read_promise(table: &Table<'_>) -> Option<Promise> {
    let [max, min, over] = [table.optional("max"), table.optional("min"), table.optional("over_ms")];
    let field = table.required("metric", "metric = \"e2e_p99_ms\"")?;
    let metric = field.string()?;
    let needs = |name: &str, example: &str| {
        table.lacks(&format!("`{name}` is missing in `[[slo]]`, write it like `{example}`"));
    };
    let refuse = |field: Option<Field<'_>>| {
        if let Some(field) = field {
            field.fault(&format!("has no meaning for `{metric}`"));
        }
    };
    let promise = match metric {
        "availability" | "quality_ratio" | "consistency_ratio" => {
            refuse(max);
            refuse(over);
            if min.is_none() {
                needs("min", "min = 0.99");
            }
            let min = min.and_then(read_share)?;
            match metric {
                "availability" => Promise::Availability { min },
                "quality_ratio" => Promise::Quality { min },
                _ => Promise::Consistency { min },
            }
        }
        "e2e_share_over" | "ttft_share_over" => {
            refuse(min);
            if max.is_none() {
                needs("max", "max = \"1%\"");
            }
            if over.is_none() {
                needs("over_ms", "over_ms = 1500");
            }
            let latency = if metric == "e2e_share_over" { Timed::E2e } else { Timed::Ttft };
            Promise::ShareOver { latency, over: over.and_then(read_ms)?, max: max.and_then(read_share)? }
        }
        _ => {
            let Some((_, Measure::Quantile { latency, q })) =
                Measure::ALL.into_iter().find(|(name, _)| *name == metric)
            else {
                field.unknown_name("is not a metric that an SLO can be about", PROMISES.into_iter());
                return None;
            };
            refuse(min);
            refuse(over);
            if max.is_none() {
                needs("max", "max = 500");
            }
            Promise::Quantile { latency, q, max: max.and_then(read_ms)? }
        }
    };
    if promise.bad_share() <= 0.0 {
        // Whatever was seen, the next request may be the first to fail.
        field.fault_with_hint(
            "would have to hold for every request, which no number of requests can certify",
            "leave room, as in `min = 0.999` or `max = \"0.1%\"`",
        );
        return None;
    }
    if promise.bad_share() >= 1.0 {
        field.fault_with_hint(
            "may be bad in every request, so that nothing could break the rule",
            "ask for something, as in `min = 0.99` or `max = \"1%\"`",
        );
        return None;
    }
    Some(promise)
}

/// Milliseconds above 0.
fn read_ms(field: Field<'_>) -> Option<Micros> {
    let ms = field.any_number("milliseconds")?;
    if ms > 0.0 && ms < 3_600_000.0 {
        return Some(Micros((ms * 1e3).round() as u32));
    }
    field.fault(&format!("is {ms}, must be milliseconds above 0 and below an hour"));
    None
}

/// A share of requests: `0.01` or `"1%"`.
fn read_share(field: Field<'_>) -> Option<f64> {
    if !field.is_string() {
        return field.ratio();
    }
    let text = field.string()?;
    let share =
        text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok()).map(|percent| percent / 100.0);
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    if share.is_none() {
        field.fault(&format!("is `{text}`, must be a share such as \"1%\" or 0.01"));
    }
    share
}

#[cfg(test)]
mod tests;
