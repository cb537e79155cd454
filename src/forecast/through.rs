//! The calls that a routing table made while it was measured, as stored requests of the endpoints that it called.

use std::collections::{BTreeMap, HashMap};

use crate::forecast::kinds::Kind;
use crate::forecast::labels::{Confusion, add_unrecorded};
use crate::forecast::part::Prompts;
use crate::forecast::source::{Attempt, Source, Through};
use crate::rundir::{CellNote, Run, RunDirError, read_attempts, read_timings};
use crate::sample::CallKind;

/// The first cell of each workload that a run sent through a table, as places among `runs` and among their cells; of two variants
/// those of the baseline. A run that keeps no requests keeps no calls either, and has none.
pub(in crate::forecast) fn table_cells(runs: &[&Run]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (place, run) in runs.iter().enumerate().filter(|(_, run)| run.has_samples()) {
        let cells = &run.manifest.cells;
        let is_table = |note: &CellNote| {
            let is_baseline =
                note.variant.as_ref().is_none_or(|variant| run.manifest.variants.first() == Some(variant));
            note.model.is_empty() && note.route.is_none() && is_baseline
        };
        for (index, note) in cells.iter().enumerate().filter(|(_, note)| is_table(note)) {
            let is_known = |(of, cell): &(usize, usize)| *of == place && cells[*cell].workload == note.workload;
            if !found.iter().any(is_known) {
                found.push((place, index));
            }
        }
    }
    found
}

/// What is known of a request that a table carried out.
struct Request {
    round: usize,
    class: Option<String>,
    prompt: Option<u32>,
    quality: Option<f64>,
}

/// Reads the calls of `cell` of a run, which is the one at a place among all and is cut into so many rounds, to the endpoints that
/// are `wanted`; what `all` has of one already is left out. How requests of `kinds` without a recorded tier were labelled goes to
/// `confusions`.
pub(in crate::forecast) fn read_table(
    (run, place, rounds): (&Run, usize, usize),
    cell: usize,
    wanted: &impl Fn(&str, &str, Option<&str>) -> bool,
    (kinds, confusions): (&[Kind], &mut Vec<Confusion>),
    (all, prompts): (&mut Vec<Source>, &mut HashMap<String, Prompts>),
) -> Result<(), RunDirError> {
    let note = &run.manifest.cells[cell];
    let row = run.cells.iter().find(|row| row.cell == note.cell);
    let planned = run.manifest.load.rounds.max(1) as usize;
    let only: Vec<bool> = (0..run.manifest.cells.len()).map(|index| index == cell).collect();
    let mut requests: HashMap<u32, Request> = HashMap::new();
    let mut known_prompts = prompts.get_mut(&note.workload);
    read_timings(&run.path, &run.manifest, &only, |timing| {
        // Tokens are those of all calls together, so that they tell no prompt's length.
        let prompt = known_prompts.as_mut().map(|prompts| prompts.number(timing.custom_id, timing.class, None));
        let round = (timing.round as usize * rounds / planned).min(rounds - 1);
        let class = timing.class.map(str::to_owned);
        let of_class = |kind: &&Kind| kind.workload == note.workload && kind.class == class;
        if kinds.iter().filter(of_class).all(|kind| kind.tier.is_none())
            && let Some(named @ ("classifier" | "default")) = timing.tier_by
        {
            let tier = timing.tier.filter(|_| named == "classifier");
            add_unrecorded((&run.manifest, note), (timing.class, tier), confusions);
        }
        requests.insert(timing.index, Request { round, class, prompt, quality: timing.quality });
    })?;
    let mut sources: BTreeMap<(String, String, Option<String>, bool), Source> = BTreeMap::new();
    let mut sent: Option<(u64, u64)> = None;
    read_attempts(&run.path, &run.manifest, &only, |attempt| {
        let labels = attempt.purpose == CallKind::Classify;
        // A piece says nothing of a whole prompt.
        let is_wanted = (labels || attempt.purpose == CallKind::Answer)
            && attempt.outcome.counts()
            && wanted(attempt.provider, attempt.model, attempt.region);
        let Some(request) = requests.get(&attempt.index).filter(|_| is_wanted) else { return };
        sent = Some(sent.map_or((attempt.sent_at, attempt.sent_at), |(from, to)| {
            (from.min(attempt.sent_at), to.max(attempt.sent_at))
        }));
        let key = (attempt.provider.to_owned(), attempt.model.to_owned(), attempt.region.map(str::to_owned), labels);
        let source = sources.entry(key.clone()).or_insert_with(|| {
            let mut source = Source::new(&run.manifest, note, row, place, rounds);
            (source.provider, source.model, source.region) = (key.0.clone(), key.1.clone(), key.2.clone());
            (source.rate, source.quality) = (None, None);
            source.through = if labels { Through::Labels } else { Through::Answers };
            source
        });
        // A classifier is shown the beginning of any prompt under one question, so that classes do not matter to it.
        let class = request.class.as_deref().filter(|_| !labels).map(|class| source.class(class));
        let round = &mut source.rounds[request.round];
        round.push(Attempt {
            class,
            prompt: request.prompt.filter(|_| !labels),
            outcome: attempt.outcome,
            took: attempt.took.map_or(0, |took| took.0),
            ttft: attempt.first_token.map(|time| time.0),
            usage: attempt.usage,
            sent_at: attempt.sent_at,
            quality: request.quality.filter(|_| !labels && attempt.outcome.is_ok()).map(|quality| quality as f32),
            estimated: attempt.estimated,
        });
        if let (Some(prompts), Some(usage), false) = (known_prompts.as_mut(), attempt.usage, labels) {
            request.prompt.inspect(|prompt| prompts.longer(*prompt, usage.input));
        }
    })?;
    let seconds = sent.map_or(0.0, |(from, to)| to.saturating_sub(from) as f64 / 1e6);
    for mut source in sources.into_values() {
        if all.iter().any(|other| other.stands_beside(&source)) {
            continue;
        }
        let count: usize = source.rounds.iter().map(Vec::len).sum();
        source.rate = (seconds > 0.0).then(|| count as f64 / seconds);
        all.push(source);
    }
    Ok(())
}
