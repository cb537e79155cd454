//! The coordinator: it starts each stretch when its turn comes.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::load::stop::Stop;
use crate::load::stretch::{Seat, Stretch};
use crate::load::turns::{Piece, Turns};
use crate::load::{Clock, Job, LaneJob};

/// Hands out all turns of `job` to `workers` and waits for them, unless the run is stopped or its budget exhausted.
///
/// The workers' channels close when it returns, which is how they learn that nothing follows.
pub(crate) async fn coordinate(
    job: &Job,
    clock: Clock,
    workers: Vec<mpsc::Sender<Vec<Seat>>>,
    mut stop: watch::Receiver<Stop>,
) {
    let mut turns = Turns::new(job);
    // A lane has at most one stretch under way, so there is always room for the news of its end.
    let (left, mut ended) = mpsc::channel(job.lanes.len().max(1));
    let exhausted = || job.budget.as_ref().is_some_and(|budget| budget.is_exhausted());
    while !turns.are_over() && !exhausted() {
        while let Some(piece) = turns.start() {
            seat(job, clock, piece, &workers, &left).await;
        }
        let lane = tokio::select! {
            lane = ended.recv() => lane.expect("its sender lives as long as this function"),
            () = stopped(&mut stop) => return,
        };
        if let Some(piece) = turns.ended(lane) {
            seat(job, clock, piece, &workers, &left).await;
        }
    }
}

/// From handing out an open stretch to its first arrival, so that every worker is there in time.
const LEAD: Duration = Duration::from_millis(2);

/// Spreads the slots of a lane over the workers, starting with another worker for each lane; of an open lane every
/// worker has one seat, and makes its slots itself.
async fn seat(job: &Job, clock: Clock, piece: Piece, workers: &[mpsc::Sender<Vec<Seat>>], left: &mpsc::Sender<usize>) {
    let Piece { lane, step, first, requests, is_last } = piece;
    let LaneJob { arms, open, concurrency, .. } = &job.lanes[lane];
    let made = match open {
        None => *concurrency,
        Some(_) => u32::try_from(workers.len()).expect("there are fewer threads than a 32-bit number can count"),
    };
    let begin = clock.now().after(LEAD);
    let arms = u32::try_from(arms.len()).expect("a lane has a cell a variant at most");
    let seats = Stretch::seats((lane, step, is_last), (first, requests, arms), begin, made, left.clone());
    let mut shares: Vec<Vec<Seat>> = workers.iter().map(|_| Vec::new()).collect();
    for (slot, seat) in seats.enumerate() {
        shares[(slot + lane) % workers.len()].push(seat);
    }
    for (worker, share) in workers.iter().zip(shares) {
        if !share.is_empty() {
            // A worker that is gone drops its seats, which are then left.
            let _ = worker.send(share).await;
        }
    }
}

/// Waits until nothing new is to be sent; for ever if nobody can say so any more.
async fn stopped(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop >= Stop::Drain).await.is_err() {
        std::future::pending::<()>().await;
    }
}
