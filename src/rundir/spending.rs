//! What each request of a run cost, read without all else.

use std::path::Path;

use crate::rundir::sample_fields::{Headers, UsageColumns, scan_fields};
use crate::rundir::samples_file::SAMPLES_FILE;
use crate::rundir::{Manifest, RunDirError};
use crate::sample::{Outcome, Usage, UsageSource};
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
    /// The route of a table that took it; absent outside of one, and where no route did.
    pub route: Option<&'a str>,
    /// How it ended.
    pub outcome: Outcome,
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
    scan_fields(&path, manifest, Columns::find, |row, places, cell| {
        let number = |column, place| Ok::<_, RunDirError>(row.number(column, place)?.unwrap_or(0));
        let cost = row.text(places.cost).map(Usd::from_file).transpose();
        each(Spent {
            measured: row.text(places.phase) == Some("measured"),
            cell,
            index: row.index("index", places.index)?,
            route: places.route.and_then(|place| row.text(place)),
            outcome: row.outcome(places.outcome)?,
            attempts: number("attempts", places.attempts)?,
            sent: row.moment("sent_at_ms", places.sent)?.map(Moment),
            usage: row.usage(&places.usage)?,
            cost: cost.map_err(|error| row.broken(format!("`cost_usd` {error}")))?,
            custom_id: row.text(places.custom_id).unwrap_or_default(),
            class: row.text(places.class),
            service_tier: places.service_tier.and_then(|place| row.text(place)),
        });
        Ok(())
    })
}

/// Where the columns stand.
struct Columns {
    phase: usize,
    index: usize,
    custom_id: usize,
    class: usize,
    /// Absent in rows of earlier versions.
    route: Option<usize>,
    outcome: usize,
    attempts: usize,
    sent: usize,
    usage: UsageColumns,
    cost: usize,
    /// Absent in rows of earlier versions.
    service_tier: Option<usize>,
}

impl Columns {
    fn find(headers: &Headers<'_>) -> Result<Self, String> {
        Ok(Self {
            phase: headers.place("phase")?,
            index: headers.place("index")?,
            custom_id: headers.place("custom_id")?,
            class: headers.place("class")?,
            route: headers.known("route"),
            outcome: headers.place("outcome")?,
            attempts: headers.place("attempts")?,
            sent: headers.place("sent_at_ms")?,
            usage: UsageColumns::find(headers)?,
            cost: headers.place("cost_usd")?,
            service_tier: headers.known("service_tier"),
        })
    }
}
