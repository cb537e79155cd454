//! The strip under a cell's nights: its list price as steps, from 0.

use crate::history::CellLine;
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::width;
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::money;
use crate::report::chart::trend_days::Days;
use crate::report::chart::trend_panel::Drawn;
use crate::report::figures;
use crate::units::UsdPerMtok;

/// The strip's height in pixels.
pub(crate) const HEIGHT: f64 = 36.0;
/// What names of prices take of it.
const NAMES: f64 = 14.0;
const SIZE: f64 = 9.5;

/// A price and the nights it was seen in.
struct Stretch {
    price: UsdPerMtok,
    from: f64,
    to: f64,
}

/// Draws the price of output tokens in `frame`; where none is known the strip says so.
pub(crate) fn draw(canvas: &Canvas<'_>, line: &CellLine<'_>, days: &Days, frame: Rect, drawn: &mut Drawn) {
    canvas.rect(frame, Role::Panel.fill());
    let stretches = stretches(line, days, frame);
    let most = stretches.iter().flatten().map(|one| one.price.as_f64()).fold(0.0, f64::max);
    let y = |price: UsdPerMtok| {
        let share = if most > 0.0 { price.as_f64() / most } else { 0.0 };
        frame.y1 - 3.0 - share * (frame.y1 - frame.y0 - NAMES - 5.0)
    };
    for joined in &stretches {
        let corners: Vec<Point> =
            joined.iter().flat_map(|one| [(one.from, y(one.price)), (one.to, y(one.price))]).collect();
        canvas.line(&corners, Role::Second.stroke(1.5));
        drawn.marks.extend(&corners);
    }
    canvas.rect(frame, Role::Frame.stroke(1.0));
    if stretches.is_empty() {
        let at = (frame.x0 + 6.0, f64::midpoint(frame.y0, frame.y1));
        canvas.text("no list price known", at, Type::new(SIZE, Role::Muted), Align::Left);
        return;
    }
    // The newest price first, then the oldest, then those between as far as there is room.
    let all: Vec<&Stretch> = stretches.iter().flatten().collect();
    let order = [all.len() - 1].into_iter().chain(0..all.len() - 1);
    for one in order.map(|index| all[index]) {
        let name = money(one.price.as_f64());
        let wide = width(&name, SIZE);
        let x0 = one.from.max(frame.x0 + 4.0).min(frame.x1 - 4.0 - wide);
        let rect = Rect { x0, y0: frame.y0 + 1.0, x1: x0 + wide, y1: frame.y0 + NAMES - 1.0 };
        let near = Rect { x0: rect.x0 - 6.0, x1: rect.x1 + 6.0, ..rect };
        if drawn.texts.iter().all(|other| other.shared(&near) <= 0.0) {
            canvas.titled(&format!("{} for a million output tokens", figures::list_price(one.price)), || {
                canvas.text(&name, (x0, f64::midpoint(rect.y0, rect.y1)), Type::new(SIZE, Role::Ink), Align::Left);
            });
            drawn.texts.push(rect);
        }
    }
}

/// The prices in their order, each up to where the next is seen; a night without a known price parts them.
fn stretches(line: &CellLine<'_>, days: &Days, frame: Rect) -> Vec<Vec<Stretch>> {
    let mut all: Vec<Vec<Stretch>> = vec![Vec::new()];
    for point in &line.series.points {
        let x = days.x(frame, point.night.started);
        let joined = all.last_mut().expect("there is always one");
        match (point.row.list_output_usd_per_mtok, joined.last_mut()) {
            (None, None) => {}
            (None, Some(_)) => all.push(Vec::new()),
            (Some(price), Some(last)) => {
                last.to = x;
                if last.price != price {
                    joined.push(Stretch { price, from: x, to: x + LEAST });
                }
            }
            // A single night is a short line.
            (Some(price), None) => joined.push(Stretch { price, from: x - LEAST, to: x + LEAST }),
        }
    }
    all.retain(|joined| !joined.is_empty());
    all
}

/// Half of what one night's price takes.
const LEAST: f64 = 3.0;
