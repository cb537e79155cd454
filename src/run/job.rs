//! A plan into the engine's job: destinations, prepared requests, limits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;

use crate::load::{Budget, CellJob, Destination, Job, OpenLoad, Pace, Prepared, Rests, raise_open_files};
use crate::plan::{Cell, Load, StreamOptions};
use crate::registry::{Endpoint, Limits, Registry};
use crate::run::RunError;
use crate::run::destination::{Keys, host_of, of_provider, of_simulator, of_url};
use crate::run::inputs::Inputs;
use crate::run::settings::{PromptCache, Settings, Whereto};
use crate::run::tolls::tolls;

/// The job of `inputs` for a run that starts at `started`, sent to the simulator at `simulator` if there is one.
///
/// # Errors
/// A key is missing, a URL or header cannot be used, or a price or limit that the budget needs is unknown.
pub(super) fn assemble(
    settings: &Settings,
    inputs: &Inputs,
    simulator: Option<&str>,
    prompt_cache: PromptCache,
    keys: &dyn Keys,
    started: Timestamp,
) -> Result<Job, RunError> {
    let registry = &inputs.registry;
    let tolls = match settings.max_cost_usd {
        Some(_) => tolls(inputs, started)?.into_iter().map(Some).collect(),
        None => vec![None; inputs.plan.cells.len()],
    };
    let rests: Vec<Rests> = inputs.workloads.iter().map(Rests::new).collect();
    let mut paces = Paces::default();
    let mut destinations: BTreeMap<Endpoint, Arc<Destination>> = BTreeMap::new();
    let mut cells = Vec::with_capacity(inputs.plan.cells.len());
    for (cell, toll) in inputs.plan.cells.iter().zip(tolls) {
        let destination = match destinations.get(&cell.endpoint) {
            Some(known) => Arc::clone(known),
            None => {
                let made = destination(settings, registry, cell.endpoint, simulator, keys)?;
                destinations.insert(cell.endpoint, Arc::clone(&made));
                made
            }
        };
        let open = match cell.load {
            Load::Closed { .. } => None,
            Load::Open { max_in_flight, .. } => {
                let schedule = cell.schedule.clone().expect("the plan makes a schedule for every open load");
                Some(OpenLoad { schedule, max_in_flight })
            }
        };
        cells.push(CellJob {
            destination,
            requests: prepared(settings, cell, registry, &rests[cell.workload]),
            sessions: cell.sessions.clone(),
            concurrency: cell.about_in_flight(),
            open,
            total: cell.requests,
            warmup: cell.warmup,
            pace: if simulator.is_some() { None } else { paces.of(registry, cell.endpoint) },
            nonce_seed: (prompt_cache == PromptCache::Fresh).then_some(settings.seed),
            text_seed: settings.seed,
            toll,
        });
    }
    Ok(Job {
        cells,
        turns: inputs.plan.turns.clone(),
        parallel_cells: inputs.plan.parallel_cells,
        rounds: inputs.plan.rounds,
        deadlines: settings.deadlines,
        http2: settings.http2,
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        budget: settings.max_cost_usd.map(|limit| Arc::new(Budget::new(limit))),
    })
}

/// Makes sure that every key is there that the cells need.
///
/// # Errors
/// A key is missing, or a URL or header cannot be used.
pub fn check_keys(settings: &Settings, inputs: &Inputs, keys: &dyn Keys) -> Result<(), RunError> {
    let called = settings.whereto != Whereto::Simulator;
    inputs.plan.cells.iter().filter(|_| called).try_for_each(|cell| {
        destination(settings, &inputs.registry, cell.endpoint, None, keys)?;
        Ok(())
    })
}

/// Where the requests to `endpoint` go; `simulator` is the URL of the one in this process.
fn destination(
    settings: &Settings,
    registry: &Registry,
    endpoint: Endpoint,
    simulator: Option<&str>,
    keys: &dyn Keys,
) -> Result<Arc<Destination>, RunError> {
    match (&settings.whereto, simulator) {
        (_, Some(base_url)) => of_simulator(registry, endpoint, base_url),
        (Whereto::Url { base_url, api_key_env }, None) => of_url(base_url, api_key_env.as_deref(), keys),
        (_, None) => of_provider(registry, endpoint, keys),
    }
}

/// What is done about prompt caches: fresh where a line is sent more than once to a live provider, else natural.
pub(super) fn prompt_cache(settings: &Settings, inputs: &Inputs) -> PromptCache {
    let cells = &inputs.plan.cells;
    // Warm-up begins with the first line, as does every cell of the same endpoint and workload.
    let repeats = |cell: &Cell| {
        let same = |other: &&Cell| (other.endpoint, other.workload) == (cell.endpoint, cell.workload);
        cell.warmup > 0 || cell.requests as usize > cell.lines.len() || cells.iter().filter(same).count() > 1
    };
    let live = settings.whereto != Whereto::Simulator;
    let default = if live && cells.iter().any(repeats) { PromptCache::Fresh } else { PromptCache::Natural };
    settings.prompt_cache.unwrap_or(default)
}

/// Whether streams of `endpoint` are asked for their usage.
pub(super) fn stream_options(settings: &Settings, registry: &Registry, endpoint: Endpoint) -> StreamOptions {
    let refused = settings.no_stream_options || !registry.provider(endpoint).stream_options;
    if refused { StreamOptions::LeftOut } else { StreamOptions::Sent }
}

/// The hosts that are called, each once, for the manifest and the first line.
pub fn hosts(settings: &Settings, inputs: &Inputs) -> Vec<String> {
    let hosts: BTreeSet<String> = match &settings.whereto {
        Whereto::Simulator => BTreeSet::from(["built-in simulator".to_owned()]),
        Whereto::Url { .. } | Whereto::Providers => {
            urls(settings, inputs).iter().map(|base_url| host_of(base_url)).collect()
        }
    };
    hosts.into_iter().collect()
}

/// The base URLs outside this process that are called, each once; none where the built-in simulator answers.
pub fn urls(settings: &Settings, inputs: &Inputs) -> BTreeSet<String> {
    let called = |cell: &Cell| base_url(&inputs.registry, cell.endpoint).to_owned();
    match &settings.whereto {
        Whereto::Simulator => BTreeSet::new(),
        Whereto::Url { base_url, .. } => BTreeSet::from([base_url.clone()]),
        Whereto::Providers => inputs.plan.cells.iter().map(called).collect(),
    }
}

/// Raises the limit of open files to what `job` needs, and tells it. The simulator's ends are in this process too.
///
/// # Errors
/// The system allows fewer.
pub(super) fn open_files(job: &Job, simulated: bool) -> Result<u64, RunError> {
    let ends = if simulated { 2 } else { 1 };
    Ok(raise_open_files(ends * job.connections() + job.timers() + FILES_BESIDE)?)
}

/// The URL that `endpoint` is called at: the region's, or its provider's.
fn base_url(registry: &Registry, endpoint: Endpoint) -> &str {
    let own = registry.region(endpoint).and_then(|region| region.base_url.as_deref());
    own.unwrap_or(&registry.provider(endpoint).base_url)
}

fn prepared(settings: &Settings, cell: &Cell, registry: &Registry, rests: &Rests) -> Vec<Arc<Prepared>> {
    let options = stream_options(settings, registry, cell.endpoint);
    let limit = registry.model(cell.endpoint).answer_limit();
    let all = rests.with_model(&registry.offer(cell.endpoint).send_as, limit, settings.streaming, options);
    cell.lines.iter().map(|line| Arc::clone(&all[*line as usize])).collect()
}

/// The limits a minute of each provider, shared by its cells.
#[derive(Default)]
struct Paces(BTreeMap<usize, Arc<Pace>>);

impl Paces {
    fn of(&mut self, registry: &Registry, endpoint: Endpoint) -> Option<Arc<Pace>> {
        let Limits { requests_per_minute, tokens_per_minute, .. } = registry.provider(endpoint).limits;
        if requests_per_minute.is_none() && tokens_per_minute.is_none() {
            return None;
        }
        let gap = |per_minute: Option<u64>| per_minute.map_or(0, |count| MINUTE_NS / count.max(1));
        let pace = || {
            Arc::new(Pace {
                request_gap_ns: gap(requests_per_minute.map(u64::from)),
                token_gap_ns: gap(tokens_per_minute),
                next_ns: AtomicU64::new(0),
            })
        };
        Some(Arc::clone(self.0.entry(registry.offer(endpoint).provider).or_insert_with(pace)))
    }
}

/// Files beside the connections: standard streams, the run directory, event loops.
const FILES_BESIDE: u64 = 64;
const MINUTE_NS: u64 = 60_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{LoadWords, Overrides};

    /// What is done by default about prompt caches of a URL's model, for `requests` after `warmup` at each load.
    fn by_default(requests: u32, warmup: u32, concurrency: &[u32]) -> PromptCache {
        let flags = Overrides {
            base_url: Some("http://127.0.0.1:1/v1".to_owned()),
            models: vec!["m".to_owned()],
            workloads: vec!["support".to_owned()],
            load: LoadWords {
                concurrency: concurrency.to_vec(),
                requests_per_cell: Some(requests),
                ..LoadWords::default()
            },
            warmup: Some(warmup),
            ..Overrides::default()
        };
        let settings = Settings::resolve(None, flags).unwrap();
        prompt_cache(&settings, &Inputs::read(&settings).unwrap())
    }

    #[test]
    fn prompts_are_made_fresh_as_soon_as_one_is_sent_twice() {
        assert_eq!(by_default(20, 0, &[4]), PromptCache::Natural);
        assert_eq!(by_default(20, 1, &[4]), PromptCache::Fresh, "warm-up begins with the first line too");
        assert_eq!(by_default(20, 0, &[4, 8]), PromptCache::Fresh, "each load sends the same lines");
        assert_eq!(by_default(1_000, 0, &[4]), PromptCache::Fresh);
    }
}
