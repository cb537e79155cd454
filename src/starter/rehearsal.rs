//! Made-up runs of the shipped suites, to see what the shipped policy makes of them when nothing changed.
//!
//! They are drawn from the law of the simulated provider: what it would answer, without asking it.

use crate::gate::{
    Comparison, Measure, Named, PlannedCell, Policy, Pool, Promise, Regression, RoundPair, Severity, Slo, Timed,
    compare_figures, kept, round_quantiles,
};
use crate::plan::Suite;
use crate::registry::Registry;
use crate::rng::seeded;
use crate::sim::{EndpointLaw, Law};
use crate::starter::{GATE, StarterFile};
use crate::stats::holm;
use crate::workload::{Prompt, Workload};

/// What became of made-up runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// Runs in which every blocking rule surely holds, so that the verdict is a pass.
    pub passed: u32,
    /// Runs in which a blocking rule was found broken.
    pub regressed: u32,
    /// Runs that were made up.
    pub runs: u32,
}

/// What [`GATE`] makes of `runs` runs of `suite`, drawn from `seed`, with as many `variants`, all alike.
///
/// # Panics
/// `suite` is not one of the shipped ones.
pub fn rehearse(suite: StarterFile, variants: usize, runs: u32, seed: u64) -> Rehearsed {
    let policy = Policy::parse(GATE.name, GATE.text).expect("the shipped policy keeps to its format");
    let lanes = lanes(&Suite::parse(suite.name, suite.text).expect("a shipped suite keeps to its format"));
    let mut rng = seeded(seed, "made-up runs of a shipped suite");
    let mut rehearsed = Rehearsed { passed: 0, regressed: 0, runs };
    for _ in 0..runs {
        let (broken, all_hold) = judged(&policy, &lanes, variants, &mut rng);
        rehearsed.regressed += u32::from(broken);
        rehearsed.passed += u32::from(all_hold && !broken);
    }
    rehearsed
}

/// A simulated request: milliseconds and tokens.
#[derive(Clone, Copy)]
struct Made {
    ttft: f64,
    e2e: f64,
    tokens: f64,
    failed: bool,
}

/// An endpoint on a workload, with what it would answer.
pub(in crate::starter) struct Lane {
    pub(in crate::starter) cell: PlannedCell,
    law: EndpointLaw,
    /// The longest answers of the workload's lines.
    limits: Vec<f64>,
}

impl Lane {
    fn made(&self, rng: &mut fastrand::Rng) -> Vec<Made> {
        (0..self.cell.requests as usize)
            .map(|index| {
                let law = &self.law;
                let tokens = law.answer_tokens.draw(rng).min(self.limits[index % self.limits.len()]).max(1.0);
                let ttft = law.distance_ms + law.ttft_ms.draw(rng) * law.factor;
                let e2e = ttft + law.ms_per_token.draw(rng) * law.factor * (tokens - 1.0);
                Made { ttft, e2e, tokens, failed: rng.f64() < law.error_ratio }
            })
            .collect()
    }
}

/// The lanes of `suite` on the built-in registry and law.
pub(in crate::starter) fn lanes(suite: &Suite) -> Vec<Lane> {
    suite.measures.iter().flat_map(|measure| lanes_of(measure, suite)).collect()
}

fn lanes_of(measure: &crate::plan::Measure, suite: &Suite) -> Vec<Lane> {
    let (registry, law) = (Registry::built_in(), Law::built_in());
    let fixed = "a shipped suite says how much it sends";
    let (requests, rounds) = (suite.load.requests_per_cell.expect(fixed), suite.load.rounds.expect(fixed));
    let takes = |globs: &Option<Vec<String>>, name: &str| {
        let pattern = |glob: &String| glob::Pattern::new(glob).expect("the globs of a shipped suite are right");
        globs.iter().flatten().any(|glob| pattern(glob).matches(name))
    };
    let mut lanes = Vec::new();
    for workload in measure.workloads.iter().flatten() {
        let name = workload.to_string_lossy();
        let workload = Workload::built_in(&name).expect("a shipped suite measures on built-in workloads");
        let limit = |prompt: &Prompt| match prompt {
            Prompt::Body(body) => body.max_tokens.map_or(f64::INFINITY, |most| most as f64),
            Prompt::Lengths(_) => f64::INFINITY,
        };
        let limits: Vec<f64> = workload.requests.iter().map(|request| limit(&request.prompt)).collect();
        for endpoint in registry.endpoints() {
            let (model, region) = (registry.model(endpoint), registry.region(endpoint));
            let region = region.expect("built-in endpoints have a region");
            if !takes(&measure.models, &model.id) || !takes(&measure.regions, &region.id) {
                continue;
            }
            let cell = PlannedCell {
                variant: None,
                provider: registry.provider(endpoint).id.clone(),
                model: model.id.clone(),
                region: Some(region.id.clone()),
                tier: model.tier,
                route: None,
                workload: workload.name.clone(),
                load: "closed".to_owned(),
                concurrency: Some(16),
                rate_rps: None,
                requests: u64::from(requests),
                rounds,
                is_streamed: true,
                has_expectations: workload.requests.iter().any(|request| request.expect.is_some()),
            };
            let law = law.endpoint(&registry.offer(endpoint).send_as, &region.id);
            lanes.push(Lane { cell, law, limits: limits.clone() });
        }
    }
    lanes
}

/// Whether a run of `lanes` breaks a blocking rule, and whether all of them surely hold of it.
fn judged(policy: &Policy, lanes: &[Lane], variants: usize, rng: &mut fastrand::Rng) -> (bool, bool) {
    let made: Vec<Vec<Vec<Made>>> = (0..variants).map(|_| lanes.iter().map(|lane| lane.made(rng)).collect()).collect();
    let mut p_broken = Vec::new();
    let mut all_hold = true;
    for slo in policy.slos.iter().filter(|slo| slo.severity == Severity::Block) {
        for (index, _) in lanes.iter().enumerate().filter(|(_, lane)| slo.matches.takes(&Named::from(&lane.cell))) {
            for variant in &made {
                let bad = variant[index].iter().filter(|one| is_bad(slo, one)).count() as u64;
                let kept = kept(variant[index].len() as u64, bad, slo.promise.bad_share());
                let kept = kept.expect("a shipped suite sends requests");
                p_broken.push(kept.p_broken);
                all_hold &= kept.p_holds <= 1.0 - slo.confidence;
            }
        }
    }
    if let [was, is, ..] = &made[..] {
        let rules = policy.regressions.iter().filter(|rule| rule.severity == Severity::Block);
        for rule in rules.filter(|rule| !rule.measure.is_exact()) {
            for pool in pools(rule, lanes) {
                let found = compared(rule, policy.alpha, [was, is], &pool, lanes);
                p_broken.push(found.p_worse);
                all_hold &= found.p_ruled_out <= policy.alpha;
            }
        }
    }
    (holm(&p_broken).iter().any(|p| *p <= policy.alpha), all_hold)
}

/// Whether `slo` does not want the request.
fn is_bad(slo: &Slo, made: &Made) -> bool {
    let over = |latency: Timed, limit: f64| (if latency == Timed::E2e { made.e2e } else { made.ttft }) > limit;
    made.failed
        || match slo.promise {
            Promise::Quantile { latency, max, .. } => over(latency, max.as_ms()),
            Promise::ShareOver { latency, over: limit, .. } => over(latency, limit.as_ms()),
            Promise::Availability { .. } | Promise::Quality { .. } | Promise::Consistency { .. } => false,
        }
}

/// The lanes whose requests `rule` takes together.
fn pools(rule: &Regression, lanes: &[Lane]) -> Vec<Vec<usize>> {
    let mut pools: Vec<Vec<usize>> = Vec::new();
    for (index, lane) in lanes.iter().enumerate() {
        let like = |pool: &&mut Vec<usize>| {
            let first = &lanes[pool[0]].cell;
            rule.pool == Pool::Route && (&first.model, &first.workload) == (&lane.cell.model, &lane.cell.workload)
        };
        match pools.iter_mut().find(like) {
            Some(pool) => pool.push(index),
            None => pools.push(vec![index]),
        }
    }
    pools
}

/// Both variants of the lanes in `pool` held against `rule`, round by round: each round has its share of every lane.
fn compared(rule: &Regression, alpha: f64, variants: [&[Vec<Made>]; 2], pool: &[usize], lanes: &[Lane]) -> Comparison {
    // As the deadline that a run has by itself.
    const DEADLINE_MS: f64 = 120_000.0;
    let figure = |one: &Made| match rule.measure {
        Measure::Quantile { .. } if one.failed => DEADLINE_MS,
        Measure::Quantile { latency: Timed::Ttft, .. } => one.ttft,
        Measure::Quantile { latency: Timed::E2e, .. } => one.e2e,
        // Of a prompt that cost nothing: beside a price of prompts the lengths of answers vary the cost less.
        _ => one.tokens,
    };
    let rounds = lanes[pool[0]].cell.rounds as usize;
    let share = |variant: &[Vec<Made>], round: usize| -> Vec<f64> {
        pool.iter().flat_map(|lane| variant[*lane].iter().skip(round).step_by(rounds)).map(figure).collect()
    };
    let pairs: Vec<RoundPair> = (0..rounds)
        .map(|round| RoundPair { baseline: share(variants[0], round), candidate: share(variants[1], round) })
        .collect();
    let mean = |figures: &[f64]| figures.iter().sum::<f64>() / figures.len() as f64;
    let figures = match rule.measure {
        Measure::Quantile { q, .. } => round_quantiles(&pairs, q).expect("a shipped suite sends enough for its rules"),
        _ => pairs.iter().map(|pair| (mean(&pair.baseline), mean(&pair.candidate))).collect(),
    };
    let rule_out = rule.rule_out.expect("what is measured has a bound to rule out");
    compare_figures(&figures, rule.margin, rule_out, alpha)
}
