//! What is read off a row: the latency that a cell is judged by, and what its columns say together.

use crate::rundir::CellRow;
use crate::sample::Outcome;
use crate::stats::Share;
use crate::units::Latency;

/// A cell's end-to-end latency over its successes, as its load makes it: from the moment that a schedule named where
/// there is one, so that a stalled provider does not hide the requests it held up, else from sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrimaryLatency {
    /// The median.
    pub p50: Option<Latency>,
    /// The 95th percentile.
    pub p95: Option<Latency>,
    /// The 99th percentile.
    pub p99: Option<Latency>,
    /// Lower end of the 95 % interval of the 99th percentile, failures counted as infinite.
    pub p99_low: Option<Latency>,
    /// Upper end of the same interval; infinite where n supports none.
    pub p99_high: Option<Latency>,
    /// The largest.
    pub max: Option<Latency>,
}

impl CellRow {
    /// Whether its requests followed a schedule.
    pub fn is_open_load(&self) -> bool {
        self.arrivals.is_some()
    }

    /// Whether the schedule wanted more than could be in flight: its figures then lack the requests that were dropped.
    pub fn is_saturated(&self) -> bool {
        self.dropped.is_some_and(|dropped| dropped > 0)
    }

    /// Whether any of its prompts was made up from lengths.
    pub fn is_synthetic(&self) -> bool {
        self.synthetic_prompts.is_some_and(|prompts| prompts > 0)
    }

    /// Whether any of its token counts, and so its cost, is an estimate.
    pub fn is_estimated(&self) -> bool {
        self.requests_estimated.is_some_and(|requests| requests > 0)
    }

    /// Right answers of those that were held against what the workload expects; absent where there were none, and in files
    /// of old.
    pub fn quality(&self) -> Option<Share> {
        let all = self.requests_checked.filter(|all| *all > 0)?;
        // The ratio has six decimals, so it stands for a count of up to a million exactly.
        Some(Share { of: (self.quality_ratio? * all as f64).round() as u64, all })
    }

    /// Each outcome that came up with its count, those that tollmark itself caused included; what this program would not
    /// have written is passed over.
    pub fn counted(&self) -> impl Iterator<Item = (Outcome, u64)> {
        self.outcomes.split(';').filter_map(|part| {
            let (name, count) = part.split_once('=')?;
            Some((name.parse().ok()?, count.parse().ok()?))
        })
    }

    /// The latency that it is shown and judged by.
    pub fn primary_latency(&self) -> PrimaryLatency {
        if self.is_open_load() {
            return PrimaryLatency {
                p50: self.e2e_from_due_p50_ms,
                p95: self.e2e_from_due_p95_ms,
                p99: self.e2e_from_due_p99_ms,
                p99_low: self.e2e_from_due_p99_low_ms,
                p99_high: self.e2e_from_due_p99_high_ms,
                max: self.e2e_from_due_max_ms,
            };
        }
        PrimaryLatency {
            p50: self.e2e_p50_ms,
            p95: self.e2e_p95_ms,
            p99: self.e2e_p99_ms,
            p99_low: self.e2e_p99_low_ms,
            p99_high: self.e2e_p99_high_ms,
            max: self.e2e_max_ms,
        }
    }
}
