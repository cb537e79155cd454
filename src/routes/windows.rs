//! Context windows, and where a prompt goes that is over one.

use std::collections::{BTreeMap, BTreeSet};

use crate::conf::Review;
use crate::registry::{Capability, Model, Registry};
use crate::routes::name::Name;
use crate::routes::places::Places;
use crate::routes::table::{Action, OnOverflow, Route, Table};
use crate::units::grouped;

/// Notes escalations that lead to no larger window or back to where they began, answers that no window of a route has room
/// for, and pieces cut to no known size.
pub(super) fn note_windows(table: &Table, registry: &Registry, review: &mut Review<'_>) {
    let mut steps = Steps::default();
    for (index, route) in table.routes.iter().enumerate() {
        let Action::Send { primary, fallback, on_overflow, .. } = &route.action else { continue };
        note_answer(index, table, registry, review);
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
        let own = known(registry, to).and_then(|model| model.context);
        review.mistake(to.span.clone(), message, Some(larger(registry, route, (to, own))));
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
    review.mistake(to.span.clone(), message, Some(larger(registry, route, (to, Some(smallest)))));
    false
}

/// Notes a `max_tokens` of `params` that leaves no room for a prompt in any window that the route may come to. A window that is
/// not known rules nothing out.
fn note_answer(index: usize, table: &Table, registry: &Registry, review: &mut Review<'_>) {
    let route = &table.routes[index];
    let Action::Send { primary, fallback, on_overflow, params, .. } = &route.action else { return };
    let asked = params.iter().filter(|(key, _)| LIMITS.contains(&key.as_str()));
    let Some(answer) = asked.filter_map(|(_, value)| value.as_u64()).max() else { return };
    let further = match on_overflow {
        OnOverflow::Escalate { to: model } | OnOverflow::Chunk { with: model } => Some(model),
        OnOverflow::Reject => None,
    };
    let names = primary.iter().chain(fallback).map(|target| &target.model).chain(further);
    let windows: Option<Vec<(u64, &Name)>> = names.map(|name| Some((known(registry, name)?.context?, name))).collect();
    let Some((window, model)) = windows.and_then(|windows| windows.into_iter().max_by_key(|(window, _)| *window))
    else {
        return;
    };
    if answer < window {
        return;
    }
    let [answer_shown, window] = [answer, window].map(|tokens| grouped(&tokens.to_string()));
    let message = format!(
        "`{}` asks for answers of up to {answer_shown} tokens, and the largest window that it comes to, of `{model}`, has \
         {window}: every request would end as `overflow`",
        route.name
    );
    let hint =
        format!("ask for fewer, to leave room for the prompt; {}", larger(registry, route, (model, Some(answer))));
    review.mistake(Places::of(table).span(index, "params"), message, Some(hint));
}

/// The keys of a body that limit an answer.
const LIMITS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// The models of the registry that may take the place of `not`, with a window larger than `than`, of any size where that is
/// absent: of a route for images those that see.
fn larger(registry: &Registry, route: &Route, (not, than): (&Name, Option<u64>)) -> String {
    let for_images = route.matches.needs_vision == Some(true);
    let mut wider: Vec<(&str, u64)> = registry
        .models
        .iter()
        .filter(|model| model.id != **not && (!for_images || model.capabilities.contains(&Capability::Vision)))
        .filter_map(|model| Some((model.id.as_str(), model.context?)))
        .filter(|(_, context)| *context > than.unwrap_or(0))
        .collect();
    wider.sort_by_key(|(_, context)| std::cmp::Reverse(*context));
    let shown: Vec<String> =
        wider.iter().take(3).map(|(id, context)| format!("`{id}` ({})", grouped(&context.to_string()))).collect();
    match (shown.is_empty(), for_images) {
        (true, true) => {
            "no model of the registry that sees has a larger one: write `on_overflow = \"reject\"`".to_owned()
        }
        (true, false) => {
            "no model of the registry has a larger one: write `on_overflow = \"chunk\"` or `\"reject\"`".to_owned()
        }
        (false, _) => format!("larger windows have {}", shown.join(", ")),
    }
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
