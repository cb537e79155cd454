//! Requests sent through a table on paper.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::civil::Date;

use crate::forecast::flows::{Labelling, Path, Routing, Way};
use crate::forecast::leg::{Leg, Terms};
use crate::forecast::measured::Measured;
use crate::forecast::outlook::{Entry, Outlook, Round};
use crate::forecast::remedy::Unmeasured;
use crate::registry::Endpoint;
use crate::rng::{extend_hash, hash, keyed};
use crate::routes::Action;
use crate::units::Usd;

/// Times that are drawn for a request that failed over, and for one that is cut, in each round.
const DRAWN: usize = 64;

/// Stored times of a round that are taken one by one; of more, so many at even distances.
const MOST_TAKEN: usize = 4_096;

/// A way through the table made ready: the stored calls of each endpoint on it that may be reached.
struct Hop {
    endpoint: Endpoint,
    source: usize,
    class: Option<u16>,
    legs: Rc<Vec<Leg>>,
}

/// Sends requests through a table.
pub(in crate::forecast) struct Sender<'a> {
    pub(in crate::forecast) measured: &'a Measured,
    pub(in crate::forecast) routing: Routing<'a>,
    pub(in crate::forecast) day: Date,
    pub(in crate::forecast) seed: u64,
    legs: HashMap<(usize, Option<u16>, u32), Rc<Vec<Leg>>>,
}

impl<'a> Sender<'a> {
    pub(in crate::forecast) fn new(measured: &'a Measured, routing: Routing<'a>, day: Date, seed: u64) -> Self {
        Self { measured, routing, day, seed, legs: HashMap::new() }
    }

    /// How requests that ask `endpoint` for their tier are labelled; absent where that was never measured.
    pub(in crate::forecast) fn labelling(&mut self, endpoint: Endpoint) -> Option<Labelling> {
        let classifier = self.routing.table.classifier.as_ref()?;
        let source = self.classifying(endpoint)?;
        let stored = &self.measured.sources[source];
        let deadline = u32::try_from(classifier.timeout.as_micros()).unwrap_or(u32::MAX);
        let legs = self.legs_of(endpoint, source, None, deadline);
        let (ok, all) = legs.iter().fold((0, 0), |sum, leg| (sum.0 + leg.ok.len(), sum.1 + leg.requests));
        let known = legs.iter().fold((0.0, 0), |sum, leg| (sum.0 + leg.quality.0, sum.1 + leg.quality.1));
        let right = if known.1 > 0 { Some(known.0 / known.1 as f64) } else { stored.quality };
        Some(Labelling { right: right.unwrap_or(1.0), late: 1.0 - ok as f64 / all.max(1) as f64 })
    }

    /// Whether it is known how often the labels of `endpoint` are right.
    pub(in crate::forecast) fn knows_accuracy(&self, endpoint: Endpoint) -> bool {
        self.classifying(endpoint).is_some_and(|source| {
            let stored = &self.measured.sources[source];
            stored.quality.is_some() || stored.rounds.iter().flatten().any(|attempt| attempt.quality.is_some())
        })
    }

    /// The cell in which `endpoint` was asked for tiers.
    fn classifying(&self, endpoint: Endpoint) -> Option<usize> {
        let labelled =
            |workload: &str| self.measured.kinds.iter().any(|kind| kind.workload == workload && kind.tier.is_some());
        self.sources_of(endpoint).find(|source| labelled(&self.measured.sources[*source].workload))
    }

    fn sources_of(&self, endpoint: Endpoint) -> impl Iterator<Item = usize> + '_ {
        let registry = self.routing.registry;
        let (provider, model) = (&registry.provider(endpoint).id, &registry.model(endpoint).id);
        let region = registry.region(endpoint).map(|region| region.id.as_str());
        let is_it = move |source: &usize| {
            let stored = &self.measured.sources[*source];
            (&stored.provider, &stored.model, stored.region.as_deref()) == (provider, model, region)
                && stored.rounds.iter().any(|round| !round.is_empty())
        };
        (0..self.measured.sources.len()).filter(is_it)
    }

    /// The greatest rate, in requests a second, that `endpoint` was measured at; absent: not known.
    pub(in crate::forecast) fn rate(&self, endpoint: Endpoint) -> Option<f64> {
        self.sources_of(endpoint).filter_map(|source| self.measured.sources[source].rate).reduce(f64::max)
    }

    /// The stored requests that stand for a call to `endpoint`: of the same workload and class, else of the class.
    fn stored(&self, endpoint: Endpoint, workload: &str, class: Option<&str>) -> Option<(usize, Option<u16>)> {
        let of_class = |source: usize| {
            let classes = &self.measured.sources[source].classes;
            match class {
                Some(class) if !classes.is_empty() => {
                    let place = classes.iter().position(|known| known == class)?;
                    Some((source, u16::try_from(place).ok()))
                }
                _ => Some((source, None)),
            }
        };
        let holds = |workload: &str| {
            class.is_some()
                && self.measured.kinds.iter().any(|kind| kind.workload == workload && kind.class.as_deref() == class)
        };
        let all = || self.sources_of(endpoint);
        let same = |source: &usize| self.measured.sources[*source].workload == workload;
        all()
            .filter(same)
            .find_map(of_class)
            .or_else(|| all().filter(|source| holds(&self.measured.sources[*source].workload)).find_map(of_class))
    }

    fn legs_of(&mut self, endpoint: Endpoint, source: usize, class: Option<u16>, deadline: u32) -> Rc<Vec<Leg>> {
        let key = (source, class, deadline);
        if let Some(known) = self.legs.get(&key) {
            return Rc::clone(known);
        }
        let stored = &self.measured.sources[source];
        let started = self.measured.runs[stored.run].started;
        let priced = (self.routing.registry, endpoint, self.day);
        let terms = Terms::new(&self.routing.table.failover, priced, deadline, started);
        let legs = Rc::new(terms.legs(stored, class));
        self.legs.insert(key, Rc::clone(&legs));
        legs
    }

    /// Adds `share` of all requests, which go along `path`, to `outlook`.
    pub(in crate::forecast) fn send(&mut self, path: &Path, share: f64, outlook: &mut Outlook) {
        outlook.share += share;
        outlook.rounds.resize_with(self.measured.rounds, Round::default);
        let asking = path.classifier.map(|endpoint| (endpoint, self.asking(endpoint)));
        if let Some((endpoint, None)) = asking {
            outlook.missing.insert(self.unmeasured(endpoint, None, None));
            return;
        }
        let asking = asking.and_then(|(endpoint, hop)| hop.inspect(|hop| self.note(endpoint, hop, outlook)));
        let cost = |leg: &Leg| share * leg.cost;
        for (round, sum) in outlook.rounds.iter_mut().enumerate() {
            sum.cost += asking.as_ref().map_or(0.0, |hop| cost(&hop.legs[round]));
        }
        match &path.way {
            Way::HandOff => {
                outlook.handed += share;
                let human = path.route.and_then(|route| match &self.routing.table.routes[route].action {
                    Action::HandOff { human_cost } => human_cost.map(Usd::as_f64),
                    Action::Send { .. } => None,
                });
                outlook.human_cost = human.map(|cost| outlook.human_cost.unwrap_or(0.0) + cost * share);
            }
            Way::Refused => outlook.rounds.iter_mut().for_each(|sum| sum.asked += share),
            Way::Call(chain) => {
                if let Some(hops) = self.hops(path, chain, outlook) {
                    self.call(share, asking.as_ref(), &hops, outlook);
                }
            }
            Way::Pieces(chain, pieces) => {
                if let Some(hops) = self.hops(path, chain, outlook) {
                    self.call_for_pieces((share, *pieces), asking.as_ref(), &hops, outlook);
                }
            }
        }
    }

    fn asking(&mut self, endpoint: Endpoint) -> Option<Hop> {
        let deadline = self.routing.table.classifier.as_ref()?.timeout.as_micros();
        let source = self.classifying(endpoint)?;
        let legs = self.legs_of(endpoint, source, None, u32::try_from(deadline).unwrap_or(u32::MAX));
        Some(Hop { endpoint, source, class: None, legs })
    }

    /// The calls of `chain` that may be made; absent where one of them was never measured, which is noted.
    fn hops(&mut self, path: &Path, chain: &[Endpoint], outlook: &mut Outlook) -> Option<Vec<Hop>> {
        let deadline = u32::try_from(self.routing.table.failover.timeout.as_micros()).unwrap_or(u32::MAX);
        let mut hops = Vec::new();
        let mut reach = vec![1.0; self.measured.rounds];
        for endpoint in chain {
            let class = path.class.as_deref();
            let stored = self.stored(*endpoint, &path.workload, class);
            // A piece is of no recorded size, so that any requests of the model stand for it.
            let any = || matches!(path.way, Way::Pieces(..)).then(|| self.sources_of(*endpoint).next()).flatten();
            let Some((source, class)) = stored.or_else(|| any().map(|source| (source, None))) else {
                outlook.missing.insert(self.unmeasured(*endpoint, Some(&path.workload), class));
                return None;
            };
            let legs = self.legs_of(*endpoint, source, class, deadline);
            reach.iter_mut().zip(legs.iter()).for_each(|(reach, leg)| *reach *= leg.again_share());
            let hop = Hop { endpoint: *endpoint, source, class, legs };
            self.note(*endpoint, &hop, outlook);
            hops.push(hop);
            if reach.iter().all(|reach| *reach <= 0.0) {
                break;
            }
        }
        Some(hops)
    }

    fn unmeasured(&self, endpoint: Endpoint, workload: Option<&str>, class: Option<&str>) -> Unmeasured {
        let registry = self.routing.registry;
        Unmeasured {
            model: registry.model(endpoint).id.clone(),
            workload: workload.map(str::to_owned),
            class: class.map(str::to_owned),
            region: registry.region(endpoint).map(|region| region.id.clone()),
        }
    }

    /// Notes what is to be said of the prices and the validity of a call.
    fn note(&self, endpoint: Endpoint, hop: &Hop, outlook: &mut Outlook) {
        let stored = &self.measured.sources[hop.source];
        outlook.obstacles.extend(stored.obstacle.clone());
        let priced = (self.routing.registry, endpoint, self.day);
        let terms = Terms::new(&self.routing.table.failover, priced, 0, self.measured.runs[stored.run].started);
        let model = &self.routing.registry.model(endpoint).id;
        outlook.assumed.extend(terms.assumed().into_iter().map(|key| (model.clone(), key)));
        if hop.legs.iter().any(|leg| leg.unpriced > 0) {
            outlook.unknown.insert(model.clone());
        }
    }

    fn call(&self, share: f64, asking: Option<&Hop>, hops: &[Hop], outlook: &mut Outlook) {
        let rounds = self.measured.rounds as f64;
        *outlook.support.entry((hops[0].source, hops[0].class)).or_default() += share;
        for (round, sum) in outlook.rounds.iter_mut().enumerate() {
            sum.asked += share;
            let mut reach = share;
            let mut before: Vec<&[u32]> = Vec::new();
            for (nth, hop) in hops.iter().enumerate() {
                let leg = &hop.legs[round];
                let ok = reach * leg.ok_share();
                *outlook.called.entry(hop.endpoint).or_default() += reach / rounds;
                *outlook.answered.entry(hop.endpoint).or_default() += ok / rounds;
                sum.calls += reach;
                sum.failed_calls += reach - ok;
                sum.cost += reach * leg.cost;
                sum.unpriced += reach * leg.unpriced as f64 / leg.requests.max(1) as f64;
                sum.ok += ok;
                sum.first_ok += if nth == 0 { ok } else { 0.0 };
                if leg.quality.1 > 0 {
                    sum.quality.0 += ok * leg.quality.0 / leg.quality.1 as f64;
                    sum.quality.1 += ok;
                }
                let taken = taken(leg.ok.len(), if nth == 0 { MOST_TAKEN } else { DRAWN });
                let weight = (ok / taken.len().max(1) as f64) as f32;
                let mut rng = self.draws(round, nth);
                let entry = |place: usize| {
                    let (took, ttft) = leg.ok[place];
                    let mut earlier = 0_u32;
                    if let Some(asking) = asking {
                        earlier = earlier.saturating_add(any_time(&asking.legs[round], &mut rng));
                    }
                    for times in &before {
                        earlier = earlier.saturating_add(times[rng.usize(..times.len())]);
                    }
                    Entry {
                        round: round as u32,
                        weight,
                        e2e: took.saturating_add(earlier),
                        ttft: ttft.map(|ttft| ttft.saturating_add(earlier)),
                    }
                };
                outlook.entries.extend(taken.into_iter().map(entry));
                reach *= leg.again_share();
                if reach <= 0.0 {
                    break;
                }
                before.push(&leg.again);
            }
        }
    }

    /// A prompt that is cut takes a call for each piece and one more, one after the other.
    fn call_for_pieces(&self, (share, pieces): (f64, u32), asking: Option<&Hop>, hops: &[Hop], outlook: &mut Outlook) {
        let calls = f64::from(pieces + 1);
        let rounds = self.measured.rounds as f64;
        *outlook.support.entry((hops[0].source, hops[0].class)).or_default() += share;
        for (round, sum) in outlook.rounds.iter_mut().enumerate() {
            sum.asked += share;
            let (mut reach, mut ok, mut cost) = (1.0, 0.0, 0.0);
            for hop in hops {
                let leg = &hop.legs[round];
                let answers = reach * leg.ok_share();
                *outlook.called.entry(hop.endpoint).or_default() += share * calls * reach / rounds;
                sum.calls += share * calls * reach;
                sum.failed_calls += share * calls * (reach - answers);
                sum.unpriced += share * reach * leg.unpriced as f64 / leg.requests.max(1) as f64;
                ok += answers;
                cost += reach * leg.cost;
                reach *= leg.again_share();
            }
            let all_ok = share * ok.powf(calls);
            *outlook.answered.entry(hops[0].endpoint).or_default() += all_ok / rounds;
            sum.cost += share * calls * cost;
            sum.ok += all_ok;
            sum.first_ok += share * hops[0].legs[round].ok_share().powf(calls);
            let leg = &hops[0].legs[round];
            if leg.ok.is_empty() {
                continue;
            }
            let mut rng = self.draws(round, hops.len() + pieces as usize);
            for _ in 0..DRAWN {
                let mut earlier = asking.map_or(0, |asking| any_time(&asking.legs[round], &mut rng));
                for _ in 0..pieces {
                    earlier = earlier.saturating_add(leg.ok[rng.usize(..leg.ok.len())].0);
                }
                let (took, ttft) = leg.ok[rng.usize(..leg.ok.len())];
                outlook.entries.push(Entry {
                    round: round as u32,
                    weight: (all_ok / DRAWN as f64) as f32,
                    e2e: took.saturating_add(earlier),
                    ttft: ttft.map(|ttft| ttft.saturating_add(earlier)),
                });
            }
        }
    }

    /// Draws for a call of a round, the same for every table, so that two are told apart by what they do alone.
    fn draws(&self, round: usize, nth: usize) -> fastrand::Rng {
        let key = extend_hash(hash(b"forecast"), &self.seed.to_le_bytes());
        keyed(extend_hash(extend_hash(key, &(round as u64).to_le_bytes()), &(nth as u64).to_le_bytes()))
    }
}

/// At most `most` of `count` places, at even distances.
fn taken(count: usize, most: usize) -> Vec<usize> {
    if count <= most { (0..count).collect() } else { (0..most).map(|place| place * count / most).collect() }
}

/// What some request took, whatever became of it.
fn any_time(leg: &Leg, rng: &mut fastrand::Rng) -> u32 {
    if leg.requests == 0 {
        return 0;
    }
    let mut place = rng.usize(..leg.requests);
    if place < leg.ok.len() {
        return leg.ok[place].0;
    }
    place -= leg.ok.len();
    leg.again.get(place).or_else(|| leg.lost.get(place - leg.again.len())).copied().unwrap_or(0)
}
