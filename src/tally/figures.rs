//! The figures of one cell, worked out from everything that was tallied of it.

use crate::cost::Reconciled;
use crate::rng::seeded;
use crate::sample::Usage;
use crate::stats::{Interval, Ordered, RoundTimes, quantile_interval, round_bootstrap};
use crate::tally::cell::CellTally;
use crate::tally::round::Round;
use crate::tally::{Metric, Outcomes};
use crate::units::{Latency, Micros, Usd};

/// One in twenty intervals may miss.
const ALPHA: f64 = 0.05;

/// What `cells.csv` tells of a cell, before it is put into columns. Times are of successes where nothing else is said.
#[derive(Clone, Debug, PartialEq)]
pub struct CellFigures {
    /// How often each outcome came up among the measured requests.
    pub outcomes: Outcomes,
    /// HTTP exchanges of the requests that count.
    pub attempts: u64,
    /// Of these, those that failed.
    pub failed_attempts: u64,
    /// Whether a reply carried the simulator's mark.
    pub simulated: bool,
    /// Whether requests were sent by a schedule.
    pub scheduled: bool,
    /// Time to first token; absent without one.
    pub ttft: Option<Spread>,
    /// End to end; absent without a success.
    pub e2e: Option<Spread>,
    /// End to end over all requests; absent without a request.
    pub e2e_with_failures: Option<WithFailures>,
    /// End to end from when the schedule wanted it sent; absent without a schedule or a success.
    pub e2e_from_due: Option<Spread>,
    /// Median of send lag.
    pub send_lag_p50: Option<Latency>,
    /// 99th percentile of send lag.
    pub send_lag_p99: Option<Latency>,
    /// Median of time per output token.
    pub tpot_p50: Option<Latency>,
    /// 99th percentile of time per output token.
    pub tpot_p99: Option<Latency>,
    /// 99th percentile of the gaps between chunks, as a histogram of three digits holds them.
    pub itl_p99: Option<Latency>,
    /// Median of the TCP handshake.
    pub connect_p50: Option<Latency>,
    /// 99th percentile of the lag from a readable socket to its stamp; absent where none was told.
    pub read_lag_p99: Option<Micros>,
    /// The seconds that rates are told over: those in which the cell had requests under way, without other cells' turns; in open
    /// load those that its requests take at the rate at which they ended, idle ones included. Absent where no request was sent,
    /// or of each round of an open load only one.
    pub active_seconds: Option<f64>,
    /// Seconds that requests took, added up.
    pub request_seconds: f64,
    /// Tokens over all requests with a count; absent without one.
    pub usage: Option<Usage>,
    /// Successes whose tokens the provider did not count.
    pub requests_without_usage: u64,
    /// Requests whose tokens the provider counted, failures included.
    pub requests_counted: u64,
    /// Of these, those whose counts contradict the total beside them; not known of samples read back.
    pub requests_contradicting: u64,
    /// Requests whose tokens were estimated, failures included.
    pub requests_estimated: u64,
    /// What the provider states of the costs; absent where it states none that could be compared.
    pub reconciled: Option<Reconciled>,
    /// What the requests of known cost cost; absent when none is known.
    pub cost: Option<Usd>,
    /// Whether `cost` covers every request that was billed; absent when none was.
    pub all_prices_known: Option<bool>,
    /// Different prompts that were sent.
    pub distinct_prompts: u64,
    /// The most different answers to one prompt at temperature 0; absent without such an answer, or where they are too
    /// many to keep.
    pub answer_variants: Option<u64>,
    /// Successes whose answer was held against what was expected.
    pub requests_checked: u64,
    /// Of these, those whose answer was as expected.
    pub requests_right: u64,
    /// Times beyond what a histogram can hold.
    pub overflows: u64,
}

/// How a latency is spread over a cell's successes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The median.
    pub p50: Latency,
    /// The 90th percentile.
    pub p90: Latency,
    /// The 95th percentile.
    pub p95: Latency,
    /// The 99th percentile.
    pub p99: Latency,
    /// The largest.
    pub max: Latency,
    /// The 95 % interval of the median, failures counted as infinite.
    pub p50_interval: Interval,
    /// The 95 % interval of the 99th percentile, failures counted as infinite.
    pub p99_interval: Interval,
}

/// Quantiles over all requests, failures counted as infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithFailures {
    /// The median.
    pub p50: Latency,
    /// The 95th percentile.
    pub p95: Latency,
    /// The 99th percentile.
    pub p99: Latency,
}

/// Works out the figures of `cell`, which stands at `index` in the plan.
pub(in crate::tally) fn figures(cell: &CellTally, seed: u64, index: usize) -> CellFigures {
    let sorted = Metric::PER_REQUEST.map(|metric| sorted_times(cell, metric));
    let failures = cell.rounds.iter().map(|round| round.failures).sum();
    let plain = |metric: Metric, q: f64| Ordered::new(&sorted[metric as usize], 0).quantile(q);
    let spread = |metric: Metric| spread(cell, metric, &sorted[metric as usize], failures, seed, index);
    let all = Ordered::new(&sorted[Metric::E2e as usize], failures);
    let billed = cell.cost.is_some() || cell.without_cost > 0;
    CellFigures {
        outcomes: cell.outcomes,
        attempts: cell.attempts,
        failed_attempts: cell.failed_attempts,
        simulated: cell.simulated,
        scheduled: cell.scheduled,
        ttft: spread(Metric::Ttft),
        e2e: spread(Metric::E2e),
        e2e_with_failures: with_failures(all),
        e2e_from_due: spread(Metric::E2eFromDue),
        send_lag_p50: plain(Metric::SendLag, 0.50),
        send_lag_p99: plain(Metric::SendLag, 0.99),
        tpot_p50: plain(Metric::Tpot, 0.50),
        tpot_p99: plain(Metric::Tpot, 0.99),
        itl_p99: cell.gaps.quantile(0.99).map(Latency::Finite),
        connect_p50: plain(Metric::Connect, 0.50),
        read_lag_p99: cell.read_lags.quantile(0.99),
        active_seconds: active_seconds(cell),
        request_seconds: cell.in_flight as f64 / 1e6,
        usage: cell.usage,
        requests_without_usage: cell.without_usage,
        requests_counted: cell.counted,
        requests_contradicting: cell.contradicting,
        requests_estimated: cell.estimated,
        reconciled: cell.reconciled,
        cost: cell.cost,
        all_prices_known: billed.then_some(cell.without_cost == 0),
        distinct_prompts: cell.answers.distinct_prompts(),
        answer_variants: cell.answers.most_variants(),
        requests_checked: cell.checked,
        requests_right: cell.right,
        overflows: cell.overflows,
    }
}

fn active_seconds(cell: &CellTally) -> Option<f64> {
    if !cell.scheduled {
        return Some(cell.active.total() as f64 / 1e6).filter(|seconds| *seconds > 0.0);
    }
    let (ended, micros) = cell
        .rounds
        .iter()
        .filter_map(Round::pace)
        .fold((0, 0), |sum, (ended, micros)| (sum.0 + u64::from(ended), sum.1 + micros));
    (ended > 0).then(|| cell.outcomes.requests() as f64 * micros as f64 / 1e6 / ended as f64)
}

fn sorted_times(cell: &CellTally, metric: Metric) -> Vec<u32> {
    let mut times: Vec<u32> = cell.rounds.iter().flat_map(|round| round.times(metric)).copied().collect();
    times.sort_unstable();
    times
}

fn with_failures(all: Ordered<'_>) -> Option<WithFailures> {
    Some(WithFailures { p50: all.quantile(0.50)?, p95: all.quantile(0.95)?, p99: all.quantile(0.99)? })
}

fn spread(
    cell: &CellTally,
    metric: Metric,
    sorted: &[u32],
    failures: usize,
    seed: u64,
    index: usize,
) -> Option<Spread> {
    let (successes, all) = (Ordered::new(sorted, 0), Ordered::new(sorted, failures));
    let max = Latency::Finite(Micros(*sorted.last()?));
    let mut p50_interval = quantile_interval(all, 0.50, ALPHA)?;
    let mut p99_interval = quantile_interval(all, 0.99, ALPHA)?;
    let rounds: Vec<_> =
        cell.rounds.iter().map(|round| RoundTimes { times: round.times(metric), failures: round.failures }).collect();
    let mut rng = seeded(seed, &format!("bootstrap of {metric} in cell {index}"));
    if let Some(drawn) = round_bootstrap(&rounds, &[0.50, 0.99], ALPHA, &mut rng) {
        // Where rounds differ, requests in a round are alike, and the order statistics promise too much.
        p50_interval = p50_interval.hull(drawn[0]);
        p99_interval = p99_interval.hull(drawn[1]);
    }
    Some(Spread {
        p50: successes.quantile(0.50)?,
        p90: successes.quantile(0.90)?,
        p95: successes.quantile(0.95)?,
        p99: successes.quantile(0.99)?,
        max,
        p50_interval,
        p99_interval,
    })
}
