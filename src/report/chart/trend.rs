//! The trend chart: latency night by night and the list price below it, a panel a cell.

use crate::history::{CellLine, History};
use crate::report::chart::canvas::{Canvas, Type};
use crate::report::chart::grid::{AXIS_TITLE, MARGIN, WIDTH};
use crate::report::chart::head::Head;
use crate::report::chart::options::ChartOptions;
use crate::report::chart::rect::Rect;
use crate::report::chart::sheet::{Middle, sheet};
use crate::report::chart::theme::Role;
use crate::report::chart::trend_days::Days;
use crate::report::chart::trend_panel::{self, Drawn, LABELS_BELOW, LABELS_LEFT, TITLE};
use crate::report::chart::trend_words::{caption, notice, signs};
use crate::report::trend::words::{self, Differing};

/// Draws `lines`, those of `history`, as a stand-alone SVG of 1,200 pixels' width.
///
/// The first twelve have a panel each, on a latency axis of its own and all over the same nights; the caption says how
/// many have none. Of `options`, theme and prefix apply. The same history gives the same bytes.
pub fn trend(history: &History, lines: &[CellLine<'_>], options: &ChartOptions) -> String {
    draw(history, lines, options).0
}

/// Panels that can still be read.
const MOST_PANELS: usize = 12;

/// The SVG, and where things stand in it.
fn draw(history: &History, lines: &[CellLine<'_>], options: &ChartOptions) -> (String, Vec<Drawn>) {
    let shown = &lines[..lines.len().min(MOST_PANELS)];
    let differing = Differing::among(lines);
    let head = Head::over(words::finding(history, lines), notice(shown), signs(shown));
    let places = places(shown.len(), head.height);
    let days = Days::of(shown);
    sheet(options, &head, |canvas| {
        let mut drawn = Vec::new();
        for (index, line) in shown.iter().enumerate() {
            let labelled = index + columns(shown.len()) >= shown.len();
            let name = differing.name(&line.series);
            drawn.push(trend_panel::draw(canvas, line, &name, &days, places[index], labelled));
        }
        let foot = places.last().map_or(head.height, |rect| rect.y1);
        axis_title(canvas, head.height + TITLE, foot);
        Middle { bottom: foot + LABELS_BELOW + 4.0, caption: caption(shown, lines.len()), drawn }
    })
}

fn axis_title(canvas: &Canvas<'_>, top: f64, foot: f64) {
    let middle = (MARGIN + 6.0, f64::midpoint(top, foot));
    // A single row has no more room than that.
    let words = if foot - top < 220.0 { "Latency (log)" } else { "Latency (log), below it list price ($/M output)" };
    canvas.text_upwards(words, middle, Type::new(12.0, Role::Muted));
}

/// Between the panels of a row, without the labels of the right one.
const BETWEEN: f64 = 14.0;

/// How many panels stand beside each other.
fn columns(panels: usize) -> usize {
    match panels {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// Each panel's plot with its price, without title and labels.
fn places(panels: usize, top: f64) -> Vec<Rect> {
    let columns = columns(panels);
    let left = MARGIN + AXIS_TITLE;
    let wide = (WIDTH - MARGIN - left - BETWEEN * (columns - 1) as f64) / columns as f64;
    let high = if panels <= 2 { 300.0 } else { 168.0 };
    let place = |index: usize| {
        let (row, column) = (index / columns, index % columns);
        let x0 = left + column as f64 * (wide + BETWEEN) + LABELS_LEFT;
        let y0 = top + row as f64 * (TITLE + high + 8.0) + TITLE;
        Rect { x0, y0, x1: x0 + wide - LABELS_LEFT, y1: y0 + high }
    };
    (0..panels).map(place).collect()
}

#[cfg(test)]
mod tests;
