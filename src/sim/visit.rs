//! One request's way through the simulator, kept so that its row of the truth is written whatever happens to it.

use std::sync::mpsc::SyncSender;
use std::time::Instant;

use crate::sample::Outcome;
use crate::sim::truth::TruthRow;
use crate::units::Moment;

/// A request being served. Its row goes to the truth when this is dropped: at the end of the reply, when the client
/// leaves, or when the simulator is stopped.
#[derive(Debug)]
pub(super) struct Visit {
    row: TruthRow,
    clock: Clock,
    truth: Option<SyncSender<TruthRow>>,
}

/// The simulator's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(pub(super) Instant);

impl Clock {
    /// Now, counted from the simulator's start.
    pub(super) fn now(self) -> Moment {
        self.at(Instant::now())
    }

    /// `instant`, counted from the simulator's start.
    pub(super) fn at(self, instant: Instant) -> Moment {
        Moment(instant.saturating_duration_since(self.0).as_micros() as u64)
    }
}

impl Visit {
    /// A visit that `row` describes so far; without `truth` nothing is kept.
    pub(super) fn new(row: TruthRow, clock: Clock, truth: Option<SyncSender<TruthRow>>) -> Self {
        Self { row, clock, truth }
    }

    /// What is known of the visit, to be completed as it goes on.
    pub(super) fn row(&mut self) -> &mut TruthRow {
        &mut self.row
    }

    /// Says that a part with tokens was written; `last` when it closes the reply.
    pub(super) fn wrote_tokens(&mut self, last: bool) {
        let now = self.clock.now();
        self.row.first_token.get_or_insert(now);
        if last {
            self.row.last_token = Some(now);
            self.finish(now, Outcome::Ok);
        }
    }

    /// Says that a reply in one piece was written, after which the request counts as `outcome`.
    pub(super) fn wrote_whole(&mut self, outcome: Outcome) {
        let now = self.clock.now();
        self.row.last_token = outcome.is_ok().then_some(now);
        self.finish(now, outcome);
    }

    fn finish(&mut self, now: Moment, outcome: Outcome) {
        (self.row.end, self.row.outcome) = (now, outcome);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.row.outcome == Outcome::Cancelled {
            self.row.end = self.clock.now();
        }
        if let Some(truth) = &self.truth {
            // A writer that is gone has its error kept, and reports it when the simulator is stopped.
            let _ = truth.send(self.row.clone());
        }
    }
}
