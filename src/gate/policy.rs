//! A policy: what must hold of a run, from a file.

use std::fs;
use std::path::Path;

use crate::conf::Faults;
use crate::gate::PolicyError;
use crate::gate::matching::Match;
use crate::gate::policy_read::read_policy;
use crate::units::Micros;

/// What a team demands of its traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The file's path as it was given.
    pub source: String,
    /// The share of runs in which some rule may fail by chance, over all blocking rules together; 0 to 1.
    pub alpha: f64,
    /// What is done where a rule cannot be decided.
    pub inconclusive: Inconclusive,
    /// Limits that hold for a run by itself.
    pub slos: Vec<Slo>,
    /// Limits of how much worse a candidate may be than its baseline.
    pub regressions: Vec<Regression>,
}

/// Whether a rule that cannot be decided stops whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inconclusive {
    /// Between two variants of one run, and for SLOs.
    pub ab: Severity,
    /// For a forecast.
    pub forecast: Severity,
    /// Between two runs.
    pub runs: Severity,
}

/// What a broken rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It decides the exit code.
    Block,
    /// It is said, and decides nothing.
    Warn,
}

/// A limit that holds for each cell that it matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    /// What people call it.
    pub name: String,
    /// The cells that it is about.
    pub matches: Match,
    /// What must hold.
    pub promise: Promise,
    /// How sure one must be to say that it holds, or that it does not; 0.5 to 1, both excluded.
    pub confidence: f64,
    /// Days of history that it is about; absent: the run alone.
    pub window_days: Option<u32>,
    /// What it does when it is broken.
    pub severity: Severity,
    /// The line of the file that it begins at, from 1; absent where it stands in no file.
    pub line: Option<usize>,
}

/// What an SLO promises. Each is a share of requests that must be good with the rest allowed to be bad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    /// A quantile of a latency is within a limit, failures counted as infinite.
    Quantile {
        /// Which latency.
        latency: Timed,
        /// Which quantile, 0 to 1.
        q: f64,
        /// The limit.
        max: Micros,
    },
    /// No more than a share of requests takes longer than a limit, failures counted among them.
    ShareOver {
        /// Which latency.
        latency: Timed,
        /// The limit.
        over: Micros,
        /// The greatest share, 0 to 1.
        max: f64,
    },
    /// No less than a share of requests succeeds.
    Availability {
        /// The least share, 0 to 1.
        min: f64,
    },
}

impl Promise {
    /// The greatest share of requests that may be bad, 0 to 1.
    pub fn bad_share(&self) -> f64 {
        match *self {
            Self::Quantile { q, .. } => 1.0 - q,
            Self::ShareOver { max, .. } => max,
            Self::Availability { min } => 1.0 - min,
        }
    }
}

/// A latency that rules speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// Time to first token.
    Ttft,
    /// End to end, in open load from the moment the schedule named.
    E2e,
}

impl Timed {
    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ttft => "ttft",
            Self::E2e => "e2e",
        }
    }
}

/// How much worse a candidate may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// What is held against each other.
    pub measure: Measure,
    /// The cells that it is about.
    pub matches: Match,
    /// Surely worse than this is regressed.
    pub margin: Bound,
    /// Surely not worse than this is passed; absent for what is exact.
    pub rule_out: Option<Bound>,
    /// Which cells' requests are taken together.
    pub pool: Pool,
    /// What it does when it is broken.
    pub severity: Severity,
    /// The line of the file that it begins at, from 1; absent where it stands in no file.
    pub line: Option<usize>,
}

/// A figure that can get worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// A quantile of a latency.
    Quantile {
        /// Which latency.
        latency: Timed,
        /// Which quantile, 0 to 1.
        q: f64,
    },
    /// Dollars for a thousand requests.
    CostPerThousand,
    /// The list price of output tokens, which is exact.
    ListOutputPrice,
    /// The list price of input tokens, which is exact.
    ListInputPrice,
    /// Failures over requests.
    ErrorRatio,
    /// Successes over requests.
    Availability,
}

impl Measure {
    /// Every measure by its name in `cells.csv`.
    pub const ALL: [(&'static str, Self); 11] = [
        ("ttft_p50_ms", Self::Quantile { latency: Timed::Ttft, q: 0.5 }),
        ("ttft_p95_ms", Self::Quantile { latency: Timed::Ttft, q: 0.95 }),
        ("ttft_p99_ms", Self::Quantile { latency: Timed::Ttft, q: 0.99 }),
        ("e2e_p50_ms", Self::Quantile { latency: Timed::E2e, q: 0.5 }),
        ("e2e_p95_ms", Self::Quantile { latency: Timed::E2e, q: 0.95 }),
        ("e2e_p99_ms", Self::Quantile { latency: Timed::E2e, q: 0.99 }),
        ("cost_per_1k_requests_usd", Self::CostPerThousand),
        ("list_output_usd_per_mtok", Self::ListOutputPrice),
        ("list_input_usd_per_mtok", Self::ListInputPrice),
        ("attempt_error_ratio", Self::ErrorRatio),
        ("availability", Self::Availability),
    ];

    /// Whether it is read off a price list, so that no statistics are needed.
    pub const fn is_exact(self) -> bool {
        matches!(self, Self::ListOutputPrice | Self::ListInputPrice)
    }

    /// Whether it is a share of requests, whose changes are told in percentage points.
    pub const fn is_ratio(self) -> bool {
        matches!(self, Self::ErrorRatio | Self::Availability)
    }

    /// The rule_out that holds where the file names none.
    pub fn default_rule_out(self, margin: Bound) -> Option<Bound> {
        Some(match (self, margin) {
            (measure, _) if measure.is_exact() => return None,
            (Self::Quantile { q, .. }, _) if q < 0.9 => Bound::Ratio(0.25),
            (Self::Quantile { q, .. }, _) if q < 0.99 => Bound::Ratio(0.5),
            (Self::Quantile { .. }, _) => Bound::Ratio(0.75),
            (_, Bound::Points(points)) => Bound::Points(4.0 * points),
            (Self::CostPerThousand, Bound::Ratio(ratio)) => Bound::Ratio(2.0 * ratio + 0.03),
            (_, Bound::Ratio(ratio)) => Bound::Ratio(4.0 * ratio),
        })
    }
}

/// A change that is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// So much of the baseline: `"10%"` is 0.1.
    Ratio(f64),
    /// So many of all requests: `"0.5pp"` is 0.005.
    Points(f64),
}

/// Whose requests are taken together, round by round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Each cell's by themselves.
    Cell,
    /// Those of a route.
    Route,
    /// All that the rule matches.
    All,
}

impl Policy {
    /// Reads the policy file at `path`.
    ///
    /// # Errors
    /// The file cannot be read as UTF-8 text, or has mistakes.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let text =
            fs::read_to_string(path).map_err(|source| PolicyError::Unreadable { path: path.to_owned(), source })?;
        Ok(Self::parse(&path.display().to_string(), &text)?)
    }

    /// Reads a policy from the contents of a file; `source` is its path.
    ///
    /// # Errors
    /// Every mistake of the file at once.
    pub fn parse(source: &str, text: &str) -> Result<Self, Faults> {
        read_policy(source, text)
    }
}
