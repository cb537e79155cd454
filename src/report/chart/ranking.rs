//! The ranking: a row an endpoint, the lowest p99 first, with what else decides as columns of text.

use plotters::style::Color;

use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::cost_latency::first_of_each_workload;
use crate::report::chart::grid::{MARGIN, WIDTH};
use crate::report::chart::head::Head;
use crate::report::chart::legend;
use crate::report::chart::mark::{PriceAxis, Span, Tail};
use crate::report::chart::options::ChartOptions;
use crate::report::chart::ranking_row::{Ranked, ranked};
use crate::report::chart::ranking_words::{caption, finding, signs};
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::sheet::{Middle, sheet};
use crate::report::chart::text::{clip, width};
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::{log_ticks, time};
use crate::report::figures;
use crate::report::setting::{Setting, settings_by_route};
use crate::rundir::{CellRow, Run};

/// Draws every endpoint of `run` in the order of its p99, as a stand-alone SVG of 1,200 pixels' width and as high as its
/// rows want.
///
/// Up to three workloads have a list each, under the first load of theirs. Nothing is left out: below 100 successes a
/// row shows the maximum and stands after those with a p99, and a row without a success stands last. The same run gives
/// the same bytes, whatever the order of its rows.
pub fn ranking(run: &Run, options: &ChartOptions) -> String {
    draw(run, options).0
}

/// From row to row in pixels, and the size of letters, by how many rows there are.
const ROOMY: (f64, f64) = (20.0, 12.0);
const DENSE: (f64, f64) = (14.0, 10.5);
const MOST_ROOMY: usize = 60;

/// Rows below which the axis is drawn again, so that it is always in sight.
const ROWS_A_SCALE: usize = 40;

/// What a list's heading, and each repeated scale, take in pixels.
const HEADING: f64 = 26.0;
const SCALE: f64 = 22.0;

/// The widest a name and a region become, in pixels.
const LONGEST_NAME: f64 = 200.0;
const LONGEST_REGION: f64 = 116.0;

/// The SVG, and where text and marks stand in it.
fn draw(run: &Run, options: &ChartOptions) -> (String, Drawn) {
    let all = settings_by_route(run);
    let chosen = first_of_each_workload(&all);
    let lists: Vec<(&Setting<'_>, Vec<Ranked<'_>>)> =
        chosen.iter().map(|setting| (*setting, ranked(run, setting, options.metric))).collect();
    let everything: Vec<&Ranked<'_>> = lists.iter().flat_map(|(_, rows)| rows).collect();
    let head = Head::of(run, finding(run, &lists, options.metric), signs(&everything));
    let look = if everything.len() > MOST_ROOMY { DENSE } else { ROOMY };
    let columns = Columns::of(run, &everything, options, look.1);
    sheet(options, &head, |canvas| {
        let mut drawn = Drawn::default();
        let mut top = head.height;
        for (setting, rows) in &lists {
            if lists.len() > 1 {
                let heading = Type { bold: true, ..Type::new(13.0, Role::Ink) };
                canvas.text(setting.workload, (MARGIN, top + HEADING / 2.0), heading, Align::Left);
                top += HEADING;
            }
            let scale = Scale::over(rows, columns.plot);
            for some in rows.chunks(if rows.len() > MOST_ROOMY { ROWS_A_SCALE } else { MOST_ROOMY }) {
                let list = List { canvas, columns: &columns, scale: &scale, look, top };
                list.draw(run, some, options, &mut drawn);
                top += SCALE + some.len() as f64 * look.0 + 8.0;
            }
        }
        if everything.is_empty() {
            canvas.text("no endpoint to rank", (MARGIN, top + 12.0), Type::new(13.0, Role::Muted), Align::Left);
            top += 24.0;
        }
        Middle { bottom: top, caption: caption(run, &all, &chosen, &everything, options), drawn }
    })
}

/// What was drawn, in pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawn {
    /// Text of the rows.
    texts: Vec<Rect>,
    /// Where marks and intervals may stand.
    frames: Vec<Rect>,
    /// Each mark with the frame it belongs to.
    marks: Vec<(usize, Point)>,
}

/// Where columns stand, in pixels from the picture's left edge.
struct Columns {
    name: f64,
    region: f64,
    /// The middle of the tier's.
    tier: f64,
    /// The plot between the columns of text.
    plot: (f64, f64),
    /// The right edges of p99, price, n and failures.
    right: [f64; 4],
}

impl Columns {
    fn of(run: &Run, rows: &[&Ranked<'_>], options: &ChartOptions, size: f64) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = String>, least: &str, most: f64| {
            texts.map(|text| width(&text, size)).fold(width(least, 11.0), f64::max).min(most)
        };
        let names = widest(&mut rows.iter().map(|row| row.name.clone()), "Model", LONGEST_NAME);
        let region = |row: &&Ranked<'_>| row.row.region.clone().unwrap_or_default();
        let regions = widest(&mut rows.iter().map(region), "Region", LONGEST_REGION);
        let name = MARGIN + 16.0;
        let tier = name + names + 12.0 + regions + 24.0;
        let failures = widest(&mut rows.iter().map(|row| failures(row.row)), "Failed", 150.0);
        let n = widest(&mut rows.iter().map(|row| figures::count(row.row.requests)), "n", 100.0);
        let price = widest(&mut rows.iter().map(|row| row.price_text(run, options.x)), "$/M out", 120.0);
        let tail = widest(&mut rows.iter().map(|row| row.tail_text()), "p99", 120.0);
        let mut right = [WIDTH - MARGIN; 4];
        for (column, wide) in [(2, failures), (1, n), (0, price)] {
            right[column] = right[column + 1] - wide - 14.0;
        }
        Self { name, region: name + names + 12.0, tier, plot: (tier + 22.0, right[0] - tail - 16.0), right }
    }
}

/// The latency axis of a list, log.
struct Scale {
    /// Milliseconds at the plot's ends.
    ends: (f64, f64),
    plot: (f64, f64),
    ticks: Vec<f64>,
}

impl Scale {
    /// The axis that holds every figure of `rows` in `plot`, with room for a sign and an arrow.
    fn over(rows: &[Ranked<'_>], plot: (f64, f64)) -> Self {
        let figures = rows.iter().flat_map(|row| {
            let of = |span: Span| {
                let Span { p50, p50_interval: (low, high), upper } = span;
                [Some(p50), low, high, Some(upper.cap), upper.low, upper.high]
            };
            row.span.map(of).into_iter().flatten().flatten().chain(row.limit)
        });
        let (least, most) = figures.fold((f64::MAX, 0.0_f64), |ends, ms| (ends.0.min(ms), ends.1.max(ms)));
        let (least, most) = if least > most { (100.0, 1_000.0) } else { (least, most.max(least * 2.0)) };
        let (left, right) = (12.0, 20.0);
        let a_pixel = (most / least).ln() / (plot.1 - plot.0 - left - right);
        let ends = (least * (-left * a_pixel).exp(), most * (right * a_pixel).exp());
        Self { ends, plot, ticks: log_ticks((least, most), plot.1 - plot.0 - left - right, 50.0) }
    }

    fn x(&self, ms: f64) -> f64 {
        let along = (ms / self.ends.0).ln() / (self.ends.1 / self.ends.0).ln();
        self.plot.0 + along * (self.plot.1 - self.plot.0)
    }
}

/// Some rows below one drawing of the axis.
struct List<'l, 'a> {
    canvas: &'l Canvas<'a>,
    columns: &'l Columns,
    scale: &'l Scale,
    look: (f64, f64),
    top: f64,
}

impl List<'_, '_> {
    fn draw(&self, run: &Run, rows: &[Ranked<'_>], options: &ChartOptions, drawn: &mut Drawn) {
        let (pitch, _) = self.look;
        let (left, right) = self.columns.plot;
        let first = self.top + SCALE;
        let frame = Rect { x0: left, y0: first, x1: right, y1: first + rows.len() as f64 * pitch };
        self.canvas.rect(frame, Role::Panel.fill());
        self.axis(frame);
        self.canvas.rect(frame, Role::Frame.stroke(1.0));
        let y = |index: usize| first + (index as f64 + 0.5) * pitch;
        for (index, row) in rows.iter().enumerate() {
            self.canvas.titled(&row.title, || self.row(row, y(index), drawn));
        }
        drawn.frames.push(frame);
        self.limits(rows, first);
        self.texts(run, rows, options, drawn);
    }

    fn axis(&self, frame: Rect) {
        self.canvas.alike(Role::Grid.stroke(1.0), || {
            for tick in &self.scale.ticks {
                let x = self.scale.x(*tick);
                self.canvas.line(&[(x, frame.y0), (x, frame.y1)], Role::Grid.stroke(1.0));
            }
        });
        let letters = Type::new(11.0, Role::Muted);
        self.canvas.lettered(letters, Align::Centre, || {
            for tick in &self.scale.ticks {
                self.canvas.text(&time(*tick), (self.scale.x(*tick), frame.y0 - 9.0), letters, Align::Centre);
            }
        });
    }

    /// Draws line, intervals and marks of one row about the height `y`.
    fn row(&self, row: &Ranked<'_>, y: f64, drawn: &mut Drawn) {
        let Some(Span { p50, p50_interval, upper }) = row.span else { return };
        let role = if row.baseline { Role::Untold } else { legend::colour(row.standing) };
        let sign = |at: Point| legend::sign(self.canvas, row.baseline, row.standing, at, 4.0);
        let (middle, cap) = (self.scale.x(p50), self.scale.x(upper.cap));
        let bar = |low: f64, high: f64, half: f64| {
            let rect = Rect { x0: self.scale.x(low), y0: y - half, x1: self.scale.x(high), y1: y + half };
            self.canvas.rect(rect, role.colour().mix(0.32).filled());
        };
        if let (Some(low), Some(high)) = p50_interval {
            bar(low, high, 2.0);
        }
        if let Some(low) = upper.low {
            bar(low, upper.high.unwrap_or(upper.cap).max(low), 3.5);
        }
        self.canvas.line(&[(middle, y), (cap, y)], role.stroke(1.1));
        self.canvas.circle((middle, y), 2.2, role.fill());
        match upper.tail {
            Tail::Maximum => self.canvas.circle((cap, y), 2.6, role.stroke(1.3)),
            Tail::Closed => sign((cap, y)),
            Tail::Open => {
                legend::onwards(self.canvas, (cap + 5.0, y), role);
                sign((cap, y));
            }
        }
        let index = drawn.frames.len();
        drawn.marks.extend([(index, (middle, y)), (index, (cap, y))]);
    }

    /// Draws each row's limit as an upright tick through it; those of neighbours in one tier join to a line.
    fn limits(&self, rows: &[Ranked<'_>], first: f64) {
        let style = Role::Ink.colour().mix(0.7).stroke_width(12);
        self.canvas.alike(style, || {
            for (index, row) in rows.iter().enumerate() {
                let Some(limit) = row.limit else { continue };
                let (x, y) = (self.scale.x(limit), first + index as f64 * self.look.0);
                self.canvas.line(&[(x, y + 2.0), (x, y + self.look.0 - 2.0)], style);
            }
        });
    }

    /// Writes the columns of text, each as one group.
    fn texts(&self, run: &Run, rows: &[Ranked<'_>], options: &ChartOptions, drawn: &mut Drawn) {
        let (pitch, size) = self.look;
        let Columns { name, region, tier, right, .. } = *self.columns;
        let price = match options.x {
            PriceAxis::List => "$/M out",
            PriceAxis::Effective => "$/M eff.",
        };
        let mut column = |heading: &str, x: f64, align: Align, role: Role, text: &dyn Fn(&Ranked<'_>) -> String| {
            let letters = Type::new(11.0, Role::Muted);
            self.canvas.text(heading, (x, self.top + SCALE - 9.0), letters, align);
            let letters = Type::new(size, role);
            self.canvas.lettered(letters, align, || {
                for (index, row) in rows.iter().enumerate() {
                    let (text, y) = (text(row), self.top + SCALE + (index as f64 + 0.5) * pitch);
                    if text.is_empty() {
                        continue;
                    }
                    self.canvas.text(&text, (x, y), letters, align);
                    let wide = width(&text, size);
                    let x0 = match align {
                        Align::Left => x,
                        Align::Centre => x - wide / 2.0,
                        Align::Right => x - wide,
                    };
                    let half = pitch / 2.0;
                    drawn.texts.push(Rect { x0, y0: y - half, x1: x0 + wide, y1: y + half });
                }
            });
        };
        let heading = if rows.iter().any(|row| row.row.route.is_some()) { "Route" } else { "Model" };
        column(heading, name, Align::Left, Role::Ink, &|row| clip(&row.name, size, LONGEST_NAME));
        column("Region", region, Align::Left, Role::Muted, &|row| {
            clip(row.row.region.as_deref().unwrap_or(""), size, LONGEST_REGION)
        });
        column("Tier", tier, Align::Centre, Role::Muted, &|row| {
            row.row.tier.map_or_else(String::new, |tier| tier.to_string())
        });
        column("p99", right[0], Align::Right, Role::Ink, &|row| row.tail_text());
        column(price, right[1], Align::Right, Role::Ink, &|row| row.price_text(run, options.x));
        column("n", right[2], Align::Right, Role::Muted, &|row| figures::count(row.row.requests));
        column("Failed", right[3], Align::Right, Role::Muted, &|row| failures(row.row));
        for (index, row) in rows.iter().enumerate() {
            let y = self.top + SCALE + (index as f64 + 0.5) * pitch;
            legend::sign(self.canvas, row.baseline, row.standing, (MARGIN + 5.0, y), 4.0);
        }
    }
}

fn failures(row: &CellRow) -> String {
    figures::failures(row.failed, row.requests)
}

#[cfg(test)]
mod tests;
