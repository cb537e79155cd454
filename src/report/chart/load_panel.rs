//! One block of the load chart: latency over load, and below it requests a second over the same load.

use std::collections::BTreeSet;

use plotters::style::Color;

use crate::gate::Standing;
use crate::report::chart::axes::LABELS_BELOW;
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::legend;
use crate::report::chart::limit_line::{dashes, whose};
use crate::report::chart::load_line::{Line, Spot};
use crate::report::chart::mark::Tail;
use crate::report::chart::panel::TITLE;
use crate::report::chart::rail::{self, End};
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::width;
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::{linear_ticks, log_ticks, time};
use crate::report::figures;
use crate::report::parts::Word;
use crate::units::Micros;

/// Height of the upper plot, in pixels.
const LATENCY: f64 = 270.0;
/// Height of the lower plot.
const RATE: f64 = 170.0;
/// What the heading of the lower plot takes.
const BETWEEN: f64 = 24.0;
/// What a block takes in all.
pub(crate) const HEIGHT: f64 = TITLE + LATENCY + BETWEEN + RATE + LABELS_BELOW + 20.0;
/// Free at the top of the lower plot, where saturated loads are named.
const STRIP: f64 = 20.0;
/// Free below 0 in the lower plot, so that what stands there covers no label.
const FOOT: f64 = 9.0;
/// How far apart endpoints stand at one load.
const APART: f64 = 9.0;

/// What a block shows, and where.
pub(crate) struct Block<'m> {
    /// The workload, and what all lines share.
    pub(crate) title: String,
    pub(crate) lines: Vec<Line<'m>>,
    /// Whether loads are requests a second.
    pub(crate) open: bool,
    /// Its upper edge.
    pub(crate) top: f64,
    /// Both plots' left and right edge, without labels and names.
    pub(crate) sides: (f64, f64),
}

/// What was drawn, in pixels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawn {
    /// Both plots.
    pub(crate) frames: [Rect; 2],
    /// Every mark's middle, with the plot it stands in.
    pub(crate) marks: Vec<(usize, Point)>,
    /// All text but headings: ticks, names and what is said of saturated loads.
    pub(crate) texts: Vec<Rect>,
}

/// Draws the block.
pub(crate) fn draw(canvas: &Canvas<'_>, block: &Block<'_>) -> Drawn {
    let (x0, x1) = block.sides;
    let upper = Rect { x0, y0: block.top + TITLE, x1, y1: block.top + TITLE + LATENCY };
    let lower = Rect { x0, y0: upper.y1 + BETWEEN, x1, y1: upper.y1 + BETWEEN + RATE };
    let scale = Scale::over(block, upper, lower);
    let mut drawn = Drawn { frames: [upper, lower], marks: Vec::new(), texts: Vec::new() };
    for (frame, title) in [(upper, block.title.as_str()), (lower, "Requests a second: goodput, and all that ended")] {
        let heading = Type { bold: true, ..Type::new(13.0, Role::Ink) };
        canvas.text(&heading.clip(title, x1 - x0), (x0, frame.y0 - 11.0), heading, Align::Left);
        canvas.rect(frame, Role::Panel.fill());
    }
    grid(canvas, block, &scale, &mut drawn);
    for (_, limit) in limits(block) {
        dashes(canvas, upper, scale.latency(limit.as_ms()));
    }
    for (index, line) in block.lines.iter().enumerate() {
        latency(canvas, &scale, line, index, &mut drawn);
        rates(canvas, &scale, line, index, &mut drawn);
    }
    names(canvas, block, &scale, &mut drawn);
    saturated(canvas, block, &scale, &mut drawn);
    for frame in [upper, lower] {
        canvas.rect(frame, Role::Frame.stroke(1.0));
    }
    drawn
}

/// Where figures stand.
struct Scale {
    upper: Rect,
    lower: Rect,
    /// The ends of both plots' axis, above 0.
    loads: (f64, f64),
    /// Milliseconds, above 0.
    latencies: (f64, f64),
    /// The greatest rate that the lower plot holds.
    most: f64,
    lines: usize,
}

impl Scale {
    fn over(block: &Block<'_>, upper: Rect, lower: Rect) -> Self {
        let spots = || block.lines.iter().flat_map(|line| &line.spots);
        let ends = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::MAX, 0.0_f64), |ends, value| (ends.0.min(value), ends.1.max(value)))
        };
        let (least, greatest) = ends(&mut spots().map(|spot| spot.step.load));
        // Room for endpoints side by side and the outermost labels.
        let spare = (greatest / least).powf(0.05);
        let limits = block.lines.iter().filter_map(|line| Standing::limit_of(line.first).map(Micros::as_ms));
        let mut latencies = spots().flat_map(Spot::latencies).chain(limits);
        let (fastest, slowest) = match ends(&mut latencies) {
            (low, high) if low > high => (10.0, 1_000.0),
            (low, high) => (low, high.max(low * 3.0)),
        };
        let (_, most) = ends(&mut spots().flat_map(|spot| [spot.step.goodput_rps, spot.rate]).flatten());
        let high = lower.y1 - lower.y0;
        Self {
            upper,
            lower,
            loads: (least / spare, greatest * spare),
            latencies: (fastest / 1.12, slowest * 1.2),
            most: if most > 0.0 { most * (high - FOOT) / (high - FOOT - STRIP - 8.0) } else { 1.0 },
            lines: block.lines.len(),
        }
    }

    fn load(&self, load: f64) -> f64 {
        let along = (load / self.loads.0).ln() / (self.loads.1 / self.loads.0).ln();
        self.upper.x0 + along * (self.upper.x1 - self.upper.x0)
    }

    /// Where the line of `index` stands at `load`, beside the others.
    fn beside(&self, load: f64, index: usize) -> f64 {
        self.load(load) + (index as f64 - (self.lines as f64 - 1.0) / 2.0) * APART
    }

    fn latency(&self, ms: f64) -> f64 {
        let up = (ms / self.latencies.0).ln() / (self.latencies.1 / self.latencies.0).ln();
        self.upper.y1 - up * (self.upper.y1 - self.upper.y0)
    }

    fn rate(&self, rps: f64) -> f64 {
        let zero = self.lower.y1 - FOOT;
        zero - rps / self.most * (zero - self.lower.y0)
    }
}

const TICK: Type = Type::new(11.0, Role::Muted);

fn grid(canvas: &Canvas<'_>, block: &Block<'_>, scale: &Scale, drawn: &mut Drawn) {
    let (upper, lower) = (scale.upper, scale.lower);
    let mut across = |y: f64, words: &str, frame: Rect| {
        canvas.line(&[(frame.x0, y), (frame.x1, y)], Role::Grid.stroke(1.0));
        if (frame.y0 + 4.0..frame.y1 + 0.1).contains(&y) {
            canvas.text(words, (frame.x0 - 6.0, y), TICK, Align::Right);
            let x1 = frame.x0 - 6.0;
            drawn.texts.push(Rect { x0: x1 - width(words, TICK.size), y0: y - 6.0, x1, y1: y + 6.0 });
        }
    };
    for ms in log_ticks(scale.latencies, upper.y1 - upper.y0, 20.0) {
        across(scale.latency(ms), &time(ms), upper);
    }
    for rps in linear_ticks(scale.most, lower.y1 - lower.y0 - FOOT, 24.0) {
        across(scale.rate(rps), &figures::rate(rps), lower);
    }
    let mut loads: Vec<f64> = block.lines.iter().flat_map(|line| &line.spots).map(|spot| spot.step.load).collect();
    loads.sort_by(f64::total_cmp);
    loads.dedup();
    let mut free = f64::MIN;
    for load in loads {
        let x = scale.load(load);
        for frame in [upper, lower] {
            canvas.line(&[(x, frame.y0), (x, frame.y1)], Role::Grid.stroke(1.0));
        }
        let words = figures::rate(load);
        let half = width(&words, TICK.size) / 2.0;
        if x - half > free {
            let y = lower.y1 + LABELS_BELOW / 2.0;
            canvas.text(&words, (x, y), TICK, Align::Centre);
            drawn.texts.push(Rect { x0: x - half, y0: y - 6.0, x1: x + half, y1: y + 6.0 });
            free = x + half + 6.0;
        }
    }
    let words = if block.open { "Requests a second asked for (log)" } else { "Requests in flight (log)" };
    let middle = (f64::midpoint(upper.x0, upper.x1), lower.y1 + LABELS_BELOW + 8.0);
    canvas.text(words, middle, Type::new(12.0, Role::Muted), Align::Centre);
}

/// p50 as a thin line and p99 as a firm one, each with its interval, and the verdict where p99 stands.
fn latency(canvas: &Canvas<'_>, scale: &Scale, line: &Line<'_>, index: usize, drawn: &mut Drawn) {
    let role = line.role;
    let x = |spot: &Spot<'_>| scale.beside(spot.step.load, index);
    let bar = |at: f64, (low, high): (f64, f64)| {
        let rect = Rect { x0: at - 1.5, y0: scale.latency(high.max(low)), x1: at + 1.5, y1: scale.latency(low) };
        canvas.rect(rect, role.colour().mix(0.35).filled());
    };
    let median = |spot: &Spot<'_>| Some((x(spot), scale.latency(spot.p50?)));
    let tail = |spot: &Spot<'_>| Some((x(spot), scale.latency(spot.upper?.cap)));
    for (wide, points) in [(1.0, whole(line, median)), (2.0, whole(line, tail))] {
        points.iter().filter(|run| run.len() > 1).for_each(|run| canvas.line(run, role.stroke(wide)));
    }
    for (number, spot) in line.spots.iter().enumerate() {
        canvas.titled(&spot.title, || {
            if let Some(interval) = spot.p50_interval {
                bar(x(spot), interval);
            }
            if let Some(at) = median(spot) {
                if line.is_knee(number) {
                    legend::knee(canvas, at);
                }
                canvas.circle(at, 2.4, role.fill());
                drawn.marks.push((0, at));
            }
            let (Some(upper), Some(at)) = (spot.upper, tail(spot)) else { return };
            match (upper.low, upper.tail) {
                (Some(low), Tail::Closed) => bar(at.0, (low, upper.high.unwrap_or(upper.cap))),
                (Some(low), _) => {
                    bar(at.0, (low, upper.cap));
                    legend::upwards(canvas, (at.0, at.1 - 5.5), role);
                }
                (None, _) => {}
            }
            spot.draw(canvas, at);
            drawn.marks.push((0, at));
        });
    }
}

/// Everything that ended as a thin line, goodput as a firm one.
fn rates(canvas: &Canvas<'_>, scale: &Scale, line: &Line<'_>, index: usize, drawn: &mut Drawn) {
    let role = line.role;
    let x = |spot: &Spot<'_>| scale.beside(spot.step.load, index);
    let ended = |spot: &Spot<'_>| Some((x(spot), scale.rate(spot.rate?)));
    let good = |spot: &Spot<'_>| Some((x(spot), scale.rate(spot.step.goodput_rps?)));
    for (wide, points) in [(1.0, whole(line, ended)), (2.0, whole(line, good))] {
        points.iter().filter(|run| run.len() > 1).for_each(|run| canvas.line(run, role.stroke(wide)));
    }
    for (number, spot) in line.spots.iter().enumerate() {
        let Some(at) = good(spot).or_else(|| ended(spot)) else { continue };
        canvas.titled(&spot.title, || {
            if line.is_knee(number) {
                legend::knee(canvas, at);
            }
            if spot.step.row.is_saturated() {
                legend::saturated(canvas, at);
            } else if spot.standing == Some(Word::Invalid) {
                legend::verdict(canvas, spot.standing, at, 4.6);
            } else {
                canvas.circle(at, 2.8, role.fill());
            }
        });
        drawn.marks.push((1, at));
    }
}

/// The points of `line` in parts that no missing figure interrupts.
fn whole<'s>(line: &'s Line<'_>, point: impl Fn(&'s Spot<'s>) -> Option<Point>) -> Vec<Vec<Point>> {
    let points: Vec<Option<Point>> = line.spots.iter().map(point).collect();
    points.split(Option::is_none).map(|part| part.iter().flatten().copied().collect()).collect()
}

/// Names right of both plots, where their lines end, and those of limits.
fn names(canvas: &Canvas<'_>, block: &Block<'_>, scale: &Scale, drawn: &mut Drawn) {
    let tail = |spot: &Spot<'_>| Some(scale.latency(spot.upper?.cap));
    let rate = |spot: &Spot<'_>| Some(scale.rate(spot.step.goodput_rps.or(spot.rate)?));
    let limits = limits(block).into_iter().map(|(tier, limit)| {
        let name = format!("{}: {}", whose(tier), figures::limit(limit));
        let at = (scale.upper.x1 - 2.5, scale.latency(limit.as_ms()));
        End { at, title: format!("the p99 limit of {name}"), name, role: Role::Ink }
    });
    let upper = ends(block, scale, tail).into_iter().chain(limits).collect();
    drawn.texts.extend(rail::draw(canvas, scale.upper, upper, NAMES));
    drawn.texts.extend(rail::draw(canvas, scale.lower, ends(block, scale, rate), NAMES));
}

/// The tiers of the lines with the limits of their p99, each once.
fn limits(block: &Block<'_>) -> BTreeSet<(Option<u8>, Micros)> {
    let limit = |line: &Line<'_>| Some((line.first.tier, Standing::limit_of(line.first)?));
    block.lines.iter().filter_map(limit).collect()
}

/// The last point of each line that has a height by `y`.
fn ends(block: &Block<'_>, scale: &Scale, y: impl Fn(&Spot<'_>) -> Option<f64>) -> Vec<End> {
    let end = |(index, line): (usize, &Line<'_>)| {
        let at = line.spots.iter().rev().find_map(|spot| Some((scale.beside(spot.step.load, index), y(spot)?)))?;
        Some(End { at, name: line.name.clone(), title: line.title.clone(), role: line.role })
    };
    block.lines.iter().enumerate().filter_map(end).collect()
}

/// Room right of the plots for names, in pixels.
pub(crate) const NAMES: f64 = 200.0;

/// At the top of the lower plot, over each load that somebody could not take: how much was dropped.
fn saturated(canvas: &Canvas<'_>, block: &Block<'_>, scale: &Scale, drawn: &mut Drawn) {
    let mut loads: Vec<(f64, Vec<f64>)> = Vec::new();
    for spot in block.lines.iter().flat_map(|line| &line.spots) {
        let Some(ratio) = spot.step.dropped_ratio() else { continue };
        match loads.iter_mut().find(|(load, _)| load.total_cmp(&spot.step.load).is_eq()) {
            Some((_, ratios)) => ratios.push(ratio),
            None => loads.push((spot.step.load, vec![ratio])),
        }
    }
    loads.sort_by(|a, b| b.0.total_cmp(&a.0));
    // From the right, because the greatest load tells most.
    let mut free = scale.lower.x1 - 3.0;
    for (load, ratios) in loads {
        let most = figures::percent(ratios.iter().copied().fold(0.0, f64::max));
        let words = match ratios.len() {
            1 => format!("{most} dropped"),
            _ => format!("up to {most} dropped"),
        };
        let wide = width(&words, 10.5);
        let x1 = (scale.load(load) + wide / 2.0).min(free);
        // Moved too far from its load it would speak of another.
        if x1 < scale.load(load) || x1 - wide < scale.lower.x0 + 3.0 {
            continue;
        }
        let y = scale.lower.y0 + STRIP / 2.0;
        canvas.text(&words, (x1 - wide / 2.0, y), Type::new(10.5, Role::NoticeInk), Align::Centre);
        drawn.texts.push(Rect { x0: x1 - wide, y0: y - 6.0, x1, y1: y + 6.0 });
        free = x1 - wide - 8.0;
    }
}
