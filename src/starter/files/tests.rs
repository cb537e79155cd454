use super::*;
use crate::gate::{Bound, Named, PlannedCell, Policy, undecidable};
use crate::plan::Suite;
use crate::starter::rehearsal::{Lane, lanes, rehearse};

fn policy() -> Policy {
    Policy::parse(GATE.name, GATE.text).unwrap()
}

fn suite(name: &str, text: &str) -> Suite {
    Suite::parse(name, text).unwrap_or_else(|faults| panic!("{}", faults.drawn(false, 120)))
}

#[test]
fn the_starter_policy_keeps_to_its_format_and_its_exact_rule_is_exact() {
    let policy = policy();
    assert_eq!((policy.slos.len(), policy.regressions.len()), (8, 5));
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
    // What is asked of routes is for the suite of two tables.
    let of_endpoints = || policy.slos.iter().filter(|slo| slo.matches.route.is_none());
    assert_eq!(of_endpoints().count(), 6);
    for slo in of_endpoints() {
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
    for slo in of_endpoints() {
        assert!(ab.iter().any(|cell| slo.matches.takes(&Named::from(cell))), "{}", slo.name);
    }
    assert_eq!(undecidable(&policy, &ab), []);
}

#[test]
fn with_nothing_changed_at_least_nine_of_ten_runs_pass_and_none_is_regressed() {
    for (file, variants) in [(AB, 2), (NIGHTLY, 1)] {
        let rehearsed = rehearse(file, variants, 10, 1);
        assert!(rehearsed.passed >= 9 && rehearsed.regressed == 0, "{}: {rehearsed:?}", file.name);
    }
}
