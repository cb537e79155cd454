//! Sets marks that would lie on each other side by side.

/// Where one mark went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slot {
    /// The mark's place in pixels.
    pub(crate) x: f64,
    /// Which group it belongs to, counted from the left; a mark that stands alone is a group of one.
    pub(crate) group: usize,
}

/// Moves marks at `places` so that neighbours are `gap` pixels apart, inside `frame`, each group about its middle.
///
/// Marks at the same place keep the order of `places`. Where the frame is too narrow for all of them the gap
/// shrinks. Groups whose marks would come within a gap of each other become one.
pub(crate) fn dodge(places: &[f64], gap: f64, frame: (f64, f64)) -> Vec<Slot> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let gap = gap.min((frame.1 - frame.0) / places.len().max(1) as f64);
    let mut groups: Vec<Group> = Vec::new();
    for index in order {
        let mut group = Group { marks: vec![index], middle: places[index].clamp(frame.0, frame.1) };
        while let Some(left) = groups.pop_if(|left| left.end(gap) + gap > group.start(gap) + 1e-9) {
            group = left.joined(group, places, gap, frame);
        }
        groups.push(group);
    }
    let mut slots = vec![Slot { x: 0.0, group: 0 }; places.len()];
    for (number, group) in groups.iter().enumerate() {
        for (rank, mark) in group.marks.iter().enumerate() {
            slots[*mark] = Slot { x: group.start(gap) + rank as f64 * gap, group: number };
        }
    }
    slots
}

/// Marks nearer to each other than this, in pixels, count as one price where regions share a panel.
const ALIKE: f64 = 3.0;

/// Sets marks at `places` that are as good as one place side by side about it, `gap` pixels apart, or less where they would
/// stand farther than `reach` from their own place.
///
/// Unlike [`dodge`] it never lets a group push another aside: groups may stand in each other, so that each mark is near its
/// true place. Marks keep the order of `places`.
pub(crate) fn fan(places: &[f64], gap: f64, reach: f64) -> Vec<Slot> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in order {
        match groups.last_mut() {
            Some(group) if places[index] - places[group[0]] < ALIKE => group.push(index),
            _ => groups.push(vec![index]),
        }
    }
    let mut slots = vec![Slot { x: 0.0, group: 0 }; places.len()];
    for (number, mut group) in groups.into_iter().enumerate() {
        group.sort_unstable();
        let middle = group.iter().map(|mark| places[*mark]).sum::<f64>() / group.len() as f64;
        let steps = (group.len() - 1) as f64;
        let gap = gap.min(2.0 * (reach - ALIKE) / steps.max(1.0));
        for (rank, mark) in group.into_iter().enumerate() {
            slots[mark] = Slot { x: middle + (rank as f64 - steps / 2.0) * gap, group: number };
        }
    }
    slots
}

struct Group {
    marks: Vec<usize>,
    middle: f64,
}

impl Group {
    fn half(&self, gap: f64) -> f64 {
        (self.marks.len() - 1) as f64 * gap / 2.0
    }

    fn start(&self, gap: f64) -> f64 {
        self.middle - self.half(gap)
    }

    fn end(&self, gap: f64) -> f64 {
        self.middle + self.half(gap)
    }

    fn joined(mut self, other: Self, places: &[f64], gap: f64, frame: (f64, f64)) -> Self {
        self.marks.extend(other.marks);
        let mean = self.marks.iter().map(|mark| places[*mark]).sum::<f64>() / self.marks.len() as f64;
        let half = self.half(gap);
        self.middle = mean.max(frame.0 + half).min(frame.1 - half);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(slots: &[Slot]) -> Vec<(f64, usize)> {
        slots.iter().map(|slot| (slot.x, slot.group)).collect()
    }

    #[test]
    fn marks_at_one_price_stand_side_by_side_about_it() {
        let slots = dodge(&[50.0, 50.0, 50.0, 90.0], 14.0, (0.0, 200.0));
        assert_eq!(places(&slots), [(36.0, 0), (50.0, 0), (64.0, 0), (90.0, 1)]);
    }

    #[test]
    fn a_group_that_grows_into_its_neighbour_takes_it_in() {
        let slots = dodge(&[50.0, 52.0, 65.0], 14.0, (0.0, 200.0));
        assert!(slots.iter().all(|slot| slot.group == 0));
        assert!((slots[2].x - slots[0].x - 28.0).abs() < 1e-9);
    }

    #[test]
    fn a_fan_keeps_every_mark_near_its_own_place_and_pushes_no_neighbour_aside() {
        let slots = fan(&[50.0, 50.0, 55.0, 55.5, 90.0], 8.0, 24.0);
        assert_eq!(places(&slots), [(46.0, 0), (54.0, 0), (51.25, 1), (59.25, 1), (90.0, 2)]);
        let crowd: Vec<f64> = (0..40).map(|index| 100.0 + f64::from(index % 20) * 2.0).collect();
        for (slot, place) in fan(&crowd, 8.0, 24.0).iter().zip(&crowd) {
            assert!((slot.x - place).abs() <= 24.0, "{slot:?} for {place}");
        }
    }

    #[test]
    fn no_mark_leaves_the_frame_however_many_there_are() {
        for count in [1, 3, 40] {
            let slots = dodge(&vec![2.0; count], 14.0, (0.0, 100.0));
            assert!(slots.iter().all(|slot| (0.0..=100.0).contains(&slot.x)), "{count}: {slots:?}");
        }
    }
}
