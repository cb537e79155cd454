//! What a gate found, for people and for programs: the verdict, then every rule, the worst first.

mod github;
mod json;
mod junit;
mod markdown;
mod text;

pub use github::verdict_annotations;
pub use json::verdict_json;
pub use junit::verdict_junit;
pub use markdown::verdict_markdown;
pub use text::verdict_text;

use crate::gate::{Finding, Policy, Promise, Ruling, Severity, Slo, Verdict};
use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::shown::load;
use crate::rundir::{CellRow, Run};

/// What a gate found, with all that it is about.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// What was demanded.
    pub policy: &'a Policy,
    /// Of what.
    pub run: &'a Run,
    /// What became of it, in the policy's order.
    pub findings: &'a [Finding],
    /// What they make together.
    pub verdict: Verdict,
    /// Whether it is advice: what is broken or cannot be told is then said, and stops nobody.
    pub advisory: bool,
}

impl<'a> Judgement<'a> {
    /// The verdict in one line, with how many rules came out in which way.
    fn headline(&self) -> String {
        let counts = RULINGS.map(|ruling| (self.count(ruling), count_words(ruling)));
        let parts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{} {words}", figures::count(count as u64)))
            .collect();
        let parts = if parts.is_empty() { "no SLO applies".to_owned() } else { parts.join(", ") };
        let advisory = if self.advisory { "ADVISORY: " } else { "" };
        let run = visible(&self.run.manifest.run_id);
        format!("{advisory}{}: {parts} of {} on {run}", verdict_word(self.verdict), visible(&self.policy.source))
    }

    /// How many rules came out so.
    fn count(&self, ruling: Ruling) -> usize {
        self.findings.iter().filter(|finding| finding.ruling == ruling).count()
    }

    /// The findings, the worst first: by what is known, then by how many times more requests are bad than may be.
    fn worst_first(&self) -> Vec<&'a Finding> {
        let excess = |finding: &Finding| {
            finding.bad as f64 / finding.requests.max(1) as f64 / self.slo(finding).promise.bad_share()
        };
        let mut order: Vec<&Finding> = self.findings.iter().collect();
        order.sort_by(|a, b| a.ruling.cmp(&b.ruling).then(excess(b).total_cmp(&excess(a))));
        order
    }

    fn slo(&self, finding: &Finding) -> &'a Slo {
        &self.policy.slos[finding.slo]
    }

    fn row(&self, finding: &Finding) -> &'a CellRow {
        &self.run.cells[finding.cell]
    }

    /// Whether the finding is a reason for an exit code other than 0.
    fn stops(&self, finding: &Finding) -> bool {
        let blocks = self.slo(finding).severity == Severity::Block;
        blocks
            && match finding.ruling {
                Ruling::Broken => !self.advisory,
                Ruling::Invalid => true,
                Ruling::CannotTell => !self.advisory && self.policy.inconclusive.ab == Severity::Block,
                Ruling::Holds => false,
            }
    }

    /// What was seen, against what may be; or why nothing can be said.
    fn seen(&self, finding: &Finding) -> String {
        if finding.ruling == Ruling::Invalid {
            let why = match finding.requests {
                0 => "no request was measured",
                _ => "the cell's figures may not be judged: see the report",
            };
            return why.to_owned();
        }
        let promise = &self.slo(finding).promise;
        let settles = match (finding.ruling, finding.would_settle) {
            (Ruling::CannotTell, Some(requests)) => {
                format!(" – about {} requests would settle it", figures::count(requests))
            }
            (Ruling::CannotTell, None) => {
                " – it is so near the limit that no number of requests would settle it".to_owned()
            }
            _ => String::new(),
        };
        let p = finding.p.filter(|_| finding.ruling == Ruling::Broken).map_or_else(String::new, |p| match p {
            p if p < 0.0001 => ", p < 0.0001".to_owned(),
            p => format!(", p = {p:.4}"),
        });
        format!(
            "{} of {} {} ({} allowed){p}{settles}",
            figures::count(finding.bad),
            figures::count(finding.requests),
            bad_words(promise),
            figures::percent(promise.bad_share()),
        )
    }

    /// The rule's name, and where it stands.
    fn rule(&self, finding: &Finding) -> String {
        let slo = self.slo(finding);
        let line = slo.line.map_or_else(String::new, |line| format!(", {}:{line}", visible(&self.policy.source)));
        format!("{}{line}", visible(&slo.name))
    }

    /// A sentence for each kind of rule in the policy that a run like this cannot be asked.
    fn not_asked(&self) -> Vec<String> {
        let windows = self.policy.slos.iter().filter(|slo| slo.window_days.is_some()).count();
        let kinds = [
            (self.policy.regressions.len(), "is about a baseline and a candidate, and this run has one of them"),
            (windows, "is about a window of history, and not about this run alone"),
        ];
        let sentence = |(count, words)| match count {
            0 => None,
            1 => Some(format!("not asked: 1 rule {words}")),
            more => Some(format!("not asked: {more} rules, each of which {words}")),
        };
        kinds.into_iter().filter_map(sentence).collect()
    }
}

/// Every ruling, the worst first.
const RULINGS: [Ruling; 4] = [Ruling::Broken, Ruling::Invalid, Ruling::CannotTell, Ruling::Holds];

const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "PASSED",
        Verdict::Regressed => "REGRESSED",
        Verdict::Inconclusive => "INCONCLUSIVE",
        Verdict::Invalid => "INVALID",
    }
}

const fn count_words(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Broken => "broken",
        Ruling::Invalid => "cannot be judged",
        Ruling::CannotTell => "cannot be told",
        Ruling::Holds => "hold",
    }
}

const fn word(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Broken => "broken",
        Ruling::Invalid => "invalid",
        Ruling::CannotTell => "cannot tell",
        Ruling::Holds => "holds",
    }
}

/// Where it was measured: `qwen3-8b in us-west-2 on autocomplete at closed, 16`.
fn place(row: &CellRow) -> String {
    let region = row.region.as_deref().map_or_else(String::new, |region| format!(" in {}", visible(region)));
    format!("{}{region} on {} at {}", visible(&row.model), visible(&row.workload), load(row))
}

/// What is promised: `p99 e2e ≤ 500 ms`.
fn promise(slo: &Slo) -> String {
    match slo.promise {
        Promise::Quantile { latency, q, max } => {
            format!("p{} {} ≤ {}", trimmed(q * 100.0), latency.name(), figures::limit(max))
        }
        Promise::ShareOver { latency, over, max } => {
            format!("{} over {} ≤ {}", latency.name(), figures::limit(over), figures::percent(max))
        }
        Promise::Availability { min } => format!("availability ≥ {}", figures::percent(min)),
    }
}

const fn bad_words(promise: &Promise) -> &'static str {
    match promise {
        Promise::Availability { .. } => "failed",
        _ => "over it or failed",
    }
}

/// A number without needless zeros: `99`, `99.9`.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
