//! Places labels around marks so that none covers another or a mark.

use crate::report::chart::canvas::Point;
use crate::report::chart::text::width;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x0: f64,
    pub(crate) y0: f64,
    pub(crate) x1: f64,
    pub(crate) y1: f64,
}

impl Rect {
    /// The square of half-width `reach` about `at`.
    pub(crate) fn around(at: Point, reach: f64) -> Self {
        Self { x0: at.0 - reach, y0: at.1 - reach, x1: at.0 + reach, y1: at.1 + reach }
    }

    /// The area that both cover, in square pixels.
    pub(crate) fn shared(&self, other: &Self) -> f64 {
        let wide = self.x1.min(other.x1) - self.x0.max(other.x0);
        let high = self.y1.min(other.y1) - self.y0.max(other.y0);
        if wide > 0.0 && high > 0.0 { wide * high } else { 0.0 }
    }

    /// Whether `inner` lies within, borders included.
    pub(crate) fn holds(&self, inner: &Self) -> bool {
        self.x0 <= inner.x0 && self.y0 <= inner.y0 && inner.x1 <= self.x1 && inner.y1 <= self.y1
    }

    fn nearest(&self, to: Point) -> Point {
        (to.0.clamp(self.x0, self.x1), to.1.clamp(self.y0, self.y1))
    }
}

/// A mark that wants a label.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) at: Point,
    /// The upper end of the mark's stem, which the label may stand at instead; the same point where there is none.
    pub(crate) cap: Point,
    pub(crate) text: String,
}

/// A label that found its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Label {
    pub(crate) rect: Rect,
    /// From the mark to the label; absent where the label stands beside its mark.
    pub(crate) leader: Option<[Point; 2]>,
}

/// What labels keep clear of.
pub(crate) struct Obstacles<'a> {
    /// Never covered: marks and other text.
    pub(crate) hard: &'a [Rect],
    /// Covered only where nothing else is free: lines.
    pub(crate) soft: &'a [Rect],
    /// Never left.
    pub(crate) frame: Rect,
}

/// Gives each of `wanted` a place in 8 directions and 6 rings, or none where all are taken.
///
/// The most crowded mark chooses first; then each, in the same order, may choose again with all others in place.
pub(crate) fn place(wanted: &[Wanted], size: f64, obstacles: &Obstacles<'_>) -> Vec<Option<Label>> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    let space: Vec<f64> = wanted.iter().map(|one| isolation(one, wanted)).collect();
    order.sort_by(|a, b| space[*a].total_cmp(&space[*b]));
    let mut placed: Vec<Option<Label>> = vec![None; wanted.len()];
    for _ in 0..2 {
        for &index in &order {
            placed[index] = None;
            placed[index] = best(index, wanted, size, obstacles, &placed);
        }
    }
    placed
}

/// Distance of each ring from the mark's middle, in pixels.
const RINGS: [f64; 6] = [8.0, 13.0, 22.0, 34.0, 48.0, 66.0];

/// The first ring whose labels need a leader line.
const FIRST_WITH_LEADER: usize = 2;

/// How much less a place at the stem's end is liked than one at the mark.
const AT_CAP: f64 = 9.0;

/// The directions in order of liking: right, left, above, below, then the corners.
const DIRECTIONS: [(f64, f64); 8] =
    [(1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (0.7, -0.7), (-0.7, -0.7), (0.7, 0.7), (-0.7, 0.7)];

fn isolation(one: &Wanted, all: &[Wanted]) -> f64 {
    let distance = |other: &Wanted| (other.at.0 - one.at.0).hypot(other.at.1 - one.at.1);
    let mut distances: Vec<f64> = all.iter().map(distance).collect();
    distances.sort_by(f64::total_cmp);
    // The first distance is the mark's own.
    distances.iter().skip(1).take(3).sum()
}

fn best(
    index: usize,
    wanted: &[Wanted],
    size: f64,
    obstacles: &Obstacles<'_>,
    placed: &[Option<Label>],
) -> Option<Label> {
    let mut best: Option<(f64, Label)> = None;
    let Wanted { at, cap, .. } = &wanted[index];
    let spots = [(*at, 0.0), (*cap, AT_CAP)];
    for (spot, dislike) in spots.into_iter().take(if at == cap { 1 } else { 2 }) {
        for ((ring, distance), (liking, direction)) in rings_and_directions() {
            let leader = ring >= FIRST_WITH_LEADER;
            let label = candidate(&wanted[index].text, spot, size, direction, distance, leader);
            let taken = obstacles.hard.iter().chain(placed.iter().flatten().map(|other| &other.rect));
            if !obstacles.frame.holds(&label.rect) || taken.into_iter().any(|rect| rect.shared(&label.rect) > 0.0) {
                continue;
            }
            let far = ring as f64 * 12.0 + liking as f64 * 1.5 + dislike;
            let cost = far + cost(index, &label, wanted, obstacles, placed);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, label));
            }
        }
    }
    best.map(|(_, label)| label)
}

type Choice<T> = (usize, T);

fn rings_and_directions() -> impl Iterator<Item = (Choice<f64>, Choice<(f64, f64)>)> {
    let rings = RINGS.into_iter().enumerate();
    rings.flat_map(|ring| DIRECTIONS.into_iter().enumerate().map(move |direction| (ring, direction)))
}

fn candidate(text: &str, spot: Point, size: f64, direction: (f64, f64), distance: f64, leader: bool) -> Label {
    let (wide, high) = (width(text, size), size * 1.15);
    let (x, y) = (spot.0 + direction.0 * distance, spot.1 + direction.1 * distance);
    let x0 = x - wide / 2.0 + direction.0.signum() * if direction.0.abs() > 0.1 { wide / 2.0 } else { 0.0 };
    let y0 = y - high / 2.0 + direction.1.signum() * if direction.1.abs() > 0.1 { high / 2.0 } else { 0.0 };
    let rect = Rect { x0, y0, x1: x0 + wide, y1: y0 + high };
    let end = rect.nearest(spot);
    let length = (end.0 - spot.0).hypot(end.1 - spot.1).max(1.0);
    // The line starts at the mark's rim.
    let rim = 7.5 / length;
    let start = (spot.0 + (end.0 - spot.0) * rim, spot.1 + (end.1 - spot.1) * rim);
    Label { rect, leader: leader.then_some([start, end]) }
}

/// What speaks against a free place: covered lines, another mark that is as near, a leader through something.
fn cost(index: usize, label: &Label, wanted: &[Wanted], obstacles: &Obstacles<'_>, placed: &[Option<Label>]) -> f64 {
    let covered: f64 = obstacles.soft.iter().map(|rect| rect.shared(&label.rect)).sum();
    let away = |at: Point| {
        let near = label.rect.nearest(at);
        (near.0 - at.0).hypot(near.1 - at.1)
    };
    let nearest = |one: &Wanted| away(one.at).min(away(one.cap));
    let own = nearest(&wanted[index]);
    let mistaken = wanted.iter().enumerate().filter(|(other, one)| *other != index && nearest(one) < own + 3.0).count();
    let crossed = label.leader.map_or(0, |line| {
        let others = placed.iter().flatten();
        let texts = others.clone().filter(|other| crosses(line, &other.rect)).count();
        let lines = others.filter(|other| other.leader.is_some_and(|leader| meet(line, leader))).count();
        let drawn = obstacles.hard.iter().chain(obstacles.soft);
        texts + lines + drawn.filter(|rect| crosses(line, rect)).count()
    });
    let under = placed.iter().flatten().filter(|other| other.leader.is_some_and(|line| crosses(line, &label.rect)));
    covered * 0.9 + mistaken as f64 * 14.0 + (crossed + under.count()) as f64 * 40.0
}

fn crosses(line: [Point; 2], rect: &Rect) -> bool {
    (0..=16).any(|step| {
        let along = f64::from(step) / 16.0;
        let x = line[0].0 + (line[1].0 - line[0].0) * along;
        let y = line[0].1 + (line[1].1 - line[0].1) * along;
        rect.x0 < x && x < rect.x1 && rect.y0 < y && y < rect.y1
    })
}

fn meet(a: [Point; 2], b: [Point; 2]) -> bool {
    let side = |line: [Point; 2], point: Point| {
        (line[1].0 - line[0].0) * (point.1 - line[0].1) - (line[1].1 - line[0].1) * (point.0 - line[0].0)
    };
    side(a, b[0]) * side(a, b[1]) < 0.0 && side(b, a[0]) * side(b, a[1]) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Rect = Rect { x0: 0.0, y0: 0.0, x1: 400.0, y1: 300.0 };

    fn wanted(points: &[Point]) -> Vec<Wanted> {
        points.iter().map(|at| Wanted { at: *at, cap: *at, text: "some-model-7b".to_owned() }).collect()
    }

    #[test]
    fn a_mark_alone_has_its_label_to_the_right_without_a_leader() {
        let placed = place(&wanted(&[(100.0, 100.0)]), 11.0, &Obstacles { hard: &[], soft: &[], frame: FRAME });
        let label = placed[0].as_ref().unwrap();
        assert_eq!((label.rect.x0, label.leader), (108.0, None));
    }

    #[test]
    fn labels_of_a_crowd_cover_neither_each_other_nor_a_mark_and_stay_inside() {
        let points: Vec<Point> =
            (0..14).map(|index| (120.0 + f64::from(index) * 9.0, 150.0 + f64::from(index % 3) * 6.0)).collect();
        let hard: Vec<Rect> = points.iter().map(|at| Rect::around(*at, 5.0)).collect();
        let placed = place(&wanted(&points), 11.0, &Obstacles { hard: &hard, soft: &[], frame: FRAME });
        let labels: Vec<Rect> = placed.iter().flatten().map(|label| label.rect).collect();
        assert!(labels.len() >= 10, "only {} found a place", labels.len());
        for (index, label) in labels.iter().enumerate() {
            assert!(FRAME.holds(label));
            assert!(hard.iter().all(|mark| mark.shared(label) == 0.0));
            assert!(labels[..index].iter().all(|other| other.shared(label) == 0.0));
        }
    }

    #[test]
    fn where_nothing_is_free_there_is_no_label() {
        let full = Obstacles { hard: &[FRAME], soft: &[], frame: FRAME };
        assert_eq!(place(&wanted(&[(100.0, 100.0)]), 11.0, &full), [None]);
    }

    #[test]
    fn a_line_is_covered_only_when_everything_else_is_taken() {
        let right = Rect { x0: 110.0, y0: 0.0, x1: 112.0, y1: 300.0 };
        let obstacles = Obstacles { hard: &[], soft: &[right], frame: FRAME };
        let placed = place(&wanted(&[(100.0, 100.0)]), 11.0, &obstacles);
        assert!(placed[0].as_ref().unwrap().rect.x1 < 100.0);
    }
}
