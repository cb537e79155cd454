//! The page's facts: the few at its top, and all that is known of the run at its end.

use std::collections::BTreeSet;

use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::totals::{Source, Totals, lasted};
use crate::rundir::{FileNote, Run, Status, WorkloadNote};

/// A fact in large type.
pub(crate) struct KeyFact {
    /// What it is.
    pub(crate) name: &'static str,
    /// The figure; absent when not known.
    pub(crate) value: Option<String>,
    /// What belongs to it; may be empty.
    pub(crate) note: String,
}

/// Something and what there is to say of it.
pub(crate) struct Entry {
    /// What it is about.
    pub(crate) subject: String,
    /// What is said.
    pub(crate) reason: String,
}

impl Entry {
    /// An entry of texts that may hold anything.
    pub(crate) fn new(subject: &str, reason: &str) -> Self {
        Self { subject: visible(subject), reason: visible(reason) }
    }
}

/// A workload in use.
pub(crate) struct WorkloadLine {
    /// Its name.
    pub(crate) name: String,
    /// Where it was read.
    pub(crate) source: String,
    /// Its good lines, and how many of them are synthetic.
    pub(crate) requests: String,
    /// Its bad ones.
    pub(crate) skipped: String,
    /// The hash of its bytes.
    pub(crate) sha256: String,
}

/// What a reader asks first: how many cells, requests and dollars, and how long.
pub(crate) fn key_facts(run: &Run, totals: &Totals, source: Source) -> Vec<KeyFact> {
    let failed = match totals.failed {
        0 => "none failed".to_owned(),
        failed => format!("{} failed", figures::failures(failed, totals.requests)),
    };
    let paid = match source {
        _ if totals.cost.is_none() => "no usage was reported, or no price is known",
        Source::Simulated => "at these prices; nothing was paid",
        Source::Live | Source::Mixed | Source::Unknown => "at the registry's prices",
    };
    let rounds = run.manifest.load.rounds;
    vec![
        KeyFact {
            name: "Cells",
            value: Some(figures::count(run.whole_cells().count() as u64)),
            note: totals.standing_text(),
        },
        KeyFact { name: "Requests", value: Some(figures::count(totals.requests)), note: failed },
        KeyFact { name: "Cost", value: totals.cost_text(), note: paid.to_owned() },
        KeyFact {
            name: "Took",
            value: lasted(run),
            note: format!("in {}", figures::several(u64::from(rounds), "round")),
        },
    ]
}

/// Everything else in the manifest that says how the figures came about.
pub(crate) fn entries(run: &Run) -> Vec<Entry> {
    let manifest = &run.manifest;
    let load = &manifest.load;
    let seconds = |ms: u64| format!("{} s", ms as f64 / 1000.0);
    let valid = manifest.validity.iter().filter(|cell| cell.valid).count();
    let facts = [
        ("Run", manifest.run_id.clone()),
        ("Suite", manifest.suite.clone()),
        ("Started", manifest.started_at.clone()),
        ("Ended", manifest.finished_at.clone().unwrap_or_else(|| "not yet, or its process died".to_owned())),
        ("Status", status(manifest.status).to_owned()),
        ("Sent to", manifest.destination.hosts.join(", ")),
        ("Replies", Source::of(run).meaning().to_owned()),
        ("Seed", manifest.seed.to_string()),
        ("Measured by", format!("tollmark {}, format {}", manifest.tool_version, manifest.format_version)),
        ("Registry", format!("{}, SHA-256 {}", manifest.registry.source, manifest.registry.sha256)),
        ("Prices", prices(run)),
        (
            "Load",
            format!(
                "{}, {} side by side{}, {} a cell that count nowhere",
                figures::several(u64::from(load.rounds), "round"),
                figures::several(u64::from(load.parallel_cells), "cell"),
                if manifest.sides.is_empty() { "" } else { " (the two of a pair as one)" },
                figures::several(u64::from(load.warmup), "warm-up request")
            ),
        ),
        (
            "Requests",
            format!(
                "streamed: {}, {}, prompt cache: {}",
                load.stream,
                if load.http2 { "HTTP/2" } else { "HTTP/1.1" },
                load.prompt_cache
            ),
        ),
        (
            "Deadlines",
            format!(
                "connect {}, first token {}, idle {}, total {}",
                seconds(load.timeout_connect_ms),
                seconds(load.timeout_first_token_ms),
                seconds(load.timeout_idle_ms),
                seconds(load.timeout_total_ms)
            ),
        ),
        ("Budget", manifest.max_cost_usd.map_or_else(|| "no limit set".to_owned(), figures::usd)),
        ("Validity", format!("{valid} of {} cells judged valid", manifest.validity.len())),
        (
            "Machine",
            format!(
                "{}, {} processors, {} workers, {} open files at most",
                manifest.host.system, manifest.host.processors, manifest.host.workers, manifest.host.open_files
            ),
        ),
    ];
    let compared = sides(run).map(|(name, what)| Entry::new(&format!("Variant {name}"), &what));
    facts.iter().map(|(subject, reason)| Entry::new(subject, reason)).chain(compared).collect()
}

/// Each variant of one run, and what it is; none where nothing is compared, or several runs are.
fn sides(run: &Run) -> impl Iterator<Item = (&String, String)> {
    run.manifest.variants.iter().zip(&run.manifest.sides).map(|(name, side)| {
        let FileNote { source, sha256 } = &side.registry;
        (name, format!("sent to {}, registry {source}, SHA-256 {sha256}", side.hosts.join(", ")))
    })
}

/// The workloads in the order of the manifest.
pub(crate) fn workload_lines(run: &Run) -> Vec<WorkloadLine> {
    let line = |note: &WorkloadNote| WorkloadLine {
        name: visible(&note.name),
        source: visible(&note.source),
        requests: match note.synthetic {
            0 => figures::count(note.requests),
            synthetic => format!("{}, {} synthetic", figures::count(note.requests), figures::count(synthetic)),
        },
        skipped: figures::count(note.skipped_lines),
        sha256: visible(&note.sha256),
    };
    run.manifest.workloads.iter().map(line).collect()
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Running => "under way, or its process died",
        Status::Finished => "finished",
        Status::Interrupted => "interrupted",
        Status::OverBudget => "stopped by the budget",
    }
}

/// From when the prices are and who says so, each pair once.
fn prices(run: &Run) -> String {
    let pairs: BTreeSet<String> = run
        .manifest
        .cells
        .iter()
        .filter_map(|note| note.price.as_ref())
        .map(|price| format!("from {} ({})", price.from, price.source.as_deref().unwrap_or("no source given")))
        .collect();
    if pairs.is_empty() { "none known".to_owned() } else { pairs.into_iter().collect::<Vec<_>>().join(", ") }
}
