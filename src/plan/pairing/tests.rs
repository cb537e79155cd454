use std::time::Duration;

use crate::plan::arrivals::Arrivals;
use crate::plan::build;
use crate::plan::cell::{Load, Plan, Turn};
use crate::plan::input::{Amount, PlanInput, Side};
use crate::plan::lane::Lane;
use crate::plan::matrix::tests::everything;
use crate::plan::rate::Rate;
use crate::plan::samples::{chat, model, registry, workload};
use crate::registry::{Offer, Registry};
use crate::units::Positive;
use crate::workload::{BadLines, Workload};

/// Both registries on all `workloads`, 400 requests of each cell with 8 in flight in 10 rounds, simulated.
fn input<'a>(one: &'a Registry, other: &'a Registry, workloads: &'a [Workload]) -> PlanInput<'a> {
    let side = |variant, registry| Side {
        variant: Some(variant),
        registry,
        measures: vec![everything(registry, workloads.len())],
        routes: None,
        simulated: true,
    };
    PlanInput {
        sides: vec![side("old", one), side("new", other)],
        workloads,
        loads: vec![Load::Closed { concurrency: 8 }],
        amount: Amount::Requests(400),
        warmup: 8,
        rounds: 10,
        parallel_cells: None,
        seed: 7,
    }
}

fn lanes(plan: &Plan) -> Vec<Vec<&str>> {
    plan.lanes.iter().map(|lane| lane.cells.iter().map(|cell| plan.cells[*cell].slug.as_str()).collect()).collect()
}

#[test]
fn what_both_variants_have_is_a_lane_and_what_one_has_alone_is_measured_and_told() {
    let one = registry(vec![model("a", None), model("b", None)], None);
    let other = registry(vec![model("c", None), model("a", None)], None);
    let workloads = [chat("chat", 3)];
    let plan = build(&input(&one, &other, &workloads)).unwrap();
    assert_eq!(
        lanes(&plan),
        [
            vec!["old/p/a/us-east-1/chat/c8", "new/p/a/us-east-1/chat/c8"],
            vec!["old/p/a/us-west-2/chat/c8", "new/p/a/us-west-2/chat/c8"],
            vec!["old/p/b/us-east-1/chat/c8"],
            vec!["old/p/b/us-west-2/chat/c8"],
            vec!["new/p/c/us-east-1/chat/c8"],
            vec!["new/p/c/us-west-2/chat/c8"],
        ]
    );
    assert_eq!(
        plan.warnings,
        [
            "only old measures `b` in us-east-1, `b` in us-west-2 on `chat`: there is nothing to compare with",
            "only new measures `c` in us-east-1, `c` in us-west-2 on `chat`: there is nothing to compare with",
        ]
    );
    assert_eq!(plan.variants, ["old", "new"]);
    let (first, second) = (&plan.cells[0], &plan.cells[1]);
    assert_eq!((first.side, second.side, &first.lines, first.requests), (0, 1, &second.lines, second.requests));
    assert_eq!((plan.parallel_cells, plan.requests(), plan.warmup_requests()), (6, 8 * 400, 8 * 8));
    assert_eq!(plan.turns[0], Turn { lane: 0, first: 0, requests: 400 });
    // A lane of two sends 816 requests, 8 at a time.
    assert_eq!(plan.expected_duration(|_| Duration::from_secs(1)), Duration::from_secs(102));
}

#[test]
fn a_pair_gets_the_prompts_that_both_take_and_the_rest_is_told() {
    let long = r#"{"messages":[{"role":"user","content":"x"}],"max_tokens":200}"#;
    let short = r#"{"messages":[{"role":"user","content":"x"}],"max_tokens":20}"#;
    let one = registry(vec![model("a", None), model("b", Some(100))], None);
    let other = registry(vec![model("a", Some(100)), model("b", Some(100))], None);
    let workloads = [workload("mixed", &[short, long, short])];
    let plan = build(&input(&one, &other, &workloads)).unwrap();
    assert!(plan.cells.iter().all(|cell| cell.lines == [0, 2]));
    let left_out: Vec<String> = plan.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        left_out,
        [
            "`b` on `mixed`, 1 request: prompt and answer over the model's window of 100 tokens",
            "new: `a` on `mixed`, 1 request: prompt and answer over the model's window of 100 tokens",
            "old: `a` on `mixed`, 1 request: the other variant cannot take them, and both get the same prompts",
        ]
    );
}

#[test]
fn of_several_providers_the_same_one_is_compared_and_else_the_next() {
    let offered = |providers: &[usize]| {
        let mut registry = registry(vec![model("a", None)], None);
        let second = crate::registry::Provider { id: "q".to_owned(), ..registry.providers[0].clone() };
        registry.providers.push(second);
        let offer = |provider: &usize| Offer { provider: *provider, ..registry.models[0].offers[0].clone() };
        registry.models[0].offers = providers.iter().map(offer).collect();
        registry.models[0].offers.iter_mut().for_each(|offer| offer.regions.truncate(1));
        registry
    };
    let workloads = [chat("chat", 1)];
    let pairs = |one: &[usize], other: &[usize]| {
        let (one, other) = (offered(one), offered(other));
        let plan = build(&input(&one, &other, &workloads)).unwrap();
        lanes(&plan)
            .iter()
            .map(|lane| lane.iter().map(|slug| &slug[..5]).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs(&[0, 1], &[1, 0]), ["old/p new/p", "old/q new/q"]);
    assert_eq!(pairs(&[0], &[1]), ["old/p new/q"]);
    assert_eq!(pairs(&[0, 1], &[1]), ["old/p", "old/q new/q"]);
}

#[test]
fn the_limits_of_a_provider_bind_both_variants_together_where_they_call_the_same() {
    let (one, mut other) = (registry(vec![model("a", None)], Some(8)), registry(vec![model("a", None)], Some(20)));
    let workloads = [chat("chat", 1)];
    let plan = |one: &Registry, other: &Registry, concurrency| {
        let mut input = input(one, other, &workloads);
        input.sides.iter_mut().for_each(|side| side.simulated = false);
        input.loads = vec![Load::Closed { concurrency }];
        input.parallel_cells = Some(2);
        build(&input)
    };
    // What is in flight is shared, so a lane needs no more room than its concurrency; the narrower limit keeps both.
    assert_eq!(plan(&one, &other, 8).unwrap().parallel_cells, 1);
    assert!(plan(&one, &other, 9).unwrap_err().to_string().contains("must be at most 8"));
    other.providers[0].base_url = "https://elsewhere.example/v1".to_owned();
    assert_eq!(plan(&other, &other, 10).unwrap().parallel_cells, 2);
    assert!(plan(&one, &other, 10).is_err(), "all of the pool may be with the narrower one");
}

#[test]
fn an_open_load_is_shared_by_the_variants_and_so_is_what_the_provider_allows_of_it() {
    let mut both = registry(vec![model("a", None)], None);
    let workloads = [chat("chat", 1)];
    let rate = Rate::Steady(Positive::new(10.0).unwrap());
    let open = Load::Open { arrivals: Arrivals::Constant { rate }, max_in_flight: 50 };
    let plan = |one: &Registry, other: &Registry| {
        let mut input = input(one, other, &workloads);
        (input.loads, input.amount) = (vec![open.clone()], Amount::Requests(100));
        input.sides.iter_mut().for_each(|side| side.simulated = false);
        build(&input)
    };
    let found = plan(&both, &both).unwrap();
    let due = |cell: usize, index| found.cells[cell].schedule.as_ref().unwrap().due(index).as_millis();
    assert_eq!([0, 1, 2].map(|index| (due(0, index), due(1, index))), [(0, 100), (300, 200), (400, 500)]);
    assert_eq!((found.cells[0].requests, found.lanes[0].clone()), (100, Lane { cells: vec![0, 1] }));
    both.providers[0].limits.requests_per_minute = Some(300);
    assert!(plan(&both, &both).is_err(), "600 a minute go there");
    let mut elsewhere = both.clone();
    elsewhere.providers[0].base_url = "https://elsewhere.example/v1".to_owned();
    assert!(plan(&both, &elsewhere).is_ok(), "each is sent 300 a minute");
}

#[test]
fn a_recording_is_shared_like_any_schedule_and_goes_on_until_both_have_sent_it() {
    let line = |number: u32| {
        let body = r#"{"messages":[{"role":"user","content":"x"}]}"#;
        format!(r#"{{"custom_id":"{number}","timestamp":{},"body":{body}}}"#, 100 * number)
    };
    let text: Vec<String> = (0..4).map(line).collect();
    let workloads = [Workload::parse("w", "w", text.join("\n").as_bytes(), BadLines::Stop).unwrap()];
    let one = registry(vec![model("a", None)], None);
    let mut input = input(&one, &one, &workloads);
    let arrivals = Arrivals::Recorded { speed: Positive::ONE };
    (input.loads, input.amount) = (vec![Load::Open { arrivals, max_in_flight: 50 }], Amount::Once);
    let plan = build(&input).unwrap();
    let dues = |cell: usize| {
        let schedule = plan.cells[cell].schedule.as_ref().unwrap();
        (0..4).map(|index| schedule.due(index).as_millis()).collect::<Vec<_>>()
    };
    assert_eq!([dues(0), dues(1)], [[0, 300, 400, 700], [100, 200, 500, 600]]);
    assert_eq!(plan.cells[0].about_in_flight(plan.lanes[0].arms()), 8, "what both send in a second");
}
