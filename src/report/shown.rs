//! A cell as reports show it: each figure already text, absent where nothing was measured.

use crate::gate::LEAST_N_FOR_P99;
use crate::report::figures::{self, Trust};
use crate::report::headline::letter_of;
use crate::report::parts::{Parts, Word};
use crate::report::plain_text::visible;
use crate::rundir::{CallsNote, CellNote, CellRow, EndpointNote, PriceNote, Run};
use crate::units::Latency;

/// Successes below which the largest time stands in for the 99th percentile, which is taken over successes.
pub(crate) const LEAST_FOR_P99: u64 = 100;

/// One in twenty intervals of a quality may miss.
pub(crate) const ALPHA: f64 = 0.05;

/// What a quality is a share of.
pub(crate) const QUALITY: &str = "Quality is the share of right answers among those of which the workload expects something; failures are not among them.";

/// What p50 and p99 of an open load count from.
pub(crate) const FROM_DUE: &str = "Open load counts from when a request was due: a stall is seen in full.";

/// What there is to say of text that was made up.
pub(crate) const SYNTHETIC: &str =
    "Synthetic prompts are made-up words of the recorded lengths: time and tokens are measured, answers mean nothing.";

/// What p50 and p99 of a closed load cannot tell.
pub(crate) const NO_DUE: &str = "Closed load has no due time: a stall hides what it kept from being sent.";

/// Why a cell with dropped requests has no standing.
pub(crate) const SATURATED: &str = "Saturated cells lack what was dropped, so nothing can be told of them.";

/// The texts of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its place among the run's cells.
    pub(crate) index: usize,
    /// What answered.
    pub(crate) model: String,
    /// Where; absent where the registry names no region.
    pub(crate) region: Option<String>,
    /// The model's tier.
    pub(crate) tier: Option<String>,
    /// The workload's name.
    pub(crate) workload: String,
    /// How requests were issued: `closed, 16`.
    pub(crate) load: String,
    /// Median end-to-end latency of successes in milliseconds, from due in open load.
    pub(crate) e2e_p50: Option<String>,
    /// The tail of the end-to-end latency.
    pub(crate) e2e_tail: Option<Tail>,
    /// Median time to first token of successes in milliseconds.
    pub(crate) ttft_p50: Option<String>,
    /// The tail of the time to first token.
    pub(crate) ttft_tail: Option<Tail>,
    /// Requests that ended and count.
    pub(crate) requests: String,
    /// Failures and their share.
    pub(crate) failed: String,
    /// List price of a million prompt tokens.
    pub(crate) list_input: Option<String>,
    /// List price of a million generated tokens.
    pub(crate) list_output: Option<String>,
    /// What was paid for a million generated tokens, input and all.
    pub(crate) effective: Option<String>,
    /// The share of right answers.
    pub(crate) quality: Option<String>,
    /// Its 95 % interval.
    pub(crate) quality_interval: Option<String>,
    /// The answers that it is a share of.
    pub(crate) quality_n: Option<String>,
    /// The model's quality by the user's own evaluation, from the registry.
    pub(crate) evaluated: Option<String>,
    /// What the cell cost.
    pub(crate) cost: Option<String>,
    /// How it stands; an invalid cell is not judged by its figures.
    pub(crate) word: Option<Word>,
    /// The limit it was held against.
    pub(crate) limit: Option<String>,
    /// The limit in whole microseconds, to sort by.
    pub(crate) limit_key: Option<String>,
}

/// The 99th percentile, as far as the requests support one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// `410`, `410*` where no upper end is known, `max 410` below [`LEAST_FOR_P99`] successes; milliseconds.
    pub(crate) figure: String,
    /// The 95 % interval, failures counted as infinite; absent for a maximum.
    pub(crate) interval: Option<String>,
    /// Whether the figure wears the asterisk.
    pub(crate) open: bool,
}

/// Who answered: the model, or the route, or where a routing table chose `all routes`.
pub(crate) fn answering(row: &CellRow) -> &str {
    match &row.route {
        Some(route) => route,
        None if row.model.is_empty() => "all routes",
        None => &row.model,
    }
}

impl Shown {
    /// Every cell of the run, in its order.
    pub(crate) fn all(run: &Run, parts: &Parts<'_>) -> Vec<Self> {
        run.cells.iter().enumerate().map(|(index, row)| Self::of(run, row, index, parts)).collect()
    }

    fn of(run: &Run, row: &CellRow, index: usize, parts: &Parts<'_>) -> Self {
        let judged = parts.standing(index);
        let assumed = assumed_prices(run, row, index);
        let trust = trust_at(run, row, index);
        let list = |side: &str, price: Option<_>| {
            let trust = Trust { assumed: assumed.iter().any(|one| one == side), partial: false };
            price.map(|price| figures::marked(&figures::list_price(price), trust))
        };
        let e2e = row.primary_latency();
        let evaluated = note_of(run, row, index).and_then(|note| note.quality);
        Self {
            index,
            model: visible(answering(row)) + &letter_of(run, row),
            region: row.region.as_deref().map(visible),
            tier: row.tier.map(|tier| tier.to_string()),
            workload: visible(&row.workload),
            load: load(row),
            e2e_p50: e2e.p50.map(figures::ms),
            e2e_tail: tail(row, e2e.p99, e2e.max, (e2e.p99_low, e2e.p99_high)),
            ttft_p50: row.ttft_p50_ms.map(figures::ms),
            ttft_tail: tail(row, row.ttft_p99_ms, row.ttft_max_ms, (row.ttft_p99_low_ms, row.ttft_p99_high_ms)),
            requests: figures::count(row.requests),
            failed: figures::failures(row.failed, row.requests),
            list_input: list("input", row.list_input_usd_per_mtok),
            list_output: list("output", row.list_output_usd_per_mtok),
            effective: row
                .effective_output_usd_per_mtok
                .map(|price| figures::marked(&figures::measured_price(price), trust)),
            quality: row.quality_ratio.map(figures::quality),
            quality_interval: row.quality().and_then(|share| share.interval(ALPHA)).map(figures::quality_interval),
            quality_n: row.quality().map(|share| figures::count(share.all)),
            evaluated: evaluated.map(figures::quality),
            cost: row.cost_usd.map(|cost| figures::marked(&figures::usd(cost), trust)),
            word: parts.word(index, row),
            limit: judged.map(|judged| figures::limit(judged.limit)),
            limit_key: judged.map(|judged| judged.limit.0.to_string()),
        }
    }
}

/// How far the costs of the cell `row` can be trusted.
pub(crate) fn cost_trust(run: &Run, row: &CellRow) -> Trust {
    let index = run.cells.iter().position(|one| one.cell == row.cell).unwrap_or(0);
    trust_at(run, row, index)
}

/// The same of what stands at `index` among the run's cells.
fn trust_at(run: &Run, row: &CellRow, index: usize) -> Trust {
    let notes = &run.manifest.routing;
    let is_part = |cell: &str| {
        cell == row.cell && row.route.is_some()
            || run.manifest.cells.iter().any(|note| note.cell == cell && note.part_of.as_ref() == Some(&row.cell))
    };
    // Of whom nobody says what he costs.
    let person = notes.iter().any(|note| note.handed_off > 0 && note.human_cost_usd.is_none() && is_part(&note.cell));
    Trust {
        assumed: !assumed_prices(run, row, index).is_empty() || row.is_estimated(),
        partial: row.all_prices_known == Some(false) || person,
    }
}

/// What a thousand requests of the cell cost, with the marks that its prices earn; absent where that is not known.
pub(crate) fn per_thousand(run: &Run, row: &CellRow) -> Option<String> {
    row.cost_per_1k_requests_usd.map(|cost| figures::marked(&figures::usd(cost), cost_trust(run, row)))
}

/// Which prices of the cell are assumptions: `input`, `output`. Where a routing table chose, those of the first endpoint
/// that it called and of which some are.
pub(crate) fn assumed_prices<'a>(run: &'a Run, row: &CellRow, index: usize) -> &'a [String] {
    let assumed = |price: &'a PriceNote| price.rates.assumed.as_slice();
    if let Some(price) = note_of(run, row, index).and_then(|note| note.price.as_ref()) {
        return assumed(price);
    }
    assumed_of_table(run, &row.cell, row.variant.as_deref())
}

/// The same for a cell of the table of `variant` with the slug `cell`, of a route or the whole; none where no table carried
/// it out.
pub(crate) fn assumed_of_table<'a>(run: &'a Run, cell: &str, variant: Option<&str>) -> &'a [String] {
    let Some(table) = run.manifest.tables.iter().find(|table| table.variant.as_deref() == variant) else { return &[] };
    let Some(routing) = run.manifest.routing.iter().find(|note| note.cell == cell) else { return &[] };
    let labels = table.classifier.as_ref().filter(|_| routing.classifier.is_some());
    let called = |at: &EndpointNote| {
        let same =
            |calls: &CallsNote| (&calls.provider, &calls.model, &calls.region) == (&at.provider, &at.model, &at.region);
        routing.endpoints.iter().any(same) || labels == Some(&at.model)
    };
    let prices = table.endpoints.iter().filter(|at| called(at)).filter_map(|at| at.price.as_ref());
    prices.map(|price| price.rates.assumed.as_slice()).find(|assumed| !assumed.is_empty()).unwrap_or(&[])
}

/// What the manifest says of the cell `row`, which stands at `index` among the run's.
pub(crate) fn note_of<'a>(run: &'a Run, row: &CellRow, index: usize) -> Option<&'a CellNote> {
    // The two lists share their order, but a run that died may hold fewer rows.
    let notes = &run.manifest.cells;
    match notes.get(index) {
        Some(note) if note.cell == row.cell => Some(note),
        _ => notes.iter().find(|note| note.cell == row.cell),
    }
}

/// What the mark of an amount that is no exact one means in `run`.
pub(crate) fn about(run: &Run) -> &'static str {
    if run.cells.iter().any(CellRow::is_estimated) {
        "~ rests on an assumed price or on estimated tokens"
    } else {
        "~ rests on an assumed price"
    }
}

/// How the requests of `row` were issued: `closed, 16`.
pub(crate) fn load(row: &CellRow) -> String {
    let name = visible(&row.load);
    match (row.concurrency, row.rate_rps) {
        (Some(concurrency), _) => format!("{name}, {}", figures::count(concurrency.into())),
        (None, Some(rate)) => format!("{name}, {rate}/s"),
        (None, None) => name,
    }
}

/// The tail of `row`, of which these figures are known.
pub(crate) fn tail(
    row: &CellRow,
    p99: Option<Latency>,
    max: Option<Latency>,
    (low, high): (Option<Latency>, Option<Latency>),
) -> Option<Tail> {
    if row.ok < LEAST_FOR_P99 {
        return max.map(|max| Tail { figure: format!("max {}", figures::ms(max)), interval: None, open: false });
    }
    let high = high.filter(|_| row.requests >= LEAST_N_FOR_P99);
    let open = high.and_then(Latency::finite_ms).is_none();
    let mark = if open { "*" } else { "" };
    p99.map(|p99| Tail { figure: format!("{}{mark}", figures::ms(p99)), interval: figures::interval(low, high), open })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_tail_claims_no_more_than_its_requests_support() {
        let finite = |ms: u32| Some(Latency::Finite(crate::units::Micros(ms * 1000)));
        let row = |requests, failed| {
            let mut row = fixture::run().cells.remove(0);
            (row.requests, row.ok, row.failed) = (requests, requests - failed, failed);
            row
        };
        let shown = |requests| {
            let tail = tail(&row(requests, 0), finite(410), finite(512), (finite(398), finite(431))).unwrap();
            (tail.figure, tail.interval)
        };
        assert_eq!(shown(99), ("max 512".to_owned(), None));
        assert_eq!(shown(100), ("410*".to_owned(), Some("≥ 398".to_owned())));
        assert_eq!(shown(367), ("410*".to_owned(), Some("≥ 398".to_owned())));
        assert_eq!(shown(368), ("410".to_owned(), Some("398–431".to_owned())));
        // The 99th percentile of 99 successes is the largest of them, however many requests failed beside them.
        let mostly = tail(&row(130, 31), finite(512), finite(512), (finite(398), Some(Latency::Infinite))).unwrap();
        assert_eq!(mostly.figure, "max 512");
        let failures = tail(&row(600, 0), finite(410), finite(512), (finite(398), Some(Latency::Infinite))).unwrap();
        assert_eq!((failures.figure.as_str(), failures.open), ("410*", true));
        assert_eq!(tail(&row(600, 600), None, None, (None, None)), None);
    }

    #[test]
    fn an_assumed_price_marks_the_list_price_it_is_and_every_sum_it_enters() {
        let run = fixture::run();
        let parts = fixture::parts();
        let shown = Shown::all(&run, &parts);
        let cheap = &shown[0];
        assert_eq!(cheap.list_input.as_deref(), Some("~$0.01"));
        assert_eq!(cheap.list_output.as_deref(), Some("$0.01"));
        assert_eq!(cheap.effective.as_deref(), Some("~$0.0732"));
        assert_eq!(cheap.cost.as_deref(), Some("~$0.00132"));
        assert_eq!(shown[1].cost.as_deref(), Some("$0.0162"));
        assert_eq!(shown[3].cost.as_deref(), Some("≥ $0.05"));
    }

    #[test]
    fn estimated_tokens_mark_what_was_paid_and_not_what_is_listed() {
        let mut run = fixture::run();
        assert_eq!(about(&run), "~ rests on an assumed price");
        run.cells[1].requests_estimated = Some(1);
        let shown = &Shown::all(&run, &fixture::parts())[1];
        assert_eq!(shown.cost.as_deref(), Some("~$0.0162"));
        assert!(shown.effective.as_ref().unwrap().starts_with('~'));
        assert!(!shown.list_input.as_ref().unwrap().contains('~'));
        assert_eq!(about(&run), "~ rests on an assumed price or on estimated tokens");
    }

    #[test]
    fn an_invalid_cell_is_not_judged_by_its_figures() {
        let run = fixture::run();
        let parts = fixture::parts();
        assert_eq!(parts.standing(3).unwrap().word, Word::Misses);
        assert_eq!(Shown::all(&run, &parts)[3].word, Some(Word::Invalid));
    }
}
