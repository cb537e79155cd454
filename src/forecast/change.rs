//! What differs between two routing tables, and on which lines.

use crate::routes::{Action, OnOverflow, Route, Table, Target};

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
    changes.whole(before, after);
    let find = |table: &'_ Table, name: &str| table.routes.iter().position(|route| *route.name == *name);
    for route in &after.routes {
        changes.route = Some(route.name.text.clone());
        match find(before, &route.name) {
            Some(place) => changes.routes(&before.routes[place], route),
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

    fn whole(&mut self, before: &Table, after: &Table) {
        match (&before.classifier, &after.classifier) {
            (None, None) => {}
            (Some(was), None) => self.note(Some(was.line), "the classifier is gone".to_owned()),
            (None, Some(is)) => self.note(Some(is.line), format!("`{}` classifies", is.model)),
            (Some(was), Some(is)) => {
                let line = Some(is.line);
                self.compare(line, "classifier", (&*was.model, &*is.model), |name| format!("`{name}`"));
                self.compare(line, "classifier's timeout", (was.timeout, is.timeout), |time| format!("{time:?}"));
                self.compare(line, "default tier", (was.default_tier, is.default_tier), ToString::to_string);
                self.compare(line, "classifier's tokens", (was.max_tokens, is.max_tokens), ToString::to_string);
                self.compare(line, "classifier's characters", (was.max_chars, is.max_chars), ToString::to_string);
                if was.prompt != is.prompt {
                    self.note(line, "the classifier's prompt".to_owned());
                }
            }
        }
        let (was, is) = (&before.failover, &after.failover);
        self.compare(None, "failover's timeout", (was.timeout, is.timeout), |time| format!("{time:?}"));
        self.compare(None, "region order", (was.region_order, is.region_order), |order| {
            format!("{order:?}").to_lowercase()
        });
        if was.on != is.on {
            self.note(None, "what is failed over on".to_owned());
        }
        if was.breaker != is.breaker {
            self.note(None, "the breaker".to_owned());
        }
        if before.registry.as_ref().map(|path| path.file_name()) != after.registry.as_ref().map(|path| path.file_name())
        {
            self.note(None, "the registry".to_owned());
        }
    }

    fn routes(&mut self, before: &Route, after: &Route) {
        let line = Some(after.line);
        if before.matches != after.matches {
            self.note(line, "which requests it takes".to_owned());
        }
        match (&before.action, &after.action) {
            (Action::HandOff { human_cost: was }, Action::HandOff { human_cost: is }) => {
                let shown =
                    |cost: &Option<_>| cost.as_ref().map_or_else(|| "unknown".to_owned(), |cost| format!("${cost}"));
                self.compare(line, "a person's cost", (*was, *is), shown);
            }
            (Action::Send { .. }, Action::HandOff { .. }) => self.note(line, "a person answers".to_owned()),
            (Action::HandOff { .. }, Action::Send { .. }) => self.note(line, "a model answers".to_owned()),
            (
                Action::Send { primary: p, fallback: f, on_overflow: o, params: a, max_cost_per_request: c },
                Action::Send { primary, fallback, on_overflow, params, max_cost_per_request },
            ) => {
                self.targets("", line, p, primary);
                self.targets("fallback ", line, f, fallback);
                // By their words: a name knows where in its file it stands.
                let shown = |overflow: &OnOverflow| match overflow {
                    OnOverflow::Reject => "rejected".to_owned(),
                    OnOverflow::Escalate { to } => format!("escalated to `{to}`"),
                    OnOverflow::Chunk { with } => format!("cut for `{with}`"),
                };
                self.compare(line, "a prompt over the window:", (shown(o), shown(on_overflow)), String::clone);
                if a != params {
                    self.note(line, "`params`".to_owned());
                }
                let shown =
                    |cost: &Option<_>| cost.as_ref().map_or_else(|| "none".to_owned(), |cost| format!("${cost}"));
                self.compare(line, "limit of a request's cost", (*c, *max_cost_per_request), shown);
            }
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
            told(&BEFORE.replace("tier = 1", "tier = 2")),
            ["a:4 which requests it takes"].map(|it| it.replace(":4", ":2"))
        );
        assert_eq!(told(&BEFORE.replace("\"b\"", "\"c\"")), ["c:6 is new", "b:6 is gone"]);
        assert_eq!(
            told(&BEFORE.replace("schema = 1", "schema = 1\n[failover]\ntimeout = \"9s\"")),
            [": 0".replace(' ', "") + " failover's timeout 30s → 9s"]
        );
    }
}
