//! One run of a history.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::rundir::{CellRow, Manifest, Status, read_cells, read_manifest};

/// What a history keeps of a run: its cells, and what may explain that they differ from those of another night.
#[derive(Clone, Debug, PartialEq)]
pub struct Night {
    /// The run directory.
    pub path: PathBuf,
    /// The run's id.
    pub run_id: String,
    /// When it started.
    pub started: Timestamp,
    /// The version of tollmark that measured.
    pub tool_version: String,
    /// Whether less was measured than planned.
    pub partial: bool,
    /// Each workload's name with the SHA-256 of its bytes.
    pub workloads: Vec<(String, String)>,
    /// `cells.csv`.
    pub cells: Vec<CellRow>,
}

impl Night {
    /// Reads what is kept of the run directory `path`: its manifest and `cells.csv` alone.
    ///
    /// # Errors
    /// Why it cannot be used, as a sentence that names it.
    pub(in crate::history) fn read(path: &Path) -> Result<Self, String> {
        let manifest = read_manifest(path).map_err(|error| error.to_string())?;
        if manifest.status == Status::Running {
            return Err(format!("`{}` did not end in order, or is still under way", path.display()));
        }
        let (cells, broken) = read_cells(path).map_err(|error| error.to_string())?;
        let missing = || {
            let (all, found) = (manifest.cells.len(), cells.len());
            (found < all).then(|| format!("`{}` holds {found} of its {all} cells", path.display()))
        };
        if let Some(problem) = broken.map(|error| error.to_string()).or_else(missing) {
            return Err(format!("{problem}: `tollmark report` makes its rows again"));
        }
        Self::of(path, manifest, cells)
    }

    /// What is kept of a run that was read already.
    ///
    /// # Errors
    /// Its manifest has no moment at which it started, as a sentence that names it.
    pub(in crate::history) fn of(path: &Path, manifest: Manifest, cells: Vec<CellRow>) -> Result<Self, String> {
        let Ok(started) = manifest.started_at.parse() else {
            let (path, found) = (path.display(), manifest.started_at);
            return Err(format!("`{path}` has `{found}` for the moment it started, must be like 2026-11-23T02:00:00Z"));
        };
        let workloads = manifest.workloads.into_iter().map(|workload| (workload.name, workload.sha256)).collect();
        Ok(Self {
            path: path.to_owned(),
            run_id: manifest.run_id,
            started,
            tool_version: manifest.tool_version,
            partial: manifest.status.is_partial(),
            workloads,
            cells,
        })
    }

    /// Whether both are one run, which may stand in two places.
    pub fn is_same(&self, other: &Self) -> bool {
        self.started == other.started && self.run_id == other.run_id
    }

    /// The day in UTC on which it started.
    pub fn date(&self) -> Date {
        TimeZone::UTC.to_datetime(self.started).date()
    }

    /// Whether it started within the `days` days up to `until`, both ends included.
    pub fn is_within(&self, days: u32, until: Timestamp) -> bool {
        let ago = until.duration_since(self.started);
        !ago.is_negative() && ago <= SignedDuration::from_hours(i64::from(days) * 24)
    }

    /// The SHA-256 of the workload `name`; absent when the run does not know it.
    pub fn workload(&self, name: &str) -> Option<&str> {
        self.workloads.iter().find(|(known, _)| known == name).map(|(_, sha256)| sha256.as_str())
    }
}
