//! How latencies are spread over each cell, as `latency.hlog` holds them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::rundir::interval_log::LOG_FILE;
use crate::rundir::{RunDirError, read_intervals};
use crate::tally::{Metric, SparseCounts};

/// The end-to-end latencies of every cell's successes, each to three digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spectra {
    cells: BTreeMap<String, SparseCounts>,
    /// What of the log could not be read, with file and line.
    pub warnings: Vec<String>,
}

impl Spectra {
    /// Reads the log of the run directory `run` and adds up the rounds of each cell; absent when it holds no log.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn read(run: &Path) -> Result<Option<Self>, RunDirError> {
        if !run.join(LOG_FILE).exists() {
            return Ok(None);
        }
        let mut cells: BTreeMap<String, SparseCounts> = BTreeMap::new();
        let warnings = read_intervals(run, Metric::E2e, |cell, round| {
            cells.entry(cell.to_owned()).or_default().add_histogram(&round);
        })?;
        Ok(Some(Self { cells, warnings }))
    }

    /// Those of `cells`, each a slug with its latencies.
    pub fn of_cells(cells: impl IntoIterator<Item = (String, SparseCounts)>) -> Self {
        Self { cells: cells.into_iter().collect(), warnings: Vec::new() }
    }

    /// The latencies of `cell` in microseconds; absent when it had no success.
    pub fn of(&self, cell: &str) -> Option<&SparseCounts> {
        self.cells.get(cell)
    }
}
