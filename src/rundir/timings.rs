//! What each request of a run took and used, read without all else.

use std::path::Path;

use crate::rundir::sample_rows::{cells_by_slug, micros, not_a_cell, scan};
use crate::rundir::samples_file::SAMPLES_FILE;
use crate::rundir::{Manifest, RunDirError};
use crate::sample::{Outcome, Usage};
use crate::units::Micros;

/// The part of a row of `samples.csv` that a forecast needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing<'a> {
    /// The number of its cell in the manifest.
    pub cell: usize,
    /// The round of the run, from 0.
    pub round: u32,
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
    let cells = cells_by_slug(manifest);
    let mut columns: Option<Columns> = None;
    scan(&path, |headers, record, line| {
        let broken = |problem, line| RunDirError::BadRow { path: path.clone(), line, problem };
        let places = match &columns {
            Some(known) => known,
            None => columns.insert(Columns::find(headers).map_err(|problem| broken(problem, 1))?),
        };
        let text = |place: usize| Some(record.get(place).unwrap_or_default()).filter(|text| !text.is_empty());
        let slug = text(places.cell).unwrap_or_default();
        let cell = *cells.get(slug).ok_or_else(|| broken(not_a_cell(slug), line))? as usize;
        if !wanted[cell] || text(places.phase) != Some("measured") {
            return Ok(());
        }
        let number = |column: &str, place: usize| match text(place) {
            None => Ok(0),
            Some(text) => {
                text.parse::<u64>().map_err(|_| broken(format!("`{column}` is `{text}`, must be a whole number"), line))
            }
        };
        let moment = |column: &str, place: usize| micros(column, text(place)).map_err(|problem| broken(problem, line));
        let outcome: Outcome =
            text(places.outcome).unwrap_or_default().parse().map_err(|error| broken(format!("{error}"), line))?;
        let sent = moment("sent_at_ms", places.sent)?;
        let from = moment("due_at_ms", places.due)?.or(sent);
        let since = |moment: Option<u64>| {
            let micros = moment?.saturating_sub(from?);
            Some(Micros(u32::try_from(micros).unwrap_or(u32::MAX)))
        };
        let first_token = since(moment("first_token_at_ms", places.first_token)?);
        let last_token = moment("last_token_at_ms", places.last_token)?;
        let end = if outcome.is_ok() { last_token } else { moment("end_at_ms", places.end)?.or(last_token) };
        let usage = match text(places.usage_source) {
            None => None,
            Some(_) => Some(Usage {
                input: number("input_tokens", places.input)?,
                cached_input: number("cached_input_tokens", places.cached_input)?,
                cache_write: places.cache_write.map_or(Ok(0), |place| number("cache_write_tokens", place))?,
                output: number("output_tokens", places.output)?,
                reasoning: number("reasoning_tokens", places.reasoning)?,
            }),
        };
        let quality = places.quality.and_then(text);
        each(Timing {
            cell,
            round: u32::try_from(number("round", places.round)?).unwrap_or(u32::MAX),
            class: text(places.class),
            outcome,
            sent_at: sent.unwrap_or(0),
            took: since(end),
            first_token,
            usage,
            estimated: text(places.usage_source) == Some("estimated"),
            service_tier: places.service_tier.and_then(text),
            quality: quality
                .map(|text| text.parse().map_err(|_| broken(format!("`quality` is `{text}`, must be a number"), line)))
                .transpose()?,
        });
        Ok(())
    })
}

/// Where the columns stand; those that rows of earlier versions lack may be absent.
struct Columns {
    phase: usize,
    round: usize,
    cell: usize,
    class: usize,
    outcome: usize,
    due: usize,
    sent: usize,
    first_token: usize,
    last_token: usize,
    end: usize,
    input: usize,
    cached_input: usize,
    output: usize,
    reasoning: usize,
    usage_source: usize,
    cache_write: Option<usize>,
    service_tier: Option<usize>,
    quality: Option<usize>,
}

impl Columns {
    fn find(headers: &csv::StringRecord) -> Result<Self, String> {
        let known = |name: &str| headers.iter().position(|header| header == name);
        let place = |name: &str| known(name).ok_or_else(|| format!("column `{name}` is missing"));
        Ok(Self {
            phase: place("phase")?,
            round: place("round")?,
            cell: place("cell")?,
            class: place("class")?,
            outcome: place("outcome")?,
            due: place("due_at_ms")?,
            sent: place("sent_at_ms")?,
            first_token: place("first_token_at_ms")?,
            last_token: place("last_token_at_ms")?,
            end: place("end_at_ms")?,
            input: place("input_tokens")?,
            cached_input: place("cached_input_tokens")?,
            output: place("output_tokens")?,
            reasoning: place("reasoning_tokens")?,
            usage_source: place("usage_source")?,
            cache_write: known("cache_write_tokens"),
            service_tier: known("service_tier"),
            quality: known("quality"),
        })
    }
}
