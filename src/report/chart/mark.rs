//! What the chart shows of one endpoint, taken from its row.

use crate::gate::{LEAST_N_FOR_P99, Standing};
use crate::report::chart::legend;
use crate::report::chart::theme::{REGIONS, Role};
use crate::report::chart::ticks::{money, time};
use crate::report::figures;
use crate::report::headline::{assumes_price, shown};
use crate::report::parts::Word;
use crate::report::shown::{LEAST_FOR_P99, assumed_of_table};
use crate::rundir::{CellRow, Run};
use crate::units::{Latency, Micros, UsdPerMtok};

/// Which latency a chart shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// From sending, or in open load from the moment the schedule named, to the end of the answer. Limits and verdicts are about this one.
    #[default]
    E2e,
    /// From sending to the first generated token.
    Ttft,
}

/// Which price a chart shows, in dollars per million output tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceAxis {
    /// The price list's.
    #[default]
    List,
    /// Total cost over generated tokens: it contains the input.
    Effective,
}

impl PriceAxis {
    /// This price of `row`; absent where it is unknown.
    pub(crate) const fn of(self, row: &CellRow) -> Option<UsdPerMtok> {
        match self {
            Self::List => row.list_output_usd_per_mtok,
            Self::Effective => row.effective_output_usd_per_mtok,
        }
    }

    /// Whether this price of `row` rests on an assumed price, its own or one of a routing table's calls, or on tokens that were
    /// estimated.
    pub(crate) fn is_assumed(self, run: &Run, row: &CellRow) -> bool {
        let of_calls = || !assumed_of_table(run, &row.cell, row.variant.as_deref()).is_empty();
        assumes_price(run, row) || self == Self::Effective && (row.is_estimated() || of_calls())
    }
}

/// What the upper end of a stem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// p99, with an interval that ends.
    Closed,
    /// p99, with an interval that does not: n is too small, or failures reach into it.
    Open,
    /// The largest of fewer than 100 requests.
    Maximum,
}

/// One endpoint of the chart. Latencies are milliseconds above 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) name: String,
    /// Absent where the registry names no region.
    pub(crate) region: Option<String>,
    pub(crate) tier: Option<u8>,
    /// Dollars per million output tokens; 0 is free.
    pub(crate) price: f64,
    pub(crate) assumed: bool,
    pub(crate) p50: f64,
    /// The stem's upper end.
    pub(crate) cap: f64,
    pub(crate) tail: Tail,
    /// Lower end of the interval of p99; absent when it is unknown or infinite.
    pub(crate) low: Option<f64>,
    /// Upper end of the interval of p99; absent when it is unknown or infinite.
    pub(crate) high: Option<f64>,
    /// The tier's limit; absent without one, and for another metric than the limit's.
    pub(crate) limit: Option<f64>,
    /// Absent where no limit applies and the figures can be judged.
    pub(crate) standing: Option<Word>,
    /// Whether others are held against it.
    pub(crate) baseline: bool,
    /// The place of its region among all, where they share a panel and colour and shape stand for it.
    pub(crate) overlaid: Option<usize>,
    /// The figures in words.
    pub(crate) title: String,
}

impl Mark {
    /// The colour that it has: its region's in a shared panel, else its verdict's.
    pub(crate) fn role(&self) -> Role {
        if self.baseline {
            return Role::Untold;
        }
        self.overlaid.map_or_else(|| legend::colour(self.standing), |index| REGIONS[index % REGIONS.len()])
    }
}

/// The mark of `row`; absent when its price or its median is unknown, or it had no success.
pub(crate) fn mark(run: &Run, row: &CellRow, metric: Metric, axis: PriceAxis) -> Option<Mark> {
    let price = axis.of(row)?;
    let Span { p50, upper, .. } = Span::of(row, metric)?;
    let name = shown(run, row);
    // A list price is shown as it is; what was measured has no more than three digits that mean anything.
    let price = if axis == PriceAxis::Effective { three_digits(price.as_f64()) } else { price.as_f64() };
    let assumed = axis.is_assumed(run, row);
    let price_text = format!("{}{}/M", if assumed { "~" } else { "" }, money(price));
    Some(Mark {
        title: title(row, &name, Some(&price_text), p50, &upper),
        name,
        region: row.region.clone(),
        tier: row.tier,
        price,
        assumed,
        p50,
        cap: upper.cap,
        tail: upper.tail,
        low: upper.low,
        high: upper.high,
        limit: limit(row, metric),
        standing: Word::of(row),
        baseline: run.is_baseline(row),
        overlaid: None,
    })
}

/// `value` rounded to three significant digits.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().expect("what was just written is a number")
}

/// The limit of `row` in milliseconds; absent without one, and for another metric than the limit's.
pub(crate) fn limit(row: &CellRow, metric: Metric) -> Option<f64> {
    Standing::limit_of(row).filter(|_| metric == Metric::E2e).map(Micros::as_ms)
}

/// What is shown of an endpoint's latency, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) p50: f64,
    /// The interval of the median; absent ends are unknown or infinite.
    pub(crate) p50_interval: (Option<f64>, Option<f64>),
    /// What is above.
    pub(crate) upper: Upper,
}

impl Span {
    /// The latencies of `row` by `metric`; absent where it had no success.
    pub(crate) fn of(row: &CellRow, metric: Metric) -> Option<Self> {
        let of_median = |low, high| if row.is_open_load() { [None, None] } else { [low, high] };
        let ([p50, p99, low, high, max], median) = match metric {
            Metric::E2e => {
                let e2e = row.primary_latency();
                let median = of_median(row.e2e_p50_low_ms, row.e2e_p50_high_ms);
                ([e2e.p50, e2e.p99, e2e.p99_low, e2e.p99_high, e2e.max], median)
            }
            Metric::Ttft => (
                [row.ttft_p50_ms, row.ttft_p99_ms, row.ttft_p99_low_ms, row.ttft_p99_high_ms, row.ttft_max_ms],
                [row.ttft_p50_low_ms, row.ttft_p50_high_ms],
            ),
        };
        let p50 = positive(p50)?;
        let upper = Upper::of(row, positive(p99), positive(low), positive(high), positive(max))?;
        let [low, high] = median.map(positive);
        Some(Self { p50, p50_interval: (low, high), upper: Upper { cap: upper.cap.max(p50), ..upper } })
    }
}

/// The upper end of what is shown of an endpoint's latency, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Upper {
    pub(crate) tail: Tail,
    /// p99, or the maximum below 100 successes.
    pub(crate) cap: f64,
    /// Lower end of the interval of p99; absent when it is unknown or infinite.
    pub(crate) low: Option<f64>,
    /// Upper end of the interval of p99; absent when it is unknown or infinite.
    pub(crate) high: Option<f64>,
}

impl Upper {
    /// What the requests of `row` support of these figures; absent when there is none to show.
    pub(crate) fn of(
        row: &CellRow,
        p99: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        max: Option<f64>,
    ) -> Option<Self> {
        if row.ok < LEAST_FOR_P99 {
            return Some(Self { tail: Tail::Maximum, cap: max.or(p99)?, low: None, high: None });
        }
        let tail = if high.is_none() || row.requests < LEAST_N_FOR_P99 { Tail::Open } else { Tail::Closed };
        Some(Self { tail, cap: p99?, low, high: high.filter(|_| tail == Tail::Closed) })
    }
}

/// The figures of `row` in words; its price where it is given.
pub(crate) fn title(row: &CellRow, name: &str, price: Option<&str>, p50: f64, upper: &Upper) -> String {
    let place = row.region.as_deref().map_or(String::new(), |region| format!(", {region}"));
    let cap = if upper.tail == Tail::Maximum { "maximum" } else { "p99" };
    let open = |end: Option<f64>| end.map_or_else(|| "open".to_owned(), time);
    let interval = match (upper.low, upper.tail) {
        (_, Tail::Maximum) => String::new(),
        (None, _) => " (95 % interval open)".to_owned(),
        (Some(low), _) => format!(" (95 % interval {} to {})", time(low), open(upper.high)),
    };
    let failed = if row.failed > 0 { format!(", {} failed", figures::count(row.failed)) } else { String::new() };
    let against = |word: &str| match (Standing::limit_of(row), row.tier) {
        (Some(limit), Some(tier)) => format!("{word} tier {tier}'s {}", time(limit.as_ms())),
        (Some(limit), None) => format!("{word} its limit of {}", time(limit.as_ms())),
        _ => "no limit".to_owned(),
    };
    let verdict = match Word::of(row) {
        Some(Word::Meets) => against("meets"),
        Some(Word::Misses) => against("misses"),
        Some(Word::CannotTell) => against("cannot be told against"),
        Some(Word::Invalid) => "invalid, so not judged".to_owned(),
        None => "no limit".to_owned(),
    };
    let price = price.map_or_else(String::new, |price| format!("{price}, "));
    format!(
        "{name}{place}: {price}p50 {}, {cap} {}{interval}, n = {}{failed}; {verdict}",
        time(p50),
        time(upper.cap),
        figures::count(row.requests),
    )
}

/// Milliseconds above 0; a log axis has no place for others.
pub(crate) fn positive(latency: Option<Latency>) -> Option<f64> {
    latency?.finite_ms().filter(|ms| *ms > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sketch;

    fn of(change: impl Fn(&mut CellRow)) -> Option<Mark> {
        let mut row = sketch::row("step-3.5-flash", Some(1), "autocomplete");
        row.list_output_usd_per_mtok = Some("0.15".parse().unwrap());
        sketch::measure(&mut row, 600, 180.0, 0.3);
        change(&mut row);
        let run = sketch::of_rows(vec![(row, false)]);
        mark(&run, &run.cells[0], Metric::E2e, PriceAxis::List)
    }

    #[test]
    fn what_is_unknown_or_0_is_not_drawn() {
        assert!(of(|_| ()).is_some());
        assert_eq!(of(|row| row.list_output_usd_per_mtok = None), None);
        assert_eq!(of(|row| row.e2e_p50_ms = None), None);
        assert_eq!(of(|row| row.e2e_p99_ms = None), None);
        assert_eq!(of(|row| row.e2e_p50_ms = Some("0".parse().unwrap())), None);
    }

    #[test]
    fn the_tail_says_what_n_supports() {
        assert_eq!(of(|_| ()).unwrap().tail, Tail::Closed);
        let few = of(|row| sketch::measure(row, 367, 180.0, 0.3)).unwrap();
        assert_eq!((few.tail, few.high), (Tail::Open, None));
        let fewer = of(|row| sketch::measure(row, 99, 180.0, 0.3)).unwrap();
        assert_eq!((fewer.tail, fewer.low), (Tail::Maximum, None));
        assert!(fewer.cap > of(|_| ()).unwrap().cap && fewer.title.contains("maximum"));
        let failed_one = of(|row| {
            sketch::measure(row, 100, 180.0, 0.3);
            (row.ok, row.failed) = (99, 1);
        });
        assert_eq!(failed_one.unwrap().tail, Tail::Maximum, "the p99 of 99 successes is the largest of them");
        let failing = of(|row| row.e2e_p99_high_ms = Some(Latency::Infinite)).unwrap();
        assert_eq!((failing.tail, failing.high), (Tail::Open, None));
    }

    #[test]
    fn a_measured_price_is_told_with_three_digits_and_a_list_price_as_it_is() {
        let row = || {
            let mut row = sketch::row("step-3.5-flash", Some(1), "autocomplete");
            sketch::measure(&mut row, 600, 180.0, 0.3);
            row.list_output_usd_per_mtok = Some("0.12345".parse().unwrap());
            row.effective_output_usd_per_mtok = Some("0.096512".parse().unwrap());
            sketch::of_rows(vec![(row, false)])
        };
        let run = row();
        let of = |axis| mark(&run, &run.cells[0], Metric::E2e, axis).unwrap().title;
        assert!(of(PriceAxis::List).starts_with("step-3.5-flash: $0.12345/M, "));
        assert!(of(PriceAxis::Effective).starts_with("step-3.5-flash: $0.0965/M, "), "{}", of(PriceAxis::Effective));
    }

    #[test]
    fn the_title_tells_the_figures_and_the_verdict() {
        assert_eq!(
            of(|row| row.region = Some("eu-west-1".to_owned())).unwrap().title,
            "step-3.5-flash, eu-west-1: $0.15/M, p50 180 ms, p99 362 ms (95 % interval 324 ms to 427 ms), \
             n = 600; meets tier 1's 500 ms"
        );
    }
}
