use std::time::Duration;

use super::*;
use crate::plan::arrivals::Arrivals;
use crate::plan::cell::Turn;
use crate::plan::input::{MeasureInput, Side};
use crate::plan::rate::Rate;
use crate::plan::samples::{chat, model, registry, workload};
use crate::units::Positive;

/// Every endpoint on the first `workloads` workloads.
pub(in crate::plan) fn everything(registry: &Registry, workloads: usize) -> MeasureInput {
    MeasureInput { endpoints: registry.endpoints().collect(), workloads: (0..workloads).collect() }
}

/// 400 requests a cell with 8 in flight in 10 rounds, simulated.
pub(in crate::plan) fn input<'a>(
    registry: &'a Registry,
    workloads: &'a [Workload],
    measure: MeasureInput,
) -> PlanInput<'a> {
    PlanInput {
        sides: vec![Side { variant: None, registry, measures: vec![measure], routes: None, simulated: true }],
        workloads,
        loads: vec![Load::Closed { concurrency: 8 }],
        amount: Amount::Requests(400),
        warmup: 8,
        rounds: 10,
        parallel_cells: None,
        seed: 7,
    }
}

fn slugs(plan: &Plan) -> Vec<&str> {
    plan.cells.iter().map(|cell| cell.slug.as_str()).collect()
}

#[test]
fn cells_come_by_workload_then_load_then_in_the_order_of_the_registry() {
    let mut reversed = model("b", None);
    reversed.offers[0].regions = vec![1, 0];
    let registry = registry(vec![model("a", None), reversed], None);
    let workloads = [chat("one", 2), chat("two", 2)];
    let mut input = input(&registry, &workloads, everything(&registry, 2));
    input.loads = [8, 2, 8].map(|concurrency| Load::Closed { concurrency }).to_vec();
    input.sides[0].measures.reverse();
    let plan = build(&input).unwrap();
    let expected: Vec<String> = ["one", "two"]
        .iter()
        .flat_map(|workload| ["c8", "c2"].map(|load| (*workload, load)))
        .flat_map(|(workload, load)| {
            ["a/us-east-1", "a/us-west-2", "b/us-west-2", "b/us-east-1"].map(|at| format!("p/{at}/{workload}/{load}"))
        })
        .collect();
    assert_eq!(slugs(&plan), expected);
    assert_eq!((plan.rounds, plan.parallel_cells, plan.turns.len(), plan.seed), (10, 16, 16, 7));
    assert_eq!((&plan.left_out[..], &plan.warnings[..]), (&[][..], &[][..]));
    assert_eq!(plan.turns[3], Turn { lane: 3, first: 0, requests: 400 });
}

#[test]
fn what_two_measures_name_is_measured_once() {
    let registry = registry(vec![model("a", None), model("b", None)], None);
    let workloads = [chat("one", 2), chat("two", 2)];
    let mut input = input(&registry, &workloads, everything(&registry, 1));
    let endpoints = registry.endpoints().take(1).collect();
    input.sides[0].measures.insert(0, MeasureInput { endpoints, workloads: vec![1, 0] });
    let plan = build(&input).unwrap();
    assert_eq!(
        slugs(&plan),
        [
            "p/a/us-east-1/one/c8",
            "p/a/us-west-2/one/c8",
            "p/b/us-east-1/one/c8",
            "p/b/us-west-2/one/c8",
            "p/a/us-east-1/two/c8"
        ]
    );
}

#[test]
fn what_does_not_fit_is_left_out_once_a_model_with_count_and_reason() {
    let short = r#"{"messages":[{"role":"user","content":"x"}],"max_tokens":20}"#;
    let long = r#"{"messages":[{"role":"user","content":"x"}],"max_tokens":200}"#;
    let image = r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"#;
    let registry = registry(vec![model("small", Some(100)), model("any", None)], None);
    let workloads =
        [workload("mixed", &[short, long, image, long]), workload("long", &[long]), workload("both", &[long, image])];
    let plan = build(&input(&registry, &workloads, everything(&registry, 3))).unwrap();
    let left_out: Vec<String> = plan.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(
        left_out,
        [
            "`small` on `mixed`, 2 requests: prompt and answer over the model's window of 100 tokens",
            "`small` on `mixed`, 1 request: images, which the model does not read",
            "`any` on `mixed`, 1 request: images, which the model does not read",
            "`small` on `long`: prompt and answer over the model's window of 100 tokens",
            "`small` on `both`: prompt and answer over the model's window of 100 tokens (1); \
             images, which the model does not read (1)",
            "`any` on `both`, 1 request: images, which the model does not read",
        ]
    );
    assert_eq!(plan.cells[0].lines, [0]);
    assert_eq!(plan.cells[2].lines, [0, 1, 3]);
    assert_eq!(plan.cells.len(), 4 + 2 + 2);
}

#[test]
fn a_plan_without_cells_says_why() {
    let image = r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"#;
    let registry = registry(vec![model("a", None)], None);
    let workloads = [workload("documents", &[image])];
    let error = build(&input(&registry, &workloads, everything(&registry, 1))).unwrap_err();
    assert_eq!(error.to_string(), "nothing can be measured\n`a` on `documents`: images, which the model does not read");
    let nothing = build(&input(&registry, &workloads, MeasureInput::default()));
    assert_eq!(nothing.unwrap_err(), PlanError::NothingChosen);
}

#[test]
fn zeros_are_refused_by_name() {
    let registry = registry(vec![model("a", None)], None);
    let workloads = [chat("chat", 1)];
    let mut input = input(&registry, &workloads, everything(&registry, 1));
    input.loads = vec![Load::Closed { concurrency: 0 }];
    assert_eq!(build(&input).unwrap_err().to_string(), "`concurrency` is 0, must be at least 1");
    input.rounds = 0;
    assert_eq!(build(&input).unwrap_err().to_string(), "`rounds` is 0, must be at least 1");
}

#[test]
fn live_cells_run_one_at_a_time_unless_told_otherwise() {
    let registry = registry(vec![model("a", None)], None);
    let workloads = [chat("chat", 1)];
    let mut input = input(&registry, &workloads, everything(&registry, 1));
    input.sides[0].simulated = false;
    assert_eq!(build(&input).unwrap().parallel_cells, 1);
    input.parallel_cells = Some(9);
    assert_eq!(build(&input).unwrap().parallel_cells, 2);
}

#[test]
fn a_live_providers_limit_is_kept_and_a_simulator_has_none() {
    let registry = registry(vec![model("a", None), model("b", None)], Some(20));
    let workloads = [chat("chat", 1)];
    let mut input = input(&registry, &workloads, everything(&registry, 1));
    assert_eq!(build(&input).unwrap().parallel_cells, 4);
    input.sides[0].simulated = false;
    input.parallel_cells = Some(4);
    let plan = build(&input).unwrap();
    assert_eq!(plan.parallel_cells, 2);
    let warning = "2 cells side by side instead of 4: provider `p` allows 20 requests in flight";
    assert_eq!(plan.warnings, [warning]);
    input.loads = vec![Load::Closed { concurrency: 21 }];
    assert_eq!(
        build(&input).unwrap_err().to_string(),
        "concurrency 21 is over `max_in_flight` of provider `p`, must be at most 20"
    );
}

/// Open loads at these rates, 50 in flight at most.
fn rates(rates: &[f64]) -> Vec<Load> {
    let open = |rate: &f64| {
        let rate = Rate::Steady(Positive::new(*rate).unwrap());
        Load::Open { arrivals: Arrivals::Constant { rate }, max_in_flight: 50 }
    };
    rates.iter().map(open).collect()
}

#[test]
fn a_list_of_rates_makes_a_cell_each_with_a_schedule_of_its_own() {
    let registry = registry(vec![model("a", None)], None);
    let workloads = [chat("chat", 1)];
    let mut input = input(&registry, &workloads, everything(&registry, 1));
    input.sides[0].measures[0].endpoints.truncate(1);
    input.loads = rates(&[0.5, 200.0]);
    let plan = build(&input).unwrap();
    assert_eq!(slugs(&plan), ["p/a/us-east-1/chat/r0.5", "p/a/us-east-1/chat/r200"]);
    let spans: Vec<Duration> = plan.cells.iter().map(|cell| cell.schedule.as_ref().unwrap().span(0, 400)).collect();
    assert_eq!(spans, [Duration::from_secs(798), Duration::from_millis(1_995)]);
    assert_eq!(plan.cells.iter().map(|cell| cell.about_in_flight(1)).collect::<Vec<_>>(), [1, 50]);
    // Eight warm-up requests one after the other, the schedule, and the last reply.
    assert_eq!(plan.expected_duration(|_| Duration::from_secs(1)), Duration::from_secs(8 + 798 + 1));
}

#[test]
fn an_open_load_keeps_within_its_live_providers_limits() {
    let mut registry = registry(vec![model("a", None)], Some(20));
    let workloads = [chat("chat", 1)];
    let measure = everything(&registry, 1);
    let mut open = input(&registry, &workloads, measure.clone());
    (open.loads, open.sides[0].simulated, open.parallel_cells) = (rates(&[10.0]), false, Some(1));
    let plan = build(&open).unwrap();
    assert!(plan.cells.iter().all(|cell| matches!(cell.load, Load::Open { max_in_flight: 20, .. })));
    let warning = "at most 20 requests in flight instead of 50: provider `p` allows no more, and what is due beyond is \
                   dropped";
    let rounds = "8 rounds instead of 10: cells take turns, and a turn needs at least 50 requests to hold the load";
    assert_eq!(plan.warnings, [warning, rounds]);
    registry.providers[0].limits.requests_per_minute = Some(599);
    let mut open = input(&registry, &workloads, measure);
    (open.loads, open.sides[0].simulated) = (rates(&[10.0]), false);
    assert_eq!(
        build(&open).unwrap_err().to_string(),
        "constant at 10/s is over `requests_per_minute` of provider `p`, must be at most 599 a minute"
    );
}

#[test]
fn a_catalogue_of_736_endpoints_is_planned() {
    let models: Vec<Model> = (0..368).map(|number| model(&format!("m{number}"), Some(32_000))).collect();
    let registry = registry(models, None);
    let workloads = [chat("chat", 60)];
    let plan = build(&input(&registry, &workloads, everything(&registry, 1))).unwrap();
    let unique: BTreeSet<&str> = slugs(&plan).into_iter().collect();
    assert_eq!((plan.cells.len(), unique.len()), (736, 736));
}
