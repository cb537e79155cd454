//! The recorder: the one task that owns the tally and the run directory while requests are sent.

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use crate::cost::Tariff;
use crate::load::{Batch, Clock, Stop};
use crate::plan::Cell;
use crate::registry::Endpoint;
use crate::router::BreakerEvent;
use crate::run::checks::Checks;
use crate::run::failures::Failures;
use crate::run::inputs::Inputs;
use crate::run::live_metrics::{Ask, next};
use crate::run::secrets::Secrets;
use crate::run::settings::PromptCache;
use crate::run::snapshot::{CellProgress, Snapshot};
use crate::run::tables::route_cells;
use crate::run::tiering::Tiers;
use crate::run::uncounted::Uncounted;
use crate::run::{RunError, Watch};
use crate::rundir::RunWriter;
use crate::sample::{Phase, Sample, Usage};
use crate::tally::{CellShape, Lags, RoutingTally, SparseCounts, Tally};
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
    /// What became of the requests that routing tables carried out, by cell, those of routes included.
    pub(super) routing: Vec<RoutingTally>,
    /// The changes of breakers, each with a cell of the table.
    pub(super) breakers: Vec<(u32, BreakerEvent)>,
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
    /// What each endpoint of each cell charges.
    tariffs: Vec<Vec<Tariff>>,
    /// Each cell's images by line of its workload.
    images: Vec<Rc<[u32]>>,
    checks: Checks<'r>,
    uncounted: Uncounted<'r>,
    progress: Vec<CellProgress>,
    spent: Usd,
    any_cost: bool,
    loop_lags: SparseCounts,
    failures: Failures,
    breakers: Vec<(u32, BreakerEvent)>,
    tiers: Tiers<'r>,
    /// By cell, those of routes included.
    routing: Vec<RoutingTally>,
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
        let unknown = || CellShape { shares: vec![0; plan.rounds as usize] };
        let mut shapes: Vec<CellShape> = plan.cells.iter().map(|cell| CellShape { shares: shares(cell) }).collect();
        shapes.extend(route_cells(inputs).iter().map(|_| unknown()));
        let tariffs = |cell: &Cell| {
            let tariff = |endpoint: &Endpoint| Tariff::new(inputs.registry(cell).pricing(*endpoint), started);
            cell.target.endpoints().iter().map(tariff).collect()
        };
        let images: Vec<Rc<[u32]>> = inputs.workloads.iter().map(images_by_line).collect();
        Self {
            writer,
            tally: Tally::new(&shapes, plan.seed),
            tariffs: plan.cells.iter().map(tariffs).collect(),
            images: plan.cells.iter().map(|cell| Rc::clone(&images[cell.workload])).collect(),
            checks: Checks::new(inputs),
            uncounted: Uncounted::new(inputs, prompt_cache),
            progress: vec![CellProgress::default(); plan.cells.len()],
            spent: Usd::ZERO,
            any_cost: false,
            loop_lags: SparseCounts::default(),
            failures: Failures::default(),
            breakers: Vec::new(),
            tiers: Tiers::new(inputs, started),
            routing: vec![RoutingTally::default(); shapes.len()],
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
        self.breakers.extend(batch.breakers);
        for lag in &batch.loop_lags {
            self.loop_lags.add(u64::from(lag.0), 1);
        }
        for mut sample in batch.samples {
            let calls = sample.passed.iter_mut().flat_map(|passed| &mut passed.calls);
            for error in sample.error.iter_mut().chain(calls.filter_map(|call| call.error.as_mut())) {
                self.secrets.clean(error);
            }
            self.checks.mark(&mut sample);
            self.uncounted.estimate(&mut sample);
            let cost = self.cost_of(&mut sample);
            if sample.passed.is_some() {
                let above = self.tiers.paid_above(&sample);
                for cell in std::iter::once(sample.cell).chain(sample.route) {
                    self.routing[cell as usize].record(&sample, cost, above);
                }
            }
            self.take_sample(&sample, cost)?;
        }
        Ok(())
    }

    fn take_sample(&mut self, sample: &Sample, cost: Option<Usd>) -> Result<(), RunError> {
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

    /// What `sample` costs by the prices in force when it was sent; absent without usage, and where it is not known in full.
    ///
    /// Where a routing table carried it out each call is given its own cost, and it costs what they do together, with
    /// the person to whom it was handed.
    fn cost_of(&self, sample: &mut Sample) -> Option<Usd> {
        let tariffs = &self.tariffs[sample.cell as usize];
        let Some(passed) = &mut sample.passed else {
            let (usage, _) = sample.usage?;
            let images = self.images[sample.cell as usize][sample.line as usize];
            return tariffs[0].charge(&usage, images, sample.moments.sent, sample.service_tier.as_deref()).exact();
        };
        let (mut sum, mut is_known) = (passed.human_cost, true);
        for call in &mut passed.calls {
            let tariff = &tariffs[call.place as usize];
            let charge = |usage: &Usage| {
                tariff.charge(usage, call.images, call.moments.sent, call.service_tier.as_deref()).exact()
            };
            call.cost = call.usage.and_then(|(usage, _)| charge(&usage));
            match call.cost {
                Some(cost) => *sum.get_or_insert_default() += cost,
                None => is_known &= !call.outcome.is_ok() && call.usage.is_none(),
            }
        }
        sum.filter(|_| is_known)
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
            breakers: self.breakers,
            routing: self.routing,
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
