//! Which of a cell's requests are turns of one conversation, and how long a turn waits for the one before.

use std::collections::HashMap;
use std::time::Duration;

use crate::units::Positive;
use crate::workload::Workload;

/// The sessions of a cell's lines, each session's turns side by side; a line without one is a session of one turn.
///
/// The lines are cycled, and a session of another cycle is another session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// By place in the cell's lines; never empty.
    places: Vec<Place>,
    /// How many sessions a cycle holds.
    count: u32,
}

/// Where a line stands in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// The number of its session in the cycle.
    session: u32,
    /// The place of the session's first turn.
    first: u32,
    /// The place after its last.
    end: u32,
    /// What passes between the answer before and this turn; nothing for a first turn.
    delay: Duration,
}

impl Sessions {
    /// Brings the turns of each session side by side in `lines`, sessions in the order of their first turns and turns as
    /// they stand in the file; delays pass `speed` times faster than recorded. Absent, and the lines as they were,
    /// where every line stands alone.
    pub fn gather(workload: &Workload, lines: &mut Vec<u32>, speed: Positive) -> Option<Self> {
        let request = |line: u32| &workload.requests[line as usize];
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut sessions: Vec<Vec<u32>> = Vec::new();
        for line in lines.iter().copied() {
            let next = sessions.len();
            let number = request(line).session_id.as_deref().map_or(next, |id| *numbers.entry(id).or_insert(next));
            match sessions.get_mut(number) {
                Some(turns) => turns.push(line),
                None => sessions.push(vec![line]),
            }
        }
        if sessions.iter().all(|turns| turns.len() == 1) {
            return None;
        }
        let mut places = Vec::with_capacity(lines.len());
        lines.clear();
        for (session, mut turns) in (0..).zip(sessions) {
            // Lines in the order of their times may have turns in another order than the file's.
            turns.sort_unstable();
            let first = u32::try_from(lines.len()).expect("a workload holds fewer than 2^32 lines");
            let end = first + u32::try_from(turns.len()).expect("a session is a part of the workload");
            for line in turns {
                let delay = Duration::from_millis(request(line).delay_ms.unwrap_or(0)).div_f64(speed.get());
                let delay = if lines.len() == first as usize { Duration::ZERO } else { delay };
                places.push(Place { session, first, end, delay });
                lines.push(line);
            }
        }
        let count = places.last().map_or(0, |last| last.session + 1);
        Some(Self { places, count })
    }

    /// The index of the first turn of the session that request `index` belongs to.
    pub fn first_of(&self, index: u32) -> u32 {
        let (cycle, place) = self.at(index);
        cycle + place.first
    }

    /// The index after the last turn of the session that request `index` belongs to.
    pub fn end_of(&self, index: u32) -> u32 {
        let (cycle, place) = self.at(index);
        cycle.saturating_add(place.end)
    }

    /// What passes between the end of request `index - 1` and the sending of `index`; nothing for a first turn.
    pub fn delay(&self, index: u32) -> Duration {
        self.at(index).1.delay
    }

    /// The number of the session that request `index` belongs to, counted through all cycles.
    pub fn number_of(&self, index: u32) -> u32 {
        index / self.len() * self.count + self.at(index).1.session
    }

    /// How many requests the first `sessions` sessions are; absent beyond what an index can count.
    pub fn requests_of(&self, sessions: u32) -> Option<u32> {
        let (cycles, more) = (sessions / self.count, sessions % self.count);
        let more = self.places.partition_point(|place| place.session < more);
        cycles.checked_mul(self.len())?.checked_add(u32::try_from(more).ok()?)
    }

    /// The index of the first turn at or after `index` that begins a session.
    pub fn next_start(&self, index: u32) -> u32 {
        if self.first_of(index) == index { index } else { self.end_of(index) }
    }

    /// What turns wait for in all, over the `requests` requests from `first` on.
    pub fn delays(&self, first: u32, requests: u32) -> Duration {
        (first..first.saturating_add(requests)).map(|index| self.delay(index)).sum()
    }

    /// The index at which the cycle of `index` begins, and its place there.
    fn at(&self, index: u32) -> (u32, Place) {
        let place = index % self.len();
        (index - place, self.places[place as usize])
    }

    fn len(&self) -> u32 {
        u32::try_from(self.places.len()).expect("a workload holds fewer than 2^32 lines")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::BadLines;

    /// Lines of sessions `a`, none, `b`, `a`, `b`, `a`; turns wait for ten times their line's number in milliseconds.
    fn workload() -> Workload {
        let line = |(number, session): (usize, &str)| {
            let session = match session {
                "" => String::new(),
                // The first two lines of sessions are lines 1 and 3.
                _ if matches!(number, 1 | 3) => format!(r#","session_id":"{session}""#),
                _ => format!(r#","session_id":"{session}","delay":{}"#, number * 10),
            };
            format!(r#"{{"custom_id":"{number}","input_length":1,"output_length":1{session}}}"#)
        };
        let lines: Vec<String> = (1..).zip(["a", "", "b", "a", "b", "a"]).map(line).collect();
        Workload::parse("x", "x", lines.join("\n").as_bytes(), BadLines::Stop).unwrap()
    }

    fn gathered(speed: f64) -> (Vec<u32>, Sessions) {
        let mut lines = vec![0, 1, 2, 3, 4, 5];
        let sessions = Sessions::gather(&workload(), &mut lines, Positive::new(speed).unwrap()).unwrap();
        (lines, sessions)
    }

    #[test]
    fn turns_stand_side_by_side_in_the_order_of_the_file_and_sessions_in_that_of_their_first() {
        let (lines, sessions) = gathered(1.0);
        assert_eq!(lines, [0, 3, 5, 1, 2, 4]);
        let firsts: Vec<u32> = (0..8).map(|index| sessions.first_of(index)).collect();
        assert_eq!(firsts, [0, 0, 0, 3, 4, 4, 6, 6]);
        let ends: Vec<u32> = (0..8).map(|index| sessions.end_of(index)).collect();
        assert_eq!(ends, [3, 3, 3, 4, 6, 6, 9, 9]);
        let numbers: Vec<u32> = (0..8).map(|index| sessions.number_of(index)).collect();
        assert_eq!(numbers, [0, 0, 0, 1, 2, 2, 3, 3]);
        assert_eq!([0, 1, 3, 5, 6].map(|index| sessions.next_start(index)), [0, 3, 3, 6, 6]);
        assert_eq!([0, 1, 2, 3, 4].map(|count| sessions.requests_of(count)), [0, 3, 4, 6, 9].map(Some));
    }

    #[test]
    fn a_later_turn_waits_for_its_delay_and_a_first_turn_for_nothing() {
        for (speed, expected) in [(1.0, [0, 40, 60, 0, 0, 50, 0, 40]), (10.0, [0, 4, 6, 0, 0, 5, 0, 4])] {
            let sessions = gathered(speed).1;
            let delays: Vec<u128> = (0..8).map(|index| sessions.delay(index).as_millis()).collect();
            assert_eq!(delays, expected);
        }
        assert_eq!(gathered(1.0).1.delays(1, 6), Duration::from_millis(150));
    }

    #[test]
    fn turns_keep_the_order_of_the_file_whatever_their_times_and_one_may_be_missing() {
        let mut lines = vec![5, 2, 0, 4];
        let sessions = Sessions::gather(&workload(), &mut lines, Positive::ONE).unwrap();
        assert_eq!(lines, [0, 5, 2, 4]);
        assert_eq!(sessions.delay(1), Duration::from_millis(60));
    }

    #[test]
    fn lines_that_stand_alone_are_left_as_they_are() {
        let mut lines = vec![3, 1, 2];
        assert_eq!(Sessions::gather(&workload(), &mut lines, Positive::ONE), None);
        assert_eq!(lines, [3, 1, 2]);
    }
}
