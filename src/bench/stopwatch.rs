//! Processor time and the clock, read each time a run says how far it has come.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::run::{Snapshot, Watch};
use crate::sim::NullUpstream;

/// Readings of a run under way.
pub(super) struct Stopwatch<'u> {
    upstream: &'u NullUpstream,
    readings: Vec<Reading>,
}

/// What lies between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lap {
    /// Replies that were recorded.
    pub(super) replies: u64,
    /// Requests that failed, of the whole run.
    pub(super) failed: u64,
    /// Time on the clock.
    pub(super) wall: Duration,
    /// Processor time of all of this process but the upstream.
    pub(super) client: Duration,
    /// Processor time of the upstream.
    pub(super) upstream: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    done: u64,
    failed: u64,
    at: Instant,
    process: Duration,
    upstream: Duration,
}

impl<'u> Stopwatch<'u> {
    /// A stopwatch without readings. `upstream` is in this process, and its time is told apart.
    pub(super) fn new(upstream: &'u NullUpstream) -> Self {
        Self { upstream, readings: Vec::new() }
    }

    /// From the first reading with replies to the last one, so that opening connections is left out; all of the run
    /// when it was too short for that. Absent without readings.
    pub(super) fn lap(&self) -> Option<Lap> {
        lap(&self.readings)
    }
}

impl Watch for Stopwatch<'_> {
    fn update(&mut self, snapshot: &Snapshot) {
        let sum = |count: fn(&crate::run::CellProgress) -> u64| snapshot.cells.iter().map(count).sum();
        self.readings.push(Reading {
            done: sum(|cell| cell.done),
            failed: sum(|cell| cell.failed),
            at: Instant::now(),
            process: Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default(),
            upstream: self.upstream.cpu(),
        });
    }
}

fn lap(readings: &[Reading]) -> Option<Lap> {
    let (last, before) = readings.split_last()?;
    let first = before.iter().find(|reading| reading.done > 0).or(before.first())?;
    let upstream = last.upstream.saturating_sub(first.upstream);
    Some(Lap {
        replies: last.done - first.done,
        failed: last.failed,
        wall: last.at - first.at,
        client: last.process.saturating_sub(first.process).saturating_sub(upstream),
        upstream,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn readings(list: &[(u64, u64)]) -> Vec<Reading> {
        let begun = Instant::now();
        let reading =
            |&(ms, done)| Reading { done, failed: 0, at: begun + MS(ms), process: MS(2 * ms), upstream: MS(ms / 2) };
        list.iter().map(reading).collect()
    }

    #[test]
    fn a_lap_begins_when_replies_come_and_leaves_the_upstream_out_of_the_clients_time() {
        let lap = lap(&readings(&[(0, 0), (200, 50), (600, 150)])).unwrap();
        let expected = Lap { replies: 100, failed: 0, wall: MS(400), client: MS(600), upstream: MS(200) };
        assert_eq!(lap, expected);
    }

    #[test]
    fn a_run_too_short_for_readings_in_between_is_one_lap() {
        assert_eq!(lap(&readings(&[(0, 0), (100, 40)])).map(|lap| lap.replies), Some(40));
        assert_eq!(lap(&readings(&[(0, 0)])), None);
        assert_eq!(lap(&[]), None);
    }
}
