//! What the cost-quality chart shows: each model's price over all endpoints, and what is known of its quality.

use std::collections::BTreeMap;

use crate::report::figures;
use crate::report::headline::{assumes_price, shown};
use crate::report::parts::Word;
use crate::report::setting::settings;
use crate::report::shown::ALPHA;
use crate::rundir::{CellRow, Run};
use crate::stats::Share;
use crate::units::UsdPerMtok;

/// Where the qualities of a chart come from: all from one place, since the two are no measure of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The run's own answers, held against what its workloads expect.
    Measured,
    /// The user's evaluation of each model, in the registry.
    Evaluated,
}

impl Source {
    /// What `run` measured, where it measured any.
    pub(crate) fn of(run: &Run) -> Self {
        let measured =
            run.cells.iter().any(|row| row.route.is_none() && !run.is_baseline(row) && row.quality().is_some());
        if measured { Self::Measured } else { Self::Evaluated }
    }
}

/// A model with a known price.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Priced {
    pub(crate) name: String,
    /// Dollars per million output tokens at its cheapest and its dearest endpoint; 0 is free.
    pub(crate) price: (f64, f64),
    pub(crate) assumed: bool,
    /// Absent where no quality is.
    pub(crate) known: Option<Known>,
}

/// What is known of a model beside its price.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    /// 0 to 1.
    pub(crate) quality: f64,
    /// Its 95 % interval, and the answers that it rests on; absent for an evaluation.
    pub(crate) support: Option<Support>,
    /// How all of its endpoints stand; where they differ, it cannot be told. Absent where none has a limit.
    pub(crate) standing: Option<Word>,
    /// The figures in words.
    pub(crate) title: String,
}

impl Known {
    /// Whether any cell of the model is valid.
    pub(crate) fn is_judged(&self) -> bool {
        self.standing != Some(Word::Invalid)
    }
}

/// What a measured quality rests on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Support {
    /// The ends of its 95 % interval.
    pub(crate) interval: (f64, f64),
    /// Answers that were held against what was expected.
    pub(crate) answers: u64,
    /// The workloads that expected something, in alphabetical order, each with the most different prompts of it that any
    /// one of the model's cells was sent.
    pub(crate) workloads: BTreeMap<String, u64>,
}

/// The models of `run` in the manifest's order; one without a price is none.
pub(crate) fn models(run: &Run) -> Vec<Priced> {
    let (settings, source) = (settings(run), Source::of(run));
    let mut by_model: Vec<(&str, Vec<&CellRow>)> = Vec::new();
    for row in settings.iter().flat_map(|setting| setting.rows.iter().copied()).filter(|row| !run.is_baseline(row)) {
        match by_model.iter_mut().find(|(model, _)| *model == row.model) {
            Some((_, rows)) => rows.push(row),
            None => by_model.push((&row.model, vec![row])),
        }
    }
    by_model.into_iter().filter_map(|(_, rows)| priced(run, &rows, source)).collect()
}

fn priced(run: &Run, rows: &[&CellRow], source: Source) -> Option<Priced> {
    let prices = rows.iter().filter_map(|row| row.list_output_usd_per_mtok).map(UsdPerMtok::as_f64);
    let price = prices.fold(None, |ends: Option<(f64, f64)>, price| {
        Some(ends.map_or((price, price), |(least, most)| (least.min(price), most.max(price))))
    })?;
    let name = shown(run, rows[0]);
    let quality = match source {
        Source::Measured => measured(rows),
        Source::Evaluated => {
            let note = run.manifest.cells.iter().find(|note| note.model == rows[0].model);
            note.and_then(|note| note.quality)
                .filter(|quality| (0.0..=1.0).contains(quality))
                .map(|known| (known, None))
        }
    };
    let known = quality.map(|(quality, support)| {
        let words: Vec<Word> = rows.iter().filter_map(|row| Word::of(row)).collect();
        let count = |wanted| words.iter().filter(|word| **word == wanted).count();
        let standing = words.first().map(|first| if count(*first) == words.len() { *first } else { Word::CannotTell });
        let title = format!(
            "{name}: quality {}{}; {} of {} cells with a limit meet it",
            figures::quality(quality),
            support.as_ref().map_or_else(String::new, Support::words),
            count(Word::Meets),
            words.len()
        );
        Known { quality, support, standing, title }
    });
    Some(Priced { assumed: rows.iter().any(|row| assumes_price(run, row)), name, price, known })
}

/// The right answers of a model's cells, pooled; absent where nothing was expected of it, or nothing answered.
fn measured(rows: &[&CellRow]) -> Option<(f64, Option<Support>)> {
    let checked = || rows.iter().filter_map(|row| Some((*row, row.quality()?)));
    let Share { of, all } = checked().map(|(_, share)| share).reduce(Share::and)?;
    let interval = Share { of, all }.interval(ALPHA)?;
    let mut workloads: BTreeMap<String, u64> = BTreeMap::new();
    for (row, _) in checked() {
        let most = workloads.entry(row.workload.clone()).or_default();
        *most = row.distinct_prompts.unwrap_or(0).max(*most);
    }
    Some((of as f64 / all as f64, Some(Support { interval, answers: all, workloads })))
}

impl Support {
    fn words(&self) -> String {
        format!(" ({}, n = {})", figures::quality_interval(self.interval), figures::count(self.answers))
    }
}
