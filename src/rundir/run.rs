//! A run as reports and gates see it: what stands in its directory, and nothing else.

use std::path::PathBuf;

use crate::rundir::{CellNote, CellRow, Manifest};

/// A run directory, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The directory.
    pub path: PathBuf,
    /// `manifest.json`.
    pub manifest: Manifest,
    /// `cells.csv`, in the order of the manifest's cells; rebuilt from `samples.csv` when the run died.
    pub cells: Vec<CellRow>,
    /// What could not be read, with file and line.
    pub warnings: Vec<String>,
}

impl CellNote {
    /// The model's id; `routing table` where one chooses.
    pub fn model_or_table(&self) -> &str {
        if self.model.is_empty() { "routing table" } else { &self.model }
    }

    /// The same, with the variant's name where variants are compared: at another price it is another offer.
    pub fn model_and_variant(&self) -> String {
        let model = self.model_or_table();
        match &self.variant {
            Some(variant) => format!("{model} ({variant})"),
            None => model.to_owned(),
        }
    }
}

impl CellRow {
    /// The model's id; `routing table` where one chooses.
    pub fn model_or_table(&self) -> &str {
        if self.model.is_empty() { "routing table" } else { &self.model }
    }
}

impl Run {
    /// The rows of whole cells with their places in [`Run::cells`]: all but those of routes, whose requests are those of
    /// their table's cell too.
    pub fn whole_cells(&self) -> impl Iterator<Item = (usize, &CellRow)> {
        self.cells.iter().enumerate().filter(|(_, row)| row.route.is_none())
    }

    /// The place of `row` among the variants that are compared, 0 for what the others are held against; absent where
    /// nothing is.
    pub fn variant_of(&self, row: &CellRow) -> Option<usize> {
        let variant = row.variant.as_ref()?;
        self.manifest.variants.iter().position(|known| known == variant)
    }

    /// Whether `row` is of what others are held against.
    pub fn is_baseline(&self, row: &CellRow) -> bool {
        self.variant_of(row) == Some(0)
    }
}
