//! The axes that all panels share: their ranges, and a panel's chart on them.

use std::ops::Range;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::combinators::{BindKeyPoints, IntoLogRange, LogCoord, WithKeyPoints};
use plotters::drawing::DrawingArea;
use plotters::style::{Color, ShapeStyle};

use crate::report::chart::backend::{SvgBackend, UNITS};
use crate::report::chart::canvas::{Canvas, Type, units};
use crate::report::chart::mark::Mark;
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::{log_ticks, money, time};

/// The ranges of the chart, from its marks, their intervals and their limits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axes {
    /// Dollars per million output tokens, above 0.
    pub(crate) price: Range<f64>,
    /// Milliseconds, above 0.
    pub(crate) latency: Range<f64>,
    /// Pixels at the left of each plot that are a lane for what is free; 0 where nothing is.
    pub(crate) lane: f64,
}

/// Room inside a panel, in pixels, that the data's range does not reach into.
pub(crate) struct Room {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) above: f64,
    pub(crate) below: f64,
}

impl Axes {
    /// Ranges that hold every figure of `marks` in a plot of `wide` by `high` pixels, with `room` to spare.
    pub(crate) fn over(marks: &[Mark], wide: f64, high: f64, room: &Room) -> Self {
        let paid = marks.iter().map(|mark| mark.price).filter(|price| *price > 0.0);
        let heights = marks
            .iter()
            .flat_map(|mark| [Some(mark.p50), Some(mark.cap), mark.low, mark.high, mark.limit].into_iter().flatten());
        let lane = if marks.iter().any(|mark| mark.price <= 0.0) { LANE } else { 0.0 };
        Self {
            price: spread(paid, (0.1, 1.0), wide, (room.left + lane, room.right)),
            latency: spread(heights, (100.0, 1000.0), high, (room.below, room.above)),
            lane,
        }
    }
}

/// A log axis has no place for $0, so what is free stands in a lane of this width.
const LANE: f64 = 56.0;

/// The least factor between the ends of the data's range: figures that are alike are shown alike.
const LEAST_FACTOR: f64 = 4.0;

/// The range whose inner part, without `(before, after)` of `pixels`, holds all `values`; `instead` without any.
fn spread(values: impl Iterator<Item = f64>, instead: (f64, f64), pixels: f64, room: (f64, f64)) -> Range<f64> {
    let ends = values.fold(None, |ends: Option<(f64, f64)>, value| {
        Some(ends.map_or((value, value), |(least, most)| (least.min(value), most.max(value))))
    });
    let (least, most) = ends.unwrap_or(instead);
    let missing = (LEAST_FACTOR.ln() - (most / least).ln()).max(0.0) / 2.0;
    let (start, end) = (least.ln() - missing, most.ln() + missing);
    let a_pixel = (end - start) / (pixels - room.0 - room.1);
    (start - room.0 * a_pixel).exp()..(end + room.1 * a_pixel).exp()
}

/// The part of `range` that is left without `before` and `after` of its `pixels`.
fn inner(range: &Range<f64>, pixels: f64, before: f64, after: f64) -> (f64, f64) {
    let factor = range.end / range.start;
    (range.start * factor.powf(before / pixels), range.end / factor.powf(after / pixels))
}

type Log = WithKeyPoints<LogCoord<f64>>;

/// One panel's plot: a chart of plotters, with its grid drawn.
pub(crate) struct Plot<'a> {
    chart: ChartContext<'a, SvgBackend<'a>, Cartesian2d<Log, Log>>,
}

/// Which labels a panel carries; the others of its row or column share them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labelled {
    pub(crate) left: bool,
    pub(crate) below: bool,
}

/// Room for tick labels left of and below a plot, in pixels.
pub(crate) const LABELS_LEFT: f64 = 52.0;
pub(crate) const LABELS_BELOW: f64 = 22.0;

impl<'a> Plot<'a> {
    /// Draws the grid and tick labels of `axes` in `rect`; labels stand outside of it.
    pub(crate) fn draw(canvas: &Canvas<'a>, axes: &Axes, rect: Rect, labelled: Labelled) -> Self {
        let left = if labelled.left { LABELS_LEFT } else { 0.0 };
        let below = if labelled.below { LABELS_BELOW } else { 0.0 };
        let corner = units((rect.x0 - left, rect.y0));
        let size = units((rect.x1 - rect.x0 + left, rect.y1 - rect.y0 + below));
        let area: DrawingArea<SvgBackend<'a>, Shift> = canvas.area.clone().shrink(corner, size);
        let (wide, high) = (rect.x1 - rect.x0, rect.y1 - rect.y0);
        // A tick at the very edge would push its label out of the panel.
        let (first, last) = (axes.lane + 18.0, 18.0);
        let price_ticks = log_ticks(inner(&axes.price, wide, first, last), wide - first - last, 44.0);
        let latency_ticks = log_ticks(inner(&axes.latency, high, 6.0, 6.0), high - 12.0, 17.0);
        let mut chart = ChartBuilder::on(&area)
            .x_label_area_size((below * UNITS) as i32)
            .y_label_area_size((left * UNITS) as i32)
            .build_cartesian_2d(
                axes.price.clone().log_scale().with_key_points(price_ticks),
                axes.latency.clone().log_scale().with_key_points(latency_ticks),
            )
            .expect("the backend never fails");
        let none: ShapeStyle = Role::Grid.colour().mix(0.0).into();
        chart
            .configure_mesh()
            .bold_line_style(Role::Grid.stroke(1.0))
            .light_line_style(none)
            .axis_style(Role::Frame.stroke(1.0))
            .set_all_tick_mark_size(30)
            .label_style(Type::new(11.0, Role::Muted).style())
            .x_label_formatter(&|price| money(*price))
            .y_label_formatter(&|latency| time(*latency))
            .draw()
            .expect("the backend never fails");
        Self { chart }
    }

    /// Where a price and a latency stand, in pixels of the picture.
    pub(crate) fn at(&self, price: f64, latency: f64) -> Point {
        let (x, y) = self.chart.backend_coord(&(price, latency));
        (f64::from(x) / UNITS, f64::from(y) / UNITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_part_of_a_range_holds_the_values_and_not_more() {
        let range = spread([10.0, 1000.0].into_iter(), (1.0, 2.0), 300.0, (50.0, 50.0));
        // Two decades on 200 pixels: 50 more on either side are half a decade each.
        assert!((range.start - 10.0 / 10_f64.sqrt()).abs() < 1e-9);
        assert!((range.end - 1000.0 * 10_f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn one_value_or_none_still_gives_a_range() {
        let one = spread([100.0].into_iter(), (1.0, 2.0), 300.0, (0.0, 0.0));
        assert!((one.start - 50.0).abs() < 1e-9 && (one.end - 200.0).abs() < 1e-9);
        let none = spread([].into_iter(), (1.0, 10.0), 300.0, (0.0, 0.0));
        assert!((none.start - 1.0).abs() < 1e-9 && (none.end - 10.0).abs() < 1e-9);
    }
}
