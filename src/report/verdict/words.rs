//! The words of a verdict: which rule, where, and what became of it.

use std::fmt::Write as _;

use crate::gate::{Finding, Pair, Place, Promise, Rule, Ruling, Severity, Slo, Unasked, Verdict};
use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::shown::load;
use crate::report::verdict::Judgement;
use crate::rundir::CellRow;

impl Judgement<'_> {
    /// Where it was measured: `qwen3-8b in us-west-2 on autocomplete at closed, 16`.
    pub(in crate::report) fn place(&self, finding: &Finding) -> String {
        let row = self.row(finding);
        match &finding.place {
            Place::Cell(_) => {
                let variant = row.variant.as_deref().map_or_else(String::new, |name| format!("{}: ", visible(name)));
                format!("{variant}{}", place_of(row, None))
            }
            Place::Pairs(pairs) if pairs.len() == 1 => place_of(row, None),
            Place::Pairs(pairs) if self.are_alike(pairs) => place_of(row, Some(pairs.len())),
            Place::Pairs(pairs) if self.is_one_route(pairs) => {
                let on = figures::several(pairs.len() as u64, "workload");
                format!("{} on {on} at {}", name_of(row), load(row))
            }
            Place::Pairs(pairs) => format!("{} cells together", figures::count(pairs.len() as u64)),
        }
    }

    /// Whether the pairs differ in their region alone.
    fn are_alike(&self, pairs: &[Pair]) -> bool {
        let of = |pair: &Pair| {
            let row = &self.run.cells[pair.baseline];
            (&row.model, &row.route, &row.workload, load(row))
        };
        pairs.windows(2).all(|two| of(&two[0]) == of(&two[1]))
    }

    /// Whether the pairs are of one route, or of a whole routing table, on several workloads.
    fn is_one_route(&self, pairs: &[Pair]) -> bool {
        let of = |pair: &Pair| {
            let row = &self.run.cells[pair.baseline];
            (&row.route, &row.model, load(row))
        };
        let routed = |pair: &Pair| {
            let row = &self.run.cells[pair.baseline];
            row.route.is_some() || row.model.is_empty()
        };
        pairs.iter().all(routed) && pairs.windows(2).all(|two| of(&two[0]) == of(&two[1]))
    }

    /// What is asked for: `p99 e2e ≤ 500 ms`, `ttft p50 ≤ +10 %`.
    pub(super) fn asked(&self, finding: &Finding) -> String {
        match finding.rule {
            Rule::Slo(index) => promise(&self.policy.slos[index]),
            Rule::Regression(index) => self.policy.regressions[index].title(),
        }
    }

    /// The rule's name where it has one of its own, where it stands, and whether it only warns or is advice; empty where none of
    /// that is so.
    pub(super) fn rule(&self, finding: &Finding) -> String {
        let name = match finding.rule {
            Rule::Slo(_) => Some(self.name(finding.rule)),
            Rule::Regression(_) => None,
        };
        let line = self.line(finding.rule).map(|line| format!("{}:{line}", visible(&self.policy.source)));
        let warns = match finding.rule {
            _ if self.policy.severity(finding.rule) == Severity::Block => None,
            // That is what two runs make of it, and not what the file says.
            Rule::Regression(_) if self.apart => Some("advice".to_owned()),
            _ => Some("warns".to_owned()),
        };
        name.into_iter().chain(line).chain(warns).collect::<Vec<_>>().join(", ")
    }

    /// A sentence for each reason why rules of the policy were not asked.
    pub(in crate::report) fn not_asked(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut told: Vec<Unasked> = Vec::new();
        for unasked in &self.judged.not_asked {
            if told.contains(&unasked.reason) {
                continue;
            }
            told.push(unasked.reason);
            let same = || self.judged.not_asked.iter().filter(|one| one.reason == unasked.reason);
            let count = same().count();
            let mut words = unasked_words(unasked.reason);
            // What is meant for other runs is best told from what was mistyped by whoever wrote it.
            let lines: Vec<String> =
                same().filter_map(|one| self.line(one.rule)).map(|line| line.to_string()).collect();
            if unasked.reason == Unasked::NothingMatches && !lines.is_empty() {
                let _ = write!(words, " ({}:{})", visible(&self.policy.source), lines.join(", "));
            }
            sentences.push(match count {
                1 => format!("not asked: 1 rule {words}"),
                more => format!("not asked: {more} rules, each of which {words}"),
            });
        }
        sentences
    }
}

pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "PASSED",
        Verdict::Regressed => "REGRESSED",
        Verdict::Inconclusive => "INCONCLUSIVE",
        Verdict::Invalid => "INVALID",
    }
}

/// What follows a count of rules.
pub(in crate::report) const fn counted(ruling: Ruling, count: usize) -> &'static str {
    match ruling {
        Ruling::Broken => "broken",
        Ruling::Invalid => "cannot be judged",
        Ruling::CannotTell => "cannot be told",
        Ruling::Holds if count == 1 => "holds",
        Ruling::Holds => "hold",
    }
}

pub(in crate::report) const fn ruling(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Broken => "broken",
        Ruling::Invalid => "invalid",
        Ruling::CannotTell => "cannot tell",
        Ruling::Holds => "holds",
    }
}

/// What is to be said of a rule that was not asked, after its name.
pub(super) fn unasked_words(reason: Unasked) -> String {
    let words = match reason {
        Unasked::OneVariant => "is about a baseline and a candidate, and this run has one of them",
        Unasked::NoRequests => {
            "compares requests, and this run keeps none of its own: compare the run that it was made of"
        }
        Unasked::Window => {
            "is about a window of history: name the folder of runs, by `gate --history` or as `[gate] history` in a suite"
        }
        Unasked::NothingMatches => "matches nothing that was measured",
        Unasked::TableHasNoListPrice => {
            "is about a list price, which an endpoint has and a routing table has not: what a table costs is told by its requests"
        }
        Unasked::SmallRoutes(routes) => {
            let routes = figures::several(routes as u64, "route");
            return format!("is told of the table as a whole: {routes} in it had too few requests in a round");
        }
        Unasked::OtherRequests(routes) => {
            let routes = figures::several(routes as u64, "route");
            return format!("is told of the table as a whole: to {routes} in it the two tables send other requests");
        }
        Unasked::NoMetric { places, of } if places == of => "is about a metric that nothing it matches has",
        Unasked::NoMetric { places, .. } => {
            return format!("is about a metric that {} has not", figures::several(places as u64, "cell"));
        }
    };
    words.to_owned()
}

/// The names of `row`; its region is one of so many where it stands for several.
fn place_of(row: &CellRow, regions: Option<usize>) -> String {
    let region = match (regions, row.region.as_deref()) {
        (Some(regions), _) => format!(" in {}", figures::several(regions as u64, "region")),
        (None, Some(region)) => format!(" in {}", visible(region)),
        (None, None) => String::new(),
    };
    let what = name_of(row);
    format!("{what}{region} on {} at {}", visible(&row.workload), load(row))
}

/// `route everyday`, or the model or table as a whole.
fn name_of(row: &CellRow) -> String {
    row.route.as_deref().map_or_else(|| visible(row.model_or_table()), |route| format!("route {}", visible(route)))
}

/// What is promised: `p99 e2e ≤ 500 ms`, `availability ≥ 99.90 % over 30 days`.
fn promise(slo: &Slo) -> String {
    let window = slo.window_days.map(|days| format!(" over {}", figures::several(days.into(), "day")));
    let promise = match slo.promise {
        Promise::Quantile { latency, q, max } => {
            format!("p{} {} ≤ {}", trimmed(q * 100.0), latency.name(), figures::limit(max))
        }
        Promise::ShareOver { latency, over, max } => {
            format!("{} over {} ≤ {}", latency.name(), figures::limit(over), figures::percent(max))
        }
        Promise::Availability { min } => format!("availability ≥ {}", figures::percent(min)),
        Promise::Quality { min } => format!("quality ≥ {}", figures::percent(min)),
        Promise::Consistency { min } => format!("consistency ≥ {}", figures::percent(min)),
    };
    promise + &window.unwrap_or_default()
}

/// A number without needless zeros: `99`, `99.9`.
pub(in crate::report) fn trimmed(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
