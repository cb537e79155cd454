//! Which requests a table's routes take: every kind of request that they can tell apart is tried on them.

use crate::conf::Review;
use crate::routes::table::{Route, RouteMatch, Table};

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case<'t> {
    /// Its tier; absent: nobody has labelled it.
    pub(super) tier: Option<u8>,
    /// Its class; absent: none that a route names.
    pub(super) class: Option<&'t str>,
    /// Whether it has an image.
    pub(super) has_image: bool,
}

/// Every kind of request that the routes of `table` can tell apart.
pub(super) fn cases(table: &Table) -> Vec<Case<'_>> {
    let mut classes: Vec<Option<&str>> = vec![None];
    for route in &table.routes {
        if let Some(class) = route.matches.class.as_deref()
            && !classes.contains(&Some(class))
        {
            classes.push(Some(class));
        }
    }
    let tiers = [Some(0), Some(1), Some(2), Some(3), Some(4), None];
    let with_class = |tier, class| [false, true].map(|has_image| Case { tier, class, has_image });
    tiers.iter().flat_map(|&tier| classes.iter().flat_map(move |&class| with_class(tier, class))).collect()
}

/// The index of the route that takes requests of this kind: the first that matches. Absent: none does.
pub(super) fn taker(table: &Table, case: &Case<'_>) -> Option<usize> {
    table.routes.iter().position(|route| takes(route, case))
}

fn takes(route: &Route, case: &Case<'_>) -> bool {
    route.matches.takes(case.tier, case.class, case.has_image)
}

/// Notes routes that no request reaches, and requests that no route takes.
pub(super) fn note_coverage(table: &Table, review: &mut Review<'_>) {
    let cases = cases(table);
    let taken: Vec<(Case<'_>, Option<usize>)> = cases.iter().map(|case| (*case, taker(table, case))).collect();
    for (index, route) in table.routes.iter().enumerate() {
        if !taken.iter().any(|(_, by)| *by == Some(index)) {
            note_shadowed(table, route, &taken, review);
        }
    }
    let Some(last) = table.routes.last() else { return };
    let untaken = |tier: Option<u8>| -> Vec<&Case<'_>> {
        taken.iter().filter(|(case, by)| case.tier == tier && by.is_none()).map(|(case, _)| case).collect()
    };
    let kinds = taken.len() / 6;
    let remedy = |tier: &str| {
        Some(format!("add a route with `match = {{ tier = {tier} }}`, or a last route without `match` for the rest"))
    };
    let without: Vec<u8> = (0..=4).filter(|tier| untaken(Some(*tier)).len() == kinds).collect();
    if let [first, ..] = without[..] {
        let message = format!("{} no route", with_verb(&without, "has", "have"));
        review.mistake(last.name.span.clone(), message, remedy(&first.to_string()));
    }
    for tier in (0..=4).filter(|tier| !without.contains(tier)) {
        if let Some(case) = untaken(Some(tier)).first() {
            let message = format!("some requests of tier {tier} have no route, such as those {}", described(case));
            review.mistake(last.name.span.clone(), message, remedy(&tier.to_string()));
        }
    }
    if table.classifier.is_none() && without.is_empty() && !untaken(None).is_empty() {
        let message = "requests without a tier have no route, and there is no `[classifier]` to give them one";
        let hint = "add a `[classifier]`, or a last route without `match` for the rest";
        review.warning(last.name.span.clone(), message.to_owned(), Some(hint.to_owned()));
    }
    note_rest(table, last, &taken, review);
}

/// Notes which tiers have no route but the last, where the others tell tiers apart.
fn note_rest(table: &Table, last: &Route, taken: &[(Case<'_>, Option<usize>)], review: &mut Review<'_>) {
    if last.matches != RouteMatch::default() || !table.routes.iter().any(|route| route.matches.tier.is_some()) {
        return;
    }
    let index = table.routes.len() - 1;
    let plain = |tier| Case { tier: Some(tier), class: None, has_image: false };
    let fallen: Vec<u8> =
        (0..=4).filter(|&tier| taken.iter().any(|(case, by)| *case == plain(tier) && *by == Some(index))).collect();
    if let [first, ..] = fallen[..] {
        let message = format!("{} to the last route, `{}`", with_verb(&fallen, "falls", "fall"), last.name);
        let hint = format!("add a route with `match = {{ tier = {first} }}`, if that is not meant");
        review.warning(last.name.span.clone(), message, Some(hint));
    }
}

fn note_shadowed(table: &Table, route: &Route, taken: &[(Case<'_>, Option<usize>)], review: &mut Review<'_>) {
    let mut before: Vec<&Route> = Vec::new();
    for by in taken.iter().filter(|(case, _)| takes(route, case)).filter_map(|(_, by)| *by) {
        let earlier = &table.routes[by];
        if !before.iter().any(|known| known.line == earlier.line) {
            before.push(earlier);
        }
    }
    before.sort_by_key(|earlier| earlier.line);
    let named: Vec<String> = before.iter().map(|by| format!("`{}` on line {}", by.name, by.line)).collect();
    let take = if named.len() == 1 { "takes" } else { "take" };
    let message = format!("`{}` can never match: {} {take} every such request first", route.name, listed(&named));
    let hint = "move it above, or narrow the `match` of what stands before it";
    review.mistake(route.match_span.clone(), message, Some(hint.to_owned()));
}

/// `tier 3 has`, `tiers 0, 3 and 4 have`.
fn with_verb(tiers: &[u8], one: &str, many: &str) -> String {
    let names: Vec<String> = tiers.iter().map(ToString::to_string).collect();
    match names.len() {
        1 => format!("tier {} {one}", names[0]),
        _ => format!("tiers {} {many}", listed(&names)),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `without an image`, `of class `x` with an image`.
fn described(case: &Case<'_>) -> String {
    let image = if case.has_image { "with an image" } else { "without an image" };
    match case.class {
        Some(class) => format!("of class `{class}` {image}"),
        None => format!("{image} and of no class that a route names"),
    }
}

#[cfg(test)]
mod tests;
