use crate::routes::samples::{mistakes, warnings};

/// A route of this name and match that calls a model that sees.
fn route(name: &str, matches: &str) -> String {
    let matches = if matches.is_empty() { String::new() } else { format!("match = {{ {matches} }}\n") };
    format!("[[route]]\nname = '{name}'\n{matches}primary = [{{ model = 'eye' }}]\n")
}

#[test]
fn a_tier_without_a_route_is_a_mistake() {
    let routes = route("zero", "tier = 0") + &route("one", "tier = 1");
    assert_eq!(
        mistakes(&routes),
        [
            "7: tiers 2, 3 and 4 have no route (add a route with `match = { tier = 2 }`, or a last route without `match` for \
          the rest)"
        ]
    );
    let some = [0, 1, 2, 3].map(|tier| route(&format!("t{tier}"), &format!("tier = {tier}"))).concat();
    let found = mistakes(&(some.clone() + &route("four", "tier = 4, class = 'a'")));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(
            "19: some requests of tier 4 have no route, such as those without an image and of no class that a route names"
        ),
        "{found:?}"
    );
    assert_eq!(mistakes(&(some + &route("four", "tier = 4"))), Vec::<String>::new());
}

#[test]
fn without_a_classifier_requests_that_nobody_labels_need_a_route() {
    let all = [0, 1, 2, 3, 4].map(|tier| route(&format!("t{tier}"), &format!("tier = {tier}"))).concat();
    let found = warnings(&all);
    assert!(found[0].contains("requests without a tier have no route, and there is no `[classifier]`"), "{found:?}");
    assert_eq!(warnings(&format!("[classifier]\nmodel = 'eye'\n{all}")), Vec::<String>::new());
    assert_eq!(warnings(&(all + &route("rest", ""))), Vec::<String>::new());
}

#[test]
fn a_route_behind_one_that_takes_all_of_its_requests_can_never_match() {
    let routes = route("one", "tier = 1") + &route("chat", "tier = 1, class = 'chat'") + &route("rest", "");
    assert_eq!(
        mistakes(&routes),
        [
            "8: `chat` can never match: `one` on line 2 takes every such request first (move it above, or narrow the `match` \
          of what stands before it)"
        ]
    );
    let split =
        route("seen", "tier = 1, needs_vision = true") + &route("rest of one", "tier = 1, needs_vision = false");
    let found = mistakes(&(split + &route("late", "tier = 1") + &route("rest", "")));
    assert!(
        found[0].starts_with(
            "12: `late` can never match: `seen` on line 2 and `rest of one` on line 6 take every such request first"
        ),
        "{found:?}"
    );
    let found = mistakes(&(route("everything", "") + &route("one", "tier = 1")));
    assert!(found[0].starts_with("7: `one` can never match: `everything` on line 2 takes"), "{found:?}");
}

#[test]
fn a_tier_that_only_the_last_route_takes_is_told_where_the_table_tells_tiers_apart() {
    let two = route("two", "tier = 2");
    assert_eq!(
        warnings(&(two.clone() + &route("rest", ""))),
        [
            "7: tiers 0, 1, 3 and 4 fall to the last route, `rest` (add a route with `match = { tier = 0 }`, if that is not \
          meant)"
        ]
    );
    assert_eq!(warnings(&route("rest", "")), Vec::<String>::new(), "which is all there is");
    assert_eq!(warnings(&(route("chat", "class = 'chat'") + &route("rest", ""))), Vec::<String>::new());
}
