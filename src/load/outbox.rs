//! Samples on their way out of a worker.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

use crate::load::Batch;
use crate::router::BreakerEvent;
use crate::sample::Sample;
use crate::units::Micros;

/// Gathers what a worker's slots find and sends it off in batches, so that no slot waits for the receiver.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pending: RefCell<Batch>,
    /// A batch has begun, is full, or the outbox was closed.
    due: Notify,
    /// A batch was sent.
    room: Notify,
    closed: Cell<bool>,
}

/// Samples that make a batch worth sending at once.
const FULL: usize = 256;

/// Samples beyond which slots wait: the receiver is then so slow that memory would not hold what is found.
const TOO_MANY: usize = 16_384;

/// How long a sample waits for others.
const PATIENCE: Duration = Duration::from_millis(20);

impl Outbox {
    /// Puts in a sample, with the gaps between its chunks and the lags of its reads.
    pub(crate) fn push(&self, sample: Sample, gaps: &[Micros], read_lags: &[Micros]) {
        let batch = &mut *self.pending.borrow_mut();
        let (cell, round) = (sample.cell, sample.round);
        for cell in std::iter::once(cell).chain(sample.route) {
            batch.chunk_gaps.extend(gaps.iter().map(|gap| (cell, round, *gap)));
        }
        batch.read_lags.extend(read_lags.iter().map(|lag| (cell, *lag)));
        batch.samples.push(sample);
        if matches!(batch.samples.len(), 1 | FULL) {
            self.due.notify_one();
        }
    }

    /// Puts in a lag of the event loop; it leaves with the next samples.
    pub(crate) fn push_lag(&self, lag: Micros) {
        self.pending.borrow_mut().loop_lags.push(lag);
    }

    /// Puts in a change of a breaker of the table of `cell`; it leaves with the next samples.
    pub(crate) fn push_event(&self, cell: u32, event: Option<BreakerEvent>) {
        self.pending.borrow_mut().breakers.extend(event.map(|event| (cell, event)));
    }

    /// Waits while the receiver is far behind.
    pub(crate) async fn room(&self) {
        while self.pending.borrow().samples.len() >= TOO_MANY {
            self.room.notified().await;
        }
    }

    /// Nothing more is put in: what is there is sent, and [`deliver`](Self::deliver) ends.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.due.notify_one();
    }

    /// Takes out what is there, and makes room for as much again.
    fn next_batch(&self) -> Batch {
        let mut pending = self.pending.borrow_mut();
        let samples = Vec::with_capacity(pending.samples.len());
        std::mem::replace(&mut *pending, Batch { samples, ..Batch::default() })
    }

    /// Sends batches until the outbox is closed; false when nobody receives them any more.
    pub(crate) async fn deliver(&self, batches: &Sender<Batch>) -> bool {
        loop {
            self.due.notified().await;
            if !self.closed.get() && self.pending.borrow().samples.len() < FULL {
                // Ends early when the batch fills up.
                let _ = tokio::time::timeout(PATIENCE, self.due.notified()).await;
            }
            let closed = self.closed.get();
            let batch = self.next_batch();
            self.room.notify_waiters();
            let worth_sending =
                !batch.samples.is_empty() || closed && !(batch.loop_lags.is_empty() && batch.breakers.is_empty());
            if worth_sending && batches.send(batch).await.is_err() {
                return false;
            }
            if closed {
                return true;
            }
        }
    }
}
