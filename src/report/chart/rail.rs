//! Names right of a plot, each beside the end of its line as far as they leave room for one another.

use plotters::style::Color;

use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::{clip, width};
use crate::report::chart::theme::Role;

/// Where a line ends, and what it is called.
pub(crate) struct End {
    pub(crate) at: Point,
    pub(crate) name: String,
    /// What a pointer over the name shows.
    pub(crate) title: String,
    /// The line's colour.
    pub(crate) role: Role,
}

const SIZE: f64 = 11.0;
const LINE: f64 = 13.0;

/// The room that `name` wants right of a plot, in pixels.
pub(crate) fn room(name: &str) -> f64 {
    width(name, SIZE) + BESIDE
}

/// What leader and margin take of that room.
const BESIDE: f64 = 18.0;

/// Writes the names right of `frame` in the order of their ends, within `room` pixels, each with a leader from the end
/// of its line; returns where they stand.
pub(crate) fn draw(canvas: &Canvas<'_>, frame: Rect, mut ends: Vec<End>, room: f64) -> Vec<Rect> {
    ends.sort_by(|a, b| a.at.1.total_cmp(&b.at.1));
    let wanted: Vec<f64> = ends.iter().map(|end| end.at.1).collect();
    let middles = apart(&wanted, LINE, (frame.y0 + LINE / 2.0, frame.y1 - LINE / 2.0));
    let left = frame.x1 + 14.0;
    let mut names = Vec::new();
    for (end, middle) in ends.iter().zip(&middles) {
        let at = end.at;
        let elbow = [(at.0 + 2.5, at.1), (frame.x1.max(at.0 + 2.5), at.1), (left - 2.0, *middle)];
        canvas.line(&elbow, end.role.colour().mix(0.55).stroke_width(8));
        let name = clip(&end.name, SIZE, room - BESIDE);
        canvas.titled(&end.title, || {
            canvas.text(&name, (left, *middle), Type::new(SIZE, Role::Ink), Align::Left);
        });
        let half = LINE / 2.0;
        names.push(Rect { x0: left, y0: middle - half, x1: frame.x1 + room, y1: middle + half });
    }
    names
}

/// Ascending places near `wanted`, which ascend, at least `gap` apart and within `range` as far as that has room.
fn apart(wanted: &[f64], gap: f64, range: (f64, f64)) -> Vec<f64> {
    let mut places = wanted.to_vec();
    let mut least = range.0;
    for place in &mut places {
        *place = place.max(least);
        least = *place + gap;
    }
    let mut most = range.1;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_move_apart_and_stay_within_the_panel() {
        assert_eq!(apart(&[10.0, 50.0], 13.0, (0.0, 100.0)), [10.0, 50.0]);
        assert_eq!(apart(&[50.0, 51.0, 52.0], 13.0, (0.0, 100.0)), [50.0, 63.0, 76.0]);
        assert_eq!(apart(&[90.0, 98.0, 99.0], 13.0, (0.0, 100.0)), [74.0, 87.0, 100.0]);
    }
}
