//! The fields of one row of `samples.csv` by column, for readers that need a few of them fast.

use std::path::Path;

use crate::rundir::RunDirError;
use crate::rundir::sample_rows::micros;
use crate::sample::{Usage, UsageSource};

/// Where columns stand in the file.
pub(in crate::rundir) struct Headers<'a>(pub(in crate::rundir) &'a csv::StringRecord);

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
    pub(in crate::rundir) path: &'a Path,
    /// The row's line in it, from 1.
    pub(in crate::rundir) line: u64,
    /// Its fields.
    pub(in crate::rundir) record: &'a csv::StringRecord,
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
