//! Places labels around marks so that none covers another or a mark.

use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::width;

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
    /// Never covered either, but a leader may run through: dashes.
    pub(crate) dashes: &'a [Rect],
    /// Covered only where nothing else is free: lines.
    pub(crate) soft: &'a [Rect],
    /// Never left.
    pub(crate) frame: Rect,
}

/// Gives each of `wanted` a place in one of 8 rings and directions about it, or none where all are taken.
///
/// The most crowded mark chooses first; then each, in the same order, may choose again with all others in place.
pub(crate) fn place(wanted: &[Wanted], size: f64, obstacles: &Obstacles<'_>) -> Vec<Option<Label>> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    let space: Vec<f64> = wanted.iter().map(|one| isolation(one, wanted)).collect();
    order.sort_by(|a, b| space[*a].total_cmp(&space[*b]));
    let mut placed: Vec<Option<Label>> = vec![None; wanted.len()];
    for _ in 0..PASSES {
        for &index in &order {
            placed[index] = None;
            placed[index] = best(index, wanted, size, obstacles, &placed);
        }
    }
    placed
}

/// Distance of each ring from the mark's middle, in pixels.
const RINGS: [f64; 8] = [8.0, 13.0, 22.0, 34.0, 48.0, 66.0, 86.0, 108.0];

/// How often each label may choose.
const PASSES: usize = 4;

/// The first ring whose labels need a leader line.
const FIRST_WITH_LEADER: usize = 2;

/// How much less a place at the stem's end is liked than one at the mark.
const AT_CAP: f64 = 9.0;

/// The directions in order of liking: right, left, above, below, the corners, then above and below off the middle.
///
/// The third figure is how much of its own width a label is moved sideways, so that names of marks in a row can stand
/// under each other with their leaders side by side.
const DIRECTIONS: [(f64, f64, f64); 14] = [
    (1.0, 0.0, 0.0),
    (-1.0, 0.0, 0.0),
    (0.0, -1.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.7, -0.7, 0.0),
    (-0.7, -0.7, 0.0),
    (0.7, 0.7, 0.0),
    (-0.7, 0.7, 0.0),
    (0.0, -1.0, 0.3),
    (0.0, -1.0, -0.3),
    (0.0, 1.0, 0.3),
    (0.0, 1.0, -0.3),
    (0.0, 1.0, 0.45),
    (0.0, 1.0, -0.45),
];

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
            let taken =
                obstacles.hard.iter().chain(obstacles.dashes).chain(placed.iter().flatten().map(|other| &other.rect));
            if !obstacles.frame.holds(&label.rect) || taken.into_iter().any(|rect| rect.shared(&label.rect) > 0.0) {
                continue;
            }
            let far = ring as f64 * RING + liking as f64 * 1.5 + dislike;
            // Whatever it costs beside that, it cannot win.
            if best.as_ref().is_some_and(|(least, _)| *least <= far) {
                continue;
            }
            let cost = far + cost(index, &label, wanted, obstacles, placed);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, label));
            }
        }
    }
    best.map(|(_, label)| label)
}

type Direction = (f64, f64, f64);
type Choice<T> = (usize, T);

fn rings_and_directions() -> impl Iterator<Item = (Choice<f64>, Choice<Direction>)> {
    let rings = RINGS.into_iter().enumerate();
    rings.flat_map(|ring| DIRECTIONS.into_iter().enumerate().map(move |direction| (ring, direction)))
}

fn candidate(text: &str, spot: Point, size: f64, direction: Direction, distance: f64, leader: bool) -> Label {
    let (wide, high) = (width(text, size), size * 1.15);
    let (x, y) = (spot.0 + direction.0 * distance, spot.1 + direction.1 * distance);
    let x0 =
        x + wide * (direction.2 - 0.5) + direction.0.signum() * if direction.0.abs() > 0.1 { wide / 2.0 } else { 0.0 };
    let y0 = y - high / 2.0 + direction.1.signum() * if direction.1.abs() > 0.1 { high / 2.0 } else { 0.0 };
    let rect = Rect { x0, y0, x1: x0 + wide, y1: y0 + high };
    let end = rect.nearest(spot);
    let length = (end.0 - spot.0).hypot(end.1 - spot.1).max(1.0);
    // The line starts at the mark's rim.
    let rim = 7.5 / length;
    let start = (spot.0 + (end.0 - spot.0) * rim, spot.1 + (end.1 - spot.1) * rim);
    Label { rect, leader: leader.then_some([start, end]) }
}

/// What each ring farther out speaks against a place.
const RING: f64 = 12.0;

/// What a square pixel of a covered line speaks against it.
const COVERED: f64 = 3.0;

/// What each other mark that is as near speaks against it, because a reader could take the name for that mark's; a
/// leader says whose it is.
const MISTAKEN: f64 = 70.0;
const MISTAKEN_WITH_LEADER: f64 = 8.0;

/// What each mark or text that a leader runs through speaks against it, since the leader then seems to end there.
const CROSSED: f64 = 120.0;

/// What each line that a leader runs through speaks against it.
const LINE_CROSSED: f64 = 20.0;

/// What speaks against a free place: covered lines, another mark that is as near, a leader through something.
fn cost(index: usize, label: &Label, wanted: &[Wanted], obstacles: &Obstacles<'_>, placed: &[Option<Label>]) -> f64 {
    let covered: f64 = obstacles.soft.iter().map(|rect| rect.shared(&label.rect)).sum();
    let own = stem(&wanted[index]).away(&label.rect);
    let others = wanted.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, one)| stem(one));
    let mistaken = others.clone().filter(|stem| stem.away(&label.rect) < own + 3.0).count() as f64
        * if label.leader.is_some() { MISTAKEN_WITH_LEADER } else { MISTAKEN };
    let crossed = label.leader.map_or(0.0, |line| {
        let labels = placed.iter().flatten();
        let texts = labels.clone().filter(|other| crosses(line, &other.rect)).count();
        let leaders = labels.filter(|other| other.leader.is_some_and(|leader| meet(line, leader))).count();
        let marks = obstacles.hard.iter().filter(|rect| crosses(line, rect)).count()
            + others.filter(|stem| meet(line, [(stem.x0, stem.y0 - END), (stem.x1, stem.y1 + END)])).count();
        let lines = obstacles.soft.iter().chain(obstacles.dashes).filter(|rect| crosses(line, rect)).count();
        (texts + leaders + marks) as f64 * CROSSED + lines as f64 * LINE_CROSSED
    });
    let under = placed.iter().flatten().filter(|other| other.leader.is_some_and(|line| crosses(line, &label.rect)));
    covered * COVERED + mistaken + crossed + under.count() as f64 * CROSSED
}

/// How far mark and cap reach beyond the ends of a stem, in pixels.
const END: f64 = 8.0;

/// From a mark up to its cap: a name at the middle of a stem is read as its own.
fn stem(one: &Wanted) -> Rect {
    Rect { x0: one.at.0, y0: one.at.1.min(one.cap.1), x1: one.at.0, y1: one.at.1.max(one.cap.1) }
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
        let placed =
            place(&wanted(&[(100.0, 100.0)]), 11.0, &Obstacles { hard: &[], dashes: &[], soft: &[], frame: FRAME });
        let label = placed[0].as_ref().unwrap();
        assert_eq!((label.rect.x0, label.leader), (108.0, None));
    }

    #[test]
    fn labels_of_a_crowd_cover_neither_each_other_nor_a_mark_and_stay_inside() {
        let points: Vec<Point> =
            (0..14).map(|index| (120.0 + f64::from(index) * 9.0, 150.0 + f64::from(index % 3) * 6.0)).collect();
        let hard: Vec<Rect> = points.iter().map(|at| Rect::around(*at, 5.0)).collect();
        let placed = place(&wanted(&points), 11.0, &Obstacles { hard: &hard, dashes: &[], soft: &[], frame: FRAME });
        let labels: Vec<Rect> = placed.iter().flatten().map(|label| label.rect).collect();
        assert!(labels.len() >= 10, "only {} found a place", labels.len());
        for (index, label) in labels.iter().enumerate() {
            assert!(FRAME.holds(label));
            assert!(hard.iter().all(|mark| mark.shared(label) == 0.0));
            assert!(labels[..index].iter().all(|other| other.shared(label) == 0.0));
        }
    }

    #[test]
    fn a_name_stands_at_no_other_stem_unless_a_leader_tells_whose_it_is() {
        let points: Vec<Point> = (0..5).map(|index| (150.0 + f64::from(index) * 14.0, 150.0)).collect();
        let named: Vec<Wanted> =
            wanted(&points).into_iter().map(|one| Wanted { cap: (one.at.0, 100.0), ..one }).collect();
        let hard: Vec<Rect> = points.iter().map(|at| Rect::around(*at, 6.0)).collect();
        let soft: Vec<Rect> = named.iter().map(stem).collect();
        let placed = place(&named, 11.0, &Obstacles { hard: &hard, dashes: &[], soft: &soft, frame: FRAME });
        for (index, label) in placed.iter().enumerate() {
            let label = label.as_ref().unwrap();
            let nearest = |a: &usize, b: &usize| soft[*a].away(&label.rect).total_cmp(&soft[*b].away(&label.rect));
            assert!(label.leader.is_some() || (0..5).min_by(nearest) == Some(index), "{index}: {label:?}");
            let others = soft.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, stem)| stem);
            let through =
                |stem: &Rect| label.leader.is_some_and(|line| meet(line, [(stem.x0, stem.y0), (stem.x1, stem.y1)]));
            assert!(!others.clone().any(through), "{index}: {label:?}");
        }
    }

    #[test]
    fn dashes_are_never_covered_and_a_leader_may_run_through_them() {
        let hard = [Rect { x0: 0.0, y0: 0.0, x1: 400.0, y1: 50.0 }, Rect { x0: 0.0, y0: 92.0, x1: 400.0, y1: 300.0 }];
        let dashes = [Rect { x0: 0.0, y0: 80.0, x1: 400.0, y1: 92.0 }];
        let obstacles = Obstacles { hard: &hard, dashes: &dashes, soft: &[], frame: FRAME };
        let label = place(&wanted(&[(100.0, 100.0)]), 11.0, &obstacles)[0].clone().unwrap();
        assert!(label.rect.shared(&dashes[0]) <= 0.0 && label.leader.is_some(), "{label:?}");
    }

    #[test]
    fn where_nothing_is_free_there_is_no_label() {
        let full = Obstacles { hard: &[FRAME], dashes: &[], soft: &[], frame: FRAME };
        assert_eq!(place(&wanted(&[(100.0, 100.0)]), 11.0, &full), [None]);
    }

    #[test]
    fn a_line_is_covered_only_when_everything_else_is_taken() {
        let right = Rect { x0: 110.0, y0: 0.0, x1: 112.0, y1: 300.0 };
        let obstacles = Obstacles { hard: &[], dashes: &[], soft: &[right], frame: FRAME };
        let placed = place(&wanted(&[(100.0, 100.0)]), 11.0, &obstacles);
        assert!(placed[0].as_ref().unwrap().rect.x1 < 100.0);
    }
}
