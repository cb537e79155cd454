//! A stretch of work: requests of one cell that its slots take one by one.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use tokio::sync::mpsc::Sender;

/// What the slots of a cell do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Each opens its connection.
    Open,
    /// They send the cell's warm-up requests.
    Warmup,
    /// They send measured requests.
    Measured,
}

/// A stretch under way, shared by all slots of its cell.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) cell: usize,
    pub(crate) step: Step,
    /// Nothing of this cell follows.
    pub(crate) is_last: bool,
    next: AtomicU32,
    end: u32,
    seats: AtomicU32,
    /// Told the cell when the last slot leaves. It has room for every stretch that can be under way.
    left: Sender<usize>,
}

/// A slot's part in a stretch. Dropping it leaves the stretch, whatever the reason; the last one reports it done.
#[derive(Debug)]
pub(crate) struct Seat(Arc<Stretch>);

impl Stretch {
    /// The seats of a new stretch of `requests` from `first` on, one for each of `slots`.
    pub(crate) fn seats(
        (cell, step, is_last): (usize, Step, bool),
        (first, requests): (u32, u32),
        slots: u32,
        left: Sender<usize>,
    ) -> impl Iterator<Item = Seat> {
        let (next, seats) = (AtomicU32::new(first), AtomicU32::new(slots));
        let stretch = Arc::new(Self { cell, step, is_last, next, end: first + requests, seats, left });
        (0..slots).map(move |_| Seat(Arc::clone(&stretch)))
    }
}

impl Seat {
    /// The index of the next request; absent when all are taken.
    pub(crate) fn take(&self) -> Option<u32> {
        let index = self.0.next.fetch_add(1, Relaxed);
        (index < self.0.end).then_some(index)
    }

    /// The stretch it is a part of.
    pub(crate) fn stretch(&self) -> &Stretch {
        &self.0
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.0.seats.fetch_sub(1, AcqRel) == 1 {
            // Fails only when the coordinator is gone, and then nobody asks.
            let _ = self.0.left.try_send(self.0.cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn every_request_is_taken_once_and_the_last_slot_reports_the_end() {
        let (left, mut done) = mpsc::channel(1);
        let mut seats: Vec<Seat> = Stretch::seats((7, Step::Measured, true), (10, 4), 3, left).collect();
        let taken: Vec<_> = (0..6).map(|turn| seats[turn % 3].take()).collect();
        assert_eq!(taken, [Some(10), Some(11), Some(12), Some(13), None, None]);
        seats.truncate(1);
        assert!(done.try_recv().is_err());
        seats.clear();
        assert_eq!(done.try_recv(), Ok(7));
    }
}
