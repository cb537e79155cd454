//! How far a run has come, as the run tells it.

use std::time::Duration;

use crate::units::{Micros, Usd};

/// A model of the plan and where it is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelLine {
    /// The model's name as shown.
    pub model: String,
    /// Measured requests planned, over all its cells.
    pub total_requests: u64,
    /// Its cells: index into [`Snapshot::cells`], and the region or what else tells it from its neighbours.
    pub cells: Vec<(usize, String)>,
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Time since the first request could be sent.
    pub elapsed: Duration,
    /// What was spent so far; absent when nothing is known of it.
    pub spent: Option<Usd>,
    /// Whether the money is only computed, because a simulator answers.
    pub simulated: bool,
    /// Each cell, in the order of the plan.
    pub cells: Vec<CellProgress>,
}

/// How far one cell has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellProgress {
    /// Requests that ended.
    pub done: u64,
    /// Of these, the failures.
    pub failed: u64,
    /// Median end-to-end latency so far; absent before the first success.
    pub p50: Option<Micros>,
    /// The 99th percentile so far; absent below 100 successes.
    pub p99: Option<Micros>,
}
