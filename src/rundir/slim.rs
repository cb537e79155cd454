//! A run without its rows of requests: small enough for a repository, whole enough for reports.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hdrhistogram::Histogram;
use jiff::Timestamp;

use crate::rundir::interval_log::{IntervalLog, LOG_FILE};
use crate::rundir::{Run, RunDirError, read_intervals, write_cells, write_manifest};
use crate::tally::Metric;
use crate::units::Moment;

/// The size in bytes that a slim run should stay below.
pub const SLIM_BYTES: u64 = 1_000_000;

/// A slim run that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slim {
    /// Its size in bytes.
    pub bytes: u64,
    /// How much of the latencies it holds.
    pub latencies: Latencies,
}

/// How much of a run's latencies is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latencies {
    /// Every metric of every round.
    EachRound,
    /// Every metric, the rounds of a cell added up.
    AddedUp,
    /// What reports draw of them, first token and end to end, the rounds of a cell added up.
    MainOnes,
    /// Nothing: the run had no log.
    None,
}

/// Writes `run` without its per-request rows as the new directory `out`, which appears whole or not at all.
///
/// `manifest.json` and `cells.csv` stay as they are, and so do the latencies where all of it is below
/// [`SLIM_BYTES`]; otherwise the rounds of each cell are added up, and if that is not enough, only
/// first-token and end-to-end latencies are kept. Where each round's are kept, `beside` may write more into the directory that
/// it is given, as many bytes as it is told.
///
/// # Errors
/// `out` exists already or cannot be written, the run's log cannot be read, or `beside` fails.
pub fn slim(
    run: &Run,
    out: &Path,
    beside: impl Fn(&Path, u64) -> Result<(), RunDirError>,
) -> Result<Slim, RunDirError> {
    if fs::symlink_metadata(out).is_ok() {
        return Err(RunDirError::Exists { path: out.to_owned() });
    }
    let draft = draft_of(out);
    let written = fill(run, &draft, beside).and_then(|slim| {
        let renamed = fs::rename(&draft, out);
        renamed.map(|()| slim).map_err(|source| RunDirError::Create { path: out.to_owned(), source })
    });
    if written.is_err() {
        // The first error is the one to tell; a draft that never came to be cannot be removed.
        let _ = fs::remove_dir_all(&draft);
    }
    written
}

/// The directory that `out` is until it is whole: beside it, since a rename does not cross file systems.
fn draft_of(out: &Path) -> PathBuf {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn fill(run: &Run, draft: &Path, beside: impl Fn(&Path, u64) -> Result<(), RunDirError>) -> Result<Slim, RunDirError> {
    let cannot = |source| RunDirError::Create { path: draft.to_owned(), source };
    fs::create_dir_all(draft).map_err(cannot)?;
    write_manifest(draft, &run.manifest)?;
    write_cells(draft, &run.cells)?;
    let room = |written: u64| SLIM_BYTES.saturating_sub(written);
    let latencies = keep_latencies(run, draft, room(size_of(draft).map_err(cannot)?))?;
    if latencies == Latencies::EachRound {
        beside(draft, room(size_of(draft).map_err(cannot)?))?;
    }
    Ok(Slim { bytes: size_of(draft).map_err(cannot)?, latencies })
}

/// Writes as much of the latencies as has room in `room` bytes, and the main ones in any case.
fn keep_latencies(run: &Run, draft: &Path, room: u64) -> Result<Latencies, RunDirError> {
    let (from, to) = (run.path.join(LOG_FILE), draft.join(LOG_FILE));
    if !from.exists() {
        return Ok(Latencies::None);
    }
    let written = |source| RunDirError::Append { path: to.clone(), source };
    let length = |path: &Path| fs::metadata(path).map(|file| file.len());
    if length(&from).map_err(|source| RunDirError::Read { path: from.clone(), source })? <= room {
        fs::copy(&from, &to).map_err(written)?;
        return Ok(Latencies::EachRound);
    }
    add_up(run, draft, &ALL)?;
    if length(&to).map_err(written)? <= room {
        return Ok(Latencies::AddedUp);
    }
    fs::remove_file(&to).map_err(written)?;
    add_up(run, draft, &MAIN)?;
    Ok(Latencies::MainOnes)
}

const ALL: [Metric; 7] =
    [Metric::Ttft, Metric::E2e, Metric::E2eFromDue, Metric::SendLag, Metric::Tpot, Metric::Connect, Metric::Itl];
const MAIN: [Metric; 3] = [Metric::Ttft, Metric::E2e, Metric::E2eFromDue];

/// Writes one interval a cell and metric, as long as the run.
fn add_up(run: &Run, draft: &Path, metrics: &[Metric]) -> Result<(), RunDirError> {
    let path = draft.join(LOG_FILE);
    let failed = |source| RunDirError::Append { path: path.clone(), source };
    let at = |text: &str| text.parse::<Timestamp>().ok();
    let started = at(&run.manifest.started_at);
    let ended = run.manifest.finished_at.as_deref().and_then(at);
    let lasted = started.zip(ended).map_or(0, |(started, ended)| ended.as_microsecond() - started.as_microsecond());
    let span = (Moment(0), Moment(u64::try_from(lasted).unwrap_or(0)));
    let mut log = IntervalLog::create(draft, started.and_then(|at| SystemTime::try_from(at).ok())).map_err(failed)?;
    for metric in metrics {
        let mut cells: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
        read_intervals(&run.path, *metric, |cell, round| match cells.get_mut(cell) {
            Some(sum) => *sum += round,
            None => {
                cells.insert(cell.to_owned(), round);
            }
        })?;
        // In the manifest's order, which is that of the cells.
        for cell in run.manifest.cells.iter().map(|note| &note.cell) {
            if let Some(sum) = cells.get(cell) {
                log.write(cell, *metric, span, sum).map_err(failed)?;
            }
        }
    }
    log.flush().map_err(failed)
}

fn size_of(folder: &Path) -> std::io::Result<u64> {
    fs::read_dir(folder)?.try_fold(0, |sum, entry| Ok(sum + entry?.metadata()?.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rundir::Spectra;
    use crate::rundir::fixture::manifest;
    use crate::tally::histogram;

    /// A run of `rounds` intervals a cell, each of so many times.
    fn run(parent: &Path, rounds: u64, times: u64) -> Run {
        let path = parent.join("run");
        fs::create_dir(&path).unwrap();
        let manifest = manifest();
        let mut log = IntervalLog::create(&path, None).unwrap();
        for round in 0..rounds {
            for note in &manifest.cells {
                for metric in ALL {
                    let mut of_round = histogram();
                    (0..times).for_each(|time| of_round.record(1_000 + (round * times + time) * 37).unwrap());
                    log.write(&note.cell, metric, (Moment(0), Moment(1)), &of_round).unwrap();
                }
            }
        }
        log.flush().unwrap();
        write_manifest(&path, &manifest).unwrap();
        write_cells(&path, &[]).unwrap();
        Run::open(&path).unwrap()
    }

    #[test]
    fn a_small_run_keeps_the_latencies_of_each_round() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path(), 2, 10);
        let out = folder.path().join("slim");
        let slim = slim(&run, &out, |draft, room| {
            assert!(room < SLIM_BYTES && draft.join(LOG_FILE).exists());
            fs::write(draft.join("beside"), "more").unwrap();
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::read_to_string(out.join("beside")).unwrap(), "more");
        assert_eq!(slim.latencies, Latencies::EachRound);
        assert_eq!(slim.bytes, size_of(&out).unwrap());
        let log = |path: &Path| fs::read(path.join(LOG_FILE)).unwrap();
        assert_eq!(log(&out), log(&run.path));
        assert_eq!(Run::open(&out).unwrap().manifest, run.manifest);
    }

    #[test]
    fn rounds_that_have_no_room_are_added_up_without_loss() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path(), 30, 50);
        let draft = folder.path().join("draft");
        for (room, kept, metrics) in [(20_000, Latencies::AddedUp, &ALL[..]), (0, Latencies::MainOnes, &MAIN[..])] {
            fs::create_dir(&draft).unwrap();
            assert_eq!(keep_latencies(&run, &draft, room).unwrap(), kept);
            assert_eq!(Spectra::read(&draft).unwrap(), Spectra::read(&run.path).unwrap(), "{kept:?}");
            for metric in ALL {
                let mut found = 0;
                read_intervals(&draft, metric, |_, sum| {
                    assert_eq!(sum.len(), 1_500);
                    found += 1;
                })
                .unwrap();
                assert_eq!(found, if metrics.contains(&metric) { 2 } else { 0 }, "{metric} of {kept:?}");
            }
            fs::remove_dir_all(&draft).unwrap();
        }
    }

    #[test]
    fn what_is_there_is_not_replaced_and_no_draft_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path(), 1, 1);
        assert!(matches!(slim(&run, &run.path, |_, _| Ok(())), Err(RunDirError::Exists { .. })));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(slim(&run, &folder.path().join("file/below"), |_, _| Ok(())).is_err());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
