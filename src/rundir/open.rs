//! A run directory, opened.

use std::collections::HashMap;
use std::path::Path;

use crate::rundir::cells_file::CELLS_FILE;
use crate::rundir::rebuild::rebuild;
use crate::rundir::samples_file::SAMPLES_FILE;
use crate::rundir::{FORMAT_VERSION, Run, RunDirError, Status, read_cells, read_manifest};

impl Run {
    /// Reads the run directory `path`: its manifest and its cells.
    ///
    /// Where the process died before it wrote the final manifest, or `cells.csv` is lost or broken, the rows are made again from
    /// `samples.csv`; where that is not there, those up to the break are read. Everything that the user should know of it is in [`Run::warnings`].
    ///
    /// # Errors
    /// `path` is no run directory, is of a later format, or a file cannot be read.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let manifest = read_manifest(path)?;
        let mut warnings = vec![];
        if manifest.format_version < FORMAT_VERSION {
            let (file, found) = (path.join("manifest.json"), manifest.format_version);
            warnings.push(format!(
                "{}: format version {found} is older than this tollmark's {FORMAT_VERSION}: what it did not keep is left out",
                file.display()
            ));
        }
        let ended = manifest.status != Status::Running;
        if !ended {
            let run = path.display();
            warnings.push(format!("{run}: the run did not end in order, or is still under way"));
        }
        let has_samples = path.join(SAMPLES_FILE).exists();
        // Until a run has ended its rows may still change, so those that a report wrote meanwhile are not believed,
        // unless there is nothing else: a slim run.
        let stored = match (ended || !has_samples) && path.join(CELLS_FILE).exists() {
            true => {
                let (rows, broken) = read_cells(path)?;
                let (file, cells) = (path.join(CELLS_FILE), manifest.cells.len());
                let lacking = (rows.len() < cells).then(|| {
                    format!("{}:{}: the file ends before all of its {cells} cells", file.display(), rows.len() + 1)
                });
                match broken.map(|error| error.to_string()).or(lacking) {
                    None => Some(rows),
                    Some(problem) if has_samples => {
                        warnings.push(format!("{problem}: its rows are made again from `{SAMPLES_FILE}`"));
                        None
                    }
                    Some(problem) => {
                        warnings.push(format!("{problem}: what comes from there on is left out"));
                        Some(rows)
                    }
                }
            }
            false if !has_samples => return Err(RunDirError::Nothing { path: path.to_owned() }),
            false => {
                if ended {
                    let (run, file) = (path.display(), CELLS_FILE);
                    warnings.push(format!("{run}: `{file}` is missing, its rows are made again from `{SAMPLES_FILE}`"));
                }
                None
            }
        };
        let mut cells = match stored {
            Some(rows) => rows,
            None => {
                let (rows, found) = rebuild(path, &manifest)?;
                warnings.extend(found);
                rows
            }
        };
        let promised: HashMap<_, _> = manifest.cells.iter().map(|note| (note.cell.as_str(), note.promised)).collect();
        for row in &mut cells {
            row.promised = promised.get(row.cell.as_str()).copied().flatten();
        }
        Ok(Self { path: path.to_owned(), manifest, cells, warnings })
    }

    /// Whether it holds a row a request; a slim run does not.
    pub fn has_samples(&self) -> bool {
        self.path.join(SAMPLES_FILE).exists()
    }
}

#[cfg(test)]
mod tests;
