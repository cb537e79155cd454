//! Made-up runs of the shipped suite of two routing tables, judged by the shipped policy.
//!
//! They are drawn from the law of the simulated provider, one request after the other: its label, its route, its answer. That
//! calls fail, and are made again elsewhere, is left out: the law lets one of several hundreds.

use std::sync::OnceLock;

use jiff::Timestamp;

use crate::cost::Tariff;
use crate::gate::fixture_tables::{Carried, judge_carried};
use crate::gate::{Judged, Policy, Verdict};
use crate::plan::Suite;
use crate::registry::{Endpoint, Registry};
use crate::rng::seeded;
use crate::routes::{Action, Route, Table};
use crate::sample::Usage;
use crate::sim::{EndpointLaw, Law};
use crate::starter::{AB_ROUTES, GATE};
use crate::units::{Micros, Usd};
use crate::workload::{Prompt, Request, Workload, prompt_tokens};

/// What is done to the requests of one route of the candidate.
#[derive(Clone, Copy)]
struct Change {
    route: &'static str,
    times: f64,
    cost: f64,
}

const NONE: Change = Change { route: "", times: 1.0, cost: 1.0 };

/// A model as a route calls it, in the region that is nearest to the client and has it.
struct Called {
    law: EndpointLaw,
    tariff: Tariff,
}

/// The built-in registry and law, asked often.
struct World {
    registry: Registry,
    law: Law,
}

impl World {
    fn called(&self, model: &str) -> Called {
        let near = |endpoint: &Endpoint| {
            let region = self.registry.region(*endpoint).map(|region| region.id.as_str());
            ["us-west-2", "us-east-1"].iter().position(|name| region == Some(*name)).unwrap_or(2)
        };
        let of = self.registry.endpoints().filter(|endpoint| self.registry.model(*endpoint).id == model);
        let endpoint = of.min_by_key(near).unwrap();
        let region = self.registry.region(endpoint).unwrap();
        let started = "2026-11-23T02:00:00Z".parse::<Timestamp>().unwrap();
        Called {
            law: self.law.endpoint(&self.registry.offer(endpoint).send_as, &region.id),
            tariff: Tariff::new(self.registry.pricing(endpoint), started),
        }
    }
}

impl Called {
    /// First token and end in milliseconds, and the cost.
    fn call(&self, input: u64, most: f64, rng: &mut fastrand::Rng) -> (f64, f64, Usd) {
        let law = &self.law;
        let tokens = law.answer_tokens.draw(rng).round().min(most).max(1.0);
        let ttft = law.distance_ms + law.ttft_ms.draw(rng) * law.factor;
        let e2e = ttft + law.ms_per_token.draw(rng) * law.factor * (tokens - 1.0);
        let usage = Usage { input, output: tokens as u64, ..Usage::default() };
        (ttft, e2e, self.tariff.charge(&usage, 0, None, None).known)
    }
}

/// A line of a workload.
struct Line {
    tier: u8,
    class: Option<String>,
    input: u64,
    /// The longest answer in tokens.
    most: f64,
}

/// The lines of the suite's workloads; read once, since tokens take long to count.
fn lines() -> &'static [(&'static str, Vec<Line>)] {
    static LINES: OnceLock<Vec<(&str, Vec<Line>)>> = OnceLock::new();
    LINES.get_or_init(|| {
        let line = |(place, request): (usize, &Request)| Line {
            // A prompt that no workload labels has a tier all the same, and always the same one.
            tier: request.expect.as_ref().and_then(|expect| expect.tier).unwrap_or((place % 4) as u8),
            class: request.class.clone(),
            input: prompt_tokens(&request.prompt),
            most: match &request.prompt {
                Prompt::Body(body) => body.max_tokens.map_or(f64::INFINITY, |most| most as f64),
                Prompt::Lengths(_) => f64::INFINITY,
            },
        };
        let of = |name| Workload::built_in(name).unwrap().requests.iter().enumerate().map(line).collect();
        ["autocomplete", "classify"].map(|name| (name, of(name))).into()
    })
}

/// What the shipped policy makes of a run of the shipped suite from `before` to `after`, drawn from `seed`.
fn judged(before: &Table, after: &Table, change: Change, seed: u64) -> Judged {
    let world = World { registry: Registry::built_in(), law: Law::built_in() };
    let policy = Policy::parse(GATE.name, GATE.text).unwrap();
    let suite = Suite::parse(AB_ROUTES.name, AB_ROUTES.text).unwrap_or_else(|faults| panic!("{faults}"));
    let (requests, rounds) = (suite.load.requests_per_cell.unwrap(), suite.load.rounds.unwrap());
    let mut rng = seeded(seed, "made-up runs of two tables");
    let mut carried = Vec::new();
    for (name, lines) in lines() {
        for (variant, table) in [before, after].into_iter().enumerate() {
            let classifier = world.called(&table.classifier.as_ref().unwrap().model);
            let called: Vec<Option<Called>> = table.routes.iter().map(|route| called(&world, route)).collect();
            for index in 0..requests {
                let Line { tier, class, input, most } = &lines[index as usize % lines.len()];
                let (tier, input, most) = (*tier, *input, *most);
                let right = rng.f64() < classifier.law.quality;
                let tier = if right {
                    tier
                } else if tier == 0 {
                    1
                } else {
                    tier - 1
                };
                let takes = |route: &Route| route.matches.takes(Some(tier), class.as_deref(), false);
                let place = table.routes.iter().position(takes).unwrap();
                let route = table.routes[place].name.text.clone();
                let is_asked = table.routes[..=place].iter().any(|route| {
                    route.matches.tier.is_some() && route.matches.takes(route.matches.tier, class.as_deref(), false)
                });
                let (label_ms, label_cost) = if is_asked {
                    let (_, ms, cost) = classifier.call(input, 1.0, &mut rng);
                    (ms, cost)
                } else {
                    (0.0, Usd::ZERO)
                };
                let answer = called[place].as_ref().map(|model| model.call(input, most, &mut rng));
                let (times, dearer) =
                    if variant == 1 && route == change.route { (change.times, change.cost) } else { (1.0, 1.0) };
                let micros = |ms: f64| Micros((ms * times * 1e3) as u32);
                let cost = label_cost + answer.map_or(Usd::ZERO, |(.., cost)| cost);
                carried.push(Carried {
                    variant,
                    workload: name,
                    route,
                    round: index * rounds / requests,
                    times: answer.map(|(ttft, e2e, _)| (micros(label_ms + ttft), micros(label_ms + e2e))),
                    cost: Usd::from_picos((cost.picos() as f64 * dearer) as i128),
                });
            }
        }
    }
    judge_carried(&policy, rounds, &carried)
}

fn called(world: &World, route: &Route) -> Option<Called> {
    match &route.action {
        Action::Send { primary, .. } => Some(world.called(&primary[0].model)),
        Action::HandOff { .. } => None,
    }
}

/// The built-in table with routes in another order that never decides: no request could take both of a pair.
fn reshuffled() -> Table {
    let mut table = Table::built_in();
    let place = |table: &Table, name: &str| table.routes.iter().position(|route| *route.name == *name).unwrap();
    for (one, other) in [("contractual", "premium"), ("documents", "vision"), ("decisions", "everyday")] {
        let (one, other) = (place(&table, one), place(&table, other));
        table.routes.swap(one, other);
    }
    table
}

/// The verdicts of runs drawn from the seeds from 0 on: how many pass, and how many are regressed.
fn verdicts(after: &Table, change: Change, seeds: u64) -> (usize, usize) {
    let before = Table::built_in();
    let found: Vec<Judged> = (0..seeds).map(|seed| judged(&before, after, change, seed)).collect();
    let count = |verdict| found.iter().filter(|judged| judged.verdict == verdict).count();
    (count(Verdict::Passed), count(Verdict::Regressed))
}

#[test]
fn tables_that_do_the_same_pass_in_nine_of_ten_runs_and_alarm_in_none_of_fifty() {
    for (table, seeds) in [(Table::built_in(), 25), (reshuffled(), 25)] {
        let (passed, regressed) = verdicts(&table, NONE, seeds);
        assert!(passed as u64 * 10 >= seeds * 9 && regressed == 0, "{passed} and {regressed} of {seeds}");
    }
}

#[test]
fn a_route_that_became_dearer_or_slower_is_stopped_and_a_cheaper_one_passes() {
    for (route, seeds) in [("autocomplete", 3), ("everyday", 1)] {
        let of = |times, cost| verdicts(&Table::built_in(), Change { route, times, cost }, seeds);
        assert_eq!(of(1.0, 1.4), (0, seeds as usize), "{route} is dearer");
        assert_eq!(of(1.3, 1.0), (0, seeds as usize), "{route} is slower");
        assert_eq!(of(1.0, 0.6), (seeds as usize, 0), "{route} is cheaper");
    }
}

#[test]
fn what_is_found_of_two_tables_is_told_of_the_route_and_of_the_whole() {
    let judged = judged(&Table::built_in(), &Table::built_in(), Change { route: "premium", times: 1.0, cost: 1.4 }, 1);
    let places = judged.findings.iter().filter(|finding| finding.ruling == crate::gate::Ruling::Broken);
    // A tenth of the requests of `classify`, which pay most of its bill.
    assert_eq!(places.count(), 2, "{judged:?}");
    assert!(judged.not_asked.iter().all(|unasked| !unasked.is_mistake() || is_about_a_model(unasked)), "{judged:?}");
}

fn is_about_a_model(unasked: &crate::gate::NotAsked) -> bool {
    unasked.reason == crate::gate::Unasked::NothingMatches
}
