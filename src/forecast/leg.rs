//! One call of a route: what the stored requests of an endpoint say of it, in one round.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cost;
use crate::forecast::part::Part;
use crate::forecast::source::{Attempt, Source};
use crate::registry::{Asked, Endpoint, Price, PriceKey, Registry};
use crate::routes::Failover;
use crate::sample::{Outcome, Usage};
use crate::units::Usd;

/// What the stored requests of an endpoint come to as one call, in one round.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::forecast) struct Leg {
    /// Stored requests.
    pub(in crate::forecast) requests: usize,
    /// Of the successes: microseconds to the last token, and to the first where there was one.
    pub(in crate::forecast) ok: Vec<(u32, Option<u32>)>,
    /// Of the failures that are tried again elsewhere: microseconds until they were noticed.
    pub(in crate::forecast) again: Vec<u32>,
    /// Of the failures that end a request: the same.
    pub(in crate::forecast) lost: Vec<u32>,
    /// Dollars for one request without its images, the mean over all.
    pub(in crate::forecast) cost: f64,
    /// Dollars for each image of a request, the mean over all.
    pub(in crate::forecast) cost_of_image: f64,
    /// Requests that were billed and whose cost is not known.
    pub(in crate::forecast) unpriced: usize,
    /// The sum of how right the answers were, and of how many that is known.
    pub(in crate::forecast) quality: (f64, usize),
}

impl Leg {
    /// The share of requests that succeed, 0 to 1.
    pub(in crate::forecast) fn ok_share(&self) -> f64 {
        self.ok.len() as f64 / self.requests.max(1) as f64
    }

    /// Dollars for a request with so many images.
    pub(in crate::forecast) fn cost_with(&self, images: u32) -> f64 {
        self.cost + f64::from(images) * self.cost_of_image
    }

    /// The share of requests that fail and are tried again elsewhere.
    pub(in crate::forecast) fn again_share(&self) -> f64 {
        self.again.len() as f64 / self.requests.max(1) as f64
    }
}

/// How stored requests become calls: the deadline of one, what is tried again, and what it costs.
#[derive(Clone, Debug)]
pub(in crate::forecast) struct Terms<'a> {
    pub(in crate::forecast) failover: &'a Failover,
    /// Microseconds that a call may take.
    pub(in crate::forecast) deadline: u32,
    /// Absent: no price is known.
    pub(in crate::forecast) price: Option<Price>,
    /// When the run of the stored requests started.
    pub(in crate::forecast) started: Timestamp,
}

impl<'a> Terms<'a> {
    /// Those of a call to `endpoint` by the prices of `day`.
    pub(in crate::forecast) fn new(
        failover: &'a Failover,
        (registry, endpoint, day): (&Registry, Endpoint, Date),
        deadline: u32,
        started: Timestamp,
    ) -> Self {
        let price = registry.pricing(endpoint).on(day).map(|row| row.price.clone());
        Self { failover, deadline, price, started }
    }

    /// What bears on the cost as an assumption: price keys.
    pub(in crate::forecast) fn assumed(&self) -> Vec<PriceKey> {
        let rates = self.price.iter().flat_map(Price::all_rates);
        let mut keys: Vec<PriceKey> = rates.flat_map(|rates| rates.assumed).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// The legs of all rounds of `source`, of the requests in `part`; a round without any is that of all rounds together.
    pub(in crate::forecast) fn legs(&self, source: &Source, part: Part) -> Vec<Leg> {
        let of = |round: &Vec<Attempt>| {
            let mut leg = Leg::default();
            round.iter().filter(|attempt| source.holds(part, attempt)).for_each(|one| self.add(&mut leg, one, source));
            leg
        };
        let mut legs: Vec<Leg> = source.rounds.iter().map(of).collect();
        if legs.iter().any(|leg| leg.requests == 0) {
            let mut all = Leg::default();
            for leg in &legs {
                all.requests += leg.requests;
                all.ok.extend_from_slice(&leg.ok);
                all.again.extend_from_slice(&leg.again);
                all.lost.extend_from_slice(&leg.lost);
                all.cost += leg.cost;
                all.cost_of_image += leg.cost_of_image;
                all.unpriced += leg.unpriced;
                all.quality = (all.quality.0 + leg.quality.0, all.quality.1 + leg.quality.1);
            }
            legs.iter_mut().filter(|leg| leg.requests == 0).for_each(|leg| *leg = all.clone());
        }
        for leg in &mut legs {
            let requests = leg.requests.max(1) as f64;
            leg.cost /= requests;
            leg.cost_of_image /= requests;
        }
        legs
    }

    fn add(&self, leg: &mut Leg, attempt: &Attempt, source: &Source) {
        leg.requests += 1;
        let late = attempt.took > self.deadline;
        let outcome = if late { Outcome::TimeoutTotal } else { attempt.outcome };
        let had_token = attempt.ttft.is_some_and(|ttft| ttft <= self.deadline);
        if outcome.is_ok() {
            leg.ok.push((attempt.took, attempt.ttft));
            if let Some(quality) = attempt.quality {
                leg.quality = (leg.quality.0 + f64::from(quality), leg.quality.1 + 1);
            }
        } else if self.failover.covers(outcome) && !had_token {
            leg.again.push(attempt.took.min(self.deadline));
        } else {
            leg.lost.push(attempt.took.min(self.deadline));
        }
        let usage = if late { cut_off(attempt, self.deadline) } else { attempt.usage };
        match usage {
            None => leg.unpriced += usize::from(outcome.is_ok()),
            Some(usage) => {
                let rates = self.price.as_ref().map(|price| {
                    if price.overrides.is_empty() {
                        return std::borrow::Cow::Borrowed(&price.rates);
                    }
                    let since = SignedDuration::from_micros(i64::try_from(attempt.sent_at).unwrap_or(0));
                    let at = TimeZone::UTC.to_datetime(self.started.checked_add(since).unwrap_or(self.started));
                    price.rates_for(&Asked {
                        input_tokens: usage.input,
                        at,
                        service_tier: source.service_tier.as_deref(),
                    })
                });
                // Images are the workload's, and come to it where a request is on its way.
                let cost = cost::of(&usage, 0, rates.as_deref());
                leg.cost_of_image += rates.and_then(|rates| rates.per_image).map_or(0.0, Usd::as_f64);
                leg.cost += cost.known.as_f64();
                leg.unpriced += usize::from(!cost.complete);
            }
        }
    }
}

/// The tokens of a request that is cut off at `deadline`: those of its prompt, and of its answer as many as had come, as they are
/// counted of a call that a table gives up. Before the first one nobody counts anything.
fn cut_off(attempt: &Attempt, deadline: u32) -> Option<Usage> {
    let (usage, first) = (attempt.usage?, attempt.ttft.filter(|first| *first <= deadline)?);
    let come = f64::from(deadline - first) / f64::from((attempt.took - first).max(1));
    let part = |tokens: u64| (tokens as f64 * come.min(1.0)).round() as u64;
    Some(Usage { output: part(usage.output), reasoning: part(usage.reasoning), ..usage })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(outcome: Outcome, took: u32, ttft: Option<u32>) -> Attempt {
        let usage = Some(Usage { input: 100, output: 50, ..Usage::default() }).filter(|_| outcome.is_ok());
        Attempt { class: None, prompt: None, outcome, took, ttft, usage, sent_at: 0, quality: None, estimated: false }
    }

    #[test]
    fn only_what_the_table_names_and_had_no_token_is_tried_again() {
        let registry = Registry::built_in();
        let endpoint = registry.endpoints().find(|one| registry.model(*one).id == "deepseek-v4-flash").unwrap();
        let failover = Failover::default();
        let day = Date::constant(2026, 11, 24);
        let terms = Terms::new(&failover, (&registry, endpoint, day), 30_000_000, Timestamp::UNIX_EPOCH);
        let mut source = crate::forecast::table::fixture::source(&registry, endpoint, "chat");
        source.rounds = vec![
            vec![
                attempt(Outcome::Ok, 1_000, Some(100)),
                attempt(Outcome::Http5xx, 300, None),
                attempt(Outcome::Http4xx, 200, None),
                attempt(Outcome::TimeoutIdle, 900, Some(100)),
                // Later than the table waits, and cut off with no token seen.
                attempt(Outcome::Ok, 31_000_000, Some(30_500_000)),
            ],
            Vec::new(),
        ];
        let legs = terms.legs(&source, Part::default());
        assert_eq!(legs[0].ok, [(1_000, Some(100))]);
        assert_eq!(legs[0].again, [300, 30_000_000]);
        assert_eq!(legs[1], legs[0], "a round without a request is that of all together");
        // One had tokens counted: 100 × $0.18/M + 50 × $0.25/M.
        assert!((legs[0].cost - 0.000_030_5 / 5.0).abs() < 1e-12, "{}", legs[0].cost);
    }

    #[test]
    fn a_call_that_is_cut_off_costs_its_prompt_and_what_had_come() {
        let slow = attempt(Outcome::Ok, 1_000, Some(200));
        let output = |deadline| cut_off(&slow, deadline).map(|usage| (usage.input, usage.output));
        assert_eq!([output(100), output(200), output(600)], [None, Some((100, 0)), Some((100, 25))]);
    }
}
