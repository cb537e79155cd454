//! What the load engine is told to do, and what it sends back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use bytes::Bytes;
use http::HeaderMap;

use crate::cost::{Ceiling, Tariff};
use crate::plan::{Deadlines, Schedule, Sessions, Turn};
use crate::router::{BreakerEvent, Facts, Router};
use crate::sample::Sample;
use crate::units::Micros;
use crate::workload::Synthetic;

/// Everything the engine needs to carry out a plan; it knows nothing of registries, and of prices what a budget needs.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is sent, where to, and which cells of it share their load.
    pub lanes: Vec<LaneJob>,
    /// Stretches of lanes, in the order in which they are to start.
    pub turns: Vec<Turn>,
    /// Turns under way at once. A lane never has two.
    pub parallel_lanes: usize,
    /// Rounds that each cell's requests are cut into.
    pub rounds: u32,
    /// Limits of every request.
    pub deadlines: Deadlines,
    /// HTTP/2 with one connection a slot and destination, in place of HTTP/1.1.
    pub http2: bool,
    /// Worker threads, 1 or more.
    pub workers: usize,
    /// What the run may cost; absent: no limit.
    pub budget: Option<Arc<Budget>>,
}

impl Job {
    /// The most connections that can be open at once: every slot of every lane keeps its own, to the endpoints that each
    /// of its arms calls.
    pub fn connections(&self) -> u64 {
        let most = |lane: &LaneJob| {
            let slots = match &lane.open {
                None => u64::from(lane.concurrency),
                Some(open) => {
                    let requests = u64::from(lane.total) * lane.arms.len() as u64;
                    u64::from(open.max_in_flight).min(requests).max(lane.concurrency.into())
                }
            };
            slots * lane.arms.iter().map(|arm| arm.kept_open() as u64).sum::<u64>()
        };
        self.lanes.iter().map(most).sum()
    }

    /// The most timers of the system that can be in use at once: one for each open lane on each worker.
    pub fn timers(&self) -> u64 {
        (self.lanes.iter().filter(|lane| lane.open.is_some()).count() * self.workers) as u64
    }
}

/// One load, and the cells that it is laid on: one cell, or two whose requests take turns.
///
/// Of two arms, request 0 is sent by the first and then by the second, request 1 by the second and then by the first,
/// and so on, sessions as a whole. Each sends as many requests.
#[derive(Clone, Debug)]
pub struct LaneJob {
    /// What is sent for each cell, and where to: one or more.
    pub arms: Vec<Arm>,
    /// Which of the requests are turns of one session; absent where each stands alone.
    pub sessions: Option<Arc<Sessions>>,
    /// Requests in flight, over all arms; in open load, slots whose connections are opened beforehand.
    pub concurrency: u32,
    /// The schedules of an open load; absent in closed load.
    pub open: Option<OpenLoad>,
    /// Measured requests of each arm.
    pub total: u32,
    /// Requests that each arm sends before the first measured one.
    pub warmup: u32,
}

/// The part of one cell in a lane: its requests, and where they go.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The number of its cell, for its samples.
    pub cell: u32,
    /// Whom it may call: one endpoint, or each of those that its routing table names, in their order.
    pub outlets: Vec<Outlet>,
    /// The requests in the order of the plan's lines, cycled; as many as those of the lane's other arms. What a routing
    /// table sends is made of the same lines, but has bodies of its own.
    pub requests: Vec<Arc<Prepared>>,
    /// The routing table that carries its requests out; absent: each is one call to its only outlet.
    pub replay: Option<Arc<Replay>>,
    /// Makes every prompt different, where [`Prepared::text_at`] says where; absent: sent as recorded. A prompt that is
    /// [synthetic](Prepared::synthetic) gets no nonce: it is made of other words in each cycle and phase instead. Cells
    /// of one seed have different ones.
    pub nonce_seed: Option<u64>,
    /// What synthetic text is made of, where it need not be different each time.
    pub text_seed: u64,
}

/// An endpoint that an arm may call.
#[derive(Clone, Debug)]
pub struct Outlet {
    /// Where requests go.
    pub destination: Arc<Destination>,
    /// The limits a minute of its provider; absent: unlimited.
    pub pace: Option<Arc<Pace>>,
    /// What requests to it cost, for the budget; absent: they are not held against it.
    pub toll: Option<Toll>,
}

/// A routing table at work, and what it needs to know of the requests.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The table, shared by all cells of a variant, and with it what is known of its regions.
    pub router: Arc<Router>,
    /// What it knows of each request of the workload, by line.
    pub facts: Arc<Vec<Facts>>,
    /// What each outlet charges, for what a route lets a request cost.
    pub tariffs: Vec<Tariff>,
    /// The cell of its first route; those of the others follow in their order.
    pub first_route: u32,
}

impl Arm {
    /// Connections that each of its slots keeps open at most.
    pub(crate) fn kept_open(&self) -> usize {
        self.outlets.len().min(KEPT_OPEN)
    }

    /// What is sent as request `index`.
    pub(crate) fn request(&self, index: u32) -> &Arc<Prepared> {
        &self.requests[index as usize % self.requests.len()]
    }
}

/// Connections that a slot keeps open at most where a routing table may call many endpoints.
const KEPT_OPEN: usize = 4;

/// A load that follows a schedule.
#[derive(Clone, Debug)]
pub struct OpenLoad {
    /// When each measured request of each arm is due; as many as the lane has. Later turns of a session follow the answer
    /// before. What arms send in turn must be due in that turn.
    pub schedules: Vec<Arc<Schedule>>,
    /// Requests in flight at most, over all arms and workers, 1 or more.
    pub max_in_flight: u32,
}

/// What requests cost, for the budget.
#[derive(Clone, Debug)]
pub struct Toll {
    /// At most, before they are sent.
    pub ceiling: Ceiling,
    /// Exactly, once they ended.
    pub tariff: Tariff,
}

/// What a run may cost, shared by all workers without a lock: each request reserves its worst case before it is sent.
#[derive(Debug, Default)]
pub struct Budget {
    /// The limit in picodollars.
    pub limit_picos: u64,
    /// Picodollars spent, and reserved by requests under way or of unknown bill. Never above the limit by reserving.
    pub reserved: AtomicU64,
    /// Whether a request did not fit. Nothing more is sent from then on.
    pub exhausted: AtomicBool,
}

/// An address with everything that every request to it carries.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// The host to resolve and to name in `Host` and SNI.
    pub host: String,
    /// The port.
    pub port: u16,
    /// An address that makes resolving needless, for literal IPs.
    pub address: Option<SocketAddr>,
    /// The path of chat completions: `/v1/chat/completions`.
    pub path: String,
    /// Region, provider headers and authorisation. Values that hold a key are marked sensitive.
    pub headers: HeaderMap,
}

/// A request ready for the socket: the cell's opening of the JSON body, then the recorded rest.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Index of the line in the workload.
    pub line: u32,
    /// `{"model":"…","stream":true,"stream_options":{"include_usage":true}`, shared by a cell's requests.
    pub head: Bytes,
    /// `,"messages":[…],"max_tokens":50}`, shared by every cell of the workload.
    pub rest: Bytes,
    /// Whether the reply is streamed.
    pub stream: bool,
    /// Whether the answer is to be held against what is expected, so that its words are kept.
    pub expects: bool,
    /// Whether temperature 0 is asked for.
    pub greedy: bool,
    /// Tokens that the prompt has at most, for the budget.
    pub input_bound: u64,
    /// Tokens that all its answers have at most, for the same; [`u64::MAX`] where nothing bounds them.
    pub output_bound: u64,
    /// Images of the prompt, which may have a price of their own.
    pub images: u32,
    /// Tokens that it counts for limits on tokens a minute: its prompt, and its answers as far as it limits them.
    pub paced_tokens: u64,
    /// The offset into `rest` at which the prompt's text begins: 13 bytes of nonce may be inserted there, and synthetic
    /// text is. Absent: it does not begin with text.
    pub text_at: Option<usize>,
    /// The text that `rest` leaves out, made when it is sent; absent: it is all there.
    pub synthetic: Option<Arc<Synthetic>>,
}

/// A provider's limits a minute, shared by all workers without a lock: each request reserves its place in time.
#[derive(Debug, Default)]
pub struct Pace {
    /// Nanoseconds between two requests; 0 is unlimited.
    pub request_gap_ns: u64,
    /// Nanoseconds between two tokens; 0 is unlimited.
    pub token_gap_ns: u64,
    /// Nanoseconds since the start of the run at which the next request may be sent.
    pub next_ns: AtomicU64,
}

/// A worker's findings since its last batch.
#[derive(Debug, Default)]
pub struct Batch {
    /// Requests that ended.
    pub samples: Vec<Sample>,
    /// Changes of the breakers of routing tables, each with a cell of the table.
    pub breakers: Vec<(u32, BreakerEvent)>,
    /// Gaps between reads that carried content: cell, round, gap. Successful measured requests only, and those that a
    /// routing table carried out twice, for its cell and for that of the route.
    pub chunk_gaps: Vec<(u32, u32, Micros)>,
    /// How long what a read brought had lain in the kernel when the read was stamped: cell, lag. Measured requests only.
    ///
    /// About every eighth read is looked at; none where the system does not say when it received.
    pub read_lags: Vec<(u32, Micros)>,
    /// How late each worker's timer was, every 5 ms: what the event loop may have added to any stamp.
    ///
    /// The timer itself is 1 ms coarse, and that is in the figure.
    pub loop_lags: Vec<Micros>,
}
