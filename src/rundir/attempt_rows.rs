//! The calls that routing tables made, read back from `attempts.csv`.

use std::path::Path;

use crate::rundir::attempts_file::ATTEMPTS_FILE;
use crate::rundir::sample_fields::{Headers, UsageColumns, scan_fields};
use crate::rundir::{Manifest, RunDirError};
use crate::sample::{CallKind, Outcome, Usage, UsageSource};
use crate::units::Micros;

/// The part of a row of `attempts.csv` that a forecast needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttemptRow<'a> {
    /// The number of its cell in the manifest.
    pub cell: usize,
    /// The number of its request in the cell.
    pub index: u32,
    /// What it was for.
    pub purpose: CallKind,
    /// Who was called.
    pub provider: &'a str,
    /// The model's id.
    pub model: &'a str,
    /// The region's id; absent where the registry names none.
    pub region: Option<&'a str>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was sent, in microseconds from the start of the run; 0 where that is not known.
    pub sent_at: u64,
    /// From sending to its last token, or where it has none to its end; absent where it was never sent.
    pub took: Option<Micros>,
    /// From sending to the first token; absent without one.
    pub first_token: Option<Micros>,
    /// Its tokens; absent where they are not known.
    pub usage: Option<Usage>,
    /// Whether its tokens were estimated.
    pub estimated: bool,
}

/// Hands every measured row of the run's `attempts.csv` whose cell is `wanted` to `each`, and returns warnings.
///
/// `wanted` holds an entry for each of the manifest's cells. Tokens written to a cache are not in the file and count as read.
///
/// # Errors
/// The file cannot be read, lacks a column, or a row other than a last one that was cut off is broken.
pub fn read_attempts(
    run: &Path,
    manifest: &Manifest,
    wanted: &[bool],
    mut each: impl FnMut(AttemptRow<'_>),
) -> Result<Vec<String>, RunDirError> {
    let path = run.join(ATTEMPTS_FILE);
    scan_fields(&path, manifest, Columns::find, |row, places, cell| {
        if !wanted[cell] || row.text(places.phase) != Some("measured") {
            return Ok(());
        }
        let outcome = row.outcome(places.outcome)?;
        let purpose = row.text(places.purpose).unwrap_or_default();
        let purpose = CallKind::ALL.into_iter().find(|kind| kind.name() == purpose).ok_or_else(|| {
            row.broken(format!("`purpose` is `{purpose}`, must be `classify`, `answer`, `chunk` or `stitch`"))
        })?;
        let sent = row.moment("sent_at_ms", places.sent)?;
        let last_token = row.moment("last_token_at_ms", places.last_token)?;
        let end = row.moment("end_at_ms", places.end)?;
        let since = |moment: Option<u64>| {
            let micros = moment?.saturating_sub(sent?);
            Some(Micros(u32::try_from(micros).unwrap_or(u32::MAX)))
        };
        let ended = if outcome.is_ok() { last_token.or(end) } else { end.or(last_token) };
        let usage = row.usage(&places.usage)?;
        each(AttemptRow {
            cell,
            index: row.index("index", places.index)?,
            purpose,
            provider: row.text(places.provider).unwrap_or_default(),
            model: row.text(places.model).unwrap_or_default(),
            region: row.text(places.region),
            outcome,
            sent_at: sent.unwrap_or(0),
            took: since(ended),
            first_token: since(row.moment("first_token_at_ms", places.first_token)?),
            usage: usage.map(|(usage, _)| usage),
            estimated: matches!(usage, Some((_, UsageSource::Estimated))),
        });
        Ok(())
    })
}

/// Where the columns stand.
struct Columns {
    phase: usize,
    index: usize,
    provider: usize,
    model: usize,
    region: usize,
    outcome: usize,
    sent: usize,
    first_token: usize,
    last_token: usize,
    end: usize,
    usage: UsageColumns,
    purpose: usize,
}

impl Columns {
    fn find(headers: &Headers<'_>) -> Result<Self, String> {
        Ok(Self {
            phase: headers.place("phase")?,
            index: headers.place("index")?,
            provider: headers.place("provider")?,
            model: headers.place("model")?,
            region: headers.place("region")?,
            outcome: headers.place("outcome")?,
            sent: headers.place("sent_at_ms")?,
            first_token: headers.place("first_token_at_ms")?,
            last_token: headers.place("last_token_at_ms")?,
            end: headers.place("end_at_ms")?,
            usage: UsageColumns::find(headers)?,
            purpose: headers.place("purpose")?,
        })
    }
}
