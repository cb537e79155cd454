//! Counted values without the empty buckets of a full histogram.

use hdrhistogram::Histogram;

use crate::stats::rank;
use crate::units::Micros;

/// Values in microseconds with how often each occurred, ascending.
///
/// A full histogram takes 184 KiB whatever it holds; chunk gaps of a cell fill some hundreds of its buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SparseCounts {
    counts: Vec<(u64, u64)>,
    total: u64,
}

impl SparseCounts {
    /// Counts `times` more occurrences of `value`.
    pub fn add(&mut self, value: u64, times: u64) {
        self.total += times;
        match self.counts.binary_search_by_key(&value, |entry| entry.0) {
            Ok(found) => self.counts[found].1 += times,
            Err(place) => self.counts.insert(place, (value, times)),
        }
    }

    /// Counts everything that `histogram` holds, each value as the upper end of its bucket.
    pub fn add_histogram(&mut self, histogram: &Histogram<u64>) {
        for step in histogram.iter_recorded() {
            self.add(step.value_iterated_to(), step.count_at_value());
        }
    }

    /// How many values were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Every value in microseconds with how often it occurred, ascending.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> {
        self.counts.iter().copied()
    }

    /// The `q`-quantile by nearest rank, 0 < q < 1; absent when nothing was counted.
    pub fn quantile(&self, q: f64) -> Option<Micros> {
        let wanted = rank(q, usize::try_from(self.total).ok()?) as u64;
        let mut passed = 0;
        let found = self.counts.iter().find(|(_, count)| {
            passed += count;
            passed >= wanted
        });
        found.map(|(value, _)| Micros(u32::try_from(*value).unwrap_or(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::histogram;

    #[test]
    fn counts_of_two_histograms_are_those_of_one_with_all_values() {
        let (mut one, mut other, mut all) = (histogram(), histogram(), histogram());
        for value in 1..5_000_u64 {
            if value % 3 == 0 { &mut one } else { &mut other }.record(value * 17).unwrap();
            all.record(value * 17).unwrap();
        }
        let (mut sum, mut whole) = (SparseCounts::default(), SparseCounts::default());
        sum.add_histogram(&one);
        sum.add_histogram(&other);
        whole.add_histogram(&all);
        assert_eq!(sum, whole);
        for q in [0.5, 0.95, 0.99] {
            assert_eq!(sum.quantile(q).map(|value| u64::from(value.0)), Some(all.value_at_quantile(q)), "{q}");
        }
    }

    #[test]
    fn nothing_counted_has_no_quantile() {
        assert_eq!(SparseCounts::default().quantile(0.5), None);
    }
}
