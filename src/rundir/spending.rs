//! What each request of a run cost, read without all else.

use std::path::Path;

use crate::rundir::sample_rows::{cells_by_slug, micros, not_a_cell, scan};
use crate::rundir::samples_file::SAMPLES_FILE;
use crate::rundir::{Manifest, RunDirError};
use crate::sample::{Usage, UsageSource};
use crate::units::{Moment, Usd};

/// The part of a row of `samples.csv` that its cost depends on, and its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent<'a> {
    /// Whether it was measured; otherwise it warmed up.
    pub measured: bool,
    /// The number of its cell in the manifest.
    pub cell: usize,
    /// Its number in its cell and phase.
    pub index: u32,
    /// HTTP exchanges that it took.
    pub attempts: u64,
    /// When it was sent; absent where it was not.
    pub sent: Option<Moment>,
    /// Its tokens; absent where they are not known.
    pub usage: Option<(Usage, UsageSource)>,
    /// What it cost; absent where that is not known in full.
    pub cost: Option<Usd>,
    /// The user's name for its line.
    pub custom_id: &'a str,
    /// The class of its line; absent where it has none.
    pub class: Option<&'a str>,
    /// The service tier that the provider said it used; absent where it did not.
    pub service_tier: Option<&'a str>,
}

/// Hands what every row of the run's `samples.csv` cost to `each`, several times faster than
/// [`read_samples`](crate::rundir::read_samples), and returns warnings.
///
/// # Errors
/// The file cannot be read, lacks a column, or a row other than a last one that was cut off is broken.
pub fn read_spending(
    run: &Path,
    manifest: &Manifest,
    mut each: impl FnMut(Spent<'_>),
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
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let slug = cell(places.cell);
        let number = |column: &str, place: usize| match cell(place) {
            "" => Ok(None),
            text => match text.parse::<u64>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(broken(format!("`{column}` is `{text}`, must be a whole number"), line)),
            },
        };
        let token = |column, place| Ok::<_, RunDirError>(number(column, place)?.unwrap_or(0));
        let source = match cell(places.usage_source) {
            "" => None,
            "provider" => Some(UsageSource::Provider),
            "estimated" => Some(UsageSource::Estimated),
            other => {
                let problem = format!("`usage_source` is `{other}`, must be `provider` or `estimated`");
                return Err(broken(problem, line));
            }
        };
        let usage = Usage {
            input: token("input_tokens", places.input)?,
            cached_input: token("cached_input_tokens", places.cached_input)?,
            cache_write: match places.cache_write {
                Some(place) => token("cache_write_tokens", place)?,
                None => 0,
            },
            output: token("output_tokens", places.output)?,
            reasoning: token("reasoning_tokens", places.reasoning)?,
        };
        let cost = Some(cell(places.cost)).filter(|text| !text.is_empty()).map(Usd::from_file).transpose();
        let sent = Some(cell(places.sent)).filter(|text| !text.is_empty());
        let index = token("index", places.index)?;
        each(Spent {
            measured: cell(places.phase) == "measured",
            cell: *cells.get(slug).ok_or_else(|| broken(not_a_cell(slug), line))? as usize,
            index: u32::try_from(index).unwrap_or(u32::MAX),
            attempts: token("attempts", places.attempts)?,
            sent: micros("sent_at_ms", sent).map_err(|problem| broken(problem, line))?.map(Moment),
            usage: source.map(|source| (usage, source)),
            cost: cost.map_err(|error| broken(format!("`cost_usd` {error}"), line))?,
            custom_id: cell(places.custom_id),
            class: Some(cell(places.class)).filter(|class| !class.is_empty()),
            service_tier: places.service_tier.map(cell).filter(|tier| !tier.is_empty()),
        });
        Ok(())
    })
}

/// Where the columns stand.
struct Columns {
    phase: usize,
    cell: usize,
    index: usize,
    custom_id: usize,
    class: usize,
    attempts: usize,
    sent: usize,
    input: usize,
    cached_input: usize,
    output: usize,
    reasoning: usize,
    usage_source: usize,
    cost: usize,
    /// Absent in rows of earlier versions.
    cache_write: Option<usize>,
    /// Likewise.
    service_tier: Option<usize>,
}

impl Columns {
    fn find(headers: &csv::StringRecord) -> Result<Self, String> {
        let known = |name: &str| headers.iter().position(|header| header == name);
        let place = |name: &str| known(name).ok_or_else(|| format!("column `{name}` is missing"));
        Ok(Self {
            phase: place("phase")?,
            cell: place("cell")?,
            index: place("index")?,
            custom_id: place("custom_id")?,
            class: place("class")?,
            attempts: place("attempts")?,
            sent: place("sent_at_ms")?,
            input: place("input_tokens")?,
            cached_input: place("cached_input_tokens")?,
            output: place("output_tokens")?,
            reasoning: place("reasoning_tokens")?,
            usage_source: place("usage_source")?,
            cost: place("cost_usd")?,
            cache_write: known("cache_write_tokens"),
            service_tier: known("service_tier"),
        })
    }
}
