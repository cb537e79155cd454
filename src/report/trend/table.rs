//! The nights of each cell in a table, the one first that most deserves a look, and its availability by month.

use std::collections::BTreeSet;

use crate::history::{CellLine, Figure, History, Series};
use crate::report::aligned::{Column, Kind, Line, NAMES, TableStyle, fitted, in_charset, line, painted};
use crate::report::figures;
use crate::report::plain_text::{clipped, visible, wrapped};
use crate::report::shown::{answering, load};
use crate::report::trend::words::{self, Differing};

/// Rows shown unless all are asked for.
const ROWS: usize = 10;
/// Columns that a name may take.
const NAME_ROOM: usize = 28;
/// Months shown unless all are asked for.
const MONTHS: usize = 6;

/// What the last night of `history` shows, a row for each of `lines`, and below it their availability by month, each line ended
/// by a line feed.
///
/// On a narrow terminal the columns that matter least are left out, then names are cut. Names can hold no escape sequence.
pub fn trend_table(history: &History, lines: &[CellLine<'_>], style: &TableStyle) -> String {
    let shown = if style.all { lines } else { &lines[..lines.len().min(ROWS)] };
    let differing = Differing::among(lines);
    let finding = words::finding(history, lines).to_string();
    let mut text = wrapped(&in_charset(&visible(&finding), style), style.width).join("\n");
    text.push_str("\n\n");
    let nights = fitted(nights(shown, differing, history, style), style.width);
    text.push_str(&line(&nights, style, Line::Heading));
    for (row, cell) in shown.iter().enumerate() {
        text.push_str(&line(&nights, style, Line::Row(row, words::word(cell))));
    }
    // The first cell of a column is its title.
    let titles: Vec<&str> = nights.iter().filter_map(|column| column.cells.first().map(|title| title.trim())).collect();
    for note in notes(lines, &titles, lines.len() - shown.len()) {
        for note in wrapped(&in_charset(&note, style), style.width) {
            text.push_str(&painted(&note, "2", style));
            text.push('\n');
        }
    }
    let months = months(shown, style);
    if !months.is_empty() {
        let mut columns = names(shown, differing, style);
        columns.extend(months);
        let grid = fitted(columns, style.width);
        text.push_str("\nAvailability by month\n");
        text.push_str(&line(&grid, style, Line::Heading));
        (0..shown.len()).for_each(|row| text.push_str(&line(&grid, style, Line::Row(row, None))));
    }
    text
}

type Told<'t> = &'t dyn Fn(&CellLine<'_>) -> Option<String>;

fn column(
    title: &str,
    kind: Kind,
    goes: Option<u8>,
    lines: &[CellLine<'_>],
    style: &TableStyle,
    told: Told<'_>,
) -> Column {
    Column::new(title, kind, goes, lines.iter().map(told), style)
}

/// What a row is about; what is the same in every row would only take room.
fn names(lines: &[CellLine<'_>], differing: Differing, style: &TableStyle) -> Vec<Column> {
    let name = |text: &str| Some(clipped(&visible(text), NAME_ROOM));
    let name = &name;
    let optional = |text: Option<&str>| text.and_then(name);
    let optional = &optional;
    let of = |title, goes, told: Told<'_>| column(title, Kind::Name, goes, lines, style, told);
    let mut columns = vec![
        of("model", None, &|line| name(answering(line.series.last().row))),
        of("region", Some(NAMES + 2), &|line| optional(line.series.key.region.as_deref())),
        of("variant", Some(NAMES + 3), &|line| optional(line.series.key.variant.as_deref())),
    ];
    if differing.provider {
        columns.push(of("provider", Some(NAMES), &|line| name(&line.series.key.provider)));
    }
    if differing.workload {
        columns.push(of("workload", Some(NAMES + 1), &|line| name(&line.series.key.workload)));
    }
    if differing.load {
        columns.push(of("load", Some(NAMES), &|line| Some(load(line.series.last().row))));
    }
    if differing.origin {
        let origin = |simulated| if simulated { "simulated" } else { "live" };
        columns.push(of("origin", Some(NAMES + 4), &|line| Some(origin(line.series.key.simulated).to_owned())));
    }
    columns.retain(|column| !column.is_dispensable() || column.is_known(style));
    columns
}

fn nights(lines: &[CellLine<'_>], differing: Differing, history: &History, style: &TableStyle) -> Vec<Column> {
    let of = |title, goes, told: Told<'_>| column(title, Kind::Figure, Some(goes), lines, style, told);
    let last =
        |figure: Figure| move |line: &CellLine<'_>| words::supported(figure, line.series.last().row).map(words::ms);
    let usual = |figure: Figure| {
        move |line: &CellLine<'_>| {
            let supported = words::supported(figure, line.series.last().row).is_some();
            line.usual(figure).filter(|_| supported).map(words::ms)
        }
    };
    let month = |line: &CellLine<'_>| line.months.last().map(|month| figures::percent(month.availability()));
    let steps = |line: &CellLine<'_>| words::price_steps(line);
    let price = |line: &CellLine<'_>| line.series.last().row.list_output_usd_per_mtok.map(figures::list_price);
    let mut columns = names(lines, differing, style);
    // Cells that were not measured in the last night must not be read as if they had been.
    if lines.iter().any(|line| line.series.last().place + 1 != history.nights.len()) {
        columns.push(of("last night", 15, &|line| {
            Some(words::day(&line.series, line.series.points.len() - 1).to_string())
        }));
    }
    columns.extend([
        of("nights", 9, &nights_of),
        of("p50 ms", 14, &last(Figure::E2eP50)),
        of("usual", 11, &usual(Figure::E2eP50)),
        of("p95 ms", 8, &last(Figure::E2eP95)),
        of("usual", 4, &usual(Figure::E2eP95)),
        of("p99 ms", 12, &last(Figure::E2eP99)),
        of("usual", 5, &usual(Figure::E2eP99)),
        of("spread", 6, &|line| line.spread.map(|spread| format!("±{:.1} %", spread.of_ratios.exp_m1() * 100.0))),
        of("answered", 7, &month),
        of("$/M out", 10, &price),
        of("price steps", 2, &steps),
        of("new levels", 3, &words::changes),
        of("alerts", 1, &alerts),
        column("drift", Kind::Words, None, lines, style, &|line| Some(words::drift(line))),
    ]);
    columns.retain(|column| !column.is_dispensable() || column.is_known(style));
    columns
}

/// Nights that may be judged, and out of how many where some may not: `60`, `58 of 60`.
fn nights_of(line: &CellLine<'_>) -> Option<String> {
    let (judged, all) = (line.judged(), line.series.points.len());
    Some(if judged == all { all.to_string() } else { format!("{judged} of {all}") })
}

/// How many nights alerted and which was the last: `3, 2026-11-20`.
fn alerts(line: &CellLine<'_>) -> Option<String> {
    let nights: BTreeSet<usize> = line.alerts.iter().map(|alert| alert.point).collect();
    nights.last().map(|last| format!("{}, {}", nights.len(), words::day(&line.series, *last)))
}

/// A column for each of the last months in which a request of a shown cell counts.
fn months(lines: &[CellLine<'_>], style: &TableStyle) -> Vec<Column> {
    let all: BTreeSet<(i16, i8)> =
        lines.iter().flat_map(|line| &line.months).map(|month| (month.year, month.month)).collect();
    let skipped = if style.all { 0 } else { all.len().saturating_sub(MONTHS) };
    let told = |line: &CellLine<'_>, when: (i16, i8)| {
        let month = line.months.iter().find(|month| (month.year, month.month) == when);
        month.map(|month| figures::percent(month.availability()))
    };
    // Of months the oldest goes first.
    let columns = all.into_iter().skip(skipped).enumerate().map(|(at, when)| {
        let title = format!("{}-{:02}", when.0, when.1);
        let goes = u8::try_from(at + 1).unwrap_or(u8::MAX).min(NAMES - 1);
        column(&title, Kind::Figure, Some(goes), lines, style, &|line| told(line, when))
    });
    columns.collect()
}

/// What the columns with these `titles` mean, and that `cut` rows are left out.
fn notes(lines: &[CellLine<'_>], titles: &[&str], cut: usize) -> Vec<String> {
    let explained = |all: &[(&str, &str)]| {
        let shown = all.iter().filter(|(title, _)| titles.contains(title));
        shown.map(|(title, means)| format!("{title}: {means}")).collect::<Vec<_>>()
    };
    let nights = "the up to 30 judged nights before, since price, tool or workload changed";
    let usual = explained(&[("usual", &format!("geometric mean of {nights}"))]);
    let origin = format!("{}; end to end, successes", words::origin(lines));
    let what = if usual.is_empty() { nights } else { "those nights" };
    let mut notes = vec![
        [vec![origin], usual].concat().join("; "),
        format!(
            "drift: p50 or p95 outside of what {what} let expect; over all cells by chance in 1 night of 100 on either side"
        ),
    ];
    let more =
        explained(&[("spread", "what the medians of two nights differ by"), ("answered", "the last month's requests")]);
    if !more.is_empty() {
        notes.push(more.join("; "));
    }
    let few = |series: &Series<'_>| words::supported(Figure::E2eP99, series.last().row).is_none();
    if lines.iter().any(|line| few(&line.series)) {
        notes.push("no p99 below 100 successes".to_owned());
    }
    if cut > 0 {
        notes.push(format!("+{cut} more: --all"));
    }
    notes
}

#[cfg(test)]
mod tests;
