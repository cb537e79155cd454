//! The cost-quality chart: what a better answer costs, a mark a model, where quality was measured or evaluated.

use plotters::style::Color;

use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::cost_quality_model::{Known, Priced, Source, models};
use crate::report::chart::cost_quality_words::{caption, finding, signs};
use crate::report::chart::grid::{AXIS_TITLE, MARGIN, WIDTH};
use crate::report::chart::head::Head;
use crate::report::chart::legend;
use crate::report::chart::naming::{Named, name};
use crate::report::chart::options::ChartOptions;
use crate::report::chart::place::Obstacles;
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::sheet::{Middle, sheet};
use crate::report::chart::text::{clip, width};
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::{linear_ticks, log_ticks, money};
use crate::report::figures;
use crate::rundir::Run;

/// Draws each model of `run` by list price and quality, as a stand-alone SVG of 1,200 pixels' width; absent where no
/// model's quality is known.
///
/// Quality is what the run measured, with its interval, where its workloads expect anything; else the registry's.
///
/// Of `options`, theme and prefix apply. The same run gives the same bytes, whatever the order of its rows.
pub fn cost_quality(run: &Run, options: &ChartOptions) -> Option<String> {
    models(run).iter().any(|model| model.known.is_some()).then(|| draw(run, options).0)
}

/// The plot's height, in pixels.
const HIGH: f64 = 430.0;

/// A lane left of the log axis for what is free, in pixels.
const LANE: f64 = 56.0;

/// How far the ends of an interval reach to either side, in pixels.
const CAP: f64 = 3.0;

/// Two marks nearer than this, in pixels, are moved apart.
const GAP: f64 = 12.0;

/// Where things stand in the picture.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    frame: Rect,
    marks: Vec<Point>,
    labels: Vec<Rect>,
}

fn draw(run: &Run, options: &ChartOptions) -> (String, Drawn) {
    let models = models(run);
    let known: Vec<(&Priced, &Known)> =
        models.iter().filter_map(|model| Some((model, model.known.as_ref()?))).collect();
    let bands: Vec<&Priced> = models.iter().filter(|model| model.known.is_none()).collect();
    let frontier = frontier(&known);
    let source = Source::of(run);
    let head = Head::of(run, finding(run, source, &known, &frontier), signs(source, &known, &bands));
    sheet(options, &head, |canvas| {
        let x0 = MARGIN + AXIS_TITLE + 46.0;
        let y0 = head.height + 12.0;
        let frame = Rect { x0, y0, x1: WIDTH - MARGIN, y1: y0 + HIGH };
        let scale = Scale::over(&models, frame);
        canvas.rect(frame, Role::Panel.fill());
        grid(canvas, &scale, frame);
        let mut taken = shaded(canvas, &scale, source, &bands, frame);
        let places = apart(known.iter().map(|(model, known)| scale.at(model.price.0, known.quality)).collect(), frame);
        stairs(canvas, &scale, &frontier, &known, frame);
        let mut bars: Vec<Rect> = Vec::new();
        for ((model, known), at) in known.iter().zip(&places) {
            canvas.titled(&known.title, || {
                let end = scale.at(model.price.1, known.quality);
                canvas.line(&[*at, (end.0.max(at.0), at.1)], Role::Muted.stroke(1.0));
                bars.extend(interval(canvas, &scale, model.price.0, known, at.0));
                legend::verdict(canvas, known.standing, *at, 5.0);
            });
        }
        canvas.rect(frame, Role::Frame.stroke(1.0));
        taken.extend(places.iter().map(|at| Rect::around(*at, 6.0)));
        let inner = Rect { x0: frame.x0 + 3.0, y0: frame.y0 + 2.0, x1: frame.x1 - 3.0, y1: frame.y1 - 2.0 };
        let wanted: Vec<(Point, Point, &str)> =
            known.iter().zip(&places).map(|((model, _), at)| (*at, *at, model.name.as_str())).collect();
        let obstacles = Obstacles { hard: &taken, dashes: &[], soft: &bars, frame: inner };
        let Named { labels, key } = name(canvas, &wanted, &obstacles);
        let letters = Type::new(12.0, Role::Muted);
        let middle = (f64::midpoint(frame.x0, frame.x1), frame.y1 + 32.0);
        canvas.text("List price, $ per million output tokens (log)", middle, letters, Align::Centre);
        let upwards = (MARGIN + 6.0, f64::midpoint(frame.y0, frame.y1));
        canvas.text_upwards(
            if source == Source::Measured { "Right answers, 0 to 1" } else { "Quality, 0 to 1" },
            upwards,
            letters,
        );
        let caption = caption(run, source, &models, &key);
        Middle { bottom: frame.y1 + 40.0, caption, drawn: Drawn { frame, marks: places, labels } }
    })
}

/// Both axes, in one plot.
struct Scale {
    frame: Rect,
    /// Where prices above 0 begin, in pixels.
    from: f64,
    prices: (f64, f64),
    quality: (f64, f64),
}

impl Scale {
    fn over(models: &[Priced], frame: Rect) -> Self {
        let ends = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::MAX, f64::MIN), |ends, value| (ends.0.min(value), ends.1.max(value)))
        };
        let paid =
            ends(&mut models.iter().flat_map(|model| [model.price.0, model.price.1]).filter(|price| *price > 0.0));
        let (least, most) = if paid.0 > paid.1 { (0.1, 1.0) } else { paid };
        let spare = (most / least).max(4.0).powf(0.08);
        let lane = if models.iter().any(|model| model.price.0 <= 0.0) { LANE } else { 0.0 };
        let (low, high) = ends(&mut models.iter().filter_map(|model| model.known.as_ref()).flat_map(|known| {
            let (low, high) = known.support.as_ref().map_or((known.quality, known.quality), |support| support.interval);
            [low, high]
        }));
        let room = ((high - low) * 0.15).max(0.04);
        Self {
            frame,
            from: frame.x0 + lane,
            prices: (least / spare, most * spare),
            quality: ((low - room).max(-0.02), (high + room).min(1.02)),
        }
    }

    fn at(&self, price: f64, quality: f64) -> Point {
        let along = (price / self.prices.0).ln() / (self.prices.1 / self.prices.0).ln();
        let x = match price > 0.0 {
            true => self.from + along * (self.frame.x1 - self.from),
            false => f64::midpoint(self.frame.x0, self.from),
        };
        let up = (quality - self.quality.0) / (self.quality.1 - self.quality.0);
        (x, self.frame.y1 - up * (self.frame.y1 - self.frame.y0))
    }
}

const TICK: Type = Type::new(11.0, Role::Muted);

fn grid(canvas: &Canvas<'_>, scale: &Scale, frame: Rect) {
    let inner = (scale.prices.0 * 1.02, scale.prices.1 / 1.02);
    for price in log_ticks(inner, frame.x1 - scale.from, 50.0) {
        let (x, _) = scale.at(price, 0.0);
        canvas.line(&[(x, frame.y0), (x, frame.y1)], Role::Grid.stroke(1.0));
        canvas.text(&money(price), (x, frame.y1 + 11.0), TICK, Align::Centre);
    }
    if scale.from > frame.x0 {
        canvas.line(&[(scale.from, frame.y0), (scale.from, frame.y1)], Role::Frame.stroke(1.0));
        let middle = f64::midpoint(frame.x0, scale.from);
        canvas.text("$0", (middle, frame.y1 + 11.0), TICK, Align::Centre);
    }
    // Counted from 0, and shown where the plot begins.
    let high = frame.y1 - frame.y0;
    let shown = (scale.quality.1 - scale.quality.0).max(1e-6);
    for quality in linear_ticks(scale.quality.1.min(1.0), high * scale.quality.1 / shown, 30.0) {
        if quality >= scale.quality.0 {
            let (_, y) = scale.at(1.0, quality);
            canvas.line(&[(frame.x0, y), (frame.x1, y)], Role::Grid.stroke(1.0));
            canvas.text(&figures::rate(quality), (frame.x0 - 6.0, y), TICK, Align::Right);
        }
    }
}

/// Shades the prices of models whose quality is not known, and tells where their names stand.
fn shaded(canvas: &Canvas<'_>, scale: &Scale, source: Source, bands: &[&Priced], frame: Rect) -> Vec<Rect> {
    let mut taken: Vec<Rect> = Vec::new();
    for band in bands {
        let (from, to) = (scale.at(band.price.0, 0.0).0, scale.at(band.price.1, 0.0).0);
        let (x0, x1) = ((from - 3.0).max(frame.x0), (to + 3.0).min(frame.x1));
        let words = format!("{}: price alone", clip(&band.name, 10.0, 120.0));
        let wide = width(&words, 10.0);
        canvas.titled(&format!("{}: published price, quality {}", band.name, source.lacking()), || {
            canvas.rect(Rect { x0, y0: frame.y0, x1, y1: frame.y1 }, Role::Muted.colour().mix(0.16).filled());
        });
        let left = x1 + 2.0 + wide <= frame.x1;
        let at = |line: usize| {
            let y0 = frame.y1 - 15.0 - line as f64 * 13.0;
            let x = if left { x1 + 2.0 } else { x0 - 2.0 - wide };
            Rect { x0: x, y0, x1: x + wide, y1: y0 + 12.0 }
        };
        let lines = ((frame.y1 - frame.y0) / 26.0) as usize;
        let free = (0..lines).map(at).find(|rect| taken.iter().all(|other| other.shared(rect) <= 0.0));
        // Where even half of the height is full, the caption names it.
        if let Some(rect) = free {
            let at = (rect.x0, f64::midpoint(rect.y0, rect.y1));
            canvas.with_halo(|| canvas.text(&words, at, Type::new(10.0, Role::Muted), Align::Left));
            taken.push(rect);
        }
    }
    taken
}

/// Draws the interval of a measured quality, and tells where.
fn interval(canvas: &Canvas<'_>, scale: &Scale, price: f64, known: &Known, x: f64) -> Option<Rect> {
    let (low, high) = known.support.as_ref()?.interval;
    let [low, high] = [low, high].map(|end| scale.at(price, end).1);
    canvas.line(&[(x, low), (x, high)], Role::Muted.stroke(1.0));
    for y in [low, high] {
        canvas.line(&[(x - CAP, y), (x + CAP, y)], Role::Muted.stroke(1.0));
    }
    Some(Rect { x0: x - CAP, y0: high, x1: x + CAP, y1: low })
}

/// Moves marks that would lie on each other sideways, in their order, as far as the plot has room.
fn apart(mut places: Vec<Point>, frame: Rect) -> Vec<Point> {
    for index in 1..places.len() {
        let crowded = |at: Point, others: &[Point]| {
            others.iter().any(|other| (other.0 - at.0).abs() < GAP && (other.1 - at.1).abs() < GAP)
        };
        let (done, rest) = places.split_at_mut(index);
        let place = &mut rest[0];
        while crowded(*place, done) && place.0 + GAP < frame.x1 - 6.0 {
            place.0 += 1.0;
        }
    }
    places
}

/// The models of which none is cheaper and better at once, the cheapest first, by their place among `known`; those of which
/// no cell is valid are none of them.
fn frontier(known: &[(&Priced, &Known)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..known.len()).filter(|index| known[*index].1.is_judged()).collect();
    order.sort_by(|a, b| {
        let key = |index: usize| (known[index].0.price.0, -known[index].1.quality);
        let (a, b) = (key(*a), key(*b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let mut best = f64::MIN;
    order.retain(|index| {
        let quality = known[*index].1.quality;
        let better = quality > best;
        best = best.max(quality);
        better
    });
    order
}

/// Draws the frontier as stairs: between two models nothing better can be bought than the cheaper one.
fn stairs(canvas: &Canvas<'_>, scale: &Scale, frontier: &[usize], known: &[(&Priced, &Known)], frame: Rect) {
    if frontier.is_empty() {
        return;
    }
    let mut points: Vec<Point> = Vec::new();
    for index in frontier {
        let at = scale.at(known[*index].0.price.0, known[*index].1.quality);
        points.extend(points.last().map(|last| (at.0, last.1)));
        points.push(at);
    }
    points.extend(points.last().map(|last| (frame.x1, last.1)));
    canvas.line(&points, Role::Frame.stroke(1.6));
}

#[cfg(test)]
mod tests;
