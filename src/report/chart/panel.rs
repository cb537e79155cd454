//! One panel of the cost-latency chart: a region's endpoints under one workload and load.

use plotters::style::Color;

use crate::report::chart::axes::{Axes, LABELS_BELOW, Labelled, Plot};
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::dodge::{Slot, dodge, fan};
use crate::report::chart::legend;
use crate::report::chart::limit_line::limit_lines;
use crate::report::chart::mark::{Mark, Tail};
use crate::report::chart::naming::{Named, important, name, one_of_each_name};
use crate::report::chart::place::Obstacles;
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::strip;
use crate::report::chart::theme::Role;
use crate::report::parts::Word;

/// What a panel shows, and where.
pub(crate) struct Panel<'m> {
    /// The region, and the workload where the chart has several.
    pub(crate) title: String,
    pub(crate) marks: Vec<&'m Mark>,
    /// The plot without its labels.
    pub(crate) rect: Rect,
    pub(crate) labelled: Labelled,
    /// Whether there are too many marks for brackets, intervals and all names.
    pub(crate) dense: bool,
}

/// What was drawn, in pixels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawn {
    /// The plot.
    pub(crate) frame: Rect,
    /// Every mark's middle.
    pub(crate) marks: Vec<Point>,
    /// Text inside the plot.
    pub(crate) labels: Vec<Rect>,
    /// Names that did not fit, each as `1 name`, or `name` where not even the number did.
    pub(crate) key: Vec<String>,
    /// Whether marks stand beside their price, under a bracket that names it.
    pub(crate) dodged: bool,
}

/// Height of the line with the panel's title, in pixels.
pub(crate) const TITLE: f64 = 22.0;

/// How near two marks may stand before they are set side by side.
const GAP: f64 = 14.0;

/// The same where regions share a panel, and how far from its price a mark may then stand.
const FAN_GAP: f64 = 8.0;
pub(crate) const FAN_REACH: f64 = 24.0;

pub(crate) fn draw<'a>(canvas: &Canvas<'a>, axes: &Axes, panel: &Panel<'_>) -> Drawn {
    let frame = panel.rect;
    canvas.rect(frame, Role::Panel.fill());
    let plot = Plot::draw(canvas, axes, frame, panel.labelled);
    canvas.rect(frame, Role::Frame.stroke(1.0));
    title(canvas, panel);
    lane(canvas, axes, panel);
    if panel.marks.is_empty() {
        let middle = (f64::midpoint(frame.x0, frame.x1), f64::midpoint(frame.y0, frame.y1));
        canvas.text("no endpoint to draw: see below", middle, Type::new(13.0, Role::Muted), Align::Centre);
    }
    let slots = slots(&plot, axes, panel);
    let points: Vec<Point> =
        panel.marks.iter().zip(&slots).map(|(mark, slot)| (slot.x, plot.at(1.0, mark.p50).1)).collect();
    let mut hard: Vec<Rect> = points.iter().map(|at| Rect::around(*at, if panel.dense { 2.5 } else { 6.0 })).collect();
    let (mut soft, mut dashes) = (Vec::new(), Vec::new());
    if panel.dense {
        let limits = panel.marks.iter().filter_map(|mark| Some((mark.tier, mark.limit?))).collect();
        let limits = limit_lines(canvas, frame, limits, |limit| plot.at(1.0, limit).1);
        hard.extend(&limits);
        draw_dense(canvas, &plot, panel, &points);
    } else {
        for (mark, at) in panel.marks.iter().zip(&points) {
            canvas.titled(&mark.title, || {
                let obstacles = [&mut hard, &mut soft, &mut dashes];
                draw_mark(canvas, &plot, mark, *at, obstacles);
            });
        }
    }
    let strip = if panel.dense { Vec::new() } else { strip::draw(canvas, &panel.marks, &slots, frame) };
    hard.extend(&strip);
    let inner = Rect {
        x0: frame.x0 + 3.0,
        y0: frame.y0 + 2.0,
        x1: frame.x1 - 3.0,
        y1: frame.y1 - if panel.dense { 2.0 } else { strip::HEIGHT },
    };
    let chosen = match panel.marks.first() {
        _ if panel.dense => important(&panel.marks),
        Some(_) if panel.marks.iter().any(|mark| mark.baseline) => {
            (0..panel.marks.len()).filter(|index| !panel.marks[*index].baseline).collect()
        }
        Some(mark) if mark.overlaid.is_some() => one_of_each_name(&panel.marks),
        _ => (0..panel.marks.len()).collect(),
    };
    let cap = |index: usize| match panel.dense {
        true => points[index],
        false => (points[index].0, plot.at(1.0, panel.marks[index].cap).1),
    };
    if panel.dense {
        chosen.iter().for_each(|index| canvas.circle(points[*index], 4.6, Role::Ink.stroke(1.1)));
    }
    let wanted: Vec<(Point, Point, &str)> =
        chosen.into_iter().map(|index| (points[index], cap(index), panel.marks[index].name.as_str())).collect();
    let Named { mut labels, key } =
        name(canvas, &wanted, &Obstacles { hard: &hard, dashes: &dashes, soft: &soft, frame: inner });
    labels.extend(strip);
    let dodged =
        !panel.dense && slots.iter().map(|slot| slot.group + 1).max().is_some_and(|groups| groups < slots.len());
    Drawn { frame, marks: points, labels, key, dodged }
}

fn title(canvas: &Canvas<'_>, panel: &Panel<'_>) {
    let y = panel.rect.y0 - TITLE / 2.0;
    let heading = Type { bold: true, ..Type::new(13.0, Role::Ink) };
    let wide = panel.rect.x1 - panel.rect.x0;
    canvas.text(&heading.clip(&panel.title, wide * 0.5), (panel.rect.x0, y), heading, Align::Left);
    let count = |standing| panel.marks.iter().filter(|mark| !mark.baseline && mark.standing == Some(standing)).count();
    let counts: Vec<String> =
        [(Word::Meets, "meets", "meet"), (Word::Misses, "misses", "miss"), (Word::CannotTell, "unsure", "unsure")]
            .into_iter()
            .chain([(Word::Invalid, "invalid", "invalid")])
            .filter(|(standing, ..)| count(*standing) > 0)
            .map(|(standing, one, more)| {
                format!("{} {}", count(standing), if count(standing) == 1 { one } else { more })
            })
            .collect();
    canvas.text(&counts.join(" · "), (panel.rect.x1, y), Type::new(11.0, Role::Muted), Align::Right);
}

/// What is free stands left of a line of its own, because a log axis has no 0.
fn lane(canvas: &Canvas<'_>, axes: &Axes, panel: &Panel<'_>) {
    if axes.lane > 0.0 {
        let (x, rect) = (panel.rect.x0 + axes.lane, panel.rect);
        canvas.line(&[(x, rect.y0), (x, rect.y1)], Role::Frame.stroke(1.0));
        if panel.labelled.below {
            let at = (rect.x0 + axes.lane / 2.0, rect.y1 + LABELS_BELOW / 2.0 + 0.5);
            canvas.text("$0", at, Type::new(11.0, Role::Muted), Align::Centre);
        }
    }
}

fn slots(plot: &Plot<'_>, axes: &Axes, panel: &Panel<'_>) -> Vec<Slot> {
    let free = panel.rect.x0 + axes.lane / 2.0;
    let place = |mark: &&Mark| if mark.price > 0.0 { plot.at(mark.price, 1.0).0 } else { free };
    let places: Vec<f64> = panel.marks.iter().map(place).collect();
    if panel.dense {
        return places.into_iter().enumerate().map(|(group, x)| Slot { x, group }).collect();
    }
    // A panel of all regions is so full that a group would push its neighbours far from their price.
    if panel.marks.iter().any(|mark| mark.overlaid.is_some()) {
        return fan(&places, FAN_GAP, FAN_REACH);
    }
    dodge(&places, GAP, (panel.rect.x0 + 8.0, panel.rect.x1 - 10.0))
}

/// Draws stem, cap, interval, limit and mark, and notes what labels must or should not cover.
fn draw_mark(canvas: &Canvas<'_>, plot: &Plot<'_>, mark: &Mark, at: Point, obstacles: [&mut Vec<Rect>; 3]) {
    let [hard, soft, dashes] = obstacles;
    let y = |latency: f64| plot.at(1.0, latency).1;
    let role = mark.role();
    let (x, cap) = (at.0, y(mark.cap));
    if let (Some(low), Some(high)) = (mark.low, mark.high.or((mark.tail == Tail::Open).then_some(mark.cap))) {
        let bar = Rect { x0: x + 3.2, y0: y(high.max(low)), x1: x + 5.8, y1: y(low) };
        canvas.rect(bar, role.colour().mix(0.42).filled());
        soft.push(bar);
    }
    canvas.line(&[at, (x, cap)], role.stroke(1.4));
    soft.push(Rect { x0: x - 1.5, y0: cap, x1: x + 1.5, y1: at.1 });
    match mark.tail {
        Tail::Open => legend::open_end(canvas, (x, cap), role),
        Tail::Closed => canvas.line(&[(x - 4.0, cap), (x + 4.0, cap)], role.stroke(2.0)),
        Tail::Maximum => canvas.circle((x, cap), 2.2, role.stroke(1.2)),
    }
    hard.push(Rect { x0: x - 4.0, y0: cap - 2.0, x1: x + 5.0, y1: cap + 2.0 });
    if let Some(limit) = mark.limit {
        let over = (x + 1.0, y(limit));
        legend::dashed(canvas, over, 13.0);
        dashes.push(Rect { x0: over.0 - 6.5, y0: over.1 - 2.0, x1: over.0 + 6.5, y1: over.1 + 2.0 });
    }
    match mark.overlaid.filter(|_| !mark.baseline) {
        Some(index) => {
            legend::region(canvas, index, mark.standing == Some(Word::Meets), at, 4.4);
            if mark.standing == Some(Word::Invalid) {
                legend::cross(canvas, at, 5.6, role.stroke(1.2));
            }
        }
        None => legend::sign(canvas, mark.baseline, mark.standing, at, 5.0),
    }
}

/// Draws faint stems first and the marks over them, those that miss last. What looks alike is one group, because
/// a page of many marks is large.
fn draw_dense(canvas: &Canvas<'_>, plot: &Plot<'_>, panel: &Panel<'_>, points: &[Point]) {
    let alike = [None, Some(Word::Invalid), Some(Word::CannotTell), Some(Word::Meets), Some(Word::Misses)];
    let of = |standing| panel.marks.iter().zip(points).filter(move |(mark, _)| mark.standing == standing);
    for standing in alike {
        let style = legend::colour(standing).colour().mix(0.4).stroke_width(10);
        canvas.alike(style, || {
            for (mark, at) in of(standing) {
                canvas.line(&[*at, (at.0, plot.at(1.0, mark.cap).1)], style);
            }
        });
    }
    for standing in alike {
        let style = legend::simple_style(standing);
        canvas.alike(style, || {
            for (mark, at) in of(standing) {
                canvas.titled(&mark.title, || legend::simple(canvas, standing, *at, 2.8));
            }
        });
    }
}
