//! A run directory, opened.

use std::path::Path;

use crate::rundir::cells_file::CELLS_FILE;
use crate::rundir::rebuild::rebuild;
use crate::rundir::{Run, RunDirError, Status, read_cells, read_manifest};

impl Run {
    /// Reads the run directory `path`: its manifest and its cells.
    ///
    /// Where the process died before it wrote the final manifest, or `cells.csv` is lost, the rows are made again from
    /// `samples.csv`. Everything that the user should know of it is in [`Run::warnings`].
    ///
    /// # Errors
    /// `path` is no run directory, is of a later format, or a file cannot be read.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let manifest = read_manifest(path)?;
        let mut warnings = vec![];
        if manifest.status == Status::Running {
            let run = path.display();
            warnings.push(format!("{run}: the run did not end in order, or is still under way"));
        }
        // Until a run has ended its rows may still change, so those that a report wrote meanwhile are not believed.
        let cells = if manifest.status != Status::Running && path.join(CELLS_FILE).exists() {
            read_cells(path)?
        } else {
            if manifest.status != Status::Running {
                let run = path.display();
                warnings.push(format!("{run}: `{CELLS_FILE}` is missing, its rows are made again from `samples.csv`"));
            }
            let (rows, found) = rebuild(path, &manifest)?;
            warnings.extend(found);
            rows
        };
        Ok(Self { path: path.to_owned(), manifest, cells, warnings })
    }
}

#[cfg(test)]
mod tests;
