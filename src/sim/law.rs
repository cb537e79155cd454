//! The law that the simulated provider obeys: how fast, how long, how often wrong, by model and region.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::conf::Faults;
use crate::sim::rehearsal::{Rehearsal, Rehearsals};
use crate::sim::spread::Spread;
use crate::sim::stall::Stall;
use crate::sim::timetable::{Degradation, Outage, Timetable};
use crate::units::{Usd, UsdPerMtok};

/// The law in the program itself.
const BUILT_IN: &str = include_str!("law.toml");

/// The newest version of the file that can be read.
const SCHEMA: u32 = 1;

/// How the simulated provider behaves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    #[serde(rename = "schema", deserialize_with = "known_schema")]
    _schema: u32,
    client: String,
    #[serde(default)]
    distance: BTreeMap<String, BTreeMap<String, Milliseconds>>,
    #[serde(default)]
    region: BTreeMap<String, Local>,
    default: ModelLaw,
    #[serde(default)]
    model: BTreeMap<String, ModelLaw>,
    #[serde(default)]
    outage: Vec<Outage>,
    #[serde(default)]
    degradation: Vec<Degradation>,
    #[serde(default)]
    stall: Vec<Stall>,
    #[serde(default)]
    fault: Vec<Rehearsal>,
}

/// What holds for one model in one region, with everything that depends on neither time nor request worked out.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointLaw {
    /// The network's round trip from the client's place, in milliseconds. It is paid once, before the first token.
    pub distance_ms: f64,
    /// Milliseconds to the first token, without the distance.
    pub ttft_ms: Spread,
    /// Milliseconds a token after the first; one draw a request.
    pub ms_per_token: Spread,
    /// Tokens that an answer has when the request does not limit it.
    pub answer_tokens: Spread,
    /// How many times longer than the model's law everything but the distance takes here.
    pub factor: f64,
    /// The share of requests that fail with a server error, 0 to 1.
    pub error_ratio: f64,
    /// The share of answers that are right where something is expected of them, 0 to 1.
    pub quality: f64,
    /// The share of answers that are not the usual one to the same prompt, 0 to 1.
    pub varied_ratio: f64,
    /// Requests at once beyond which everything takes proportionally longer; absent: any number.
    pub capacity: Option<u32>,
    /// Requests a minute beyond which status 429 is answered; absent: unlimited.
    pub requests_per_minute: Option<u32>,
    /// The prices by which a usage states the request's cost; absent: it states none.
    pub charges: Option<Charges>,
    /// Outages and degradations here.
    pub timetable: Timetable,
    /// Stalls here.
    pub stalls: Vec<Stall>,
    /// Faults to rehearse here.
    pub rehearsals: Rehearsals,
}

impl Law {
    /// The law that `run` uses when none is given; it holds the ten models of the built-in registry.
    pub fn built_in() -> Self {
        toml::from_str(BUILT_IN).expect("the built-in law is read by a test")
    }

    /// Reads the law in the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or does not hold a law.
    pub fn read(path: &Path) -> Result<Self, LawError> {
        let file = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&file, &text),
            Err(source) => Err(LawError::Read { file, source }),
        }
    }

    /// Reads a law from `text`; `file` is its name in messages.
    ///
    /// # Errors
    /// An unknown key, a missing one, a wrong type or an impossible value.
    pub fn parse(file: &str, text: &str) -> Result<Self, LawError> {
        Ok(toml::from_str(text).map_err(|error| Faults::of_toml(file, text, &error))?)
    }

    /// Where requests come from: the region whose distances count.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// The names on the wire of the models that have a law of their own, in alphabetical order.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.model.keys().map(String::as_str)
    }

    /// What holds for `model` in `region`. An unknown model takes `[default]`; a region of unknown distance is as
    /// far as the client's own.
    pub fn endpoint(&self, model: &str, region: &str) -> EndpointLaw {
        let law = self.model.get(model).unwrap_or(&self.default);
        let everywhere = self.region.get(region).copied().unwrap_or_default();
        let here = law.region.get(region).copied().unwrap_or_default();
        EndpointLaw {
            distance_ms: self.distance_ms(region),
            ttft_ms: law.ttft.clone(),
            ms_per_token: law.ms_per_token.clone(),
            answer_tokens: law.answer_tokens.clone(),
            factor: everywhere.factor.0 * here.factor.0,
            error_ratio: here.error_ratio.or(everywhere.error_ratio).unwrap_or(law.error_ratio).0,
            quality: law.quality.0,
            varied_ratio: law.varied_ratio.0,
            capacity: law.capacity,
            requests_per_minute: law.rate_limit.map(|limit| limit.requests_per_minute),
            charges: law.charges,
            timetable: Timetable::of(model, region, &self.outage, &self.degradation),
            stalls: self.stall.iter().filter(|stall| stall.is_at(model, region)).cloned().collect(),
            rehearsals: Rehearsals::of(model, region, &self.fault),
        }
    }

    /// The distance to `region`; the table may give it from either end.
    fn distance_ms(&self, region: &str) -> f64 {
        let between = |from: &str, to: &str| self.distance.get(from)?.get(to).map(|distance| distance.0);
        let to = |region| between(&self.client, region).or_else(|| between(region, &self.client));
        to(region).or_else(|| to(&self.client)).unwrap_or(0.0)
    }
}

/// Why a law cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LawError {
    /// The file is not there or not readable.
    #[error("cannot read the law `{file}`")]
    Read {
        /// The path asked for.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The text is not a law.
    #[error(transparent)]
    Faulty(#[from] Faults),
}

/// What holds for a model in every region.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelLaw {
    #[serde(deserialize_with = "times")]
    ttft: Spread,
    #[serde(deserialize_with = "times")]
    ms_per_token: Spread,
    #[serde(deserialize_with = "tokens")]
    answer_tokens: Spread,
    #[serde(default)]
    error_ratio: Ratio,
    #[serde(default = "usual_quality")]
    quality: Ratio,
    #[serde(default)]
    varied_ratio: Ratio,
    #[serde(default, deserialize_with = "at_least_one")]
    capacity: Option<u32>,
    rate_limit: Option<RateLimit>,
    charges: Option<Charges>,
    #[serde(default)]
    region: BTreeMap<String, Local>,
}

/// What a simulated provider says it charges, in dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charges {
    /// For prompt tokens.
    pub input: UsdPerMtok,
    /// For generated tokens.
    pub output: UsdPerMtok,
}

impl Charges {
    /// What a request with so many tokens costs.
    pub fn of(self, input: u64, output: u64) -> Usd {
        self.input.of(input) + self.output.of(output)
    }
}

/// What a region changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Local {
    #[serde(default)]
    factor: Factor,
    error_ratio: Option<Ratio>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateLimit {
    #[serde(deserialize_with = "positive")]
    requests_per_minute: u32,
}

/// 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Ratio(pub(super) f64);

impl TryFrom<f64> for Ratio {
    type Error = String;
    fn try_from(value: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(format!("is {value}, must be 0 to 1")) }
    }
}

/// Over 0; 1 changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
struct Factor(f64);

impl Default for Factor {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for Factor {
    type Error = String;
    fn try_from(value: f64) -> Result<Self, String> {
        if value > 0.0 && value.is_finite() { Ok(Self(value)) } else { Err(format!("is {value}, must be over 0")) }
    }
}

/// 0 or more.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
struct Milliseconds(f64);

impl TryFrom<f64> for Milliseconds {
    type Error = String;
    fn try_from(value: f64) -> Result<Self, String> {
        if value >= 0.0 && value.is_finite() { Ok(Self(value)) } else { Err(format!("is {value}, must be 0 or more")) }
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Lognormal,
    Constant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTimes {
    #[serde(default)]
    kind: Kind,
    median_ms: f64,
    p99_ms: Option<f64>,
    slow: Option<RawSlow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSlow {
    ratio: f64,
    factor: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTokens {
    median: f64,
    p99: f64,
}

fn times<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Spread, D::Error> {
    let raw = RawTimes::deserialize(deserializer)?;
    let spread = match (raw.kind, raw.p99_ms) {
        (Kind::Lognormal, Some(p99_ms)) => Spread::lognormal(raw.median_ms, p99_ms),
        (Kind::Lognormal, None) => return Err(D::Error::missing_field("p99_ms")),
        (Kind::Constant, None) => Spread::constant(raw.median_ms),
        (Kind::Constant, Some(_)) => return Err(D::Error::custom("`p99_ms` has no meaning for a constant, remove it")),
    };
    let slow = |spread: Spread| match raw.slow {
        Some(slow) => spread.with_slow(slow.ratio, slow.factor),
        None => Ok(spread),
    };
    spread.and_then(slow).map_err(D::Error::custom)
}

fn tokens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Spread, D::Error> {
    let raw = RawTokens::deserialize(deserializer)?;
    Spread::lognormal(raw.median, raw.p99).map_err(D::Error::custom)
}

fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(D::Error::custom("is 0, must be at least 1")),
        number => Ok(number),
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    positive(deserializer).map(Some)
}

fn known_schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        SCHEMA => Ok(SCHEMA),
        other => Err(D::Error::custom(format!("`schema` is {other}, must be {SCHEMA}"))),
    }
}

fn usual_quality() -> Ratio {
    Ratio(0.9)
}

#[cfg(test)]
mod tests;
