//! A section of the forest plot: its heading, its axis, and a row a comparison.

use plotters::style::Color;

use crate::gate::Severity;
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::diff_axis::ChangeAxis;
use crate::report::chart::diff_columns::{
    Columns, LONGEST_CHANGE, LONGEST_FIGURES, LONGEST_INTERVAL, LONGEST_N, requests,
};
use crate::report::chart::diff_rows::{DiffRow, Effect, Section};
use crate::report::chart::grid::MARGIN;
use crate::report::chart::legend;
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::{clip, width};
use crate::report::chart::theme::Role;

/// What a section's heading and its scale take in pixels.
pub(crate) const HEADING: f64 = 26.0;
pub(crate) const SCALE: f64 = 20.0;

/// What was drawn, in pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawn {
    /// Text beside the plots.
    pub(crate) texts: Vec<Rect>,
    pub(crate) frames: Vec<Rect>,
    /// Each mark with the frame it belongs to.
    pub(crate) marks: Vec<(usize, Point)>,
}

/// One end of what is drawn of a change, in pixels.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) x: f64,
    /// Whether it is open, or beyond the axis, and so an arrow.
    pub(crate) goes_on: bool,
}

/// The lower end of a change's bar, its mark and the upper end; all the same for what is exact.
pub(crate) fn ends(axis: &ChangeAxis, seen: Effect) -> [End; 3] {
    let (first, last) = axis.inside();
    let at = |by: f64| {
        let x = axis.x(by);
        End { x: x.clamp(first, last), goes_on: !(first..=last).contains(&x) }
    };
    let open = |x: f64| End { x, goes_on: true };
    let mark = at(seen.at);
    if seen.exact {
        return [mark; 3];
    }
    [seen.low.map_or_else(|| open(first), at), mark, seen.high.map_or_else(|| open(last), at)]
}

/// A section below `top`.
pub(crate) struct List<'l, 'a> {
    pub(crate) canvas: &'l Canvas<'a>,
    pub(crate) columns: &'l Columns,
    pub(crate) axis: &'l ChangeAxis,
    /// From row to row in pixels, and the size of letters.
    pub(crate) look: (f64, f64),
    pub(crate) top: f64,
}

impl List<'_, '_> {
    /// Draws `section`, and adds to `drawn` what stands where.
    pub(crate) fn draw(&self, section: &Section<'_>, drawn: &mut Drawn) {
        let rows = section.drawn();
        let (left, right) = self.columns.plot;
        let first = self.top + HEADING + SCALE;
        let frame = Rect { x0: left, y0: first, x1: right, y1: first + rows.len() as f64 * self.look.0 };
        self.heading(section);
        self.canvas.rect(frame, Role::Panel.fill());
        self.scale(section, frame);
        self.bounds(section, first);
        let unchanged = self.axis.x(0.0);
        self.canvas.line(&[(unchanged, frame.y0), (unchanged, frame.y1)], Role::Untold.stroke(1.8));
        self.canvas.rect(frame, Role::Frame.stroke(1.0));
        for (index, row) in rows.iter().enumerate() {
            let y = first + (index as f64 + 0.5) * self.look.0;
            self.canvas.titled(&row.title, || {
                legend::verdict(self.canvas, Some(row.word()), (MARGIN + 5.0, y), 4.0);
                self.row(row, y, drawn);
            });
        }
        drawn.frames.push(frame);
        self.texts(rows, drawn);
    }

    /// What is compared and how much worse it may be, and in which direction that is.
    fn heading(&self, section: &Section<'_>) {
        let y = self.top + HEADING / 2.0;
        let measure = section.rule.measure;
        let bold = Type { bold: true, ..Type::new(13.0, Role::Ink) };
        let name = measure.to_string();
        self.canvas.text(&name, (MARGIN, y), bold, Align::Left);
        let mut words = format!("margin {}", measure.told(section.rule.margin));
        if let Some(rule_out) = section.rule.rule_out {
            words += &format!(", rule-out {}", measure.told(rule_out));
        }
        if section.rule.severity == Severity::Warn {
            words += ", warns";
        }
        let letters = Type::new(11.0, Role::Muted);
        let from = MARGIN + bold.width(&name) + 10.0;
        self.canvas.text(&words, (from, y), letters, Align::Left);
        let (left, right) = self.columns.plot;
        let (before, after) = match measure.is_better_when_greater() {
            true => ("← worse", "better →"),
            false => ("← better", "worse →"),
        };
        let left = left.max(from + width(&words, letters.size) + 16.0);
        self.canvas.text(before, (left, y), letters, Align::Left);
        self.canvas.text(after, (right, y), letters, Align::Right);
    }

    /// Draws each row's margin as a band from the baseline on, and its rule-out as an upright tick; those of neighbours join.
    fn bounds(&self, section: &Section<'_>, first: f64) {
        let worse = if section.rule.measure.is_better_when_greater() { -1.0 } else { 1.0 };
        let rows = || section.drawn().iter().enumerate();
        let (left, right) = self.columns.plot;
        let top = |index: usize| first + index as f64 * self.look.0;
        let band = Role::Muted.colour().mix(0.16).filled();
        self.canvas.alike(band, || {
            // One rectangle for all neighbours that are alike: seams between them would show.
            let mut from = 0;
            for (index, row) in rows() {
                let next = section.drawn().get(index + 1);
                if next.is_none_or(|next| next.margin.to_bits() != row.margin.to_bits()) {
                    let (zero, end) = (self.axis.x(0.0), self.axis.x(worse * row.margin).clamp(left, right));
                    let rect = Rect { x0: zero.min(end), y0: top(from), x1: zero.max(end), y1: top(index + 1) };
                    if rect.x1 > rect.x0 {
                        self.canvas.rect(rect, band);
                    }
                    from = index + 1;
                }
            }
        });
        let style = Role::Ink.colour().mix(0.7).stroke_width(12);
        self.canvas.alike(style, || {
            for (index, row) in rows() {
                let x = row.rule_out.map(|rule_out| self.axis.x(worse * rule_out));
                if let Some(x) = x.filter(|x| (left..=right).contains(x)) {
                    self.canvas.line(&[(x, top(index) + 2.0), (x, top(index + 1) - 2.0)], style);
                }
            }
        });
    }

    fn scale(&self, section: &Section<'_>, frame: Rect) {
        let ticks = self.axis.ticks(section.rule);
        self.canvas.alike(Role::Grid.stroke(1.0), || {
            for (x, _) in &ticks {
                self.canvas.line(&[(*x, frame.y0), (*x, frame.y1)], Role::Grid.stroke(1.0));
            }
        });
        let letters = Type::new(11.0, Role::Muted);
        self.canvas.lettered(letters, Align::Centre, || {
            for (x, label) in &ticks {
                self.canvas.text(label, (*x, frame.y0 - 8.0), letters, Align::Centre);
            }
        });
    }

    /// Draws bar and mark of one row about the height `y`, or why there is none.
    fn row(&self, row: &DiffRow, y: f64, drawn: &mut Drawn) {
        let role = legend::colour(Some(row.word()));
        let Some(seen) = row.effect else {
            let (left, right) = self.columns.plot;
            let letters = Type::new(self.look.1 - 1.0, Role::Muted);
            let words = clip(&row.words, letters.size, right - left - 20.0);
            self.canvas.with_halo(|| self.canvas.text(&words, (left + 10.0, y), letters, Align::Left));
            return;
        };
        let [low, mark, high] = ends(self.axis, seen);
        if high.x > low.x {
            self.canvas.line(&[(low.x, y), (high.x, y)], role.stroke(1.4));
        }
        let outwards = |end: End| if end.x <= self.axis.inside().0 { -1.0 } else { 1.0 };
        for end in if seen.exact { vec![mark] } else { vec![low, high] } {
            if end.goes_on {
                let tip = end.x + outwards(end) * 4.0;
                self.canvas.line(&[(end.x, y - 3.0), (tip, y), (end.x, y + 3.0)], role.stroke(1.2));
            } else if !seen.exact {
                self.canvas.line(&[(end.x, y - 3.0), (end.x, y + 3.0)], role.stroke(1.4));
            }
        }
        // Inside of the arrow, so that both are seen.
        let x = if mark.goes_on { mark.x - outwards(mark) * 7.0 } else { mark.x };
        legend::verdict(self.canvas, Some(row.word()), (x, y), 4.0);
        drawn.marks.push((drawn.frames.len(), (x, y)));
    }

    /// Writes the columns of text, each as one group.
    fn texts(&self, rows: &[DiffRow], drawn: &mut Drawn) {
        let (pitch, size) = self.look;
        let head = self.top + HEADING + SCALE - 8.0;
        let Columns { left: [name, region, load], widest, loads, right, .. } = *self.columns;
        let mut column = |heading: &str, x: f64, align: Align, role: Role, text: &dyn Fn(&DiffRow) -> String| {
            if rows.iter().all(|row| text(row).is_empty()) {
                return;
            }
            self.canvas.text(heading, (x, head), Type::new(11.0, Role::Muted), align);
            let letters = Type::new(size, role);
            self.canvas.lettered(letters, align, || {
                for (index, row) in rows.iter().enumerate() {
                    let text = text(row);
                    if text.is_empty() {
                        continue;
                    }
                    let y = self.top + HEADING + SCALE + (index as f64 + 0.5) * pitch;
                    self.canvas.text(&text, (x, y), letters, align);
                    let wide = width(&text, size);
                    let x0 = if align == Align::Right { x - wide } else { x };
                    drawn.texts.push(Rect { x0, y0: y - pitch / 2.0, x1: x0 + wide, y1: y + pitch / 2.0 });
                }
            });
        };
        let clipped = |text: &str, most: f64| clip(text, size, most);
        let what = if rows.iter().all(|row| row.is_routed) { "Route" } else { "Model" };
        column(what, name, Align::Left, Role::Ink, &|row| clipped(&row.name, widest[0]));
        column("Region", region, Align::Left, Role::Muted, &|row| clipped(&row.region, widest[1]));
        if loads {
            column("On", load, Align::Left, Role::Muted, &|row| clipped(&row.load, widest[2]));
        }
        column("From → to", right[0], Align::Right, Role::Ink, &|row| clipped(&row.figures, LONGEST_FIGURES));
        column("Change", right[1], Align::Right, Role::Ink, &|row| clipped(&row.change, LONGEST_CHANGE));
        column("Interval", right[2], Align::Right, Role::Muted, &|row| clipped(&row.interval, LONGEST_INTERVAL));
        column("n each", right[3], Align::Right, Role::Muted, &|row| clipped(&requests(row), LONGEST_N));
    }
}
