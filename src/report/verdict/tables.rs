//! What two routing tables of a run do differently: who gains and who pays, how sure that is, and which line did it.

use std::collections::{BTreeMap, BTreeSet};

use crate::forecast::{TableChange, table_changes};
use crate::gate::{Finding, Measure, Place, Rule, Seen, Why, differ_surely};
use crate::report::changes::{asked, handed, routes_of_both};
use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::shown::{answering, cost_trust, per_thousand};
use crate::report::table_lines::TableLines;
use crate::report::totals::Source;
use crate::report::verdict::Judgement;
use crate::report::verdict::seen::{change_words, from_to};
use crate::routes::Table;
use crate::rundir::{CellRow, TableNote};
use crate::units::{Latency, Usd};

/// Two tables that one run sent the same requests through.
pub(super) struct Tables<'a> {
    judgement: Judgement<'a>,
    /// The candidate's table and the baseline's.
    files: [&'a TableNote; 2],
    /// What differs between their texts; absent where the run did not keep them.
    changes: Option<Vec<TableChange>>,
}

impl<'a> Tables<'a> {
    /// Those of the run that `judgement` is about; absent where it is not one of two tables.
    pub(super) fn of(judgement: &Judgement<'a>) -> Option<Self> {
        let manifest = &judgement.run.manifest;
        let [baseline, candidate] = manifest.variants.as_slice() else { return None };
        let table = |variant: &String| manifest.tables.iter().find(|table| table.variant.as_ref() == Some(variant));
        let files = [table(candidate)?, table(baseline)?];
        let read = |note: &TableNote| Table::parse(&note.file.source, note.text.as_deref()?).ok();
        let changes = read(files[1]).zip(read(files[0])).map(|(before, after)| table_changes(&before, &after));
        Some(Self { judgement: *judgement, files, changes })
    }

    /// The verdict and the route that decides it, then what does, what it costs, where it was measured and which line did it: a
    /// sentence each.
    pub(super) fn story(&self) -> (String, Vec<String>) {
        let verdict = self.judgement.verdict_words();
        let worst = self.worst();
        let route = worst.and_then(|finding| self.judgement.row(finding).route.as_deref());
        let head = match (worst, route) {
            (None, _) => verdict,
            (Some(_), None) => format!("{verdict}: all routes together"),
            (Some(finding), Some(route)) => {
                let share = self.share(self.judgement.row(finding));
                format!("{verdict}: route {} ({} of traffic)", visible(route), figures::percent(share))
            }
        };
        let mut said: Vec<String> = worst.map(|finding| self.judgement.told(finding)).into_iter().collect();
        let is_of_cost = |finding: &Finding| self.measure(finding) == Some(Measure::CostPerThousand);
        let of_route = |finding: &&Finding| self.judgement.row(finding).route.as_deref() == route;
        let cost = self.judgement.judged.findings.iter().filter(of_route).find(|finding| is_of_cost(finding));
        if let Some(cost) = cost.filter(|_| worst.is_some_and(|worst| !is_of_cost(worst))) {
            said.push(self.judgement.told(cost));
        }
        let moved = self.moved();
        let handed = self.handed_over();
        let names = moved.keys().flatten().copied().chain(handed.iter().map(|(name, _)| *name));
        let routes = names.collect::<BTreeSet<_>>().len();
        let compares = |finding: &Finding| matches!(finding.rule, Rule::Regression(_));
        let is_compared = self.judgement.judged.findings.iter().any(compares);
        said.push(match (routes, worst.is_some()) {
            _ if self.judgement.policy.regressions.is_empty() => "No comparison of the two tables was asked".to_owned(),
            _ if !is_compared => "No comparison of the two tables could be made".to_owned(),
            (0, false) => "No route is shown to change by more than its margin".to_owned(),
            (1, _) if handed.iter().any(|(name, _)| Some(*name) != route) => "1 route changes".to_owned(),
            (0 | 1, _) => "No other route is shown to change by more than its margin".to_owned(),
            (many, _) => format!("{many} routes change by more than their margins"),
        });
        let manifest = &self.judgement.run.manifest;
        let origin = Source::of(self.judgement.run).word().to_lowercase();
        let run = visible(&manifest.run_id);
        said.push(format!(
            "Measured in {run}, {origin}, in {}",
            figures::several(manifest.load.rounds.into(), "round")
        ));
        said.extend(self.cause(route, worst.is_some() || routes > 0));
        (head, said)
    }

    /// Which line of the table did it, or that none could have.
    fn cause(&self, route: Option<&str>, moves: bool) -> Option<String> {
        let changes = self.changes.as_ref()?;
        if changes.is_empty() {
            return Some("Nothing differs between the two tables".to_owned());
        }
        let cause = self.lines(changes).cause(route).filter(|_| moves);
        cause.map(|cause| format!("Cause: {cause}"))
    }

    fn lines<'t>(&'t self, changes: &'t [TableChange]) -> TableLines<'t> {
        TableLines { routes: &self.files[0].file.source, against: &self.files[1].file.source, changes }
    }

    /// What differs in the files, a line each.
    pub(super) fn differences(&self) -> Vec<String> {
        let changes = self.changes.as_deref().unwrap_or_default();
        changes.iter().map(|change| format!("changed: {}", self.lines(changes).told(change))).collect()
    }

    /// What differs in the files.
    pub(super) fn changes(&self) -> &[TableChange] {
        self.changes.as_deref().unwrap_or_default()
    }

    /// The files of the candidate and of the baseline.
    pub(super) fn sources(&self) -> [&'a str; 2] {
        self.files.map(|note| note.file.source.as_str())
    }

    /// Who gains and who pays: a sentence for each route that changes by more than a margin, and for the whole.
    pub(super) fn gains(&self) -> Vec<String> {
        let told = |(name, findings): (Option<&str>, Vec<&Finding>)| {
            let mut words: Vec<&str> = Vec::new();
            for word in findings.iter().filter_map(|finding| self.word(finding)) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            let figures: Vec<String> = findings.into_iter().filter_map(|finding| self.figures(finding)).collect();
            let name = name.map_or_else(|| "all routes are".to_owned(), |name| format!("{} is", visible(name)));
            format!("{name} {}: {}", words.join(" and "), figures.join(", "))
        };
        let handed = self.handed_over().into_iter().map(|(_, sentence)| sentence);
        let mut all: Vec<String> = self.moved().into_iter().map(told).chain(handed).collect();
        for finding in &self.judgement.judged.findings {
            let Some(why) = price_doubt(finding) else { continue };
            let route = self.judgement.row(finding).route.as_deref();
            let name = route.map_or_else(|| "all routes".to_owned(), visible);
            let sentence = format!("{name}: who pays is unknown, since {}", visible(why));
            if !all.contains(&sentence) {
                all.push(sentence);
            }
        }
        all
    }

    /// The comparisons of each route, and of all of them, that moved: of which the figure lies beyond the margin on either side,
    /// and the interval holds no zero.
    fn moved(&self) -> BTreeMap<Option<&'a str>, Vec<&'a Finding>> {
        let mut moved: BTreeMap<Option<&str>, Vec<&Finding>> = BTreeMap::new();
        for finding in &self.judgement.judged.findings {
            let (Rule::Regression(index), Seen::Change(change)) = (finding.rule, finding.seen) else { continue };
            let rule = &self.judgement.policy.regressions[index];
            // What is not known in full says nothing of who pays.
            if price_doubt(finding).is_some() {
                continue;
            }
            let surely = change.low.is_some_and(|low| low > 0.0) || change.high.is_some_and(|high| high < 0.0);
            let beyond = change.change.is_some_and(|by| by.abs() > super::margin_of(rule, &change));
            if surely && beyond {
                moved.entry(self.judgement.row(finding).route.as_deref()).or_default().push(finding);
            }
        }
        moved
    }

    /// In which way the candidate is another: `slower`.
    fn word(&self, finding: &Finding) -> Option<&'static str> {
        let (Rule::Regression(index), Seen::Change(change)) = (finding.rule, finding.seen) else { return None };
        let measure = self.judgement.policy.regressions[index].measure;
        let worse = (change.change? > 0.0) != measure.is_better_when_greater();
        Some(match (measure, worse) {
            (Measure::Quantile { .. }, true) => "slower",
            (Measure::Quantile { .. }, false) => "faster",
            (Measure::CostPerThousand, true) => "dearer",
            (Measure::CostPerThousand, false) => "cheaper",
            (_, true) => "worse",
            (_, false) => "better",
        })
    }

    /// `ttft p50 368 → 513 ms (+54 %, 95 % interval +42 to +66 %)`, and of a cost what it comes to a month.
    fn figures(&self, finding: &Finding) -> Option<String> {
        let (Rule::Regression(index), Seen::Change(change)) = (finding.rule, finding.seen) else { return None };
        let rule = &self.judgement.policy.regressions[index];
        let by = change_words(rule, &change, 1.0 - self.judgement.policy.alpha)?;
        let row = self.judgement.row(finding);
        // A table as a whole is told of each workload.
        let alone = matches!(&finding.place, Place::Pairs(pairs) if pairs.len() == 1);
        let on = if alone && row.route.is_none() && self.workloads() > 1 {
            format!(" on {}", visible(&row.workload))
        } else {
            String::new()
        };
        let month = self.month().filter(|_| rule.measure == Measure::CostPerThousand && alone).map(|month| {
            let dollars = (change.candidate - change.baseline) / 1e3 * month * self.share(row);
            let sign = if dollars < 0.0 { '−' } else { '+' };
            format!(", {sign}{} a month", figures::usd(usd(dollars.abs())))
        });
        Some(format!("{}{on} {} ({by}){}", rule.measure, from_to(rule.measure, &change), month.unwrap_or_default()))
    }

    /// Requests of a month; absent where the policy does not say.
    fn month(&self) -> Option<f64> {
        Some(self.judgement.policy.traffic.as_ref()?.requests_per_month? as f64)
    }

    fn measure(&self, finding: &Finding) -> Option<Measure> {
        match finding.rule {
            Rule::Regression(index) => Some(self.judgement.policy.regressions[index].measure),
            Rule::Slo(_) => None,
        }
    }

    /// The finding that decides the verdict: of those that are as bad as the worst that of a route, which says more than the
    /// whole that it is a part of, and a comparison rather than a limit. Absent where nothing stops anybody.
    fn worst(&self) -> Option<&'a Finding> {
        let order = self.judgement.worst_first();
        let stops = |finding: &&Finding| self.judgement.stops(finding) || self.judgement.advisory;
        let first =
            order.first().copied().filter(|first| stops(first) && first.ruling != crate::gate::Ruling::Holds)?;
        let alike = || order.iter().copied().filter(|one| one.ruling == first.ruling && stops(one));
        let is_of_route = |finding: &Finding| self.judgement.row(finding).route.is_some();
        let compares = |finding: &Finding| matches!(finding.rule, Rule::Regression(_));
        alike()
            .find(|one| is_of_route(one) && compares(one))
            .or_else(|| alike().find(|one| compares(one)))
            .or(Some(first))
    }

    fn workloads(&self) -> usize {
        self.judgement.run.manifest.workloads.len()
    }

    /// The share of all of its table's requests that `row` took, 0 to 1, those handed to a person included.
    fn share(&self, row: &CellRow) -> f64 {
        let rows = || self.judgement.run.cells.iter().filter(|one| one.variant == row.variant);
        let all: u64 = rows().filter(|one| one.route.is_none()).map(asked).sum();
        // Of a route that several workloads take no share is told of one of them alone.
        let part: u64 = match &row.route {
            Some(_) => rows().filter(|one| one.route == row.route).map(asked).sum(),
            None => asked(row),
        };
        part as f64 / all.max(1) as f64
    }

    /// The columns of the table of routes.
    pub(super) const COLUMNS: [&'static str; 10] = [
        "route",
        "workload",
        "traffic",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "$ a 1,000",
        "$ a month",
        "available",
        "quality",
    ];

    /// Its rows: each route on each workload, and first the whole, `old → new` where they differ.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let month = self.month();
        let told = |pair: [Option<&CellRow>; 2]| {
            let both = |shown: &dyn Fn(&CellRow) -> Option<String>| {
                let [was, is] = pair.map(|row| row.and_then(shown).unwrap_or_else(|| "–".to_owned()));
                if was == is { is } else { format!("{was} → {is}") }
            };
            let ms = |of: fn(&CellRow) -> Option<Latency>| both(&|row: &CellRow| of(row).map(figures::ms));
            let of_month = |row: &CellRow| {
                let dollars = row.cost_per_1k_requests_usd?.as_f64() / 1e3 * month? * self.share(row);
                Some(figures::marked(&figures::usd(usd(dollars)), cost_trust(self.judgement.run, row)))
            };
            let [was, is] = pair;
            let either = is.or(was).expect("a pair has one of both");
            vec![
                visible(answering(either)),
                visible(&either.workload),
                both(&|row: &CellRow| Some(figures::percent(self.share(row)))),
                ms(|row| row.primary_latency().p50),
                ms(|row| row.primary_latency().p95),
                ms(|row| row.primary_latency().p99),
                both(&|row: &CellRow| per_thousand(self.judgement.run, row)),
                both(&of_month),
                both(&|row: &CellRow| row.availability.map(figures::percent)),
                both(&|row: &CellRow| row.quality_ratio.map(figures::quality)),
            ]
        };
        routes_of_both(self.judgement.run).into_iter().map(told).collect()
    }

    /// The routes of which others requests go to a person, or which the other table does not have: a sentence each, with
    /// its name.
    fn handed_over(&self) -> Vec<(&'a str, String)> {
        let told = |pair: [Option<&'a CellRow>; 2]| {
            let either = pair[1].or(pair[0])?;
            let name = either.route.as_deref()?;
            let [was, is] = pair.map(|row| row.map_or(0, handed));
            let of: u64 = pair[1].map_or(0, asked);
            let on = if self.workloads() > 1 { format!(" on {}", visible(&either.workload)) } else { String::new() };
            let what = match pair {
                [None, _] => "is new".to_owned(),
                [_, None] => "is gone".to_owned(),
                _ if differ_surely(was, is) => {
                    let [was, is, of] = [was, is, of].map(figures::count);
                    format!("hands {was} → {is} of {of} requests to a person")
                }
                _ => return None,
            };
            Some((name, format!("{}{on} {what}", visible(name))))
        };
        routes_of_both(self.judgement.run).into_iter().filter_map(told).collect()
    }
}

/// The price that keeps two costs from being held against each other; absent where none does.
fn price_doubt(finding: &Finding) -> Option<&str> {
    fn of(why: &Why) -> Option<&str> {
        match why {
            Why::Price(price) => Some(price),
            Why::Of { why, .. } => of(why),
            _ => None,
        }
    }
    finding.why.as_ref().and_then(of)
}

/// Dollars to the picodollar.
fn usd(dollars: f64) -> Usd {
    Usd::from_picos((dollars * 1e12).round() as i128)
}
