//! The recorder: the one task that owns the tally and the run directory while requests are sent.

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use crate::cost::{self, Tariff};
use crate::load::{Batch, Clock, Stop};
use crate::plan::Cell;
use crate::run::checks::Checks;
use crate::run::failures::Failures;
use crate::run::inputs::Inputs;
use crate::run::live_metrics::{Ask, next};
use crate::run::secrets::Secrets;
use crate::run::settings::PromptCache;
use crate::run::snapshot::{CellProgress, Snapshot};
use crate::run::uncounted::Uncounted;
use crate::run::{RunError, Watch};
use crate::rundir::RunWriter;
use crate::sample::{Phase, Sample};
use crate::tally::{CellShape, Lags, SparseCounts, Tally};
use crate::units::Usd;
use crate::workload::{Prompt, Request, Workload};

/// How often rows are handed to the system and progress is shown.
const TICK: Duration = Duration::from_millis(250);

/// Successes below which a cell tells no 99th percentile while it runs.
const LEAST_FOR_P99: u64 = 100;

/// What was recorded.
pub(super) struct Recorded {
    /// The figures of every cell.
    pub tally: Tally,
    /// How far the client was behind.
    pub lags: Lags,
    /// What failed, and why.
    pub(super) failures: Failures,
    /// The cost of all requests whose cost is known.
    pub spent: Usd,
    /// Whether the user stopped the run.
    pub interrupted: bool,
    /// Whether all replies came from a simulator; absent when there was none.
    pub simulated: Option<bool>,
}

/// What a recorder is told beforehand.
pub(super) struct Recording<'r> {
    /// Registry, workloads and plan.
    pub inputs: &'r Inputs,
    /// Keys to be kept out of what is written.
    pub secrets: Secrets,
    /// When the run started, which decides the price rows.
    pub started: Timestamp,
    /// What was done about prompt caches.
    pub prompt_cache: PromptCache,
    /// The clock that stamped the samples.
    pub clock: Clock,
    /// Questions of those who scrape the run; absent: nobody can.
    pub asks: Option<mpsc::Receiver<Ask>>,
}

/// Records batches until the engine closes the channel; an interrupt makes it drain, a second one cancel.
///
/// # Errors
/// The run directory cannot be written; the engine is told to stop then.
pub(super) fn record(
    batches: mpsc::Receiver<Batch>,
    writer: &mut RunWriter,
    mut recording: Recording<'_>,
    stop: &watch::Sender<Stop>,
    watch: &mut dyn Watch,
) -> Result<Recorded, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Runtime)?;
    let (clock, asks) = (recording.clock, recording.asks.take());
    let mut recorder = Recorder::new(writer, recording);
    let ended = runtime.block_on(recorder.run(batches, asks, clock, stop, watch));
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
    /// What each cell's endpoint charges.
    tariffs: Vec<Tariff>,
    /// Each cell's images by line of its workload.
    images: Vec<Rc<[u32]>>,
    checks: Checks<'r>,
    uncounted: Uncounted<'r>,
    progress: Vec<CellProgress>,
    spent: Usd,
    any_cost: bool,
    loop_lags: SparseCounts,
    failures: Failures,
    secrets: Secrets,
    interrupted: bool,
    replies: u64,
    simulated_replies: u64,
}

impl<'r> Recorder<'r> {
    fn new(writer: &'r mut RunWriter, recording: Recording<'r>) -> Self {
        let Recording { inputs, secrets, started, prompt_cache, .. } = recording;
        let plan = &inputs.plan;
        let shares = |cell: &Cell| (0..plan.rounds).map(|round| cell.share_of(round, plan.rounds)).collect();
        let shapes: Vec<CellShape> = plan.cells.iter().map(|cell| CellShape { shares: shares(cell) }).collect();
        let images: Vec<Rc<[u32]>> = inputs.workloads.iter().map(images_by_line).collect();
        Self {
            writer,
            tally: Tally::new(&shapes, plan.seed),
            tariffs: plan
                .cells
                .iter()
                .map(|cell| Tariff::new(inputs.registry(cell).pricing(cell.endpoint), started))
                .collect(),
            images: plan.cells.iter().map(|cell| Rc::clone(&images[cell.workload])).collect(),
            checks: Checks::new(inputs),
            uncounted: Uncounted::new(inputs, prompt_cache),
            progress: vec![CellProgress::default(); plan.cells.len()],
            spent: Usd::ZERO,
            any_cost: false,
            loop_lags: SparseCounts::default(),
            failures: Failures::default(),
            secrets,
            interrupted: false,
            replies: 0,
            simulated_replies: 0,
        }
    }

    async fn run(
        &mut self,
        mut batches: mpsc::Receiver<Batch>,
        mut asks: Option<mpsc::Receiver<Ask>>,
        clock: Clock,
        stop: &watch::Sender<Stop>,
        watch: &mut dyn Watch,
    ) -> Result<(), RunError> {
        // Listened to throughout: a listener made anew for each batch could miss one in between.
        let mut interrupts = signal(SignalKind::interrupt()).map_err(RunError::Runtime)?;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                batch = batches.recv() => match batch {
                    Some(batch) => self.take(batch)?,
                    None => break,
                },
                _ = tick.tick() => {
                    self.writer.flush()?;
                    watch.update(&self.snapshot(clock));
                }
                Some(ask) = next(&mut asks) => ask.answer(&self.tally),
                Some(()) = interrupts.recv() => {
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

    fn take(&mut self, batch: Batch) -> Result<(), RunError> {
        // Gaps come before their request, so that a round is encoded with all of them.
        for (cell, round, gap) in &batch.chunk_gaps {
            self.tally.chunk_gap(*cell, *round, *gap);
        }
        for (cell, lag) in &batch.read_lags {
            self.tally.read_lag(*cell, *lag);
        }
        for lag in &batch.loop_lags {
            self.loop_lags.add(u64::from(lag.0), 1);
        }
        for mut sample in batch.samples {
            if let Some(error) = &mut sample.error {
                self.secrets.clean(error);
            }
            self.checks.mark(&mut sample);
            self.uncounted.estimate(&mut sample);
            self.take_sample(&sample)?;
        }
        Ok(())
    }

    fn take_sample(&mut self, sample: &Sample) -> Result<(), RunError> {
        let cost = self.cost_of(sample).and_then(cost::Cost::exact);
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
        self.failures.note(sample);
        self.writer.sample(sample, cost)?;
        if let Some(done) = self.tally.record(sample, cost) {
            self.writer.round(&mut self.tally, done)?;
            let cell = &mut self.progress[done.cell];
            (cell.p50, cell.p99) = self.tally.e2e_so_far(done.cell).unzip();
            // The p99 of fewer is their largest, and no p99 to be told.
            cell.p99 = cell.p99.filter(|_| cell.done - cell.failed >= LEAST_FOR_P99);
        }
        Ok(())
    }

    /// What `sample` costs by the prices in force when it was sent; absent without usage.
    fn cost_of(&self, sample: &Sample) -> Option<cost::Cost> {
        let (usage, _) = sample.usage?;
        let cell = sample.cell as usize;
        let images = self.images[cell][sample.line as usize];
        Some(self.tariffs[cell].charge(&usage, images, sample.moments.sent, sample.service_tier.as_deref()))
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
            spent: self.spent,
            interrupted: self.interrupted,
            simulated: self.all_simulated(),
            failures: self.failures,
            tally: self.tally,
        }
    }
}

fn images_by_line(workload: &Workload) -> Rc<[u32]> {
    let images = |request: &Request| match &request.prompt {
        Prompt::Body(body) => body.images,
        Prompt::Lengths(_) => 0,
    };
    workload.requests.iter().map(images).collect()
}
