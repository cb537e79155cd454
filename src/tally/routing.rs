//! What became of the requests that a routing table carried out, of all of them and of each route's.

use std::collections::BTreeMap;

use crate::sample::{CallKind, LabelledBy, Outcome, Passed, Phase, Sample};
use crate::stats::rank;
use crate::units::{Latency, Micros, Usd};

/// What became of the requests of one route, or of a whole table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoutingTally {
    /// Requests that count.
    pub requests: u64,
    /// Of these, the successes.
    pub ok: u64,
    /// Requests that were handed to a person, which do not count.
    pub handed_off: u64,
    /// What persons cost; absent as long as nothing is known of it.
    pub human_cost: Option<Usd>,
    /// Successes whose first attempts succeeded.
    pub first: Trips,
    /// Successes after a failed attempt.
    pub again: Trips,
    /// Failures after another failed attempt.
    pub failed_again: u64,
    /// Whom the calls for the answer went to, by place among the table's endpoints.
    pub endpoints: BTreeMap<u32, Calls>,
    /// The classifier's calls.
    pub classifier: Labels,
    /// Requests that were routed by another tier than the workload records.
    pub tiering: Tiering,
}

/// Requests that took the same way, with their times and costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trips {
    /// How many.
    pub requests: u64,
    /// End-to-end times in microseconds, in no order.
    pub times: Vec<u32>,
    /// What those of known cost cost.
    pub cost: Usd,
    /// How many of them have a known cost.
    pub priced: u64,
}

/// The calls of one endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// All of them.
    pub made: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// Requests whose answer came from there.
    pub answered: u64,
    /// What the calls of known cost cost.
    pub cost: Usd,
}

/// What a classifier did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Its calls.
    pub calls: u64,
    /// Of these, those that were late, failed or answered nonsense, so that the default tier was taken.
    pub defaulted: u64,
    /// Microseconds from sending to the label, of each call, in no order.
    pub times: Vec<u32>,
    /// Microseconds that the requests took from end to end which it labelled and which succeeded.
    pub whole: u64,
    /// Of these, those that it took.
    pub part: u64,
    /// What its calls of known cost cost.
    pub cost: Usd,
    /// How often each recorded tier, the row, was labelled 0 to 4, or, last, was given the default.
    pub confusion: [[u64; 6]; 5],
}

/// Requests that were routed by another tier than the workload records, which is taken for right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tiering {
    /// Requests with a recorded tier that were routed by one.
    pub compared: u64,
    /// Of these, those that were routed by a higher tier than recorded.
    pub over: u64,
    /// Of these, those of which it is known what they cost, and what the recorded tier's model would have for as many tokens.
    pub priced: u64,
    /// What these cost above that.
    pub paid_above: Usd,
    /// Requests that were routed by a lower tier than recorded.
    pub under: u64,
}

impl RoutingTally {
    /// Takes a measured request in; warm-up, and what no table carried out, is left out.
    ///
    /// `cost` is what it cost, `above` what of it was paid above the recorded tier's model, each absent where that is not
    /// known.
    pub fn record(&mut self, sample: &Sample, cost: Option<Usd>, above: Option<Usd>) {
        let Some(passed) = sample.passed.as_deref().filter(|_| sample.phase == Phase::Measured) else { return };
        if let Some(human_cost) = passed.human_cost {
            *self.human_cost.get_or_insert_default() += human_cost;
        }
        if sample.outcome == Outcome::HandedOff {
            self.handed_off += 1;
        }
        if sample.outcome.counts() {
            self.requests += 1;
            self.ok += u64::from(sample.outcome.is_ok());
            match (sample.outcome.is_ok(), passed.failed_over) {
                (true, false) => self.first.add(sample, cost),
                (true, true) => self.again.add(sample, cost),
                (false, failed_over) => self.failed_again += u64::from(failed_over),
            }
        }
        self.calls(sample, passed);
        self.labels(sample, passed);
        self.tiers(passed, above);
    }

    fn calls(&mut self, sample: &Sample, passed: &Passed) {
        for call in passed.calls.iter().filter(|call| call.kind != CallKind::Classify) {
            let here = self.endpoints.entry(call.place).or_default();
            here.made += 1;
            here.failed += u64::from(!call.outcome.is_ok());
            here.cost += call.cost.unwrap_or_default();
        }
        if let Some(last) = passed.calls.last().filter(|_| sample.outcome.is_ok()) {
            self.endpoints.entry(last.place).or_default().answered += 1;
        }
    }

    fn labels(&mut self, sample: &Sample, passed: &Passed) {
        let Some(call) = passed.calls.iter().find(|call| call.kind == CallKind::Classify) else { return };
        let took = call.moments.end.zip(call.moments.sent).map(|(end, sent)| end.since(sent));
        let labels = &mut self.classifier;
        labels.calls += 1;
        labels.times.extend(took.map(|Micros(took)| took));
        labels.cost += call.cost.unwrap_or_default();
        if let (true, Some(whole), Some(took)) = (sample.outcome.is_ok(), sample.e2e(), took) {
            labels.whole += u64::from(whole.0);
            labels.part += u64::from(took.0);
        }
        let Some((tier, by)) = passed.label else { return };
        let defaulted = by == LabelledBy::Default;
        labels.defaulted += u64::from(defaulted);
        if let Some(recorded) = passed.recorded_tier {
            let answered = if defaulted { DEFAULT } else { usize::from(tier) };
            labels.confusion[usize::from(recorded)][answered] += 1;
        }
    }

    fn tiers(&mut self, passed: &Passed, above: Option<Usd>) {
        let Some(((tier, _), recorded)) = passed.label.zip(passed.recorded_tier) else { return };
        let tiering = &mut self.tiering;
        tiering.compared += 1;
        tiering.under += u64::from(tier < recorded);
        if tier > recorded {
            tiering.over += 1;
            tiering.priced += u64::from(above.is_some());
            tiering.paid_above += above.unwrap_or_default();
        }
    }
}

/// The column of the confusion matrix in which the default tier is counted.
const DEFAULT: usize = 5;

impl Trips {
    fn add(&mut self, sample: &Sample, cost: Option<Usd>) {
        self.requests += 1;
        self.times.extend(sample.e2e().map(|time| time.0));
        self.priced += u64::from(cost.is_some());
        self.cost += cost.unwrap_or_default();
    }

    /// The `q`-quantile of its times by nearest rank, 0 < q < 1; absent without one.
    pub fn quantile(&self, q: f64) -> Option<Latency> {
        quantile(&self.times, q)
    }
}

impl Labels {
    /// Labels that were held against a recorded tier, the default among them.
    pub fn compared(&self) -> u64 {
        self.confusion.iter().flatten().sum()
    }

    /// Of these, those that are as recorded; the default is never right, whatever it is.
    pub fn right(&self) -> u64 {
        (0..self.confusion.len()).map(|tier| self.confusion[tier][tier]).sum()
    }

    /// The `q`-quantile of its calls' times by nearest rank, 0 < q < 1; absent without one.
    pub fn quantile(&self, q: f64) -> Option<Latency> {
        quantile(&self.times, q)
    }
}

fn quantile(times: &[u32], q: f64) -> Option<Latency> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let at = rank(q, times.len()).checked_sub(1)?;
    times.get(at).map(|time| Latency::Finite(Micros(*time)))
}
