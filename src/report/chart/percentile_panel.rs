//! One panel of the percentile chart: a region's endpoints under one workload and load.

use plotters::style::Color;

use crate::gate::Standing;
use crate::report::chart::axes::{LABELS_BELOW, Labelled};
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::legend;
use crate::report::chart::limit_line::whose;
use crate::report::chart::panel::TITLE;
use crate::report::chart::rail::{self, End};
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::spectrum::{Line, important};
use crate::report::chart::text::clip;
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::{log_ticks, time};
use crate::units::Micros;

/// Room right of each plot for the names of its lines, in pixels.
pub(crate) const RAIL: f64 = 128.0;

/// The ranges that all panels share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// The greatest `1 / (1 − q)`; the least is 1.
    pub(crate) furthest: f64,
    /// Milliseconds, above 0.
    pub(crate) latency: (f64, f64),
}

/// What a panel shows, and where.
pub(crate) struct Panel<'m> {
    pub(crate) title: String,
    pub(crate) lines: Vec<&'m Line<'m>>,
    /// The plot without its labels and names.
    pub(crate) rect: Rect,
    pub(crate) labelled: Labelled,
    /// Whether there are too many lines to draw each of them.
    pub(crate) dense: bool,
}

/// The named percentiles, as they stand below the axis.
const PERCENTILES: [(f64, &str); 5] =
    [(2.0, "50 %"), (10.0, "90 %"), (100.0, "99 %"), (1e3, "99.9 %"), (1e4, "99.99 %")];

/// Draws the panel and returns where its names stand.
pub(crate) fn draw(canvas: &Canvas<'_>, scale: &Scale, panel: &Panel<'_>) -> Vec<Rect> {
    let frame = panel.rect;
    canvas.rect(frame, Role::Panel.fill());
    grid(canvas, scale, panel);
    canvas.rect(frame, Role::Frame.stroke(1.0));
    let heading = Type { bold: true, ..Type::new(13.0, Role::Ink) };
    let title = clip(&panel.title, 13.0, frame.x1 - frame.x0);
    canvas.text(&title, (frame.x0, frame.y0 - TITLE / 2.0), heading, Align::Left);
    let named: Vec<&Line<'_>> = if panel.dense {
        band(canvas, scale, panel);
        important(&panel.lines).into_iter().map(|index| panel.lines[index]).collect()
    } else {
        panel.lines.clone()
    };
    for line in &named {
        canvas.titled(&line.title, || draw_line(canvas, scale, frame, line));
    }
    // Without a p99 there is nothing to hold against them.
    if named.iter().any(|line| line.p99.is_some()) {
        limits(canvas, scale, panel, &named);
    }
    for line in &named {
        if let Some(p99) = line.p99 {
            let at = scale.at(frame, (100.0, p99));
            canvas.titled(&line.title, || match line.baseline {
                true => legend::baseline(canvas, at),
                false => legend::verdict(canvas, line.standing, at, 4.2),
            });
        }
    }
    // The grey line beside a named one needs no name, and there would be no room for twice as many.
    let ends = named.iter().filter(|line| !line.baseline).map(|line| End {
        at: scale.at(frame, line.end()),
        name: line.name.clone(),
        title: line.title.clone(),
        role: line.role(),
    });
    rail::draw(canvas, frame, ends.collect(), RAIL)
}

impl Scale {
    fn at(&self, frame: Rect, (across, latency): (f64, f64)) -> Point {
        let along = across.ln() / self.furthest.ln();
        let up = (latency / self.latency.0).ln() / (self.latency.1 / self.latency.0).ln();
        (frame.x0 + along * (frame.x1 - frame.x0), frame.y1 - up * (frame.y1 - frame.y0))
    }
}

fn grid(canvas: &Canvas<'_>, scale: &Scale, panel: &Panel<'_>) {
    let (frame, letters) = (panel.rect, Type::new(11.0, Role::Muted));
    for latency in log_ticks(scale.latency, frame.y1 - frame.y0, 17.0) {
        let (_, y) = scale.at(frame, (1.0, latency));
        canvas.line(&[(frame.x0, y), (frame.x1, y)], Role::Grid.stroke(1.0));
        if panel.labelled.left && (frame.y0 + 4.0..frame.y1 - 4.0).contains(&y) {
            canvas.text(&time(latency), (frame.x0 - 6.0, y), letters, Align::Right);
        }
    }
    for (across, name) in PERCENTILES.into_iter().filter(|(across, _)| *across <= scale.furthest) {
        let (x, _) = scale.at(frame, (across, scale.latency.0));
        let weight = if name == "99 %" { Role::Frame } else { Role::Grid };
        canvas.line(&[(x, frame.y0), (x, frame.y1)], weight.stroke(1.0));
        if panel.labelled.below {
            canvas.text(name, (x, frame.y1 + LABELS_BELOW / 2.0), letters, Align::Centre);
        }
    }
}

/// The part with an upper bound is drawn firm, the rest thin.
fn draw_line(canvas: &Canvas<'_>, scale: &Scale, frame: Rect, line: &Line<'_>) {
    let role = line.role();
    let points: Vec<Point> = line.points.iter().map(|point| scale.at(frame, *point)).collect();
    let firm = &points[..line.bounded];
    let thin = &points[line.bounded.saturating_sub(1)..];
    for (part, wide) in [(firm, 1.7), (thin, 0.8)] {
        if part.len() > 1 {
            canvas.line(part, role.stroke(wide));
        }
    }
    let last = points[points.len() - 1];
    canvas.circle(last, 1.6, role.fill());
}

/// From the fastest to the slowest of all lines, as far as at least two of them go.
fn band(canvas: &Canvas<'_>, scale: &Scale, panel: &Panel<'_>) {
    let Some(longest) = panel.lines.iter().max_by(|a, b| a.end().0.total_cmp(&b.end().0)) else { return };
    let mut upper = Vec::new();
    let mut lower = Vec::new();
    for (across, _) in &longest.points {
        let here = |line: &&&Line<'_>| line.end().0 >= *across;
        let at = |line: &Line<'_>| line.points.iter().find(|point| point.0 >= *across).map(|point| point.1);
        let heights: Vec<f64> = panel.lines.iter().filter(here).filter_map(|line| at(line)).collect();
        if heights.len() > 1 {
            let ends =
                heights.iter().fold((f64::MAX, 0.0_f64), |ends, height| (ends.0.min(*height), ends.1.max(*height)));
            lower.push(scale.at(panel.rect, (*across, ends.0)));
            upper.push(scale.at(panel.rect, (*across, ends.1)));
        }
    }
    if upper.len() > 1 {
        let outline: Vec<Point> = upper.into_iter().chain(lower.into_iter().rev()).collect();
        canvas.polygon(&outline, Role::Muted.colour().mix(0.16).filled());
    }
}

/// A dashed tick over p99 at each limit of the lines that are named, with its tier beside it.
fn limits(canvas: &Canvas<'_>, scale: &Scale, panel: &Panel<'_>, named: &[&Line<'_>]) {
    let limit = |line: &&Line<'_>| Some((Standing::limit_of(line.row)?, line.row.tier));
    let mut limits: Vec<(Micros, Option<u8>)> = named.iter().filter_map(limit).collect();
    limits.sort_unstable();
    limits.dedup();
    for (limit, tier) in limits {
        if !(scale.latency.0..=scale.latency.1).contains(&limit.as_ms()) {
            continue;
        }
        let at = scale.at(panel.rect, (100.0, limit.as_ms()));
        legend::dashed(canvas, at, 26.0);
        canvas.with_halo(|| {
            canvas.text(&whose(tier), (at.0 - 17.0, at.1), Type::new(9.5, Role::Muted), Align::Right);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_factor_of_ten_nearer_to_100_percent_takes_as_much_room() {
        let scale = Scale { furthest: 1_000.0, latency: (10.0, 1_000.0) };
        let frame = Rect { x0: 0.0, y0: 0.0, x1: 300.0, y1: 200.0 };
        let at = |across| scale.at(frame, (across, 100.0)).0.round() as i32;
        assert_eq!([at(1.0), at(10.0), at(100.0), at(1_000.0)], [0, 100, 200, 300]);
        assert!((scale.at(frame, (1.0, 100.0)).1 - 100.0).abs() < 1e-9);
    }
}
