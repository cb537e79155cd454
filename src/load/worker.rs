//! A worker: one thread, one event loop, and the slots that live on it.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet, LocalSet};
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsConnector;

use crate::load::outbox::Outbox;
use crate::load::pacer::Pacer;
use crate::load::slot::Slot;
use crate::load::stop::{LocalStop, Stop};
use crate::load::stretch::Seat;
use crate::load::target::Target;
use crate::load::{Batch, Clock, Job, LoadError};

/// What all workers share, and none changes.
pub(crate) struct Floor {
    pub(crate) job: Job,
    /// By lane, arm and outlet.
    pub(crate) targets: Vec<Vec<Vec<Arc<Target>>>>,
    /// Present if any destination speaks TLS.
    pub(crate) tls: Option<TlsConnector>,
}

/// What the slots of one worker share.
pub(crate) struct Crew {
    pub(crate) floor: Arc<Floor>,
    pub(crate) clock: Clock,
    pub(crate) outbox: Outbox,
    pub(crate) stop: Rc<LocalStop>,
    signal: watch::Receiver<Stop>,
}

impl Crew {
    /// How far the run is stopped at this moment, even if the worker has not been woken for it yet.
    ///
    /// While nothing has changed this is one atomic load.
    pub(crate) fn stopped(&self) -> Stop {
        if self.signal.has_changed().unwrap_or(false) {
            self.stop.set(*self.signal.borrow());
        }
        self.stop.get()
    }

    pub(crate) fn job(&self) -> &Job {
        &self.floor.job
    }
}

/// The channels of a worker.
pub(crate) struct Lines {
    /// Seats for this worker's slots of a lane, in the order of the slots. The coordinator closes it at the end.
    pub(crate) seats: mpsc::Receiver<Vec<Seat>>,
    pub(crate) batches: mpsc::Sender<Batch>,
    pub(crate) stop: watch::Receiver<Stop>,
}

/// How often the event loop's lag is looked at.
const TICK: Duration = Duration::from_millis(5);

/// Carries out what `lines` brings until the coordinator closes it, on the current thread.
///
/// # Errors
///
/// Nobody receives the batches any more.
pub(crate) fn work(runtime: &Runtime, floor: Arc<Floor>, clock: Clock, lines: Lines) -> Result<(), LoadError> {
    let Lines { seats, batches, stop } = lines;
    let (outbox, signal) = (Outbox::default(), stop.clone());
    let crew = Rc::new(Crew { floor, clock, outbox, stop: Rc::new(LocalStop::default()), signal });
    LocalSet::new().block_on(runtime, async move {
        let hearing = tokio::task::spawn_local(hear_stop(Rc::clone(&crew), stop));
        let ticking = tokio::task::spawn_local(tick(Rc::clone(&crew)));
        let delivering = tokio::task::spawn_local(deliver(Rc::clone(&crew), batches));
        seat_slots(&crew, seats).await;
        hearing.abort();
        ticking.abort();
        crew.outbox.close();
        if delivering.await.unwrap_or_else(resume) { Ok(()) } else { Err(LoadError::NoReceiver) }
    })
}

/// Hands each seat to its slot or pacer, and starts those of a lane with its first seats.
async fn seat_slots(crew: &Rc<Crew>, mut seats: mpsc::Receiver<Vec<Seat>>) {
    let mut lanes: HashMap<usize, Vec<mpsc::Sender<Seat>>> = HashMap::new();
    let mut slots = JoinSet::new();
    loop {
        let seats = tokio::select! {
            Some(ended) = slots.join_next() => {
                ended.unwrap_or_else(resume);
                continue;
            }
            seats = seats.recv() => match seats {
                Some(seats) => seats,
                None => break,
            },
        };
        let Some((lane, is_last)) = seats.first().map(|seat| (seat.stretch().lane, seat.stretch().is_last)) else {
            continue;
        };
        let inboxes = lanes.entry(lane).or_insert_with(|| {
            let start = |_| {
                // A slot has left its seat before it gets the next, so one place is enough.
                let (inbox, seats) = mpsc::channel(1);
                match crew.job().lanes[lane].open {
                    None => slots.spawn_local(Slot::new(Rc::clone(crew), lane).run(seats)),
                    Some(_) => slots.spawn_local(Pacer::new(Rc::clone(crew), lane).run(seats)),
                };
                inbox
            };
            seats.iter().map(start).collect()
        });
        for (inbox, seat) in inboxes.iter().zip(seats) {
            // A slot that is gone drops the seat, which is then left.
            let _ = inbox.send(seat).await;
        }
        if is_last {
            lanes.remove(&lane);
        }
    }
    drop(lanes);
    while let Some(ended) = slots.join_next().await {
        ended.unwrap_or_else(resume);
    }
}

async fn hear_stop(crew: Rc<Crew>, mut stop: watch::Receiver<Stop>) {
    loop {
        crew.stop.set(*stop.borrow_and_update());
        if stop.changed().await.is_err() {
            return;
        }
    }
}

async fn tick(crew: Rc<Crew>) {
    let mut due = Instant::now();
    loop {
        due += TICK;
        sleep_until(due).await;
        let now = Instant::now();
        crew.outbox.push_lag(crew.clock.moment(now.into_std()).since(crew.clock.moment(due.into_std())));
        // A missed tick is one lag, not many.
        due = now;
    }
}

async fn deliver(crew: Rc<Crew>, batches: mpsc::Sender<Batch>) -> bool {
    let delivered = crew.outbox.deliver(&batches).await;
    if !delivered {
        // Requests whose samples nobody sees would be money for nothing.
        crew.stop.set(Stop::Now);
    }
    delivered
}

/// A panic in a task is a panic of the worker.
pub(crate) fn resume<T>(error: JoinError) -> T {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => unreachable!("no slot is ever aborted: {error}"),
    }
}
