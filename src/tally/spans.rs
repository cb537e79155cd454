//! When a cell had requests under way.

use crate::units::Moment;

/// A pause of at most 10 ms belongs to the work: it is the client between two requests, not another cell's turn.
const PAUSE_MICROS: u64 = 10_000;

/// Stretches of time, ascending and apart from each other by more than a short pause.
#[derive(Clone, Debug, Default)]
pub(in crate::tally) struct Spans {
    spans: Vec<(u64, u64)>,
}

impl Spans {
    /// Adds the time from `start` to `end`; the order in which spans are added makes no difference.
    pub(in crate::tally) fn add(&mut self, start: Moment, end: Moment) {
        let (mut start, mut end) = (start.0, end.0.max(start.0));
        let first = self.spans.partition_point(|span| span.1 + PAUSE_MICROS < start);
        let beyond = self.spans.partition_point(|span| span.0 <= end + PAUSE_MICROS);
        if first < beyond {
            start = start.min(self.spans[first].0);
            end = end.max(self.spans[beyond - 1].1);
        }
        self.spans.splice(first..beyond, [(start, end)]);
    }

    /// Microseconds in all.
    pub(in crate::tally) fn total(&self) -> u64 {
        self.spans.iter().map(|span| span.1 - span.0).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(of: &[(u64, u64)]) -> Spans {
        let mut spans = Spans::default();
        for (start, end) in of {
            spans.add(Moment(start * 1_000), Moment(end * 1_000));
        }
        spans
    }

    #[test]
    fn overlapping_requests_are_counted_once() {
        assert_eq!(spans(&[(0, 100), (50, 150), (140, 200)]).total(), 200_000);
        assert_eq!(spans(&[(0, 100), (20, 30)]).total(), 100_000);
    }

    #[test]
    fn another_cells_turn_in_between_is_not_counted() {
        assert_eq!(spans(&[(0, 100), (1_000, 1_100)]).total(), 200_000);
    }

    #[test]
    fn a_late_request_joins_the_stretches_on_both_sides() {
        let joined = spans(&[(0, 100), (300, 400), (600, 700), (90, 310)]);
        assert_eq!(joined.spans, [(0, 400_000), (600_000, 700_000)]);
    }

    #[test]
    fn the_order_of_arrival_makes_no_difference() {
        let mut of = vec![(0, 100), (105, 200), (230, 240), (235, 300), (311, 400)];
        let expected = spans(&of).spans;
        for _ in 0..of.len() {
            of.rotate_left(1);
            assert_eq!(spans(&of).spans, expected);
            of.swap(0, 2);
            assert_eq!(spans(&of).spans, expected);
        }
    }
}
