//! A change of a routing table held against a policy, by forecasts of both tables.

use crate::forecast::compare::{Compared, compare};
use crate::forecast::measured::Measured;
use crate::forecast::remedy::remedies;
use crate::forecast::table::{Forecast, RouteForecast};
use crate::gate::{
    Finding, Judged, Kept, Match, NotAsked, Pair, Place, Policy, Promise, Rule, Ruling, Seen, Severity, Timed, Unasked,
    Verdict, Why, kept, promise_to_settle, rounds_needed,
};
use crate::stats::least_p;

/// A route of both tables, or both as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Contrast<'a> {
    /// The route's name; absent for the whole.
    pub name: Option<&'a str>,
    /// Of the old table; absent where it has no such route, or sends it nothing.
    pub baseline: Option<&'a RouteForecast>,
    /// Of the new one.
    pub candidate: Option<&'a RouteForecast>,
}

impl<'a> Contrast<'a> {
    /// The whole first, then every route of the new table, then those that the old one alone has.
    pub fn all(baseline: &'a Forecast, candidate: &'a Forecast) -> Vec<Self> {
        let of = |forecast: &'a Forecast, name: Option<&str>| {
            forecast.routes.iter().find(|route| route.name.as_deref() == name)
        };
        let new = candidate.routes.iter().map(|route| route.name.as_deref());
        let gone =
            baseline.routes.iter().map(|route| route.name.as_deref()).filter(|name| of(candidate, *name).is_none());
        let route = |name: Option<&'a str>| Self { name, baseline: of(baseline, name), candidate: of(candidate, name) };
        std::iter::once(Self { name: None, baseline: Some(&baseline.total), candidate: Some(&candidate.total) })
            .chain(new.chain(gone).map(route))
            .collect()
    }

    /// Whether both tables do the same with its requests, to the last drawn time.
    pub fn is_unchanged(&self) -> bool {
        let (Some(was), Some(is)) = (self.baseline, self.candidate) else { return false };
        let (was, is) = (&was.outlook, &is.outlook);
        was.rounds == is.rounds
            && was.entries == is.entries
            && was.missing == is.missing
            && was.human_cost == is.human_cost
    }
}

/// A finding before all tests are taken together: the p-values of "not broken" and of "to be ruled out", and how sure it must be.
struct Draft {
    finding: Finding,
    test: Option<(f64, f64, f64)>,
    rounds: Option<usize>,
}

/// Holds a change of tables against `policy`: its SLOs against the new one, its comparisons between the two, for each route and
/// in total.
///
/// Places are pairs or cells of a run whose cells are those of [`Contrast::all`], the old table's at even numbers and the new
/// one's at odd ones. Comparisons are of rounds, which both tables share; where a round stands on too few stored requests for a
/// quantile, neighbours are taken together. A route that both tables treat alike is unchanged for sure. Rules about endpoints,
/// workloads or list prices are not asked.
pub fn judge_change(policy: &Policy, measured: &Measured, contrasts: &[Contrast<'_>]) -> Judged {
    let mut not_asked = Vec::new();
    let mut drafts = Vec::new();
    for (index, slo) in policy.slos.iter().enumerate() {
        let places = places(&slo.matches, contrasts);
        if slo.window_days.is_some() || places.is_empty() {
            let reason = if slo.window_days.is_some() { Unasked::Window } else { Unasked::NothingMatches };
            not_asked.push(NotAsked { rule: Rule::Slo(index), reason });
            continue;
        }
        let told = |place: &usize| {
            contrasts[*place]
                .candidate
                .and_then(|route| promised(measured, (index, &slo.promise, slo.confidence), route, *place))
        };
        drafts.extend(places.iter().filter_map(told));
    }
    let deadline_ms = measured.runs.iter().map(|run| run.deadline_ms).fold(0.0, f64::max);
    for (index, rule) in policy.regressions.iter().enumerate() {
        let places = if rule.measure.is_exact() { Vec::new() } else { places(&rule.matches, contrasts) };
        let before = drafts.len();
        for place in &places {
            let Contrast { baseline: Some(was), candidate: Some(is), .. } = contrasts[*place] else { continue };
            let missing =
                was.outlook.missing.union(&is.outlook.missing).cloned().collect::<std::collections::BTreeSet<_>>();
            let compared = if contrasts[*place].is_unchanged() && missing.is_empty() {
                Compared::unchanged(rule, was, deadline_ms)
            } else if missing.is_empty() {
                compare(rule, policy.alpha, (was, is), deadline_ms)
            } else {
                Some(Compared::untold(Why::Unmeasured(remedies(&missing, measured).join("; "))))
            };
            let Some(compared) = compared else { continue };
            let obstacle = was.outlook.obstacles.iter().chain(&is.outlook.obstacles).next();
            drafts.push(Draft {
                finding: Finding {
                    rule: Rule::Regression(index),
                    place: Place::Pairs(vec![Pair { baseline: 2 * place, candidate: Some(2 * place + 1) }]),
                    seen: compared.seen,
                    ruling: if obstacle.is_some() { Ruling::Invalid } else { compared.ruling },
                    p: None,
                    would_settle: None,
                    why: obstacle.map(|reason| Why::NotValid(vec![reason.clone()])).or(compared.why),
                },
                test: compared
                    .test
                    .filter(|_| obstacle.is_none())
                    .map(|(worse, ruled_out)| (worse, ruled_out, policy.alpha)),
                rounds: compared.rounds,
            });
        }
        if drafts.len() == before {
            let exact = rule.measure.is_exact();
            let reason = if exact { Unasked::TableHasNoListPrice } else { Unasked::NothingMatches };
            not_asked.push(NotAsked { rule: Rule::Regression(index), reason });
        }
    }
    let findings = ruled(policy, drafts);
    let verdict = verdict(policy, &findings);
    Judged { findings, not_asked, verdict }
}

/// The contrasts that a rule is about: routes where it names some, else the whole; for comparisons and SLOs alike a rule that
/// names endpoints, workloads or variants is about none.
fn places(matches: &Match, contrasts: &[Contrast<'_>]) -> Vec<usize> {
    let names_cells = [&matches.provider, &matches.model, &matches.region, &matches.workload, &matches.variant];
    if names_cells.iter().any(|pattern| pattern.is_some()) || (matches.tier.is_some() && matches.route.is_none()) {
        return Vec::new();
    }
    let takes = |contrast: &Contrast<'_>| {
        let tier = contrast.candidate.or(contrast.baseline).and_then(|route| route.tier);
        let by_tier = matches.tier.is_none_or(|wanted| tier == Some(wanted));
        match (&matches.route, contrast.name) {
            (None, _) => true,
            (Some(pattern), Some(name)) => by_tier && pattern.matches(name),
            (Some(_), None) => false,
        }
    };
    (0..contrasts.len()).filter(|place| takes(&contrasts[*place])).collect()
}

/// What an SLO makes of a route: as many of its effective requests are bad as the forecast's share.
fn promised(
    measured: &Measured,
    (index, promise, confidence): (usize, &Promise, f64),
    route: &RouteForecast,
    place: usize,
) -> Option<Draft> {
    let outlook = &route.outlook;
    let asked: f64 = outlook.rounds.iter().map(|round| round.asked).sum();
    if asked <= 0.0 && outlook.missing.is_empty() {
        return None;
    }
    let finding = |seen, ruling, why| Finding {
        rule: Rule::Slo(index),
        place: Place::Cell(2 * place + 1),
        seen,
        ruling,
        p: None,
        would_settle: None,
        why,
    };
    if !outlook.missing.is_empty() {
        let why = Why::Unmeasured(remedies(&outlook.missing, measured).join("; "));
        return Some(Draft {
            finding: finding(Seen::Nothing, Ruling::CannotTell, Some(why)),
            test: None,
            rounds: None,
        });
    }
    let over = |latency: Timed, limit| match latency {
        Timed::E2e => outlook.e2e().and_then(|times| times.share_over(limit)),
        Timed::Ttft => outlook.ttft().and_then(|times| times.share_over(limit)),
    };
    let share = match *promise {
        Promise::Quantile { latency, max, .. } => over(latency, max)?,
        Promise::ShareOver { latency, over: limit, .. } => over(latency, limit)?,
        Promise::Availability { .. } => 1.0 - outlook.rounds.iter().map(|round| round.ok).sum::<f64>() / asked,
        Promise::Quality { .. } => {
            let known: f64 = outlook.rounds.iter().map(|round| round.quality.1).sum();
            let good: f64 = outlook.rounds.iter().map(|round| round.quality.0).sum();
            Some(1.0 - good / known).filter(|_| known > 0.0)?
        }
        // Who answers the same request the next time is not forecast.
        Promise::Consistency { .. } => return None,
    };
    let requests = outlook.rounds.iter().map(|round| round.effective).sum::<f64>() as u64;
    let bad = (share.clamp(0.0, 1.0) * requests as f64).round() as u64;
    let seen = Seen::Counts { requests, bad };
    if let Some(reason) = outlook.obstacles.iter().next() {
        let why = Why::NotValid(vec![reason.clone()]);
        return Some(Draft { finding: finding(seen, Ruling::Invalid, Some(why)), test: None, rounds: None });
    }
    let allowed = promise.bad_share();
    let Kept { p_holds, p_broken } = kept(requests, bad, allowed)?;
    let finding = finding(seen, Ruling::CannotTell, None);
    Some(Draft { finding, test: Some((p_broken, p_holds, 1.0 - confidence)), rounds: None })
}

/// The findings with their rulings, all tests of one severity taken together.
fn ruled(policy: &Policy, drafts: Vec<Draft>) -> Vec<Finding> {
    let mut drafts = drafts;
    for severity in [Severity::Block, Severity::Warn] {
        let of: Vec<usize> = (0..drafts.len())
            .filter(|index| drafts[*index].test.is_some() && policy.severity(drafts[*index].finding.rule) == severity)
            .collect();
        let p_values: Vec<f64> = of.iter().filter_map(|index| drafts[*index].test.map(|(worse, ..)| worse)).collect();
        for (index, adjusted) in of.iter().zip(severity.adjusted(&p_values)) {
            let Draft { finding, test, rounds } = &mut drafts[*index];
            let (_, ruled_out, level) = test.expect("only tests were taken");
            finding.p = Some(adjusted);
            finding.ruling = match (adjusted <= policy.alpha, ruled_out <= level) {
                (true, _) => Ruling::Broken,
                (false, true) => Ruling::Holds,
                (false, false) => Ruling::CannotTell,
            };
            if finding.ruling != Ruling::CannotTell {
                continue;
            }
            if let (Rule::Slo(slo), Seen::Counts { requests, bad }) = (finding.rule, &finding.seen) {
                let slo = &policy.slos[slo];
                let allowed = slo.promise.bad_share();
                finding.would_settle =
                    promise_to_settle((*requests, *bad), allowed, slo.confidence, policy.alpha, of.len());
            }
            if rounds.is_some_and(|rounds| least_p(rounds) > policy.alpha / of.len() as f64) {
                let tests = of.len();
                finding.why = Some(Why::TooFewRounds { needed: rounds_needed(policy.alpha, tests), tests });
            }
        }
    }
    drafts.into_iter().map(|draft| draft.finding).collect()
}

/// What cannot be told makes the verdict inconclusive where the policy blocks on it in forecasts, and where a comparison or a
/// measurement is what is lacking; then the policy says whether that stops anybody.
fn verdict(policy: &Policy, findings: &[Finding]) -> Verdict {
    let blocking = || findings.iter().filter(|one| policy.severity(one.rule) == Severity::Block);
    let any = |ruling| blocking().any(|one| one.ruling == ruling);
    let lacks = blocking().any(|one| {
        one.ruling == Ruling::CannotTell
            && (policy.inconclusive.forecast == Severity::Block
                || matches!(one.rule, Rule::Regression(_))
                || matches!(one.why, Some(Why::Unmeasured(_))))
    });
    if any(Ruling::Broken) {
        Verdict::Regressed
    } else if any(Ruling::Invalid) || findings.is_empty() {
        Verdict::Invalid
    } else if lacks {
        Verdict::Inconclusive
    } else {
        Verdict::Passed
    }
}

#[cfg(test)]
mod tests;
