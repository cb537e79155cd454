use crate::gate::PlannedCell;
use crate::gate::{
    Bound, Measure, Named, Policy, Pool, Promise, Regression, RoundPair, Severity, Slo, Timed, compare_figures, kept,
    round_quantiles, undecidable,
};
use crate::plan::Suite;
use crate::registry::Registry;
use crate::rng::seeded;
use crate::sim::{EndpointLaw, Law};
use crate::starter::{AB, GATE, NIGHTLY};
use crate::workload::{Prompt, Workload};

fn policy() -> Policy {
    Policy::parse(GATE.name, GATE.text).unwrap()
}

fn suite(name: &str, text: &str) -> Suite {
    Suite::parse(name, text).unwrap_or_else(|faults| panic!("{}", faults.drawn(false, 120)))
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
struct Lane {
    cell: PlannedCell,
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
fn lanes(suite: &Suite) -> Vec<Lane> {
    let (registry, law) = (Registry::built_in(), Law::built_in());
    let (requests, rounds) = (suite.load.requests_per_cell.unwrap(), suite.load.rounds.unwrap());
    let mut lanes = Vec::new();
    for measure in &suite.measures {
        let takes = |globs: &Option<Vec<String>>, name: &str| {
            globs.iter().flatten().any(|glob| glob::Pattern::new(glob).unwrap().matches(name))
        };
        for workload in measure.workloads.iter().flatten() {
            let workload = Workload::built_in(workload.to_str().unwrap()).unwrap();
            let limit = |prompt: &Prompt| match prompt {
                Prompt::Body(body) => body.max_tokens.unwrap() as f64,
                Prompt::Lengths(_) => panic!("a built-in workload has bodies"),
            };
            let limits: Vec<f64> = workload.requests.iter().map(|request| limit(&request.prompt)).collect();
            for endpoint in registry.endpoints() {
                let (model, region) = (registry.model(endpoint), registry.region(endpoint).unwrap());
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
                };
                let law = law.endpoint(&registry.offer(endpoint).send_as, &region.id);
                lanes.push(Lane { cell, law, limits: limits.clone() });
            }
        }
    }
    lanes
}

/// Whether `slo` surely holds of `made`.
fn holds(slo: &Slo, made: &[Made]) -> bool {
    let bad = |one: &&Made| {
        let over = |latency: Timed, limit: f64| (if latency == Timed::E2e { one.e2e } else { one.ttft }) > limit;
        one.failed
            || match slo.promise {
                Promise::Quantile { latency, max, .. } => over(latency, max.as_ms()),
                Promise::ShareOver { latency, over: limit, .. } => over(latency, limit.as_ms()),
                Promise::Availability { .. } => false,
                Promise::Quality { .. } => panic!("quality is not made up here"),
            }
    };
    let bad = made.iter().filter(bad).count() as u64;
    kept(made.len() as u64, bad, slo.promise.bad_share()).unwrap().p_holds <= 1.0 - slo.confidence
}

/// Whether the rounds of both variants surely rule out that `rule` is broken.
fn rules_out(rule: &Regression, alpha: f64, variants: [&[Made]; 2], rounds: usize) -> bool {
    let figure = |one: &Made| match rule.measure {
        Measure::Quantile { .. } if one.failed => 120_000.0,
        Measure::Quantile { latency: Timed::Ttft, .. } => one.ttft,
        Measure::Quantile { latency: Timed::E2e, .. } => one.e2e,
        // Of a prompt that cost nothing: beside a price of prompts the lengths of answers vary the cost less.
        Measure::CostPerThousand => one.tokens,
        other => panic!("{other:?} is not made up here"),
    };
    let share =
        |made: &[Made], round: usize| -> Vec<f64> { made.iter().skip(round).step_by(rounds).map(figure).collect() };
    let pairs: Vec<RoundPair> = (0..rounds)
        .map(|round| RoundPair { baseline: share(variants[0], round), candidate: share(variants[1], round) })
        .collect();
    let mean = |figures: &[f64]| figures.iter().sum::<f64>() / figures.len() as f64;
    let figures = match rule.measure {
        Measure::Quantile { q, .. } => round_quantiles(&pairs, q).unwrap(),
        _ => pairs.iter().map(|pair| (mean(&pair.baseline), mean(&pair.candidate))).collect(),
    };
    let compared = compare_figures(&figures, rule.margin, rule.rule_out.unwrap(), alpha);
    compared.p_ruled_out <= alpha && compared.p_worse > alpha
}

/// Whether every blocking rule passes on a run of `lanes` drawn from `seed`, two variants alike where there are two.
fn passes(policy: &Policy, lanes: &[Lane], variants: usize, seed: u64) -> bool {
    let mut rng = seeded(seed, "a made-up run of a shipped suite");
    let made: Vec<Vec<Vec<Made>>> =
        (0..variants).map(|_| lanes.iter().map(|lane| lane.made(&mut rng)).collect()).collect();
    let blocks = |severity: Severity| severity == Severity::Block;
    let slos = policy.slos.iter().filter(|slo| blocks(slo.severity)).all(|slo| {
        let about = || lanes.iter().enumerate().filter(|(_, lane)| slo.matches.takes(&Named::from(&lane.cell)));
        made.iter().all(|variant| about().all(|(index, _)| holds(slo, &variant[index])))
    });
    let rules = policy.regressions.iter().filter(|rule| blocks(rule.severity) && !rule.measure.is_exact());
    let rounds = lanes[0].cell.rounds as usize;
    slos && (variants < 2
        || rules.into_iter().all(|rule| {
            let mut pools: Vec<Vec<usize>> = Vec::new();
            for (index, lane) in lanes.iter().enumerate() {
                let like = |pool: &&mut Vec<usize>| {
                    rule.pool == Pool::Route && {
                        let first = &lanes[pool[0]].cell;
                        (&first.model, &first.workload) == (&lane.cell.model, &lane.cell.workload)
                    }
                };
                match pools.iter_mut().find(like) {
                    Some(pool) => pool.push(index),
                    None => pools.push(vec![index]),
                }
            }
            pools.iter().all(|pool| {
                // Request by request, so that each round has its share of every cell.
                let together = |variant: &[Vec<Made>]| -> Vec<Made> {
                    (0..lanes[0].cell.requests as usize / rounds)
                        .flat_map(|pass| pool.iter().map(move |lane| (pass, *lane)))
                        .flat_map(|(pass, lane)| variant[lane][pass * rounds..(pass + 1) * rounds].to_vec())
                        .collect()
                };
                rules_out(rule, policy.alpha, [&together(&made[0]), &together(&made[1])], rounds)
            })
        }))
}

#[test]
fn the_starter_policy_keeps_to_its_format_and_its_exact_rule_is_exact() {
    let policy = policy();
    assert_eq!((policy.slos.len(), policy.regressions.len()), (6, 5));
    let exact: Vec<_> = policy.regressions.iter().filter(|rule| rule.measure.is_exact()).collect();
    assert_eq!(exact.iter().map(|rule| rule.margin).collect::<Vec<_>>(), [Bound::Ratio(0.0)]);
}

#[test]
fn the_suites_name_the_files_beside_them_and_have_a_limit_of_their_bill() {
    for file in [NIGHTLY, AB] {
        let suite = suite(file.name, file.text);
        assert_eq!(suite.gate.policy.as_deref().and_then(|path| path.to_str()), Some(GATE.name));
        assert!(suite.max_cost_usd.is_some() && suite.live.is_none(), "{}", file.name);
        assert_eq!(suite.name.as_deref(), file.name.strip_suffix(".toml"));
    }
}

#[test]
fn each_suite_can_decide_every_rule_that_it_is_asked() {
    let policy = policy();
    let nightly: Vec<PlannedCell> =
        lanes(&suite(NIGHTLY.name, NIGHTLY.text)).into_iter().map(|lane| lane.cell).collect();
    assert_eq!(nightly.len(), 78);
    let slos_alone = Policy { regressions: Vec::new(), ..policy.clone() };
    assert_eq!(undecidable(&slos_alone, &nightly), []);
    for slo in &policy.slos {
        assert!(nightly.iter().any(|cell| slo.matches.takes(&Named::from(cell))), "{}", slo.name);
    }
    let ab: Vec<PlannedCell> = ["baseline", "candidate"]
        .iter()
        .flat_map(|variant| {
            let of = |lane: Lane| PlannedCell { variant: Some((*variant).to_owned()), ..lane.cell };
            lanes(&suite(AB.name, AB.text)).into_iter().map(of).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(ab.len(), 20);
    for slo in &policy.slos {
        assert!(ab.iter().any(|cell| slo.matches.takes(&Named::from(cell))), "{}", slo.name);
    }
    assert_eq!(undecidable(&policy, &ab), []);
}

#[test]
fn with_nothing_changed_at_least_nine_of_ten_runs_pass() {
    let policy = policy();
    for (file, variants) in [(AB, 2), (NIGHTLY, 1)] {
        let lanes = lanes(&suite(file.name, file.text));
        let passed = (1..=10).filter(|seed| passes(&policy, &lanes, variants, *seed)).count();
        assert!(passed >= 9, "{}: {passed} of 10", file.name);
    }
}
