//! What the manifest knows of a routing table that requests were sent through.

use serde::{Deserialize, Serialize};

use crate::rundir::{FileNote, PriceNote};
use crate::units::Usd;

/// A routing table, whom it may call, and how its breakers changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableNote {
    /// The variant whose requests it took; absent where nothing is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The file.
    pub file: FileNote,
    /// What stands in it, so that a report says which line of it changed; absent in files of old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether the workload's tiers were trusted, so that nobody was asked for one.
    pub trust_tiers: bool,
    /// The model that labels requests; absent: none does.
    pub classifier: Option<String>,
    /// The tier of requests that it labels late, wrong or not at all; absent without a classifier.
    pub default_tier: Option<u8>,
    /// Its routes in the file's order.
    pub routes: Vec<RouteNote>,
    /// The endpoints that it may call.
    pub endpoints: Vec<EndpointNote>,
    /// How its breakers changed, in the order of time; empty while the run is under way.
    #[serde(default)]
    pub breakers: Vec<BreakerNote>,
}

/// A route of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteNote {
    /// Its name.
    pub route: String,
    /// The line of the file that it begins at, from 1.
    pub line: usize,
    /// The models that it calls first, most traffic first, then those that it falls back to; empty where it hands over to
    /// a person.
    pub models: Vec<String>,
    /// What a person costs to whom it hands over; absent: unknown, or it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_cost_usd: Option<Usd>,
}

/// An endpoint that a table may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointNote {
    /// Who is called.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The region's id; absent where the registry names none.
    pub region: Option<String>,
    /// The model's tier.
    pub tier: Option<u8>,
    /// The price row in use; absent when no price is known.
    pub price: Option<PriceNote>,
}

/// A change of the breaker of a region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakerNote {
    /// When, in milliseconds since the start of the run.
    pub at_ms: f64,
    /// The provider.
    pub provider: String,
    /// The region; absent where the registry names none.
    pub region: Option<String>,
    /// The state before: `closed`, `open` or `half_open`.
    pub from: String,
    /// The state after.
    pub to: String,
    /// The share of failed attempts in the window, where that opened it; absent in any other change.
    pub error_ratio: Option<f64>,
    /// The attempts in the window, where their failures opened it; absent in any other change.
    pub attempts: Option<u32>,
}
