//! What a change of prices would have done to the bill of a run.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cost::{self, Cost};
use crate::registry::{Asked, Endpoint, Offer, Price, Rates, Registry};
use crate::rundir::{Run, RunDirError, read_samples};
use crate::sample::Sample;

/// The bill of a run by two price lists, warm-up included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repriced {
    /// Models at providers that both lists have, those that move most first.
    pub rows: Vec<RepricedRow>,
    /// Models and providers of the run that one of the lists lacks, with their requests.
    pub not_in_both: Vec<(String, String, u64)>,
    /// Whether a price for each image bears on it: a run does not keep how many images its requests held, so that
    /// part is left out.
    pub without_images: bool,
}

impl Repriced {
    /// The sum over all rows.
    pub fn total(&self) -> RepricedRow {
        let mut total = RepricedRow {
            model: String::new(),
            provider: String::new(),
            requests: 0,
            without_usage: 0,
            before: Cost::NOTHING,
            after: Cost::NOTHING,
        };
        for row in &self.rows {
            total.requests += row.requests;
            total.without_usage += row.without_usage;
            total.before += row.before;
            total.after += row.after;
        }
        total
    }
}

/// The share of one model at one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepricedRow {
    /// The model's id.
    pub model: String,
    /// The provider's id.
    pub provider: String,
    /// Requests that were sent.
    pub requests: u64,
    /// Of those, the ones whose tokens are not known, and which are in no amount.
    pub without_usage: u64,
    /// By the first list.
    pub before: Cost,
    /// By the second list.
    pub after: Cost,
}

/// What the requests of `run` cost by the prices that `before` and `after` have in force on `day`.
///
/// Tokens, and the hour and weekday that an override asks for, are those of the run.
///
/// # Errors
/// The run's rows cannot be read: a run without them has no bill to be made again.
pub fn repriced(run: &Run, before: &Registry, after: &Registry, day: Date) -> Result<Repriced, RunDirError> {
    let started: Timestamp = run.manifest.started_at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut prices: Vec<[Option<Listed>; 2]> = Vec::new();
    let mut rows: Vec<RepricedRow> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut row_of_cell = Vec::with_capacity(run.manifest.cells.len());
    for cell in &run.manifest.cells {
        let name = (cell.model.as_str(), cell.provider.as_str());
        let place = *places.entry(name).or_insert_with(|| {
            prices.push([before, after].map(|registry| Listed::find(registry, name, day)));
            rows.push(RepricedRow {
                model: cell.model_or_table().to_owned(),
                provider: cell.provider.clone(),
                requests: 0,
                without_usage: 0,
                before: Cost::NOTHING,
                after: Cost::NOTHING,
            });
            rows.len() - 1
        });
        row_of_cell.push(place);
    }
    read_samples(&run.path, &run.manifest, |sample, _| {
        let place = row_of_cell[sample.cell as usize];
        let row = &mut rows[place];
        row.requests += sample.attempts();
        match (sample.usage, &prices[place]) {
            (Some(_), [Some(before), Some(after)]) => {
                row.before += before.cost_of(&sample, started);
                row.after += after.cost_of(&sample, started);
            }
            (Some(_), _) => {}
            (None, _) => row.without_usage += sample.attempts(),
        }
    })?;
    let per_image = |listed: &Listed| listed.price.all_rates().any(|rates| rates.per_image.is_some());
    let without_images = prices.iter().flatten().flatten().any(per_image);
    let (mut known, mut not_in_both) = (Vec::new(), Vec::new());
    for (row, prices) in rows.into_iter().zip(prices) {
        if prices.iter().all(Option::is_some) {
            known.push(row);
        } else {
            not_in_both.push((row.model, row.provider, row.requests));
        }
    }
    let moved = |row: &RepricedRow| (row.after.known - row.before.known).picos().abs();
    known.sort_by(|a, b| (Reverse(moved(a)), &a.model, &a.provider).cmp(&(Reverse(moved(b)), &b.model, &b.provider)));
    not_in_both.sort();
    Ok(Repriced { rows: known, not_in_both, without_images })
}

/// The price row of one list that a run's requests are charged by.
struct Listed {
    price: Price,
}

impl Listed {
    /// Absent where `registry` does not have the model called `name.0` at the provider called `name.1`; without any
    /// price where it has none in force on `day`.
    fn find(registry: &Registry, name: (&str, &str), day: Date) -> Option<Self> {
        let model = registry.models.iter().position(|model| model.id == name.0)?;
        let at = |offer: &Offer| registry.providers[offer.provider].id == name.1;
        let offer = registry.models[model].offers.iter().position(at)?;
        let pricing = registry.pricing(Endpoint { model, offer, region: None });
        let unknown = || Price {
            from: day,
            currency: "USD".to_owned(),
            rates: Rates::default(),
            overrides: Vec::new(),
            source: None,
        };
        Some(Self { price: pricing.on(day).map_or_else(unknown, |row| row.price.clone()) })
    }

    fn cost_of(&self, sample: &Sample, started: Timestamp) -> Cost {
        let Some((usage, source)) = sample.usage else { return Cost::NOTHING };
        let service_tier = sample.service_tier.as_deref();
        let asked = Asked { input_tokens: usage.input, at: sent_at(sample, started), service_tier };
        cost::of(&usage, 0, Some(&self.price.rates_for(&asked))).counted_by(source)
    }
}

/// When `sample` was sent, in UTC.
fn sent_at(sample: &Sample, started: Timestamp) -> DateTime {
    let since = sample.moments.sent.map_or(0, |sent| i64::try_from(sent.0).unwrap_or(i64::MAX));
    let at = started.checked_add(SignedDuration::from_micros(since)).unwrap_or(started);
    TimeZone::UTC.to_datetime(at)
}
