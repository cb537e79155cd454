//! What a plan is made of, and why there may be none.

use std::sync::Arc;
use std::time::Duration;

use crate::plan::cell::{LeftOut, Load};
use crate::registry::{Endpoint, Registry};
use crate::units::Positive;
use crate::workload::Workload;

/// What a plan is made of.
#[derive(Clone, Debug)]
pub struct PlanInput<'a> {
    /// Where requests can go: one side, or one for each variant that is compared, the baseline first.
    pub sides: Vec<Side<'a>>,
    /// All workloads of the run; measures name them by index.
    pub workloads: &'a [Workload],
    /// A cell each; equal ones once.
    pub loads: Vec<Load>,
    /// Measured requests of a cell.
    pub amount: Amount,
    /// Requests that each cell sends beforehand.
    pub warmup: u32,
    /// Rounds wanted, 1 or more; there may be fewer.
    pub rounds: u32,
    /// Cells side by side, 1 or more, the two of a pair as one; absent: all against a simulator, one against a live
    /// provider.
    pub parallel_cells: Option<usize>,
    /// The seed of everything random.
    pub seed: u64,
}

/// A variant that is compared, or all of a run in which nothing is.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// The variant's name; absent where nothing is compared.
    pub variant: Option<&'a str>,
    /// Where endpoints come from.
    pub registry: &'a Registry,
    /// What is measured on what. A combination that is named twice is measured once.
    pub measures: Vec<MeasureInput>,
    /// The endpoints that its routing table may call, which then is the one target on every workload of its measures;
    /// absent: the endpoints of the measures are.
    pub routes: Option<Arc<[Endpoint]>>,
    /// Whether a simulator answers; providers' limits then do not bind.
    pub simulated: bool,
}

/// How much of a cell is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many requests, 1 or more.
    Requests(u32),
    /// Those that arrive in this time; in open load alone.
    Lasting(Duration),
    /// Each of the workload's lines that fit, once.
    Once,
}

/// Some endpoints on some workloads: every one on every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasureInput {
    /// What is called.
    pub endpoints: Vec<Endpoint>,
    /// Indices into [`PlanInput::workloads`].
    pub workloads: Vec<usize>,
}

/// A plan that cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A number that must not be zero.
    #[error("`{what}` is 0, must be at least 1")]
    Zero {
        /// Its name on the command line, without dashes.
        what: &'static str,
    },
    /// A length of time for cells that end with their requests.
    #[error(
        "`duration` has no meaning in closed load, which ends with its requests: `--requests-per-cell` says how many"
    )]
    ClosedDuration,
    /// A time in which nothing, or more than can be counted, arrives.
    #[error("{load} brings {requests} requests in {duration:?}, must bring 1 to {}", u32::MAX)]
    DurationTooFar {
        /// The load in words.
        load: String,
        /// The time asked for.
        duration: Duration,
        /// Requests in that time.
        requests: u64,
    },
    /// Arrivals as recorded of a workload that has no times.
    #[error("{file}:{line}: has no `timestamp`, which recorded arrivals need")]
    NoTimestamp {
        /// The workload's file.
        file: String,
        /// The line.
        line: usize,
    },
    /// A gamma law that is almost always zero.
    #[error("`cv` is {cv}, must be at most {MOST_CV}")]
    WildCv {
        /// What was asked for.
        cv: Positive,
    },
    /// A rate that the provider's own limit forbids.
    #[error("{load} is over `requests_per_minute` of provider `{provider}`, must be at most {limit} a minute")]
    OverRate {
        /// The load in words.
        load: String,
        /// The provider's id.
        provider: String,
        /// Requests a minute allowed.
        limit: u32,
    },
    /// One cell alone is more than its provider allows.
    #[error("concurrency {concurrency} is over `max_in_flight` of provider `{provider}`, must be at most {limit}")]
    OverLimit {
        /// The provider's id.
        provider: String,
        /// Requests in flight asked for.
        concurrency: u32,
        /// Requests in flight allowed.
        limit: u32,
    },
    /// No endpoint, no workload or no load was chosen.
    #[error("nothing to measure: no endpoint and workload was chosen, must be one of each at least")]
    NothingChosen,
    /// Nothing that was chosen can be measured.
    #[error("nothing can be measured\n{}", shown(left_out))]
    NoCells {
        /// Why not, for each model and workload.
        left_out: Vec<LeftOut>,
    },
}

/// The most that gaps of a gamma law may spread; beyond, nearly all are zero and a run sees none of the others.
pub(super) const MOST_CV: f64 = 10.0;

/// Reasons shown in a message at most.
const MOST_SHOWN: usize = 20;

/// One reason a line.
fn shown(left_out: &[LeftOut]) -> String {
    let mut lines: Vec<String> = left_out.iter().take(MOST_SHOWN).map(ToString::to_string).collect();
    if left_out.len() > MOST_SHOWN {
        lines.push(format!("+{} more", left_out.len() - MOST_SHOWN));
    }
    lines.join("\n")
}
