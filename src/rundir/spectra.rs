//! How latencies are spread over each cell, as `latency.hlog` holds them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::rundir::interval_log::LOG_FILE;
use crate::rundir::{CellRow, RunDirError, read_intervals};
use crate::tally::{Metric, SparseCounts};

/// The end-to-end latencies of every cell's successes, each to three digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spectra {
    cells: BTreeMap<String, SparseCounts>,
    /// The same from the moment that a schedule named; none for closed loads.
    from_due: BTreeMap<String, SparseCounts>,
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
        let (cells, mut warnings) = added_up(run, Metric::E2e)?;
        let (from_due, more) = added_up(run, Metric::E2eFromDue)?;
        // Where the log breaks off, it does so for both.
        warnings.extend(more.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
        Ok(Some(Self { cells, from_due, warnings }))
    }

    /// Those of `cells`, each a slug with its latencies.
    pub fn of_cells(cells: impl IntoIterator<Item = (String, SparseCounts)>) -> Self {
        Self { cells: cells.into_iter().collect(), ..Self::default() }
    }

    /// The same under other names of the cells.
    pub fn renamed(self, name: impl Fn(&str) -> String) -> Self {
        let all = |cells: BTreeMap<String, SparseCounts>| {
            cells.into_iter().map(|(cell, counts)| (name(&cell), counts)).collect()
        };
        Self { cells: all(self.cells), from_due: all(self.from_due), warnings: self.warnings }
    }

    /// These and others, of other cells.
    pub fn and(mut self, other: Self) -> Self {
        self.cells.extend(other.cells);
        self.from_due.extend(other.from_due);
        self.warnings.extend(other.warnings);
        self
    }

    /// Those of `cells` of open load too, each a slug with its latencies from due.
    pub fn with_from_due(self, cells: impl IntoIterator<Item = (String, SparseCounts)>) -> Self {
        Self { from_due: cells.into_iter().collect(), ..self }
    }

    /// The latencies of `cell` in microseconds; absent when it had no success.
    pub fn of(&self, cell: &str) -> Option<&SparseCounts> {
        self.cells.get(cell)
    }

    /// The latencies of `row` in microseconds that [`CellRow::primary_latency`] sums up; absent when it had no success.
    pub fn primary(&self, row: &CellRow) -> Option<&SparseCounts> {
        if row.is_open_load() { &self.from_due } else { &self.cells }.get(&row.cell)
    }
}

/// The rounds of each cell's `metric` added up, and what could not be read.
fn added_up(run: &Path, metric: Metric) -> Result<(BTreeMap<String, SparseCounts>, Vec<String>), RunDirError> {
    let mut cells: BTreeMap<String, SparseCounts> = BTreeMap::new();
    let warnings = read_intervals(run, metric, |cell, round| {
        cells.entry(cell.to_owned()).or_default().add_histogram(&round);
    })?;
    Ok((cells, warnings))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::rundir::interval_log::IntervalLog;
    use crate::tally::histogram;
    use crate::units::Moment;

    #[test]
    fn the_rounds_of_a_cell_are_added_up_and_other_metrics_left_out() {
        let folder = TempDir::new().unwrap();
        let mut log = IntervalLog::create(folder.path(), None).unwrap();
        let span = (Moment(0), Moment(1_000_000));
        for (cell, metric, value) in [
            ("a/b", Metric::E2e, 1_000),
            ("a/c", Metric::E2e, 7),
            ("a/b", Metric::Ttft, 300),
            ("a/b", Metric::E2eFromDue, 900),
            ("a/b", Metric::E2e, 2_000),
            ("a/b", Metric::E2e, 1_000),
        ] {
            let mut round = histogram();
            round.record(value).unwrap();
            log.write(cell, metric, span, &round).unwrap();
        }
        log.flush().unwrap();
        let spectra = Spectra::read(folder.path()).unwrap().unwrap();
        let values = |cell| spectra.of(cell).map(|counts| counts.values().collect::<Vec<_>>());
        assert_eq!(values("a/b").unwrap(), [(1_000, 2), (2_000, 1)]);
        assert_eq!(values("a/c").unwrap(), [(7, 1)]);
        assert_eq!((values("a"), spectra.warnings.len()), (None, 0));
        assert_eq!(spectra.from_due["a/b"].values().collect::<Vec<_>>(), [(900, 1)]);
    }

    #[test]
    fn a_run_without_its_log_has_no_spectra() {
        assert_eq!(Spectra::read(TempDir::new().unwrap().path()).unwrap(), None);
    }
}
