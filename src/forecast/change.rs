//! What differs between two routing tables, and on which lines.

use std::time::Duration;

use serde_json::Value;

use crate::routes::{Action, Breaker, OnOverflow, Places, Route, RouteMatch, Table, Target};

/// One difference of two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableChange {
    /// The route that it is in; absent: it bears on all of them.
    pub route: Option<String>,
    /// The line that it stands on, in the new table, or in the old one where it is gone; absent: no one line.
    pub line: Option<usize>,
    /// What changed, in words: `deepseek-v4-flash` → `qwen3-32b`.
    pub what: String,
}

/// Everything that differs between `before` and `after`, the whole table first, then route by route in the new table's order.
pub fn table_changes(before: &Table, after: &Table) -> Vec<TableChange> {
    let mut changes = Changes::default();
    let (was_at, is_at) = (Places::of(before), Places::of(after));
    changes.whole((before, &was_at), (after, &is_at));
    let find = |table: &'_ Table, name: &str| table.routes.iter().position(|route| *route.name == *name);
    for (index, route) in after.routes.iter().enumerate() {
        changes.route = Some(route.name.text.clone());
        match find(before, &route.name) {
            Some(place) => changes.routes(&before.routes[place], (route, index, &is_at)),
            None => changes.note(Some(route.line), "is new".to_owned()),
        }
    }
    for route in before.routes.iter().filter(|route| find(after, &route.name).is_none()) {
        changes.route = Some(route.name.text.clone());
        changes.note(Some(route.line), "is gone".to_owned());
    }
    let common = |table: &Table, other: &Table| -> Vec<String> {
        let names = table.routes.iter().map(|route| route.name.text.clone());
        names.filter(|name| find(other, name).is_some()).collect()
    };
    let (was, is) = (common(before, after), common(after, before));
    if let Some(place) = was.iter().zip(&is).position(|(was, is)| was != is) {
        changes.route = None;
        let line = find(after, &is[place]).map(|route| after.routes[route].line);
        changes.note(line, format!("`{}` stands before `{}`", is[place], was[place]));
    }
    changes.found
}

/// What is said of parts that the old table alone has, so that the line is its own.
pub(crate) const GONE_BREAKER: &str = "the breaker is gone";
pub(crate) const GONE_CLASSIFIER: &str = "the classifier is gone";

fn time(time: &Duration) -> String {
    format!("{time:?}")
}

/// `tier 1, class `chat`, with an image`; `all others` without a condition.
fn taken(matches: &RouteMatch) -> String {
    let tier = matches.tier.map(|tier| format!("tier {tier}"));
    let class = matches.class.as_ref().map(|class| format!("class `{class}`"));
    let image = matches.needs_vision.map(|needs| if needs { "with an image" } else { "without an image" }.to_owned());
    let all: Vec<String> = tier.into_iter().chain(class).chain(image).collect();
    if all.is_empty() { "all others".to_owned() } else { all.join(", ") }
}

#[derive(Default)]
struct Changes {
    route: Option<String>,
    found: Vec<TableChange>,
}

impl Changes {
    fn note(&mut self, line: Option<usize>, what: String) {
        self.found.push(TableChange { route: self.route.clone(), line, what });
    }

    /// Notes `name` where two values differ.
    fn compare<T: PartialEq>(
        &mut self,
        line: Option<usize>,
        name: &str,
        (was, is): (T, T),
        shown: impl Fn(&T) -> String,
    ) {
        if was != is {
            self.note(line, format!("{name} {} → {}", shown(&was), shown(&is)));
        }
    }

    fn whole(&mut self, (before, was_at): (&Table, &Places<'_>), (after, is_at): (&Table, &Places<'_>)) {
        match (&before.classifier, &after.classifier) {
            (None, None) => {}
            (Some(was), None) => self.note(Some(was.line), GONE_CLASSIFIER.to_owned()),
            (None, Some(is)) => self.note(Some(is.line), format!("`{}` classifies", is.model)),
            (Some(was), Some(is)) => {
                let at = |key| is_at.classifier(key);
                self.compare(at("model"), "classifier", (&*was.model, &*is.model), |name| format!("`{name}`"));
                self.compare(at("timeout"), "classifier's timeout", (was.timeout, is.timeout), time);
                self.compare(
                    at("default_tier"),
                    "default tier",
                    (was.default_tier, is.default_tier),
                    ToString::to_string,
                );
                let tokens = (was.max_tokens, is.max_tokens);
                self.compare(at("max_tokens"), "classifier's tokens", tokens, ToString::to_string);
                let letters = (was.max_chars, is.max_chars);
                self.compare(at("max_chars"), "classifier's characters", letters, ToString::to_string);
                if was.prompt != is.prompt {
                    self.note(at("prompt"), "the classifier's prompt".to_owned());
                }
            }
        }
        let (was, is) = (&before.failover, &after.failover);
        let at = |key| is_at.failover(key);
        self.compare(at("timeout"), "failover's timeout", (was.timeout, is.timeout), time);
        let order = (was.region_order, is.region_order);
        self.compare(at("region_order"), "region order", order, |order| order.name().to_owned());
        let on = (&was.on, &is.on);
        self.compare(at("on"), "what is failed over on:", on, |on| match on.as_slice() {
            [] => "nothing".to_owned(),
            some => some.iter().map(|group| group.name()).collect::<Vec<_>>().join(", "),
        });
        self.breaker((was.breaker, was_at), (is.breaker, is_at));
        let name = |table: &Table| {
            let name = table.registry.as_ref()?.file_name()?;
            Some(name.to_string_lossy().into_owned())
        };
        let shown = |name: &Option<String>| name.as_ref().map_or_else(|| "none".to_owned(), |name| format!("`{name}`"));
        self.compare(is_at.top("registry"), "registry", (name(before), name(after)), shown);
    }

    fn breaker(&mut self, (was, was_at): (Option<Breaker>, &Places<'_>), (is, is_at): (Option<Breaker>, &Places<'_>)) {
        let (was, is) = match (was, is) {
            (None, None) => return,
            (Some(_), None) => return self.note(was_at.breaker("window"), GONE_BREAKER.to_owned()),
            (None, Some(_)) => return self.note(is_at.breaker("window"), "a breaker".to_owned()),
            (Some(was), Some(is)) => (was, is),
        };
        let at = |key| is_at.breaker(key);
        let ratio = (was.attempt_error_ratio, is.attempt_error_ratio);
        self.compare(at("attempt_error_ratio"), "the breaker's error ratio", ratio, ToString::to_string);
        self.compare(at("window"), "the breaker's window", (was.window, is.window), time);
        let requests = (was.min_requests, is.min_requests);
        self.compare(at("min_requests"), "the breaker's least requests", requests, ToString::to_string);
        self.compare(at("cooldown"), "the breaker's cooldown", (was.cooldown, is.cooldown), time);
    }

    fn routes(&mut self, before: &Route, (after, index, places): (&Route, usize, &Places<'_>)) {
        let at = |key| Some(places.route(index, key));
        self.compare(at("match"), "which requests it takes:", (&before.matches, &after.matches), |matches| {
            taken(matches)
        });
        match (&before.action, &after.action) {
            (Action::HandOff { human_cost: was }, Action::HandOff { human_cost: is }) => {
                let shown =
                    |cost: &Option<_>| cost.as_ref().map_or_else(|| "unknown".to_owned(), |cost| format!("${cost}"));
                self.compare(at("human_cost_usd"), "a person's cost", (*was, *is), shown);
            }
            (Action::Send { .. }, Action::HandOff { .. }) => self.note(at("action"), "a person answers".to_owned()),
            (Action::HandOff { .. }, Action::Send { .. }) => self.note(at("primary"), "a model answers".to_owned()),
            (
                Action::Send { primary: p, fallback: f, on_overflow: o, params: a, max_cost_per_request: c },
                Action::Send { primary, fallback, on_overflow, params, max_cost_per_request },
            ) => {
                self.targets("", at("primary"), p, primary);
                self.targets("fallback ", at("fallback"), f, fallback);
                // By their words: a name knows where in its file it stands.
                let shown = |overflow: &OnOverflow| match overflow {
                    OnOverflow::Reject => "rejected".to_owned(),
                    OnOverflow::Escalate { to } => format!("escalated to `{to}`"),
                    OnOverflow::Chunk { with } => format!("cut for `{with}`"),
                };
                let key = match (o, on_overflow) {
                    (OnOverflow::Escalate { .. }, OnOverflow::Escalate { .. }) => "escalate_to",
                    (OnOverflow::Chunk { .. }, OnOverflow::Chunk { .. }) => "chunk_with",
                    _ => "on_overflow",
                };
                self.compare(at(key), "a prompt over the window:", (shown(o), shown(on_overflow)), String::clone);
                self.params(at("params"), a, params);
                let shown =
                    |cost: &Option<_>| cost.as_ref().map_or_else(|| "none".to_owned(), |cost| format!("${cost}"));
                let limit = (*c, *max_cost_per_request);
                self.compare(at("max_cost_per_request_usd"), "limit of a request's cost", limit, shown);
            }
        }
    }

    fn params(&mut self, line: Option<usize>, before: &[(String, Value)], after: &[(String, Value)]) {
        let find = |params: &'_ [(String, Value)], key: &str| {
            params.iter().find(|(known, _)| known == key).map(|(_, value)| value.to_string())
        };
        let gone = before.iter().filter(|(key, _)| find(after, key).is_none());
        for (key, _) in after.iter().chain(gone) {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
            self.compare(line, &format!("`{key}` of `params`"), (find(before, key), find(after, key)), shown);
        }
    }

    fn targets(&mut self, kind: &str, route: Option<usize>, before: &[Target], after: &[Target]) {
        let names = |targets: &[Target]| -> Vec<String> {
            targets.iter().map(|target| format!("`{}`", target.model)).collect()
        };
        let same = before.len() == after.len();
        if !same {
            let shown = |names: Vec<String>| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
            let line = after.iter().find(|target| before.iter().all(|known| *known.model != *target.model));
            let (was, is) = (shown(names(before)), shown(names(after)));
            self.note(line.map(|target| target.line).or(route), format!("{kind}{was} → {is}"));
        }
        for (was, is) in before.iter().zip(after).filter(|_| same) {
            let line = Some(is.line);
            if *was.model != *is.model {
                self.note(line, format!("{kind}`{}` → `{}`", was.model, is.model));
                continue;
            }
            let provider = |target: &Target| target.provider.as_ref().map(|name| name.text.clone());
            let shown =
                |name: &Option<String>| name.as_deref().map_or_else(|| "any".to_owned(), |name| format!("`{name}`"));
            self.compare(line, &format!("provider of {kind}`{}`", is.model), (provider(was), provider(is)), shown);
            self.compare(line, &format!("weight of `{}`", is.model), (was.weight, is.weight), ToString::to_string);
            let regions = |target: &Target| {
                target.regions.as_ref().map(|names| names.iter().map(|name| name.text.clone()).collect::<Vec<_>>())
            };
            let shown =
                |names: &Option<Vec<String>>| names.as_ref().map_or_else(|| "all".to_owned(), |names| names.join(", "));
            self.compare(line, &format!("regions of {kind}`{}`", is.model), (regions(was), regions(is)), shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "schema = 1\n[[route]]\nname = \"a\"\nmatch = { tier = 1 }\nprimary = [ { model = \"x\" }, { model = \"y\", weight = 2 } ]\n[[route]]\nname = \"b\"\nprimary = [ { model = \"x\" } ]\n";

    fn told(after: &str) -> Vec<String> {
        let read = |text: &str| Table::parse("routes.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
        let told = |change: TableChange| {
            format!("{}:{} {}", change.route.unwrap_or_default(), change.line.unwrap_or(0), change.what)
        };
        table_changes(&read(BEFORE), &read(after)).into_iter().map(told).collect()
    }

    #[test]
    fn a_longer_name_changes_nothing_below_it() {
        let read = |text: &str| Table::parse("routes.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
        let overflow = |action: &str| format!("{BEFORE}{action}\n");
        let escalates = overflow("on_overflow = \"escalate\"\nescalate_to = \"w\"");
        let longer = escalates.replacen("\"x\"", "\"longer\"", 1);
        let whats = |after: &str| -> Vec<String> {
            table_changes(&read(&escalates), &read(after)).into_iter().map(|change| change.what).collect()
        };
        assert_eq!(whats(&longer), ["`x` → `longer`"]);
        let cut = overflow("on_overflow = \"chunk\"\nchunk_with = \"w\"");
        assert_eq!(whats(&cut), ["a prompt over the window: escalated to `w` → cut for `w`"]);
    }

    #[test]
    fn a_change_is_told_with_its_line() {
        assert!(told(BEFORE).is_empty());
        assert!(
            told(&BEFORE.replace("schema = 1", "# a comment\nschema = 1\n")).is_empty(),
            "lines that moved changed nothing"
        );
        assert_eq!(told(&BEFORE.replacen("\"x\"", "\"z\"", 1)), ["a:5 `x` → `z`"]);
        assert_eq!(told(&BEFORE.replace("weight = 2", "weight = 3")), ["a:5 weight of `y` 2 → 3"]);
        assert_eq!(
            told(&BEFORE.replace("tier = 1", "tier = 2, needs_vision = true")),
            ["a:4 which requests it takes: tier 1 → tier 2, with an image"]
        );
        assert_eq!(told(&BEFORE.replace("\"b\"", "\"c\"")), ["c:6 is new", "b:6 is gone"]);
        assert_eq!(
            told(&BEFORE.replace("schema = 1", "schema = 1\n[failover]\ntimeout = \"9s\"")),
            [":3 failover's timeout 30s → 9s"]
        );
    }

    #[test]
    fn each_key_of_classifier_failover_breaker_and_route_has_its_own_line() {
        let table = |timeout: &str, on: &str, least: &str, rest: &str| {
            format!(
                "schema = 1\n[classifier]\nmodel = \"q\"\n{timeout}[failover]\n{on}[failover.breaker]\n{least}\
                 [[route]]\nname = \"a\"\nprimary = [ {{ model = \"x\" }} ]\non_overflow = \"escalate\"\n{rest}"
            )
        };
        let before = table(
            "timeout = \"2s\"\n",
            "on = [\"5xx\"]\n",
            "min_requests = 200\n",
            "escalate_to = \"y\"\nparams = { temperature = 0, top_p = 1 }\n",
        );
        let after = table(
            "timeout = \"1s\"\n",
            "on = [\"5xx\", \"429\"]\n",
            "min_requests = 50\n",
            "escalate_to = \"z\"\nparams = { temperature = 1, seed = 7 }\n",
        );
        let read = |text: &str| Table::parse("routes.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
        let all = |before: &str, after: &str| -> Vec<(usize, String)> {
            let changes = table_changes(&read(before), &read(after));
            changes.into_iter().map(|change| (change.line.unwrap_or(0), change.what)).collect()
        };
        let expected = [
            (4, "classifier's timeout 2s → 1s"),
            (6, "what is failed over on: 5xx → 5xx, 429"),
            (8, "the breaker's least requests 200 → 50"),
            (13, "a prompt over the window: escalated to `y` → escalated to `z`"),
            (14, "`seed` of `params` not set → 7"),
            (14, "`temperature` of `params` 0 → 1"),
            (14, "`top_p` of `params` 1 → not set"),
        ];
        let found = all(&before, &after);
        let shown: Vec<(usize, &str)> = found.iter().map(|(line, what)| (*line, what.as_str())).collect();
        assert_eq!(shown, expected);
        let without = after.replace("[failover.breaker]\nmin_requests = 50\n", "");
        assert_eq!(all(&after, &without), [(7, GONE_BREAKER.to_owned())]);
        assert_eq!(all(&without, &after), [(7, "a breaker".to_owned())]);
    }
}
