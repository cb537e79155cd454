//! A forecast for programs.

use serde::Serialize;

use crate::forecast::{Estimate, Figures, Money, RouteForecast, Span, remedies};
use crate::report::forecast::Foretold;
use crate::report::forecast::words::usd;
use crate::units::{Latency, Usd};

/// The version of this format; a change that a reader could notice raises it.
const FORMAT_VERSION: u32 = 1;

/// The forecast as pretty-printed JSON, ended by a line feed; what is absent or infinite is `null`.
pub fn forecast_json(told: &Foretold<'_>) -> String {
    let document = Document {
        format_version: FORMAT_VERSION,
        tool_version: env!("CARGO_PKG_VERSION"),
        table: told.table,
        runs: told.measured.runs.iter().map(|run| run.id.as_str()).collect(),
        origin: told.measured.origin(),
        rounds: told.forecast.rounds,
        total: RouteEntry::of(&told.forecast.total),
        routes: told.forecast.routes.iter().map(RouteEntry::of).collect(),
        not_measured: remedies(&told.forecast.missing, told.measured),
        extrapolated: told
            .forecast
            .extrapolated
            .iter()
            .map(|(endpoint, rate, measured)| Far { endpoint, rate_rps: *rate, measured_rps: *measured })
            .collect(),
        may_not_be_judged: told.forecast.obstacles().collect(),
        assumptions: &told.forecast.assumptions,
        notes: told.notes,
    };
    let mut text = serde_json::to_string_pretty(&document).expect("strings and finite numbers can be written as JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool_version: &'static str,
    table: &'a str,
    runs: Vec<&'a str>,
    origin: &'static str,
    rounds: usize,
    total: RouteEntry<'a>,
    routes: Vec<RouteEntry<'a>>,
    not_measured: Vec<String>,
    extrapolated: Vec<Far<'a>>,
    may_not_be_judged: Vec<&'a str>,
    assumptions: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Far<'a> {
    endpoint: &'a str,
    rate_rps: f64,
    measured_rps: f64,
}

#[derive(Serialize)]
pub(super) struct RouteEntry<'a> {
    route: Option<&'a str>,
    line: Option<usize>,
    share: f64,
    figures: Option<FiguresEntry<'a>>,
}

#[derive(Serialize)]
struct FiguresEntry<'a> {
    e2e_p50_ms: Option<SpanEntry>,
    e2e_p95_ms: Option<SpanEntry>,
    e2e_p99_ms: Option<SpanEntry>,
    ttft_p50_ms: Option<SpanEntry>,
    ttft_p95_ms: Option<SpanEntry>,
    ttft_p99_ms: Option<SpanEntry>,
    cost_per_1k_requests_usd: MoneyEntry,
    cost_per_month_usd: Option<MoneyEntry>,
    availability: Option<f64>,
    availability_low: Option<f64>,
    availability_high: Option<f64>,
    first_call_availability: Option<f64>,
    attempt_error_ratio: Option<f64>,
    handed_off_ratio: f64,
    quality_ratio: Option<f64>,
    requests: u64,
    answered_by: Vec<AnsweredEntry<'a>>,
}

#[derive(Serialize)]
struct AnsweredEntry<'a> {
    provider: &'a str,
    model: &'a str,
    region: Option<&'a str>,
    share: f64,
}

#[derive(Serialize)]
struct SpanEntry {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Serialize)]
struct MoneyEntry {
    value: Usd,
    low: Option<Usd>,
    high: Option<Usd>,
    assumed: bool,
    partial: bool,
}

impl<'a> RouteEntry<'a> {
    pub(super) fn of(route: &'a RouteForecast) -> Self {
        Self {
            route: route.name.as_deref(),
            line: route.line,
            share: route.share,
            figures: route.figures.as_ref().map(FiguresEntry::of),
        }
    }
}

impl<'a> FiguresEntry<'a> {
    fn of(figures: &'a Figures) -> Self {
        let [e2e, ttft] = [figures.e2e, figures.ttft].map(|spans| {
            let entry = |place: usize| spans.map(|spans| SpanEntry::of(&spans[place]));
            [entry(0), entry(1), entry(2)]
        });
        let [e2e_p50_ms, e2e_p95_ms, e2e_p99_ms] = e2e;
        let [ttft_p50_ms, ttft_p95_ms, ttft_p99_ms] = ttft;
        let interval = |estimate: Option<Estimate>| estimate.and_then(|estimate| estimate.interval);
        Self {
            e2e_p50_ms,
            e2e_p95_ms,
            e2e_p99_ms,
            ttft_p50_ms,
            ttft_p95_ms,
            ttft_p99_ms,
            cost_per_1k_requests_usd: MoneyEntry::of(&figures.cost_per_thousand),
            cost_per_month_usd: figures.month.as_ref().map(MoneyEntry::of),
            availability: figures.availability.map(|share| share.value),
            availability_low: interval(figures.availability).map(|(low, _)| low),
            availability_high: interval(figures.availability).map(|(_, high)| high),
            first_call_availability: figures.first_availability,
            attempt_error_ratio: figures.failed_calls,
            handed_off_ratio: figures.handed,
            quality_ratio: figures.quality,
            requests: figures.requests,
            answered_by: figures
                .answered
                .iter()
                .map(|one| AnsweredEntry {
                    provider: &one.provider,
                    model: &one.model,
                    region: one.region.as_deref(),
                    share: one.share,
                })
                .collect(),
        }
    }
}

impl SpanEntry {
    fn of(span: &Span) -> Self {
        let ms = Latency::finite_ms;
        Self { value: ms(span.value), low: span.low.and_then(ms), high: ms(span.high) }
    }
}

impl MoneyEntry {
    fn of(money: &Money) -> Self {
        Self {
            value: usd(money.dollars.value),
            low: money.dollars.interval.map(|(low, _)| usd(low)),
            high: money.dollars.interval.map(|(_, high)| usd(high)),
            assumed: money.assumed,
            partial: money.partial,
        }
    }
}
