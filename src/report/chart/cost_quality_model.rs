//! A model as the cost-quality chart shows it: its price over all endpoints, and what is known of it.

use crate::report::headline::{assumes_price, shown};
use crate::report::parts::Word;
use crate::report::setting::settings;
use crate::rundir::{CellRow, Run};
use crate::units::UsdPerMtok;

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
    /// The user's evaluation, 0 to 1.
    pub(crate) quality: f64,
    /// How all of its endpoints stand; where they differ, it cannot be told. Absent where none has a limit.
    pub(crate) standing: Option<Word>,
    /// The figures in words.
    pub(crate) title: String,
}

/// The models of `run` in the manifest's order; one without a price is none.
pub(crate) fn models(run: &Run) -> Vec<Priced> {
    let settings = settings(run);
    let mut by_model: Vec<(&str, Vec<&CellRow>)> = Vec::new();
    for row in settings.iter().flat_map(|setting| setting.rows.iter().copied()).filter(|row| !run.is_baseline(row)) {
        match by_model.iter_mut().find(|(model, _)| *model == row.model) {
            Some((_, rows)) => rows.push(row),
            None => by_model.push((&row.model, vec![row])),
        }
    }
    by_model.into_iter().filter_map(|(_, rows)| priced(run, &rows)).collect()
}

fn priced(run: &Run, rows: &[&CellRow]) -> Option<Priced> {
    let prices = rows.iter().filter_map(|row| row.list_output_usd_per_mtok).map(UsdPerMtok::as_f64);
    let price = prices.fold(None, |ends: Option<(f64, f64)>, price| {
        Some(ends.map_or((price, price), |(least, most)| (least.min(price), most.max(price))))
    })?;
    let name = shown(run, rows[0]);
    let quality = run.manifest.cells.iter().find(|note| note.model == rows[0].model).and_then(|note| note.quality);
    let known = quality.filter(|quality| (0.0..=1.0).contains(quality)).map(|quality| {
        let words: Vec<Word> = rows.iter().filter_map(|row| Word::of(row)).collect();
        let count = |wanted| words.iter().filter(|word| **word == wanted).count();
        let standing = words.first().map(|first| if count(*first) == words.len() { *first } else { Word::CannotTell });
        let title = format!(
            "{name}: quality {quality:.2}; {} of {} cells with a limit meet it",
            count(Word::Meets),
            words.len()
        );
        Known { quality, standing, title }
    });
    Some(Priced { assumed: rows.iter().any(|row| assumes_price(run, row)), name, price, known })
}
