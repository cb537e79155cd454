//! `routes.toml` into a [`Table`], with every mistake named where it stands.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use crate::conf::{Document, Faults, Field, Table as Keys};
use crate::digest::sha256;
use crate::routes::name::Name;
use crate::routes::read_route::read_routes;
use crate::routes::table::{Breaker, Classifier, Failover, FailoverOn, RegionOrder, Table};
use crate::sample::Outcome;

impl Table {
    /// The routing table that is embedded in the program, for the built-in registry.
    pub fn built_in() -> Self {
        Self::parse("built-in", BUILT_IN).expect("a test reads the embedded routing table")
    }

    /// The file of the routing table that comes with the program.
    pub const fn built_in_text() -> &'static str {
        BUILT_IN
    }

    /// Reads a routing table from the contents of a file; `source` is its path, of which the folder is that of
    /// `registry`.
    ///
    /// # Errors
    /// Every mistake of the file at once.
    pub fn parse(source: &str, text: &str) -> Result<Self, Faults> {
        let folder = Path::new(source).parent().unwrap_or(Path::new(""));
        let document = Document::parse(source, text);
        let root = document.root();
        let table = Self {
            source: source.to_owned(),
            sha256: sha256(text.as_bytes()),
            text: text.to_owned(),
            registry: root.optional("registry").and_then(Field::string).map(|path| folder.join(path)),
            classifier: root.table("classifier").map(read_classifier),
            failover: root.table("failover").map_or_else(Failover::default, read_failover),
            routes: read_routes(&root),
        };
        root.finish();
        document.finish(table)
    }

    /// Reads the routing table at `path`.
    ///
    /// # Errors
    /// The file cannot be read as UTF-8 text, or has mistakes.
    pub fn read(path: &Path) -> Result<Self, RoutesError> {
        let text =
            fs::read_to_string(path).map_err(|source| RoutesError::Unreadable { path: path.to_owned(), source })?;
        Ok(Self::parse(&path.display().to_string(), &text)?)
    }
}

/// Why there is no routing table.
#[derive(Debug, thiserror::Error)]
pub enum RoutesError {
    /// The file could not be read.
    #[error("cannot read routing table `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has mistakes, by itself or against the registry.
    #[error(transparent)]
    Faulty(#[from] Faults),
}

const BUILT_IN: &str = include_str!("built_in.toml");

/// What a label is asked for by, where the file does not say.
const PROMPT: &str = "Classify this request into tier 0-4. Answer with the digit alone.";

/// The string at `field` with its place.
pub(super) fn name(field: Field<'_>) -> Option<Name> {
    Some(Name { text: field.string()?.to_owned(), span: field.span() })
}

/// A tier, 0 to 4.
pub(super) fn tier(field: Field<'_>) -> Option<u8> {
    field.integer(0..=4).and_then(|tier| u8::try_from(tier).ok())
}

fn read_classifier(keys: Keys<'_>) -> Classifier {
    let count = |key, default| keys.optional(key).and_then(|field| field.count(1)).unwrap_or(default);
    let classifier = Classifier {
        model: keys.required("model", "model = \"qwen3-8b\"").and_then(name).unwrap_or_else(|| Name::from("")),
        timeout: keys.optional("timeout").and_then(Field::timeout).unwrap_or(Duration::from_secs(2)),
        max_tokens: count("max_tokens", 10),
        prompt: keys.optional_string("prompt").unwrap_or_else(|| PROMPT.to_owned()),
        max_chars: count("max_chars", 4000) as usize,
        default_tier: keys.optional("default_tier").and_then(tier).unwrap_or(1),
        line: keys.line(),
    };
    keys.finish();
    classifier
}

/// What holds where the file has no `[failover]`.
impl Default for Failover {
    fn default() -> Self {
        let on = GROUPS.iter().map(|(_, group)| *group).collect();
        Self { on, timeout: Duration::from_secs(30), region_order: RegionOrder::Nearest, breaker: None }
    }
}

/// The groups of outcomes by their names in files.
const GROUPS: [(&str, FailoverOn); 4] = [
    ("connect", FailoverOn::Connect),
    ("timeout", FailoverOn::Timeout),
    ("5xx", FailoverOn::Http5xx),
    ("429", FailoverOn::RateLimited),
];

fn read_failover(keys: Keys<'_>) -> Failover {
    let default = Failover::default();
    let orders = [
        ("nearest", RegionOrder::Nearest),
        ("shuffled", RegionOrder::Shuffled),
        ("as_written", RegionOrder::AsWritten),
    ];
    let failover = Failover {
        on: keys.optional("on").map(read_on).unwrap_or(default.on),
        timeout: keys.optional("timeout").and_then(Field::timeout).unwrap_or(default.timeout),
        region_order: keys
            .optional("region_order")
            .and_then(|field| field.one_of(&orders))
            .unwrap_or(default.region_order),
        breaker: keys.table("breaker").map(read_breaker),
    };
    keys.finish();
    failover
}

fn read_on(field: Field<'_>) -> Vec<FailoverOn> {
    let mut all = Vec::new();
    for element in field.elements() {
        let Some(group) = read_group(element) else { continue };
        if all.contains(&group) {
            element.fault("names this a second time, must name it once");
        }
        all.push(group);
    }
    all
}

fn read_group(field: Field<'_>) -> Option<FailoverOn> {
    let word = field.string()?;
    if let Some((_, group)) = GROUPS.iter().find(|(name, _)| *name == word) {
        return Some(*group);
    }
    match word.parse() {
        Ok(Outcome::Http5xx) => Some(FailoverOn::Http5xx),
        Ok(Outcome::RateLimited) => Some(FailoverOn::RateLimited),
        Ok(outcome) if may_fail_over(outcome) => Some(FailoverOn::Outcome(outcome)),
        Ok(Outcome::TimeoutIdle) => {
            field.fault("names `timeout_idle`, which comes after the first token, when nothing is tried again");
            None
        }
        Ok(outcome) => {
            field.fault(&format!("names `{outcome}`, after which there is nothing to try again"));
            None
        }
        Err(_) => {
            let outcomes = Outcome::ALL.into_iter().filter(|outcome| may_fail_over(*outcome)).map(Outcome::name);
            let known = GROUPS.iter().map(|(name, _)| *name).chain(outcomes);
            field.unknown_name("is no group of outcomes and no outcome", known);
            None
        }
    }
}

/// Whether a request can end so before its first token, by a failure that another endpoint may not have.
const fn may_fail_over(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Truncated
            | Outcome::Refused
            | Outcome::Http4xx
            | Outcome::RateLimited
            | Outcome::Http5xx
            | Outcome::StreamError
            | Outcome::ParseError
            | Outcome::Empty
            | Outcome::TimeoutConnect
            | Outcome::TimeoutFirstToken
            | Outcome::TimeoutTotal
            | Outcome::Dns
            | Outcome::Connect
            | Outcome::Tls
            | Outcome::Reset
    )
}

fn read_breaker(keys: Keys<'_>) -> Breaker {
    let time =
        |key, default| keys.optional(key).and_then(Field::timeout).unwrap_or_else(|| Duration::from_secs(default));
    let breaker = Breaker {
        attempt_error_ratio: keys.optional("attempt_error_ratio").and_then(Field::ratio).unwrap_or(0.005),
        window: time("window", 60),
        min_requests: keys.optional("min_requests").and_then(|field| field.count(1)).unwrap_or(200),
        cooldown: time("cooldown", 30),
    };
    keys.finish();
    breaker
}

#[cfg(test)]
mod tests;
