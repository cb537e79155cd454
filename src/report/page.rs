//! `report.html`: the whole run on one page that opens offline.

use askama::Template;

use crate::report::bill_tables::{bill_sentence, bill_tables};
use crate::report::changes::changes_table;
use crate::report::csp;
use crate::report::figures;
use crate::report::page_cells::{Extra, Heading, PageCell, headings, notes, page_cells};
use crate::report::page_facts::{Entry, KeyFact, WorkloadLine, entries, key_facts, workload_lines};
use crate::report::page_text::{PageTable, Piece, pieces, sentence, title_and_rest};
use crate::report::parts::Parts;
use crate::report::plain_text::visible;
use crate::report::routing::{routing_sentences, routing_tables};
use crate::report::shown::Shown;
use crate::report::sweep_rows::{SWEEP_LEGEND, SweepRow, sweep_rows};
use crate::report::totals::{Source, Totals, left_out_place, shortfall};
use crate::rundir::Run;

/// A chart's height in pixels above which it is one of hundreds of rows and scrolls by itself.
const TALL: f64 = 2_000.0;
const STYLE: &str = include_str!("templates/report.css");
const SCRIPT: &str = include_str!("templates/report.js");

/// The page: well-formed HTML with its style, script and charts inside; the same run always gives the same bytes.
///
/// Charts must hold neither `style` attributes nor event handlers: the page's policy lets neither through.
pub fn page(run: &Run, parts: &Parts<'_>) -> String {
    let manifest = &run.manifest;
    let totals = Totals::of(run, parts);
    let source = Source::of(run);
    let shown = Shown::all(run, parts);
    let sweep_rows = sweep_rows(parts.sweeps);
    let chart_styles = parts.charts.iter().flat_map(|chart| csp::styles_of(chart.svg));
    let invalid: Vec<Entry> = manifest
        .validity
        .iter()
        .filter(|cell| !cell.valid)
        .map(|cell| Entry::new(&cell.cell, &cell.reasons.join("; ")))
        .collect();
    let (headline, bounds) = title_and_rest(&visible(parts.headline));
    let ended: u64 = totals.outcomes.values().map(|found| found.requests).sum();
    let page = Page {
        policy: csp::policy(&[SCRIPT], std::iter::once(STYLE).chain(chart_styles)),
        style: STYLE,
        script: SCRIPT,
        title: format!(
            "{} {} ({})",
            visible(&manifest.suite),
            visible(&manifest.started_at),
            source.word().to_lowercase()
        ),
        source,
        live: source == Source::Live,
        suite: visible(&manifest.suite),
        started: visible(&manifest.started_at),
        hosts: manifest.destination.hosts.iter().map(|host| visible(host)).collect::<Vec<_>>().join(", "),
        headline,
        bounds,
        shortfall: shortfall(manifest.status),
        invalid_text: match invalid.len() {
            1 => "1 invalid cell".to_owned(),
            count => format!("{} invalid cells", figures::count(count as u64)),
        },
        key_facts: key_facts(run, &totals, source),
        charts: parts
            .charts
            .iter()
            .map(|chart| Inlined {
                title: visible(chart.title),
                svg: without_prologue(chart.svg),
                tall: height_of(chart.svg) > TALL,
            })
            .collect(),
        sweeps_cut: sweep_rows.len().saturating_sub(MOST_SWEEP_ROWS),
        sweeps: sweep_rows.into_iter().take(MOST_SWEEP_ROWS).collect(),
        sweep_legend: SWEEP_LEGEND,
        headings: headings(Extra::of(&shown)),
        notes: notes(run, &shown),
        cells_text: match run.whole_cells().count() {
            1 => "The only cell".to_owned(),
            count => format!("All {} cells", figures::count(count as u64)),
        },
        cells: page_cells(run, shown, source),
        changes: changes_table(run, usize::MAX).map(PageTable::from),
        routing: routing_sentences(run).iter().map(|told| pieces(&sentence(told))).collect(),
        routing_tables: routing_tables(run).into_iter().map(PageTable::from).collect(),
        bill: parts.bill.map(|bill| sentence(&bill_sentence(bill))),
        bill_tables: parts
            .bill
            .into_iter()
            .flat_map(|bill| bill_tables(bill, MOST_BILL_ROWS))
            .map(PageTable::from)
            .collect(),
        outcomes: totals
            .outcomes
            .iter()
            .map(|(outcome, found)| OutcomeLine {
                name: outcome.name(),
                requests: figures::count(found.requests),
                share: figures::percent(found.requests as f64 / ended as f64),
                cells: figures::count(found.cells),
            })
            .collect(),
        invalid,
        left_out: manifest.left_out.iter().map(|one| Entry::new(&left_out_place(one), &one.reason)).collect(),
        warnings: manifest.warnings.iter().chain(&run.warnings).map(|warning| visible(warning)).collect(),
        facts: entries(run),
        workloads: workload_lines(run),
        manifest: manifest_text(run),
        tool_version: visible(&manifest.tool_version),
    };
    page.render().expect("writing to a string does not fail")
}

#[derive(Template)]
#[template(path = "report.html", config = "src/report/templates/askama.toml")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    script: &'a str,
    title: String,
    source: Source,
    live: bool,
    suite: String,
    started: String,
    hosts: String,
    headline: Vec<String>,
    /// What bounds the finding; may be empty.
    bounds: Vec<String>,
    shortfall: Option<&'static str>,
    invalid_text: String,
    key_facts: Vec<KeyFact>,
    charts: Vec<Inlined<'a>>,
    sweeps: Vec<SweepRow>,
    sweeps_cut: usize,
    sweep_legend: &'static str,
    headings: Vec<Heading>,
    notes: Vec<&'static str>,
    cells_text: String,
    cells: Vec<PageCell>,
    /// Absent where nothing is compared.
    changes: Option<PageTable>,
    routing: Vec<Vec<Piece>>,
    routing_tables: Vec<PageTable>,
    /// Absent where nothing is known of it.
    bill: Option<String>,
    bill_tables: Vec<PageTable>,
    outcomes: Vec<OutcomeLine>,
    invalid: Vec<Entry>,
    left_out: Vec<Entry>,
    warnings: Vec<String>,
    facts: Vec<Entry>,
    workloads: Vec<WorkloadLine>,
    /// Absent where it would be most of the page.
    manifest: Option<String>,
    tool_version: String,
}

struct Inlined<'a> {
    title: String,
    svg: &'a str,
    /// Whether it is so high that it scrolls in a box of its own.
    tall: bool,
}

struct OutcomeLine {
    name: &'static str,
    requests: String,
    share: String,
    cells: String,
}

/// The height that an SVG document of this program names in its root, in pixels; 0 where it names none.
fn height_of(svg: &str) -> f64 {
    let height = svg.split_once(" height=\"").and_then(|(_, rest)| rest.split_once('"'));
    height.and_then(|(height, _)| height.parse().ok()).unwrap_or(0.0)
}

/// The root element alone: an XML declaration has no place inside HTML.
fn without_prologue(svg: &str) -> &str {
    svg.find("<svg").map_or("", |start| svg[start..].trim_end())
}

/// The most loads of sweeps that the page lists.
const MOST_SWEEP_ROWS: usize = 300;

/// The most rows of each table of the bill.
const MOST_BILL_ROWS: usize = 50;

/// The longest manifest that the page repeats, in bytes: that of a hundred cells or so.
const LONGEST_MANIFEST: usize = 120_000;

fn manifest_text(run: &Run) -> Option<String> {
    let text = serde_json::to_string_pretty(&run.manifest).expect("a manifest can always be written as JSON");
    // JSON escapes control characters itself; line by line, the text keeps its shape.
    (text.len() <= LONGEST_MANIFEST).then(|| {
        let text = text.lines().map(visible).collect::<Vec<_>>().join("\n");
        // As much as text needs: its thousands of quotation marks would be a tenth of the page if they were escaped.
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    })
}

#[cfg(test)]
mod tests;
