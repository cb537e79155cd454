//! The words of a progress line.

use std::time::Duration;

use crate::report::{columns, figures, visible};
use crate::run::{CellProgress, ModelLine, Snapshot};
use crate::units::{Latency, Micros};

/// Requests added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Requests planned.
    pub(crate) planned: u64,
    /// Requests that ended.
    pub(crate) done: u64,
    /// Of these, the failures.
    pub(crate) failed: u64,
}

impl Sums {
    /// The requests of one model.
    pub(crate) fn of(model: &ModelLine, snapshot: &Snapshot) -> Self {
        let cells = model.cells.iter().filter_map(|(cell, _)| snapshot.cells.get(*cell));
        cells.fold(Self { planned: model.total_requests, ..Self::default() }, |sums, cell| Self {
            done: sums.done + cell.done,
            failed: sums.failed + cell.failed,
            ..sums
        })
    }
}

/// The requests of all models.
pub(crate) fn sums(models: &[ModelLine], snapshot: &Snapshot) -> Sums {
    models.iter().map(|model| Sums::of(model, snapshot)).fold(Sums::default(), |all, one| Sums {
        planned: all.planned + one.planned,
        done: all.done + one.done,
        failed: all.failed + one.failed,
    })
}

/// The places of all models, in the order of the plan; each is a column beside the bars.
pub(crate) fn places(models: &[ModelLine]) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for (_, place) in models.iter().flat_map(|model| &model.cells) {
        if !places.contains(place) {
            places.push(place.clone());
        }
    }
    places
}

/// The heading of what stands beside the bars.
pub(crate) fn places_heading(places: &[String]) -> String {
    let names = places.iter().map(|place| in_column(visible(place), place));
    row(FAILED, names)
}

/// What stands beside a model's bar: its failures, and its p50/p99 in milliseconds in each of `places`.
///
/// Of several cells in one place the slowest is shown; a place without a reply yet is blank.
pub(crate) fn model_text(model: &ModelLine, places: &[String], snapshot: &Snapshot) -> String {
    let slowest = |place: &String| {
        let here = model.cells.iter().filter(|(_, of)| of == place);
        let cells = here.filter_map(|(cell, _)| snapshot.cells.get(*cell)).filter(|cell| cell.done > 0);
        cells.max_by_key(|cell| cell.p99)
    };
    let figures =
        places.iter().map(|place| in_column(slowest(place).map_or_else(String::new, |cell| tail(*cell)), place));
    let failed = Sums::of(model, snapshot).failed;
    row(&figures::count(failed), figures)
}

const FAILED: &str = "failed";

/// The columns that `1,160/1,548` takes.
const LEAST_WIDE: usize = 11;

fn row(failed: &str, columns: impl Iterator<Item = String>) -> String {
    let mut text = format!("{failed:>wide$}", wide = FAILED.len());
    columns.for_each(|column| text.extend(["  ", &column]));
    text.trim_end().to_owned()
}

/// `text` with blanks up to the width of the column of `place`.
fn in_column(text: String, place: &str) -> String {
    let wide = columns(&visible(place)).max(LEAST_WIDE);
    let blanks = " ".repeat(wide.saturating_sub(columns(&text)));
    text + &blanks
}

/// A cell by its place: `us-east-1 102/184 ms, 3 failed`.
pub(crate) fn cell_text(place: &str, cell: CellProgress) -> String {
    let failed = if cell.failed > 0 { format!(", {} failed", figures::count(cell.failed)) } else { String::new() };
    format!("{} ms{failed}", tail_text(place, cell))
}

/// The sum of all: time left, requests, failures, dollars; a narrow terminal cuts the last ones off.
pub(crate) fn total_text(sums: &Sums, snapshot: &Snapshot) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(left) = time_left(sums, snapshot.elapsed) {
        parts.push(format!("{} left", clock(left)));
    }
    parts.extend([
        format!("{}/{} requests", figures::count(sums.done), figures::count(sums.planned)),
        format!("{} failed", figures::count(sums.failed)),
    ]);
    if let Some(spent) = snapshot.spent {
        let how = if snapshot.simulated { "simulated cost" } else { "spent" };
        parts.push(format!("{} {how}", figures::usd(spent)));
    }
    parts.join(" · ")
}

/// The plain line: how long, how much, and the slowest tail.
pub(crate) fn plain_line(models: &[ModelLine], snapshot: &Snapshot) -> String {
    let sums = sums(models, snapshot);
    let share = (sums.done.min(sums.planned) * 100).checked_div(sums.planned).unwrap_or(100);
    let slowest = models
        .iter()
        .flat_map(|model| model.cells.iter().map(move |(cell, place)| (model, *cell, place)))
        .filter_map(|(model, cell, place)| Some((snapshot.cells.get(cell)?.p99?, model, place)))
        // The first of the plan wins among equals, which `max_by_key` would give to the last.
        .reduce(|slowest, next| if next.0 > slowest.0 { next } else { slowest });
    let slowest = slowest.map_or_else(String::new, |(p99, model, place)| {
        format!(" · slowest p99 {}: {} {}", time(p99), visible(&model.model), visible(place))
    });
    format!("{} {share} % · {}{slowest}", clock(snapshot.elapsed), total_text(&sums, snapshot))
}

fn tail_text(place: &str, cell: CellProgress) -> String {
    format!("{} {}", visible(place), tail(cell))
}

/// `102/184`: p50 and p99 in milliseconds.
fn tail(cell: CellProgress) -> String {
    let ms = |time: Option<Micros>| time.map_or_else(|| "–".to_owned(), |time| figures::ms(Latency::Finite(time)));
    format!("{}/{}", ms(cell.p50), ms(cell.p99))
}

fn time(time: Micros) -> String {
    figures::time(Latency::Finite(time))
}

/// The time left at the pace so far; absent before the first reply and after the last.
fn time_left(sums: &Sums, elapsed: Duration) -> Option<Duration> {
    let left = sums.planned.checked_sub(sums.done).filter(|&left| left > 0 && sums.done > 0)?;
    Some(elapsed.mul_f64(left as f64 / sums.done as f64))
}

/// `0:48`, `12:03`, `1:02:03`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
