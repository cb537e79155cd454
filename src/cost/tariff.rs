//! What the requests of an endpoint are charged in one run: exactly once they ended, and at most before.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cost::{Cost, of};
use crate::registry::{Asked, PriceKey, Pricing, Rates};
use crate::sample::Usage;
use crate::units::{Moment, Usd, UsdPerMtok};

/// What an endpoint charges in a run that began at a known time.
#[derive(Clone, Debug)]
pub struct Tariff {
    pricing: Pricing,
    started: Timestamp,
}

impl Tariff {
    /// What `pricing` comes to in a run whose clock stood at zero at `started`.
    pub const fn new(pricing: Pricing, started: Timestamp) -> Self {
        Self { pricing, started }
    }

    /// What a request costs by the prices in force when it was `sent`: its `usage`, `images` in its prompt, and the
    /// service tier that the provider named.
    ///
    /// A request that was sent at no known time is charged as at the start of the run.
    pub fn charge(&self, usage: &Usage, images: u32, sent: Option<Moment>, service_tier: Option<&str>) -> Cost {
        let since_start = sent.map_or(Duration::ZERO, |sent| Duration::from_micros(sent.0));
        let sent = self.started.checked_add(since_start).unwrap_or(self.started);
        let asked = Asked { input_tokens: usage.input, at: TimeZone::UTC.to_datetime(sent), service_tier };
        of(usage, images, self.pricing.rates_for(&asked).as_deref())
    }

    /// The most that any request may be charged from the start of the run on, whatever its size, time, tier and cache.
    ///
    /// # Errors
    /// Which prices of prompt and answer are unknown at some time from then on.
    pub fn ceiling(&self) -> Result<Ceiling, Vec<PriceKey>> {
        let first = TimeZone::UTC.to_datetime(self.started).date();
        // Nobody knows how long a run lasts, so every later row counts.
        let rows: Vec<Rates> = self.pricing.all_rates(first, Date::MAX).collect();
        let begins_late = self.pricing.on(first).is_none();
        let unknown = |of: fn(&Rates) -> Option<UsdPerMtok>| begins_late || rows.iter().any(|row| of(row).is_none());
        let mut missing = Vec::new();
        missing.extend(unknown(|row| row.input).then_some(PriceKey::Input));
        missing.extend(unknown(|row| row.output).then_some(PriceKey::Output));
        if !missing.is_empty() {
            return Err(missing);
        }
        // Figure by figure over all rows and overrides: of those that apply together each figure is one of these.
        Ok(rows.iter().fold(Ceiling::default(), |so_far, row| so_far.or(Ceiling::of(row))))
    }
}

/// The most that a request may be charged, by what it holds. Sums and products beyond what is counted stay at the top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ceiling {
    /// Picodollars for a token of the prompt.
    pub input_picos: u64,
    /// Picodollars for a token of the answer.
    pub output_picos: u64,
    /// Picodollars for the request itself.
    pub request_picos: u64,
    /// Picodollars for an image of the prompt, besides its tokens.
    pub image_picos: u64,
}

impl Ceiling {
    /// The most that a request with up to `input` and `output` tokens and so many `images` costs, in picodollars.
    pub const fn worst_case(self, input: u64, output: u64, images: u32) -> u64 {
        input
            .saturating_mul(self.input_picos)
            .saturating_add(output.saturating_mul(self.output_picos))
            .saturating_add((images as u64).saturating_mul(self.image_picos))
            .saturating_add(self.request_picos)
    }

    /// The dearest of each figure of `rates`: a prompt's token may be read from a cache or written to it, and an
    /// answer's be spent on reasoning.
    fn of(rates: &Rates) -> Self {
        let per_mtok = |price: Option<UsdPerMtok>| price.map_or(0, |price| capped(price.picos_per_token()));
        let amount = |price: Option<Usd>| price.map_or(0, |price| capped(price.picos()));
        Self {
            input_picos: per_mtok(rates.input.max(rates.cached_input).max(rates.cache_write)),
            output_picos: per_mtok(rates.output.max(rates.reasoning)),
            request_picos: amount(rates.per_request),
            image_picos: amount(rates.per_image),
        }
    }

    /// The dearer of each figure.
    fn or(self, other: Self) -> Self {
        Self {
            input_picos: self.input_picos.max(other.input_picos),
            output_picos: self.output_picos.max(other.output_picos),
            request_picos: self.request_picos.max(other.request_picos),
            image_picos: self.image_picos.max(other.image_picos),
        }
    }
}

/// A price is never negative; one beyond the range counts as its end.
fn capped(picos: i128) -> u64 {
    u64::try_from(picos).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
