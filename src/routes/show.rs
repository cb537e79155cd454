//! A routing table for people: what goes where.

use std::time::Duration;

use comfy_table::{ContentArrangement, Table as Grid, presets};

use crate::routes::coverage::listed;
use crate::routes::table::{Action, Breaker, FailoverOn, OnOverflow, RegionOrder, Route, RouteMatch, Table, Target};

/// What goes where, as a few lines and a row a route, in `width` columns or as wide as it is.
pub fn show(table: &Table, width: Option<u16>) -> String {
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING).force_no_tty();
    if let Some(width) = width {
        grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    grid.set_header(["route", "takes", "first", "then", "over the window"]);
    for route in &table.routes {
        grid.add_row(row(route));
    }
    for (place, column) in grid.column_iter_mut().enumerate() {
        column.set_padding((if place == 0 { 0 } else { 2 }, 0));
    }
    format!("{}\n{}\n\n{}\n", labels(table), again(table), grid.trim_fmt())
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
    let on: Vec<String> = failover.on.iter().map(|group| group_name(*group).to_owned()).collect();
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

fn group_name(group: FailoverOn) -> &'static str {
    match group {
        FailoverOn::Connect => "connect",
        FailoverOn::Timeout => "timeout",
        FailoverOn::Http5xx => "5xx",
        FailoverOn::RateLimited => "429",
        FailoverOn::Outcome(outcome) => outcome.name(),
    }
}

/// `2 s`, `1.5 s`.
fn shown(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::samples::table;

    #[test]
    fn a_table_is_told_in_words_with_a_row_for_each_route() {
        let table = table(
            "[classifier]\nmodel = 'small'\ntimeout = '1500ms'\n\
             [failover]\non = ['429', 'empty']\nregion_order = 'shuffled'\n[failover.breaker]\nattempt_error_ratio = 0.007\n\
             [[route]]\nname = 'person'\nmatch = { tier = 4 }\naction = 'hand_off'\nhuman_cost_usd = '2.50'\n\
             [[route]]\nname = 'seen'\nmatch = { tier = 1, class = 'x', needs_vision = true }\n\
             primary = [{ model = 'eye', weight = 3 }, { model = 'big' }]\nfallback = [{ model = 'eye', regions = ['east'] }]\n\
             on_overflow = 'escalate'\nescalate_to = 'big'\n\
             [[route]]\nname = 'rest'\nprimary = [{ model = 'big' }]\non_overflow = 'chunk'\nchunk_with = 'small'\n",
        );
        insta::assert_snapshot!(show(&table, None), @"");
    }
}
