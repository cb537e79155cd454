//! One round of a cell: its times, kept exactly.

use hdrhistogram::Histogram;

use crate::sample::Sample;
use crate::tally::metric::HIGHEST_MICROS;
use crate::tally::{Metric, SparseCounts};
use crate::units::{Micros, Moment};

/// The times of a round's successes, four bytes each, and its chunk gaps until they are encoded.
///
/// Keeping times by round is what makes a label on each of them needless.
#[derive(Clone, Debug)]
pub(in crate::tally) struct Round {
    /// Requests that belong to it.
    share: u32,
    /// Of these, those that ended, whatever the outcome.
    ended: u32,
    /// Requests that failed at the provider.
    pub(in crate::tally) failures: usize,
    times: [Vec<u32>; Metric::PER_REQUEST.len()],
    gaps: Vec<u32>,
    span: Option<(Moment, Moment)>,
    pace: Pace,
    encoded: bool,
}

/// At what rate the requests of a round in open load ended, but for the first and last twentieth of them.
///
/// Between its first request and its last answer a schedule waits once for the provider, and at the very end for a straggler:
/// neither is part of the rate that is kept up.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// Requests that ended so far.
    ended: u32,
    /// The number of the request at which the first twentieth had ended, and when.
    from: Option<(u32, Moment)>,
    /// The same before the last twentieth.
    to: Option<(u32, Moment)>,
}

impl Pace {
    /// Takes in the end of the next of the requests that are to end, `share` at most.
    fn add(&mut self, share: u32, end: Moment) {
        self.ended += 1;
        let number = self.ended;
        let latest = |seen: Option<(u32, Moment)>| (number, seen.map_or(end, |(_, before)| before.max(end)));
        let twentieth = share / 20;
        if number <= twentieth.max(1) {
            self.from = Some(latest(self.from));
        }
        if number <= share - twentieth {
            self.to = Some(latest(self.to));
        }
    }
}

impl Round {
    pub(in crate::tally) fn new(share: u32) -> Self {
        Self {
            share,
            ended: 0,
            failures: 0,
            times: Default::default(),
            gaps: vec![],
            span: None,
            pace: Pace::default(),
            encoded: false,
        }
    }

    /// Takes a measured request in and returns how many of its times no histogram can hold.
    pub(in crate::tally) fn record(&mut self, sample: &Sample) -> u64 {
        self.ended += 1;
        self.encoded = false;
        if let (Some(sent), Some(end)) = (sample.moments.sent, sample.moments.end) {
            let span = self.span.get_or_insert((sent, end));
            *span = (span.0.min(sent), span.1.max(end));
            if sample.moments.due.is_some() && sample.outcome.counts() {
                self.pace.add(self.share, end);
            }
        }
        if !sample.outcome.is_ok() {
            self.failures += usize::from(sample.outcome.counts());
            return 0;
        }
        let mut overflows = 0;
        for metric in Metric::PER_REQUEST {
            let Some(Micros(time)) = metric.of(sample) else { continue };
            let times = &mut self.times[metric as usize];
            if times.capacity() == 0 {
                // Few requests open a connection; all other times come with every request, and doubling would
                // leave up to half of the room unused.
                times.reserve_exact(if metric == Metric::Connect { 1 } else { self.share as usize });
            }
            times.push(time);
            overflows += u64::from(u64::from(time) > HIGHEST_MICROS);
        }
        overflows
    }

    /// Takes in a gap between chunks.
    pub(in crate::tally) fn gap(&mut self, gap: Micros) {
        self.gaps.push(gap.0);
        self.encoded = false;
    }

    /// Whether its last request has just ended.
    pub(in crate::tally) fn is_complete(&self) -> bool {
        self.ended == self.share
    }

    /// Whether it holds something that no histogram was made of yet.
    pub(in crate::tally) fn is_open(&self) -> bool {
        !self.encoded && (self.ended > 0 || !self.gaps.is_empty())
    }

    /// From its first request's sending to its last one's end; absent when nothing was sent.
    pub(in crate::tally) fn span(&self) -> Option<(Moment, Moment)> {
        self.span
    }

    /// In open load, requests and the microseconds in which they ended one after the other; absent with fewer than two.
    pub(in crate::tally) fn pace(&self) -> Option<(u32, u64)> {
        let ((first, from), (last, to)) = self.pace.from.zip(self.pace.to)?;
        (last > first && to > from).then(|| (last - first, to.since(from).0.into()))
    }

    /// The times of its successes in microseconds, in the order in which they ended.
    pub(in crate::tally) fn times(&self, metric: Metric) -> &[u32] {
        &self.times[metric as usize]
    }

    /// Hands each metric that has values to `write` as a histogram, then moves the chunk gaps into `sum`.
    pub(in crate::tally) fn encode<E>(
        &mut self,
        scratch: &mut Histogram<u64>,
        sum: &mut SparseCounts,
        mut write: impl FnMut(Metric, &Histogram<u64>) -> Result<(), E>,
    ) -> Result<(), E> {
        for metric in Metric::PER_REQUEST {
            fill(scratch, &self.times[metric as usize]);
            if !scratch.is_empty() {
                write(metric, scratch)?;
            }
        }
        fill(scratch, &std::mem::take(&mut self.gaps));
        self.encoded = true;
        if scratch.is_empty() {
            return Ok(());
        }
        sum.add_histogram(scratch);
        write(Metric::Itl, scratch)
    }
}

/// Makes `histogram` hold `times` and nothing else, leaving out what is beyond its bounds.
fn fill(histogram: &mut Histogram<u64>, times: &[u32]) {
    histogram.reset();
    for time in times.iter().map(|time| u64::from(*time)).filter(|time| *time <= HIGHEST_MICROS) {
        histogram.record(time).expect("the time is within the bounds");
    }
}
