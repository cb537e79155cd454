//! How a classifier labels requests, as it was measured.

use std::collections::BTreeMap;

use crate::forecast::kinds::Kind;
use crate::forecast::measured::Measured;
use crate::registry::Endpoint;
use crate::rundir::{CellNote, Manifest, RoutingNote};

/// Tiers, 0 to 4.
const TIERS: usize = 5;

/// How often each recorded tier was labelled 0 to 4, or given the default.
pub(in crate::forecast) type Counts = [[u64; TIERS + 1]; TIERS];

/// How often requests were labelled 0 to 4, or given the default.
pub(in crate::forecast) type Row = [u64; TIERS + 1];

/// A workload and a class of its requests, if they have one.
pub(in crate::forecast) type ClassOf = (String, Option<String>);

/// What a classifier's labels came to in runs through a table that asked it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::forecast) struct Confusion {
    /// The model's id.
    pub(in crate::forecast) model: String,
    pub(in crate::forecast) counts: Counts,
    /// The same of requests without a recorded tier, by workload and class.
    pub(in crate::forecast) unrecorded: BTreeMap<ClassOf, Row>,
}

/// Those of `model` among `known`, where they are put if need be.
fn confusion_of<'k>(model: &str, known: &'k mut Vec<Confusion>) -> &'k mut Confusion {
    let place = known.iter().position(|one| one.model == *model).unwrap_or_else(|| {
        known.push(Confusion { model: model.to_owned(), counts: Counts::default(), unrecorded: BTreeMap::new() });
        known.len() - 1
    });
    &mut known[place]
}

/// The model that the table behind a cell of `manifest` asks for tiers; absent where it asks none.
fn classifier_of<'m>(manifest: &'m Manifest, cell: &CellNote) -> Option<&'m String> {
    manifest.tables.iter().find(|table| table.variant == cell.variant)?.classifier.as_ref()
}

/// Notes how a request without a recorded tier, of a cell of `manifest`, was labelled: as this tier, or with none in time.
pub(in crate::forecast) fn add_unrecorded(
    (manifest, cell): (&Manifest, &CellNote),
    (class, tier): (Option<&str>, Option<u8>),
    known: &mut Vec<Confusion>,
) {
    let Some(model) = classifier_of(manifest, cell) else { return };
    let of = (cell.workload.clone(), class.map(str::to_owned));
    let row = confusion_of(model, known).unrecorded.entry(of).or_default();
    row[tier.map_or(TIERS, |tier| usize::from(tier).min(TIERS))] += 1;
}

/// Adds what `manifest` says of the labels of each classifier to `known`.
pub(in crate::forecast) fn add_confusions(manifest: &Manifest, known: &mut Vec<Confusion>) {
    let whole = |note: &&RoutingNote| {
        manifest.cells.iter().any(|cell| cell.cell == note.cell && cell.part_of.is_none() && cell.route.is_none())
    };
    for note in manifest.routing.iter().filter(whole) {
        let cell = manifest.cells.iter().find(|cell| cell.cell == note.cell);
        let model = cell.and_then(|cell| classifier_of(manifest, cell));
        let (Some(classifier), Some(model)) = (&note.classifier, model) else { continue };
        let counts = &mut confusion_of(model, known).counts;
        for (sums, row) in counts.iter_mut().zip(&classifier.confusion) {
            sums.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
        }
    }
}

impl Measured {
    /// How the labels of `model` fell in runs through a table; absent where no run asked it.
    pub(in crate::forecast) fn confusion(&self, model: &str) -> Option<&Counts> {
        let counts = &self.confusions.iter().find(|one| one.model == model)?.counts;
        (counts.iter().flatten().sum::<u64>() > 0).then_some(counts)
    }
}

impl Measured {
    /// How `model` labelled requests of this workload and class, which have no recorded tier, in runs through a table: the shares
    /// of labels 0 to 4, and last of those that got the default; absent where no run says.
    pub(in crate::forecast) fn unrecorded(&self, model: &str, kind: &Kind) -> Option<[f64; TIERS + 1]> {
        let of = (kind.workload.clone(), kind.class.clone());
        let row = self.confusions.iter().find(|one| one.model == model)?.unrecorded.get(&of)?;
        let all: u64 = row.iter().sum();
        (all > 0 && kind.tier.is_none()).then(|| row.map(|count| count as f64 / all as f64))
    }
}

/// How a classifier labels requests.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::forecast) struct Labelling {
    /// The share of labels that are right, of those that are given, 0 to 1.
    pub(in crate::forecast) right: f64,
    /// The share that comes late or not at all, so that the default tier holds.
    pub(in crate::forecast) late: f64,
    /// How labels fell for each tier; absent: a wrong one is a tier off, up or down alike.
    pub(in crate::forecast) counts: Option<Counts>,
}

impl Labelling {
    /// Every label is right and in time.
    pub(in crate::forecast) const PERFECT: Self = Self { right: 1.0, late: 0.0, counts: None };

    /// That of a measured confusion.
    pub(in crate::forecast) fn measured(counts: Counts) -> Self {
        let all: u64 = counts.iter().flatten().sum();
        let late: u64 = counts.iter().map(|row| row[TIERS]).sum();
        let right: u64 = (0..TIERS).map(|tier| counts[tier][tier]).sum();
        Self {
            right: right as f64 / (all - late).max(1) as f64,
            late: late as f64 / all.max(1) as f64,
            counts: Some(counts),
        }
    }

    /// The shares of requests of this recorded tier that are labelled 0 to 4, and last of those that get the default; without a
    /// recorded tier all labels are told as tier 0.
    pub(in crate::forecast) fn shares(&self, tier: Option<u8>) -> [f64; TIERS + 1] {
        let Some(tier) = tier.map(usize::from) else {
            return [1.0 - self.late, 0.0, 0.0, 0.0, 0.0, self.late];
        };
        let row = self.counts.map(|counts| counts[tier]).filter(|row| row.iter().sum::<u64>() > 0);
        if let Some(row) = row {
            let all: u64 = row.iter().sum();
            return row.map(|count| count as f64 / all as f64);
        }
        let mut shares = [0.0; TIERS + 1];
        let beside: Vec<usize> =
            [tier.checked_sub(1), Some(tier + 1).filter(|tier| *tier < TIERS)].into_iter().flatten().collect();
        for other in &beside {
            shares[*other] = (1.0 - self.late) * (1.0 - self.right) / beside.len() as f64;
        }
        shares[tier] = (1.0 - self.late) * self.right;
        shares[TIERS] = self.late;
        shares
    }
}

/// Requests that are labelled alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::forecast) struct Label {
    /// Who was asked, and whether that one named the tier; absent: nobody was asked.
    pub(in crate::forecast) asked: Option<(Endpoint, bool)>,
    /// The tier that they are taken for.
    pub(in crate::forecast) tier: Option<u8>,
    /// Their share of their kind.
    pub(in crate::forecast) share: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measured_confusion_is_taken_row_by_row_and_where_it_has_none_errors_are_a_tier_off() {
        let mut counts = Counts::default();
        counts[1] = [10, 70, 0, 10, 0, 10];
        let measured = Labelling::measured(counts);
        let tenths = |shares: [f64; TIERS + 1]| shares.map(|share| (share * 10.0).round() as u8);
        assert_eq!(tenths(measured.shares(Some(1))), [1, 7, 0, 1, 0, 1]);
        assert!((measured.right - 70.0 / 90.0).abs() < 1e-12 && (measured.late - 0.1).abs() < 1e-12);
        let assumed = Labelling { right: 0.8, late: 0.0, counts: None };
        let near = |tier| tenths(assumed.shares(Some(tier)));
        assert_eq!([near(0), near(2), near(4)], [[8, 2, 0, 0, 0, 0], [0, 1, 8, 1, 0, 0], [0, 0, 0, 2, 8, 0]]);
        assert_eq!(Labelling::PERFECT.shares(None)[5].to_bits(), 0_f64.to_bits());
    }
}
