//! Requests sent through a table on paper.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::civil::Date;

use crate::cost;
use crate::forecast::flows::{Flow, Path, Routing, Way};
use crate::forecast::leg::{Leg, Terms};
use crate::forecast::measured::Measured;
use crate::forecast::outlook::{Entry, Outlook, Round};
use crate::forecast::part::Part;
use crate::forecast::remedy::Unmeasured;
use crate::forecast::source::Through;
use crate::registry::Endpoint;
use crate::rng::{extend_hash, hash, keyed};
use crate::routes::Action;
use crate::sample::Usage;
use crate::units::Usd;

/// Times that are drawn for a request that failed over, and for one that is cut, in each round.
const DRAWN: usize = 64;

/// Stored times of a round that are taken one by one; of more, so many at even distances.
const MOST_TAKEN: usize = 4_096;

/// A way through the table made ready: the stored calls of each endpoint on it that may be reached.
struct Hop {
    endpoint: Endpoint,
    source: usize,
    part: Part,
    legs: Rc<Vec<Leg>>,
}

/// The classifier's call, and whether it names the tier.
struct Asking {
    hop: Hop,
    named: bool,
    /// What its question costs, as a multiple of the stored ones.
    dearer: f64,
}

/// Sends requests through a table.
pub(in crate::forecast) struct Sender<'a> {
    pub(in crate::forecast) measured: &'a Measured,
    pub(in crate::forecast) routing: Routing<'a>,
    pub(in crate::forecast) day: Date,
    pub(in crate::forecast) seed: u64,
    pub(in crate::forecast) legs: HashMap<(usize, Part, u32), Rc<Vec<Leg>>>,
}

impl<'a> Sender<'a> {
    pub(in crate::forecast) fn new(measured: &'a Measured, routing: Routing<'a>, day: Date, seed: u64) -> Self {
        Self { measured, routing, day, seed, legs: HashMap::new() }
    }

    /// Adds the requests of `flow`, which go along `path`, to `outlook`.
    pub(in crate::forecast) fn send(&mut self, path: &Path, flow: Flow, outlook: &mut Outlook) {
        let share = flow.share;
        outlook.share += share;
        outlook.rounds.resize_with(self.measured.rounds, Round::default);
        let asking: Option<Asking> = match path.classifier {
            None => None,
            Some((endpoint, named)) => {
                let Some(hop) = self.asking(endpoint) else {
                    outlook.missing.insert(self.unmeasured(endpoint, None, None));
                    return;
                };
                self.note(endpoint, &hop, outlook);
                let dearer = flow.question_tokens().map_or(1.0, |tokens| self.dearer(endpoint, hop.source, tokens));
                Some(Asking { hop, named, dearer })
            }
        };
        for (round, sum) in outlook.rounds.iter_mut().enumerate() {
            sum.cost += asking.as_ref().map_or(0.0, |Asking { hop, dearer, .. }| share * hop.legs[round].cost * dearer);
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
                    self.call((share, path.images), asking.as_ref(), &hops, outlook);
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
        let part = Part::default();
        let legs = self.legs_of(endpoint, source, part, u32::try_from(deadline).unwrap_or(u32::MAX));
        Some(Hop { endpoint, source, part, legs })
    }

    /// What a question of so many tokens costs at `endpoint`, as a multiple of what the questions of `source` do: 1 where a table
    /// put these, or where a price is not known.
    fn dearer(&self, endpoint: Endpoint, source: usize, tokens: f64) -> f64 {
        let stored = &self.measured.sources[source];
        let pricing = self.routing.registry.pricing(endpoint);
        let Some(rates) = pricing.on(self.day).map(|row| &row.price.rates).filter(|_| stored.through == Through::Cell)
        else {
            return 1.0;
        };
        let (mut asked, mut labels) = (Usage::default(), 0_u64);
        for usage in stored.rounds.iter().flatten().filter_map(|attempt| attempt.usage) {
            asked.input += usage.input;
            asked.cached_input += usage.cached_input;
            asked.cache_write += usage.cache_write;
            (asked.output, asked.reasoning) = (asked.output + usage.output, asked.reasoning + usage.reasoning);
            labels += 1;
        }
        let question = Usage {
            input: (tokens * labels as f64).round() as u64,
            output: asked.output,
            reasoning: asked.reasoning,
            ..Usage::default()
        };
        let cost = |usage: &Usage| cost::of(usage, 0, Some(rates)).known.as_f64();
        let (is, was) = (cost(&question), cost(&asked));
        if was > 0.0 { is / was } else { 1.0 }
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
            let any = || matches!(path.way, Way::Pieces(..)).then(|| self.answers_of(*endpoint).next()).flatten();
            let Some((source, class)) = stored.or_else(|| any().map(|source| (source, None))) else {
                outlook.missing.insert(self.unmeasured(*endpoint, Some(&path.workload), class));
                return None;
            };
            let size = path.size.filter(|_| !matches!(path.way, Way::Pieces(..)));
            let (part, is_of_size) = self.of_size(source, class, size);
            if !is_of_size {
                let model = self.routing.registry.model(*endpoint).id.clone();
                outlook.of_any_length.insert((path.class.clone().unwrap_or_else(|| path.workload.clone()), model));
            }
            let legs = self.legs_of(*endpoint, source, part, deadline);
            reach.iter_mut().zip(legs.iter()).for_each(|(reach, leg)| *reach *= leg.again_share());
            let hop = Hop { endpoint: *endpoint, source, part, legs };
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
        Unmeasured::Call {
            model: registry.model(endpoint).id.clone(),
            workload: workload.map(str::to_owned),
            class: class.map(str::to_owned),
            region: registry.region(endpoint).map(|region| region.id.clone()),
            registry: registry.source.clone(),
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
        if stored.through == Through::Answers {
            outlook.through_tables.insert((model.clone(), stored.workload.clone()));
        }
        if hop.legs.iter().any(|leg| leg.unpriced > 0) {
            outlook.unknown.insert(model.clone());
        }
    }

    fn call(&self, (share, images): (f64, u32), asking: Option<&Asking>, hops: &[Hop], outlook: &mut Outlook) {
        let rounds = self.measured.rounds as f64;
        *outlook.support.entry((hops[0].source, hops[0].part)).or_default() += share;
        outlook.dearest = outlook.dearest.max(mean(&hops[0].legs, |leg| leg.cost_with(images)));
        for (round, sum) in outlook.rounds.iter_mut().enumerate() {
            sum.asked += share;
            let mut reach = share;
            let mut before: Vec<&[u32]> = Vec::new();
            for (nth, hop) in hops.iter().enumerate() {
                let leg = &hop.legs[round];
                let ok = reach * leg.ok_share();
                *outlook.called.entry(hop.endpoint).or_default() += reach / rounds;
                *outlook.answered.entry(hop.endpoint).or_default() += ok / rounds;
                *outlook.failed.entry(hop.endpoint).or_default() += (reach - ok) / rounds;
                sum.calls += reach;
                sum.failed_calls += reach - ok;
                sum.cost += reach * leg.cost_with(images);
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
                    if let Some(Asking { hop, named, .. }) = asking {
                        earlier = earlier.saturating_add(label_time(&hop.legs[round], *named, &mut rng));
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
    fn call_for_pieces(
        &self,
        (share, pieces): (f64, u32),
        asking: Option<&Asking>,
        hops: &[Hop],
        outlook: &mut Outlook,
    ) {
        let calls = f64::from(pieces + 1);
        let rounds = self.measured.rounds as f64;
        *outlook.support.entry((hops[0].source, hops[0].part)).or_default() += share;
        outlook.dearest = outlook.dearest.max(calls * mean(&hops[0].legs, |leg| leg.cost));
        for (round, sum) in outlook.rounds.iter_mut().enumerate() {
            sum.asked += share;
            let (mut reach, mut ok, mut cost) = (1.0, 0.0, 0.0);
            for hop in hops {
                let leg = &hop.legs[round];
                let answers = reach * leg.ok_share();
                *outlook.called.entry(hop.endpoint).or_default() += share * calls * reach / rounds;
                *outlook.failed.entry(hop.endpoint).or_default() += share * calls * (reach - answers) / rounds;
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
                let mut earlier =
                    asking.map_or(0, |Asking { hop, named, .. }| label_time(&hop.legs[round], *named, &mut rng));
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

/// The mean over the rounds of what `of` says of each.
fn mean(legs: &[Leg], of: impl Fn(&Leg) -> f64) -> f64 {
    legs.iter().map(of).sum::<f64>() / legs.len().max(1) as f64
}

/// At most `most` of `count` places, at even distances.
fn taken(count: usize, most: usize) -> Vec<usize> {
    if count <= most { (0..count).collect() } else { (0..most).map(|place| place * count / most).collect() }
}

/// What some request for a tier took: one that was answered in time where that `named` the tier, else one that failed or was cut
/// off; of either where the round has none of the kind.
fn label_time(leg: &Leg, named: bool, rng: &mut fastrand::Rng) -> u32 {
    let (ok, failed) = (leg.ok.len(), leg.again.len() + leg.lost.len());
    let from_ok = if named { ok > 0 } else { failed == 0 };
    match (from_ok, ok, failed) {
        (_, 0, 0) => 0,
        (true, ..) => leg.ok[rng.usize(..ok)].0,
        (false, ..) => {
            let place = rng.usize(..failed);
            leg.again.get(place).or_else(|| leg.lost.get(place - leg.again.len())).copied().unwrap_or(0)
        }
    }
}

#[cfg(test)]
mod tests;
