//! A change of a routing table in words: who gains and who pays, and which line did it.

use crate::forecast::{Contrast, Figures, Measured, Money, RouteForecast, Span, TableChange, remedies};
use crate::gate::{Finding, Judged, Measure, Place, Policy, Rule, Ruling, Seen, Verdict};
use crate::report::figures;
use crate::report::forecast::words::{ABSENT, money, usd};
use crate::report::plain_text::visible;
use crate::report::table_lines::TableLines;
use crate::report::verdict::{bounds_words, trimmed};
use crate::rundir::{CellRow, Manifest, Run};
use crate::units::{Latency, Usd};

/// A change of tables, what it would come to, and what a policy makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// The new table's path as it was given.
    pub routes: &'a str,
    /// The old one's.
    pub against: &'a str,
    /// What was measured.
    pub measured: &'a Measured,
    /// The whole, and every route, of both.
    pub contrasts: &'a [Contrast<'a>],
    /// What differs in the files.
    pub changes: &'a [TableChange],
    /// What was demanded.
    pub policy: &'a Policy,
    /// What became of it.
    pub judged: &'a Judged,
    /// Whether it is advice.
    pub advisory: bool,
    /// What was taken for true, and what else is to be said, in sentences.
    pub notes: &'a [String],
}

/// The run whose cells stand for the routes of both tables, so that a verdict on it is told like any other: the old table's at
/// even numbers, the new one's at odd ones.
pub fn as_run(
    (routes, against): (&str, &str),
    (measured, template): (&Measured, &Run),
    contrasts: &[Contrast<'_>],
) -> Run {
    let ids: Vec<&str> = measured.runs.iter().map(|run| run.id.as_str()).collect();
    let mut manifest: Manifest = template.manifest.clone();
    manifest.run_id = format!("{routes} against {against}, forecast from {}", ids.join(", "));
    manifest.variants = vec!["baseline".to_owned(), "candidate".to_owned()];
    manifest.cells = Vec::new();
    manifest.validity = Vec::new();
    // What was measured through tables of its own has no part in these.
    manifest.tables = Vec::new();
    manifest.routing = Vec::new();
    manifest.destination.simulated = match measured.origin() {
        "live" => Some(false),
        _ => Some(true),
    };
    let simulated = measured.origin() != "live";
    let cell = |contrast: &Contrast<'_>, variant: &str, route: Option<&RouteForecast>| {
        let name = contrast.name.unwrap_or("all routes");
        CellRow {
            run_id: manifest.run_id.clone(),
            started_at: manifest.started_at.clone(),
            cell: format!("{variant}/{name}"),
            variant: Some(variant.to_owned()),
            provider: "routes".to_owned(),
            model: "all routes".to_owned(),
            region: None,
            tier: route.and_then(|route| route.tier),
            route: contrast.name.map(str::to_owned),
            workload: "its traffic".to_owned(),
            load: "forecast".to_owned(),
            simulated,
            requests: route.and_then(|route| route.figures.as_ref()).map_or(0, |figures| figures.requests),
            ..CellRow::default()
        }
    };
    let cells = contrasts
        .iter()
        .flat_map(|contrast| {
            [cell(contrast, "baseline", contrast.baseline), cell(contrast, "candidate", contrast.candidate)]
        })
        .collect();
    Run { path: routes.into(), manifest, cells, warnings: Vec::new() }
}

impl Changed<'_> {
    pub(super) fn name(contrast: &Contrast<'_>) -> String {
        contrast.name.map_or_else(|| "all routes".to_owned(), visible)
    }

    /// `REGRESSED`, `ADVISORY: REGRESSED`.
    pub(super) fn verdict(&self) -> String {
        let word = match self.judged.verdict {
            Verdict::Passed => "PASSED",
            Verdict::Regressed => "REGRESSED",
            Verdict::Inconclusive => "INCONCLUSIVE",
            Verdict::Invalid => "INVALID",
        };
        if self.advisory { format!("ADVISORY: {word}") } else { word.to_owned() }
    }

    /// The verdict, what decides it, what it costs, and what did it: a sentence each.
    pub(super) fn story(&self) -> (String, Vec<String>) {
        let worst = self.worst();
        let place = worst.map(place_of);
        let contrast = place.and_then(|place| self.contrasts.get(place / 2));
        let head = match contrast {
            Some(contrast) if self.judged.verdict != Verdict::Passed => {
                let share = contrast.candidate.or(contrast.baseline).map_or(0.0, |route| route.share);
                match contrast.name {
                    Some(name) => {
                        format!("{}: route {} ({} of traffic)", self.verdict(), visible(name), figures::percent(share))
                    }
                    None => format!("{}: all routes together", self.verdict()),
                }
            }
            _ => self.verdict(),
        };
        let mut said = Vec::new();
        said.extend(worst.and_then(|worst| match self.judged.verdict {
            Verdict::Regressed => self.figures_of(worst),
            _ => self.reason_of(worst),
        }));
        if let Some(contrast) = contrast.filter(|contrast| !contrast.is_unchanged()) {
            said.extend(bill(contrast));
        } else if let Some(contrast) = self.contrasts.first().filter(|contrast| !contrast.is_unchanged()) {
            said.extend(bill(contrast));
        }
        let routes = || self.contrasts.iter().filter(|contrast| contrast.name.is_some());
        let changed = routes().filter(|contrast| !contrast.is_unchanged()).count();
        // Of what was never measured nobody can say that it does not change.
        let untold = routes().filter(|contrast| contrast.is_unchanged() && is_unmeasured(contrast)).count();
        said.push(match (changed, untold, routes().count()) {
            (0, untold, all) if untold > 0 && untold == all => "Nothing of it was measured".to_owned(),
            (0, 0, _) => "Nothing changes for any route".to_owned(),
            (0, ..) => "Nothing changes for any route that was measured".to_owned(),
            (changed, 0, all) if changed < all => "Other routes unchanged".to_owned(),
            (changed, _, all) if changed < all => "Other routes unchanged, as far as they were measured".to_owned(),
            _ => "Every route changes".to_owned(),
        });
        said.push(self.origin());
        // What changes nothing is the cause of nothing.
        let moves = match self.judged.verdict {
            Verdict::Regressed => true,
            Verdict::Passed => changed > 0,
            // Nobody knows whether it did anything.
            Verdict::Invalid | Verdict::Inconclusive => false,
        };
        if let Some(cause) = self.cause(contrast.and_then(|contrast| contrast.name)).filter(|_| moves) {
            said.push(format!("Cause: {cause}"));
        }
        (head, said)
    }

    /// `Forecast from night, live, 23 Nov, n = 14,200`.
    fn origin(&self) -> String {
        let runs: Vec<String> =
            self.measured.runs.iter().map(|run| format!("{} of {}", visible(&run.id), run.day)).collect();
        let whole = self.contrasts.first().and_then(|whole| whole.candidate).and_then(|route| route.figures.as_ref());
        let n = whole.map_or_else(String::new, |figures| format!(", n = {}", figures::count(figures.requests)));
        format!("Forecast from {}, {}{n}", runs.join(", "), self.measured.origin())
    }

    /// The finding that decides the verdict.
    fn worst(&self) -> Option<&Finding> {
        let ruling = match self.judged.verdict {
            Verdict::Regressed => Ruling::Broken,
            Verdict::Invalid => Ruling::Invalid,
            Verdict::Inconclusive => Ruling::CannotTell,
            Verdict::Passed => return None,
        };
        let size = |finding: &Finding| match finding.seen {
            Seen::Change(change) => change.change.unwrap_or(0.0).abs(),
            _ => 0.0,
        };
        let blocks = |finding: &&Finding| {
            finding.ruling == ruling && self.policy.severity(finding.rule) == crate::gate::Severity::Block
        };
        // A route says more than the whole that it is a part of, and a comparison more than a limit.
        let rank = |finding: &Finding| {
            let of_route = place_of(finding) >= 2;
            (of_route, matches!(finding.rule, Rule::Regression(_)), size(finding))
        };
        self.judged.findings.iter().filter(blocks).max_by(|a, b| {
            let (a, b) = (rank(a), rank(b));
            (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2))
        })
    }

    /// `e2e_p95_ms: the client was late`; absent where the finding does not say why.
    fn reason_of(&self, finding: &Finding) -> Option<String> {
        let why = visible(&finding.why.as_ref()?.to_string());
        Some(match finding.rule {
            Rule::Slo(index) => format!("`{}`: {why}", visible(&self.policy.slos[index].name)),
            Rule::Regression(index) => format!("{}: {why}", self.policy.regressions[index].measure),
        })
    }

    /// `p95 812 → 1,047 ms (+29 %, 95 % interval +21 to +37; margin 10 %, holds if surely within 50 %)`.
    fn figures_of(&self, finding: &Finding) -> Option<String> {
        let (Rule::Regression(index), Seen::Change(change)) = (finding.rule, finding.seen) else {
            let Rule::Slo(index) = finding.rule else { return None };
            return Some(format!("`{}` is broken", visible(&self.policy.slos[index].name)));
        };
        let rule = &self.policy.regressions[index];
        let (was, is) = match rule.measure {
            Measure::Quantile { .. } => {
                let ms = |value: f64| figures::ms(latency(value));
                (ms(change.baseline), format!("{} ms", ms(change.candidate)))
            }
            Measure::CostPerThousand => (figures::usd(usd(change.baseline)), figures::usd(usd(change.candidate))),
            _ => (figures::percent(change.baseline), figures::percent(change.candidate)),
        };
        let ratio = change.change.map(|by| if rule.measure.is_ratio() { points(by) } else { percent(by) });
        let ends = change.low.zip(change.high).map(|(low, high)| {
            let shown = |end: f64| if rule.measure.is_ratio() { points(end) } else { percent(end) };
            let confidence = trimmed((1.0 - self.policy.alpha) * 100.0);
            format!(", {confidence} % interval {} to {}", shown(low), shown(high))
        });
        Some(format!(
            "{} {was} → {is} ({}{}; {})",
            rule.measure,
            ratio.unwrap_or_default(),
            ends.unwrap_or_default(),
            bounds_words(rule)
        ))
    }

    /// What differs in the files.
    const fn lines(&self) -> TableLines<'_> {
        TableLines { routes: self.routes, against: self.against, changes: self.changes }
    }

    /// Which line of the file did it.
    pub(super) fn cause(&self, route: Option<&str>) -> Option<String> {
        self.lines().cause(route)
    }

    /// `routes.toml line 14, `a` → `b``.
    pub(super) fn told(&self, change: &TableChange) -> String {
        self.lines().told(change)
    }

    /// Who gains and who pays: a sentence for each route that changes.
    pub(super) fn gains(&self) -> Vec<String> {
        let routes = self.contrasts.iter().filter(|contrast| contrast.name.is_some() && !contrast.is_unchanged());
        let told = |contrast: &Contrast<'_>| {
            let name = Self::name(contrast);
            match (contrast.baseline, contrast.candidate) {
                (None, _) => format!("{name}: is new, or gets traffic for the first time"),
                (_, None) => format!("{name}: is gone, or gets no traffic any more"),
                (Some(was), Some(is)) => match (&was.figures, &is.figures) {
                    (Some(was), Some(is)) => {
                        let parts: Vec<String> =
                            [waits(was, is), pays(was, is), answered(was, is)].into_iter().flatten().collect();
                        format!(
                            "{name}: {}",
                            if parts.is_empty() { "no figure moves".to_owned() } else { parts.join(", ") }
                        )
                    }
                    _ => format!("{name}: a part of it was never measured"),
                },
            }
        };
        routes.map(told).collect()
    }

    /// What is missing, and what was taken for true.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        let missing = self.contrasts.first().map(|whole| {
            let of = |route: Option<&RouteForecast>| route.map(RouteForecast::missing).cloned().unwrap_or_default();
            of(whole.baseline).union(&of(whole.candidate)).cloned().collect()
        });
        said.extend(missing.map(|missing| remedies(&missing, self.measured)).unwrap_or_default());
        said.extend(self.notes.iter().cloned());
        said.iter().map(|sentence| visible(sentence)).collect()
    }
}

/// Whether a part of it was never measured.
fn is_unmeasured(contrast: &Contrast<'_>) -> bool {
    let lacks = |route: Option<&RouteForecast>| route.is_some_and(|route| !route.missing().is_empty());
    lacks(contrast.baseline) || lacks(contrast.candidate)
}

fn place_of(finding: &Finding) -> usize {
    match &finding.place {
        Place::Cell(place) => *place,
        Place::Pairs(pairs) => pairs.first().map_or(0, |pair| pair.baseline),
    }
}

fn latency(ms: f64) -> Latency {
    Latency::Finite(crate::units::Micros((ms * 1e3).round().clamp(0.0, f64::from(u32::MAX)) as u32))
}

/// `+29 %`.
pub(super) fn percent(ratio: f64) -> String {
    let shown = format!("{:.1}", ratio.abs() * 100.0);
    let sign = match shown.as_str() {
        "0.0" => '±',
        _ if ratio < 0.0 => '−',
        _ => '+',
    };
    format!("{sign}{shown} %")
}

fn points(difference: f64) -> String {
    format!("{}{:.2} pp", if difference < 0.0 { '−' } else { '+' }, difference.abs() * 100.0)
}

/// `Cost −$4,310 a month (−38 %)`.
fn bill(contrast: &Contrast<'_>) -> Option<String> {
    let of = |route: Option<&RouteForecast>| route.and_then(|route| route.figures.as_ref()).cloned();
    let (was, is) = (of(contrast.baseline)?, of(contrast.candidate)?);
    pays(&was, &is).map(|words| format!("Cost {words}"))
}

fn pays(before: &Figures, after: &Figures) -> Option<String> {
    let (of, unit) = match (&before.month, &after.month) {
        (Some(was), Some(is)) => ((was, is), "a month"),
        _ => ((&before.cost_per_thousand, &after.cost_per_thousand), "a thousand requests"),
    };
    let (was, is): (&Money, &Money) = of;
    let by = is.dollars.value - was.dollars.value;
    // What is missing on one side, or of more requests, may be more than what the rest comes to.
    let cancels = before.handed.total_cmp(&after.handed).is_eq() && was.partial == is.partial;
    if (was.partial || is.partial) && !cancels {
        return Some(format!("change unknown: {} → {} {unit}", money(was), money(is)));
    }
    if usd(by.abs()) == Usd::ZERO {
        return None;
    }
    let ratio = if was.dollars.value > 0.0 { format!(" ({})", percent(by / was.dollars.value)) } else { String::new() };
    let about = if was.assumed || is.assumed { "~" } else { "" };
    Some(format!("{}{about}{} {unit}{ratio}", if by < 0.0 { '−' } else { '+' }, figures::usd(usd(by.abs()))))
}

fn waits(was: &Figures, is: &Figures) -> Option<String> {
    let ms = |spans: &Option<[Span; 3]>| spans.map(|spans| spans[1].value);
    let (was, is) = (ms(&was.e2e)?, ms(&is.e2e)?);
    if was == is {
        return None;
    }
    let by = was
        .finite_ms()
        .zip(is.finite_ms())
        .map_or_else(String::new, |(was, is)| format!(" ({})", percent(is / was - 1.0)));
    Some(format!("p95 {} → {} ms{by}", figures::ms(was), figures::ms(is)))
}

fn answered(was: &Figures, is: &Figures) -> Option<String> {
    let (was, is) = (was.availability?.value, is.availability?.value);
    ((was - is).abs() > 1e-6).then(|| format!("availability {} → {}", figures::percent(was), figures::percent(is)))
}

/// The columns of the table of routes.
pub(super) const COLUMNS: [&str; 9] =
    ["route", "traffic", "p50 ms", "p95 ms", "p99 ms", "$ a 1,000", "$ a month", "available", "quality"];

/// A row of it: `old → new` where they differ.
pub(super) fn row(contrast: &Contrast<'_>) -> Vec<String> {
    let both = |shown: &dyn Fn(&RouteForecast) -> String| {
        let of = |route: Option<&RouteForecast>| route.map_or_else(|| ABSENT.to_owned(), shown);
        let (was, is) = (of(contrast.baseline), of(contrast.candidate));
        if was == is { is } else { format!("{was} → {is}") }
    };
    let figure = |shown: &dyn Fn(&Figures) -> Option<String>| {
        both(&|route: &RouteForecast| route.figures.as_ref().and_then(shown).unwrap_or_else(|| ABSENT.to_owned()))
    };
    let quantile = |place: usize| figure(&|found: &Figures| found.e2e.map(|spans| figures::ms(spans[place].value)));
    vec![
        Changed::name(contrast),
        both(&|route: &RouteForecast| figures::percent(route.share)),
        quantile(0),
        quantile(1),
        quantile(2),
        figure(&|found: &Figures| Some(money(&found.cost_per_thousand))),
        figure(&|found: &Figures| found.month.as_ref().map(money)),
        figure(&|found: &Figures| found.availability.map(|share| figures::percent(share.value))),
        figure(&|found: &Figures| found.quality.map(|quality| format!("{quality:.3}"))),
    ]
}

#[cfg(test)]
mod tests;
