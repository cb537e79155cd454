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
    /// The model's id, with the variant's name where variants are compared: at another price it is another offer.
    pub fn model_and_variant(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{} ({variant})", self.model),
            None => self.model.clone(),
        }
    }
}

impl Run {
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
