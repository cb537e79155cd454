//! The strip at a panel's foot that names true prices, with a bracket over each group of marks set side by side.

use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::dodge::Slot;
use crate::report::chart::mark::Mark;
use crate::report::chart::rect::Rect;
use crate::report::chart::text::width;
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::money;

/// What the strip takes of a panel's height, in pixels.
pub(crate) const HEIGHT: f64 = 40.0;

const SIZE: f64 = 10.0;
const LINES: usize = 2;
const LINE: f64 = 13.0;

/// Draws brackets and prices, and tells where text stands.
///
/// A bracket's price comes first; that of a mark alone, which the axis tells too, only where there is room.
pub(crate) fn draw(canvas: &Canvas<'_>, marks: &[&Mark], slots: &[Slot], frame: Rect) -> Vec<Rect> {
    let mut groups = groups(marks, slots);
    groups.sort_by(|a, b| (b.members > 1).cmp(&(a.members > 1)).then(a.from.total_cmp(&b.from)));
    let mut taken: Vec<Rect> = Vec::new();
    let mut brackets: Vec<(f64, f64, f64)> = Vec::new();
    let top = frame.y1 - HEIGHT + 5.0;
    for group in groups {
        if group.members > 1 {
            let (from, to) = (group.from - 5.0, group.to + 6.0);
            // Groups may stand in each other; then their brackets stand below each other.
            let covered =
                |foot: f64| brackets.iter().any(|(x0, x1, y)| *x0 < to && from < *x1 && (y - foot).abs() < 1.0);
            let foot = if covered(top + 4.0) { top + 8.0 } else { top + 4.0 };
            brackets.push((from, to, foot));
            canvas.line(&[(from, foot - 4.0), (from, foot), (to, foot), (to, foot - 4.0)], Role::Muted.stroke(1.0));
        }
        let wide = width(&group.words, SIZE);
        let middle =
            f64::midpoint(group.from, group.to).max(frame.x0 + wide / 2.0 + 3.0).min(frame.x1 - wide / 2.0 - 3.0);
        let line = |line: usize| {
            let y0 = top + 8.0 + line as f64 * LINE;
            Rect { x0: middle - wide / 2.0, y0, x1: middle + wide / 2.0, y1: y0 + 12.0 }
        };
        let free = (0..LINES).map(line).find(|rect| taken.iter().all(|other| other.shared(rect) <= 0.0));
        if let Some(rect) = free {
            let letters = Type::new(SIZE, Role::Muted);
            canvas.text(&group.words, (middle, f64::midpoint(rect.y0, rect.y1)), letters, Align::Centre);
            taken.push(rect);
        }
    }
    taken
}

struct Group {
    from: f64,
    to: f64,
    members: usize,
    words: String,
}

fn groups(marks: &[&Mark], slots: &[Slot]) -> Vec<Group> {
    let count = slots.iter().map(|slot| slot.group + 1).max().unwrap_or(0);
    (0..count)
        .map(|number| {
            let mut members: Vec<(&Mark, f64)> = Vec::new();
            members.extend(
                marks.iter().zip(slots).filter(|(_, slot)| slot.group == number).map(|(mark, slot)| (*mark, slot.x)),
            );
            let ends = |values: Vec<f64>| {
                (values.iter().copied().fold(f64::MAX, f64::min), values.iter().copied().fold(f64::MIN, f64::max))
            };
            let (from, to) = ends(members.iter().map(|(_, x)| *x).collect());
            let (least, most) = ends(members.iter().map(|(mark, _)| mark.price).collect());
            let assumed = if members.iter().any(|(mark, _)| mark.assumed) { "~" } else { "" };
            let range = if least < most { format!("–{}", &money(most)[1..]) } else { String::new() };
            Group { from, to, members: members.len(), words: format!("{assumed}{}{range}", money(least)) }
        })
        .collect()
}
