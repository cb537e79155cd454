//! A cell as it is while its run goes on, to be worked out away from the recorder.

use crate::tally::cell::CellTally;
use crate::tally::figures::figures;
use crate::tally::{CellFigures, Metric, SparseCounts, histogram};

/// A copy of everything known of a cell.
#[derive(Clone, Debug)]
pub struct CellSoFar {
    pub(in crate::tally) cell: CellTally,
    pub(in crate::tally) seed: u64,
    pub(in crate::tally) index: usize,
}

impl CellSoFar {
    /// The cell's place in the plan.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Requests that ended, whatever the outcome.
    pub fn ended(&self) -> u64 {
        self.cell.outcomes.all()
    }

    /// The figures so far; of a cell whose run is over they are those of [`crate::tally::Tally::figures`].
    pub fn figures(&self) -> CellFigures {
        figures(&self.cell, self.seed, self.index)
    }

    /// How `metric` is spread over its successes so far, each to three digits, as the log of the run holds them.
    pub fn counts(&self, metric: Metric) -> SparseCounts {
        let (mut all, mut counts) = (histogram(), SparseCounts::default());
        for time in self.cell.rounds.iter().flat_map(|round| round.times(metric)) {
            all.saturating_record(u64::from(*time));
        }
        counts.add_histogram(&all);
        counts
    }
}
