//! A routing table for people: what goes where.

use std::time::Duration;

use comfy_table::{ColumnConstraint, ContentArrangement, Table as Grid, Width, presets};

use crate::routes::coverage::listed;
use crate::routes::table::{Action, Breaker, OnOverflow, RegionOrder, Route, RouteMatch, Table, Target};

/// What goes where, as a few lines and a row a route, in `width` columns or as wide as it is.
pub fn show(table: &Table, width: Option<u16>) -> String {
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING).force_no_tty();
    if let Some(width) = width {
        grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let mut rows = vec![["route", "takes", "first", "then", "over the window"].map(str::to_owned)];
    rows.extend(table.routes.iter().map(row));
    grid.set_header(&rows[0]);
    for row in &rows[1..] {
        grid.add_row(row);
    }
    let words = [0, 1, 2, 3, 4].map(|place| longest_word(&rows, place));
    let have_room = width.is_none_or(|width| words.iter().sum::<u16>() + 2 * 4 <= width);
    for (place, column) in grid.column_iter_mut().enumerate() {
        let padding = if place == 0 { 0 } else { 2 };
        column.set_padding((padding, 0));
        // A name that is broken in two is not found by who looks for it.
        if have_room {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(words[place] + padding)));
        }
    }
    format!("{}\n{}\n\n{}\n", labels(table), again(table), grid.trim_fmt())
}

/// Letters of the longest word in a column.
fn longest_word(rows: &[[String; 5]], place: usize) -> u16 {
    let words = rows.iter().flat_map(|row| row[place].split(' '));
    words.map(|word| u16::try_from(word.chars().count()).unwrap_or(u16::MAX)).max().unwrap_or(0)
}

fn labels(table: &Table) -> String {
    let Some(classifier) = &table.classifier else {
        return "Nobody labels requests: only recorded tiers match.".to_owned();
    };
    let within = shown(classifier.timeout);
    format!("`{}` labels each request within {within}; else it is tier {}.", classifier.model, classifier.default_tier)
}

fn again(table: &Table) -> String {
    let failover = &table.failover;
    let on: Vec<String> = failover.on.iter().map(|group| group.name().to_owned()).collect();
    let order = match failover.region_order {
        RegionOrder::Nearest => "the nearest region first",
        RegionOrder::Shuffled => "regions drawn",
        RegionOrder::AsWritten => "regions as written",
    };
    let breaker = failover.breaker.map(|breaker| format!("\n{}", breaks(&breaker))).unwrap_or_default();
    let timeout = shown(failover.timeout);
    format!("Tried again elsewhere after {}, {timeout} an attempt, {order}.{breaker}", listed(&on))
}

fn breaks(breaker: &Breaker) -> String {
    format!(
        "A region is skipped for {} when over {} % of {} attempts or more fail in {}.",
        shown(breaker.cooldown),
        (breaker.attempt_error_ratio * 1e8).round() / 1e6,
        breaker.min_requests,
        shown(breaker.window)
    )
}

fn row(route: &Route) -> [String; 5] {
    let [first, then, over] = match &route.action {
        Action::HandOff { human_cost } => {
            let cost = human_cost.map(|cost| format!(", ${cost}")).unwrap_or_default();
            [format!("a person{cost}"), "–".to_owned(), "–".to_owned()]
        }
        Action::Send { primary, fallback, on_overflow, .. } => {
            let total: f64 = primary.iter().map(|target| target.weight).sum();
            let first: Vec<String> = primary.iter().map(|target| shared(target, primary.len(), total)).collect();
            let then: Vec<String> = fallback.iter().map(within).collect();
            let over = match on_overflow {
                OnOverflow::Reject => "rejected".to_owned(),
                OnOverflow::Escalate { to } => format!("to {to}"),
                OnOverflow::Chunk { with } => format!("cut for {with}"),
            };
            [first.join(", "), if then.is_empty() { "–".to_owned() } else { then.join(", ") }, over]
        }
    };
    [route.name.text.clone(), taken(&route.matches), first, then, over]
}

fn taken(matches: &RouteMatch) -> String {
    let tier = matches.tier.map(|tier| format!("tier {tier}"));
    let class = matches.class.as_ref().map(|class| format!("class {class}"));
    let images = matches.needs_vision.map(|needs| if needs { "with images" } else { "without images" }.to_owned());
    match tier.into_iter().chain(class).chain(images).collect::<Vec<_>>() {
        none if none.is_empty() => "the rest".to_owned(),
        parts => parts.join(", "),
    }
}

fn shared(target: &Target, count: usize, total: f64) -> String {
    if count == 1 || total <= 0.0 {
        return within(target);
    }
    format!("{} {:.0} %", within(target), target.weight / total * 100.0)
}

fn within(target: &Target) -> String {
    let Some(regions) = &target.regions else { return target.model.text.clone() };
    let regions: Vec<&str> = regions.iter().map(|region| &**region).collect();
    format!("{} ({})", target.model, regions.join(" "))
}

/// `2 s`, `1.5 s`.
fn shown(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::samples::table;

    const ROUTES: &str = r#"
[classifier]
model = 'small'
timeout = '1500ms'
[failover]
on = ['429', 'empty']
region_order = 'shuffled'
[failover.breaker]
attempt_error_ratio = 0.007
[[route]]
name = 'person'
match = { tier = 4 }
action = 'hand_off'
human_cost_usd = '2.50'
[[route]]
name = 'seen'
match = { tier = 1, class = 'x', needs_vision = true }
primary = [{ model = 'eye', weight = 3 }, { model = 'eye' }]
fallback = [{ model = 'eye', regions = ['east'] }]
[[route]]
name = 'rest'
match = { tier = 1, needs_vision = false }
primary = [{ model = 'big' }]
on_overflow = 'chunk'
chunk_with = 'small'
[[route]]
name = 'more'
primary = [{ model = 'small' }, { model = 'eye' }]
on_overflow = 'escalate'
escalate_to = 'big'
"#;

    #[test]
    fn a_table_is_told_in_words_with_a_row_for_each_route() {
        let table = table(ROUTES);
        insta::assert_snapshot!(show(&table, None), @r"
        `small` labels each request within 1.5 s; else it is tier 1.
        Tried again elsewhere after 429 and empty, 30 s an attempt, regions drawn.
        A region is skipped for 30 s when over 0.7 % of 200 attempts or more fail in 60 s.

        route   takes                         first                 then        over the window
        person  tier 4                        a person, $2.5        –           –
        seen    tier 1, class x, with images  eye 75 %, eye 25 %    eye (east)  rejected
        rest    tier 1, without images        big                   –           cut for small
        more    the rest                      small 50 %, eye 50 %  –           to big
        ");
    }

    #[test]
    fn no_name_is_broken_where_all_have_room() {
        let shown = show(&Table::built_in(), Some(80));
        let grid = shown.split_once("\n\n").unwrap().1;
        assert!(grid.lines().all(|line| line.chars().count() <= 80), "{grid}");
        for name in ["deepseek-v4-flash", "step-3.5-flash", "hunyuan-turbo", "autocomplete", "(us-west-2"] {
            assert!(grid.split_whitespace().any(|word| word == name), "{name} in\n{grid}");
        }
    }
}
