//! The manifest of a run before it starts: settings, inputs and cells as they will stand on disk.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::gate::{Named, Policy};
use crate::plan::{Arrivals, Cell, LeftOut, Load, Rate, Stage, Stages, StreamOptions, Streaming};
use crate::registry::{Endpoint, Override, PricedFrom, Rates, Registry};
use crate::run::inputs::Inputs;
use crate::run::job::{hosts_of, stream_options};
use crate::run::settings::{PromptCache, Settings};
use crate::run::table_notes::table_note;
use crate::run::tables::{RouteCell, route_cells};
use crate::rundir::{
    CellNote, DestinationNote, FORMAT_VERSION, FileNote, HostNote, LeftOutNote, LoadNote, Manifest, OverrideNote,
    PriceNote, RatesNote, SideNote, StageNote, Status, Validity, WorkloadNote, judge, kind_notes,
};
use crate::tally::{CellFigures, Lags};
use crate::units::Positive;
use crate::workload::Workload;

/// What is known only when the run is about to start.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// When.
    pub at: Timestamp,
    /// The hosts that will be called.
    pub hosts: Vec<String>,
    /// Whether replies come from the simulator inside this process; absent: their header will tell.
    pub simulated: Option<bool>,
    /// What is done about prompt caches.
    pub prompt_cache: PromptCache,
    /// Worker threads.
    pub workers: u32,
    /// The soft limit of open files.
    pub open_files: u64,
}

/// The manifest as it is written before the first request.
pub(super) fn manifest(run_id: &str, settings: &Settings, inputs: &Inputs, start: &Start) -> Manifest {
    let limits = &settings.deadlines;
    let policy = inputs.policy_in_force();
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        run_id: run_id.to_owned(),
        suite: settings.suite.clone(),
        started_at: moment(start.at),
        finished_at: None,
        status: Status::Running,
        seed: settings.seed,
        destination: DestinationNote { simulated: start.simulated, hosts: start.hosts.clone() },
        load: LoadNote {
            rounds: inputs.plan.rounds,
            parallel_cells: u32::try_from(inputs.plan.parallel_cells).unwrap_or(u32::MAX),
            warmup: settings.warmup,
            stream: match settings.streaming {
                Streaming::On => "true",
                Streaming::Off => "false",
                Streaming::AsRecorded => "recorded",
            }
            .to_owned(),
            http2: settings.http2,
            prompt_cache: match start.prompt_cache {
                PromptCache::Natural => "natural",
                PromptCache::Fresh => "fresh",
            }
            .to_owned(),
            timeout_connect_ms: millis(limits.connect),
            timeout_first_token_ms: millis(limits.first_token),
            timeout_idle_ms: millis(limits.idle),
            timeout_total_ms: millis(limits.total),
        },
        max_cost_usd: settings.max_cost_usd,
        registry: registry_note(&inputs.sides[0].registry),
        policy: Some(FileNote { source: policy.source.clone(), sha256: policy.sha256.clone() }),
        policy_text: inputs.policy.as_ref().map(|policy| policy.text.clone()),
        workloads: inputs.workloads.iter().map(|workload| workload_note(workload, &windows(inputs))).collect(),
        cells: cell_notes(inputs, start.at).into_iter().map(|note| promising(policy, note)).collect(),
        left_out: inputs.plan.left_out.iter().map(left_out_note).collect(),
        host: HostNote {
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processors: std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX)),
            workers: start.workers,
            open_files: start.open_files,
        },
        warnings: inputs.plan.warnings.iter().cloned().chain(unasked_usage(settings, inputs)).collect(),
        validity: Vec::new(),
        failures: Vec::new(),
        usage: Vec::new(),
        variants: inputs.plan.variants.clone(),
        tables: inputs.sides.iter().filter_map(|side| table_note(settings, inputs, side, start.at)).collect(),
        routing: Vec::new(),
        sides: match inputs.plan.variants.is_empty() {
            true => Vec::new(),
            false => (0..inputs.sides.len()).map(|side| side_note(inputs, side)).collect(),
        },
    }
}

/// The providers whose streams are not asked for their usage, as warnings.
fn unasked_usage(settings: &Settings, inputs: &Inputs) -> Vec<String> {
    let streams = settings.streaming != Streaming::Off;
    let called = |cell: &'_ Cell| {
        let registry = inputs.registry(cell);
        let unasked = move |endpoint: &&Endpoint| {
            streams && stream_options(settings, registry, **endpoint) == StreamOptions::LeftOut
        };
        let unasked: Vec<&str> = cell
            .target
            .endpoints()
            .iter()
            .filter(unasked)
            .map(|endpoint| registry.provider(*endpoint).id.as_str())
            .collect();
        unasked
    };
    let providers: BTreeSet<&str> = inputs.plan.cells.iter().flat_map(called).collect();
    let warning = |id| format!("provider `{id}` is not asked for the tokens of a stream: `stream_options` is left out");
    providers.into_iter().map(warning).collect()
}

/// A moment as every file holds it: RFC 3339 in UTC, whole seconds.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn registry_note(registry: &Registry) -> FileNote {
    FileNote { source: registry.source.clone(), sha256: registry.sha256.clone() }
}

/// What is known of the variant whose side has the number `side`.
fn side_note(inputs: &Inputs, side: usize) -> SideNote {
    SideNote {
        registry: registry_note(&inputs.sides[side].registry),
        hosts: hosts_of(inputs, side).into_iter().collect(),
    }
}

/// The windows of all models that could be called, in tokens.
fn windows(inputs: &Inputs) -> Vec<u64> {
    inputs.sides.iter().flat_map(|side| &side.registry.models).filter_map(|model| model.context).collect()
}

fn workload_note(workload: &Workload, windows: &[u64]) -> WorkloadNote {
    WorkloadNote {
        name: workload.name.clone(),
        source: workload.source.clone(),
        sha256: workload.sha256.clone(),
        requests: workload.requests.len() as u64,
        skipped_lines: workload.bad_lines.len() as u64,
        synthetic: workload.requests.iter().filter(|request| request.is_synthetic()).count() as u64,
        kinds: kind_notes(workload, windows),
    }
}

/// The cells of the plan, then those of the routes of its tables.
fn cell_notes(inputs: &Inputs, at: Timestamp) -> Vec<CellNote> {
    let mut notes: Vec<CellNote> = inputs.plan.cells.iter().map(|cell| cell_note(cell, inputs, at)).collect();
    for RouteCell { slug, whole, route } in route_cells(inputs) {
        let side = inputs.side(&inputs.plan.cells[whole]);
        let Some(known) = &side.table else { continue };
        let (whole, name) = (&notes[whole], known.table.routes[route].name.text.clone());
        let part_of = Some(whole.cell.clone());
        notes.push(CellNote { cell: slug, label: name.clone(), route: Some(name), part_of, ..whole.clone() });
    }
    notes
}

fn cell_note(cell: &Cell, inputs: &Inputs, at: Timestamp) -> CellNote {
    let registry = inputs.registry(cell);
    let endpoint = cell.target.endpoint();
    let model = endpoint.map(|endpoint| registry.model(endpoint));
    let table = inputs.side(cell).table.as_ref().map_or("", |known| known.table.source.as_str());
    let (concurrency, arrivals, max_in_flight) = match &cell.load {
        Load::Closed { concurrency } => (Some(*concurrency), None, None),
        Load::Open { arrivals, max_in_flight } => (None, Some(arrivals), Some(*max_in_flight)),
    };
    let workload = &inputs.workloads[cell.workload];
    let sent = &cell.lines[..cell.lines.len().min(cell.requests as usize)];
    let rate_rps = arrivals.and_then(Arrivals::rate).and_then(Rate::steady_rps).map(Positive::get);
    let stages = arrivals.and_then(Arrivals::stages).map_or(&[][..], Stages::all);
    let (cv, speed) = match arrivals {
        Some(Arrivals::Gamma { cv, .. }) => (Some(cv.get()), None),
        Some(Arrivals::Recorded { speed }) => (None, Some(speed.get())),
        _ => (None, None),
    };
    CellNote {
        cell: cell.slug.clone(),
        variant: inputs.side(cell).variant.clone(),
        route: None,
        part_of: None,
        provider: endpoint.map_or_else(String::new, |endpoint| registry.provider(endpoint).id.clone()),
        model: model.map_or_else(String::new, |model| model.id.clone()),
        label: model.map_or(table, |model| model.shown()).to_owned(),
        region: endpoint.and_then(|endpoint| registry.region(endpoint)).map(|region| region.id.clone()),
        tier: model.and_then(|model| model.tier),
        quality: model.and_then(|model| model.quality),
        workload: workload.name.clone(),
        load: cell.load.label(),
        concurrency,
        rate_rps,
        stages: stages.iter().map(stage_note).collect(),
        cv,
        speed,
        max_in_flight,
        requests: u64::from(cell.requests),
        distinct_prompts: sent.len() as u64,
        synthetic_prompts: sent.iter().filter(|line| workload.requests[**line as usize].is_synthetic()).count() as u64,
        price: endpoint.and_then(|endpoint| price_of(registry, endpoint, at)),
        promised: None,
    }
}

/// The note with what `policy` promises of its cell.
fn promising(policy: &Policy, note: CellNote) -> CellNote {
    CellNote { promised: Some(policy.promised(&Named::from(&note))), ..note }
}

/// The price row of `endpoint` in a run that starts at `at`.
pub(super) fn price_of(registry: &Registry, endpoint: Endpoint, at: Timestamp) -> Option<PriceNote> {
    registry.pricing(endpoint).on(TimeZone::UTC.to_datetime(at).date()).map(price_note)
}

fn stage_note(stage: &Stage) -> StageNote {
    StageNote { from_rps: stage.from_rps, to_rps: stage.to_rps, lasts_ms: stage.lasts.as_millis() as u64 }
}

fn price_note(row: &PricedFrom) -> PriceNote {
    let price = &row.price;
    PriceNote {
        from: price.from.to_string(),
        currency: price.currency.clone(),
        usd_per_unit: row.exchange_rate.as_ref().map(|rate| rate.usd),
        rates: rates_note(&price.rates),
        overrides: price.overrides.iter().map(override_note).collect(),
        source: price.source.clone(),
    }
}

fn rates_note(rates: &Rates) -> RatesNote {
    RatesNote {
        input_usd_per_mtok: rates.input,
        output_usd_per_mtok: rates.output,
        cached_input_usd_per_mtok: rates.cached_input,
        cache_write_usd_per_mtok: rates.cache_write,
        reasoning_usd_per_mtok: rates.reasoning,
        per_request_usd: rates.per_request,
        per_image_usd: rates.per_image,
        assumed: rates.assumed.iter().map(|key| key.name().to_owned()).collect(),
    }
}

fn override_note(change: &Override) -> OverrideNote {
    OverrideNote {
        input_tokens_over: change.when.input_tokens_over,
        utc: change.when.utc.iter().map(ToString::to_string).collect(),
        weekdays: change.when.weekdays.iter().copied().collect(),
        service_tier: change.when.service_tier.clone(),
        rates: rates_note(&change.rates),
    }
}

fn left_out_note(left_out: &LeftOut) -> LeftOutNote {
    LeftOutNote {
        variant: left_out.variant.clone(),
        model: left_out.model.clone(),
        region: left_out.region.clone(),
        workload: left_out.workload.clone(),
        requests: left_out.requests.map(u64::from),
        reason: left_out.reason.clone(),
    }
}

/// A name for the run that no directory has yet: the moment and the suite, `2026-11-23T02-00-00Z-nightly`.
pub(super) fn free_run_id(settings: &Settings, at: Timestamp) -> String {
    let fit = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let suite: String = settings.suite.chars().map(fit).collect();
    let name = format!("{}-{suite}", at.strftime("%Y-%m-%dT%H-%M-%SZ"));
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !settings.out.join(name).exists()).expect("there are more numbers than directories")
}

/// The judgement of every cell.
pub(super) fn validity(cells: &[CellNote], figures: &[CellFigures], lags: Lags) -> Vec<Validity> {
    cells.iter().zip(figures).map(|(note, figures)| judge(note, figures, lags)).collect()
}
