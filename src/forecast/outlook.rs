//! What each route of a table would come to, round by round.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::forecast::measured::Measured;
use crate::forecast::part::Part;
use crate::forecast::remedy::Unmeasured;
use crate::forecast::weighted::Weighted;
use crate::registry::{Endpoint, PriceKey};

/// One round of a route. Weights are shares of all requests of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::forecast) struct Round {
    /// Requests that count for availability: those that are not handed to a person.
    pub(in crate::forecast) asked: f64,
    /// Of these, those that get an answer.
    pub(in crate::forecast) ok: f64,
    /// Of these, those that get it from the first call.
    pub(in crate::forecast) first_ok: f64,
    /// Calls for answers, and those that fail.
    pub(in crate::forecast) calls: f64,
    pub(in crate::forecast) failed_calls: f64,
    /// Dollars, the classifier's included.
    pub(in crate::forecast) cost: f64,
    /// Requests whose cost is not known in full.
    pub(in crate::forecast) unpriced: f64,
    /// The sum of how right the answers are, and the requests of which that is known.
    pub(in crate::forecast) quality: (f64, f64),
    /// Stored requests that say as much as these weighted ones: Kish's effective size.
    pub(in crate::forecast) effective: f64,
}

/// A time and its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::forecast) struct Entry {
    pub(in crate::forecast) round: u32,
    pub(in crate::forecast) weight: f32,
    pub(in crate::forecast) e2e: u32,
    pub(in crate::forecast) ttft: Option<u32>,
}

/// What a route would come to.
#[derive(Clone, Debug, Default)]
pub(in crate::forecast) struct Outlook {
    /// Its share of all requests, 0 to 1.
    pub(in crate::forecast) share: f64,
    /// Of that, what is handed to a person; and what these cost in dollars, absent where that is unknown.
    pub(in crate::forecast) handed: f64,
    pub(in crate::forecast) human_cost: Option<f64>,
    pub(in crate::forecast) rounds: Vec<Round>,
    pub(in crate::forecast) entries: Vec<Entry>,
    /// Shares of all requests that each endpoint answers, that it is called for, and for which that call fails.
    pub(in crate::forecast) answered: BTreeMap<Endpoint, f64>,
    pub(in crate::forecast) called: BTreeMap<Endpoint, f64>,
    pub(in crate::forecast) failed: BTreeMap<Endpoint, f64>,
    /// Models, and the workloads whose requests stand for theirs, that a table chose.
    pub(in crate::forecast) through_tables: BTreeSet<(String, String)>,
    /// What lacks a measurement.
    pub(in crate::forecast) missing: BTreeSet<Unmeasured>,
    /// Models and prices that are assumed, and models whose prices are unknown.
    pub(in crate::forecast) assumed: BTreeSet<(String, PriceKey)>,
    pub(in crate::forecast) unknown: BTreeSet<String>,
    /// Why its figures may not be judged.
    pub(in crate::forecast) obstacles: BTreeSet<String>,
    /// Its times to the last and to the first token in order; made when they are first asked for, when all entries are there.
    pub(in crate::forecast) in_order: [OnceCell<Option<Weighted>>; 2],
    /// The weight of each stored group of requests that first calls are drawn from.
    pub(in crate::forecast) support: BTreeMap<(usize, Part), f64>,
    /// Of the ways that its requests take, the dearest one's mean cost of a request's answer, all its calls included, in dollars.
    pub(in crate::forecast) dearest: f64,
    /// Classes of which no stored request is as long as the requests that go somewhere, and where.
    pub(in crate::forecast) of_any_length: BTreeSet<(String, String)>,
}

impl Outlook {
    /// Works out how many stored requests stand behind each round.
    pub(in crate::forecast) fn settle(&mut self, measured: &Measured) {
        let in_part = |source: usize, part: Part, round: usize| {
            let source = &measured.sources[source];
            source.rounds[round].iter().filter(|attempt| source.holds(part, attempt)).count()
        };
        for (round, sum) in self.rounds.iter_mut().enumerate() {
            let (mut all, mut squares) = (0.0, 0.0);
            for ((source, part), weight) in &self.support {
                // Kish, Survey Sampling (1965), section 11.7.
                all += weight;
                squares += weight * weight / in_part(*source, *part, round).max(1) as f64;
            }
            sum.effective = if squares > 0.0 { all * all / squares } else { 0.0 };
        }
    }

    /// Takes in what another route comes to.
    pub(in crate::forecast) fn merge(&mut self, other: &Self) {
        self.share += other.share;
        if other.handed > 0.0 {
            let before = if self.handed > 0.0 { self.human_cost } else { Some(0.0) };
            self.human_cost = before.zip(other.human_cost).map(|(a, b)| a + b);
        }
        self.handed += other.handed;
        self.rounds.resize_with(other.rounds.len().max(self.rounds.len()), Round::default);
        for (sum, round) in self.rounds.iter_mut().zip(&other.rounds) {
            sum.asked += round.asked;
            sum.ok += round.ok;
            sum.first_ok += round.first_ok;
            sum.calls += round.calls;
            sum.failed_calls += round.failed_calls;
            sum.cost += round.cost;
            sum.unpriced += round.unpriced;
            sum.quality = (sum.quality.0 + round.quality.0, sum.quality.1 + round.quality.1);
        }
        self.entries.extend_from_slice(&other.entries);
        other.answered.iter().for_each(|(endpoint, share)| *self.answered.entry(*endpoint).or_default() += share);
        other.called.iter().for_each(|(endpoint, share)| *self.called.entry(*endpoint).or_default() += share);
        other.failed.iter().for_each(|(endpoint, share)| *self.failed.entry(*endpoint).or_default() += share);
        other.support.iter().for_each(|(group, weight)| *self.support.entry(*group).or_default() += weight);
        self.dearest = self.dearest.max(other.dearest);
        self.through_tables.extend(other.through_tables.iter().cloned());
        self.of_any_length.extend(other.of_any_length.iter().cloned());
        self.missing.extend(other.missing.iter().cloned());
        self.assumed.extend(other.assumed.iter().cloned());
        self.unknown.extend(other.unknown.iter().cloned());
        self.obstacles.extend(other.obstacles.iter().cloned());
    }
}
