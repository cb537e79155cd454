//! The fields of one row of `samples.csv` or `attempts.csv` by column, for readers that need a few of them fast.

use std::path::Path;

use crate::rundir::sample_rows::{cells_by_slug, micros, not_a_cell, scan};
use crate::rundir::{Manifest, RunDirError};
use crate::sample::{Outcome, Usage, UsageSource};

/// Hands every row of the file at `path` to `each`, with the places of the columns that `find` looks up in the header and the
/// number of its cell in `manifest`; returns warnings.
///
/// # Errors
/// The file cannot be read, lacks a column, a row other than a last one that was cut off is broken or of a cell that the
/// manifest does not know, or `each` fails.
pub(in crate::rundir) fn scan_fields<C>(
    path: &Path,
    manifest: &Manifest,
    find: impl Fn(&Headers<'_>) -> Result<C, String>,
    mut each: impl FnMut(Fields<'_>, &C, usize) -> Result<(), RunDirError>,
) -> Result<Vec<String>, RunDirError> {
    let cells = cells_by_slug(manifest);
    let mut places: Option<(usize, C)> = None;
    scan(path, |headers, record, line| {
        let row = Fields { path, line, record };
        let (cell, columns) = match &places {
            Some(known) => known,
            None => {
                let headers = Headers(headers);
                let found = headers.place("cell").and_then(|cell| Ok((cell, find(&headers)?)));
                places.insert(found.map_err(|problem| Fields { line: 1, ..row }.broken(problem))?)
            }
        };
        let slug = row.text(*cell).unwrap_or_default();
        let cell = *cells.get(slug).ok_or_else(|| row.broken(not_a_cell(slug)))?;
        each(row, columns, cell as usize)
    })
}

/// Where columns stand in the file.
pub(in crate::rundir) struct Headers<'a>(&'a csv::StringRecord);

impl Headers<'_> {
    /// The place of `column`; absent where rows of earlier versions lack it.
    pub(in crate::rundir) fn known(&self, column: &str) -> Option<usize> {
        self.0.iter().position(|header| header == column)
    }

    /// The place of `column`.
    ///
    /// # Errors
    /// It is missing.
    pub(in crate::rundir) fn place(&self, column: &str) -> Result<usize, String> {
        self.known(column).ok_or_else(|| format!("column `{column}` is missing"))
    }
}

/// Where the columns of a request's tokens stand.
pub(in crate::rundir) struct UsageColumns {
    input: usize,
    cached_input: usize,
    output: usize,
    reasoning: usize,
    source: usize,
    /// Absent in rows of earlier versions.
    cache_write: Option<usize>,
}

impl UsageColumns {
    /// # Errors
    /// One of them is missing.
    pub(in crate::rundir) fn find(headers: &Headers<'_>) -> Result<Self, String> {
        Ok(Self {
            input: headers.place("input_tokens")?,
            cached_input: headers.place("cached_input_tokens")?,
            output: headers.place("output_tokens")?,
            reasoning: headers.place("reasoning_tokens")?,
            source: headers.place("usage_source")?,
            cache_write: headers.known("cache_write_tokens"),
        })
    }
}

/// A row, which errors name.
#[derive(Clone, Copy)]
pub(in crate::rundir) struct Fields<'a> {
    /// The file.
    path: &'a Path,
    /// The row's line in it, from 1.
    line: u64,
    /// Its fields.
    record: &'a csv::StringRecord,
}

impl<'a> Fields<'a> {
    /// The row is broken in this way.
    pub(in crate::rundir) fn broken(&self, problem: String) -> RunDirError {
        RunDirError::BadRow { path: self.path.to_owned(), line: self.line, problem }
    }

    /// The field at `place`; absent where it is empty.
    pub(in crate::rundir) fn text(&self, place: usize) -> Option<&'a str> {
        self.record.get(place).filter(|text| !text.is_empty())
    }

    /// The whole number at `place`; absent where it is empty.
    ///
    /// # Errors
    /// It is no whole number.
    pub(in crate::rundir) fn number(&self, column: &str, place: usize) -> Result<Option<u64>, RunDirError> {
        let parsed = |text: &str| {
            text.parse().map_err(|_| self.broken(format!("`{column}` is `{text}`, must be a whole number")))
        };
        self.text(place).map(parsed).transpose()
    }

    /// The whole number at `place` of what is counted with 32 bits; 0 where it is empty.
    ///
    /// # Errors
    /// It is no whole number.
    pub(in crate::rundir) fn index(&self, column: &str, place: usize) -> Result<u32, RunDirError> {
        Ok(u32::try_from(self.number(column, place)?.unwrap_or(0)).unwrap_or(u32::MAX))
    }

    /// How the row's request or call ended.
    ///
    /// # Errors
    /// There is no outcome of that name.
    pub(in crate::rundir) fn outcome(&self, place: usize) -> Result<Outcome, RunDirError> {
        self.text(place).unwrap_or_default().parse::<Outcome>().map_err(|error| self.broken(error.to_string()))
    }

    /// The moment at `place` in microseconds; absent where it is empty.
    ///
    /// # Errors
    /// It is not in milliseconds with three decimals.
    pub(in crate::rundir) fn moment(&self, column: &str, place: usize) -> Result<Option<u64>, RunDirError> {
        micros(column, self.text(place)).map_err(|problem| self.broken(problem))
    }

    /// The request's tokens and who counted them; absent where they are not known.
    ///
    /// # Errors
    /// A count is no whole number, or nobody is known as who counted them.
    pub(in crate::rundir) fn usage(&self, columns: &UsageColumns) -> Result<Option<(Usage, UsageSource)>, RunDirError> {
        let source = match self.text(columns.source) {
            None => return Ok(None),
            Some("provider") => UsageSource::Provider,
            Some("estimated") => UsageSource::Estimated,
            Some(other) => {
                let problem = format!("`usage_source` is `{other}`, must be `provider` or `estimated`");
                return Err(self.broken(problem));
            }
        };
        let count = |column, place| Ok::<_, RunDirError>(self.number(column, place)?.unwrap_or(0));
        let usage = Usage {
            input: count("input_tokens", columns.input)?,
            cached_input: count("cached_input_tokens", columns.cached_input)?,
            cache_write: columns.cache_write.map_or(Ok(0), |place| count("cache_write_tokens", place))?,
            output: count("output_tokens", columns.output)?,
            reasoning: count("reasoning_tokens", columns.reasoning)?,
        };
        Ok(Some((usage, source)))
    }
}
