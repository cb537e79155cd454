use super::*;
use crate::forecast::source::Attempt;
use crate::forecast::table::fixture::{attempt, measured, registry, setting};
use crate::forecast::table::{Setting, forecast};
use crate::forecast::{Routing, TrafficShares};
use crate::registry::Registry;
use crate::rng::seeded;
use crate::routes::{Table, resolve};
use crate::sample::Outcome;

const POLICY: &str = r#"
schema = 1
[[slo]]
name = "answers"
metric = "availability"
min = 0.9
[[regression]]
metric = "e2e_p50_ms"
margin = "10%"
[[regression]]
metric = "e2e_p95_ms"
margin = "10%"
[[regression]]
metric = "e2e_p99_ms"
margin = "10%"
[[regression]]
metric = "cost_per_1k_requests_usd"
margin = "3%"
[[regression]]
metric = "availability"
margin = "0.5pp"
"#;

fn table(model: &str, region: &str) -> String {
    format!(
        "schema = 1\n[failover]\nregion_order = \"as_written\"\n[[route]]\nname = \"chat\"\nmatch = {{ class = \"chat\" }}\n\
         primary = [ {{ model = \"{model}\", regions = [\"{region}\"] }} ]\n[[route]]\nname = \"rest\"\n\
         primary = [ {{ model = \"small\", regions = [\"near\"] }} ]\n"
    )
}

/// What a policy makes of a change from `before` to `after`.
fn judged(measured: &Measured, registry: &Registry, policy: &str, [before, after]: [&str; 2]) -> Judged {
    let read = |text: &str| Table::parse("routes.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
    let tables = [before, after].map(read);
    let resolved = [0, 1].map(|place: usize| resolve(&tables[place], registry).unwrap());
    let shares = TrafficShares::of_kinds(vec![1.0; measured.kinds.len()]);
    let told = [0, 1].map(|place: usize| {
        let routing = Routing { table: &tables[place], resolved: &resolved[place], registry };
        forecast(measured, routing, &shares, &Setting { draws: 0, ..setting() })
    });
    let policy = Policy::parse("gate.toml", policy).unwrap_or_else(|faults| panic!("{faults}"));
    judge_change(&policy, measured, &Contrast::all(&told[0], &told[1]))
}

/// Rounds of so many requests each whose times vary by half around `ms`, and whose rounds vary by a tenth.
fn rounds(count: usize, each: usize, ms: f64, seed: u64) -> Vec<Vec<Attempt>> {
    let mut rng = seeded(seed, "forecast judge");
    let round = |_| {
        let level = ms * (0.95 + 0.1 * rng.f64());
        (0..each).map(|_| attempt(Outcome::Ok, (level * (0.75 + 0.5 * rng.f64())) as u32)).collect()
    };
    (0..count).map(round).collect()
}

fn cells(near: f64, far: f64, seed: u64) -> Measured {
    cells_of((20, 120), near, far, seed)
}

/// Cells of so many rounds of so many requests each.
fn cells_of((count, each): (usize, usize), near: f64, far: f64, seed: u64) -> Measured {
    measured(&[
        ("small", "near", rounds(count, each, near, seed)),
        ("small", "far", rounds(count, each, far, seed + 1_000)),
        ("large", "near", rounds(count, each, near, seed + 2_000)),
    ])
}

fn ruling(judged: &Judged, rule: usize) -> Ruling {
    // The route's own, which follows that of the whole.
    let of = |finding: &&Finding| finding.rule == Rule::Regression(rule);
    judged.findings.iter().filter(of).nth(1).unwrap().ruling
}

#[test]
fn nothing_changed_passes_however_few_requests_there_are() {
    let few = measured(&[("small", "near", vec![vec![attempt(Outcome::Ok, 100); 30]; 2])]);
    let same = table("small", "near");
    let found = judged(&few, &registry(), POLICY, [&same, &same.replace("schema = 1", "# new\nschema = 1")]);
    assert_eq!(found.verdict, Verdict::Passed, "{found:?}");
    assert!(found.findings.iter().all(|one| one.ruling == Ruling::Holds), "{found:?}");
}

#[test]
fn slower_and_dearer_tables_are_regressed_for_what_they_are() {
    let cells = cells(300.0, 400.0, 1);
    let slower = judged(&cells, &registry(), POLICY, [&table("small", "near"), &table("small", "far")]);
    assert_eq!(slower.verdict, Verdict::Regressed);
    assert_eq!(
        [0, 1, 2, 3, 4].map(|rule| ruling(&slower, rule)),
        [Ruling::Broken, Ruling::Broken, Ruling::Broken, Ruling::Holds, Ruling::Holds]
    );
    let dearer = judged(&cells, &registry(), POLICY, [&table("small", "near"), &table("large", "near")]);
    assert_eq!(dearer.verdict, Verdict::Regressed);
    assert_eq!((ruling(&dearer, 0), ruling(&dearer, 3)), (Ruling::Holds, Ruling::Broken));
    let cheaper = judged(&cells, &registry(), POLICY, [&table("large", "near"), &table("small", "near")]);
    assert_eq!(cheaper.verdict, Verdict::Passed, "{cheaper:?}");
}

#[test]
fn tables_that_do_alike_are_never_called_worse() {
    for seed in 0..50 {
        // Two regions of the same law, each with noise of its own, in rounds of which p99 takes two together.
        let cells = cells_of((10, 60), 300.0, 300.0, seed);
        let found = judged(&cells, &registry(), POLICY, [&table("small", "near"), &table("small", "far")]);
        assert_ne!(found.verdict, Verdict::Regressed, "seed {seed}: {found:?}");
    }
}

#[test]
fn a_host_that_fails_breaks_availability() {
    let mut cells = cells(300.0, 300.0, 1);
    let mut sources = cells.sources.to_vec();
    for round in &mut sources[1].rounds {
        round[..6].iter_mut().for_each(|one| *one = attempt(Outcome::Http5xx, 20));
    }
    cells.sources = sources.into();
    let found = judged(&cells, &registry(), POLICY, [&table("small", "near"), &table("small", "far")]);
    assert_eq!((found.verdict, ruling(&found, 4)), (Verdict::Regressed, Ruling::Broken));
}

#[test]
fn what_was_never_measured_is_inconclusive_with_the_remedy() {
    let found = judged(&cells(300.0, 300.0, 1), &registry(), POLICY, [&table("small", "near"), &table("large", "far")]);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    let why = found.findings.iter().find_map(|one| one.why.clone()).unwrap().to_string();
    assert!(
        why.contains(
            "not measured: `large` on `chat` in far. Run `tollmark run --registry registry.toml --model large"
        ),
        "{why}"
    );
}

#[test]
fn a_route_that_loses_a_metric_is_invalid() {
    let answered = table("small", "near");
    let handed =
        answered.replacen("primary = [ { model = \"small\", regions = [\"near\"] } ]", "action = \"hand_off\"", 1);
    let policy = "schema = 1\n[[regression]]\nmetric = \"e2e_p50_ms\"\nmargin = \"10%\"\n";
    let found = judged(&cells(300.0, 300.0, 1), &registry(), policy, [&answered, &handed]);
    assert_eq!((found.verdict, ruling(&found, 0)), (Verdict::Invalid, Ruling::Invalid));
    assert!(found.findings.iter().any(|one| matches!(one.why, Some(Why::Vanished))));
}

#[test]
fn cells_that_may_not_be_judged_are_never_passed() {
    let mut cells = cells(300.0, 300.0, 1);
    let mut sources = cells.sources.to_vec();
    sources[0].obstacle = Some("the client was late".to_owned());
    cells.sources = sources.into();
    let same = table("small", "near");
    assert_eq!(judged(&cells, &registry(), POLICY, [&same, &same]).verdict, Verdict::Invalid);
}

#[test]
fn rules_name_routes_and_none_is_about_an_endpoint() {
    let cells = cells(300.0, 400.0, 1);
    let of = |matches: &str| {
        let policy =
            format!("schema = 1\n[[regression]]\nmetric = \"e2e_p50_ms\"\nmargin = \"10%\"\nmatch = {{ {matches} }}\n");
        judged(&cells, &registry(), &policy, [&table("small", "near"), &table("small", "far")])
    };
    assert_eq!(of("route = \"chat\"").findings.len(), 1);
    let none = of("model = \"small\"");
    assert_eq!((none.findings.len(), none.not_asked.len(), none.verdict), (0, 1, Verdict::Invalid));
}

/// Traffic shared by `entries`, with a route behind it that takes what none else does.
fn shared(entries: &str, more: &str) -> String {
    format!(
        "schema = 1\n[failover]\nregion_order = \"as_written\"\n{more}[[route]]\nname = \"chat\"\n\
         match = {{ class = \"chat\" }}\nprimary = [ {entries} ]\n[[route]]\nname = \"rest\"\n\
         primary = [ {{ model = \"small\", regions = [\"near\"] }} ]\n"
    )
}

#[test]
fn over_fifty_measured_runs_what_changed_is_stopped_and_what_did_not_is_not() {
    let near = r#"{ model = "small", regions = ["near"] }"#;
    let (small, large) = (
        r#"{ model = "small", weight = 3, regions = ["near"] }"#,
        r#"{ model = "large", weight = 2, regions = ["near"] }"#,
    );
    let (before, mixed) = (shared(near, ""), shared(&format!("{small}, {large}"), ""));
    let never =
        "[[route]]\nname = \"pictures\"\nmatch = { class = \"pictures\" }\nprimary = [ { model = \"large\" } ]\n";
    let far = shared(r#"{ model = "small", regions = ["far"] }"#, "");
    let (mut passed, mut reshuffled, mut cheaper) = (0, 0, 0);
    for seed in 0..50 {
        let cells = cells_of((20, 120), 300.0, 390.0, seed);
        let found = |tables| judged(&cells, &registry(), POLICY, tables).verdict;
        passed += u32::from(found([&before, &before]) == Verdict::Passed);
        // Entries in another order, and a route in front that no request takes.
        let after = shared(&format!("{large}, {small}"), never);
        reshuffled += u32::from(found([&mixed, &after]) == Verdict::Passed);
        // Two of five requests at twice the price: 40 % more. The other region takes 30 % longer.
        assert_eq!(found([&before, &mixed]), Verdict::Regressed, "dearer, seed {seed}");
        assert_eq!(found([&before, &far]), Verdict::Regressed, "slower, seed {seed}");
        cheaper += u32::from(found([&mixed, &before]) == Verdict::Passed);
    }
    assert_eq!((passed, reshuffled), (50, 50));
    assert!(cheaper >= 45, "{cheaper} of 50 cheaper tables pass");
}
