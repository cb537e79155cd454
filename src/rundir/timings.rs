//! What each request of a run took and used, read without all else.

use std::path::Path;

use crate::rundir::sample_fields::{Headers, UsageColumns, scan_fields};
use crate::rundir::samples_file::SAMPLES_FILE;
use crate::rundir::{Manifest, RunDirError};
use crate::sample::{Outcome, Usage, UsageSource};
use crate::units::Micros;

/// The part of a row of `samples.csv` that a forecast needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing<'a> {
    /// The number of its cell in the manifest.
    pub cell: usize,
    /// The round of the run, from 0.
    pub round: u32,
    /// Its number in its cell.
    pub index: u32,
    /// The id of its line.
    pub custom_id: &'a str,
    /// The class of its line; absent where it has none.
    pub class: Option<&'a str>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was sent, in microseconds from the start of the run; 0 where that is not known.
    pub sent_at: u64,
    /// From sending, or in open load from the moment that the schedule named, to its last token, or for a failure to its end;
    /// absent where it was never sent or the end is not known.
    pub took: Option<Micros>,
    /// From the same moment to the first token; absent without one.
    pub first_token: Option<Micros>,
    /// Its tokens; absent where they are not known.
    pub usage: Option<Usage>,
    /// Whether its tokens were estimated.
    pub estimated: bool,
    /// The service tier that the provider said it used; absent where it did not.
    pub service_tier: Option<&'a str>,
    /// How right its answer was, 0 to 1; absent where nothing was expected.
    pub quality: Option<f64>,
    /// The tier that a routing table took it for; absent where none did.
    pub tier: Option<u8>,
    /// Who named that tier: `recorded`, `classifier` or `default`; absent without one.
    pub tier_by: Option<&'a str>,
}

/// Hands every measured row of the run's `samples.csv` whose cell is `wanted` to `each`, and returns warnings.
///
/// `wanted` holds an entry for each of the manifest's cells. Rows of other cells are passed over unread.
///
/// # Errors
/// The file cannot be read, lacks a column, or a row other than a last one that was cut off is broken.
pub fn read_timings(
    run: &Path,
    manifest: &Manifest,
    wanted: &[bool],
    mut each: impl FnMut(Timing<'_>),
) -> Result<Vec<String>, RunDirError> {
    let path = run.join(SAMPLES_FILE);
    scan_fields(&path, manifest, Columns::find, |row, places, cell| {
        if !wanted[cell] || row.text(places.phase) != Some("measured") {
            return Ok(());
        }
        let outcome = row.outcome(places.outcome)?;
        let sent = row.moment("sent_at_ms", places.sent)?;
        let from = row.moment("due_at_ms", places.due)?.or(sent);
        let since = |moment: Option<u64>| {
            let micros = moment?.saturating_sub(from?);
            Some(Micros(u32::try_from(micros).unwrap_or(u32::MAX)))
        };
        let first_token = since(row.moment("first_token_at_ms", places.first_token)?);
        let last_token = row.moment("last_token_at_ms", places.last_token)?;
        let end = if outcome.is_ok() { last_token } else { row.moment("end_at_ms", places.end)?.or(last_token) };
        let usage = row.usage(&places.usage)?;
        let quality = places
            .quality
            .and_then(|place| row.text(place))
            .map(|text| text.parse().map_err(|_| row.broken(format!("`quality` is `{text}`, must be a number"))));
        each(Timing {
            cell,
            round: row.index("round", places.round)?,
            index: row.index("index", places.index)?,
            custom_id: row.text(places.custom_id).unwrap_or_default(),
            class: row.text(places.class),
            outcome,
            sent_at: sent.unwrap_or(0),
            took: since(end),
            first_token,
            usage: usage.map(|(usage, _)| usage),
            estimated: matches!(usage, Some((_, UsageSource::Estimated))),
            service_tier: places.service_tier.and_then(|place| row.text(place)),
            quality: quality.transpose()?,
            tier: places.tier.and_then(|place| row.text(place)).and_then(|text| text.parse().ok()),
            tier_by: places.tier_by.and_then(|place| row.text(place)),
        });
        Ok(())
    })
}

/// Where the columns stand; those that rows of earlier versions lack may be absent.
struct Columns {
    phase: usize,
    round: usize,
    index: usize,
    custom_id: usize,
    class: usize,
    outcome: usize,
    due: usize,
    sent: usize,
    first_token: usize,
    last_token: usize,
    end: usize,
    usage: UsageColumns,
    service_tier: Option<usize>,
    quality: Option<usize>,
    tier: Option<usize>,
    tier_by: Option<usize>,
}

impl Columns {
    fn find(headers: &Headers<'_>) -> Result<Self, String> {
        Ok(Self {
            phase: headers.place("phase")?,
            round: headers.place("round")?,
            index: headers.place("index")?,
            custom_id: headers.place("custom_id")?,
            class: headers.place("class")?,
            outcome: headers.place("outcome")?,
            due: headers.place("due_at_ms")?,
            sent: headers.place("sent_at_ms")?,
            first_token: headers.place("first_token_at_ms")?,
            last_token: headers.place("last_token_at_ms")?,
            end: headers.place("end_at_ms")?,
            usage: UsageColumns::find(headers)?,
            service_tier: headers.known("service_tier"),
            quality: headers.known("quality"),
            tier: headers.known("tier"),
            tier_by: headers.known("tier_by"),
        })
    }
}
