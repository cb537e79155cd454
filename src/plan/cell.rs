//! What a run will do: its cells, and how they are driven.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::plan::arrivals::{Arrivals, Schedule};
use crate::plan::lane::Lane;
use crate::plan::rate::Rate;
use crate::plan::sessions::Sessions;
use crate::registry::Endpoint;

/// All cells of a run and how they follow each other. It depends on its inputs and the seed alone.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The units of measurement, in reporting order: workload, load, then the registry's order.
    pub cells: Vec<Cell>,
    /// Which of them share their load; each is in one lane.
    pub lanes: Vec<Lane>,
    /// The names of what is compared, the baseline first; none where nothing is.
    pub variants: Vec<String>,
    /// What was asked for and cannot be measured.
    pub left_out: Vec<LeftOut>,
    /// How many equal shares each cell's requests are cut into.
    pub rounds: u32,
    /// Lanes in flight at once: cells, the two of a pair as one.
    pub parallel_cells: usize,
    /// The order of turns: every lane's share of each round, or all of it at once where no lane waits.
    pub turns: Vec<Turn>,
    /// The seed of everything random.
    pub seed: u64,
    /// What the user should know: fewer rounds than asked for, and why.
    pub warnings: Vec<String>,
}

/// Target × workload × load: the unit of measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// A name without comma or space, unique in the run: `global-apis/qwen3-8b/us-west-2/autocomplete/c16`.
    pub slug: String,
    /// Index of its side in [`PlanInput::sides`](crate::plan::PlanInput::sides), whose registry the target is of.
    pub side: usize,
    /// What it is sent to.
    pub target: Target,
    /// Index into the run's workloads.
    pub workload: usize,
    /// Indices of the workload's requests that fit this endpoint, in file order, or in the order of their times where
    /// arrivals are as recorded, and turns of one session side by side; cycled.
    pub lines: Vec<u32>,
    /// Which of the lines are turns of one session; absent where each stands alone.
    pub sessions: Option<Arc<Sessions>>,
    /// How requests are issued.
    pub load: Load,
    /// When each measured request is due, and later turns of a session at the earliest; absent in closed load. The
    /// cells of a pair have every second moment of one schedule each.
    pub schedule: Option<Arc<Schedule>>,
    /// Measured requests over all rounds.
    pub requests: u32,
    /// Requests sent beforehand and left out of figures.
    pub warmup: u32,
}

/// What a cell sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A model in a region.
    Endpoint(Endpoint),
    /// A routing table, which calls these.
    Routes(Arc<[Endpoint]>),
}

impl Target {
    /// The endpoint; absent where a routing table chooses.
    pub const fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Self::Endpoint(endpoint) => Some(*endpoint),
            Self::Routes(_) => None,
        }
    }

    /// Every endpoint that may be called.
    pub fn endpoints(&self) -> &[Endpoint] {
        match self {
            Self::Endpoint(endpoint) => std::slice::from_ref(endpoint),
            Self::Routes(endpoints) => endpoints,
        }
    }
}

/// How requests are issued.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// A fixed number in flight: the next is sent when one ends.
    Closed {
        /// Requests in flight, 1 or more.
        concurrency: u32,
    },
    /// At moments that a schedule names, whatever the replies do.
    Open {
        /// Where the moments come from.
        arrivals: Arrivals,
        /// Requests in flight at most, 1 or more; what is due beyond is dropped and counted.
        max_in_flight: u32,
    },
}

impl Load {
    /// The text used in files: `closed` or the arrival process, with the stages where the rate has some.
    pub fn label(&self) -> String {
        match self {
            Self::Closed { .. } => "closed".to_owned(),
            Self::Open { arrivals, .. } => match arrivals.rate() {
                Some(rate @ Rate::Staged(_)) => format!("{} at {rate}", arrivals.name()),
                _ => arrivals.name().to_owned(),
            },
        }
    }

    /// Its part of a slug: `c16`, `r200`, `r200-poisson`, `r200-gamma2`, `r10..200-60s`, `recorded-x10`.
    pub fn tag(&self) -> String {
        match self {
            Self::Closed { concurrency } => format!("c{concurrency}"),
            Self::Open { arrivals, .. } => match arrivals {
                Arrivals::Constant { rate } => format!("r{}", rate.tag()),
                Arrivals::Poisson { rate } => format!("r{}-poisson", rate.tag()),
                Arrivals::Gamma { rate, cv } => format!("r{}-gamma{cv}", rate.tag()),
                Arrivals::Recorded { speed } => format!("recorded-x{speed}"),
            },
        }
    }

    /// The same with at most `limit` requests in flight where it is open; a closed load is its concurrency, and stays.
    pub(super) fn with_max_in_flight(self, limit: u32) -> Self {
        match self {
            Self::Open { arrivals, .. } => Self::Open { arrivals, max_in_flight: limit },
            closed @ Self::Closed { .. } => closed,
        }
    }

    /// Whether its rate has stages, which mean something only when they follow each other without a pause.
    pub fn is_staged(&self) -> bool {
        matches!(self, Self::Open { arrivals, .. } if arrivals.stages().is_some())
    }
}

/// For people: `concurrency 16`, `poisson at 200/s`, `constant at 10..200/s over 60s`, `recorded × 10`.
impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { concurrency } => write!(f, "concurrency {concurrency}"),
            Self::Open { arrivals, .. } => match arrivals {
                Arrivals::Constant { rate } => write!(f, "constant at {rate}"),
                Arrivals::Poisson { rate } => write!(f, "poisson at {rate}"),
                Arrivals::Gamma { rate, cv } => write!(f, "gamma at {rate} with a CV of {cv}"),
                Arrivals::Recorded { speed } => write!(f, "recorded × {speed}"),
            },
        }
    }
}

/// A stretch of one lane's measured requests, sent without a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Index into [`Plan::lanes`].
    pub lane: usize,
    /// The first request's index in each of its cells.
    pub first: u32,
    /// How many requests of each of its cells.
    pub requests: u32,
}

/// A combination that was asked for and is not measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The variant that lacks it; absent: all of them, or nothing is compared.
    pub variant: Option<String>,
    /// The model's id.
    pub model: String,
    /// The region's id; absent: all of them.
    pub region: Option<String>,
    /// The workload's name; absent: all of them.
    pub workload: Option<String>,
    /// How many of the workload's requests this concerns; absent: all of them, and so there is no cell.
    pub requests: Option<u32>,
    /// Why, in words.
    pub reason: String,
}

/// One line for people: the variant, the model, the region, the workload, how many requests, and why.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variant) = &self.variant {
            write!(f, "{variant}: ")?;
        }
        write!(f, "`{}`", self.model)?;
        if let Some(region) = &self.region {
            write!(f, " in {region}")?;
        }
        if let Some(workload) = &self.workload {
            write!(f, " on `{workload}`")?;
        }
        match self.requests {
            None => {}
            Some(1) => write!(f, ", 1 request")?,
            Some(requests) => write!(f, ", {requests} requests")?,
        }
        write!(f, ": {}", self.reason)
    }
}

impl Cell {
    /// About how many requests are in flight in its lane of `arms` cells, 1 or more: those asked for, or those of a
    /// second, since in open load nobody knows before how long a reply takes.
    pub fn about_in_flight(&self, arms: u32) -> u32 {
        match (&self.load, &self.schedule) {
            (Load::Closed { concurrency }, _) => *concurrency,
            (Load::Open { max_in_flight, .. }, None) => *max_in_flight,
            (Load::Open { arrivals, max_in_flight }, Some(schedule)) => {
                let span = schedule.span(0, self.requests).as_secs_f64();
                let requests = self.requests.saturating_mul(arms);
                let rate = arrivals.rate().map_or(f64::from(requests) / span.max(1.0), Rate::peak_rps);
                (rate.ceil() as u32).clamp(1, requests.min(*max_in_flight).max(1))
            }
        }
    }

    /// The first index from `index` on at which requests can be cut without cutting a session, up to the last.
    pub fn cut_at(&self, index: u32) -> u32 {
        let whole = self.sessions.as_ref().map_or(index, |sessions| sessions.next_start(index));
        whole.min(self.requests)
    }

    /// How many requests `round` holds, when the cell is cut into `rounds` equal shares; see [`round_of`].
    pub fn share_of(&self, round: u32, rounds: u32) -> u32 {
        self.requests / rounds + u32::from(round < self.requests % rounds)
    }
}

/// The round that request `index` of `requests` belongs to, when they are cut into `rounds` equal shares.
///
/// Where the shares cannot be equal, the first ones hold one request more.
pub const fn round_of(index: u32, requests: u32, rounds: u32) -> u32 {
    let (share, more) = (requests / rounds, requests % rounds);
    let longer = more * (share + 1);
    if index < longer { index / (share + 1) } else { more + (index - longer) / share }
}

/// The four limits of a request, each an outcome of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the first attempt to connect to an open connection.
    pub connect: Duration,
    /// From sending to the first generated token.
    pub first_token: Duration,
    /// Between two reads with payload.
    pub idle: Duration,
    /// From sending to the end.
    pub total: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(5), first_token: seconds(30), idle: seconds(30), total: seconds(120) }
    }
}

/// Whether a request for a stream asks for its usage by `stream_options`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamOptions {
    /// It does.
    Sent,
    /// It does not, since the provider refuses it. Usage is then known only where it is reported unasked.
    LeftOut,
}

/// Whether answers are streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streaming {
    /// Always.
    On,
    /// Never.
    Off,
    /// As each line was recorded; streamed where it does not say.
    AsRecorded,
}
