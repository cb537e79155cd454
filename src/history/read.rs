//! All runs under one folder.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::history::{HistoryError, Night};
use crate::rundir::Run;

/// The runs under a folder, in the order in which they started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The runs.
    pub nights: Vec<Night>,
    /// What was left out, and why, each naming its directory.
    pub warnings: Vec<String>,
}

impl History {
    /// Reads every run directory that stands in `folder`: each entry with a `manifest.json`. Manifests and `cells.csv` alone are
    /// read.
    ///
    /// A directory that is broken, of something else, or of a run that did not end is left out with a warning; so is a second
    /// copy of a run, since a night must not count twice. A link such as `latest` to a run that is there anyway is passed over.
    ///
    /// # Errors
    /// The folder cannot be read, is a run itself, or holds none.
    pub fn read(folder: &Path) -> Result<Self, HistoryError> {
        if folder.join(MANIFEST).exists() {
            return Err(HistoryError::IsARun { path: folder.to_owned() });
        }
        let mut history = Self::default();
        for path in run_directories(folder)? {
            match Night::read(&path) {
                Ok(night) => history.nights.push(night),
                Err(problem) => history.warnings.push(format!("{problem}; it is left out")),
            }
        }
        if history.nights.is_empty() {
            return Err(HistoryError::NoRuns { path: folder.to_owned() });
        }
        Ok(history.in_order())
    }

    /// The same with `run` among its nights, wherever that stands.
    #[must_use]
    pub fn with(mut self, run: &Run) -> Self {
        match Night::of(&run.path, run.manifest.clone(), run.cells.clone()) {
            Ok(night) if self.nights.iter().any(|known| known.is_same(&night)) => self,
            Ok(night) => {
                self.nights.push(night);
                self.in_order()
            }
            Err(problem) => {
                self.warnings.push(format!("{problem}; it is left out"));
                self
            }
        }
    }

    /// The nights by their start, each once.
    pub(in crate::history) fn in_order(mut self) -> Self {
        self.nights.sort_by(|a, b| (a.started, &a.run_id, &a.path).cmp(&(b.started, &b.run_id, &b.path)));
        let mut once: Vec<Night> = Vec::with_capacity(self.nights.len());
        for night in self.nights {
            match once.iter().rev().take_while(|other| other.started == night.started).find(|one| one.is_same(&night)) {
                Some(first) => {
                    let (copy, first) = (night.path.display(), first.path.display());
                    self.warnings.push(format!("`{copy}` is the same run as `{first}`; it is left out"));
                }
                None => once.push(night),
            }
        }
        Self { nights: once, warnings: self.warnings }
    }

    /// The runs that started within the `days` days up to `until`, that moment included, in their order.
    pub fn within(&self, days: u32, until: Timestamp) -> &[Night] {
        let first = self.nights.partition_point(|night| night.started <= until && !night.is_within(days, until));
        let end = self.nights.partition_point(|night| night.started <= until);
        &self.nights[first.min(end)..end]
    }
}

const MANIFEST: &str = "manifest.json";

/// The directories in `folder` that hold a manifest, by their names; of those that are one and the same, the one that is no link.
fn run_directories(folder: &Path) -> Result<Vec<PathBuf>, HistoryError> {
    let unreadable = |source| HistoryError::Unreadable { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.into_iter().map(|entry| entry.path()).filter(|path| path.join(MANIFEST).exists()).collect();
    paths.sort_by_cached_key(|path| (path.is_symlink(), path.clone()));
    let mut seen = HashSet::new();
    paths.retain(|path| fs::canonicalize(path).is_ok_and(|real| seen.insert(real)));
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use jiff::SignedDuration;
    use tempfile::TempDir;

    use super::*;
    use crate::history::fixture::{Clean, night, write};

    #[test]
    fn runs_come_in_their_order_and_what_is_none_is_named() {
        let folder = TempDir::new().unwrap();
        let all = Clean { cells: 2, nights: 4, ..Clean::default() }.history();
        for (name, at) in [("c", 0), ("b", 1), ("a", 2), ("copy-of-a", 2)] {
            write(&folder.path().join(name), &all.nights[at]);
        }
        symlink("a", folder.path().join("latest")).unwrap();
        fs::create_dir(folder.path().join("pictures")).unwrap();
        fs::create_dir(folder.path().join("app")).unwrap();
        fs::write(folder.path().join("app/manifest.json"), "{\"name\": \"app\"}").unwrap();
        write(&folder.path().join("torn"), &all.nights[3]);
        let cells = fs::read_to_string(folder.path().join("torn/cells.csv")).unwrap();
        fs::write(folder.path().join("torn/cells.csv"), cells.lines().next().unwrap()).unwrap();

        let history = History::read(folder.path()).unwrap();
        let names: Vec<_> = history.nights.iter().map(|night| night.path.file_name().unwrap()).collect();
        assert_eq!(names, ["c", "b", "a"]);
        assert_eq!(history.nights[0].cells, all.nights[0].cells);
        let warned = |words: &str| history.warnings.iter().filter(|warning| warning.contains(words)).count();
        assert_eq!(history.warnings.len(), 3, "{:?}", history.warnings);
        assert_eq!([warned("app/manifest.json"), warned("torn` holds 0 of its 2 cells")], [1, 1]);
        assert_eq!(warned("copy-of-a` is the same run as"), 1);
    }

    #[test]
    fn a_run_that_did_not_end_is_left_out_and_named() {
        let folder = TempDir::new().unwrap();
        let all = Clean { cells: 1, nights: 2, ..Clean::default() }.history();
        write(&folder.path().join("one"), &all.nights[0]);
        write(&folder.path().join("two"), &all.nights[1]);
        let manifest = folder.path().join("two/manifest.json");
        let text = fs::read_to_string(&manifest).unwrap().replace("\"finished\"", "\"running\"");
        fs::write(&manifest, text).unwrap();
        let history = History::read(folder.path()).unwrap();
        assert_eq!(history.nights.len(), 1);
        assert!(history.warnings[0].contains("two` did not end in order"), "{:?}", history.warnings);
    }

    #[test]
    fn a_folder_without_runs_and_a_run_itself_are_no_history() {
        let folder = TempDir::new().unwrap();
        assert!(matches!(History::read(folder.path()), Err(HistoryError::NoRuns { .. })));
        assert!(matches!(History::read(&folder.path().join("x")), Err(HistoryError::Unreadable { .. })));
        write(&folder.path().join("one"), &Clean { cells: 1, nights: 1, ..Clean::default() }.history().nights[0]);
        assert!(matches!(History::read(&folder.path().join("one")), Err(HistoryError::IsARun { .. })));
    }

    #[test]
    fn a_window_ends_with_its_moment_and_holds_its_first() {
        let nights: Vec<Night> = (0..40).map(|day| night(day, Vec::new())).collect();
        let history = History { nights, warnings: Vec::new() };
        let until = history.nights[35].started;
        let window = history.within(30, until);
        assert_eq!((window.len(), window[0].started), (31, history.nights[5].started));
        assert_eq!(window[30].started, until);
        let before_all = history.nights[0].started - SignedDuration::from_hours(1);
        assert_eq!(history.within(30, before_all), []);
    }
}
