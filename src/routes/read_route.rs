//! `[[route]]`: whom it takes and whom it calls.

use std::collections::BTreeSet;

use crate::conf::{Field, Table as Keys};
use crate::routes::name::Name;
use crate::routes::read::{name, tier};
use crate::routes::table::{Action, OnOverflow, Route, RouteMatch, Target};
use crate::units::Usd;

/// Every route in the file's order; that there is none is noted.
pub(super) fn read_routes(root: &Keys<'_>) -> Vec<Route> {
    let tables = root.tables("route");
    if tables.is_empty() {
        root.lacks("there is no `[[route]]`, must have at least one");
    }
    let mut names = BTreeSet::new();
    tables.into_iter().map(|keys| read_route(keys, &mut names)).collect()
}

/// What only a route that calls somebody has.
const OF_SEND: [&str; 7] =
    ["primary", "fallback", "on_overflow", "escalate_to", "chunk_with", "params", "max_cost_per_request_usd"];

fn read_route(keys: Keys<'_>, names: &mut BTreeSet<String>) -> Route {
    let field = keys.required("name", "name = \"everyday\"");
    let given = field.and_then(name).unwrap_or_else(|| Name::from(""));
    if let Some(field) = field.filter(|_| !given.is_empty()) {
        if given.contains(char::is_control) {
            field.fault("has a control character in it, must have none");
        }
        if !names.insert(given.text.clone()) {
            field.fault(&format!("is `{given}` a second time, must be different from all others"));
        }
    }
    let match_span = keys.optional("match").map_or_else(|| header(&keys), Field::span);
    let matches = keys.table("match").map(read_match).unwrap_or_default();
    let actions = [("send", true), ("hand_off", false)];
    let sends = keys.optional("action").and_then(|field| field.one_of(&actions)).unwrap_or(true);
    let cost = keys.optional("human_cost_usd");
    let action = if sends {
        if let Some(cost) = cost {
            cost.fault("has no meaning for a route that calls a model, needs `action = \"hand_off\"`");
        }
        read_send(&keys)
    } else {
        for key in OF_SEND {
            if let Some(field) = keys.optional(key) {
                field.fault("has no meaning for a route that hands over to a person and calls nobody");
            }
        }
        Action::HandOff { human_cost: cost.and_then(Field::decimal) }
    };
    let route = Route { name: given, matches, match_span, action, line: keys.line() };
    keys.finish();
    route
}

/// The line that the route begins with.
fn header(keys: &Keys<'_>) -> std::ops::Range<usize> {
    let start = keys.span().start;
    start..start + "[[route]]".len()
}

fn read_match(keys: Keys<'_>) -> RouteMatch {
    let matches = RouteMatch {
        tier: keys.optional("tier").and_then(tier),
        class: keys.optional_string("class"),
        needs_vision: keys.optional("needs_vision").and_then(Field::boolean),
    };
    keys.finish();
    matches
}

fn read_send(keys: &Keys<'_>) -> Action {
    let field = keys.required("primary", "primary = [ { model = \"deepseek-v4-flash\" } ]");
    let primary = field.map(|field| read_targets(field, true)).unwrap_or_default();
    if let Some(field) = field.filter(|_| !primary.is_empty() && primary.iter().all(|target| target.weight <= 0.0)) {
        field.fault("has no weight above 0, so that nobody would be called: one must have");
    }
    Action::Send {
        primary,
        fallback: keys.optional("fallback").map(|field| read_targets(field, false)).unwrap_or_default(),
        on_overflow: read_overflow(keys),
        params: keys.optional("params").map(read_params).unwrap_or_default(),
        max_cost_per_request: keys.optional("max_cost_per_request_usd").and_then(read_limit),
    }
}

fn read_targets(field: Field<'_>, is_primary: bool) -> Vec<Target> {
    let path = format!("route.{}", field.key());
    let tables = field.elements().into_iter().filter_map(|element| element.table(&path));
    tables.map(|keys| read_target(keys, is_primary)).collect()
}

fn read_target(keys: Keys<'_>, is_primary: bool) -> Target {
    let weight = keys.optional("weight");
    let target = Target {
        model: keys.required("model", "model = \"qwen3-32b\"").and_then(name).unwrap_or_else(|| Name::from("")),
        provider: keys.optional("provider").and_then(name),
        regions: keys.optional("regions").map(read_regions),
        weight: weight.and_then(read_weight).unwrap_or(1.0),
        line: keys.line(),
    };
    if let Some(weight) = weight.filter(|_| !is_primary) {
        weight.fault("has no meaning in `fallback`, whose models are called in order");
    }
    keys.finish();
    target
}

fn read_regions(field: Field<'_>) -> Vec<Name> {
    let mut all: Vec<Name> = Vec::new();
    for element in field.elements() {
        let Some(region) = name(element) else { continue };
        if all.iter().any(|known| **known == *region) {
            element.fault(&format!("names `{region}` a second time, must name it once"));
        }
        all.push(region);
    }
    all
}

/// The largest weight: shares beyond a millionth are no shares.
const MOST_WEIGHT: f64 = 1e6;

fn read_weight(field: Field<'_>) -> Option<f64> {
    let weight = field.any_number("a number of 0 or more")?;
    if (0.0..=MOST_WEIGHT).contains(&weight) {
        return Some(weight);
    }
    field.fault(&format!("is {weight}, must be 0 to {MOST_WEIGHT}"));
    None
}

fn read_overflow(keys: &Keys<'_>) -> OnOverflow {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Word {
        Escalate,
        Chunk,
        Reject,
    }
    let words = [("escalate", Word::Escalate), ("chunk", Word::Chunk), ("reject", Word::Reject)];
    let word = keys.optional("on_overflow").and_then(|field| field.one_of(&words)).unwrap_or(Word::Reject);
    for (key, of, value) in [("escalate_to", Word::Escalate, "escalate"), ("chunk_with", Word::Chunk, "chunk")] {
        if let Some(field) = keys.optional(key).filter(|_| word != of) {
            field.fault_with_hint(
                &format!("is used with `on_overflow = \"{value}\"` alone"),
                &format!("leave it out, or write `on_overflow = \"{value}\"`"),
            );
        }
    }
    let model = |key, example| keys.required(key, example).and_then(name).unwrap_or_else(|| Name::from(""));
    match word {
        Word::Reject => OnOverflow::Reject,
        Word::Escalate => OnOverflow::Escalate { to: model("escalate_to", "escalate_to = \"deepseek-v4-pro\"") },
        Word::Chunk => OnOverflow::Chunk { with: model("chunk_with", "chunk_with = \"deepseek-v4-flash\"") },
    }
}

/// What the run itself sets in every body.
const OF_THE_RUN: [&str; 4] = ["model", "messages", "stream", "stream_options"];

fn read_params(field: Field<'_>) -> Vec<(String, serde_json::Value)> {
    let Some(keys) = field.table("route.params") else { return Vec::new() };
    let mut params = Vec::new();
    for (key, field) in keys.entries() {
        if OF_THE_RUN.contains(&key) {
            field.fault("is set by the run, must be left out of `params`");
        } else if let Some(value) = field.json() {
            params.push((key.to_owned(), value));
        }
    }
    params
}

fn read_limit(field: Field<'_>) -> Option<Usd> {
    let limit = field.decimal()?;
    if limit == Usd::ZERO {
        field.fault("is 0, which would let nobody be called, must be more");
        return None;
    }
    Some(limit)
}
