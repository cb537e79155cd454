//! One request of a run: its moments, tokens and outcome. A failed request is a sample like any other.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

use crate::units::{Micros, Moment, Usd};

/// How a request ended. `Ok` and the failures a provider, a network or a limit can produce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A complete answer.
    Ok,
    /// The stream ended with neither a finish reason nor `[DONE]`.
    Truncated,
    /// The provider's content filter stopped the answer.
    Refused,
    /// A status of 400 to 499 other than 429, or a redirect, which is not followed.
    Http4xx,
    /// Status 429.
    RateLimited,
    /// A status of 500 to 599.
    Http5xx,
    /// An error object inside a reply of status 200.
    StreamError,
    /// A reply that is not the protocol: HTML, broken JSON, an event over the cap.
    ParseError,
    /// A complete reply without any generated token.
    Empty,
    /// No connection within the limit.
    TimeoutConnect,
    /// No generated token within the limit.
    TimeoutFirstToken,
    /// No payload for longer than the limit, after the first token.
    TimeoutIdle,
    /// The whole request took longer than the limit.
    TimeoutTotal,
    /// The host name could not be resolved.
    Dns,
    /// The connection was refused or unreachable.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The peer closed or reset the connection before the reply was complete.
    Reset,
    /// Never sent, because the run could not send it in time.
    NotSent,
    /// Never sent, because the budget could not cover it.
    OverBudget,
    /// Stopped by an interrupt.
    Cancelled,
    /// The routing table gives it to a person: nobody was called for the answer.
    HandedOff,
    /// No route of the table takes it, or no model of the route reads its images.
    NoRoute,
    /// The routing table rejects it: prompt and answer are over every window that it might have gone to.
    Overflow,
    /// The route's limit for one request allows no attempt, or no further call of those that the answer needs.
    OverCost,
}

impl Outcome {
    /// Every outcome, in the order of reports.
    pub const ALL: [Self; 24] = [
        Self::Ok,
        Self::Truncated,
        Self::Refused,
        Self::Http4xx,
        Self::RateLimited,
        Self::Http5xx,
        Self::StreamError,
        Self::ParseError,
        Self::Empty,
        Self::TimeoutConnect,
        Self::TimeoutFirstToken,
        Self::TimeoutIdle,
        Self::TimeoutTotal,
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Reset,
        Self::NotSent,
        Self::OverBudget,
        Self::Cancelled,
        Self::HandedOff,
        Self::NoRoute,
        Self::Overflow,
        Self::OverCost,
    ];

    /// The name used in files and messages, such as `timeout_first_token`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Truncated => "truncated",
            Self::Refused => "refused",
            Self::Http4xx => "http_4xx",
            Self::RateLimited => "rate_limited",
            Self::Http5xx => "http_5xx",
            Self::StreamError => "stream_error",
            Self::ParseError => "parse_error",
            Self::Empty => "empty",
            Self::TimeoutConnect => "timeout_connect",
            Self::TimeoutFirstToken => "timeout_first_token",
            Self::TimeoutIdle => "timeout_idle",
            Self::TimeoutTotal => "timeout_total",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::NotSent => "not_sent",
            Self::OverBudget => "over_budget",
            Self::Cancelled => "cancelled",
            Self::HandedOff => "handed_off",
            Self::NoRoute => "no_route",
            Self::Overflow => "overflow",
            Self::OverCost => "over_cost",
        }
    }

    /// Whether the request succeeded.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Ok)
    }

    /// Whether the request was asked of the target at all, and so counts for its availability.
    ///
    /// What tollmark itself held back or an interrupt stopped says nothing about the target, and a person is no endpoint.
    /// What a routing table turns away is a failure of the table: whoever asked got no answer.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::NotSent | Self::OverBudget | Self::Cancelled | Self::HandedOff)
    }

    /// Whether the request ended so without a call that was to answer it: held back by the run or by a routing table.
    pub const fn is_uncalled(self) -> bool {
        matches!(
            self,
            Self::NotSent | Self::OverBudget | Self::HandedOff | Self::NoRoute | Self::Overflow | Self::OverCost
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an outcome")]
pub struct UnknownOutcome(String);

impl FromStr for Outcome {
    type Err = UnknownOutcome;
    fn from_str(name: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name).ok_or_else(|| UnknownOutcome(name.to_owned()))
    }
}

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
}

impl Sample {
    /// HTTP exchanges that it took: one, unless the run or a routing table held it back.
    pub const fn attempts(&self) -> u64 {
        !self.outcome.is_uncalled() as u64
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
