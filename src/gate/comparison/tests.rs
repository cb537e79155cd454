use super::*;
use crate::gate::rehearsal::{Law, Trial, try_rule};

const P50: Trial =
    Trial { law: Law::lognormal(0.5), q: 0.5, margin: 0.10, rule_out: 0.25, requests: 1_000, slower: 1.0, tests: 40 };
const P95: Trial = Trial { q: 0.95, rule_out: 0.5, ..P50 };
const P99: Trial = Trial { q: 0.99, rule_out: 0.75, requests: 3_000, ..P50 };

fn rounds(count: usize, baseline: &[f64], candidate: &[f64]) -> Vec<RoundPair> {
    vec![RoundPair { baseline: baseline.to_vec(), candidate: candidate.to_vec() }; count]
}

#[test]
fn rounds_that_all_agree_have_the_least_p_and_the_plain_change() {
    let found = compare_quantile(&rounds(20, &[10.0, 20.0], &[13.0, 26.0]), 0.5, 0.1, 0.25, 0.05).unwrap();
    assert!((found.change - 0.3).abs() < 1e-9 && (found.p_worse * 2_f64.powi(20) - 1.0).abs() < 1e-6, "{found:?}");
    assert!((found.p_ruled_out - 1.0).abs() < 1e-9);
    let found = compare_mean(&rounds(20, &[1.0, 3.0], &[1.0, 3.04]), 0.03, 0.06, 0.05);
    assert!((found.change - 0.01).abs() < 1e-9 && found.p_ruled_out < 1e-5 && found.p_worse > 0.99, "{found:?}");
    let found = compare_share(&rounds(20, &[0.0; 50], &[[1.0].as_slice(), &[0.0; 49]].concat()), 0.005, 0.03, 0.05);
    assert!((found.change - 0.02).abs() < 1e-9 && found.p_worse < 1e-5 && found.p_ruled_out < 1e-5, "{found:?}");
}

#[test]
fn a_quantile_that_a_round_is_too_small_for_names_what_it_takes() {
    let few = rounds(20, &[1.0; 50], &[1.0; 50]);
    assert_eq!(compare_quantile(&few, 0.99, 0.1, 0.75, 0.05).unwrap_err(), 2_000);
    assert!(compare_quantile(&few, 0.95, 0.1, 0.5, 0.05).is_ok());
    assert_eq!([0.5, 0.95, 0.99].map(least_in_a_round), [2, 20, 100]);
}

#[test]
fn too_few_rounds_have_no_interval() {
    let found = compare_quantile(&rounds(4, &[1.0; 4], &[1.5; 4]), 0.5, 0.1, 0.25, 0.05).unwrap();
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
}

#[test]
fn what_became_worse_is_found_among_forty_rules() {
    let found = |trial: Trial, runs, least: u32| {
        let tried = try_rule(&trial, runs, 1);
        assert!(tried.found >= least, "{trial:?}: {tried:?}");
    };
    found(Trial { slower: 1.25, ..P50 }, 60, 45);
    found(Trial { slower: 1.5, ..P95 }, 40, 38);
    found(Trial { slower: 1.5, ..P99 }, 20, 19);
}

#[test]
fn an_unchanged_run_passes_and_failures_of_one_variant_are_found() {
    let tried = try_rule(&Trial { tests: 10, ..P50 }, 40, 5);
    assert!(tried.passed >= 36, "{tried:?}");
    let law = Law { candidate_failures: 0.06, ..Law::lognormal(0.5) };
    let tried = try_rule(&Trial { law, ..P95 }, 10, 6);
    assert_eq!(tried.alarms, 10, "one in twenty at its deadline is a p95 at its deadline: {tried:?}");
}
