//! The stored requests of one run or several, ready for a forecast.

use std::collections::HashMap;
use std::sync::Arc;

use hdrhistogram::Histogram;
use jiff::Timestamp;

use crate::forecast::ForecastError;
use crate::forecast::kinds::{Kind, kinds};
use crate::forecast::labels::{Confusion, add_confusions};
use crate::forecast::part::Prompts;
use crate::forecast::source::{Attempt, Source};
use crate::forecast::through::{read_table, table_cells};
use crate::rundir::{CellNote, Run, RunDirError, read_intervals, read_timings};
use crate::tally::Metric;

/// Everything that runs say of the endpoints that a forecast needs.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The runs, the newest first.
    pub runs: Vec<RunFact>,
    /// The kinds of requests in their workloads.
    pub kinds: Vec<Kind>,
    /// Rounds that all runs are cut into: those of the run with the fewest, of which the others' are added up.
    pub rounds: usize,
    /// Shared, since what-ifs change the kinds alone.
    pub(in crate::forecast) sources: Arc<Vec<Source>>,
    /// How classifiers labelled in those of the runs that went through a table.
    pub(in crate::forecast) confusions: Vec<Confusion>,
}

/// What is to be said of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFact {
    /// Its id.
    pub id: String,
    /// The day on which it started, as `2026-11-23`.
    pub day: String,
    /// When it started.
    pub started: Timestamp,
    /// Whether a simulator answered; absent where that is not known.
    pub simulated: Option<bool>,
    /// Whether it keeps no requests of its own.
    pub slim: bool,
    /// Its measured requests.
    pub requests: u64,
    /// A failed request's time in comparisons.
    pub deadline_ms: f64,
    /// Where its workloads came from, by name: a built-in one by its name, others by their paths.
    pub workloads: Vec<(String, String)>,
}

impl Measured {
    /// Reads from `runs` the cells that `wanted` says are needed, by provider, model and region.
    ///
    /// Of two variants the baseline counts, of several loads the first. Where several runs have a cell of the same endpoint and
    /// workload, the newest run's is taken. Of a run that went through a routing table the calls that the table made are taken:
    /// for answers where no cell has them, and for tiers first of all, as they asked what the table asks.
    ///
    /// # Errors
    /// A run's files cannot be read, it does not say what its requests were, or none has a measured endpoint.
    pub fn read(runs: &[Run], wanted: impl Fn(&str, &str, Option<&str>) -> bool) -> Result<Self, ForecastError> {
        let mut newest: Vec<&Run> = runs.iter().collect();
        newest.sort_by(|a, b| b.manifest.started_at.cmp(&a.manifest.started_at));
        let kinds = kinds(&newest)?;
        let mut taken: Vec<(usize, usize)> = Vec::new();
        let mut known: HashMap<(&str, &str, Option<&str>, &str), ()> = HashMap::new();
        for (place, run) in newest.iter().enumerate() {
            for (cell, note) in run.manifest.cells.iter().enumerate().filter(|(_, note)| is_endpoint(run, note)) {
                let key = (note.provider.as_str(), note.model.as_str(), note.region.as_deref(), note.workload.as_str());
                if known.insert(key, ()).is_none() {
                    taken.push((place, cell));
                }
            }
        }
        let tables = table_cells(&newest);
        if taken.is_empty() && tables.is_empty() {
            let slim = newest.iter().find(|run| !run.manifest.tables.is_empty());
            return Err(slim
                .map_or(ForecastError::Nothing, |run| ForecastError::SlimTable { run: run.manifest.run_id.clone() }));
        }
        taken.retain(|(run, cell)| {
            let note = &newest[*run].manifest.cells[*cell];
            wanted(&note.provider, &note.model, note.region.as_deref())
        });
        let used = |run: &usize| taken.iter().any(|(of, _)| of == run);
        let mut counts = Vec::new();
        for (place, run) in newest.iter().enumerate() {
            counts.push(if used(&place) { rounds_of(run)? } else { usize::MAX });
        }
        let rounds = counts.iter().copied().min().filter(|rounds| *rounds < usize::MAX).unwrap_or(1).max(1);
        let rounds = if taken.is_empty() {
            tables.iter().map(|(run, _)| newest[*run].manifest.load.rounds.max(1) as usize).min().unwrap_or(1)
        } else {
            rounds
        };
        let mut sources = Vec::new();
        let mut prompts = prompts_of(&kinds);
        for (place, run) in newest.iter().enumerate() {
            let cells: Vec<usize> = taken.iter().filter(|(of, _)| *of == place).map(|(_, cell)| *cell).collect();
            read_run(run, (place, rounds), &cells, (&mut sources, &mut prompts))?;
        }
        let mut confusions = Vec::new();
        for (place, cell) in tables {
            let labels = (kinds.as_slice(), &mut confusions);
            read_table((newest[place], place, rounds), cell, &wanted, labels, (&mut sources, &mut prompts))?;
        }
        newest.iter().for_each(|run| add_confusions(&run.manifest, &mut confusions));
        let ranks: HashMap<String, Arc<[Option<f32>]>> =
            prompts.iter().map(|(workload, prompts)| (workload.clone(), prompts.ranks().into())).collect();
        for source in &mut sources {
            source.ranks = ranks.get(&source.workload).cloned().unwrap_or_default();
        }
        let runs = newest.into_iter().map(RunFact::of).collect();
        Ok(Self { runs, kinds, rounds, sources: Arc::new(sources), confusions })
    }

    /// Whether all, none or some of the runs were simulated: `simulated`, `live`, `partly simulated`.
    pub fn origin(&self) -> &'static str {
        let simulated = self.runs.iter().filter(|run| run.simulated != Some(false)).count();
        match (simulated, self.runs.len()) {
            (0, _) => "live",
            (some, all) if some == all => "simulated",
            _ => "partly simulated",
        }
    }
}

/// The prompts of each workload that has requests of one class and several lengths; of others a length tells nothing.
fn prompts_of(kinds: &[Kind]) -> HashMap<String, Prompts> {
    let varies = |one: &&Kind| {
        kinds
            .iter()
            .any(|other| (&other.workload, &other.class) == (&one.workload, &one.class) && other.tokens != one.tokens)
    };
    kinds.iter().filter(varies).map(|kind| (kind.workload.clone(), Prompts::default())).collect()
}

/// Whether `note` is a cell of an endpoint whose figures stand for it.
fn is_endpoint(run: &Run, note: &CellNote) -> bool {
    !note.model.is_empty() && note.variant.as_ref().is_none_or(|variant| run.manifest.variants.first() == Some(variant))
}

/// The rounds that a run can be cut into.
fn rounds_of(run: &Run) -> Result<usize, RunDirError> {
    let planned = run.manifest.load.rounds.max(1) as usize;
    if run.has_samples() {
        return Ok(planned);
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    read_intervals(&run.path, Metric::E2e, |cell, _| *counts.entry(cell.to_owned()).or_default() += 1)?;
    // Where a slim run had no room for every round, a cell has one interval; a round without a success has none.
    Ok(if counts.values().any(|count| *count > 1) { planned } else { 1 })
}

/// Reads `cells` of the run at `place`, cut into so many rounds.
fn read_run(
    run: &Run,
    (place, rounds): (usize, usize),
    cells: &[usize],
    (all, prompts): (&mut Vec<Source>, &mut HashMap<String, Prompts>),
) -> Result<(), RunDirError> {
    let notes = &run.manifest.cells;
    let rows: HashMap<&str, usize> =
        run.cells.iter().enumerate().map(|(index, row)| (row.cell.as_str(), index)).collect();
    let begin = all.len();
    for cell in cells {
        let note = &notes[*cell];
        let row = rows.get(note.cell.as_str()).map(|row| &run.cells[*row]);
        all.push(Source::new(&run.manifest, note, row, place, rounds));
    }
    let sources = &mut all[begin..];
    if run.has_samples() {
        read_rows(run, cells, sources, prompts)
    } else {
        read_histograms(run, cells, sources, &rows)
    }
}

fn read_rows(
    run: &Run,
    cells: &[usize],
    sources: &mut [Source],
    prompts: &mut HashMap<String, Prompts>,
) -> Result<(), RunDirError> {
    let planned = run.manifest.load.rounds.max(1) as usize;
    let mut place = vec![usize::MAX; run.manifest.cells.len()];
    cells.iter().enumerate().for_each(|(index, cell)| place[*cell] = index);
    let wanted: Vec<bool> = place.iter().map(|place| *place < usize::MAX).collect();
    read_timings(&run.path, &run.manifest, &wanted, |timing| {
        if !timing.outcome.counts() {
            return;
        }
        let source = &mut sources[place[timing.cell]];
        let class = timing.class.map(|class| source.class(class));
        let number = |prompts: &mut Prompts| {
            prompts.number(timing.custom_id, timing.class, timing.usage.map(|usage| usage.input))
        };
        let prompt = prompts.get_mut(&source.workload).map(number);
        if source.service_tier.is_none() {
            source.service_tier = timing.service_tier.map(str::to_owned);
        }
        let rounds = source.rounds.len();
        let round = (timing.round as usize * rounds / planned).min(rounds - 1);
        source.rounds[round].push(Attempt {
            class,
            prompt,
            outcome: timing.outcome,
            took: timing.took.map_or(0, |took| took.0),
            ttft: timing.first_token.map(|time| time.0),
            usage: timing.usage,
            sent_at: timing.sent_at,
            quality: timing.quality.map(|quality| quality as f32),
            estimated: timing.estimated,
        });
    })?;
    Ok(())
}

fn read_histograms(
    run: &Run,
    cells: &[usize],
    sources: &mut [Source],
    rows: &HashMap<&str, usize>,
) -> Result<(), RunDirError> {
    let slugs: HashMap<&str, usize> =
        cells.iter().enumerate().map(|(index, cell)| (run.manifest.cells[*cell].cell.as_str(), index)).collect();
    let mut times: [Vec<Vec<Histogram<u64>>>; 3] = [const { Vec::new() }; 3];
    for (metric, of) in [Metric::E2e, Metric::Ttft, Metric::E2eFromDue].into_iter().zip(&mut times) {
        of.resize_with(cells.len(), Vec::new);
        read_intervals(&run.path, metric, |cell, histogram| {
            if let Some(place) = slugs.get(cell) {
                of[*place].push(histogram);
            }
        })?;
    }
    for (index, (cell, source)) in cells.iter().zip(sources).enumerate() {
        let Some(row) = rows.get(run.manifest.cells[*cell].cell.as_str()).map(|row| &run.cells[*row]) else { continue };
        let due = &times[2][index];
        let e2e = if row.is_open_load() && !due.is_empty() { due } else { &times[0][index] };
        source.fill(&run.manifest, row, (e2e, &times[1][index]));
    }
    Ok(())
}

impl RunFact {
    fn of(run: &Run) -> Self {
        let manifest = &run.manifest;
        let workload = |source: &str, name: &str| if source == "built-in" { name } else { source }.to_owned();
        Self {
            id: manifest.run_id.clone(),
            day: manifest.started_at.split('T').next().unwrap_or_default().to_owned(),
            started: manifest.started_at.parse().unwrap_or(Timestamp::UNIX_EPOCH),
            simulated: manifest.destination.simulated,
            slim: !run.has_samples(),
            requests: run.cells.iter().map(|row| row.requests).sum(),
            deadline_ms: manifest.load.timeout_total_ms as f64,
            workloads: manifest
                .workloads
                .iter()
                .map(|note| (note.name.clone(), workload(&note.source, &note.name)))
                .collect(),
        }
    }
}
