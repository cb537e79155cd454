//! A run directory while it is written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::fsio::point_link;
use crate::rundir::attempts_file::{ATTEMPTS_FILE, AttemptsFile};
use crate::rundir::interval_log::{IntervalLog, LOG_FILE};
use crate::rundir::samples_file::{SAMPLES_FILE, SamplesFile};
use crate::rundir::{CellRow, Manifest, RunDirError, Status, write_cells, write_manifest};
use crate::sample::Sample;
use crate::tally::{RoundDone, Tally};
use crate::units::Usd;
use crate::workload::Workload;

/// Writes a run as it goes on, so that what was measured is there whenever the process ends.
pub struct RunWriter {
    parent: PathBuf,
    path: PathBuf,
    slugs: Vec<String>,
    samples: SamplesFile,
    attempts: AttemptsFile,
    log: IntervalLog,
}

impl RunWriter {
    /// Makes the directory `parent/run_id` with its manifest, marked as under way, and the files that grow.
    ///
    /// `workloads` holds those that the manifest's cells name.
    ///
    /// # Errors
    /// The run's id is no name for a directory, the directory exists, or something cannot be written.
    pub fn create(parent: &Path, manifest: &Manifest, workloads: &[Workload]) -> Result<Self, RunDirError> {
        let run_id = &manifest.run_id;
        if ["", ".", "..", LATEST].contains(&run_id.as_str()) || run_id.contains(['/', '\0']) {
            return Err(RunDirError::BadRunId(run_id.clone()));
        }
        let path = parent.join(run_id);
        fs::create_dir_all(parent).and_then(|()| fs::create_dir(&path)).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists if path.exists() => RunDirError::Exists { path: path.clone() },
            _ => RunDirError::Create { path: path.clone(), source },
        })?;
        let begun = Manifest { status: Status::Running, finished_at: None, validity: vec![], ..manifest.clone() };
        write_manifest(&path, &begun)?;
        let samples = SamplesFile::create(&path, manifest, workloads).map_err(append_error(&path, SAMPLES_FILE))?;
        let attempts = AttemptsFile::create(&path, manifest).map_err(append_error(&path, ATTEMPTS_FILE))?;
        // Without a start the log's times are counted from an unknown moment, which its readers accept.
        let started = manifest.started_at.parse::<Timestamp>().ok().and_then(|at| SystemTime::try_from(at).ok());
        let log = IntervalLog::create(&path, started).map_err(append_error(&path, LOG_FILE))?;
        let slugs = manifest.cells.iter().map(|note| note.cell.clone()).collect();
        Ok(Self { parent: parent.to_owned(), path, slugs, samples, attempts, log })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a request to `samples.csv` and its attempt to `attempts.csv`; `cost` is absent when it is not known in
    /// full. What a provider said of an error is written as it stands, so it must hold no key any more.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sample(&mut self, sample: &Sample, cost: Option<Usd>) -> Result<(), RunDirError> {
        self.samples.write(sample, cost).map_err(append_error(&self.path, SAMPLES_FILE))?;
        self.attempts.write(sample, cost).map_err(append_error(&self.path, ATTEMPTS_FILE))
    }

    /// Appends the histograms of a round to `latency.hlog` and flushes all files.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn round(&mut self, tally: &mut Tally, done: RoundDone) -> Result<(), RunDirError> {
        let span = tally.round_span(done).unwrap_or_default();
        let (log, slug) = (&mut self.log, &self.slugs[done.cell]);
        tally
            .encode_round(done, |metric, histogram| log.write(slug, metric, span, histogram))
            .map_err(append_error(&self.path, LOG_FILE))?;
        self.flush()
    }

    /// Hands everything written so far to the system, so that it outlives this process.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn flush(&mut self) -> Result<(), RunDirError> {
        self.samples.flush().map_err(append_error(&self.path, SAMPLES_FILE))?;
        self.attempts.flush().map_err(append_error(&self.path, ATTEMPTS_FILE))?;
        self.log.flush().map_err(append_error(&self.path, LOG_FILE))
    }

    /// Writes `cells.csv` and the final manifest and returns the directory; `latest` then names a run that finished.
    ///
    /// # Errors
    /// A file cannot be written, or something other than a link stands at `latest`.
    pub fn finish(mut self, manifest: &Manifest, rows: &[CellRow]) -> Result<PathBuf, RunDirError> {
        self.flush()?;
        write_cells(&self.path, rows)?;
        write_manifest(&self.path, manifest)?;
        if !manifest.status.is_partial() {
            point_link(&self.parent.join(LATEST), Path::new(&manifest.run_id))?;
        }
        Ok(self.path)
    }
}

/// The link beside the runs that names the newest finished one.
const LATEST: &str = "latest";

fn append_error(run: &Path, file: &str) -> impl FnOnce(io::Error) -> RunDirError {
    let path = run.join(file);
    |source| RunDirError::Append { path, source }
}

#[cfg(test)]
mod tests;
