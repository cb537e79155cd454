//! Requests of a cell over a window of history, as SLOs over days are judged by.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::gate::policy::{Promise, Timed};
use crate::history::{CellKey, History, Point};
use crate::rundir::{CellRow, Run, RunDirError, read_intervals, read_samples};
use crate::sample::{Phase, Sample};
use crate::tally::Metric;
use crate::units::Micros;

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
pub struct Counted {
    /// Requests that ended and count.
    pub requests: u64,
    /// Of these, those that the promise does not want: failed, or over the limit.
    pub bad: u64,
    /// Runs that they are of.
    pub runs: u32,
}

/// What the runs of `history` that started within each window up to `until` say of what is `asked`, in that order.
///
/// A run counts where [`Point::counts_for_availability`] says so. Availability is read off `cells.csv`; a limit on a latency off the
/// run's requests, or where it holds none off its histograms, whose buckets are taken at their upper end. Requests without the
/// latency are bad.
///
/// # Errors
/// The files of a run cannot be read.
pub fn count_windows(asked: &[Asked], history: &History, until: Timestamp) -> Result<Vec<Counted>, RunDirError> {
    let mut counted = vec![Counted::default(); asked.len()];
    let days = asked.iter().map(|one| one.days).max().unwrap_or(0);
    for night in history.within(days, until) {
        let mut limited = Vec::new();
        for (index, one) in asked.iter().enumerate().filter(|(_, one)| night.is_within(one.days, until)) {
            let row = night.cells.iter().find(|row| CellKey::of(row) == one.cell);
            let Some(row) = row.filter(|row| Point { night, place: 0, row }.counts_for_availability()) else {
                continue;
            };
            let counts = &mut counted[index];
            match limit_of(&one.promise) {
                None => counts.bad += row.failed,
                // Requests do not say which route they took, so those of one cannot be told from the others'.
                Some(_) if row.route.is_some() => continue,
                Some((latency, limit)) => limited.push(Limited { index, row, latency, limit, good: 0 }),
            }
            (counts.requests, counts.runs) = (counts.requests + row.requests, counts.runs + 1);
        }
        if !limited.is_empty() {
            count_good(&Run::open(&night.path)?, &mut limited)?;
        }
        for one in limited {
            counted[one.index].bad += one.row.requests.saturating_sub(one.good);
        }
    }
    Ok(counted)
}

/// A cell of one run whose requests are held against a limit.
struct Limited<'h> {
    /// The place of what was asked.
    index: usize,
    row: &'h CellRow,
    latency: Timed,
    limit: Micros,
    /// Successes within the limit.
    good: u64,
}

impl Limited<'_> {
    fn metric(&self) -> Metric {
        match self.latency {
            Timed::Ttft => Metric::Ttft,
            Timed::E2e if self.row.is_open_load() => Metric::E2eFromDue,
            Timed::E2e => Metric::E2e,
        }
    }

    fn is_good(&self, sample: &Sample) -> bool {
        let took = match self.latency {
            Timed::Ttft => sample.ttft(),
            Timed::E2e => sample.e2e_from_due().or_else(|| sample.e2e()),
        };
        took.is_some_and(|took| took <= self.limit)
    }
}

fn limit_of(promise: &Promise) -> Option<(Timed, Micros)> {
    match *promise {
        Promise::Quantile { latency, max, .. } => Some((latency, max)),
        Promise::ShareOver { latency, over, .. } => Some((latency, over)),
        Promise::Availability { .. } => None,
    }
}

/// Counts the successes of `run` that are within each limit.
fn count_good(run: &Run, limited: &mut [Limited<'_>]) -> Result<(), RunDirError> {
    let mut of_cell: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, one) in limited.iter().enumerate() {
        of_cell.entry(one.row.cell.as_str()).or_default().push(place);
    }
    if run.has_samples() {
        read_samples(&run.path, &run.manifest, |sample, _| {
            if sample.phase != Phase::Measured || !sample.outcome.is_ok() {
                return;
            }
            let slug = run.manifest.cells[sample.cell as usize].cell.as_str();
            for place in of_cell.get(slug).into_iter().flatten() {
                limited[*place].good += u64::from(limited[*place].is_good(&sample));
            }
        })?;
        return Ok(());
    }
    for metric in [Metric::Ttft, Metric::E2e, Metric::E2eFromDue] {
        read_intervals(&run.path, metric, |cell, histogram| {
            for place in of_cell.get(cell).into_iter().flatten() {
                let one = &mut limited[*place];
                if one.metric() == metric {
                    let limit = u64::from(one.limit.0);
                    let within = histogram.iter_recorded().filter(|step| step.value_iterated_to() <= limit);
                    one.good += within.map(|step| step.count_at_value()).sum::<u64>();
                }
            }
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;
    use crate::history::fixture::Clean;
    use crate::units::Latency;

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
        assert_eq!(counted[0], Counted { requests: 30 * 600, bad: 609, runs: 30 });
        assert_eq!(counted[1], Counted { requests: 1_200, bad: 3, runs: 2 });
        assert_eq!(counted[2], Counted { requests: 39 * 600, bad: 909, runs: 39 });
    }

    #[test]
    fn a_cell_that_no_run_of_the_window_measured_has_no_requests() {
        let history = Clean { cells: 2, nights: 3, ..Clean::default() }.history();
        let mut other = asked(&history, Promise::Availability { min: 0.5 }, 30);
        other.cell.simulated = false;
        let counted = count_windows(&[other], &history, history.nights[2].started).unwrap();
        assert_eq!(counted, [Counted::default()]);
        let before = history.nights[0].started - jiff::SignedDuration::from_secs(1);
        let asked = asked(&history, Promise::Availability { min: 0.5 }, 30);
        assert_eq!(count_windows(&[asked], &history, before).unwrap(), [Counted::default()]);
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
