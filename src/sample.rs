//! One request of a run: its moments, tokens and outcome. A failed request is a sample like any other.

use std::ops::AddAssign;

mod calls;
mod outcome;

use crate::units::{Micros, Moment, Usd};

pub use calls::{CallKind, CallMade, LabelledBy, Passed, Tries};
pub use outcome::{Outcome, UnknownOutcome};

/// Whether a request belongs to the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Sent to warm the endpoint, kept in the rows, left out of every figure.
    Warmup,
    /// Counted.
    Measured,
}

impl Phase {
    /// The name used in `samples.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warmup => "warmup",
            Self::Measured => "measured",
        }
    }
}

/// The tokens of a reply, normalised across dialects. Each class counts its tokens once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Prompt tokens in total, cached ones included.
    pub input: u64,
    /// Of `input`, those read from the provider's cache.
    pub cached_input: u64,
    /// Of `input`, those written to the provider's cache; none of them is among those read from it.
    pub cache_write: u64,
    /// Generated tokens in total, reasoning included.
    pub output: u64,
    /// Of `output`, those spent on reasoning.
    pub reasoning: u64,
}

/// Adds class by class; a sum beyond what can be counted stays at the top.
impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.cached_input = self.cached_input.saturating_add(other.cached_input);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
        self.output = self.output.saturating_add(other.output);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
    }
}

/// Where the token counts of a sample come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageSource {
    /// The provider reported them.
    Provider,
    /// Estimated by a tokeniser; marked so wherever they are shown.
    Estimated,
}

impl UsageSource {
    /// The name used in `samples.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Estimated => "estimated",
        }
    }
}

/// What a model said, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The visible answer.
    pub answer: String,
    /// The names and arguments of the tools that it calls.
    pub calls: String,
    /// The reasoning, as far as it can be read.
    pub reasoning: String,
}

/// The moments of one HTTP exchange. Each is absent when the exchange did not get that far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    /// When the schedule wanted it sent; a closed load has none.
    pub due: Option<Moment>,
    /// The first byte handed to the socket.
    pub sent: Option<Moment>,
    /// The response's status line and headers read.
    pub headers: Option<Moment>,
    /// The first event of a stream, whatever it held; comments are none. Absent for a reply in one piece.
    pub first_event: Option<Moment>,
    /// The first generated token on any channel.
    pub first_token: Option<Moment>,
    /// The first output that is not reasoning.
    pub first_answer: Option<Moment>,
    /// The last generated token; not streamed: the body fully read.
    pub last_token: Option<Moment>,
    /// `[DONE]` or the end of the body; for a failure, when it was noticed.
    pub end: Option<Moment>,
    /// Name resolution, where this request was the first over its connection.
    ///
    /// Where the connection had been opened beforehand, this and the next two are no part of the request's own time.
    pub dns: Option<Micros>,
    /// The TCP handshake, where this request was the first over its connection.
    pub connect: Option<Micros>,
    /// The TLS handshake, where this request was the first over its connection.
    pub tls: Option<Micros>,
}

/// The protocol that a reply came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl HttpVersion {
    /// The name used in `attempts.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// What a provider said of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorReply {
    /// The provider's own code, as text.
    pub code: Option<String>,
    /// Its message, or what tollmark saw instead of the protocol; at most 300 characters.
    pub message: String,
    /// How long the provider asked to wait.
    pub retry_after: Option<Micros>,
}

/// One request with its outcome; the unit that `samples.csv` keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Warm-up or measured.
    pub phase: Phase,
    /// The round of the run, from 0.
    pub round: u32,
    /// How often the workload had been used up before, from 0.
    pub cycle: u32,
    /// The index of the cell in the plan.
    pub cell: u32,
    /// The request's index in its cell, from 0 in each phase.
    pub index: u32,
    /// The index of the line in the workload.
    pub line: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the reply carried the simulator's mark.
    pub simulated: bool,
    /// Whether the connection had been opened before this request.
    pub reused: bool,
    /// The protocol of the reply; absent when no response line arrived, and in a sample read back from `samples.csv`.
    pub http_version: Option<HttpVersion>,
    /// When everything happened.
    pub moments: Moments,
    /// Reads that carried content; a chunk is not a token.
    pub chunks: u32,
    /// The tokens; absent when neither reported nor estimated.
    pub usage: Option<(Usage, UsageSource)>,
    /// Whether the provider's counts contradict the total beside them; false in a sample read back.
    pub usage_contradicts: bool,
    /// The usage as the provider wrote it, at most a thousand bytes; absent where it wrote none, and in a sample read
    /// back.
    pub raw_usage: Option<Box<str>>,
    /// What the provider says the request cost; absent when it does not say.
    pub stated_cost: Option<Usd>,
    /// What was generated, while its tokens are to be counted or its answer is to be held against what is expected.
    pub words: Option<Box<Words>>,
    /// The service tier that the provider says it answered in; absent when it names none.
    pub service_tier: Option<Box<str>>,
    /// The provider's finish reason.
    pub finish_reason: Option<Box<str>>,
    /// The HTTP status; absent when no response line arrived.
    pub status: Option<u16>,
    /// The provider's request id.
    pub request_id: Option<Box<str>>,
    /// The model the reply names.
    pub model_answered: Option<Box<str>>,
    /// A hash of the visible answer, to tell answers apart; absent without an answer.
    pub answer_hash: Option<u64>,
    /// Whether it was asked for at temperature 0, where the same request ought to get the same answer.
    pub greedy: bool,
    /// Whether the answer is as expected; absent where nothing is expected, in warm-up, and without a complete answer.
    pub right: Option<bool>,
    /// What the provider said, when it failed.
    pub error: Option<Box<ErrorReply>>,
    /// The cell of the route that took it, in which it counts too; absent outside of a routing table, and where no route
    /// did.
    pub route: Option<u32>,
    /// Its exchanges, where a routing table made them; absent: one, or none where it was held back.
    pub tries: Option<Tries>,
    /// How it passed the routing table; absent outside of one, and in a sample read back.
    pub passed: Option<Box<Passed>>,
}

impl Sample {
    /// HTTP exchanges that it took: one, unless the run held it back or a routing table made them.
    pub fn attempts(&self) -> u64 {
        self.tries.map_or(u64::from(!self.outcome.is_uncalled()), |tries| tries.made.into())
    }

    /// Of these, those that failed.
    pub fn failed_attempts(&self) -> u64 {
        self.tries.map_or(self.attempts().saturating_sub(self.outcome.is_ok().into()), |tries| tries.failed.into())
    }

    /// Time to first token: `first_token − sent`.
    pub fn ttft(&self) -> Option<Micros> {
        Some(self.moments.first_token?.since(self.moments.sent?))
    }

    /// End to end: `last_token − sent`.
    pub fn e2e(&self) -> Option<Micros> {
        Some(self.moments.last_token?.since(self.moments.sent?))
    }

    /// `last_token − due`, where a schedule exists.
    pub fn e2e_from_due(&self) -> Option<Micros> {
        Some(self.moments.last_token?.since(self.moments.due?))
    }

    /// `sent − due`, where a schedule exists.
    pub fn send_lag(&self) -> Option<Micros> {
        Some(self.moments.sent?.since(self.moments.due?))
    }

    /// Time per output token: `(E2E − TTFT) / (tokens − 1)`, for two tokens or more.
    ///
    /// Reasoning is left out of the count when none of it was streamed, which shows in the first answer
    /// being the first token.
    pub fn tpot(&self) -> Option<Micros> {
        let (usage, _) = self.usage?;
        let reasoning_streamed = self.moments.first_answer != self.moments.first_token;
        let tokens = if reasoning_streamed { usage.output } else { usage.output.saturating_sub(usage.reasoning) };
        let gaps = u32::try_from(tokens).ok()?.checked_sub(1).filter(|gaps| *gaps > 0)?;
        let generating = self.moments.last_token?.since(self.moments.first_token?);
        Some(Micros(generating.0 / gaps))
    }
}
