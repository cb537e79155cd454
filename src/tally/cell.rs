//! What is known of one cell so far.

use crate::cost::Reconciled;
use crate::sample::{Sample, Usage, UsageSource};
use crate::tally::answers::Answers;
use crate::tally::round::Round;
use crate::tally::spans::Spans;
use crate::tally::{Outcomes, SparseCounts};
use crate::units::Usd;

/// Everything that a cell's figures are made of.
#[derive(Clone, Debug)]
pub(in crate::tally) struct CellTally {
    pub(in crate::tally) rounds: Vec<Round>,
    pub(in crate::tally) outcomes: Outcomes,
    /// HTTP exchanges of the requests that count.
    pub(in crate::tally) attempts: u64,
    /// Of these, those that failed.
    pub(in crate::tally) failed_attempts: u64,
    /// Whether a reply carried the simulator's mark.
    pub(in crate::tally) simulated: bool,
    /// Whether a schedule named a request's moment.
    pub(in crate::tally) scheduled: bool,
    pub(in crate::tally) active: Spans,
    /// Microseconds from sending to end, over all requests.
    pub(in crate::tally) in_flight: u64,
    /// Tokens of all requests that have a count; absent as long as none has.
    pub(in crate::tally) usage: Option<Usage>,
    /// Successes whose tokens the provider did not count.
    pub(in crate::tally) without_usage: u64,
    /// Requests whose tokens the provider counted.
    pub(in crate::tally) counted: u64,
    /// Of these, those whose counts contradict the total beside them.
    pub(in crate::tally) contradicting: u64,
    /// Requests whose tokens were estimated.
    pub(in crate::tally) estimated: u64,
    /// What the provider states of the costs; absent as long as it states none that could be compared.
    pub(in crate::tally) reconciled: Option<Reconciled>,
    /// What the requests of known cost cost; absent as long as none has one.
    pub(in crate::tally) cost: Option<Usd>,
    /// Requests that were surely or probably billed and have no known cost.
    pub(in crate::tally) without_cost: u64,
    pub(in crate::tally) answers: Answers,
    /// Answers that were held against what was expected.
    pub(in crate::tally) checked: u64,
    /// Of these, those that were as expected.
    pub(in crate::tally) right: u64,
    /// Chunk gaps of the encoded rounds, as histograms hold them.
    pub(in crate::tally) gaps: SparseCounts,
    pub(in crate::tally) read_lags: SparseCounts,
    /// Times beyond what a histogram can hold.
    pub(in crate::tally) overflows: u64,
}

impl CellTally {
    pub(in crate::tally) fn new(shares: &[u32]) -> Self {
        Self {
            rounds: shares.iter().map(|share| Round::new(*share)).collect(),
            outcomes: Outcomes::default(),
            attempts: 0,
            failed_attempts: 0,
            simulated: false,
            scheduled: false,
            active: Spans::default(),
            in_flight: 0,
            usage: None,
            without_usage: 0,
            counted: 0,
            contradicting: 0,
            estimated: 0,
            reconciled: None,
            cost: None,
            without_cost: 0,
            answers: Answers::default(),
            checked: 0,
            right: 0,
            gaps: SparseCounts::default(),
            read_lags: SparseCounts::default(),
            overflows: 0,
        }
    }

    /// Takes a measured request in.
    pub(in crate::tally) fn record(&mut self, sample: &Sample, cost: Option<Usd>) {
        self.outcomes.add(sample.outcome);
        self.overflows += self.rounds[sample.round as usize].record(sample);
        self.simulated |= sample.simulated;
        self.scheduled |= sample.moments.due.is_some();
        if let (Some(sent), Some(end)) = (sample.moments.sent, sample.moments.end) {
            self.active.add(sent, end);
            self.in_flight += u64::from(end.since(sent).0);
        }
        if let Some((usage, _)) = sample.usage {
            *self.usage.get_or_insert_default() += usage;
        }
        let source = sample.usage.map(|(_, source)| source);
        let is_counted = source == Some(UsageSource::Provider);
        self.without_usage += u64::from(sample.outcome.is_ok() && !is_counted);
        self.counted += u64::from(is_counted);
        self.contradicting += u64::from(is_counted && sample.usage_contradicts);
        self.estimated += u64::from(source == Some(UsageSource::Estimated));
        if let (true, Some(stated), Some(computed)) = (is_counted, sample.stated_cost, cost) {
            self.reconciled.get_or_insert_default().add(stated, computed);
        }
        match cost {
            Some(cost) => *self.cost.get_or_insert_default() += cost,
            None => self.without_cost += u64::from(sample.outcome.is_ok() || sample.usage.is_some()),
        }
        if sample.outcome.counts() {
            self.answers.sent(sample.line);
            self.attempts += sample.attempts();
            self.failed_attempts += sample.failed_attempts();
        }
        self.checked += u64::from(sample.right.is_some());
        self.right += u64::from(sample.right == Some(true));
        // Where chance has a part in the answer, two of them say nothing of consistency.
        if let (true, Some(hash)) = (sample.outcome.is_ok() && sample.greedy, sample.answer_hash) {
            self.answers.answered(sample.line, hash);
        }
    }
}
