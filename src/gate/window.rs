//! Requests of a cell over a window of history, as SLOs over days are judged by.

use jiff::Timestamp;

use crate::gate::draft::Draft;
use crate::gate::finding::{Rule, Why};
use crate::gate::good::{Wanted, count};
use crate::gate::judge::{NotAsked, Unasked};
use crate::gate::named::Named;
use crate::gate::policy::{Policy, Promise, Slo};
use crate::gate::slo::{has_metric, slo_draft};
use crate::history::{CellKey, History, Point};
use crate::rundir::{CellRow, Run, RunDirError};

/// What is asked of a history: how a cell kept a promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What was promised.
    pub promise: Promise,
    /// Which cell, or route of one.
    pub cell: CellKey,
    /// Over how many days.
    pub days: u32,
}

/// The requests of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InWindow {
    /// Requests that ended and count.
    pub requests: u64,
    /// Of these, those that the promise does not want: failed, over the limit, or wrong.
    pub bad: u64,
    /// Runs that they are of.
    pub runs: u32,
}

/// What the runs of `history` that started within each window up to `until` say of what is `asked`, in that order.
///
/// A run counts where [`Point::counts_for_availability`] says so. Availability is read off `cells.csv`; a limit on a latency off the
/// run's requests, or where it holds none off its histograms, whose buckets are taken at their upper end. Requests without the
/// latency are bad. Answers are judged by requests alone.
///
/// # Errors
/// The files of a run cannot be read.
pub fn count_windows(asked: &[Asked], history: &History, until: Timestamp) -> Result<Vec<InWindow>, RunDirError> {
    let mut counted = vec![InWindow::default(); asked.len()];
    let days = asked.iter().map(|one| one.days).max().unwrap_or(0);
    for night in history.within(days, until) {
        let mut found: Vec<(usize, &CellRow)> = Vec::new();
        for (index, one) in asked.iter().enumerate().filter(|(_, one)| night.is_within(one.days, until)) {
            let row = night.cells.iter().find(|row| CellKey::of(row) == one.cell);
            let counts = |row: &&CellRow| Point { night, place: 0, row }.counts_for_availability();
            found.extend(row.filter(counts).map(|row| (index, row)));
        }
        // What is about success alone is in `cells.csv`, and needs no other file of the run.
        let (plain, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(index, _)| is_about_success(&asked[*index].promise));
        let mut add = |index: usize, requests: u64, good: u64| {
            let counts = &mut counted[index];
            counts.requests += requests;
            counts.bad += requests.saturating_sub(good);
            counts.runs += u32::from(requests > 0);
        };
        plain.into_iter().for_each(|(index, row)| add(index, row.requests, row.ok));
        if !others.is_empty() {
            let wanted: Vec<Wanted<'_>> =
                others.iter().map(|(index, row)| Wanted { row, promise: &asked[*index].promise }).collect();
            let found = count(&Run::open(&night.path)?, &wanted)?;
            others.iter().zip(found).for_each(|((index, _), of)| add(*index, of.requests, of.good));
        }
    }
    Ok(counted)
}

const fn is_about_success(promise: &Promise) -> bool {
    matches!(promise, Promise::Availability { .. })
}

/// The SLOs of `policy` over a window, for each cell of `run` that they match: over the runs of `history` up to this one. Without
/// a history they go to `not_asked`.
pub(in crate::gate) fn window_drafts(
    policy: &Policy,
    run: &Run,
    history: Option<&History>,
    not_asked: &mut Vec<NotAsked>,
) -> Result<Vec<Draft>, RunDirError> {
    let until = run.manifest.started_at.parse::<Timestamp>();
    let mut places: Vec<(usize, &Slo, usize)> = Vec::new();
    let mut asked: Vec<Asked> = Vec::new();
    for (index, slo) in policy.slos.iter().enumerate() {
        let Some(days) = slo.window_days else { continue };
        let mut unasked = |reason| not_asked.push(NotAsked { rule: Rule::Slo(index), reason });
        let matching = (0..run.cells.len()).filter(|cell| slo.matches.takes(&Named::from(&run.cells[*cell])));
        let matching: Vec<usize> = matching.collect();
        if history.is_none() || until.is_err() {
            unasked(Unasked::Window);
        } else if matching.is_empty() {
            unasked(Unasked::NothingMatches);
        } else if !has_metric(&slo.promise, matching.iter().map(|cell| &run.cells[*cell])) {
            unasked(Unasked::NoMetric { places: matching.len(), of: matching.len() });
        } else {
            let cell = |cell: &usize| Asked { promise: slo.promise, cell: CellKey::of(&run.cells[*cell]), days };
            asked.extend(matching.iter().map(cell));
            places.extend(matching.into_iter().map(|cell| (index, slo, cell)));
        }
    }
    let (Some(history), Ok(until)) = (history, until) else { return Ok(Vec::new()) };
    let counted = count_windows(&asked, history, until)?;
    let drafts = places.into_iter().zip(asked).zip(counted).map(|(((index, slo, cell), asked), counted)| {
        let why = match counted.requests {
            0 => Why::NoRequests,
            _ => Why::Window { runs: counted.runs, days: asked.days },
        };
        slo_draft((index, slo), cell, (counted.requests, counted.bad), counted.requests > 0, Some(why))
    });
    Ok(drafts.collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;
    use crate::gate::policy::Timed;
    use crate::history::fixture::Clean;
    use crate::units::{Latency, Micros};

    fn asked(history: &History, promise: Promise, days: u32) -> Asked {
        Asked { promise, cell: CellKey::of(&history.nights[0].cells[1]), days }
    }

    #[test]
    fn availability_is_added_up_over_the_runs_of_the_window() {
        let mut history = Clean { cells: 2, nights: 40, ..Clean::default() }.history();
        for (night, failed) in [(2, 300), (30, 6), (39, 3)] {
            let row = &mut history.nights[night].cells[1];
            (row.ok, row.failed) = (600 - failed, failed);
        }
        // What the client spoilt tells nothing of the provider, what the provider refused does.
        history.nights[20].cells[1].valid = Some(false);
        let out = &mut history.nights[21].cells[1];
        (out.ok, out.failed, out.valid) = (0, 600, Some(false));
        let until = history.nights[39].started;
        let promise = Promise::Availability { min: 0.999 };
        let all = [asked(&history, promise, 30), asked(&history, promise, 1), asked(&history, promise, 400)];
        let counted = count_windows(&all, &history, until).unwrap();
        assert_eq!(counted[0], InWindow { requests: 30 * 600, bad: 609, runs: 30 });
        assert_eq!(counted[1], InWindow { requests: 1_200, bad: 3, runs: 2 });
        assert_eq!(counted[2], InWindow { requests: 39 * 600, bad: 909, runs: 39 });
    }

    #[test]
    fn a_cell_that_no_run_of_the_window_measured_has_no_requests() {
        let history = Clean { cells: 2, nights: 3, ..Clean::default() }.history();
        let mut other = asked(&history, Promise::Availability { min: 0.5 }, 30);
        other.cell.simulated = false;
        let counted = count_windows(&[other], &history, history.nights[2].started).unwrap();
        assert_eq!(counted, [InWindow::default()]);
        let before = history.nights[0].started - jiff::SignedDuration::from_secs(1);
        let asked = asked(&history, Promise::Availability { min: 0.5 }, 30);
        assert_eq!(count_windows(&[asked], &history, before).unwrap(), [InWindow::default()]);
    }
    /// A stored run, as the only night of a history.
    fn stored(name: &str) -> History {
        let runs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/runs");
        let folder = TempDir::new().unwrap();
        symlink(runs.join(name), folder.path().join("run")).unwrap();
        let mut history = History::read(folder.path()).unwrap();
        history.nights[0].path = runs.join(name);
        history
    }

    #[test]
    fn a_limit_is_held_against_requests_and_without_them_against_histograms() {
        for (name, has_samples) in [("short", true), ("night", false)] {
            let history = stored(name);
            let (night, row) = (&history.nights[0], &history.nights[0].cells[0]);
            assert_eq!(night.path.join("samples.csv").exists(), has_samples);
            let median = match row.e2e_p50_ms.unwrap() {
                Latency::Finite(time) => time,
                Latency::Infinite => panic!("{row:?}"),
            };
            let ask = |max: Micros, latency| Asked {
                promise: Promise::Quantile { latency, q: 0.5, max },
                cell: CellKey::of(row),
                days: 1,
            };
            // A bucket of a histogram ends a little above its values.
            let all = [
                ask(Micros(0), Timed::E2e),
                ask(Micros(median.0 + median.0 / 500), Timed::E2e),
                ask(Micros(median.0 + median.0 / 500), Timed::Ttft),
                ask(Micros(60_000_000), Timed::E2e),
            ];
            let counted = count_windows(&all, &history, night.started).unwrap();
            assert!(counted.iter().all(|one| (one.requests, one.runs) == (row.requests, 1)), "{counted:?}");
            let bad: Vec<u64> = counted.iter().map(|one| one.bad).collect();
            assert_eq!((bad[0], bad[3]), (row.requests, row.failed), "{name}: {bad:?}");
            assert!(bad[1].abs_diff(row.requests / 2) <= row.requests / 20 + 1 && bad[2] < bad[1], "{name}: {bad:?}");
        }
    }
}
