use crate::gate::fixture_tables::{Carried, judge_carried};
use crate::gate::{Judged, NotAsked, Place, Policy, Ruling, Unasked, Why};
use crate::units::{Micros, Usd};

const COST: &str = "schema = 1\n[[regression]]\nmetric = \"cost_per_1k_requests_usd\"\nmargin = \"3%\"\n";

/// Twelve rounds of twenty requests of each variant, by the routes that `route` names; those of a person are handed over.
fn judged(policy: &str, route: impl Fn(usize, u32) -> &'static str) -> Judged {
    let policy = Policy::parse("gate.toml", policy).unwrap();
    let carried: Vec<Carried> = (0..2)
        .flat_map(|variant| (0..240).map(move |index| (variant, index)))
        .map(|(variant, index)| {
            let route = route(variant, index);
            let time = Micros(100_000 + 700 * (index % 13));
            Carried {
                variant,
                workload: "chat",
                route: route.to_owned(),
                round: index / 20,
                times: (route != "person").then_some((time, time)),
                cost: Usd::from_picos(10_000_000 + 10_000 * i128::from(index % 7)),
            }
        })
        .collect();
    judge_carried(&policy, 12, &carried)
}

/// The routes of the findings, nothing for the whole, each with its ruling.
fn rulings(judged: &Judged) -> Vec<Ruling> {
    judged.findings.iter().map(|finding| finding.ruling).collect()
}

#[test]
fn a_table_is_judged_as_a_whole_and_by_its_routes() {
    let alike = judged(COST, |_, index| if index % 2 == 0 { "a" } else { "b" });
    assert_eq!((rulings(&alike), alike.not_asked.len()), (vec![Ruling::Holds; 3], 0));
    let of_a = judged(&format!("{COST}match = {{ route = \"a\" }}\n"), |_, index| ["a", "b"][index as usize % 2]);
    assert_eq!(rulings(&of_a), [Ruling::Holds]);
    let together = judged(&format!("{COST}pool = \"all\"\n"), |_, index| ["a", "b"][index as usize % 2]);
    let Place::Pairs(pairs) = &together.findings[0].place else { panic!("{together:?}") };
    assert_eq!((together.findings.len(), pairs.len()), (1, 1), "a route's requests are among those of the whole");
}

#[test]
fn routes_that_take_other_requests_are_told_by_the_whole_alone() {
    // The candidate sends to `c` what the baseline sends to `b`.
    let moved = judged(COST, |variant, index| ["a", ["b", "c"][variant]][index as usize % 2]);
    assert_eq!(rulings(&moved), [Ruling::Holds; 2], "{moved:?}");
    assert!(matches!(moved.not_asked[..], [NotAsked { reason: Unasked::OtherRequests(1), .. }]), "{moved:?}");
    assert!(!moved.not_asked[0].is_mistake());
}

#[test]
fn routes_with_too_few_requests_for_a_quantile_are_told_by_the_whole_alone() {
    let p95 = "schema = 1\n[[regression]]\nmetric = \"e2e_p95_ms\"\nmargin = \"10%\"\n";
    let few = judged(p95, |_, index| if index % 20 < 5 { "a" } else { "b" });
    assert_eq!(rulings(&few), [Ruling::Holds], "{few:?}");
    assert!(matches!(few.not_asked[..], [NotAsked { reason: Unasked::SmallRoutes(2), .. }]), "{few:?}");
    let asked = judged(&format!("{p95}match = {{ route = \"*\" }}\n"), |_, index| ["a", "b"][index as usize % 2]);
    assert_eq!(rulings(&asked), [Ruling::CannotTell; 2], "who names routes is told of each");
}

#[test]
fn what_a_person_costs_leaves_open_what_a_table_does_that_hands_over_more() {
    let more = judged(COST, |variant, index| if variant == 1 && index % 3 == 0 { "person" } else { "a" });
    assert_eq!(more.findings[0].ruling, Ruling::CannotTell);
    assert_eq!(more.findings[0].why, Some(Why::Price("what a person costs is unknown".to_owned())));
    let alike = judged(COST, |_, index| if index % 3 == 0 { "person" } else { "a" });
    assert_eq!(rulings(&alike), [Ruling::Holds; 2], "{alike:?}");
}

#[test]
fn a_list_price_is_no_question_for_a_table() {
    let exact = "schema = 1\n[[regression]]\nmetric = \"list_output_usd_per_mtok\"\nmargin = \"0%\"\n";
    let found = judged(exact, |_, _| "a");
    assert!(matches!(found.not_asked[..], [NotAsked { reason: Unasked::TableHasNoListPrice, .. }]), "{found:?}");
}
