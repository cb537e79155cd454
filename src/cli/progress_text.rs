//! The words of a progress line.

use std::time::Duration;

use crate::report::{figures, visible};
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

/// What stands beside a model's bar: its regions' p50/p99 in milliseconds, and the failures.
pub(crate) fn model_text(model: &ModelLine, snapshot: &Snapshot) -> String {
    let mut parts = Vec::new();
    let failed = Sums::of(model, snapshot).failed;
    // First, because what follows may be cut off by a narrow terminal.
    if failed > 0 {
        parts.push(format!("{} failed", figures::count(failed)));
    }
    parts.extend(
        model
            .cells
            .iter()
            .filter_map(|(cell, place)| Some((snapshot.cells.get(*cell)?, place)))
            .filter(|(cell, _)| cell.done > 0)
            .map(|(cell, place)| tail_text(place, *cell)),
    );
    parts.join("  ")
}

/// A cell by its place: `us-east-1 102/184 ms, 3 failed`.
pub(crate) fn cell_text(place: &str, cell: CellProgress) -> String {
    let failed = if cell.failed > 0 { format!(", {} failed", figures::count(cell.failed)) } else { String::new() };
    format!("{} ms{failed}", tail_text(place, cell))
}

/// The sum of all: requests, failures, dollars, time left.
pub(crate) fn total_text(sums: &Sums, snapshot: &Snapshot) -> String {
    let mut parts = vec![
        format!("{}/{} requests", figures::count(sums.done), figures::count(sums.planned)),
        format!("{} failed", figures::count(sums.failed)),
    ];
    if let Some(spent) = snapshot.spent {
        let how = if snapshot.simulated { "simulated cost" } else { "spent" };
        parts.push(format!("{} {how}", figures::usd(spent)));
    }
    if let Some(left) = time_left(sums, snapshot.elapsed) {
        parts.push(format!("{} left", clock(left)));
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
    let ms = |time: Option<Micros>| time.map_or_else(|| "–".to_owned(), |time| figures::ms(Latency::Finite(time)));
    format!("{} {}/{}", visible(place), ms(cell.p50), ms(cell.p99))
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
