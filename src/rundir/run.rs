//! A run as reports and gates see it: what stands in its directory, and nothing else.

use std::path::PathBuf;

use crate::rundir::{CellRow, Manifest};

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
