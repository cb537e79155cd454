//! The figures of a route, with their intervals.

use std::collections::BTreeMap;

use crate::forecast::outlook::Outlook;
use crate::forecast::weighted::{Weighted, bounding_shares};
use crate::registry::{Endpoint, Registry};
use crate::rng::seeded;
use crate::stats::rank;
use crate::units::Latency;

/// What a route, or a whole table, would come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// End to end: p50, p95 and p99, failures counted as infinite; absent where nobody is called.
    pub e2e: Option<[Span; 3]>,
    /// To the first token: the same; absent where any answer has none.
    pub ttft: Option<[Span; 3]>,
    /// Dollars for a thousand requests.
    pub cost_per_thousand: Money,
    /// Dollars of a month; absent where nobody says how many requests a month has.
    pub month: Option<Money>,
    /// The share of requests that get an answer, 0 to 1; absent where nobody is called.
    pub availability: Option<Estimate>,
    /// The share that get it from the first call.
    pub first_availability: Option<f64>,
    /// The share of calls for answers that fail.
    pub failed_calls: Option<f64>,
    /// Who answers, the most frequent first.
    pub answered: Vec<Answered>,
    /// How right answers are, 0 to 1, as measured; absent where that is not known of any.
    pub quality: Option<f64>,
    /// The share of requests that is handed to a person, 0 to 1.
    pub handed: f64,
    /// Stored requests that say as much as the weighted ones that this rests on.
    pub requests: u64,
}

/// A quantile and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The quantile.
    pub value: Latency,
    /// The lower end; absent where so few requests have none.
    pub low: Option<Latency>,
    /// The upper end; infinite where so few requests have none.
    pub high: Latency,
}

/// A figure and its 95 % interval over rounds; absent where there is one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Both ends.
    pub interval: Option<(f64, f64)>,
}

/// An amount in dollars, and how far it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Money {
    /// Of what has a price.
    pub dollars: Estimate,
    /// Whether a price in it is an assumption.
    pub assumed: bool,
    /// Whether a part of it has no known price, so that it is a lower bound.
    pub partial: bool,
}

/// An endpoint's share of the answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The region's id.
    pub region: Option<String>,
    /// Its share of the route's answers, 0 to 1.
    pub share: f64,
}

/// 1 − the confidence of intervals.
const ALPHA: f64 = 0.05;

/// Quantiles that are told.
pub(in crate::forecast) const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// How often each round counts in each of `count` draws.
pub(in crate::forecast) fn draws(rounds: usize, seed: u64, count: usize) -> Vec<Vec<f64>> {
    let mut rng = seeded(seed, "forecast rounds");
    if rounds < 2 {
        return Vec::new();
    }
    let draw = |_| {
        let mut times = vec![0.0; rounds];
        (0..rounds).for_each(|_| times[rng.usize(..rounds)] += 1.0);
        times
    };
    (0..count).map(draw).collect()
}

impl Outlook {
    /// End-to-end times, all rounds; absent where nobody is called.
    pub(in crate::forecast) fn e2e(&self) -> Option<&Weighted> {
        let make = || {
            let times = self.entries.iter().map(|entry| (entry.e2e, entry.round, entry.weight));
            self.rounds.iter().any(|round| round.asked > 0.0).then(|| Weighted::new(times, self.totals()))
        };
        self.in_order[0].get_or_init(make).as_ref()
    }

    /// Times to the first token; absent where an answer has none.
    pub(in crate::forecast) fn ttft(&self) -> Option<&Weighted> {
        let make = || {
            let all = self.entries.iter().all(|entry| entry.ttft.is_some());
            let times = self.entries.iter().filter_map(|entry| Some((entry.ttft?, entry.round, entry.weight)));
            (all && !self.entries.is_empty()).then(|| Weighted::new(times, self.totals()))
        };
        self.in_order[1].get_or_init(make).as_ref()
    }

    fn totals(&self) -> Vec<f64> {
        self.rounds.iter().map(|round| round.asked).collect()
    }

    /// Dollars for one request of `round`, a person's included where that is known.
    pub(in crate::forecast) fn cost_of_round(&self, round: usize) -> f64 {
        (self.rounds[round].cost + self.human_cost.unwrap_or(0.0)) / self.share
    }

    /// Its figures; `draws` are of [`draws`].
    pub(in crate::forecast) fn figures(
        &self,
        registry: &Registry,
        draws: &[Vec<f64>],
        requests_per_month: Option<u64>,
    ) -> Figures {
        let rounds = &self.rounds;
        let sum = |of: fn(&crate::forecast::outlook::Round) -> f64| rounds.iter().map(of).sum::<f64>();
        let asked = sum(|round| round.asked);
        let share_of = |part: f64, all: f64| (all > 0.0).then(|| (part / all).clamp(0.0, 1.0));
        let requests: f64 = sum(|round| round.effective);
        let spans = |weighted: &Weighted| QUANTILES.map(|q| span(weighted, q, requests, rounds.len(), draws));
        let cost: Vec<f64> = (0..rounds.len()).map(|round| self.cost_of_round(round)).collect();
        let thousand = estimate(&cost, &vec![1.0; cost.len()], draws).scaled(1e3);
        let money = |dollars| Money {
            dollars,
            assumed: !self.assumed.is_empty(),
            partial: sum(|round| round.unpriced) > 0.0 || (self.handed > 0.0 && self.human_cost.is_none()),
        };
        let good: Vec<f64> = rounds.iter().map(|round| round.ok).collect();
        let all: Vec<f64> = rounds.iter().map(|round| round.asked).collect();
        let ratio = || ratio(&good, &all, draws);
        let quality = sum(|round| round.quality.1);
        Figures {
            e2e: self.e2e().map(spans),
            ttft: self.ttft().map(spans),
            cost_per_thousand: money(thousand),
            month: requests_per_month.map(|month| money(thousand.scaled(month as f64 * self.share / 1e3))),
            availability: (asked > 0.0).then(ratio),
            first_availability: share_of(sum(|round| round.first_ok), asked),
            failed_calls: share_of(sum(|round| round.failed_calls), sum(|round| round.calls)),
            answered: answered(registry, &self.answered),
            quality: (quality > 0.0).then(|| sum(|round| round.quality.0) / quality),
            handed: self.handed / self.share,
            requests: requests as u64,
        }
    }
}

fn answered(registry: &Registry, shares: &BTreeMap<Endpoint, f64>) -> Vec<Answered> {
    let all: f64 = shares.values().sum();
    let mut answered: Vec<Answered> = shares
        .iter()
        .filter(|(_, share)| **share > 0.0)
        .map(|(endpoint, share)| Answered {
            provider: registry.provider(*endpoint).id.clone(),
            model: registry.model(*endpoint).id.clone(),
            region: registry.region(*endpoint).map(|region| region.id.clone()),
            share: share / all,
        })
        .collect();
    answered.sort_by(|a, b| b.share.total_cmp(&a.share));
    answered
}

/// The wider of two intervals: of the order statistics of so many `requests`, and of rounds drawn again.
fn span(weighted: &Weighted, q: f64, requests: f64, rounds: usize, draws: &[Vec<f64>]) -> Span {
    let once = vec![1.0; rounds];
    let value = weighted.quantile(q, &once).unwrap_or(Latency::Infinite);
    let (low, high) = bounding_shares(requests, q, ALPHA);
    let low = Some(low).filter(|low| *low > 0.0).and_then(|low| weighted.quantile(low, &once));
    let high =
        if high <= 1.0 { weighted.quantile(high, &once).unwrap_or(Latency::Infinite) } else { Latency::Infinite };
    let mut drawn: Vec<Latency> = draws.iter().filter_map(|times| weighted.quantile(q, times)).collect();
    if drawn.is_empty() {
        return Span { value, low, high };
    }
    drawn.sort_unstable();
    let at = |share: f64| drawn[rank(share, drawn.len()) - 1];
    Span { value, low: low.map(|low| low.min(at(ALPHA / 2.0))), high: high.max(at(1.0 - ALPHA / 2.0)) }
}

/// The mean of `values` with these weights.
fn estimate(values: &[f64], weights: &[f64], draws: &[Vec<f64>]) -> Estimate {
    let parts: Vec<f64> = values.iter().zip(weights).map(|(value, weight)| value * weight).collect();
    ratio(&parts, weights, draws)
}

/// The sum of `parts` over that of `wholes`.
fn ratio(parts: &[f64], wholes: &[f64], draws: &[Vec<f64>]) -> Estimate {
    let of = |times: &[f64]| {
        let dot = |values: &[f64]| -> f64 { values.iter().zip(times).map(|(value, times)| value * times).sum() };
        dot(parts) / dot(wholes)
    };
    let mut drawn: Vec<f64> = draws.iter().map(|times| of(times)).filter(|value| value.is_finite()).collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| drawn[rank(share, drawn.len()) - 1];
    Estimate {
        value: of(&vec![1.0; parts.len()]),
        interval: (!drawn.is_empty()).then(|| (at(ALPHA / 2.0), at(1.0 - ALPHA / 2.0))),
    }
}

impl Estimate {
    fn scaled(self, factor: f64) -> Self {
        Self { value: self.value * factor, interval: self.interval.map(|(low, high)| (low * factor, high * factor)) }
    }
}
