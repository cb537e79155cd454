//! What is followed from night to night.

use crate::rundir::CellRow;
use crate::units::{Latency, Usd};

/// A figure of a cell that moves from night to night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Median time to first token of successes.
    TtftP50,
    /// Its 95th percentile.
    TtftP95,
    /// Its 99th percentile.
    TtftP99,
    /// Median end-to-end latency of successes, in open load from the moment the schedule named.
    E2eP50,
    /// Its 95th percentile.
    E2eP95,
    /// Its 99th percentile.
    E2eP99,
    /// What a thousand requests cost.
    CostPerThousand,
}

impl Figure {
    /// Every figure.
    pub const ALL: [Self; 7] =
        [Self::TtftP50, Self::TtftP95, Self::TtftP99, Self::E2eP50, Self::E2eP95, Self::E2eP99, Self::CostPerThousand];

    /// Those whose drift is watched.
    pub const WATCHED: [Self; 2] = [Self::E2eP50, Self::E2eP95];

    /// The figure of `row`, in milliseconds or dollars and above 0; absent where it is not known, infinite or 0, which has no
    /// logarithm.
    pub fn of(self, row: &CellRow) -> Option<f64> {
        let ms = |latency: Option<Latency>| latency?.finite_ms();
        let value = match self {
            Self::TtftP50 => ms(row.ttft_p50_ms),
            Self::TtftP95 => ms(row.ttft_p95_ms),
            Self::TtftP99 => ms(row.ttft_p99_ms),
            Self::E2eP50 => ms(row.primary_latency().p50),
            Self::E2eP95 => ms(row.primary_latency().p95),
            Self::E2eP99 => ms(row.primary_latency().p99),
            Self::CostPerThousand => row.cost_per_1k_requests_usd.map(Usd::as_f64),
        };
        value.filter(|value| *value > 0.0)
    }

    /// Its short name among the figures that are watched: `p50`.
    pub const fn short(self) -> &'static str {
        match self {
            Self::TtftP50 => "ttft p50",
            Self::TtftP95 => "ttft p95",
            Self::TtftP99 => "ttft p99",
            Self::E2eP50 => "p50",
            Self::E2eP95 => "p95",
            Self::E2eP99 => "p99",
            Self::CostPerThousand => "cost",
        }
    }
}
