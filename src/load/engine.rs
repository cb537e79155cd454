//! Starting the engine's threads, and waiting for them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};

use crate::load::coordinator::coordinate;
use crate::load::open_files::{self, TooFewFiles};
use crate::load::target::Target;
use crate::load::trust::connector;
use crate::load::worker::{Floor, Lines, work};
use crate::load::{Arm, Batch, Clock, Destination, Job, LaneJob, OpenLoad, Stop};

/// Why the engine cannot start, or did not end well. A failed request is none of these, but a sample.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Fewer files may be open than there are connections.
    #[error(transparent)]
    OpenFiles(#[from] TooFewFiles),
    /// The system trusts nobody.
    #[error("no trusted certificate was found, set `SSL_CERT_FILE` to a file of them")]
    NoTrust {
        /// The first thing that went wrong in looking for them; absent when there simply were none.
        #[source]
        first: Option<Box<rustls_native_certs::Error>>,
    },
    /// A destination that cannot be written as a URL.
    #[error("host `{host}` and path `{path}` make no URL")]
    BadAddress {
        /// The host.
        host: String,
        /// The path.
        path: String,
    },
    /// A cell that is to be sent and has nothing to send, or nobody to send it.
    #[error("cell {cell} has {problem}, must have at least 1")]
    EmptyCell {
        /// Its number.
        cell: usize,
        /// What is missing.
        problem: &'static str,
    },
    /// A lane without a cell.
    #[error("lane {lane} has no cell, must have at least 1")]
    EmptyLane {
        /// Its index in the job.
        lane: usize,
    },
    /// A cell whose schedule ends before its requests.
    #[error("cell {cell} has {scheduled} moments for {requests} requests, must have one for each")]
    ShortSchedule {
        /// Its number.
        cell: usize,
        /// Moments of the schedule.
        scheduled: usize,
        /// Measured requests.
        requests: u32,
    },
    /// The system gives no thread or event loop.
    #[error("cannot start a worker thread")]
    Thread(#[source] io::Error),
    /// The receiver of batches was dropped before the end.
    #[error("the samples were no longer received, so sending was stopped")]
    NoReceiver,
    /// A bug.
    #[error("the thread `{thread}` panicked")]
    Panicked {
        /// Its name.
        thread: String,
    },
}

/// The engine at work.
#[derive(Debug)]
pub struct Running {
    threads: Vec<JoinHandle<Result<(), LoadError>>>,
}

/// Starts to carry out `job` on threads of its own.
///
/// Samples arrive through `batches`, which must be received until it closes: that is the end of the run. `stop` ends it
/// earlier; if its sender is dropped, nothing does.
///
/// # Errors
///
/// The job cannot be carried out at all; nothing has been sent then.
pub fn start(
    job: Job,
    clock: Clock,
    batches: mpsc::Sender<Batch>,
    stop: watch::Receiver<Stop>,
) -> Result<Running, LoadError> {
    check(&job)?;
    open_files::raise(job.connections() + job.timers() + FILES_BESIDE)?;
    let mut outlets = job.lanes.iter().flat_map(|lane| &lane.arms).flat_map(|arm| &arm.outlets);
    let tls = outlets.any(|outlet| outlet.destination.tls).then(|| connector(job.http2)).transpose()?;
    let targets = targets(&job)?;
    let workers = job.workers.max(1);
    let floor = Arc::new(Floor { job, targets, tls });

    // Every loop is there before the first thread runs, so that an error leaves nothing behind.
    let coordinating = event_loop()?;
    let loops = (0..workers).map(|_| event_loop()).collect::<Result<Vec<_>, _>>()?;
    let mut lines = Vec::new();
    let mut threads = Vec::new();
    for (index, runtime) in loops.into_iter().enumerate() {
        let (line, seats) = mpsc::channel(LINE_LEN);
        lines.push(line);
        let (floor, its) = (Arc::clone(&floor), Lines { seats, batches: batches.clone(), stop: stop.clone() });
        threads.push(spawn(format!("tollmark-load-{index}"), move || {
            let ended = work(&runtime, floor, clock, its);
            // Dropped, the loop would wait for a resolver that was given up, however long that takes to answer.
            runtime.shutdown_background();
            ended
        })?);
    }
    threads.push(spawn("tollmark-turns".to_owned(), move || {
        coordinating.block_on(coordinate(&floor.job, clock, lines, stop));
        Ok(())
    })?);
    // The workers' own senders keep the channel open from here on, so it closes with them.
    drop(batches);
    Ok(Running { threads })
}

impl Running {
    /// Waits for the end of the run. It blocks the thread, and the batches must be received meanwhile.
    ///
    /// # Errors
    ///
    /// The batches were not received to the end, or a thread panicked.
    pub fn join(self) -> Result<(), LoadError> {
        let mut result = Ok(());
        for thread in self.threads {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            let ended = thread.join().unwrap_or(Err(LoadError::Panicked { thread: name }));
            // The first error stands, but every thread is waited for.
            result = result.and(ended);
        }
        result
    }
}

/// Files that are open besides connections: the run directory's, event loops, the standard streams.
const FILES_BESIDE: u64 = 64;

/// Stretches that can be on their way to a worker; a busy worker merely delays the next.
const LINE_LEN: usize = 64;

fn check(job: &Job) -> Result<(), LoadError> {
    for (number, lane) in job.lanes.iter().enumerate() {
        let empty = |cell: u32, problem| Err(LoadError::EmptyCell { cell: cell as usize, problem });
        let Some(first) = lane.arms.first() else { return Err(LoadError::EmptyLane { lane: number }) };
        let mute = |arm: &&Arm| arm.outlets.is_empty() && arm.replay.is_none();
        if let Some(mute) = lane.arms.iter().find(mute) {
            return empty(mute.cell, "nobody to call");
        }
        if let Some(idle) = lane.arms.iter().find(|arm| arm.requests.is_empty()) {
            return empty(idle.cell, "0 requests");
        }
        if lane.concurrency == 0 {
            return empty(first.cell, "a concurrency of 0");
        }
        let Some(OpenLoad { schedules, max_in_flight }) = &lane.open else { continue };
        if *max_in_flight == 0 {
            return empty(first.cell, "a bound of 0 requests in flight");
        }
        for (index, arm) in lane.arms.iter().enumerate() {
            let scheduled = schedules.get(index).map_or(0, |schedule| schedule.len());
            if scheduled < lane.total as usize {
                return Err(LoadError::ShortSchedule { cell: arm.cell as usize, scheduled, requests: lane.total });
            }
        }
    }
    Ok(())
}

/// The targets by lane, arm and outlet; outlets of one destination share theirs.
fn targets(job: &Job) -> Result<Vec<Vec<Vec<Arc<Target>>>>, LoadError> {
    let mut known = HashMap::new();
    let mut target = |destination: &Arc<Destination>| {
        Ok(match known.entry(Arc::as_ptr(destination)) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) => Arc::clone(place.insert(Arc::new(Target::new(destination, job.http2)?))),
        })
    };
    let mut of_arm = |arm: &Arm| arm.outlets.iter().map(|outlet| target(&outlet.destination)).collect();
    let mut of_lane = |lane: &LaneJob| lane.arms.iter().map(&mut of_arm).collect();
    job.lanes.iter().map(&mut of_lane).collect()
}

fn event_loop() -> Result<Runtime, LoadError> {
    Builder::new_current_thread().enable_io().enable_time().build().map_err(LoadError::Thread)
}

fn spawn(
    name: String,
    work: impl FnOnce() -> Result<(), LoadError> + Send + 'static,
) -> Result<JoinHandle<Result<(), LoadError>>, LoadError> {
    thread::Builder::new().name(name).spawn(work).map_err(LoadError::Thread)
}

#[cfg(test)]
mod tests;
