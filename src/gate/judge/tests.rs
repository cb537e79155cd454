use super::*;
use crate::gate::fixture::{Cell, MadeUp, SAME, SIDE, Side, made_up};
use crate::gate::{Place, Seen, Why};

const P50: &str = "[[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\n";
const P99: &str = "[[regression]]\nmetric = \"e2e_p99_ms\"\nmargin = \"10%\"\n";
const COST: &str = "[[regression]]\nmetric = \"cost_per_1k_requests_usd\"\nmargin = \"3%\"\n";
const ERRORS: &str = "[[regression]]\nmetric = \"attempt_error_ratio\"\nmargin = \"0.5pp\"\nrule_out = \"2pp\"\n";
const PRICE: &str = "[[regression]]\nmetric = \"list_input_usd_per_mtok\"\nmargin = \"0%\"\n";

fn policy(rules: &str) -> Policy {
    Policy::parse("gate.toml", &format!("schema = 1\n{rules}")).unwrap()
}

fn judged(rules: &str, of: &MadeUp) -> Judged {
    judge(&policy(rules), &of.run).unwrap()
}

/// What became of the only rule in the only place.
fn only(rules: &str, cell: Cell) -> (Finding, Verdict) {
    let mut judged = judged(rules, &made_up(20, &[cell]));
    assert_eq!(judged.findings.len(), 1, "{judged:?}");
    (judged.findings.remove(0), judged.verdict)
}

fn changed(candidate: Side) -> Cell {
    Cell { candidate: Some(candidate), ..SAME }
}

#[test]
fn what_became_slower_in_one_region_is_found_and_only_there() {
    let slower = Side { median_ms: 300.0, ..SIDE };
    let cells = [SAME, Cell { region: "eu", ..changed(slower) }, Cell { model: "large", ..SAME }];
    let judged = judged(&[P50, COST, ERRORS].concat(), &made_up(20, &cells));
    assert_eq!((judged.findings.len(), judged.verdict), (9, Verdict::Regressed));
    for finding in &judged.findings {
        let broken = finding.rule == Rule::Regression(0)
            && matches!(&finding.place, Place::Pairs(pairs) if pairs[0].baseline == 1);
        assert_eq!(finding.ruling == Ruling::Broken, broken, "{finding:?}");
        assert!(broken || finding.ruling == Ruling::Holds, "{finding:?}");
    }
    let Seen::Change(change) = judged.findings[1].seen else { panic!("{judged:?}") };
    assert!((change.baseline - 100.0).abs() < 8.0 && (change.candidate - 150.0).abs() < 10.0, "{change:?}");
    let (low, high) = (change.low.unwrap(), change.high.unwrap());
    assert!(low < 0.5 && high > 0.5 && low > 0.3 && high < 0.7, "{change:?}");
    assert_eq!((change.rounds, change.by_rounds, change.requests), (20, true, [1_000, 1_000]));
}

#[test]
fn where_nothing_changed_everything_passes() {
    let judged = judged(&[P50, COST, ERRORS, PRICE].concat(), &made_up(20, &[SAME, Cell { region: "eu", ..SAME }]));
    assert_eq!(judged.verdict, Verdict::Passed, "{judged:?}");
    assert_eq!((judged.findings.len(), judged.not_asked.len()), (8, 0));
}

#[test]
fn failures_count_as_the_deadline_and_as_errors() {
    let failing = changed(Side { failing: 0.02, ..SIDE });
    let (errors, verdict) = only(ERRORS, failing.clone());
    assert_eq!((errors.ruling, verdict), (Ruling::Broken, Verdict::Regressed), "{errors:?}");
    let Seen::Change(change) = errors.seen else { panic!("{errors:?}") };
    assert!((change.change.unwrap() - 0.02).abs() < 1e-9 && change.by_rounds, "{change:?}");
    // One in fifty beyond the deadline is more than one in a hundred.
    let wide = changed(Side { failing: 0.02, each: 150, ..SIDE });
    let (p99, _) = only(P99, Cell { baseline: Side { each: 150, ..SIDE }, ..wide });
    let Seen::Change(change) = p99.seen else { panic!("{p99:?}") };
    assert!((change.candidate - 120_000.0).abs() < 1e-6 && p99.ruling == Ruling::Broken, "{p99:?}");
    let availability = "[[regression]]\nmetric = \"availability\"\nmargin = \"0.5pp\"\n";
    let (less, _) = only(availability, failing);
    let Seen::Change(change) = less.seen else { panic!("{less:?}") };
    assert!((change.change.unwrap() + 0.02).abs() < 1e-9 && change.low.unwrap() <= change.high.unwrap(), "{change:?}");
    assert_eq!(less.ruling, Ruling::Broken);
}

#[test]
fn a_share_of_nothing_asks_for_points() {
    let rule = "[[regression]]\nmetric = \"attempt_error_ratio\"\nmargin = \"50%\"\n";
    let (found, verdict) = only(rule, SAME);
    assert_eq!((found.why, found.p, verdict), (Some(Why::ShareOfNothing), None, Verdict::Inconclusive));
    let failing = Side { failing: 0.1, ..SIDE };
    let (found, _) = only(rule, Cell { baseline: failing.clone(), ..changed(failing) });
    assert_eq!(found.ruling, Ruling::Holds, "{found:?}");
}

#[test]
fn list_prices_are_compared_to_the_last_digit() {
    let (found, verdict) = only(PRICE, changed(Side { input: "0.180001", ..SIDE }));
    assert_eq!((found.ruling, found.p, verdict), (Ruling::Broken, None, Verdict::Regressed));
    for (input, margin, ruling) in [
        ("0.18", "0%", Ruling::Holds),
        ("0.1", "0%", Ruling::Holds),
        ("0.189", "5%", Ruling::Holds),
        ("0.189001", "5%", Ruling::Broken),
        ("0.2", "$0.02", Ruling::Holds),
        ("0.200001", "$0.02", Ruling::Broken),
    ] {
        let (found, _) = only(&PRICE.replace("0%", margin), changed(Side { input, ..SIDE }));
        assert_eq!(found.ruling, ruling, "{input} {margin}");
    }
    let (free, _) = only(PRICE, changed(Side { input: "0", ..SIDE }));
    assert_eq!((free.ruling, free.why), (Ruling::Holds, Some(Why::TurnedZero)));
}

#[test]
fn a_price_that_is_no_fact_cancels_only_where_both_sides_share_it() {
    let assumed = Side { assumed: &["input"], ..SIDE };
    for rule in [PRICE, COST] {
        let (both, _) = only(rule, Cell { baseline: assumed.clone(), ..changed(assumed.clone()) });
        assert_eq!(both.ruling, Ruling::Holds, "{rule}");
        let (one, verdict) = only(rule, changed(assumed.clone()));
        assert_eq!((one.ruling, verdict), (Ruling::CannotTell, Verdict::Inconclusive), "{rule}");
        assert_eq!(
            one.why.unwrap().to_string(),
            "the input price of `small` is assumed, which does not bear equally on both sides"
        );
    }
    let unknown = Side { input: "", cost: None, ..SIDE };
    for rule in [PRICE, COST] {
        let (one, _) = only(rule, changed(unknown.clone()));
        assert_eq!(
            one.why.unwrap().to_string(),
            "the input price of `small` is unknown, which does not bear equally on both sides"
        );
        let both = judged(rule, &made_up(20, &[Cell { baseline: unknown.clone(), ..changed(unknown.clone()) }]));
        assert_eq!(both.not_asked[0].reason, Unasked::NoMetric { places: 1, of: 1 });
        assert!(both.not_asked[0].is_mistake() && both.findings.is_empty());
    }
    let uncounted = changed(Side { cost: None, ..SIDE });
    assert_eq!(only(COST, uncounted).0.why, Some(Why::Unpriced(1_000)));
}

#[test]
fn a_cost_that_rose_is_found_and_one_that_turned_zero_is_said() {
    let (dearer, _) = only(COST, changed(Side { cost: Some(21_000_000), ..SIDE }));
    assert_eq!(dearer.ruling, Ruling::Broken, "{dearer:?}");
    let (free, verdict) = only(COST, changed(Side { cost: Some(0), ..SIDE }));
    assert_eq!((free.ruling, free.why, verdict), (Ruling::Holds, Some(Why::TurnedZero), Verdict::Passed));
    let absolute = COST.replace("3%", "$0.002");
    let (within, _) = only(&absolute, changed(Side { cost: Some(21_000_000), ..SIDE }));
    assert_eq!(within.ruling, Ruling::Holds, "$0.001 a thousand more: {within:?}");
}

#[test]
fn what_is_gone_or_may_not_be_judged_is_invalid_and_never_a_pass() {
    let half = Side { planned: Some(2_000), ..SIDE };
    let fewer = Side { each: 44, ..SIDE };
    for (cell, at, why) in [
        (changed(half), "candidate", Why::Gone { planned: 2_000, ended: 1_000 }),
        (changed(fewer), "baseline", Why::Unequal { baseline: 1_000, candidate: 880 }),
        (Cell { candidate: None, ..SAME }, "baseline", Why::Missing),
        (changed(Side { each: 0, ..SIDE }), "candidate", Why::NoRequests),
        (changed(Side { streamed: false, ..SIDE }), "", Why::Vanished),
        (Cell { baseline: Side { streamed: false, ..SIDE }, ..SAME }, "", Why::New),
        (
            changed(Side { valid: false, ..SIDE }),
            "candidate",
            Why::NotValid(vec!["the provider throttled 30 of 1000 requests".to_owned()]),
        ),
    ] {
        let (found, verdict) = only(P50, cell);
        assert_eq!((found.ruling, found.seen, verdict), (Ruling::Invalid, Seen::Nothing, Verdict::Invalid));
        let named = Why::Of { cell: format!("{at}/acme/small/us/chat/c4"), why: Box::new(why.clone()) };
        assert_eq!(found.why, Some(if at.is_empty() { why } else { named }));
    }
    let (nearly, _) = only(P50, changed(Side { each: 45, ..SIDE }));
    assert_eq!(nearly.ruling, Ruling::Holds);
}

#[test]
fn a_rule_that_only_warns_decides_nothing_and_takes_nothing_from_those_that_block() {
    let warns = "severity = \"warn\"\n";
    let made = made_up(20, &[changed(Side { median_ms: 300.0, ..SIDE })]);
    let alone = judged(ERRORS, &made).findings[0].p.unwrap();
    let both = judged(&[ERRORS, P50, warns].concat(), &made);
    assert_eq!(both.verdict, Verdict::Passed);
    assert_eq!((both.findings[0].p.unwrap(), both.findings[1].ruling), (alone, Ruling::Broken));
    // Blocking, it is one more test beside it.
    let slo = "[[slo]]\nname = \"answered\"\nmetric = \"availability\"\nmin = 0.9\n";
    let p50 = |rules: &str| {
        judged(rules, &made)
            .findings
            .iter()
            .find_map(|one| (one.ruling == Ruling::Broken).then_some(one.p))
            .unwrap()
            .unwrap()
    };
    let (one, three) = (p50(P50), p50(&[P50, slo].concat()));
    assert!((three / one - 3.0).abs() < 1e-9, "an SLO in each variant: {one} {three}");
}

#[test]
fn too_few_requests_in_a_round_name_what_it_takes_and_pooling_helps() {
    let cells = [SAME, Cell { region: "eu", ..SAME }, Cell { model: "large", ..SAME }];
    let made = made_up(20, &cells);
    let by_cell = judged(P99, &made);
    assert_eq!((by_cell.findings.len(), by_cell.verdict), (3, Verdict::Inconclusive));
    assert_eq!(by_cell.findings[0].why, Some(Why::TooFewRequests(2_000)));
    assert_eq!((by_cell.findings[0].would_settle, by_cell.findings[0].p), (Some(2_000), None));
    let by_route = judged(&[P99, "pool = \"route\"\n"].concat(), &made);
    let sizes: Vec<usize> = by_route
        .findings
        .iter()
        .map(|one| match &one.place {
            Place::Pairs(pairs) => pairs.len(),
            Place::Cell(_) => 0,
        })
        .collect();
    assert_eq!(sizes, [2, 1]);
    assert_eq!((by_route.findings[0].ruling, by_route.findings[1].ruling), (Ruling::Holds, Ruling::CannotTell));
    let all = judged(&[P99, "pool = \"all\"\n"].concat(), &made);
    assert_eq!((all.findings.len(), all.verdict), (1, Verdict::Passed), "{all:?}");
}

#[test]
fn so_few_rounds_that_nothing_could_be_broken_are_said_with_how_many_would_do() {
    let slower = changed(Side { median_ms: 400.0, each: 250, ..SIDE });
    let judged = judged(P50, &made_up(4, &[Cell { baseline: Side { each: 250, ..SIDE }, ..slower }]));
    let found = &judged.findings[0];
    assert_eq!((found.ruling, &found.why), (Ruling::CannotTell, &Some(Why::TooFewRounds { needed: 5, tests: 1 })));
    assert_eq!(found.would_settle, Some(1_300), "five rounds of 250, to two digits");
}

#[test]
fn what_lies_between_the_bounds_cannot_be_told_and_is_told_with_what_would_settle_it() {
    // So few requests that chance alone is wider than the bounds are apart.
    let few = Side { each: 4, ..SIDE };
    let between = Cell { baseline: few.clone(), ..changed(few) };
    let (found, verdict) = only(P50, between.clone());
    assert_eq!((found.ruling, verdict), (Ruling::CannotTell, Verdict::Inconclusive), "{found:?}");
    assert!(found.would_settle.is_some_and(|requests| requests > 80), "{found:?}");
    let lenient = format!("inconclusive = {{ ab = \"warn\" }}\n{P50}");
    assert_eq!(only(&lenient, between).1, Verdict::Passed);
}

#[test]
fn a_run_that_cannot_be_asked_says_why() {
    let mut made = made_up(20, &[SAME]);
    let reasons = |judged: Judged| judged.not_asked.iter().map(|one| one.reason).collect::<Vec<_>>();
    let nothing = P50.to_owned() + "match = { model = \"gpt-*\" }\n";
    assert_eq!(reasons(judged(&nothing, &made)), [Unasked::NothingMatches]);
    let unstreamed = Side { streamed: false, ..SIDE };
    let other = made_up(20, &[Cell { baseline: unstreamed.clone(), ..changed(unstreamed) }]);
    assert_eq!(reasons(judged(P50, &other)), [Unasked::NoMetric { places: 1, of: 1 }]);
    let slo = "[[slo]]\nname = \"at once\"\nmetric = \"ttft_p95_ms\"\nmax = 500\n";
    assert_eq!(reasons(judged(slo, &other)), [Unasked::NoMetric { places: 2, of: 2 }]);
    std::fs::remove_file(made.run.path.join("samples.csv")).unwrap();
    assert_eq!(reasons(judged(&[P50, PRICE].concat(), &made)), [Unasked::NoRequests]);
    made.run.manifest.variants.clear();
    assert_eq!(reasons(judged(&[P50, PRICE].concat(), &made)), [Unasked::OneVariant; 2]);
}

#[test]
fn wrong_answers_are_found_where_something_is_expected_of_them() {
    let rules = "[[regression]]\nmetric = \"quality_ratio\"\nmargin = \"1pp\"\n\
                 [[slo]]\nname = \"mostly right\"\nmetric = \"quality_ratio\"\nmin = 0.9\n";
    let of = |wrong: f64| Side { wrong: Some(wrong), ..SIDE };
    let worse = judged(rules, &made_up(20, &[Cell { baseline: of(0.02), ..changed(of(0.2)) }]));
    let rulings = |judged: &Judged| judged.findings.iter().map(|one| one.ruling).collect::<Vec<_>>();
    assert_eq!(rulings(&worse), [Ruling::Holds, Ruling::Broken, Ruling::Broken]);
    let Seen::Change(change) = worse.findings[2].seen else { panic!("{worse:?}") };
    assert!((change.change.unwrap() + 0.18).abs() < 1e-9 && (change.candidate - 0.8).abs() < 1e-9, "{change:?}");
    let same = judged(rules, &made_up(20, &[Cell { baseline: of(0.02), ..changed(of(0.02)) }]));
    assert_eq!(rulings(&same), [Ruling::Holds; 3]);
    let nothing_expected = judged(rules, &made_up(20, &[SAME]));
    assert!(nothing_expected.findings.is_empty() && nothing_expected.not_asked.iter().all(|one| one.is_mistake()));
    let vanished = judged(rules, &made_up(20, &[Cell { baseline: of(0.02), ..SAME }]));
    assert_eq!(vanished.verdict, Verdict::Invalid, "{vanished:?}");
}

#[test]
fn a_match_on_either_variant_takes_the_pair() {
    let made = made_up(20, &[SAME, Cell { region: "eu", ..SAME }]);
    let one = judged(&(P50.to_owned() + "match = { region = \"e*\" }\n"), &made);
    assert_eq!(one.findings.len(), 1);
    let mut retiered = made_up(20, &[SAME]);
    retiered.run.cells[1].tier = Some(2);
    assert_eq!(judged(&(P50.to_owned() + "match = { tier = 2 }\n"), &retiered).findings.len(), 1);
}
