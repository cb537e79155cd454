//! A row of `cells.csv`: the figures of one cell, which every report and gate reads.

use serde::{Deserialize, Serialize};

use crate::rundir::Promised;
use crate::units::{Latency, Usd, UsdPerMtok};

/// The figures of one cell. Field names are the column names, in the order of the file; absent is an empty cell. What is no
/// figure and no name, as the promise, stands in the manifest alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CellRow {
    /// The run's id.
    pub run_id: String,
    /// When the run started, RFC 3339 in UTC.
    pub started_at: String,
    /// The cell's slug, also the tag in `latency.hlog`.
    pub cell: String,
    /// Baseline or candidate; absent outside an A/B run.
    pub variant: Option<String>,
    /// Who was called; empty where a routing table chose.
    pub provider: String,
    /// What answered; likewise.
    pub model: String,
    /// Where; absent where the registry names no region.
    pub region: Option<String>,
    /// The model's tier.
    pub tier: Option<u8>,
    /// The route; absent for an endpoint cell.
    pub route: Option<String>,
    /// The workload's name.
    pub workload: String,
    /// `closed`, or the arrival process, with the stages where the rate has some: `poisson at 10..200/s over 60s`.
    pub load: String,
    /// Requests in flight asked for; absent in open load.
    pub concurrency: Option<u32>,
    /// Requests a second asked for; absent in closed load, where the rate has stages, and where the recording decides.
    pub rate_rps: Option<f64>,
    /// Whether replies came from a simulator.
    pub simulated: bool,
    /// Whether the cell's figures may be judged; absent when that could not be told.
    pub valid: Option<bool>,
    /// Measured requests that ended and count.
    pub requests: u64,
    /// Of these, the successes.
    pub ok: u64,
    /// Of these, the failures.
    pub failed: u64,
    /// Requests that the schedule wanted sent; absent in closed load.
    pub arrivals: Option<u64>,
    /// Of the arrivals, those that could not be sent in time.
    pub dropped: Option<u64>,
    /// Successes over requests, 0 to 1; absent without requests.
    pub availability: Option<f64>,
    /// Failed attempts over attempts, 0 to 1.
    pub attempt_error_ratio: Option<f64>,
    /// Requests that were answered with 429.
    pub rate_limited: u64,
    /// Mean number of requests in flight while the cell was measured.
    pub in_flight_mean: Option<f64>,
    /// Different prompts among the requests.
    pub distinct_prompts: Option<u64>,
    /// Cached over all input tokens, 0 to 1; absent without usage.
    pub cached_ratio: Option<f64>,
    /// Time to first token: median of successes.
    pub ttft_p50_ms: Option<Latency>,
    /// Time to first token: lower end of the 95 % interval of the median, failures counted as infinite.
    pub ttft_p50_low_ms: Option<Latency>,
    /// Time to first token: upper end of the same interval; infinite where n supports none.
    pub ttft_p50_high_ms: Option<Latency>,
    /// Time to first token: 90th percentile of successes.
    pub ttft_p90_ms: Option<Latency>,
    /// Time to first token: 95th percentile of successes.
    pub ttft_p95_ms: Option<Latency>,
    /// Time to first token: 99th percentile of successes.
    pub ttft_p99_ms: Option<Latency>,
    /// Time to first token: lower end of the 95 % interval of the 99th percentile, failures counted as infinite.
    pub ttft_p99_low_ms: Option<Latency>,
    /// Time to first token: upper end of the same interval; infinite where n supports none.
    pub ttft_p99_high_ms: Option<Latency>,
    /// Time to first token: the largest of successes.
    pub ttft_max_ms: Option<Latency>,
    /// End-to-end latency: median of successes.
    pub e2e_p50_ms: Option<Latency>,
    /// End-to-end latency: lower end of the 95 % interval of the median, failures counted as infinite.
    pub e2e_p50_low_ms: Option<Latency>,
    /// End-to-end latency: upper end of the same interval; infinite where n supports none.
    pub e2e_p50_high_ms: Option<Latency>,
    /// End-to-end latency: 90th percentile of successes.
    pub e2e_p90_ms: Option<Latency>,
    /// End-to-end latency: 95th percentile of successes.
    pub e2e_p95_ms: Option<Latency>,
    /// End-to-end latency: 99th percentile of successes.
    pub e2e_p99_ms: Option<Latency>,
    /// End-to-end latency: lower end of the 95 % interval of the 99th percentile, failures counted as infinite.
    pub e2e_p99_low_ms: Option<Latency>,
    /// End-to-end latency: upper end of the same interval; infinite where n supports none.
    pub e2e_p99_high_ms: Option<Latency>,
    /// End-to-end latency: the largest of successes.
    pub e2e_max_ms: Option<Latency>,
    /// End-to-end latency: median, failures counted as infinite.
    pub e2e_p50_with_failures_ms: Option<Latency>,
    /// End-to-end latency: 95th percentile, failures counted as infinite.
    pub e2e_p95_with_failures_ms: Option<Latency>,
    /// End-to-end latency: 99th percentile, failures counted as infinite.
    pub e2e_p99_with_failures_ms: Option<Latency>,
    /// Latency from due: median of successes.
    pub e2e_from_due_p50_ms: Option<Latency>,
    /// Latency from due: 95th percentile of successes.
    pub e2e_from_due_p95_ms: Option<Latency>,
    /// Latency from due: 99th percentile of successes.
    pub e2e_from_due_p99_ms: Option<Latency>,
    /// Latency from due: lower end of the 95 % interval of the 99th percentile, failures counted as infinite.
    pub e2e_from_due_p99_low_ms: Option<Latency>,
    /// Latency from due: upper end of the same interval; infinite where n supports none.
    pub e2e_from_due_p99_high_ms: Option<Latency>,
    /// Latency from due: the largest of successes.
    pub e2e_from_due_max_ms: Option<Latency>,
    /// Send lag: median of successes.
    pub send_lag_p50_ms: Option<Latency>,
    /// Send lag: 99th percentile of successes.
    pub send_lag_p99_ms: Option<Latency>,
    /// Time per output token: median of successes.
    pub tpot_p50_ms: Option<Latency>,
    /// Time per output token: 99th percentile of successes.
    pub tpot_p99_ms: Option<Latency>,
    /// Gap between chunks: 99th percentile of successes.
    pub itl_p99_ms: Option<Latency>,
    /// TCP handshake: median of successes.
    pub connect_p50_ms: Option<Latency>,
    /// Requests that ended a second, over the time in which the cell had any under way; in open load the rate that was kept up,
    /// without the first and the last twentieth of each round's.
    pub throughput_rps: Option<f64>,
    /// Generated tokens a second, over the same time.
    pub output_tokens_per_s: Option<f64>,
    /// Prompt tokens of all requests with usage.
    pub input_tokens: Option<u64>,
    /// Of these, cached.
    pub cached_input_tokens: Option<u64>,
    /// Generated tokens of all requests with usage.
    pub output_tokens: Option<u64>,
    /// Of these, reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Successes whose tokens the provider did not count: they are estimated, or not known.
    pub requests_without_usage: u64,
    /// What the requests with known cost cost; absent when none is known.
    pub cost_usd: Option<Usd>,
    /// Whether `cost_usd` covers every request; absent when no request needed a price.
    pub all_prices_known: Option<bool>,
    /// Cost over requests, those handed to a person included, times 1,000; absent when not all prices are known.
    pub cost_per_1k_requests_usd: Option<Usd>,
    /// The price list's input price.
    pub list_input_usd_per_mtok: Option<UsdPerMtok>,
    /// The price list's output price.
    pub list_output_usd_per_mtok: Option<UsdPerMtok>,
    /// Total cost over generated tokens, per million: it contains the input.
    pub effective_output_usd_per_mtok: Option<UsdPerMtok>,
    /// The day from which the price row applies.
    pub price_from: Option<String>,
    /// Right answers over those that were held against what the workload expects, 0 to 1; absent where there were none.
    ///
    /// Only requests that were answered are among them: a failure shows in the availability.
    pub quality_ratio: Option<f64>,
    /// Most different answers to one prompt at temperature 0; absent without an answer to such a prompt.
    pub answer_variants: Option<u64>,
    /// Each outcome with its count, as `ok=597;timeout_idle=3`.
    pub outcomes: String,
    /// Of the different prompts planned, those whose text was made up from lengths; absent in files of old.
    #[serde(default)]
    pub synthetic_prompts: Option<u64>,
    /// Requests whose tokens were estimated by a tokeniser, failures included; absent in files of old.
    #[serde(default)]
    pub requests_estimated: Option<u64>,
    /// Answers that were held against what the workload expects; absent in files of old.
    #[serde(default)]
    pub requests_checked: Option<u64>,
    /// What the policy of its run promised of the cell, by the manifest; absent where the run noted none.
    #[serde(skip)]
    pub promised: Option<Promised>,
}
