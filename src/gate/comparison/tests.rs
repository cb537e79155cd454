use super::*;
use crate::gate::rehearsal::{About, Change, Law, Trial, try_rule};

const P50: Trial = Trial {
    law: Law::lognormal(0.5),
    about: About::Quantile(0.5),
    margin: 0.10,
    rule_out: 0.25,
    requests: 1_000,
    change: Change::NONE,
    tests: 40,
};
const P95: Trial = Trial { about: About::Quantile(0.95), rule_out: 0.5, ..P50 };
const P99: Trial = Trial { about: About::Quantile(0.99), rule_out: 0.75, requests: 3_000, ..P50 };
const FAILURES: Trial = Trial { about: About::Failures, margin: 0.005, rule_out: 0.02, ..P50 };

fn rounds(count: usize, baseline: &[f64], candidate: &[f64]) -> Vec<RoundPair> {
    vec![RoundPair { baseline: baseline.to_vec(), candidate: candidate.to_vec() }; count]
}

fn ratios(rounds: &[RoundPair], q: f64) -> Comparison {
    let figures = round_quantiles(rounds, q).unwrap();
    compare_figures(&figures, Bound::Ratio(0.1), Bound::Ratio(0.25), 0.05)
}

#[test]
fn rounds_that_all_agree_have_the_least_p_and_the_plain_change() {
    let found = ratios(&rounds(20, &[10.0, 20.0], &[13.0, 26.0]), 0.5);
    assert!((found.change - 0.3).abs() < 1e-9 && (found.p_worse * 2_f64.powi(20) - 1.0).abs() < 1e-6, "{found:?}");
    assert!((found.p_ruled_out - 1.0).abs() < 1e-9);
    let found = compare_figures(&[(2.0, 2.02); 20], Bound::Ratio(0.03), Bound::Ratio(0.06), 0.05);
    assert!((found.change - 0.01).abs() < 1e-9 && found.p_ruled_out < 1e-5 && found.p_worse > 0.99, "{found:?}");
}

#[test]
fn a_bound_in_milliseconds_is_held_against_the_difference_itself() {
    let figures: Vec<(f64, f64)> =
        (0..20).map(|round| (100.0 * f64::from(round + 1), 100.0 * f64::from(round + 1) + 60.0)).collect();
    let found = compare_figures(&figures, Bound::Absolute(50.0), Bound::Absolute(125.0), 0.05);
    assert!((found.change - 60.0).abs() < 1e-9 && found.p_worse < 1e-5 && found.p_ruled_out < 1e-5, "{found:?}");
    assert!((found.low.unwrap() - 60.0).abs() < 1e-6 && (found.high.unwrap() - 60.0).abs() < 1e-6, "{found:?}");
}

#[test]
fn what_became_free_surely_did_not_get_worse_and_what_was_free_surely_did() {
    let bounds = (Bound::Ratio(0.03), Bound::Ratio(0.06));
    let free = compare_figures(&[(2.0, 0.0); 20], bounds.0, bounds.1, 0.05);
    assert!(free.p_ruled_out < 1e-5 && free.p_worse > 0.99, "{free:?}");
    let dear = compare_figures(&[(0.0, 0.001); 20], bounds.0, bounds.1, 0.05);
    assert!(dear.p_worse < 1e-5, "{dear:?}");
    let neither = compare_figures(&[(0.0, 0.0); 20], bounds.0, bounds.1, 0.05);
    assert!(neither.p_ruled_out < 1e-5 && neither.change.abs() < 1e-12, "{neither:?}");
}

#[test]
fn a_quantile_that_a_round_is_too_small_for_names_what_it_takes() {
    let few = rounds(20, &[1.0; 50], &[1.0; 50]);
    assert_eq!(round_quantiles(&few, 0.99).unwrap_err(), 2_000);
    assert!(round_quantiles(&few, 0.95).is_ok());
    assert_eq!([0.5, 0.9, 0.95, 0.99].map(least_in_a_round), [2, 10, 20, 100]);
}

#[test]
fn rounds_that_never_came_to_be_do_not_count() {
    let mut broken_off = rounds(20, &[1.0; 50], &[1.0; 50]);
    broken_off[15..].fill(RoundPair::default());
    assert_eq!(round_quantiles(&broken_off, 0.95).unwrap().len(), 15);
    assert_eq!(round_quantiles(&[], 0.5).unwrap_err(), 2);
}

#[test]
fn too_few_rounds_have_no_interval() {
    let found = ratios(&rounds(4, &[1.0; 4], &[1.5; 4]), 0.5);
    assert_eq!((found.low, found.high, found.rounds), (None, None, 4));
}

#[test]
fn where_nothing_changed_there_is_no_alarm_whatever_the_law() {
    let laws = [
        Law::lognormal(0.3),
        Law::lognormal(1.0),
        Law { slow_share: 0.3, ..Law::lognormal(0.4) },
        Law { stalled_rounds: 0.3, ..Law::lognormal(0.5) },
        Law { round_noise: 0.1, ..Law::lognormal(0.5) },
    ];
    for (seed, law) in (1..).zip(laws) {
        let tried = try_rule(&Trial { law, ..P50 }, 25, seed);
        assert_eq!(tried.alarms, 0, "{law:?}");
    }
    assert_eq!(try_rule(&P95, 25, 9).alarms, 0);
    for failures in [0.0, 0.01, 0.05] {
        let law = Law { failures, ..Law::lognormal(0.5) };
        assert_eq!(try_rule(&Trial { law, ..FAILURES }, 25, 10).alarms, 0, "{failures}");
    }
}

#[test]
fn what_became_worse_is_found_among_forty_rules() {
    let found = |trial: Trial, runs, least: u32| {
        let tried = try_rule(&trial, runs, 1);
        assert!(tried.found >= least, "{trial:?}: {tried:?}");
    };
    found(Trial { change: Change { slower: 1.25, ..Change::NONE }, ..P50 }, 60, 45);
    found(Trial { change: Change { slower: 1.5, ..Change::NONE }, ..P95 }, 40, 38);
    found(Trial { change: Change { slower: 1.5, ..Change::NONE }, ..P99 }, 20, 19);
    found(Trial { change: Change { failing: 0.05, ..Change::NONE }, ..FAILURES }, 20, 20);
}

#[test]
fn an_unchanged_run_passes_and_failures_of_one_variant_are_found() {
    let tried = try_rule(&Trial { tests: 10, ..P50 }, 40, 5);
    assert!(tried.passed >= 36, "{tried:?}");
    let law = Law { candidate_failures: 0.06, ..Law::lognormal(0.5) };
    let tried = try_rule(&Trial { law, ..P95 }, 10, 6);
    assert_eq!(tried.alarms, 10, "one in twenty at its deadline is a p95 at its deadline: {tried:?}");
}
