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
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::{log_ticks, time};
use crate::units::Micros;

/// Room right of each plot for the names of its lines, in pixels, and the most of a panel that longer names may have.
const RAIL: f64 = 128.0;
const WIDEST_RAIL: f64 = 0.28;

/// The room that the names of `lines` want right of each plot, where a panel is `wide` pixels.
pub(crate) fn rail(lines: &[&Line<'_>], wide: f64) -> f64 {
    lines.iter().map(|line| rail::room(&line.name)).fold(RAIL, f64::max).min((wide * WIDEST_RAIL).max(RAIL))
}

/// Lines of a panel up to which those that others are held against are named too.
const ALL_NAMED: usize = 8;

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
    /// Room for the names, in pixels.
    pub(crate) rail: f64,
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
    let title = heading.clip(&panel.title, frame.x1 - frame.x0);
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
            canvas.titled(&line.title, || legend::sign(canvas, line.baseline, line.standing, at, 4.2));
        }
    }
    // Where there are many, the grey line beside a named one goes without: there would be no room for twice as many.
    let ends = named.iter().filter(|line| !line.baseline || named.len() <= ALL_NAMED).map(|line| End {
        at: scale.at(frame, line.end()),
        name: line.name.clone(),
        title: line.title.clone(),
        role: line.role(),
    });
    rail::draw(canvas, frame, ends.collect(), panel.rail)
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

/// A dashed tick over p99 at each limit of the lines that are named, with its tier beside it; one beyond the axis is named at
/// the axis' end, with an arrow. Returns where the names stand.
fn limits(canvas: &Canvas<'_>, scale: &Scale, panel: &Panel<'_>, named: &[&Line<'_>]) -> Vec<Rect> {
    let limit = |line: &&Line<'_>| Some((Standing::limit_of(line.row)?, line.row.tier));
    let mut limits: Vec<(Micros, Option<u8>)> = named.iter().filter_map(limit).collect();
    limits.sort_unstable();
    limits.dedup();
    let frame = panel.rect;
    let places = |line: &&Line<'_>| line.points.iter().map(|point| scale.at(frame, *point)).collect::<Vec<Point>>();
    let lines: Vec<Vec<Point>> = named.iter().map(places).collect();
    let at = |ms: f64| scale.at(frame, (100.0, ms.clamp(scale.latency.0, scale.latency.1)));
    let ticks: Vec<f64> = limits.iter().map(|(limit, _)| at(limit.as_ms()).1).collect();
    let mut names: Vec<Rect> = Vec::new();
    for (limit, tier) in limits {
        let ms = limit.as_ms();
        let at = at(ms);
        let words = match (ms > scale.latency.1, ms < scale.latency.0) {
            (true, _) => format!("{}: {} ↑", whose(tier), time(ms)),
            (_, true) => format!("{}: {} ↓", whose(tier), time(ms)),
            _ => {
                legend::dashed(canvas, at, 26.0);
                whose(tier)
            }
        };
        let name = free(at, LIMIT.width(&words), &Around { frame, lines: &lines, names: &names, ticks: &ticks });
        canvas.with_halo(|| {
            let middle = (f64::midpoint(name.x0, name.x1), f64::midpoint(name.y0, name.y1));
            canvas.text(&words, middle, LIMIT, Align::Centre);
        });
        names.push(name);
    }
    names
}

const LIMIT: Type = Type::new(9.5, Role::Muted);

/// What the name of a limit keeps clear of.
#[derive(Clone, Copy)]
struct Around<'a> {
    frame: Rect,
    lines: &'a [Vec<Point>],
    /// Those of other limits that have their place.
    names: &'a [Rect],
    /// The heights of all limits' ticks.
    ticks: &'a [f64],
}

/// The place beside the tick `at` where a name of `wide` pixels lies on no other name, is not taken for that of another tick,
/// and lies on the fewest lines.
fn free(at: Point, wide: f64, around: &Around<'_>) -> Rect {
    let Around { frame, lines, names, ticks } = *around;
    let place = |(across, down): &(f64, f64)| {
        let x0 = at.0 + if *across < 0.0 { across - wide } else { *across };
        // Inside of the plot, also where the tick is at its very edge.
        let y0 = (at.1 + down - 5.5).max(frame.y0 + 1.0).min(frame.y1 - 12.0);
        Rect { x0, y0, x1: x0 + wide, y1: y0 + 11.0 }
    };
    // Left of the tick, right of it, then a line higher and lower: farther away nobody would see whose name it is.
    let steps = [0.0, -11.0, 11.0];
    let places: Vec<Rect> = steps
        .iter()
        .flat_map(|down| [(-17.0, *down), (17.0, *down)])
        .map(|offset| place(&offset))
        .filter(|rect| frame.x0 < rect.x0 && rect.x1 < frame.x1)
        .collect();
    let covered = |rect: &&Rect| {
        let on_names = names.iter().filter(|name| name.shared(rect) > 0.0).count();
        let away = |tick: f64| (f64::midpoint(rect.y0, rect.y1) - tick).abs();
        let mistaken = ticks.iter().filter(|tick| away(**tick) + 2.0 < away(at.1)).count();
        let on_lines = lines.iter().filter(|line| line.windows(2).any(|part| passes(part, rect))).count();
        on_names * 10_000 + mistaken * 100 + on_lines
    };
    places.iter().min_by_key(covered).copied().unwrap_or_else(|| place(&(-17.0, 0.0)))
}

/// Whether the stretch between two points runs through `rect` or touches it.
fn passes(part: &[Point], rect: &Rect) -> bool {
    let [from, to] = [part[0], part[1]];
    (0..=24).any(|step| {
        let along = f64::from(step) / 24.0;
        let (x, y) = (from.0 + (to.0 - from.0) * along, from.1 + (to.1 - from.1) * along);
        rect.x0 - 1.0 < x && x < rect.x1 + 1.0 && rect.y0 - 1.0 < y && y < rect.y1 + 1.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_limit_stands_where_no_line_runs() {
        let frame = Rect { x0: 0.0, y0: 0.0, x1: 300.0, y1: 200.0 };
        // One line along the tick's own height, one that rises right of it.
        let lines = [vec![(0.0, 100.0), (200.0, 100.0)], vec![(160.0, 100.0), (300.0, 80.0)]];
        let around = Around { frame, lines: &lines, names: &[], ticks: &[100.0] };
        let first = free((150.0, 100.0), 30.0, &around);
        assert!(lines.iter().all(|line| line.windows(2).all(|part| !passes(part, &first))), "{first:?}");
        let second = free((150.0, 100.0), 30.0, &Around { names: &[first], ..around });
        assert!(first.shared(&second) <= 0.0, "{second:?}");
        // At the axis' upper end it stays inside.
        assert!(free((150.0, 0.0), 30.0, &Around { lines: &[], ..around }).y0 > 0.0);
        // Nearer to another limit's tick it would be read as that one's.
        let [above, below] = [89.0, 111.0];
        let between = free((150.0, 100.0), 30.0, &Around { ticks: &[100.0, above, below], ..around });
        let middle = f64::midpoint(between.y0, between.y1);
        assert!((middle - 100.0).abs() < (middle - above).abs().min((middle - below).abs()) + 2.0, "{between:?}");
    }

    #[test]
    fn each_factor_of_ten_nearer_to_100_percent_takes_as_much_room() {
        let scale = Scale { furthest: 1_000.0, latency: (10.0, 1_000.0) };
        let frame = Rect { x0: 0.0, y0: 0.0, x1: 300.0, y1: 200.0 };
        let at = |across| scale.at(frame, (across, 100.0)).0.round() as i32;
        assert_eq!([at(1.0), at(10.0), at(100.0), at(1_000.0)], [0, 100, 200, 300]);
        assert!((scale.at(frame, (1.0, 100.0)).1 - 100.0).abs() < 1e-9);
    }
}
