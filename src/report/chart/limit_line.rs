//! The limits of tiers as dashed lines across a plot.

use plotters::style::Color;

use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::rect::Rect;
use crate::report::chart::text::width;
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::time;

/// Draws one dashed line across `rect` for each of `limits`, a tier, absent where none is known, and milliseconds, at the height that `y` gives it,
/// named at its right end; returns where the names stand.
pub(crate) fn limit_lines(
    canvas: &Canvas<'_>,
    rect: Rect,
    mut limits: Vec<(Option<u8>, f64)>,
    y: impl Fn(f64) -> f64,
) -> Vec<Rect> {
    limits.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    limits.dedup();
    let mut rects = Vec::new();
    for (tier, limit) in limits {
        let y = y(limit);
        dashes(canvas, rect, y);
        let words = format!("{}: {}", whose(tier), time(limit));
        let wide = width(&words, 10.0);
        // From below upwards: a label that would cover the one before stands above that.
        let foot = rects.last().map_or(y - 1.0, |below: &Rect| below.y0.min(y - 1.0));
        let label = Rect { x0: rect.x1 - 4.0 - wide, y0: foot - 12.0, x1: rect.x1 - 3.0, y1: foot };
        canvas.with_halo(|| {
            canvas.text(&words, (rect.x1 - 4.0, foot - 6.0), Type::new(10.0, Role::Ink), Align::Right);
        });
        rects.push(label);
    }
    rects
}

/// Whose limit it is, in a word or two.
pub(crate) fn whose(tier: Option<u8>) -> String {
    tier.map_or_else(|| "limit".to_owned(), |tier| format!("tier {tier}"))
}

/// A dashed line across `rect` at the height `y`.
pub(crate) fn dashes(canvas: &Canvas<'_>, rect: Rect, y: f64) {
    let style = Role::Ink.colour().mix(0.55).stroke_width(10);
    canvas.alike(style, || {
        let mut x = rect.x0;
        while x < rect.x1 {
            canvas.line(&[(x, y), ((x + 5.0).min(rect.x1), y)], style);
            x += 9.0;
        }
    });
}
