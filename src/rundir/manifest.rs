//! `manifest.json`: what a run was told to do, against whom, and how it ended.

use serde::{Deserialize, Serialize};

use crate::rundir::kind_notes::KindNote;
use crate::rundir::{Promised, RoutingNote, TableNote};
use crate::units::{Usd, UsdPerMtok};

/// The version of the stored formats that this program writes.
pub const FORMAT_VERSION: u32 = 1;

/// Everything about a run that is no figure. It holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// See [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The version of tollmark that measured.
    pub tool_version: String,
    /// The directory's name.
    pub run_id: String,
    /// The suite's name: `demo`, `nightly`.
    pub suite: String,
    /// When the first request could be sent, RFC 3339 in UTC.
    pub started_at: String,
    /// When the last one ended; absent while the run is under way, and for one that died.
    pub finished_at: Option<String>,
    /// How it ended.
    pub status: Status,
    /// The seed of everything random.
    pub seed: u64,
    /// Where requests went.
    pub destination: DestinationNote,
    /// How requests were issued.
    pub load: LoadNote,
    /// The limit of the bill; absent without one.
    pub max_cost_usd: Option<Usd>,
    /// The registry in use; where variants are compared, the baseline's.
    pub registry: FileNote,
    /// The policy in force, of which each cell notes what it promised; absent in files of old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<FileNote>,
    /// What stands in that policy, so that a report holds variants against each other by it; absent for the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_text: Option<String>,
    /// The workloads in use.
    pub workloads: Vec<WorkloadNote>,
    /// The cells in the order of `cells.csv`.
    pub cells: Vec<CellNote>,
    /// What was asked for and not measured.
    pub left_out: Vec<LeftOutNote>,
    /// The machine that measured.
    pub host: HostNote,
    /// What the user was warned of.
    pub warnings: Vec<String>,
    /// The judgement of each cell, in the order of `cells`; empty while the run is under way.
    pub validity: Vec<Validity>,
    /// What failed, by cell and outcome, each with what the first such request was told.
    #[serde(default)]
    pub failures: Vec<FailureNote>,
    /// What is to be known of the token counts and stated costs, by cell; cells without anything are left out.
    #[serde(default)]
    pub usage: Vec<UsageNote>,
    /// What is compared, the one first that the others are held against; empty where nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
    /// The routing tables that requests were sent through, one for each variant that has one; empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableNote>,
    /// How they did, in each of their cells and routes; empty where there is none, and while the run is under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routing: Vec<RoutingNote>,
    /// What each of the variants is, in their order; empty where nothing is compared, and where several runs are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<SideNote>,
}

/// What a variant calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideNote {
    /// Its registry.
    pub registry: FileNote,
    /// The hosts that it calls.
    pub hosts: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Under way, or its process died.
    Running,
    /// Every request of the plan was carried out.
    Finished,
    /// Interrupted by the user.
    Interrupted,
    /// Stopped by the budget.
    OverBudget,
}

impl Status {
    /// Whether less was measured than planned.
    pub const fn is_partial(self) -> bool {
        !matches!(self, Self::Finished)
    }
}

/// Where requests went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DestinationNote {
    /// Whether every reply came from a simulator; absent while that is not known.
    pub simulated: Option<bool>,
    /// The hosts called, as `127.0.0.1:8080` or `api.example`; the built-in simulator is `built-in simulator`.
    pub hosts: Vec<String>,
}

/// How requests were issued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadNote {
    /// Rounds that each cell was cut into.
    pub rounds: u32,
    /// Cells under way at once, the two of a pair as one.
    pub parallel_cells: u32,
    /// Requests sent beforehand to each cell and left out.
    pub warmup: u32,
    /// Whether answers were streamed: `true`, `false` or `recorded`.
    pub stream: String,
    /// Whether HTTP/2 was spoken.
    pub http2: bool,
    /// What was done about providers' prompt caches: `natural` or `fresh`.
    pub prompt_cache: String,
    /// Limits in milliseconds.
    pub timeout_connect_ms: u64,
    /// Limit from sending to the first token.
    pub timeout_first_token_ms: u64,
    /// Limit between two reads with payload.
    pub timeout_idle_ms: u64,
    /// Limit of the whole request.
    pub timeout_total_ms: u64,
}

/// A file that was read, or an embedded one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileNote {
    /// The path as given, or `built-in`.
    pub source: String,
    /// SHA-256 of its bytes in lower-case hex.
    pub sha256: String,
}

/// A workload in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkloadNote {
    /// Its name.
    pub name: String,
    /// The path as given, or `built-in`.
    pub source: String,
    /// SHA-256 of its bytes in lower-case hex.
    pub sha256: String,
    /// Its good lines.
    pub requests: u64,
    /// Bad lines that were skipped on request.
    pub skipped_lines: u64,
    /// Of the good lines, those of lengths alone: their text was made up.
    #[serde(default)]
    pub synthetic: u64,
    /// The kinds of its good lines, for forecasts of routing tables; empty in files of old.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<KindNote>,
}

/// A cell and all that is known of it beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellNote {
    /// The slug.
    pub cell: String,
    /// The variant's name; absent where nothing is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The route; absent for an endpoint, and for a routing table as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The slug of the cell whose requests the route took in part; absent but for a route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
    /// Who is called; empty where a routing table chooses.
    pub provider: String,
    /// The model's id; likewise.
    pub model: String,
    /// The model's name on charts; of a route its name, of a routing table its file's.
    pub label: String,
    /// The region's id; absent where the registry names none.
    pub region: Option<String>,
    /// The model's tier.
    pub tier: Option<u8>,
    /// The user's evaluation of the model, 0 to 1.
    pub quality: Option<f64>,
    /// The workload's name.
    pub workload: String,
    /// `closed`, or the arrival process, with the stages where the rate has some: `poisson at 10..200/s over 60s`.
    pub load: String,
    /// Requests in flight asked for; absent in open load.
    pub concurrency: Option<u32>,
    /// Requests a second asked for; absent in closed load, where the rate has stages, and where the recording decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_rps: Option<f64>,
    /// The stages of a rate that changes, in their order; empty elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageNote>,
    /// The spread of the gaps, as standard deviation over mean; absent but for gamma arrivals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// How many times faster than recorded; absent but for recorded arrivals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
    /// Requests in flight at most; absent in closed load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<u32>,
    /// Measured requests planned; of a route as many as there can be.
    pub requests: u64,
    /// Different prompts among them.
    pub distinct_prompts: u64,
    /// Of the different prompts, those whose text was made up from lengths.
    #[serde(default)]
    pub synthetic_prompts: u64,
    /// The price row in use; absent when no price is known.
    pub price: Option<PriceNote>,
    /// What the policy in force promised of the cell; absent in files of old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<Promised>,
}

/// A stretch of an open load whose rate changes evenly, or stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageNote {
    /// Requests a second at its beginning.
    pub from_rps: f64,
    /// Requests a second at its end.
    pub to_rps: f64,
    /// How long it lasts.
    pub lasts_ms: u64,
}

/// A price row as it was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceNote {
    /// The first day it applies.
    pub from: String,
    /// An ISO 4217 code.
    pub currency: String,
    /// Dollars for one unit of the currency, by which the figures were converted; absent: they were in dollars, or
    /// no rate is known and they are absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_unit: Option<Usd>,
    /// What holds where no override does.
    #[serde(flatten)]
    pub rates: RatesNote,
    /// What holds for some requests instead; where several apply, the later wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<OverrideNote>,
    /// Who says so.
    pub source: Option<String>,
}

/// The figures of a price in dollars.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RatesNote {
    /// Per million prompt tokens; absent: unknown.
    pub input_usd_per_mtok: Option<UsdPerMtok>,
    /// Per million generated tokens; absent: unknown.
    pub output_usd_per_mtok: Option<UsdPerMtok>,
    /// Per million prompt tokens from the provider's cache; absent: the input price.
    pub cached_input_usd_per_mtok: Option<UsdPerMtok>,
    /// Per million prompt tokens written to the provider's cache; absent: the input price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_usd_per_mtok: Option<UsdPerMtok>,
    /// Per million tokens of reasoning; absent: the output price.
    pub reasoning_usd_per_mtok: Option<UsdPerMtok>,
    /// For each request besides its tokens; absent: nothing.
    pub per_request_usd: Option<Usd>,
    /// For each image of a prompt besides its tokens; absent: nothing.
    pub per_image_usd: Option<Usd>,
    /// Which of the figures are assumptions, by their names in the registry: `input`, `cached_input`.
    pub assumed: Vec<String>,
}

/// Figures that hold for the requests that meet every condition given here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverrideNote {
    /// Requests with more prompt tokens than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens_over: Option<u64>,
    /// Requests that start in one of these times of day in UTC, `01:00-04:00`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub utc: Vec<String>,
    /// Requests that start on one of these days in UTC, 1 is Monday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u8>,
    /// Requests that the provider served in this tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// What they cost; an absent figure is inherited.
    #[serde(flatten)]
    pub rates: RatesNote,
}

/// Something asked for and not measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOutNote {
    /// The variant that lacks it; absent: all of them, or nothing is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The model's id.
    pub model: String,
    /// The region's id; absent: all of them.
    pub region: Option<String>,
    /// The workload's name; absent: all of them.
    pub workload: Option<String>,
    /// Requests concerned; absent: all, and so there is no cell.
    pub requests: Option<u64>,
    /// Why, in words.
    pub reason: String,
}

/// The machine that measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostNote {
    /// Operating system and architecture: `linux x86_64`.
    pub system: String,
    /// Processors that the program could use.
    pub processors: u32,
    /// Worker threads that sent requests.
    pub workers: u32,
    /// The soft limit of open files during the run.
    pub open_files: u64,
}

/// The failures of one kind in a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureNote {
    /// The slug.
    pub cell: String,
    /// The outcome's name.
    pub outcome: String,
    /// Measured requests that ended so.
    pub requests: u64,
    /// The first one's HTTP status; absent when no response line arrived.
    pub status: Option<u16>,
    /// The provider's own code, in the first one's reply.
    pub code: Option<String>,
    /// What the provider said, or what was seen instead of the protocol; absent when there was nothing.
    pub message: Option<String>,
}

/// How far a cell's token counts and costs can be relied on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageNote {
    /// The slug.
    pub cell: String,
    /// Requests whose tokens the provider counted.
    pub counted: u64,
    /// Of these, those whose counts add up to the total beside them in no known way.
    pub contradicting: u64,
    /// Requests whose tokens were estimated by a tokeniser.
    pub estimated: u64,
    /// The costs that the provider states, held against the computed ones; absent where it states none.
    pub stated: Option<StatedNote>,
}

/// Two sums over the requests of which the provider states a cost and an exact one could be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatedNote {
    /// How many they are.
    pub requests: u64,
    /// What the provider states.
    pub stated_usd: Usd,
    /// What the price list makes of their tokens.
    pub computed_usd: Usd,
}

/// Whether a cell's figures may be judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validity {
    /// The slug.
    pub cell: String,
    /// False when something other than the provider made the figures what they are.
    pub valid: bool,
    /// Why not, in words; empty when valid.
    pub reasons: Vec<String>,
}

impl Manifest {
    /// Why the figures of the cell with that slug may not be judged, in words; empty when they may, or nobody judged them.
    pub fn reasons_against(&self, cell: &str) -> &[String] {
        self.validity.iter().find(|judged| judged.cell == cell).map_or(&[], |judged| &judged.reasons)
    }
}
