//! The names beside a panel's marks: which marks get one, and what becomes of a name without room.

use std::collections::BTreeMap;

use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::mark::Mark;
use crate::report::chart::place::{Label, Obstacles, Wanted, place};
use crate::report::chart::rect::{Point, Rect};
use crate::report::chart::text::clip;
use crate::report::chart::theme::Role;
use crate::report::parts::Word;

/// What became of names.
pub(crate) struct Named {
    /// Where text stands.
    pub(crate) labels: Vec<Rect>,
    /// Names that are not beside their mark: `1 name` where a number stands for it, else `name`.
    pub(crate) key: Vec<String>,
}

const SIZE: f64 = 11.5;

/// The longest name in pixels; the rest of it is in the mark's title.
const LONGEST: f64 = 150.0;

/// Writes a name beside each of `wanted`, given as mark, stem's end and name, or a number with a key where no name fits.
pub(crate) fn name(canvas: &Canvas<'_>, wanted: &[(Point, Point, &str)], obstacles: &Obstacles<'_>) -> Named {
    let want = |at: Point, cap: Point, text: String| Wanted { at, cap, text };
    let names: Vec<Wanted> = wanted.iter().map(|(at, cap, name)| want(*at, *cap, clip(name, SIZE, LONGEST))).collect();
    let placed = place(&names, SIZE, obstacles);
    let left: Vec<usize> = (0..names.len()).filter(|index| placed[*index].is_none()).collect();
    let number = |(index, number): (&usize, u32)| want(names[*index].at, names[*index].at, number.to_string());
    let numbers: Vec<Wanted> = left.iter().zip(1..).map(number).collect();
    let texts = placed.iter().flatten().map(|label| label.rect);
    let hard: Vec<Rect> = obstacles.hard.iter().copied().chain(texts).collect();
    let numbered = place(&numbers, SIZE, &Obstacles { hard: &hard, soft: &[], ..*obstacles });
    let key = left.iter().zip(&numbers).zip(&numbered).map(|((index, number), label)| match label {
        Some(_) => format!("{} {}", number.text, names[*index].text),
        None => names[*index].text.clone(),
    });
    let key = key.collect();
    let written = names.iter().zip(&placed).chain(numbers.iter().zip(&numbered));
    let written: Vec<(&Wanted, &Label)> =
        written.filter_map(|(wanted, label)| Some((wanted, label.as_ref()?))).collect();
    for (_, label) in &written {
        if let Some(leader) = label.leader {
            canvas.line(&leader, Role::Muted.stroke(0.8));
        }
    }
    canvas.with_halo(|| {
        for (wanted, label) in &written {
            let middle = f64::midpoint(label.rect.y0, label.rect.y1);
            // Padding is shared by both sides, so that the text stands in its box's middle.
            let at = (f64::midpoint(label.rect.x0, label.rect.x1), middle);
            canvas.text(&wanted.text, at, Type::new(SIZE, Role::Ink), Align::Centre);
        }
    });
    Named { labels: written.iter().map(|(_, label)| label.rect).collect(), key }
}

/// How many misses are named where there are too many marks to name all.
const WORST: usize = 6;

/// The marks that matter to the verdict: the cheapest of each tier that meets its limit, and the worst misses.
pub(crate) fn important(marks: &[&Mark]) -> Vec<usize> {
    let mut cheapest: BTreeMap<Option<u8>, usize> = BTreeMap::new();
    for (index, mark) in marks.iter().enumerate() {
        let rank = |index: usize| (marks[index].price, marks[index].cap);
        if !mark.baseline
            && mark.standing == Some(Word::Meets)
            && cheapest.get(&mark.tier).is_none_or(|best| rank(index) < rank(*best))
        {
            cheapest.insert(mark.tier, index);
        }
    }
    let over = |index: &usize| marks[*index].cap / marks[*index].limit.unwrap_or(f64::MAX);
    let mut misses: Vec<usize> = (0..marks.len())
        .filter(|index| !marks[*index].baseline && marks[*index].standing == Some(Word::Misses))
        .collect();
    misses.sort_by(|a, b| over(b).total_cmp(&over(a)));
    misses.truncate(WORST);
    cheapest.into_values().chain(misses).collect()
}

/// Of the marks of each name the fastest, in the order in which the names come: one name stands for all its regions.
pub(crate) fn one_of_each_name(marks: &[&Mark]) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for (index, mark) in marks.iter().enumerate() {
        match chosen.iter_mut().find(|other| marks[**other].name == mark.name) {
            Some(other) if mark.p50 < marks[*other].p50 => *other = index,
            Some(_) => {}
            None => chosen.push(index),
        }
    }
    chosen
}
