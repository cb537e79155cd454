//! A stretch of work: requests of one lane that its slots take one by one.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::atomic::{AtomicU32, AtomicU64};

use tokio::sync::mpsc::Sender;

use crate::plan::{Sessions, arm_at};
use crate::units::Moment;

/// What the slots of a lane do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Each opens its connection.
    Open,
    /// They send the lane's warm-up requests.
    Warmup,
    /// They send measured requests.
    Measured,
}

/// A stretch under way, shared by all slots of its lane.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) lane: usize,
    pub(crate) step: Step,
    /// Nothing of this lane follows.
    pub(crate) is_last: bool,
    /// The index of the first request of each arm.
    pub(crate) first: u32,
    /// When the first request of an open load is due.
    pub(crate) begin: Moment,
    /// Arms that send every request, one after the other.
    arms: u32,
    /// What is taken next: the index of a request times the arms, and how many of them have taken it.
    next: AtomicU64,
    end: u32,
    /// Seats that were made, and those that are still taken.
    made: u32,
    seats: AtomicU32,
    /// Requests of an open load in flight.
    in_flight: AtomicU32,
    /// Told the lane when the last slot leaves. It has room for every stretch that can be under way.
    left: Sender<usize>,
}

/// A part in a stretch, of a slot or of an open lane's pacer. Dropping it leaves the stretch, whatever the reason; the
/// last one reports it done.
#[derive(Debug)]
pub(crate) struct Seat {
    stretch: Arc<Stretch>,
    number: u32,
}

/// What is taken at once: requests of one arm that follow each other, those of a session or a lone one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Errand {
    /// Index of the arm in its lane.
    pub(crate) arm: usize,
    /// The indices of its requests.
    pub(crate) turns: Range<u32>,
}

impl Errand {
    /// What is left once the first request has ended.
    pub(crate) fn rest(&self) -> Self {
        Self { arm: self.arm, turns: self.turns.start + 1..self.turns.end }
    }
}

/// A request's place among those in flight. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Stretch>);

impl Stretch {
    /// The `made` seats of a new stretch of `requests` from `first` on, each to be sent by every one of `arms`.
    pub(crate) fn seats(
        (lane, step, is_last): (usize, Step, bool),
        (first, requests, arms): (u32, u32, u32),
        begin: Moment,
        made: u32,
        left: Sender<usize>,
    ) -> impl Iterator<Item = Seat> {
        let next = AtomicU64::new(u64::from(first) * u64::from(arms));
        let (seats, in_flight) = (AtomicU32::new(made), AtomicU32::new(0));
        let end = first + requests;
        let stretch =
            Arc::new(Self { lane, step, is_last, first, begin, arms, next, end, made, seats, in_flight, left });
        (0..made).map(move |number| Seat { stretch: Arc::clone(&stretch), number })
    }
}

impl Seat {
    /// The next request, or the next session's as far as they belong to the stretch, and whose arm sends it; absent when
    /// all are taken.
    pub(crate) fn take(&self, sessions: Option<&Sessions>) -> Option<Errand> {
        let Stretch { next, end, arms, .. } = &*self.stretch;
        let at = |next: u64| ((next / u64::from(*arms)) as u32, (next % u64::from(*arms)) as u32);
        let last = u64::from(*end) * u64::from(*arms);
        let Some(sessions) = sessions else {
            let (index, place) = at(Some(next.fetch_add(1, Relaxed)).filter(|next| *next < last)?);
            return Some(Errand { arm: arm_at(index, place, *arms), turns: index..index + 1 });
        };
        // A session is sent by all arms before the next one is begun.
        let after = |index: u32| sessions.end_of(index).min(*end);
        let step = |next: u64| match at(next) {
            _ if next >= last => None,
            (_, place) if place + 1 < *arms => Some(next + 1),
            (index, _) => Some(u64::from(after(index)) * u64::from(*arms)),
        };
        let (index, place) = at(next.fetch_update(Relaxed, Relaxed, step).ok()?);
        Some(Errand { arm: arm_at(sessions.number_of(index), place, *arms), turns: index..after(index) })
    }

    /// A place in flight; absent when `limit` requests of the stretch are.
    pub(crate) fn enter(&self, limit: u32) -> Option<Permit> {
        let more = |in_flight: u32| (in_flight < limit).then_some(in_flight + 1);
        let entered = self.stretch.in_flight.fetch_update(Relaxed, Relaxed, more).is_ok();
        entered.then(|| Permit(Arc::clone(&self.stretch)))
    }

    /// This seat's part of `total` things, which are spread over all seats as evenly as can be.
    pub(crate) fn share_of(&self, total: u32) -> u32 {
        total / self.stretch.made + u32::from(self.number < total % self.stretch.made)
    }

    /// The stretch it is a part of.
    pub(crate) fn stretch(&self) -> &Stretch {
        &self.stretch
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.stretch.seats.fetch_sub(1, AcqRel) == 1 {
            // Fails only when the coordinator is gone, and then nobody asks.
            let _ = self.stretch.left.try_send(self.stretch.lane);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn every_request_is_taken_once_and_the_last_slot_reports_the_end() {
        let (left, mut done) = mpsc::channel(1);
        let mut seats: Vec<Seat> = Stretch::seats((7, Step::Measured, true), (10, 4, 1), Moment(0), 3, left).collect();
        let taken: Vec<_> = (0..6).map(|turn| seats[turn % 3].take(None).map(|taken| taken.turns.start)).collect();
        assert_eq!(taken, [Some(10), Some(11), Some(12), Some(13), None, None]);
        seats.truncate(1);
        assert!(done.try_recv().is_err());
        seats.clear();
        assert_eq!(done.try_recv(), Ok(7));
    }

    #[test]
    fn two_arms_send_each_request_one_after_the_other_and_take_turns_in_being_first() {
        let (left, _done) = mpsc::channel(1);
        let seats: Vec<Seat> = Stretch::seats((0, Step::Measured, true), (3, 3, 2), Moment(0), 1, left).collect();
        let taken: Vec<_> = std::iter::from_fn(|| seats[0].take(None)).map(|it| (it.arm, it.turns.start)).collect();
        assert_eq!(taken, [(1, 3), (0, 3), (0, 4), (1, 4), (1, 5), (0, 5)]);
    }

    #[test]
    fn no_more_requests_are_in_flight_than_the_limit_and_a_place_given_back_is_free() {
        let (left, _done) = mpsc::channel(1);
        let seats: Vec<Seat> = Stretch::seats((0, Step::Measured, true), (0, 9, 1), Moment(0), 2, left).collect();
        let places = [seats[0].enter(2), seats[1].enter(2)];
        assert!(places.iter().all(Option::is_some));
        assert!(seats[0].enter(2).is_none());
        drop(places);
        assert!(seats[0].enter(2).is_some());
        assert_eq!([seats[0].share_of(5), seats[1].share_of(5)], [3, 2]);
    }
}
