//! The figures of a run whose process died before it could write them.

use std::collections::HashMap;
use std::path::Path;

use crate::rundir::cells_file::CELLS_FILE;
use crate::rundir::interval_log::LOG_FILE;
use crate::rundir::{
    CellNote, CellRow, Manifest, Run, RunDirError, Status, cell_row, read_intervals, read_samples, usage_notes,
    usage_warnings, write_cells,
};
use crate::tally::{CellShape, Metric, Tally};

/// The rows of `cells.csv` made again from the run's samples and its log of chunk gaps, and warnings.
///
/// They are those that the run would have written had it stopped there.
///
/// # Errors
/// `samples.csv` cannot be read, or a row other than the last is broken.
pub(in crate::rundir) fn rebuild(run: &Path, manifest: &Manifest) -> Result<(Vec<CellRow>, Vec<String>), RunDirError> {
    let shapes: Vec<_> = manifest.cells.iter().map(|note| shape(note, manifest.load.rounds)).collect();
    let mut tally = Tally::new(&shapes, manifest.seed);
    let mut warnings = read_samples(run, manifest, |sample, cost| {
        tally.record(&sample, cost);
    })?;
    if run.join(LOG_FILE).exists() {
        let cells: HashMap<_, _> = manifest.cells.iter().map(|note| note.cell.as_str()).zip(0..).collect();
        warnings.extend(read_intervals(run, Metric::Itl, |slug, gaps| {
            if let Some(cell) = cells.get(slug) {
                tally.add_encoded_gaps(*cell, &gaps);
            }
        })?);
    }
    let figures: Vec<_> = (0..manifest.cells.len()).map(|cell| tally.figures(cell)).collect();
    if manifest.status == Status::Running {
        // The manifest of a run that ended has them already.
        warnings.extend(usage_warnings(&manifest.cells, &usage_notes(&manifest.cells, &figures)));
    }
    let row = |(note, figures)| cell_row(manifest, note, figures);
    Ok((manifest.cells.iter().zip(&figures).map(row).collect(), warnings))
}

/// Writes the rows of `run` as `cells.csv` where they had to be made again, because the file is lost or the run died.
///
/// # Errors
/// The file cannot be written.
pub fn keep_rebuilt(run: &Run) -> Result<(), RunDirError> {
    // What stands in the file of a run that ended is left alone: a later tollmark may have more columns.
    if run.manifest.status != Status::Running && run.path.join(CELLS_FILE).exists() {
        return Ok(());
    }
    write_cells(&run.path, &run.cells)
}

/// The rounds of a cell; how large they are is of no account when no round is waited for.
fn shape(note: &CellNote, rounds: u32) -> CellShape {
    let rounds = rounds.max(1);
    let share = match &note.route {
        Some(_) => 0,
        None => u32::try_from(note.requests.div_ceil(u64::from(rounds))).unwrap_or(u32::MAX),
    };
    CellShape { shares: vec![share; rounds as usize] }
}
