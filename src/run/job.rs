//! A plan into the engine's job: destinations, prepared requests, limits.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;

use crate::load::{
    Arm, Budget, Destination, Job, LaneJob, OpenLoad, Outlet, Pace, Prepared, Rests, Toll, raise_open_files,
};
use crate::plan::{Cell, Lane, Load, StreamOptions};
use crate::registry::{Endpoint, Limits, Registry};
use crate::run::RunError;
use crate::run::destination::{Keys, host_of, of_provider, of_simulator, of_url};
use crate::run::inputs::{InputSide, Inputs};
use crate::run::replays::Replays;
use crate::run::settings::{PromptCache, Settings, Whereto};
use crate::run::tolls::tolls;

/// The job of `inputs` for a run that starts at `started`; what is simulated is sent to the simulator at `simulator`.
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
    let tolls: Vec<Option<Vec<Toll>>> = match settings.max_cost_usd {
        Some(_) => tolls(inputs, started)?.into_iter().map(Some).collect(),
        None => vec![None; inputs.plan.cells.len()],
    };
    let mut replays = Replays::new(settings, inputs, started)?;
    let rests: Vec<Rests> = inputs.workloads.iter().map(Rests::new).collect();
    let paces = Paces::of(inputs);
    let mut destinations: BTreeMap<(usize, Endpoint), Arc<Destination>> = BTreeMap::new();
    let mut arm = |number: usize| {
        let cell = &inputs.plan.cells[number];
        let side = inputs.side(cell);
        let mut outlet = |(place, endpoint): (usize, &Endpoint)| {
            let destination = match destinations.entry((cell.side, *endpoint)) {
                Entry::Occupied(known) => Arc::clone(known.get()),
                Entry::Vacant(vacant) => Arc::clone(vacant.insert(destination(side, *endpoint, simulator, keys)?)),
            };
            Ok::<_, RunError>(Outlet {
                destination,
                pace: if side.is_simulated() { None } else { paces.get(&side.registry, *endpoint) },
                toll: tolls[number].as_ref().map(|tolls| tolls[place].clone()),
            })
        };
        let outlets = cell.target.endpoints().iter().enumerate().map(&mut outlet).collect::<Result<_, _>>()?;
        Ok::<_, RunError>(Arm {
            cell: u32::try_from(number).expect("a plan holds fewer than 2^32 cells"),
            outlets,
            requests: prepared(settings, cell, &side.registry, &rests[cell.workload]),
            replay: replays.of(number),
            nonce_seed: (prompt_cache == PromptCache::Fresh).then_some(settings.seed),
            text_seed: settings.seed,
        })
    };
    let mut lanes = Vec::with_capacity(inputs.plan.lanes.len());
    for lane in &inputs.plan.lanes {
        let cells = || lane.cells.iter().map(|cell| &inputs.plan.cells[*cell]);
        let first = &inputs.plan.cells[lane.cells[0]];
        let open = match first.load {
            Load::Closed { .. } => None,
            Load::Open { max_in_flight, .. } => {
                let schedules = cells().map(|cell| {
                    cell.schedule.clone().expect("the plan makes a schedule for every cell of an open load")
                });
                Some(OpenLoad { schedules: schedules.collect(), max_in_flight })
            }
        };
        lanes.push(LaneJob {
            arms: lane.cells.iter().map(|cell| arm(*cell)).collect::<Result<_, _>>()?,
            sessions: first.sessions.clone(),
            concurrency: first.about_in_flight(lane.arms()),
            open,
            total: first.requests,
            warmup: first.warmup,
        });
    }
    Ok(Job {
        lanes,
        turns: inputs.plan.turns.clone(),
        parallel_lanes: inputs.plan.parallel_cells,
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
pub fn check_keys(inputs: &Inputs, keys: &dyn Keys) -> Result<(), RunError> {
    let mut called = inputs.plan.cells.iter().filter(|cell| !inputs.side(cell).is_simulated());
    called.try_for_each(|cell| {
        cell.target.endpoints().iter().try_for_each(|endpoint| {
            destination(inputs.side(cell), *endpoint, None, keys)?;
            Ok(())
        })
    })
}

/// Where the requests to `endpoint` of `side` go; `simulator` is the URL of the one in this process.
fn destination(
    side: &InputSide,
    endpoint: Endpoint,
    simulator: Option<&str>,
    keys: &dyn Keys,
) -> Result<Arc<Destination>, RunError> {
    match (&side.whereto, simulator) {
        (Whereto::Simulator, Some(base_url)) => of_simulator(&side.registry, endpoint, base_url),
        (Whereto::Url { base_url, api_key_env }, _) => of_url(base_url, api_key_env.as_deref(), keys),
        (Whereto::Simulator | Whereto::Providers, _) => of_provider(&side.registry, endpoint, keys),
    }
}

/// What is done about prompt caches: fresh where a line is sent more than once to a live provider, else natural.
pub(super) fn prompt_cache(settings: &Settings, inputs: &Inputs) -> PromptCache {
    let plan = &inputs.plan;
    let live = |cell: &Cell| !inputs.side(cell).is_simulated();
    // Warm-up begins with the first line, as does every cell of the same endpoint and workload.
    let repeats = |cell: &Cell| {
        let same =
            |other: &&Cell| (other.side, &other.target, other.workload) == (cell.side, &cell.target, cell.workload);
        cell.warmup > 0 || cell.requests as usize > cell.lines.len() || plan.cells.iter().filter(same).count() > 1
    };
    // Both of a pair send the same lines, and may send them to the same endpoint.
    let twice = |lane: &Lane| lane.is_pair() && lane.cells.iter().all(|cell| live(&plan.cells[*cell]));
    let fresh = plan.cells.iter().any(|cell| live(cell) && repeats(cell)) || plan.lanes.iter().any(twice);
    settings.prompt_cache.unwrap_or(if fresh { PromptCache::Fresh } else { PromptCache::Natural })
}

/// Whether streams of `endpoint` are asked for their usage.
pub(super) fn stream_options(settings: &Settings, registry: &Registry, endpoint: Endpoint) -> StreamOptions {
    let refused = settings.no_stream_options || !registry.provider(endpoint).stream_options;
    if refused { StreamOptions::LeftOut } else { StreamOptions::Sent }
}

/// The hosts that are called, each once, for the manifest and the first line.
pub fn hosts(inputs: &Inputs) -> Vec<String> {
    let sides = inputs.sides.iter().enumerate();
    let hosts: BTreeSet<String> = sides.flat_map(|(side, _)| hosts_of(inputs, side)).collect();
    hosts.into_iter().collect()
}

/// The hosts that the side with the number `side` calls, each once.
pub(super) fn hosts_of(inputs: &Inputs, side: usize) -> BTreeSet<String> {
    match inputs.sides[side].whereto {
        Whereto::Simulator => BTreeSet::from(["built-in simulator".to_owned()]),
        Whereto::Url { .. } | Whereto::Providers => {
            urls_of(inputs, side).iter().map(|base_url| host_of(base_url)).collect()
        }
    }
}

/// The base URLs outside this process that are called, each once; none where the built-in simulator answers.
pub fn urls(inputs: &Inputs) -> BTreeSet<String> {
    (0..inputs.sides.len()).flat_map(|side| urls_of(inputs, side)).collect()
}

fn urls_of(inputs: &Inputs, side: usize) -> BTreeSet<String> {
    let InputSide { registry, whereto, .. } = &inputs.sides[side];
    let cells = inputs.plan.cells.iter().filter(|cell| cell.side == side);
    match whereto {
        Whereto::Simulator => BTreeSet::new(),
        Whereto::Url { base_url, .. } => BTreeSet::from([base_url.clone()]),
        Whereto::Providers => cells
            .flat_map(|cell| cell.target.endpoints())
            .map(|endpoint| base_url(registry, *endpoint).to_owned())
            .collect(),
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
    let all = match cell.target.endpoint() {
        Some(endpoint) => {
            let options = stream_options(settings, registry, endpoint);
            let limit = registry.model(endpoint).answer_limit();
            rests.with_model(&registry.offer(endpoint).send_as, limit, settings.streaming, options)
        }
        // The table names the model with each call.
        None => rests.with_model("", None, settings.streaming, StreamOptions::LeftOut),
    };
    cell.lines.iter().map(|line| Arc::clone(&all[*line as usize])).collect()
}

/// The limits a minute of each provider that is called, by its id and URL: what the sides call alike they share.
struct Paces(BTreeMap<(String, String), Arc<Pace>>);

impl Paces {
    fn of(inputs: &Inputs) -> Self {
        let mut gaps: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
        for side in inputs.sides.iter().filter(|side| !side.is_simulated()) {
            for provider in &side.registry.providers {
                let Limits { requests_per_minute, tokens_per_minute, .. } = provider.limits;
                let gap = |per_minute: Option<u64>| per_minute.map_or(0, |count| MINUTE_NS / count.max(1));
                let (requests, tokens) = gaps.entry((provider.id.clone(), provider.base_url.clone())).or_default();
                // Where two registries differ, the narrower limit keeps both.
                *requests = gap(requests_per_minute.map(u64::from)).max(*requests);
                *tokens = gap(tokens_per_minute).max(*tokens);
            }
        }
        gaps.retain(|_, gaps| *gaps != (0, 0));
        let pace = |(request_gap_ns, token_gap_ns)| {
            Arc::new(Pace { request_gap_ns, token_gap_ns, next_ns: AtomicU64::new(0) })
        };
        Self(gaps.into_iter().map(|(provider, gaps)| (provider, pace(gaps))).collect())
    }

    /// That of the provider of `endpoint`; absent: it has no limits.
    fn get(&self, registry: &Registry, endpoint: Endpoint) -> Option<Arc<Pace>> {
        let provider = registry.provider(endpoint);
        self.0.get(&(provider.id.clone(), provider.base_url.clone())).cloned()
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

    /// The built-in registry against itself at two URLs, of which the first is the simulator where it is absent.
    fn variants(urls: [Option<&str>; 2], requests: u32) -> (Settings, Inputs) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ab.toml");
        let table = |(name, url): (&str, Option<&str>)| {
            let url = url.map_or_else(String::new, |url| format!("base_url = \"{url}\"\n"));
            format!("[[variant]]\nname = \"{name}\"\n{url}")
        };
        let tables: String = ["old", "new"].into_iter().zip(urls).map(table).collect();
        let text = format!(
            "schema = 1\nmodels = [\"qwen3-8b\"]\nregions = [\"us-west-2\"]\nworkloads = [\"support\"]\n{tables}[load]\n\
             warmup = 0\nrequests_per_cell = {requests}\n"
        );
        std::fs::write(&path, text).unwrap();
        let settings = Settings::resolve(Some(&path), Overrides::default()).unwrap();
        let inputs = Inputs::read(&settings).unwrap();
        (settings, inputs)
    }

    struct NoKeys;
    impl Keys for NoKeys {
        fn key(&self, _: &str) -> Option<String> {
            None
        }
    }

    #[test]
    fn variants_are_one_lane_that_is_sent_where_each_says_without_the_registrys_key() {
        let (settings, inputs) = variants([None, Some("http://127.0.0.1:2/v1")], 20);
        let simulator = Some("http://127.0.0.1:1/v1");
        let natural = prompt_cache(&settings, &inputs);
        assert_eq!(natural, PromptCache::Natural, "one of them is simulated, and each line is sent once to the other");
        let job = assemble(&settings, &inputs, simulator, natural, &NoKeys, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((job.lanes.len(), job.lanes[0].arms.len(), job.lanes[0].total), (1, 2, 20));
        let ports: Vec<u16> = job.lanes[0].arms.iter().map(|arm| arm.outlets[0].destination.port).collect();
        assert_eq!(ports, [1, 2]);
        assert!(job.lanes[0].arms.iter().all(|arm| arm.outlets[0].destination.headers["x-region"] == "us-west-2"));
        assert_eq!(hosts(&inputs), ["127.0.0.1:2", "built-in simulator"]);
        assert!(check_keys(&inputs, &NoKeys).is_ok(), "the key of the registry's own provider is not needed");
    }

    #[test]
    fn lines_that_two_live_variants_send_are_repeated_and_limits_of_one_provider_shared() {
        let (settings, mut inputs) = variants([Some("http://127.0.0.1:1/v1"), Some("http://127.0.0.1:2/v1")], 20);
        assert_eq!(prompt_cache(&settings, &inputs), PromptCache::Fresh);
        let paced = |inputs: &Inputs| {
            let paces = Paces::of(inputs);
            inputs
                .plan
                .cells
                .iter()
                .filter_map(|cell| paces.get(inputs.registry(cell), cell.target.endpoint()?))
                .collect::<Vec<_>>()
        };
        assert!(paced(&inputs).is_empty());
        for (side, limit) in [(0, 600), (1, 60)] {
            inputs.sides[side].registry.providers[0].limits.requests_per_minute = Some(limit);
        }
        let apart = paced(&inputs);
        assert_eq!([apart[0].request_gap_ns, apart[1].request_gap_ns], [MINUTE_NS / 600, MINUTE_NS / 60]);
        inputs.sides[1].registry.providers[0].base_url = "http://127.0.0.1:1/v1".to_owned();
        let shared = paced(&inputs);
        assert!(Arc::ptr_eq(&shared[0], &shared[1]) && shared[0].request_gap_ns == MINUTE_NS / 60);
    }
}
