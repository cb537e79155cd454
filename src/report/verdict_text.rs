//! What a gate found, for a person: the verdict, then every rule in a sentence, the worst first.

use std::fmt::Write;

use crate::gate::{Finding, Policy, Promise, Ruling, Slo, Verdict};
use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::shown::load;
use crate::rundir::{CellRow, Run};

/// Findings that cannot be told, and those that hold, which are told one by one; of broken ones all are.
const MOST_TOLD: usize = 12;

/// The verdict in one word, as it is printed first.
const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "PASSED",
        Verdict::Regressed => "REGRESSED",
        Verdict::Inconclusive => "INCONCLUSIVE",
        Verdict::Invalid => "INVALID",
    }
}

/// `findings`, those of `policy` in `run`, with the verdict they make; ended by a line feed.
pub fn verdict_text(policy: &Policy, run: &Run, findings: &[Finding], verdict: Verdict) -> String {
    let count = |ruling| findings.iter().filter(|finding| finding.ruling == ruling).count();
    let parts: Vec<String> = [
        (count(Ruling::Broken), "broken"),
        (count(Ruling::Invalid), "cannot be judged"),
        (count(Ruling::CannotTell), "cannot be told"),
        (count(Ruling::Holds), "hold"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, words)| format!("{} {words}", figures::count(count as u64)))
    .collect();
    let parts = if parts.is_empty() { "no SLO applies".to_owned() } else { parts.join(", ") };
    let mut text =
        format!("{}: {} of {} on {}\n", verdict_word(verdict), parts, policy.source, visible(&run.manifest.run_id));
    let mut order: Vec<&Finding> = findings.iter().collect();
    order.sort_by(|a, b| a.ruling.cmp(&b.ruling).then(excess(policy, b).total_cmp(&excess(policy, a))));
    for ruling in [Ruling::Broken, Ruling::Invalid, Ruling::CannotTell, Ruling::Holds] {
        let of: Vec<&&Finding> = order.iter().filter(|finding| finding.ruling == ruling).collect();
        let told = if ruling == Ruling::Broken { of.len() } else { MOST_TOLD };
        for finding in of.iter().take(told) {
            let _ = write!(text, "\n{}", sentence(policy, run, finding));
        }
        if of.len() > told {
            let _ = write!(text, "\n{:12}{} more", word(ruling), figures::count((of.len() - told) as u64));
        }
    }
    if !findings.is_empty() {
        text.push('\n');
    }
    let windows = policy.slos.iter().filter(|slo| slo.window_days.is_some()).count();
    for (count, words) in [
        (policy.regressions.len(), "is about a baseline and a candidate, and this run has one of them"),
        (windows, "is about a window of history, and not about this run alone"),
    ] {
        match count {
            0 => {}
            1 => text.push_str(&format!("\nnot asked: 1 rule {words}\n")),
            more => text.push_str(&format!("\nnot asked: {more} rules, each of which {words}\n")),
        }
    }
    text
}

/// How many times the allowed share the bad requests are.
fn excess(policy: &Policy, finding: &Finding) -> f64 {
    let seen = finding.bad as f64 / finding.requests.max(1) as f64;
    seen / policy.slos[finding.slo].promise.bad_share()
}

const fn word(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Broken => "broken",
        Ruling::Invalid => "invalid",
        Ruling::CannotTell => "cannot tell",
        Ruling::Holds => "holds",
    }
}

fn sentence(policy: &Policy, run: &Run, finding: &Finding) -> String {
    let (slo, row) = (&policy.slos[finding.slo], &run.cells[finding.cell]);
    let line = slo.line.map_or_else(String::new, |line| format!(", {}:{line}", policy.source));
    let p = finding.p.filter(|_| finding.ruling == Ruling::Broken).map_or_else(String::new, |p| match p {
        p if p < 0.0001 => ", p < 0.0001".to_owned(),
        p => format!(", p = {p:.4}"),
    });
    let settles = match (finding.ruling, finding.would_settle) {
        (Ruling::CannotTell, Some(requests)) => {
            format!(" – about {} requests would settle it", figures::count(requests))
        }
        (Ruling::CannotTell, None) => {
            " – it is so near the limit that no number of requests would settle it".to_owned()
        }
        _ => String::new(),
    };
    let why = match finding.ruling {
        Ruling::Invalid if finding.requests == 0 => "no request was measured".to_owned(),
        Ruling::Invalid => "the cell's figures may not be judged: see the report".to_owned(),
        _ => format!(
            "{} of {} {} ({} allowed){p}",
            figures::count(finding.bad),
            figures::count(finding.requests),
            bad_words(&slo.promise),
            figures::percent(slo.promise.bad_share()),
        ),
    };
    format!(
        "{:12}{}: {}; {why}{settles}  [{}{line}]",
        word(finding.ruling),
        place(row),
        promise(slo),
        visible(&slo.name)
    )
}

fn place(row: &CellRow) -> String {
    let region = row.region.as_deref().map_or_else(String::new, |region| format!(" in {}", visible(region)));
    format!("{}{region} on {} at {}", visible(&row.model), visible(&row.workload), load(row))
}

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
