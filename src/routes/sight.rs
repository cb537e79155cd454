//! Images, and the models that cannot see them.

use crate::conf::{Faults, Review};
use crate::registry::{Capability, Registry};
use crate::routes::coverage::{Case, cases, taker};
use crate::routes::name::Name;
use crate::routes::table::{Action, OnOverflow, Route, Table};
use crate::units::grouped;

/// Notes where requests with images reach models that cannot see.
///
/// A route that asks for images must only name models that see. A table with such a route knows that images come, so
/// none may reach a route that has no model for them; a table without one gets a single warning, since its traffic may
/// have no images at all.
pub(super) fn note_sight(table: &Table, registry: &Registry, review: &mut Review<'_>) {
    let expects = table.routes.iter().find(|route| route.matches.needs_vision == Some(true));
    let cases = cases(table);
    let mut warned = false;
    for (index, route) in table.routes.iter().enumerate() {
        let Action::Send { primary, fallback, on_overflow, .. } = &route.action else { continue };
        let targets: Vec<&Name> = primary.iter().chain(fallback).map(|target| &target.model).collect();
        let blind = |name: &&&Name| sees(registry, name) == Some(false);
        if route.matches.needs_vision == Some(true) {
            let further = match on_overflow {
                OnOverflow::Escalate { to: model } | OnOverflow::Chunk { with: model } => Some(model),
                OnOverflow::Reject => None,
            };
            for name in targets.iter().chain(&further).filter(blind) {
                let message = format!("`{name}` cannot see, and `{}` takes requests with images", route.name);
                review.mistake(name.span.clone(), message, Some(who_sees(registry)));
            }
            continue;
        }
        let image = cases.iter().find(|case| case.has_image && taker(table, case) == Some(index));
        let Some(case) = image.filter(|_| !targets.is_empty() && targets.iter().filter(blind).count() == targets.len())
        else {
            continue;
        };
        match expects {
            Some(expects) => note_unseen(route, expects, case, review),
            None if !warned => {
                warned = true;
                let message = format!("a request with an image reaches `{}`, none of whose models sees", route.name);
                let hint = format!(
                    "if images come, put a route with `match = {{ needs_vision = true }}` above; {}",
                    who_sees(registry)
                );
                review.warning(route.name.span.clone(), message, Some(hint));
            }
            None => {}
        }
    }
}

/// A request with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pictured<'w> {
    /// The user's name for its line.
    pub custom_id: &'w str,
    /// Its class; absent: it has none.
    pub class: Option<&'w str>,
    /// Its tier, where that is known beforehand; absent: it may get any, or none.
    pub tier: Option<u8>,
}

/// Holds `table` against the requests of the workload `name` that hold images: each must come to a model that sees, whatever
/// tier it gets.
///
/// # Errors
/// A route that some of them may reach has no model that sees, each such route at once.
pub fn check_images(table: &Table, registry: &Registry, name: &str, pictured: &[Pictured<'_>]) -> Result<(), Faults> {
    let mut review = Review::new(&table.source, &table.text);
    for (index, route) in table.routes.iter().enumerate() {
        let Action::Send { primary, fallback, .. } = &route.action else { continue };
        let mut targets = primary.iter().chain(fallback).map(|target| &target.model);
        if targets.any(|target| sees(registry, target) != Some(false)) {
            continue;
        }
        let reaches = |one: &&Pictured<'_>| {
            let tiers = one
                .tier
                .map_or_else(|| vec![Some(0), Some(1), Some(2), Some(3), Some(4), None], |tier| vec![Some(tier)]);
            let case = |tier| Case { tier, class: one.class, has_image: true };
            tiers.into_iter().any(|tier| taker(table, &case(tier)) == Some(index))
        };
        let mut reaching = pictured.iter().filter(reaches);
        let Some(first) = reaching.next() else { continue };
        let count = reaching.count() + 1;
        let message = format!(
            "{} of `{name}` hold{} an image, such as `{}`, and reach{} `{}`, none of whose models sees",
            if count == 1 { "1 request".to_owned() } else { format!("{} requests", grouped(&count.to_string())) },
            if count == 1 { "s" } else { "" },
            first.custom_id,
            if count == 1 { "es" } else { "" },
            route.name
        );
        let hint = format!("put a route with `match = {{ needs_vision = true }}` above it; {}", who_sees(registry));
        review.mistake(route.name.span.clone(), message, Some(hint));
    }
    review.finish().0.map_or(Ok(()), Err)
}

fn note_unseen(route: &Route, expects: &Route, case: &Case<'_>, review: &mut Review<'_>) {
    let tier = case.tier.map_or_else(|| "without a tier".to_owned(), |tier| format!("of tier {tier}"));
    let message = format!("requests {tier} with an image reach `{}`, none of whose models sees", route.name);
    let hint = if route.line < expects.line && expects.matches.takes(case.tier, case.class, true) {
        format!(
            "put `{}` of line {} above it, or write `needs_vision = false` in its `match`",
            expects.name, expects.line
        )
    } else {
        format!("put a route with `match = {{ needs_vision = true }}` above it; `{}` does not take these", expects.name)
    };
    review.mistake(route.match_span.clone(), message, Some(hint));
}

/// Whether the model reads images; absent: the registry has no such model, which is told elsewhere.
fn sees(registry: &Registry, name: &str) -> Option<bool> {
    let model = registry.models.iter().find(|model| model.id == name)?;
    Some(model.capabilities.contains(&Capability::Vision))
}

fn who_sees(registry: &Registry) -> String {
    let seeing = registry.models.iter().filter(|model| model.capabilities.contains(&Capability::Vision));
    match seeing.map(|model| format!("`{}`", model.id)).take(5).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "no model of the registry has `capabilities = [\"vision\"]`".to_owned(),
        seeing => format!("in the registry these see: {seeing}"),
    }
}
