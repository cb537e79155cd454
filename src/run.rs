//! The main path: registry, workloads, plan, cells, run directory, reports.
//!
//! [`Settings`] say what is wanted, [`Inputs`] read it and make the plan, and [`carry_out`] does it.

mod checks;
mod compared;
mod conclusion;
mod destination;
mod error;
mod failures;
mod forethought;
mod inputs;
mod job;
mod live_metrics;
mod loads;
mod notes;
mod output;
mod policy;
mod preflight;
mod record;
mod replays;
mod secrets;
mod settings;
mod snapshot;
mod table_notes;
mod tables;
mod tiering;
mod tolls;
mod uncounted;
mod verdict;

use std::path::PathBuf;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::load::{Clock, Job, Stop, start};
use crate::report::ChartOptions;
use crate::run::live_metrics::LiveMetrics;
use crate::run::record::Recorded;
use crate::run::secrets::Secrets;
use crate::rundir::{Manifest, Run, RunDirError, RunWriter, Status, cell_row};
use crate::serve::Listener;
use crate::sim::{Labels, SimConfig, Simulator};

pub use destination::{Environment, Keys, host_of, is_loopback};
pub use error::RunError;
pub use forethought::estimates;
pub use inputs::{InputSide, Inputs, workload};
pub use job::{check_keys, hosts, urls};
pub use loads::LoadWords;
pub use output::{Format, Written, headline_of, judged, main_chart, swept, write_comparison, write_reports};
pub use preflight::{Found, look};
pub use settings::{Measured, Overrides, PromptCache, Settings, Whereto};
pub use snapshot::{CellProgress, ModelLine, Snapshot};
pub use tables::SideTable;
pub use tolls::check_budget;
pub use verdict::{JudgedRun, judge_and_keep};

/// Batches that may wait for the recorder before workers wait for it.
const BATCHES_WAITING: usize = 256;

/// Who is told how far the run has come.
pub trait Watch {
    /// Takes note of how far the run has come, a few times a second.
    fn update(&mut self, snapshot: &Snapshot);
}

/// A run that was carried out, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its directory.
    pub path: PathBuf,
    /// How it ended.
    pub ended: Ended,
    /// What to do about requests that failed, in words; among the manifest's warnings too.
    pub advice: Vec<String>,
}

/// How a run ended, as its exit code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every cell can be judged.
    Valid,
    /// A cell cannot be judged, or every request failed.
    Invalid,
    /// The budget stopped it.
    OverBudget,
    /// The user stopped it.
    Interrupted,
}

/// Carries out the plan of `inputs` and leaves a run directory with its reports; its metrics are served on `metrics`
/// meanwhile.
///
/// # Errors
/// The run cannot be started, or its directory cannot be written. What was measured until then is kept.
pub fn carry_out(
    settings: &Settings,
    inputs: &Inputs,
    keys: &dyn Keys,
    watch: &mut dyn Watch,
    metrics: Option<Listener>,
) -> Result<Finished, RunError> {
    let simulator = simulator(settings, inputs)?;
    let prompt_cache = job::prompt_cache(settings, inputs);
    let base_url = simulator.as_ref().map(Simulator::base_url);
    let started = Timestamp::now();
    let job = job::assemble(settings, inputs, base_url.as_deref(), prompt_cache, keys, started)?;
    let budget = job.budget.clone();

    let begun = notes::Start {
        at: started,
        hosts: job::hosts(inputs),
        simulated: inputs.is_simulated().then_some(true),
        prompt_cache,
        workers: u32::try_from(job.workers).unwrap_or(u32::MAX),
        open_files: job::open_files(&job, simulator.is_some())?,
    };
    let (mut manifest, mut writer) = create_directory(settings, inputs, &begun)?;
    let recorded = measure(job, inputs, &begun, &manifest, &mut writer, watch, metrics)?;
    if let Some(simulator) = simulator {
        simulator.stop()?;
    }

    let figures: Vec<_> = (0..manifest.cells.len()).map(|cell| recorded.tally.figures(cell)).collect();
    let advice = conclusion::conclude(&mut manifest, inputs, &figures, recorded, budget.as_deref());
    let rows: Vec<_> =
        manifest.cells.iter().zip(&figures).map(|(note, cell)| cell_row(&manifest, note, cell)).collect();
    let path = writer.finish(&manifest, &rows)?;

    write_reports(&Run::open(&path)?, &ChartOptions::default(), &Format::USUAL)?;
    let ended = match manifest.status {
        Status::Interrupted => Ended::Interrupted,
        Status::OverBudget => Ended::OverBudget,
        _ if manifest.validity.iter().all(|cell| cell.valid) => Ended::Valid,
        _ => Ended::Invalid,
    };
    Ok(Finished { path, ended, advice })
}

/// The run's directory with a manifest of what is about to begin, so that a run that dies can be told from one that was not.
fn create_directory(
    settings: &Settings,
    inputs: &Inputs,
    begun: &notes::Start,
) -> Result<(Manifest, RunWriter), RunError> {
    loop {
        let run_id = settings.run_id.clone().unwrap_or_else(|| notes::free_run_id(settings, begun.at));
        let manifest = notes::manifest(&run_id, settings, inputs, begun);
        match RunWriter::create(&settings.out, &manifest, &inputs.workloads) {
            // Another run of the same second was quicker.
            Err(RunDirError::Exists { .. }) if settings.run_id.is_none() => {}
            created => return Ok((manifest, created?)),
        }
    }
}

/// Sends what `job` says and keeps each sample that comes back, until all have or the user stops it.
fn measure(
    job: Job,
    inputs: &Inputs,
    begun: &notes::Start,
    manifest: &Manifest,
    writer: &mut RunWriter,
    watch: &mut dyn Watch,
    metrics: Option<Listener>,
) -> Result<Recorded, RunError> {
    let secrets = Secrets::of(&job);
    let (metrics, asks) = match metrics {
        Some(listener) => Some(LiveMetrics::start(listener, manifest)?).unzip(),
        None => (None, None),
    };
    let clock = Clock::start();
    // The workers close it when the last of them ends.
    let (to_recorder, batches) = mpsc::channel(BATCHES_WAITING);
    let (stop, stopped) = watch::channel(Stop::Run);
    let running = start(job, clock, to_recorder, stopped)?;
    let recording =
        record::Recording { inputs, secrets, started: begun.at, prompt_cache: begun.prompt_cache, clock, asks };
    let recorded = record::record(batches, writer, recording, &stop, watch);
    let joined = running.join();
    let recorded = recorded?;
    joined?;
    if let Some(metrics) = metrics {
        metrics.stop();
    }
    Ok(recorded)
}

/// The simulator inside this process, when any requests go there.
fn simulator(settings: &Settings, inputs: &Inputs) -> Result<Option<Simulator>, RunError> {
    if !inputs.sides.iter().any(InputSide::is_simulated) {
        return Ok(None);
    }
    let config =
        SimConfig { seed: settings.seed, labels: Labels::from_workloads(&inputs.workloads), ..SimConfig::default() };
    Ok(Some(Simulator::start(config)?))
}
