//! A policy: what must hold of a run, from a file.

use std::fs;
use std::path::Path;

use crate::conf::Faults;
use crate::gate::PolicyError;
use crate::gate::matching::Match;
use crate::gate::measure::{Bound, Measure};
use crate::gate::policy_names::KnownNames;
use crate::gate::policy_read::read_policy;
use crate::gate::traffic::Traffic;
use crate::units::Micros;

/// What a team demands of its traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The file's path as it was given, or `built-in`.
    pub source: String,
    /// What stands in it.
    pub text: String,
    /// SHA-256 of that in lower-case hex.
    pub sha256: String,
    /// The share of runs in which some rule may fail by chance, over all blocking rules together; 0 to 1.
    pub alpha: f64,
    /// What is done where a rule cannot be decided.
    pub inconclusive: Inconclusive,
    /// How much traffic there is, and of what kinds; absent: not said.
    pub traffic: Option<Traffic>,
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
    /// No less than a share of the answers that are held against what the workload expects is right.
    Quality {
        /// The least share, 0 to 1.
        min: f64,
    },
    /// Of the answers at temperature 0 to a request that the cell had answered before, no less than a share is the same as the
    /// first.
    Consistency {
        /// The least share, 0 to 1.
        min: f64,
    },
}

impl Promise {
    /// Whether it is about what was answered, which no histogram keeps.
    pub const fn is_about_answers(&self) -> bool {
        matches!(self, Self::Quality { .. } | Self::Consistency { .. })
    }

    /// The greatest share of requests that may be bad, 0 to 1.
    pub fn bad_share(&self) -> f64 {
        match *self {
            Self::Quantile { q, .. } => 1.0 - q,
            Self::ShareOver { max, .. } => max,
            Self::Availability { min } | Self::Quality { min } | Self::Consistency { min } => 1.0 - min,
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

/// Whose requests are taken together, round by round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Each cell's by themselves.
    Cell,
    /// Those of a route; outside of a routing table, those of a model on a workload, over all regions.
    Route,
    /// All that the rule matches.
    All,
}

impl Regression {
    /// What people call it: `ttft p50 ≤ +10 %`, `availability ≥ −0.5 pp`.
    pub fn title(&self) -> String {
        let sign = if self.measure.is_better_when_greater() { "≥ −" } else { "≤ +" };
        format!("{} {sign}{}", self.measure, self.measure.told(self.margin))
    }
}

impl Policy {
    /// Reads the policy file at `path`.
    ///
    /// # Errors
    /// The file cannot be read as UTF-8 text, or has mistakes.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        Ok(Self::parse(&path.display().to_string(), &text_of(path)?)?)
    }

    /// Reads the policy file at `path`, whose rules, if it has any, are about what has the names in `known`.
    ///
    /// # Errors
    /// As for [`Policy::read`]; a glob in a `match` that no known name matches is a mistake too.
    pub fn read_naming(path: &Path, known: &KnownNames) -> Result<Self, PolicyError> {
        Ok(read_policy(&path.display().to_string(), &text_of(path)?, Some(known), false)?)
    }

    /// Reads the policy file at `path` to judge what has the names in `known`.
    ///
    /// # Errors
    /// As for [`Policy::read_naming`]; a file without a rule is a mistake too.
    pub fn read_for(path: &Path, known: &KnownNames) -> Result<Self, PolicyError> {
        Ok(Self::parse_for(&path.display().to_string(), &text_of(path)?, known)?)
    }

    /// Reads a policy from the contents of a file; `source` is its path.
    ///
    /// # Errors
    /// Every mistake of the file at once.
    pub fn parse(source: &str, text: &str) -> Result<Self, Faults> {
        read_policy(source, text, None, false)
    }

    /// Reads a policy from the contents of a file to judge what has the names in `known`; `source` is its path.
    ///
    /// # Errors
    /// Every mistake of the file at once, as for [`Policy::read_for`].
    pub fn parse_for(source: &str, text: &str, known: &KnownNames) -> Result<Self, Faults> {
        read_policy(source, text, Some(known), true)
    }
}

fn text_of(path: &Path) -> Result<String, PolicyError> {
    fs::read_to_string(path).map_err(|source| PolicyError::Unreadable { path: path.to_owned(), source })
}
