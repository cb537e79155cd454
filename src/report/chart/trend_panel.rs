//! One cell of the trend chart: p50 to p99 night by night, and its list price below on the same days.

use plotters::style::Color;

use crate::history::{CellLine, Figure};
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::legend;
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::{clip, width};
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::{linear_ticks, log_ticks, time};
use crate::report::chart::trend_days::{Days, SIZE};
use crate::report::chart::trend_price;
use crate::report::parts::Word;
use crate::report::trend::words;

/// What a panel's name takes, in pixels.
pub(crate) const TITLE: f64 = 21.0;
/// Room for tick labels left of a plot.
pub(crate) const LABELS_LEFT: f64 = 46.0;
/// Room for days below the last plots.
pub(crate) const LABELS_BELOW: f64 = 20.0;
/// Free above the figures, where turns are named.
const TURNS: f64 = 16.0;
/// Free below the figures, where nights stand that may not be judged.
const FOOT: f64 = 12.0;

/// What was drawn, in pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawn {
    /// The plot, then that of the price.
    pub(crate) frames: Vec<Rect>,
    /// Every figure and mark.
    pub(crate) marks: Vec<Point>,
    /// All text inside the frames, and days.
    pub(crate) texts: Vec<Rect>,
}

/// Draws `line` as `name` in `rect`, which both plots share; days are named where `labelled`.
pub(crate) fn draw(
    canvas: &Canvas<'_>,
    line: &CellLine<'_>,
    name: &str,
    days: &Days,
    rect: Rect,
    labelled: bool,
) -> Drawn {
    let price = Rect { y0: rect.y1 - trend_price::HEIGHT, ..rect };
    let frame = Rect { y1: price.y0 - 4.0, ..rect };
    let mut drawn = Drawn { frames: vec![frame, price], ..Drawn::default() };
    title(canvas, line, name, frame);
    canvas.rect(frame, Role::Panel.fill());
    let ticks = days.ticks(rect);
    for (x, _) in &ticks {
        canvas.line(&[(*x, frame.y0), (*x, frame.y1)], Role::Grid.stroke(1.0));
    }
    let panel = Panel { line, days, frame, range: range(line) };
    panel.grid(canvas);
    turns(canvas, &panel, rect.y1, &mut drawn);
    panel.figures(canvas, &mut drawn);
    canvas.rect(frame, Role::Frame.stroke(1.0));
    trend_price::draw(canvas, line, days, price, &mut drawn);
    if labelled {
        for (x, name) in ticks {
            let at = (x, rect.y1 + LABELS_BELOW / 2.0);
            canvas.text(&name, at, Type::new(SIZE, Role::Muted), Align::Centre);
            let half = width(&name, SIZE) / 2.0;
            drawn.texts.push(Rect { x0: x - half, y0: at.1 - 6.0, x1: x + half, y1: at.1 + 6.0 });
        }
    }
    drawn
}

/// The cell's name, and on the right how its last night compares.
fn title(canvas: &Canvas<'_>, line: &CellLine<'_>, name: &str, frame: Rect) {
    let middle = frame.y0 - TITLE / 2.0;
    let said = words::drift_in_short(line);
    let word = words::word(line);
    let right = width(&said, 11.0);
    let ink = if word == Some(Word::Misses) { Role::Ink } else { Role::Muted };
    canvas.text(&said, (frame.x1, middle), Type::new(11.0, ink), Align::Right);
    let sign = if word.is_some() { 18.0 } else { 0.0 };
    if word.is_some() {
        legend::verdict(canvas, word, (frame.x1 - right - 9.0, middle), 4.0);
    }
    let room = frame.x1 - frame.x0 - right - sign - 14.0;
    let of_size = |size: f64| Type { bold: true, ..Type::new(size, Role::Ink) };
    let heading = if of_size(12.5).clip(name, room) == name { of_size(12.5) } else { of_size(11.0) };
    let clipped = heading.clip(&squeezed(name, |text| heading.width(text) <= room), room);
    let shown = || canvas.text(&clipped, (frame.x0, middle), heading, Align::Left);
    if clipped == name { shown() } else { canvas.titled(name, shown) }
}

/// `name` with its longest parts cut until it `fits`: what follows, as a region or a workload, tells neighbours apart.
fn squeezed(name: &str, fits: impl Fn(&str) -> bool) -> String {
    let mut parts: Vec<String> = name.split(BETWEEN).map(str::to_owned).collect();
    let letters = |part: &String| part.chars().count();
    while !fits(&parts.join(BETWEEN)) {
        // Of equally long ones the first, which is the model.
        let longest = (0..parts.len()).rev().max_by_key(|place| letters(&parts[*place]));
        let Some(part) = longest.map(|place| &mut parts[place]).filter(|part| letters(part) > FEWEST_LETTERS) else {
            break;
        };
        let kept = part.trim_end_matches('…');
        *part = kept.chars().take(kept.chars().count() - 1).chain(['…']).collect();
    }
    parts.join(BETWEEN)
}

/// What stands between the parts of a name.
const BETWEEN: &str = " · ";

/// A part keeps so many letters.
const FEWEST_LETTERS: usize = 6;

/// The nights from which on nothing before is held against the cell, upright through both plots.
fn turns(canvas: &Canvas<'_>, panel: &Panel<'_>, foot: f64, drawn: &mut Drawn) {
    for turn in &panel.line.turns {
        let at = &panel.line.series.points[turn.point];
        // Between the night before and the first after it.
        let before = panel.days.x(panel.frame, panel.line.series.points[turn.point - 1].night.started);
        let x = f64::midpoint(before, panel.days.x(panel.frame, at.night.started));
        let version = format!("v{}", at.night.tool_version);
        let all = [
            (turn.tool, version.as_str(), "another version of tollmark"),
            (turn.workload, "workload", "another workload file"),
            (turn.price, "price", "another list price"),
        ];
        let why: Vec<&str> = all.iter().filter(|(is, ..)| *is).map(|(.., words)| *words).collect();
        canvas.titled(&format!("{}: {}", at.night.date(), why.join(", ")), || {
            legend::turn(canvas, x, (panel.frame.y0, foot));
            let names: Vec<&str> = all.iter().filter(|(is, ..)| *is).map(|(_, name, _)| *name).collect();
            let name = clip(&names.join(", "), 9.5, 90.0);
            let wide = width(&name, 9.5);
            let (y0, y1) = (panel.frame.y0 + 2.0, panel.frame.y0 + 14.0);
            // Right of its line, or left of it where the frame ends; without a name where another stands.
            let sides =
                [Rect { x0: x + 3.0, y0, x1: x + 3.0 + wide, y1 }, Rect { x0: x - 3.0 - wide, y0, x1: x - 3.0, y1 }];
            let free =
                |rect: &&Rect| panel.frame.holds(rect) && drawn.texts.iter().all(|other| other.shared(rect) <= 0.0);
            if let Some(rect) = sides.iter().find(free).copied() {
                canvas.text(&name, (rect.x0, f64::midpoint(y0, y1)), Type::new(9.5, Role::Muted), Align::Left);
                drawn.texts.push(rect);
            }
        });
    }
}

struct Panel<'p> {
    line: &'p CellLine<'p>,
    days: &'p Days,
    frame: Rect,
    /// Milliseconds at the lower and the upper end.
    range: Option<(f64, f64)>,
}

impl Panel<'_> {
    /// Where a figure stands; absent without any figure.
    fn y(&self, ms: f64) -> Option<f64> {
        let (least, most) = self.range?;
        let (top, foot) = (self.frame.y0 + TURNS, self.frame.y1 - FOOT);
        Some(foot - (ms / least).ln() / (most / least).ln() * (foot - top))
    }

    fn grid(&self, canvas: &Canvas<'_>) {
        let Some(range) = self.range else { return };
        let high = self.frame.y1 - FOOT - self.frame.y0 - TURNS;
        for tick in ticks(range, high) {
            let Some(y) = self.y(tick) else { continue };
            canvas.line(&[(self.frame.x0, y), (self.frame.x1, y)], Role::Grid.stroke(1.0));
            canvas.text(&time(tick), (self.frame.x0 - 5.0, y), Type::new(10.5, Role::Muted), Align::Right);
        }
    }

    /// Lines, the area between them, then what stands out.
    fn figures(&self, canvas: &Canvas<'_>, drawn: &mut Drawn) {
        let (medians, tails) = (self.runs(Figure::E2eP50), self.runs(Figure::E2eP99));
        for below in medians.iter().filter(|below| below.len() > 1) {
            // Where some nights have no p99 there is nothing to fill.
            let same = |above: &&Vec<Point>| above.len() == below.len() && (above[0].0 - below[0].0).abs() < 1e-9;
            if let Some(above) = tails.iter().find(same) {
                let outline: Vec<Point> = below.iter().chain(above.iter().rev()).copied().collect();
                canvas.polygon(&outline, Role::First.colour().mix(0.16).filled());
            }
        }
        for (runs, wide) in [(&medians, 1.7), (&tails, 0.8)] {
            for run in runs {
                match run.as_slice() {
                    // A night by itself has no line, and must be seen all the same.
                    [alone] => canvas.circle(*alone, wide, Role::First.fill()),
                    run => canvas.line(run, Role::First.stroke(wide)),
                }
                drawn.marks.extend(run);
            }
        }
        self.marks(canvas, drawn);
    }

    /// The nights that follow each other and may be judged, as points; a night without the figure parts them.
    fn runs(&self, figure: Figure) -> Vec<Vec<Point>> {
        let mut all: Vec<Vec<Point>> = vec![Vec::new()];
        for point in &self.line.series.points {
            let value = words::supported(figure, point.row).filter(|_| point.is_judged());
            match value.and_then(|ms| self.y(ms)) {
                Some(y) => {
                    let x = self.days.x(self.frame, point.night.started);
                    all.last_mut().expect("there is always one").push((x, y));
                }
                None => all.push(Vec::new()),
            }
        }
        all.retain(|points| !points.is_empty());
        all
    }

    /// Alerts, new levels and nights that may not be judged.
    fn marks(&self, canvas: &Canvas<'_>, drawn: &mut Drawn) {
        let line = self.line;
        for (index, point) in line.series.points.iter().enumerate() {
            let x = self.days.x(self.frame, point.night.started);
            let alerts: Vec<_> = line.alerts.iter().filter(|alert| alert.point == index).copied().collect();
            if !point.is_judged() {
                let at = (x, self.frame.y1 - 6.0);
                canvas.titled(&format!("{}: not judged", point.night.date()), || {
                    legend::verdict(canvas, Some(Word::Invalid), at, 4.0);
                });
                drawn.marks.push(at);
                continue;
            }
            let Some(y) = Figure::E2eP50.of(point.row).and_then(|ms| self.y(ms)) else { continue };
            if let Some(change) = line.changes.iter().find(|change| change.point == index) {
                let title = format!("{}: a new level, {}", point.night.date(), words::change(change.ratio));
                canvas.titled(&title, || legend::knee(canvas, (x, y)));
            }
            if !alerts.is_empty() {
                let slower = alerts.iter().any(|alert| alert.ratio > 1.0);
                let word = if slower { Word::Misses } else { Word::Meets };
                canvas.titled(&words::night_title(point, &alerts), || {
                    legend::verdict(canvas, Some(word), (x, y), 4.0);
                });
            }
        }
    }
}

/// Round numbers inside `range` with room for their labels on `pixels`: 1-2-5 and the like, or multiples of one step where these are
/// as many, which in a narrow range stand more evenly.
fn ticks(range: (f64, f64), pixels: f64) -> Vec<f64> {
    let round = log_ticks(range, pixels, LABEL);
    // Multiples stand closest at the upper end.
    let fit = pixels / (range.1 / range.0).ln() / LABEL;
    let even: Vec<f64> = linear_ticks(range.1, fit, 1.0).into_iter().filter(|tick| *tick >= range.0).collect();
    if even.len() >= round.len() { even } else { round }
}

/// From one tick label to the next, in pixels.
const LABEL: f64 = 16.0;

/// From the least to the greatest figure that is drawn, at least a factor of 1.6 apart, so that noise does not fill a panel;
/// absent where none is.
fn range(line: &CellLine<'_>) -> Option<(f64, f64)> {
    let judged = line.series.points.iter().filter(|point| point.is_judged());
    let figures = judged.flat_map(|point| {
        [Figure::E2eP50, Figure::E2eP99].into_iter().filter_map(|figure| words::supported(figure, point.row))
    });
    let (least, most) = figures.fold(None, |ends: Option<(f64, f64)>, ms| {
        Some(ends.map_or((ms, ms), |(least, most)| (least.min(ms), most.max(ms))))
    })?;
    let missing = (LEAST_FACTOR / (most / least)).max(1.0).sqrt();
    Some((least / missing / 1.04, most * missing * 1.04))
}

const LEAST_FACTOR: f64 = 1.6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_room_loses_its_longest_parts_and_keeps_what_tells_it_from_its_neighbours() {
        let name = "deepseek-v4-flash · ap-southeast-1 · chat";
        let within = |most: usize| squeezed(name, |text| text.chars().count() <= most);
        assert_eq!(within(50), name);
        assert_eq!(within(38), "deepseek-v4-f… · ap-southeast-1 · chat");
        assert_eq!(within(30), "deepseek-… · ap-southe… · chat");
        assert_eq!(within(3), "deeps… · ap-so… · chat", "what still has no room is clipped");
    }

    #[test]
    fn a_narrow_range_has_several_ticks_that_leave_each_other_room() {
        for (least, most) in [(320.0, 880.0), (90.0, 210.0), (1_050.0, 1_700.0), (45.0, 600.0), (0.4, 3.0)] {
            for pixels in [88.0, 230.0] {
                let found = ticks((least, most), pixels);
                assert!(found.len() >= 3, "{least} to {most} on {pixels}: {found:?}");
                let apart = |pair: &[f64]| (pair[1] / pair[0]).ln() / (most / least).ln() * pixels;
                assert!(found.windows(2).all(|pair| apart(pair) >= LABEL - 1e-9), "{found:?}");
                assert!(found.iter().all(|tick| (least..=most).contains(tick)));
            }
        }
    }
}
