//! What an open lane's pacer is to send, by when it is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::load::stretch::Errand;
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
    arm: usize,
    is_arrival: bool,
}

impl Agenda {
    /// Puts in an arrival of the schedule, the first request of `errand`.
    pub(crate) fn arrival(&mut self, due: Moment, errand: Errand) {
        self.arrivals += 1;
        self.put(due, errand, true);
    }

    /// Puts in a turn that may follow the one before it, the first request of `errand`.
    pub(crate) fn turn(&mut self, due: Moment, errand: Errand) {
        self.put(due, errand, false);
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
    pub(crate) fn pop(&mut self) -> Option<Errand> {
        let Reverse(Entry { first, end, arm, is_arrival, .. }) = self.waiting.pop()?;
        self.arrivals -= usize::from(is_arrival);
        Some(Errand { arm, turns: first..end })
    }

    fn put(&mut self, due: Moment, Errand { arm, turns }: Errand, is_arrival: bool) {
        self.waiting.push(Reverse(Entry { due, first: turns.start, end: turns.end, arm, is_arrival }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_whichever_kind_it_is() {
        let errand = |turns| Errand { arm: 0, turns };
        let mut agenda = Agenda::default();
        agenda.arrival(Moment(50), errand(4..6));
        agenda.turn(Moment(70), errand(1..3));
        agenda.turn(Moment(30), errand(9..10));
        let mut next = || (agenda.next_due(), agenda.pop().map(|errand| errand.turns), agenda.has_arrival());
        assert_eq!(next(), (Some(Moment(30)), Some(9..10), true));
        assert_eq!(next(), (Some(Moment(50)), Some(4..6), false));
        assert_eq!(next(), (Some(Moment(70)), Some(1..3), false));
        assert_eq!(next(), (None, None, false));
    }
}
