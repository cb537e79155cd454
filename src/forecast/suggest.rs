//! Which traffic could go to a cheaper model and still meet its limits and its quality.

use std::collections::BTreeSet;

use crate::forecast::figures::{Figures, QUANTILES};
use crate::forecast::flows::Routing;
use crate::forecast::kinds::Kind;
use crate::forecast::limits::{is_about, is_about_routes, meets};
use crate::forecast::measured::Measured;
use crate::forecast::table::{Forecast, Setting, forecast};
use crate::forecast::traffic::TrafficShares;
use crate::gate::{Bound, Measure, Policy, Severity, Timed};
use crate::registry::Endpoint;
use crate::routes::{Action, Destination, Resolved};
use crate::stats::{Share, exceeds_by};

/// A change that would cost less, meet every limit that is known, and answer about as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// What it is about: a class, or a route.
    pub subject: String,
    /// The line of the table that would change; absent where labels would.
    pub line: Option<usize>,
    /// What would change: `tier 3 → 1`, `a` → `b`.
    pub change: String,
    /// The share of the subject's cost that it saves, 0 to 1.
    pub saves: f64,
    /// Dollars saved of a thousand of its requests.
    pub saves_per_thousand: f64,
    /// Dollars saved a month; absent where nobody says how many requests a month has.
    pub saves_a_month: Option<f64>,
    /// By how much p95 moves, in milliseconds; absent where either is not known.
    pub p95_ms: Option<f64>,
    /// The quality of before and after, 0 to 1.
    pub quality: (f64, f64),
    /// Whether the quality was measured; else it is the registry's evaluation.
    pub quality_is_measured: bool,
    /// Stored requests behind it.
    pub requests: u64,
    /// Quantiles that grow by more than a blocking comparison of the policy lets them, by its metric, and the ratio by which they
    /// do: the gate may stop the change for these.
    pub slower: Vec<(&'static str, f64)>,
}

/// What could be suggested, and what could not be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suggestions {
    /// The most dollars first.
    pub found: Vec<Suggestion>,
    /// Cheaper changes that meet every limit and whose quality nobody knows: what they are about, and what would change.
    pub of_unknown_quality: BTreeSet<(String, String)>,
    /// Subjects of which a part was never measured.
    pub unmeasured: BTreeSet<String>,
}

/// The share of the cost below which a saving is not worth a change.
const LEAST_SAVING: f64 = 0.01;

/// By how much the registry's evaluation of a model may be lower and still pass as the same.
const ALIKE: f64 = 0.01;

/// By how much quality that was measured may be lower, where so few requests do not show it to be worse.
const ABOUT_ALIKE: f64 = 0.02;

/// Chance with which something is called surely worse.
const ALPHA: f64 = 0.05;

/// Forecasts each class at each lower tier, and each primary target of `routing` with every other model of the registry in its
/// place, and keeps of each subject the cheapest that surely is cheaper, meets the limits of `policy` and answers about as well.
///
/// A limit of an SLO counts where it is about the route, or about the tier and workload of the requests; one about endpoints or
/// variants does not. An answer is about as good where its quality stays within the policy's margin, and without one, where it is
/// lower by two points at most and not surely lower.
pub fn suggest(
    measured: &Measured,
    routing: Routing<'_>,
    shares: &[f64],
    (policy, setting): (&Policy, &Setting),
) -> Suggestions {
    let search = Search { measured, routing, shares, policy, setting };
    let mut found = Suggestions::default();
    search.tiers(&mut found);
    search.swaps(&mut found);
    let dollars = |one: &Suggestion| one.saves_a_month.unwrap_or(one.saves_per_thousand);
    found.found.sort_by(|a, b| dollars(b).total_cmp(&dollars(a)).then_with(|| a.subject.cmp(&b.subject)));
    found
}

#[derive(Clone, Copy)]
struct Search<'a> {
    measured: &'a Measured,
    routing: Routing<'a>,
    shares: &'a [f64],
    policy: &'a Policy,
    setting: &'a Setting,
}

/// What a change is about.
struct Subject<'s> {
    name: String,
    /// The share of each kind of request that it is about.
    shares: Vec<f64>,
    before: &'s Figures,
}

impl<'a> Search<'a> {
    fn tiers(&self, found: &mut Suggestions) {
        let classes: BTreeSet<(&str, u8)> = self
            .measured
            .kinds
            .iter()
            .filter_map(|kind| Some((kind.class.as_deref()?, kind.tier?)))
            .filter(|(_, tier)| *tier > 0 && *tier < 4)
            .collect();
        for (class, tier) in classes {
            let is_it = |kind: &Kind| kind.class.as_deref() == Some(class) && kind.tier == Some(tier);
            let shares = self.only(is_it);
            let Some(before) = self.figures(self.measured, self.routing, &shares, class, found) else { continue };
            let subject = Subject { name: class.to_owned(), shares, before: &before };
            let mut best: Option<Suggestion> = None;
            for lower in 0..tier {
                let mut lowered = self.measured.clone();
                lowered.kinds.iter_mut().filter(|kind| is_it(kind)).for_each(|kind| kind.tier = Some(lower));
                let told =
                    forecast(&lowered, self.routing, &TrafficShares::of_kinds(subject.shares.clone()), self.setting);
                let change = format!("tier {tier} → {lower}");
                let held = (Some(tier), self.measured);
                best = better(best, self.judge(&subject, &told, (None, change), held, found));
            }
            found.found.extend(best);
        }
    }

    fn swaps(&self, found: &mut Suggestions) {
        let Routing { table, resolved, registry } = self.routing;
        for (place, route) in table.routes.iter().enumerate() {
            let Action::Send { primary, .. } = &route.action else { continue };
            let takes = |kind: &Kind| self.routing.route(kind, kind.tier.or(self.default_tier(kind))) == Some(place);
            let shares = self.only(takes);
            if shares.iter().all(|share| *share <= 0.0) {
                continue;
            }
            let Some(before) = self.figures(self.measured, self.routing, &shares, &route.name, found) else { continue };
            let subject = Subject { name: route.name.text.clone(), shares, before: &before };
            for (nth, target) in primary.iter().enumerate().filter(|(_, target)| target.weight > 0.0) {
                let mut best: Option<Suggestion> = None;
                let old = registry.models.iter().position(|model| model.id == *target.model);
                for model in (0..registry.models.len()).filter(|model| Some(*model) != old) {
                    let Some(swapped) = self.swapped(resolved, (place, nth), model) else { continue };
                    let routing = Routing { resolved: &swapped, ..self.routing };
                    let told = forecast(
                        self.measured,
                        routing,
                        &TrafficShares::of_kinds(subject.shares.clone()),
                        self.setting,
                    );
                    let change = format!("`{}` → `{}`", target.model, registry.models[model].id);
                    let held = (route.matches.tier, self.measured);
                    best = better(best, self.judge(&subject, &told, (Some(target.line), change), held, found));
                }
                found.found.extend(best);
            }
        }
    }

    fn default_tier(&self, kind: &Kind) -> Option<u8> {
        if self.routing.classifiers(kind).is_empty() {
            return None;
        }
        self.routing.table.classifier.as_ref().map(|classifier| classifier.default_tier)
    }

    /// The shares of the kinds that are `wanted`; the others have none.
    fn only(&self, wanted: impl Fn(&Kind) -> bool) -> Vec<f64> {
        self.measured
            .kinds
            .iter()
            .zip(self.shares)
            .map(|(kind, share)| if wanted(kind) { *share } else { 0.0 })
            .collect()
    }

    fn figures(
        &self,
        measured: &Measured,
        routing: Routing<'_>,
        shares: &[f64],
        name: &str,
        found: &mut Suggestions,
    ) -> Option<Figures> {
        if shares.iter().all(|share| *share <= 0.0) {
            return None;
        }
        let told = forecast(measured, routing, &TrafficShares::of_kinds(shares.to_vec()), self.setting);
        if told.total.figures.is_none() {
            found.unmeasured.insert(name.to_owned());
        }
        told.total.figures
    }

    /// The table with another `model` in the place of primary `nth` of a route, where that was measured and may be cheaper.
    fn swapped(&self, resolved: &Resolved, (route, nth): (usize, usize), model: usize) -> Option<Resolved> {
        let registry = self.routing.registry;
        let old = resolved.routes[route].primary.get(nth)?;
        let offered: Vec<Endpoint> = registry.endpoints().filter(|one| one.model == model && one.offer == 0).collect();
        let regions: BTreeSet<Option<usize>> = old.endpoints.iter().map(|endpoint| endpoint.region).collect();
        let kept: Vec<Endpoint> = offered.iter().filter(|one| regions.contains(&one.region)).copied().collect();
        let endpoints = if kept.is_empty() { offered } else { kept };
        let is_measured = |endpoint: &Endpoint| {
            let (provider, model) = (&registry.provider(*endpoint).id, &registry.model(*endpoint).id);
            self.measured.sources.iter().any(|source| (&source.provider, &source.model) == (provider, model))
        };
        if !endpoints.first().is_some_and(is_measured) {
            return None;
        }
        let price = |endpoint: Endpoint| {
            let pricing = registry.pricing(endpoint);
            let rates = pricing.on(self.setting.day).map(|row| row.price.rates.clone())?;
            Some((rates.input?, rates.output?))
        };
        let (was, is) = (price(*old.endpoints.first()?)?, price(*endpoints.first()?)?);
        if is.0 >= was.0 && is.1 >= was.1 {
            return None;
        }
        let mut swapped = resolved.clone();
        let target = &mut swapped.routes[route].primary[nth];
        *target = Destination { model, endpoints, weight: old.weight, line: old.line };
        Some(swapped)
    }

    /// The suggestion that `told` makes, if it is one.
    fn judge(
        &self,
        subject: &Subject<'_>,
        told: &Forecast,
        (line, change): (Option<usize>, String),
        (tier, measured): (Option<u8>, &Measured),
        found: &mut Suggestions,
    ) -> Option<Suggestion> {
        let (was, is) = (subject.before, told.total.figures.as_ref()?);
        let (before, after) = (&was.cost_per_thousand, &is.cost_per_thousand);
        let surely = match (before.dollars.interval, after.dollars.interval) {
            (Some((low, _)), Some((_, high))) => high < low,
            _ => true,
        };
        let saves = 1.0 - after.dollars.value / before.dollars.value;
        if after.partial || !surely || saves < LEAST_SAVING {
            return None;
        }
        let workloads: BTreeSet<&str> = measured
            .kinds
            .iter()
            .zip(&subject.shares)
            .filter(|(_, share)| **share > 0.0)
            .map(|(kind, _)| kind.workload.as_str())
            .collect();
        let routes: Vec<&str> = told.routes.iter().filter_map(|route| route.name.as_deref()).collect();
        let limits = self.policy.slos.iter().filter(|slo| is_about(slo, tier, &workloads, &routes));
        if !limits.map(|slo| &slo.promise).all(|promise| meets(promise, told)) || worse_availability(was, is) {
            return None;
        }
        let Some((quality, quality_is_measured)) = self.quality(was, is) else {
            found.of_unknown_quality.insert((subject.name.clone(), change));
            return None;
        };
        if !self.answers_no_worse(quality, quality_is_measured, [was.requests, is.requests]) {
            return None;
        }
        let ms = |figures: &Figures| figures.e2e.and_then(|spans| spans[1].value.finite_ms());
        Some(Suggestion {
            subject: subject.name.clone(),
            line,
            change,
            saves,
            saves_per_thousand: before.dollars.value - after.dollars.value,
            saves_a_month: was.month.zip(is.month).map(|(was, is)| was.dollars.value - is.dollars.value),
            p95_ms: ms(was).zip(ms(is)).map(|(was, is)| is - was),
            quality,
            quality_is_measured,
            requests: is.requests,
            slower: self.slower(&routes, was, is),
        })
    }

    /// The quantiles that blocking comparisons about these routes would find too much greater, each once.
    fn slower(&self, routes: &[&str], was: &Figures, is: &Figures) -> Vec<(&'static str, f64)> {
        let mut found: Vec<(&'static str, f64)> = Vec::new();
        for rule in self.policy.regressions.iter().filter(|rule| rule.severity == Severity::Block) {
            let Measure::Quantile { latency, q } = rule.measure else { continue };
            let ms = |figures: &Figures| {
                let spans = match latency {
                    Timed::Ttft => figures.ttft,
                    Timed::E2e => figures.e2e,
                };
                let place = QUANTILES.iter().position(|known| (known - q).abs() < 1e-9)?;
                spans?[place].value.finite_ms()
            };
            let (Some(was), Some(is), true) = (ms(was), ms(is), is_about_routes(&rule.matches, routes)) else {
                continue;
            };
            let margin = match rule.margin {
                Bound::Ratio(ratio) => ratio * was,
                Bound::Points(size) | Bound::Absolute(size) => size,
            };
            let name = rule.measure.name();
            if is > was + margin && found.iter().all(|(known, _)| *known != name) {
                found.push((name, is / was - 1.0));
            }
        }
        found
    }

    /// The quality of before and after, measured or else from the registry; absent where one is not known.
    fn quality(&self, was: &Figures, is: &Figures) -> Option<((f64, f64), bool)> {
        if let (Some(was), Some(is)) = (was.quality, is.quality) {
            return Some(((was, is), true));
        }
        let evaluated = |figures: &Figures| -> Option<f64> {
            let models = &self.routing.registry.models;
            let each = figures.answered.iter().map(|one| {
                models
                    .iter()
                    .find(|model| model.id == one.model)
                    .and_then(|model| model.quality)
                    .map(|known| known * one.share)
            });
            each.sum()
        };
        Some(((evaluated(was)?, evaluated(is)?), false))
    }

    fn answers_no_worse(&self, (was, is): (f64, f64), measured: bool, requests: [u64; 2]) -> bool {
        let margins = self.policy.regressions.iter().filter(|rule| rule.measure == Measure::Quality).map(|rule| {
            match rule.margin {
                Bound::Ratio(ratio) => ratio * was,
                Bound::Points(size) | Bound::Absolute(size) => size,
            }
        });
        match margins.reduce(f64::min) {
            Some(margin) => is >= was - margin,
            None if !measured => is >= was - ALIKE,
            None => {
                let bad = |quality: f64, all: u64| Share { of: ((1.0 - quality) * all as f64).round() as u64, all };
                let surely_worse =
                    exceeds_by(bad(is, requests[1]), bad(was, requests[0]), 0.0).is_some_and(|p| p <= ALPHA);
                is >= was - ABOUT_ALIKE && !surely_worse
            }
        }
    }
}

fn better(best: Option<Suggestion>, other: Option<Suggestion>) -> Option<Suggestion> {
    match (best, other) {
        (Some(best), Some(other)) => Some(if other.saves > best.saves { other } else { best }),
        (best, other) => best.or(other),
    }
}

fn worse_availability(was: &Figures, is: &Figures) -> bool {
    let (Some(was), Some(is)) = (was.availability, is.availability) else { return is.availability.is_none() };
    is.interval.map_or(is.value, |(_, high)| high) < was.value
}

#[cfg(test)]
mod tests;
