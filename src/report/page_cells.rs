//! The page's table of cells: headings, figures with the keys they sort by, and the notes below.

use crate::report::parts::Word;
use crate::report::shown::{FROM_DUE, LEAST_FOR_P99, NO_DUE, QUALITY, SATURATED, SYNTHETIC, Shown};
use crate::report::totals::Source;
use crate::rundir::{CellRow, Run};
use crate::units::{Latency, UsdPerMtok};

/// The heading of a column.
pub(crate) struct Heading {
    /// What stands in it.
    pub(crate) name: &'static str,
    /// Its unit; empty for words.
    pub(crate) unit: &'static str,
    /// Whether it holds numbers.
    pub(crate) right: bool,
}

/// A row.
pub(crate) struct PageCell {
    /// The row's name.
    pub(crate) model: String,
    /// Whether the row must say that it is simulated, because others are not.
    pub(crate) tagged: bool,
    /// Its region, workload and load where they tell it apart, and tier, which stand before its standing.
    pub(crate) place: Vec<Figure>,
    /// All that stands after it.
    pub(crate) figures: Vec<Figure>,
    /// How the cell stands.
    pub(crate) word: Option<Word>,
    /// What the standing sorts by; empty when not judged.
    pub(crate) rank: &'static str,
}

/// One field of a row.
pub(crate) struct Figure {
    /// What is shown; absent where there is nothing to show.
    pub(crate) text: Option<String>,
    /// The number it sorts by; empty when absent.
    pub(crate) key: String,
    /// Whether it is a number.
    pub(crate) right: bool,
    /// Why it is absent.
    pub(crate) missing: &'static str,
}

/// The headings, in the order of a row: model, place, standing, figures; then what is alike in all rows.
pub(crate) fn headings(extra: Extra) -> Vec<Heading> {
    let word = |name| Heading { name, unit: "", right: false };
    let number = |name, unit| Heading { name, unit, right: true };
    let (workload, load) = (word("Workload"), word("Load"));
    let mut headings = vec![word("Model"), word("Region")];
    let mut last = Vec::new();
    for (heading, differs) in [(workload, extra.workloads), (load, extra.loads)] {
        if differs { headings.push(heading) } else { last.push(heading) }
    }
    headings.extend([
        number("Tier", ""),
        word("Standing"),
        number("p50", "ms"),
        number("p99", "ms"),
        number("95 % interval", "ms"),
        number("List out", "$/M"),
        number("Effective", "$/M"),
        number("p99 limit", ""),
        number("n", ""),
        number("Failed", ""),
        number("Cost", "$"),
        number("List in", "$/M"),
        number("First token p50", "ms"),
        number("First token p99", "ms"),
    ]);
    if extra.quality {
        headings.extend([number("Quality", ""), number("Quality, 95 % interval", ""), number("Quality n", "")]);
    }
    if extra.evaluated {
        headings.push(number("Evaluated", ""));
    }
    headings.extend(last);
    headings
}

/// Columns that most runs have no use for, and those that tell rows apart in some runs only.
#[derive(Clone, Copy)]
pub(crate) struct Extra {
    /// Whether cells differ in their workload, which then stands with what names a row, and else behind all figures.
    pub(crate) workloads: bool,
    /// The same of their load.
    pub(crate) loads: bool,
    /// Whether the quality of any cell was measured.
    pub(crate) quality: bool,
    /// Whether the registry has any model's quality.
    pub(crate) evaluated: bool,
}

impl Extra {
    /// What `shown` has a use for.
    pub(crate) fn of(shown: &[Shown]) -> Self {
        let differ = |text: fn(&Shown) -> &str| shown.iter().any(|cell| text(cell) != text(&shown[0]));
        Self {
            workloads: differ(|cell| &cell.workload),
            loads: differ(|cell| &cell.load),
            quality: shown.iter().any(|cell| cell.quality.is_some()),
            evaluated: shown.iter().any(|cell| cell.evaluated.is_some()),
        }
    }
}

/// The rows, in the order of the run's cells.
pub(crate) fn page_cells(run: &Run, shown: Vec<Shown>, source: Source) -> Vec<PageCell> {
    let extra = Extra::of(&shown);
    shown.into_iter().map(|cell| page_cell(&run.cells[cell.index], cell, source, extra)).collect()
}

/// The notes that this run's figures need, and no others.
pub(crate) fn notes(run: &Run, shown: &[Shown]) -> Vec<&'static str> {
    let tails = || shown.iter().flat_map(|cell| [&cell.e2e_tail, &cell.ttft_tail]).flatten();
    let sums =
        || shown.iter().flat_map(|cell| [&cell.cost, &cell.effective, &cell.list_input, &cell.list_output]).flatten();
    let estimated = run.cells.iter().any(CellRow::is_estimated);
    let applies = [
        (run.cells.iter().any(|row| row.simulated), "Simulated figures describe the simulator's law, not a vendor."),
        (
            true,
            "p50, p99 and first token are over successful requests, end to end from the first byte sent to the last \
             token; the interval counts failures as never answered.",
        ),
        (run.cells.iter().any(CellRow::is_open_load), FROM_DUE),
        (run.cells.iter().any(|row| !row.is_open_load()), NO_DUE),
        (run.cells.iter().any(CellRow::is_saturated), SATURATED),
        (run.cells.iter().any(CellRow::is_synthetic), SYNTHETIC),
        (shown.iter().any(|cell| cell.quality.is_some()), QUALITY),
        (
            tails().any(|tail| tail.open),
            "* n supports no upper bound of the p99: too few requests (below 368), or too many failures.",
        ),
        (
            tails().any(|tail| tail.figure.starts_with("max")),
            "max: below 100 successes the largest time stands in for the p99.",
        ),
        (sums().any(|sum| sum.contains('~')) && !estimated, "~ rests on a price that is assumed, not published."),
        (
            sums().any(|sum| sum.contains('~')) && estimated,
            "~ rests on a price that is assumed, not published, or on tokens that the provider did not count and a \
             tokeniser estimated.",
        ),
        (sums().any(|sum| sum.contains('≥')), "≥ is a lower bound: a price that belongs in it is not known."),
        (shown.iter().any(|cell| cell.e2e_p50.is_none()), "– was not measured, or is not known. It is not zero."),
    ];
    applies.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note).collect()
}

fn page_cell(row: &CellRow, cell: Shown, source: Source, extra: Extra) -> PageCell {
    let e2e = row.primary_latency();
    let tail = |p99, max| if row.ok < LEAST_FOR_P99 { max } else { p99 };
    let interval = cell.e2e_tail.as_ref().and_then(|tail| tail.interval.clone());
    let price = |price: Option<UsdPerMtok>| price.map(|price| price.picos_per_token().to_string());
    let count = |count: u64| Some(count.to_string());
    let (unmeasured, unknown, none) = ("not measured", "not known", "none");
    // What decides comes first, because a narrow screen shows only that without scrolling.
    let mut place = vec![word(cell.region, none)];
    let mut last = Vec::new();
    for (text, differs) in [(cell.workload, extra.workloads), (cell.load, extra.loads)] {
        let field = word(Some(text), none);
        if differs { place.push(field) } else { last.push(field) }
    }
    place.push(number(cell.tier.clone(), cell.tier, none));
    let mut figures = vec![
        number(cell.e2e_p50, latency(e2e.p50), unmeasured),
        number(cell.e2e_tail.map(|tail| tail.figure), latency(tail(e2e.p99, e2e.max)), unmeasured),
        number(interval, latency(e2e.p99_low), unmeasured),
        number(cell.list_output, price(row.list_output_usd_per_mtok), unknown),
        number(cell.effective, price(row.effective_output_usd_per_mtok), unknown),
        number(cell.limit, cell.limit_key, none),
        number(Some(cell.requests), count(row.requests), none),
        number(Some(cell.failed), count(row.failed), none),
        number(cell.cost, row.cost_usd.map(|cost| cost.picos().to_string()), unknown),
        number(cell.list_input, price(row.list_input_usd_per_mtok), unknown),
        number(cell.ttft_p50, latency(row.ttft_p50_ms), unmeasured),
        number(cell.ttft_tail.map(|tail| tail.figure), latency(tail(row.ttft_p99_ms, row.ttft_max_ms)), unmeasured),
    ];
    let ratio = |ratio: Option<f64>| ratio.map(|ratio| ratio.to_string());
    if extra.quality {
        figures.push(number(cell.quality, ratio(row.quality_ratio), unmeasured));
        figures.push(number(cell.quality_interval, ratio(row.quality_ratio), unmeasured));
        figures.push(number(cell.quality_n, row.quality().and_then(|share| count(share.all)), unmeasured));
    }
    if extra.evaluated {
        let key = cell.evaluated.as_ref().map(|text| text.trim_start_matches("> ").to_owned());
        figures.push(number(cell.evaluated, key, unknown));
    }
    figures.extend(last);
    PageCell {
        model: cell.model,
        tagged: row.simulated && source != Source::Simulated,
        place,
        figures,
        word: cell.word,
        rank: match cell.word {
            Some(Word::Meets) => "0",
            Some(Word::CannotTell) => "1",
            Some(Word::Misses) => "2",
            Some(Word::Invalid) => "3",
            None => "",
        },
    }
}

const fn word(text: Option<String>, missing: &'static str) -> Figure {
    Figure { text, key: String::new(), right: false, missing }
}

fn number(text: Option<String>, key: Option<String>, missing: &'static str) -> Figure {
    // A figure that is not shown must not sort among those that are.
    let key = if text.is_some() { key.unwrap_or_default() } else { String::new() };
    Figure { text, key, right: true, missing }
}

/// Whole microseconds; JavaScript's word for the infinite.
fn latency(latency: Option<Latency>) -> Option<String> {
    latency.map(|latency| match latency {
        Latency::Finite(time) => time.0.to_string(),
        Latency::Infinite => "Infinity".to_owned(),
    })
}
