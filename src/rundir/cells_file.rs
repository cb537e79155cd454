//! `cells.csv` on disk: one row a cell.

use std::fs;
use std::path::Path;

use crate::fsio::write_whole;
use crate::rundir::{CellRow, RunDirError};

/// Writes `rows` into `run` as `cells.csv`, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_cells(run: &Path, rows: &[CellRow]) -> Result<(), RunDirError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("a row is flat, so it can be written as CSV");
    }
    let text = writer.into_inner().expect("writing to memory cannot fail");
    Ok(write_whole(&run.join(CELLS_FILE), &text)?)
}

/// Reads `cells.csv` of `run` up to the first row that is not what its columns promise, and tells what is wrong there. A
/// column that is not known is passed over, an empty cell is absent.
///
/// # Errors
/// The file cannot be read.
pub fn read_cells(run: &Path) -> Result<(Vec<CellRow>, Option<RunDirError>), RunDirError> {
    let path = run.join(CELLS_FILE);
    let text = fs::read(&path).map_err(|source| RunDirError::Read { path: path.clone(), source })?;
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let mut rows = Vec::new();
    for row in reader.deserialize() {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => return Ok((rows, Some(bad_row(&path, &error)))),
        }
    }
    Ok((rows, None))
}

/// The file's name.
pub(in crate::rundir) const CELLS_FILE: &str = "cells.csv";

/// Where in `path` the CSV is broken, and how.
pub(in crate::rundir) fn bad_row(path: &Path, error: &csv::Error) -> RunDirError {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => match err.field() {
            Some(field) => format!("column {}: {}", field + 1, err.kind()),
            None => err.kind().to_string(),
        },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the row has {len} columns, must have {expected_len}")
        }
        _ => error.to_string(),
    };
    RunDirError::BadRow { path: path.to_owned(), line, problem }
}
