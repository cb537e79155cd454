//! The legend: each sign beside its meaning in words, in one or more lines.

use plotters::style::{Color, ShapeStyle};

use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::width;
use crate::report::chart::theme::{REGIONS, Role};
use crate::report::parts::Word;

/// A sign that the legend can explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The mark of a verdict; absent: no limit applies.
    Verdict(Option<Word>),
    /// The short line at the stem's end.
    Cap,
    /// The bar beside the stem.
    Interval,
    /// The ring and the arrow at the end of a stem that has no upper bound.
    Open,
    /// The small ring at the end of a stem that reaches to the maximum.
    Maximum,
    /// The dashed tick.
    Limit,
    /// The thin end of a line.
    Thin,
    /// The stairs of a frontier.
    Stairs,
    /// The area between the fastest and the slowest.
    Band,
    /// A thin and a firm line: the first and the second of what its words name.
    Lines,
    /// The rhombus about a knee.
    Knee,
    /// The square of a load at which requests were dropped.
    Saturated,
    /// The arrow over a figure without an upper bound.
    Upwards,
    /// A line that lies: from its dot to its sign.
    Along,
    /// The arrow to the right of a figure without an upper bound.
    Onwards,
    /// The limit as an upright tick.
    Upright,
    /// The mark of what others are held against.
    Baseline,
    /// The mark of a region, by its place among them, in a plot that holds several.
    Region(usize),
    /// The same, hollow: the limit is missed, or it cannot be told.
    Hollow,
    /// From the median to the slowest tenth.
    Stretch,
    /// The bar of failures.
    Failed,
    /// The upright line that nothing is compared across.
    Turn,
    /// A price that changes.
    Price,
    /// The grey line of what did not change.
    NoChange,
    /// The bar of an interval that lies, with its ends.
    Ends,
}

/// Draws a verdict's sign about `at`: a disc, a triangle, a ring, a cross, or a square where no limit
/// applies.
pub(crate) fn verdict(canvas: &Canvas<'_>, standing: Option<Word>, at: Point, radius: f64) {
    match standing {
        Some(Word::Meets) => canvas.circle(at, radius, Role::Meets.fill()),
        Some(Word::Misses) => {
            let (across, up, down) = (radius * 1.15, radius * 1.2, radius * 0.85);
            let corners = [(at.0, at.1 - up), (at.0 + across, at.1 + down), (at.0 - across, at.1 + down)];
            canvas.polygon(&corners, Role::Misses.fill());
        }
        Some(Word::CannotTell) => {
            canvas.circle(at, radius - 0.5, Role::Panel.fill());
            canvas.circle(at, radius - 0.5, Role::Untold.stroke(1.8));
        }
        Some(Word::Invalid) => cross(canvas, at, radius * 0.8, Role::Untold.stroke(1.8)),
        None => canvas.rect(Rect::around(at, radius * 0.8), Role::Untold.fill()),
    }
}

/// Draws two crossing lines that reach `reach` pixels to all sides.
pub(crate) fn cross(canvas: &Canvas<'_>, (x, y): Point, reach: f64, style: ShapeStyle) {
    canvas.line(&[(x - reach, y - reach), (x + reach, y + reach)], style);
    canvas.line(&[(x - reach, y + reach), (x + reach, y - reach)], style);
}

/// Draws the mark of what others are held against.
fn baseline(canvas: &Canvas<'_>, at: Point) {
    canvas.circle(at, 3.6, Role::Untold.fill());
}

/// Draws the mark of what others are held against where `is_baseline`, else the verdict's; a baseline that is invalid has
/// the cross, since nothing can be held against it.
pub(crate) fn sign(canvas: &Canvas<'_>, is_baseline: bool, standing: Option<Word>, at: Point, radius: f64) {
    match is_baseline && standing != Some(Word::Invalid) {
        true => baseline(canvas, at),
        false => verdict(canvas, standing, at, radius),
    }
}

/// Draws the mark of the region that stands at `index`: colour and shape tell them apart; hollow where `filled` is not.
pub(crate) fn region(canvas: &Canvas<'_>, index: usize, filled: bool, at: Point, radius: f64) {
    let role = REGIONS[index % REGIONS.len()];
    let (x, y) = at;
    let around = |corners: &[(f64, f64)]| -> Vec<Point> {
        corners.iter().map(|(across, down)| (x + across * radius, y + down * radius)).collect()
    };
    let corners = match index % REGIONS.len() {
        0 | 4 => Vec::new(),
        1 => around(&[(0.0, -1.2), (1.15, 0.85), (-1.15, 0.85)]),
        2 | 5 => around(&[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)]),
        _ => around(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]),
    };
    let fill = if filled { role.fill() } else { Role::Panel.fill() };
    // The pale ones of the palette need an outline to be seen on white.
    let rim = if index % REGIONS.len() > 3 && filled { Role::Ink.stroke(0.9) } else { role.stroke(1.6) };
    if corners.is_empty() {
        canvas.circle(at, radius, fill);
        canvas.circle(at, radius, rim);
    } else {
        canvas.polygon(&corners, fill);
        let closed: Vec<Point> = corners.iter().chain(corners.first()).copied().collect();
        canvas.line(&closed, rim);
    }
}

/// The style of [`simple`] signs.
pub(crate) fn simple_style(standing: Option<Word>) -> ShapeStyle {
    match standing {
        Some(Word::CannotTell | Word::Invalid) => Role::Untold.stroke(1.2),
        other => colour(other).fill(),
    }
}

/// Draws a verdict's sign as one shape of one style, for pictures of many marks.
pub(crate) fn simple(canvas: &Canvas<'_>, standing: Option<Word>, at: Point, radius: f64) {
    match standing {
        Some(Word::CannotTell) => canvas.circle(at, radius - 0.4, simple_style(standing)),
        Some(Word::Invalid) => cross(canvas, at, radius * 0.8, simple_style(standing)),
        other => verdict(canvas, other, at, radius),
    }
}

/// The colour that goes with a verdict.
pub(crate) const fn colour(standing: Option<Word>) -> Role {
    match standing {
        Some(Word::Meets) => Role::Meets,
        Some(Word::Misses) => Role::Misses,
        Some(Word::CannotTell | Word::Invalid) | None => Role::Untold,
    }
}

/// A dashed line over `at`, `wide` pixels long.
pub(crate) fn dashed(canvas: &Canvas<'_>, at: Point, wide: f64) {
    let dash = wide / 5.0;
    for step in [0.0, 2.0, 4.0] {
        let x = at.0 - wide / 2.0 + step * dash;
        canvas.line(&[(x, at.1), (x + dash, at.1)], Role::Ink.stroke(1.3));
    }
}

/// The arrow and ring of a stem whose end is open.
pub(crate) fn open_end(canvas: &Canvas<'_>, at: Point, role: Role) {
    canvas.circle(at, 2.6, Role::Panel.fill());
    canvas.circle(at, 2.6, role.stroke(1.3));
    upwards(canvas, (at.0, at.1 - 3.0), role);
}

/// The arrow that says that a figure may be any greater, from `at` on.
pub(crate) fn upwards(canvas: &Canvas<'_>, (x, y): Point, role: Role) {
    canvas.line(&[(x, y), (x, y - 7.0)], role.stroke(1.0));
    canvas.line(&[(x - 2.5, y - 4.5), (x, y - 7.5), (x + 2.5, y - 4.5)], role.stroke(1.0));
}

/// The same to the right.
pub(crate) fn onwards(canvas: &Canvas<'_>, (x, y): Point, role: Role) {
    canvas.line(&[(x, y), (x + 7.0, y)], role.stroke(1.0));
    canvas.line(&[(x + 4.5, y - 2.5), (x + 7.5, y), (x + 4.5, y + 2.5)], role.stroke(1.0));
}

/// What the mark of a baseline means.
pub(crate) const HELD_AGAINST: &str = "A, what the others are held against";

/// What verdicts mean where a mark is one endpoint, in the order of [`verdict_signs`].
pub(crate) const OF_AN_ENDPOINT: [&str; 5] =
    ["meets its tier's p99 limit", "misses it", "cannot be told at this n", "invalid: not judged", "has no limit"];

/// The signs of `marks`, each a baseline or not and its verdict, in `words`: meets, misses, cannot tell, invalid, without a
/// limit; then that of baselines.
pub(crate) fn verdict_signs(words: [&str; 5], marks: &[(bool, Option<Word>)]) -> Vec<(Sign, String)> {
    let verdicts = [Some(Word::Meets), Some(Word::Misses), Some(Word::CannotTell), Some(Word::Invalid), None];
    let own_sign = |standing: Option<Word>| marks.contains(&(false, standing));
    let crossed = |standing: Option<Word>| standing == Some(Word::Invalid) && marks.contains(&(true, standing));
    let shown = verdicts.into_iter().zip(words).filter(|(standing, _)| own_sign(*standing) || crossed(*standing));
    let mut signs: Vec<_> = shown.map(|(standing, words)| (Sign::Verdict(standing), words.to_owned())).collect();
    if marks.iter().any(|(is_baseline, standing)| *is_baseline && *standing != Some(Word::Invalid)) {
        signs.push((Sign::Baseline, HELD_AGAINST.to_owned()));
    }
    signs
}

/// The rhombus about a knee.
pub(crate) fn knee(canvas: &Canvas<'_>, (x, y): Point) {
    let reach = 7.5;
    let corners = [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y), (x, y - reach)];
    canvas.line(&corners, Role::Ink.stroke(1.3));
}

/// The square of a load at which requests were dropped.
pub(crate) fn saturated(canvas: &Canvas<'_>, at: Point) {
    canvas.rect(Rect::around(at, 4.5), Role::Notice.fill());
    canvas.rect(Rect::around(at, 4.5), Role::NoticeInk.stroke(1.6));
}

/// The dotted upright line that nothing is compared across.
pub(crate) fn turn(canvas: &Canvas<'_>, x: f64, (top, foot): (f64, f64)) {
    let style = Role::Ink.colour().mix(0.6).stroke_width(10);
    canvas.alike(style, || {
        let mut y = top;
        while y < foot {
            canvas.line(&[(x, y), (x, (y + 3.0).min(foot))], style);
            y += 5.0;
        }
    });
}

const SIZE: f64 = 12.0;
const LINE: f64 = 19.0;
const GAP: f64 = 20.0;
const SIGN: f64 = 16.0;

/// The entries set into lines of at most `most` pixels: each with its offset from the legend's corner.
pub(crate) fn lay_out(entries: &[(Sign, String)], most: f64) -> (Vec<Point>, f64) {
    let (mut x, mut y, mut places) = (0.0, 0.0, Vec::new());
    for (_, words) in entries {
        let wide = SIGN + width(words, SIZE);
        if x > 0.0 && x + wide > most {
            (x, y) = (0.0, y + LINE);
        }
        places.push((x, y));
        x += wide + GAP;
    }
    (places, y + LINE)
}

/// Draws `entries` where [`lay_out`] put them, from `corner` on.
pub(crate) fn draw(canvas: &Canvas<'_>, entries: &[(Sign, String)], places: &[Point], corner: Point) {
    for ((sign, words), place) in entries.iter().zip(places) {
        let (x, y) = (corner.0 + place.0, corner.1 + place.1 + LINE / 2.0);
        let at = (x + 6.0, y);
        match sign {
            Sign::Verdict(standing) => verdict(canvas, *standing, at, 5.0),
            Sign::Cap => {
                canvas.line(&[(at.0, y - 5.0), (at.0, y + 6.0)], Role::Muted.stroke(1.4));
                canvas.line(&[(at.0 - 4.0, y - 5.0), (at.0 + 4.0, y - 5.0)], Role::Muted.stroke(1.8));
            }
            Sign::Interval => {
                let bar = Rect { x0: at.0 - 1.3, y0: y - 6.0, x1: at.0 + 1.3, y1: y + 6.0 };
                canvas.rect(bar, Role::Muted.colour().mix(0.55).filled());
            }
            Sign::Open => open_end(canvas, (at.0, y + 5.0), Role::Muted),
            Sign::Maximum => {
                canvas.line(&[(at.0, y - 2.0), (at.0, y + 6.0)], Role::Muted.stroke(1.4));
                canvas.circle((at.0, y - 4.0), 2.2, Role::Muted.stroke(1.2));
            }
            Sign::Limit => dashed(canvas, (x + 5.0, y), 12.0),
            Sign::Thin => {
                canvas.line(&[(x - 1.0, y), (at.0, y)], Role::Muted.stroke(1.8));
                canvas.line(&[(at.0, y), (x + 13.0, y)], Role::Muted.stroke(0.8));
            }
            Sign::Lines => {
                canvas.line(&[(x - 1.0, y - 3.0), (x + 12.0, y - 3.0)], Role::Muted.stroke(1.0));
                canvas.line(&[(x - 1.0, y + 3.0), (x + 12.0, y + 3.0)], Role::Muted.stroke(2.0));
            }
            Sign::Knee => knee(canvas, (at.0 - 1.0, y)),
            Sign::Saturated => saturated(canvas, at),
            Sign::Upwards => upwards(canvas, (at.0, y + 4.0), Role::Muted),
            Sign::Along => {
                canvas.line(&[(x - 1.0, y), (x + 11.0, y)], Role::Muted.stroke(1.1));
                canvas.circle((x + 0.5, y), 2.2, Role::Muted.fill());
                canvas.rect(
                    Rect { x0: x + 6.0, y0: y - 3.5, x1: x + 12.0, y1: y + 3.5 },
                    Role::Muted.colour().mix(0.4).filled(),
                );
            }
            Sign::Onwards => onwards(canvas, (x + 1.0, y), Role::Muted),
            Sign::Upright => canvas.line(&[(at.0, y - 7.0), (at.0, y + 7.0)], Role::Ink.stroke(1.2)),
            Sign::Stairs => {
                let steps = [(x - 1.0, y + 5.0), (x + 5.0, y + 5.0), (x + 5.0, y - 4.0), (x + 13.0, y - 4.0)];
                canvas.line(&steps, Role::Frame.stroke(1.6));
            }
            Sign::Baseline => baseline(canvas, at),
            Sign::Region(index) => region(canvas, *index, true, at, 4.4),
            Sign::Hollow => {
                canvas.circle(at, 4.4, Role::Panel.fill());
                canvas.circle(at, 4.4, Role::Muted.stroke(1.6));
            }
            Sign::Stretch => {
                let band = Rect { x0: x, y0: y - 5.0, x1: x + 12.0, y1: y + 4.0 };
                canvas.rect(band, Role::First.colour().mix(0.18).filled());
                canvas.line(&[(x, y - 5.0), (x + 12.0, y - 5.0)], Role::First.stroke(0.8));
                canvas.line(&[(x, y + 4.0), (x + 12.0, y + 4.0)], Role::First.stroke(1.8));
            }
            Sign::Failed => {
                canvas.rect(Rect { x0: x + 3.0, y0: y - 4.0, x1: x + 9.0, y1: y + 6.0 }, Role::Misses.fill());
            }
            Sign::Turn => turn(canvas, at.0, (y - 7.0, y + 7.0)),
            Sign::Price => {
                let steps = [(x - 1.0, y - 3.0), (x + 6.0, y - 3.0), (x + 6.0, y + 3.0), (x + 13.0, y + 3.0)];
                canvas.line(&steps, Role::Second.stroke(1.6));
            }
            Sign::NoChange => canvas.line(&[(at.0, y - 7.0), (at.0, y + 7.0)], Role::Untold.stroke(1.8)),
            Sign::Ends => {
                canvas.line(&[(x - 1.0, y), (x + 12.0, y)], Role::Muted.stroke(1.4));
                for end in [x - 1.0, x + 12.0] {
                    canvas.line(&[(end, y - 3.0), (end, y + 3.0)], Role::Muted.stroke(1.4));
                }
            }
            Sign::Band => canvas.rect(Rect::around(at, 6.0), Role::Muted.colour().mix(0.2).filled()),
        }
        canvas.text(words, (x + SIGN, y), Type::new(SIZE, Role::Ink), Align::Left);
    }
}
