//! The recorder: the one task that owns the tally and the run directory while requests are sent.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use crate::cost;
use crate::load::{Batch, Clock, Stop};
use crate::registry::Price;
use crate::run::inputs::Inputs;
use crate::run::notes::price_of;
use crate::run::snapshot::{CellProgress, Snapshot};
use crate::run::{RunError, Watch};
use crate::rundir::RunWriter;
use crate::sample::{Phase, Sample};
use crate::tally::{CellShape, Lags, SparseCounts, Tally};
use crate::units::Usd;

/// How often rows are handed to the system and progress is shown.
const TICK: Duration = Duration::from_millis(250);

/// What was recorded.
pub(super) struct Recorded {
    /// The figures of every cell.
    pub tally: Tally,
    /// How far the client was behind.
    pub lags: Lags,
    /// Whether the user stopped the run.
    pub interrupted: bool,
    /// Whether all replies came from a simulator; absent when there was none.
    pub simulated: Option<bool>,
}

/// Records batches until the engine closes the channel; an interrupt makes it drain, a second one cancel.
///
/// # Errors
/// The run directory cannot be written; the engine is told to stop then.
pub(super) fn record(
    batches: mpsc::Receiver<Batch>,
    writer: &mut RunWriter,
    inputs: &Inputs,
    started: Timestamp,
    clock: Clock,
    stop: &watch::Sender<Stop>,
    watch: &mut dyn Watch,
) -> Result<Recorded, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Runtime)?;
    let mut recorder = Recorder::new(writer, inputs, started);
    let ended = runtime.block_on(recorder.run(batches, clock, stop, watch));
    if ended.is_err() {
        // Nobody receives any more, so the engine must not go on; it may be gone already.
        let _ = stop.send(Stop::Now);
    }
    ended?;
    Ok(recorder.finish())
}

struct Recorder<'r> {
    writer: &'r mut RunWriter,
    tally: Tally,
    /// Each cell's price row.
    prices: Vec<Option<&'r Price>>,
    progress: Vec<CellProgress>,
    spent: Usd,
    any_cost: bool,
    loop_lags: SparseCounts,
    interrupted: bool,
    replies: u64,
    simulated_replies: u64,
}

impl<'r> Recorder<'r> {
    fn new(writer: &'r mut RunWriter, inputs: &'r Inputs, started: Timestamp) -> Self {
        let plan = &inputs.plan;
        let shares =
            |cell: &crate::plan::Cell| (0..plan.rounds).map(|round| cell.share_of(round, plan.rounds)).collect();
        let shapes: Vec<CellShape> = plan.cells.iter().map(|cell| CellShape { shares: shares(cell) }).collect();
        Self {
            writer,
            tally: Tally::new(&shapes, plan.seed),
            prices: plan.cells.iter().map(|cell| price_of(&inputs.registry, cell, started)).collect(),
            progress: vec![CellProgress::default(); plan.cells.len()],
            spent: Usd::ZERO,
            any_cost: false,
            loop_lags: SparseCounts::default(),
            interrupted: false,
            replies: 0,
            simulated_replies: 0,
        }
    }

    async fn run(
        &mut self,
        mut batches: mpsc::Receiver<Batch>,
        clock: Clock,
        stop: &watch::Sender<Stop>,
        watch: &mut dyn Watch,
    ) -> Result<(), RunError> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                batch = batches.recv() => match batch {
                    Some(batch) => self.take(&batch)?,
                    None => break,
                },
                _ = tick.tick() => {
                    self.writer.flush()?;
                    watch.update(&self.snapshot(clock));
                }
                pressed = tokio::signal::ctrl_c() => {
                    pressed.map_err(RunError::Runtime)?;
                    // The engine may have ended in this very moment; then there is nothing to stop.
                    let _ = stop.send(if self.interrupted { Stop::Now } else { Stop::Drain });
                    self.interrupted = true;
                }
            }
        }
        // What an interrupt left of a round is kept like a whole one.
        for done in self.tally.open_rounds() {
            self.writer.round(&mut self.tally, done)?;
        }
        watch.update(&self.snapshot(clock));
        Ok(())
    }

    fn take(&mut self, batch: &Batch) -> Result<(), RunError> {
        // Gaps come before their request, so that a round is encoded with all of them.
        for (cell, round, gap) in &batch.chunk_gaps {
            self.tally.chunk_gap(*cell, *round, *gap);
        }
        for lag in &batch.loop_lags {
            self.loop_lags.add(u64::from(lag.0), 1);
        }
        for sample in &batch.samples {
            self.take_sample(sample)?;
        }
        Ok(())
    }

    fn take_sample(&mut self, sample: &Sample) -> Result<(), RunError> {
        let price = self.prices[sample.cell as usize];
        let cost = sample.usage.map(|(usage, _)| cost::of(&usage, price)).and_then(cost::Cost::exact);
        if let Some(cost) = cost {
            self.spent += cost;
            self.any_cost = true;
        }
        if sample.status.is_some() {
            self.replies += 1;
            self.simulated_replies += u64::from(sample.simulated);
        }
        if sample.phase == Phase::Measured {
            let cell = &mut self.progress[sample.cell as usize];
            cell.done += 1;
            cell.failed += u64::from(sample.outcome.counts() && !sample.outcome.is_ok());
        }
        self.writer.sample(sample, cost)?;
        if let Some(done) = self.tally.record(sample, cost) {
            self.writer.round(&mut self.tally, done)?;
            let cell = &mut self.progress[done.cell];
            (cell.p50, cell.p99) = self.tally.e2e_so_far(done.cell).unzip();
        }
        Ok(())
    }

    fn snapshot(&self, clock: Clock) -> Snapshot {
        Snapshot {
            elapsed: clock.origin.elapsed(),
            spent: self.any_cost.then_some(self.spent),
            simulated: self.all_simulated() == Some(true),
            cells: self.progress.clone(),
        }
    }

    fn all_simulated(&self) -> Option<bool> {
        (self.replies > 0).then_some(self.replies == self.simulated_replies)
    }

    fn finish(self) -> Recorded {
        Recorded {
            lags: Lags { event_loop_p99: self.loop_lags.quantile(0.99) },
            interrupted: self.interrupted,
            simulated: self.all_simulated(),
            tally: self.tally,
        }
    }
}
