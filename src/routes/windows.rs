//! Context windows, and where a prompt goes that is over one.

use std::collections::{BTreeMap, BTreeSet};

use crate::conf::Review;
use crate::registry::{Model, Registry};
use crate::routes::name::Name;
use crate::routes::table::{Action, OnOverflow, Route, Table};
use crate::units::grouped;

/// Notes escalations that lead to no larger window or back to where they began, and pieces cut to no known size.
pub(super) fn note_windows(table: &Table, registry: &Registry, review: &mut Review<'_>) {
    let mut steps = Steps::default();
    for route in &table.routes {
        let Action::Send { primary, fallback, on_overflow, .. } = &route.action else { continue };
        let targets: Vec<&Name> = primary.iter().chain(fallback).map(|target| &target.model).collect();
        match on_overflow {
            OnOverflow::Reject => {}
            OnOverflow::Escalate { to } => {
                if note_escalation(route, to, &targets, registry, review) {
                    steps.note(to, &targets, review);
                }
            }
            OnOverflow::Chunk { with } => note_chunks(with, &targets, registry, review),
        }
    }
}

/// Notes an escalation that gains nothing. Whether it may gain something.
fn note_escalation(route: &Route, to: &Name, targets: &[&Name], registry: &Registry, review: &mut Review<'_>) -> bool {
    if !targets.is_empty() && targets.iter().all(|target| ***target == **to) {
        let message = format!("`{}` escalates from `{to}` to itself, which is a loop", route.name);
        review.mistake(to.span.clone(), message, larger(registry, None));
        return false;
    }
    let Some(window) = known(registry, to).and_then(|model| model.context) else { return true };
    let windows: Option<Vec<u64>> = targets.iter().map(|target| known(registry, target)?.context).collect();
    let Some(smallest) = windows.and_then(|windows| windows.into_iter().min()) else { return true };
    if window > smallest {
        return true;
    }
    let [window, smallest_shown] = [window, smallest].map(|tokens| grouped(&tokens.to_string()));
    let message = format!(
        "`{to}` has a window of {window} tokens, and no target of `{}` has a smaller one than {smallest_shown}",
        route.name
    );
    review.mistake(to.span.clone(), message, larger(registry, Some(smallest)));
    false
}

/// The models of the registry whose window is larger than `window`; of any size where that is absent.
fn larger(registry: &Registry, window: Option<u64>) -> Option<String> {
    let mut wider: Vec<(&str, u64)> = registry
        .models
        .iter()
        .filter_map(|model| Some((model.id.as_str(), model.context?)))
        .filter(|(_, context)| *context > window.unwrap_or(0))
        .collect();
    wider.sort_by_key(|(_, context)| std::cmp::Reverse(*context));
    let shown: Vec<String> =
        wider.iter().take(3).map(|(id, context)| format!("`{id}` ({})", grouped(&context.to_string()))).collect();
    Some(if shown.is_empty() {
        "no model of the registry has a larger one: write `on_overflow = \"chunk\"` or `\"reject\"`".to_owned()
    } else {
        format!("larger windows have {}", shown.join(", "))
    })
}

fn note_chunks(with: &Name, targets: &[&Name], registry: &Registry, review: &mut Review<'_>) {
    let Some(model) = known(registry, with) else { return };
    let Some(window) = model.context else {
        let message = format!("`{with}` has no known window, and pieces are cut to fit it");
        let hint = "give the model its `context` in the registry, or chunk with one that has it";
        review.mistake(with.span.clone(), message, Some(hint.to_owned()));
        return;
    };
    let windows = targets.iter().filter_map(|target| known(registry, target)?.context);
    if let Some(largest) = windows.max().filter(|largest| window < *largest) {
        let [window, largest] = [window, largest].map(|tokens| grouped(&tokens.to_string()));
        let message = format!(
            "`{with}` has a window of {window} tokens, smaller than the {largest} that overflowed: more pieces"
        );
        review.warning(with.span.clone(), message, None);
    }
}

fn known<'r>(registry: &'r Registry, name: &str) -> Option<&'r Model> {
    registry.models.iter().find(|model| model.id == name)
}

/// Which model each model escalates to, over all routes.
#[derive(Default)]
struct Steps {
    to: BTreeMap<String, BTreeSet<String>>,
}

impl Steps {
    /// Adds the steps of one route; the one that closes a loop is noted.
    fn note(&mut self, to: &Name, targets: &[&Name], review: &mut Review<'_>) {
        for from in targets.iter().filter(|from| ****from != **to) {
            if let Some(way) = self.way(to, from) {
                let message = format!("escalation goes in a loop: {}", way.join(" → "));
                let hint = "let one of them end with `on_overflow = \"chunk\"` or `\"reject\"`";
                review.mistake(to.span.clone(), message, Some(hint.to_owned()));
                return;
            }
        }
        for from in targets.iter().filter(|from| ****from != **to) {
            self.to.entry(from.text.clone()).or_default().insert(to.text.clone());
        }
    }

    /// The steps from `to` back to `from`, with `from` at both ends; absent: there is no way.
    fn way(&self, to: &str, from: &str) -> Option<Vec<String>> {
        let mut ways = vec![vec![from.to_owned(), to.to_owned()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            let at = way.last().expect("a way has two ends");
            if at == from {
                return Some(way);
            }
            if seen.insert(at.clone()) {
                let next = self.to.get(at).into_iter().flatten();
                ways.extend(next.map(|next| way.iter().chain([next]).cloned().collect()));
            }
        }
        None
    }
}
