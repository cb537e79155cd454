//! What a routing table holds. Names are those of the file; nothing is resolved against a registry here.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use crate::routes::name::Name;
use crate::sample::Outcome;
use crate::units::Usd;

/// A routing table: `routes.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The file's path as it was given, or `built-in`.
    pub source: String,
    /// SHA-256 of its text in lower-case hex.
    pub sha256: String,
    /// Its text, for messages that show a line of it.
    pub text: String,
    /// The registry that it names, resolved against the table's folder; absent: the one that the run uses.
    pub registry: Option<PathBuf>,
    /// Who labels requests with a tier; absent: nobody does, and only recorded tiers match.
    pub classifier: Option<Classifier>,
    /// When and where a failed request is tried again.
    pub failover: Failover,
    /// In the file's order; the first that matches takes the request.
    pub routes: Vec<Route>,
}

/// A model that labels each request with a tier before the real call.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// The model's id in the registry.
    pub model: Name,
    /// How long the label may take; later it is the default tier.
    pub timeout: Duration,
    /// Tokens of the label at most, 1 or more.
    pub max_tokens: u32,
    /// What is asked before the request's text.
    pub prompt: String,
    /// Characters of the request that the classifier is shown at most, 1 or more.
    pub max_chars: usize,
    /// The tier, 0 to 4, when it fails, is late or answers nonsense.
    pub default_tier: u8,
    /// The line of the file that it begins at, from 1.
    pub line: usize,
}

/// When and where a failed request is tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct Failover {
    /// The outcomes that are tried again elsewhere; never after the first token has arrived.
    pub on: Vec<FailoverOn>,
    /// An attempt's total deadline.
    pub timeout: Duration,
    /// Which region is tried first.
    pub region_order: RegionOrder,
    /// When a whole region is skipped; absent: never.
    pub breaker: Option<Breaker>,
}

/// A group of outcomes, by its name in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailoverOn {
    /// `connect`: no connection, with `dns`, `tls` and `reset`.
    Connect,
    /// `timeout`: any limit that passed.
    Timeout,
    /// `5xx`.
    Http5xx,
    /// `429`.
    RateLimited,
    /// One outcome by its own name, such as `empty`.
    Outcome(Outcome),
}

impl FailoverOn {
    /// Its name in files: `connect`, `5xx`, `empty`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Http5xx => "5xx",
            Self::RateLimited => "429",
            Self::Outcome(outcome) => outcome.name(),
        }
    }

    /// Whether `outcome` is one of the group.
    pub fn covers(self, outcome: Outcome) -> bool {
        match self {
            Self::Connect => matches!(outcome, Outcome::Connect | Outcome::Dns | Outcome::Tls | Outcome::Reset),
            Self::Timeout => matches!(
                outcome,
                Outcome::TimeoutConnect | Outcome::TimeoutFirstToken | Outcome::TimeoutIdle | Outcome::TimeoutTotal
            ),
            Self::Http5xx => matches!(outcome, Outcome::Http5xx),
            Self::RateLimited => matches!(outcome, Outcome::RateLimited),
            Self::Outcome(named) => named == outcome,
        }
    }
}

impl Failover {
    /// Whether a request whose attempt ended with `outcome` is tried again elsewhere, had it no token yet.
    pub fn covers(&self, outcome: Outcome) -> bool {
        self.on.iter().any(|group| group.covers(outcome))
    }
}

/// Which region is tried first, and which next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionOrder {
    /// That of the request's origin, then as the registry's `near` lists them; without an origin as the registry lists them.
    Nearest,
    /// In an order drawn from the seed for each request.
    Shuffled,
    /// As the target's `regions`, or else the registry, lists them.
    AsWritten,
}

impl RegionOrder {
    /// Its name in files: `as_written`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Shuffled => "shuffled",
            Self::AsWritten => "as_written",
        }
    }
}

/// When a whole region is skipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    /// A region whose share of failed attempts in the window is over this is skipped, 0 to 1.
    pub attempt_error_ratio: f64,
    /// How far back attempts count.
    pub window: Duration,
    /// With fewer attempts in the window than this, 1 or more, nothing is said of the region.
    pub min_requests: u32,
    /// How long the region is skipped before one request probes it.
    pub cooldown: Duration,
}

/// A rule that sends a kind of request somewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Its name in reports, different from all others.
    pub name: Name,
    /// The requests that it takes.
    pub matches: RouteMatch,
    /// The bytes of the file that `match` stands on; where it has none, those of the route's header.
    pub match_span: Range<usize>,
    /// What it does with them.
    pub action: Action,
    /// The line of the file that it begins at, from 1.
    pub line: usize,
}

/// Which requests a route takes; a condition that is absent holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteMatch {
    /// The tier, 0 to 4.
    pub tier: Option<u8>,
    /// The recorded class.
    pub class: Option<String>,
    /// Whether the request holds an image.
    pub needs_vision: Option<bool>,
}

impl RouteMatch {
    /// Whether a request of this tier and class, with an image or without, is taken; what is absent is not known.
    pub fn takes(&self, tier: Option<u8>, class: Option<&str>, has_image: bool) -> bool {
        self.tier.is_none_or(|wanted| tier == Some(wanted))
            && self.class.as_deref().is_none_or(|wanted| class == Some(wanted))
            && self.needs_vision.is_none_or(|wanted| wanted == has_image)
    }
}

/// What a route does with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It calls a model.
    Send {
        /// Who is called first; the weights share the traffic. At least one has a weight above 0.
        primary: Vec<Target>,
        /// Who is called next, in order, once every region of the one before has failed.
        fallback: Vec<Target>,
        /// What becomes of a prompt that with its answer is over the window.
        on_overflow: OnOverflow,
        /// Set in the request's body, over what was recorded.
        params: Vec<(String, serde_json::Value)>,
        /// No attempt is made that could bring the request's cost above this; absent: no limit.
        max_cost_per_request: Option<Usd>,
    },
    /// It calls nobody: a person answers.
    HandOff {
        /// What the person costs; absent: unknown.
        human_cost: Option<Usd>,
    },
}

/// A model in some regions.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The model's id in the registry.
    pub model: Name,
    /// The provider's id, where several offer the model; absent: the first that does.
    pub provider: Option<Name>,
    /// Region ids; absent: every region that the model is offered in.
    pub regions: Option<Vec<Name>>,
    /// Its share of the traffic against the other primaries', 0 or more; 1 where the file says nothing.
    pub weight: f64,
    /// The line of the file that it stands on, from 1.
    pub line: usize,
}

/// What becomes of a prompt whose tokens with `max_tokens` are over the target's context window.
#[derive(Clone, Debug, PartialEq)]
pub enum OnOverflow {
    /// It ends with the outcome `overflow`, and nobody is called.
    Reject,
    /// It goes to a model with a larger window.
    Escalate {
        /// The model's id.
        to: Name,
    },
    /// It is cut at paragraph ends, with overlap; a model answers each piece, and a last call of the same stitches the answers.
    Chunk {
        /// The model's id.
        with: Name,
    },
}
