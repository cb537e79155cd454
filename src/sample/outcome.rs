//! How a request ended.

use std::fmt;
use std::str::FromStr;

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
