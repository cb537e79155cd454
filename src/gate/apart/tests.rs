use super::*;
use crate::gate::fixture::{Cell, MadeUp, SAME, SIDE, Side, made_up};
use crate::gate::{Seen, Why, why_not_comparable};
use crate::history::Night;
use crate::rng::seeded;
use crate::units::{Latency, Micros};

const RULES: &str = "schema = 1\n[[slo]]\nname = \"answered\"\nmetric = \"availability\"\nmin = 0.9\n\
                     [[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\nrule_out = \"60%\"\n\
                     [[regression]]\nmetric = \"list_input_usd_per_mtok\"\nmargin = \"0%\"\n";

fn policy(rules: &str) -> Policy {
    Policy::parse("gate.toml", rules).unwrap()
}

/// A run of one variant, made of the baseline of a made-up one.
fn alone(side: Side, day: u32, made: &mut Vec<MadeUp>) -> Run {
    let cell = Cell { baseline: side, candidate: None, ..SAME };
    let of = made_up(20, &[cell]);
    let mut run = of.run.clone();
    made.push(of);
    run.manifest.variants.clear();
    run.manifest.run_id = format!("day-{day}");
    run.manifest.started_at = format!("2026-11-{day:02}T02:00:00Z");
    run.cells.iter_mut().for_each(|row| row.variant = None);
    run.manifest.cells.iter_mut().for_each(|note| note.variant = None);
    run
}

/// Nights before the 20th whose medians move by the factors `of`.
fn history(run: &Run, of: &[f64]) -> History {
    let night = |(day, factor): (usize, &f64)| {
        let mut row = run.cells[0].clone();
        row.ttft_p50_ms = Some(Latency::Finite(Micros((100_000.0 * factor) as u32)));
        row.ok = row.requests;
        Night {
            path: run.path.clone(),
            run_id: format!("night-{day}"),
            started: format!("2026-10-{:02}T02:00:00Z", day + 1).parse().unwrap(),
            tool_version: run.manifest.tool_version.clone(),
            partial: false,
            workloads: Vec::new(),
            cells: vec![row],
        }
    };
    History { nights: of.iter().enumerate().map(night).collect(), warnings: Vec::new() }
}

const SLOW: Side = Side { median_ms: 300.0, ..SIDE };

#[test]
fn without_a_history_two_nights_tell_nothing_and_promises_are_judged() {
    let mut made = Vec::new();
    let (was, is) = (alone(SIDE, 20, &mut made), alone(SLOW, 21, &mut made));
    assert_eq!(why_not_comparable(&was, &is), None);
    let apart = judge_runs(&policy(RULES), &was, &is, None).unwrap();
    let rulings: Vec<Ruling> = apart.judged.findings.iter().map(|finding| finding.ruling).collect();
    assert_eq!(rulings, [Ruling::Holds, Ruling::CannotTell, Ruling::Holds], "{:?}", apart.judged);
    assert_eq!(apart.judged.verdict, Verdict::Passed);
    let finding = &apart.judged.findings[1];
    assert_eq!((finding.why.clone(), finding.p), (Some(Why::NightsUnknown), None));
    let Seen::Change(change) = finding.seen else { panic!("{finding:?}") };
    assert!((change.change.unwrap() - 0.5).abs() < 0.1 && change.low.is_none(), "{change:?}");
    // The policy may stop on what cannot be told of two runs.
    let blocks = policy(&RULES.replace("schema = 1\n", "schema = 1\ninconclusive = { runs = \"block\" }\n"));
    assert_eq!(judge_runs(&blocks, &was, &is, None).unwrap().judged.verdict, Verdict::Inconclusive);
}

#[test]
fn calm_nights_find_a_change_and_restless_ones_do_not_and_neither_regresses() {
    let mut made = Vec::new();
    let (was, is) = (alone(SIDE, 20, &mut made), alone(SLOW, 21, &mut made));
    let calm: Vec<f64> = (0..12).map(|night| 1.0 + 0.01 * f64::from(night % 3)).collect();
    let restless: Vec<f64> = (0..12).map(|night| 1.0 + 0.6 * f64::from(night % 2)).collect();
    for (nights, ruling) in [(calm, Ruling::Broken), (restless, Ruling::CannotTell)] {
        let history = history(&is, &nights);
        let apart = judge_runs(&policy(RULES), &was, &is, Some(&history)).unwrap();
        let finding = &apart.judged.findings[1];
        assert_eq!((finding.ruling, finding.why.clone()), (ruling, Some(Why::Nights(12))), "{finding:?}");
        assert_eq!(apart.judged.verdict, Verdict::Passed, "advice alone");
        let Seen::Change(change) = finding.seen else { panic!("{finding:?}") };
        assert!(change.low.unwrap() < 0.5 && change.high.unwrap() > 0.5, "{change:?}");
    }
}

#[test]
fn a_dearer_list_and_a_broken_promise_do_regress() {
    let mut made = Vec::new();
    let was = alone(SIDE, 20, &mut made);
    let dearer = alone(Side { input: "0.19", ..SIDE }, 21, &mut made);
    let apart = judge_runs(&policy(RULES), &was, &dearer, None).unwrap();
    assert_eq!((apart.judged.findings[2].ruling, apart.judged.verdict), (Ruling::Broken, Verdict::Regressed));
    let failing = alone(Side { failing: 0.3, ..SIDE }, 21, &mut made);
    assert_eq!(judge_runs(&policy(RULES), &was, &failing, None).unwrap().judged.verdict, Verdict::Regressed);
}

#[test]
fn nights_that_differ_by_a_tenth_alarm_as_rarely_as_is_said() {
    let mut made = Vec::new();
    let mut rng = seeded(3, "nights");
    let mut normal = || (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
    let rules = policy("schema = 1\n[[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"1%\"\nrule_out = \"90%\"\n");
    let mut alarms = 0;
    for _ in 0..40 {
        // A run keeps milliseconds with three decimals, of halves of a median too.
        let mut night = || (100_000.0 * (0.1 * normal()).exp()).round() / 500.0;
        let (one, other) = (night(), night());
        let (was, is) = (
            alone(Side { each: 10, median_ms: one, ..SIDE }, 20, &mut made),
            alone(Side { each: 10, median_ms: other, ..SIDE }, 21, &mut made),
        );
        let nights: Vec<f64> = (0..15).map(|_| (0.1 * normal()).exp()).collect();
        let apart = judge_runs(&rules, &was, &is, Some(&history(&is, &nights))).unwrap();
        alarms += usize::from(apart.judged.findings[0].ruling == Ruling::Broken);
    }
    // Two of 40 are expected at most; any test without the spread alarms in 10 to 17 of them.
    assert!(alarms <= 5, "{alarms} of 40");
}

#[test]
fn what_was_not_measured_alike_is_refused_with_the_reason() {
    let mut made = Vec::new();
    let was = alone(SIDE, 20, &mut made);
    let changed = |change: &dyn Fn(&mut Run)| {
        let mut is = was.clone();
        change(&mut is);
        why_not_comparable(&was, &is).unwrap()
    };
    let told = changed(&|is| is.cells[0].concurrency = Some(8));
    assert!(told.contains("was asked at closed, 4 in flight in one and at closed, 8 in flight in the other"), "{told}");
    let told = changed(&|is| is.manifest.load.stream = "false".to_owned());
    assert!(told.starts_with("`stream` was `true` in one and `false` in the other"), "{told}");
    let told = changed(&|is| is.manifest.destination.simulated = Some(false));
    assert!(told.starts_with("one is simulated and the other live"), "{told}");
    let told = changed(&|is| is.manifest.variants = vec!["a".to_owned(), "b".to_owned()]);
    assert!(told.contains("judge it without `--against`"), "{told}");
    let told = changed(&|is| is.cells[0].valid = Some(false));
    assert!(told.contains("may not be judged in `day-20`"), "{told}");
}

#[test]
fn what_vanished_between_two_runs_is_invalid_whatever_else_holds() {
    let mut made = Vec::new();
    let was = alone(Side { wrong: Some(0.02), ..SIDE }, 20, &mut made);
    let rules = policy(&RULES.replace("ttft_p50_ms", "quality_ratio"));
    let verdict = |is: &Run| judge_runs(&rules, &was, is, None).unwrap().judged.verdict;
    assert_eq!(verdict(&alone(Side { wrong: Some(0.02), ..SIDE }, 21, &mut made)), Verdict::Passed);
    assert_eq!(verdict(&alone(SIDE, 21, &mut made)), Verdict::Invalid, "nothing was expected of an answer");
    // Of two models one is gone.
    let two = made_up(20, &[SAME, Cell { model: "large", ..SAME }].map(|cell| Cell { candidate: None, ..cell }));
    let mut both = two.run.clone();
    both.manifest.variants.clear();
    both.cells.iter_mut().for_each(|row| row.variant = None);
    let one = alone(SIDE, 21, &mut made);
    let lost = judge_runs(&policy(RULES), &both, &one, None).unwrap();
    assert_eq!(lost.judged.verdict, Verdict::Invalid, "{:?}", lost.judged.findings);
    // A rule that only warns does not stop anybody.
    let warns = policy(&RULES.replace("margin = \"10%\"", "margin = \"10%\"\nseverity = \"warn\""));
    let warns = Policy { regressions: warns.regressions[..1].to_vec(), ..warns };
    assert_eq!(judge_runs(&warns, &both, &one, None).unwrap().judged.verdict, Verdict::Passed);
}

#[test]
fn all_rounds_of_both_runs_count_though_one_has_more_of_them() {
    let mut made = Vec::new();
    let was = alone(Side { each: 10, cost: Some(30_000_000), ..SIDE }, 20, &mut made);
    let cell = Cell { baseline: Side { each: 40, ..SIDE }, candidate: None, ..SAME };
    let of = made_up(5, &[cell]);
    let mut is = of.run.clone();
    is.manifest.run_id = "day-21".to_owned();
    is.manifest.variants.clear();
    is.cells.iter_mut().for_each(|row| row.variant = None);
    is.manifest.cells.iter_mut().for_each(|note| note.variant = None);
    let rules = policy("schema = 1\n[[regression]]\nmetric = \"cost_per_1k_requests_usd\"\nmargin = \"5%\"\n");
    let apart = judge_runs(&rules, &was, &is, None).unwrap();
    let Seen::Change(change) = &apart.judged.findings[0].seen else { panic!("{:?}", apart.judged) };
    assert_eq!(change.requests, [200, 200]);
    assert!((change.baseline - 0.03).abs() < 1e-12 && (change.candidate - 0.02).abs() < 1e-12, "{change:?}");
}
