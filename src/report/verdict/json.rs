//! A verdict for programs.

use serde::Serialize;

use crate::gate::{Finding, Promise, Ruling, Severity, Verdict};
use crate::report::verdict::{Judgement, trimmed};
use crate::units::Latency;

/// The version of this format; a change that a reader could notice raises it.
const FORMAT_VERSION: u32 = 1;

/// The verdict as pretty-printed JSON, the worst rule first, ended by a line feed; absent is `null`.
pub fn verdict_json(judgement: &Judgement<'_>) -> String {
    let document = Document {
        format_version: FORMAT_VERSION,
        tool_version: env!("CARGO_PKG_VERSION"),
        run_id: &judgement.run.manifest.run_id,
        policy: &judgement.policy.source,
        alpha: judgement.policy.alpha,
        verdict: verdict_name(judgement.verdict),
        advisory: judgement.advisory,
        headline: judgement.headline(),
        counts: Counts {
            broken: judgement.count(Ruling::Broken),
            invalid: judgement.count(Ruling::Invalid),
            cannot_tell: judgement.count(Ruling::CannotTell),
            holds: judgement.count(Ruling::Holds),
        },
        not_asked: judgement.not_asked(),
        slos: judgement.worst_first().into_iter().map(|finding| Entry::of(judgement, finding)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("strings and numbers can always be written as JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool_version: &'static str,
    run_id: &'a str,
    policy: &'a str,
    alpha: f64,
    verdict: &'static str,
    advisory: bool,
    headline: String,
    counts: Counts,
    not_asked: Vec<String>,
    slos: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Counts {
    broken: usize,
    invalid: usize,
    cannot_tell: usize,
    holds: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    slo: &'a str,
    line: Option<usize>,
    severity: &'static str,
    metric: String,
    limit_ms: Option<Latency>,
    allowed_bad_ratio: f64,
    confidence: f64,
    cell: &'a str,
    provider: &'a str,
    model: &'a str,
    region: Option<&'a str>,
    tier: Option<u8>,
    workload: &'a str,
    ruling: &'static str,
    requests: u64,
    bad: u64,
    p_broken: Option<f64>,
    requests_to_settle: Option<u64>,
    seen: String,
}

impl<'a> Entry<'a> {
    fn of(judgement: &Judgement<'a>, finding: &Finding) -> Self {
        let (slo, row) = (judgement.slo(finding), judgement.row(finding));
        let (metric, limit) = match slo.promise {
            Promise::Quantile { latency, q, max } => {
                (format!("{}_p{}_ms", latency.name(), trimmed(q * 100.0)), Some(max))
            }
            Promise::ShareOver { latency, over, .. } => (format!("{}_share_over", latency.name()), Some(over)),
            Promise::Availability { .. } => ("availability".to_owned(), None),
        };
        Self {
            slo: &slo.name,
            line: slo.line,
            severity: match slo.severity {
                Severity::Block => "block",
                Severity::Warn => "warn",
            },
            metric,
            limit_ms: limit.map(Latency::Finite),
            // 1 − 0.95 is not 0.05 in binary, and is meant to be.
            allowed_bad_ratio: (slo.promise.bad_share() * 1e12).round() / 1e12,
            confidence: slo.confidence,
            cell: &row.cell,
            provider: &row.provider,
            model: &row.model,
            region: row.region.as_deref(),
            tier: row.tier,
            workload: &row.workload,
            ruling: match finding.ruling {
                Ruling::Broken => "broken",
                Ruling::Invalid => "invalid",
                Ruling::CannotTell => "cannot_tell",
                Ruling::Holds => "holds",
            },
            requests: finding.requests,
            bad: finding.bad,
            p_broken: finding.p,
            requests_to_settle: finding.would_settle,
            seen: judgement.seen(finding),
        }
    }
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Regressed => "regressed",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Invalid => "invalid",
    }
}
