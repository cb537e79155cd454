//! What an open cell's pacer is to send, by when it is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use crate::units::Moment;

/// Requests that wait for their moment: the next arrival of the schedule, and turns whose predecessors have ended.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    waiting: BinaryHeap<Reverse<Entry>>,
    arrivals: usize,
}

/// The earliest comes first, of one moment the lowest index.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    due: Moment,
    first: u32,
    end: u32,
    is_arrival: bool,
}

impl Agenda {
    /// Puts in an arrival of the schedule, the first of `turns`.
    pub(crate) fn arrival(&mut self, due: Moment, turns: Range<u32>) {
        self.arrivals += 1;
        self.put(due, turns, true);
    }

    /// Puts in a turn that may follow the one before it, the first of `turns`.
    pub(crate) fn turn(&mut self, due: Moment, turns: Range<u32>) {
        self.put(due, turns, false);
    }

    /// Whether an arrival is waiting.
    pub(crate) fn has_arrival(&self) -> bool {
        self.arrivals > 0
    }

    /// When the earliest is due; absent when nothing waits.
    pub(crate) fn next_due(&self) -> Option<Moment> {
        self.waiting.peek().map(|Reverse(entry)| entry.due)
    }

    /// Takes out the earliest.
    pub(crate) fn pop(&mut self) -> Option<Range<u32>> {
        let Reverse(Entry { first, end, is_arrival, .. }) = self.waiting.pop()?;
        self.arrivals -= usize::from(is_arrival);
        Some(first..end)
    }

    fn put(&mut self, due: Moment, turns: Range<u32>, is_arrival: bool) {
        self.waiting.push(Reverse(Entry { due, first: turns.start, end: turns.end, is_arrival }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_whichever_kind_it_is() {
        let mut agenda = Agenda::default();
        agenda.arrival(Moment(50), 4..6);
        agenda.turn(Moment(70), 1..3);
        agenda.turn(Moment(30), 9..10);
        assert_eq!((agenda.next_due(), agenda.pop(), agenda.has_arrival()), (Some(Moment(30)), Some(9..10), true));
        assert_eq!((agenda.pop(), agenda.has_arrival()), (Some(4..6), false));
        assert_eq!((agenda.pop(), agenda.pop(), agenda.next_due()), (Some(1..3), None, None));
    }
}
