//! All cells of a run while it is under way.

use hdrhistogram::Histogram;

use crate::sample::{Phase, Sample};
use crate::stats::rank;
use crate::tally::cell::CellTally;
use crate::tally::figures::figures;
use crate::tally::metric::{HIGHEST_MICROS, histogram};
use crate::tally::{CellFigures, CellSoFar, Metric, SparseCounts};
use crate::units::{Micros, Moment, Usd};

/// Turns samples into figures, at 24 bytes a request or less beside the rounds under way.
#[derive(Clone, Debug)]
pub struct Tally {
    cells: Vec<CellTally>,
    seed: u64,
    /// One histogram for all: 184 KiB for each cell and metric would be gigabytes.
    scratch: Histogram<u64>,
}

/// How a cell's measured requests are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellShape {
    /// The requests of each round; 0 where that is not known beforehand, as of a route.
    pub shares: Vec<u32>,
}

/// A round of a cell whose requests have all ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundDone {
    /// The cell's index in the plan.
    pub cell: usize,
    /// The round, from 0.
    pub round: u32,
}

impl Tally {
    /// Starts a tally of `cells`, in the plan's order; `seed` is the run's and serves the bootstrap.
    pub fn new(cells: &[CellShape], seed: u64) -> Self {
        let cells = cells.iter().map(|shape| CellTally::new(&shape.shares)).collect();
        Self { cells, seed, scratch: histogram() }
    }

    /// Takes a request in and says when it was the last of its round; warm-up is left out.
    ///
    /// `cost` is what it cost, absent when that is not known in full. Cell and round must be of the plan. Where a route of a
    /// routing table took it, it counts in that cell too, of which no round is ever said to be over.
    pub fn record(&mut self, sample: &Sample, cost: Option<Usd>) -> Option<RoundDone> {
        if sample.phase != Phase::Measured {
            return None;
        }
        if let Some(route) = sample.route {
            self.cells[route as usize].record(sample, cost);
        }
        let cell = &mut self.cells[sample.cell as usize];
        cell.record(sample, cost);
        let done = cell.rounds[sample.round as usize].is_complete();
        done.then_some(RoundDone { cell: sample.cell as usize, round: sample.round })
    }

    /// Takes in the gap between two reads with content of a measured request.
    ///
    /// It must come before the request's own sample, so that a round is encoded with all its gaps.
    pub fn chunk_gap(&mut self, cell: u32, round: u32, gap: Micros) {
        let cell = &mut self.cells[cell as usize];
        cell.overflows += u64::from(u64::from(gap.0) > HIGHEST_MICROS);
        cell.rounds[round as usize].gap(gap);
    }

    /// Takes in the lag from a readable socket to its stamp.
    pub fn read_lag(&mut self, cell: u32, lag: Micros) {
        self.cells[cell as usize].read_lags.add(bucket_end(lag.0), 1);
    }

    /// Rounds that hold something and were not encoded yet, by cell and round: what an interrupted run has left.
    pub fn open_rounds(&self) -> Vec<RoundDone> {
        let of_cell = |(index, cell): (usize, &CellTally)| {
            let open = cell.rounds.iter().zip(0..).filter(|(round, _)| round.is_open());
            open.map(move |(_, round)| RoundDone { cell: index, round }).collect::<Vec<_>>()
        };
        self.cells.iter().enumerate().flat_map(of_cell).collect()
    }

    /// When a round's first request was sent and its last one ended; absent when nothing was sent.
    pub fn round_span(&self, done: RoundDone) -> Option<(Moment, Moment)> {
        self.cells[done.cell].rounds[done.round as usize].span()
    }

    /// Hands each metric of a round that has values to `write` as a histogram of microseconds.
    ///
    /// Chunk gaps enter the cell's figures by this, and only once.
    ///
    /// # Errors
    /// The first one of `write`.
    pub fn encode_round<E>(
        &mut self,
        done: RoundDone,
        write: impl FnMut(Metric, &Histogram<u64>) -> Result<(), E>,
    ) -> Result<(), E> {
        let cell = &mut self.cells[done.cell];
        cell.rounds[done.round as usize].encode(&mut self.scratch, &mut cell.gaps, write)
    }

    /// Adds chunk gaps that were encoded before, when a tally is made again from files.
    pub fn add_encoded_gaps(&mut self, cell: usize, gaps: &Histogram<u64>) {
        self.cells[cell].gaps.add_histogram(gaps);
    }

    /// Chunk gaps of a cell over its encoded rounds, each as the upper end of its bucket.
    pub fn gaps(&self, cell: usize) -> &SparseCounts {
        &self.cells[cell].gaps
    }

    /// The end-to-end median and 99th percentile of a cell's successes so far, for progress; absent without any.
    pub fn e2e_so_far(&self, cell: usize) -> Option<(Micros, Micros)> {
        let rounds = self.cells[cell].rounds.iter();
        let mut times: Vec<u32> = rounds.flat_map(|round| round.times(Metric::E2e)).copied().collect();
        let n = times.len();
        let mut at = |q| (n > 0).then(|| Micros(*times.select_nth_unstable(rank(q, n) - 1).1));
        Some((at(0.5)?, at(0.99)?))
    }

    /// Requests of `cell` that ended so far, whatever the outcome.
    pub fn ended(&self, cell: usize) -> u64 {
        self.cells[cell].outcomes.all()
    }

    /// A copy of what is known of `cell` so far: to copy it takes a fraction of what its figures take.
    pub fn so_far(&self, cell: usize) -> CellSoFar {
        CellSoFar { cell: self.cells[cell].clone(), seed: self.seed, index: cell }
    }

    /// The figures of a cell as far as it was measured.
    pub fn figures(&self, cell: usize) -> CellFigures {
        figures(&self.cells[cell], self.seed, cell)
    }
}

/// The end of `value`'s bucket at seven binary digits, below one per cent: enough for a lag held against a limit.
fn bucket_end(value: u32) -> u64 {
    let coarse = (u32::BITS - value.leading_zeros()).saturating_sub(7);
    u64::from(value) | ((1 << coarse) - 1)
}

#[cfg(test)]
mod tests;
