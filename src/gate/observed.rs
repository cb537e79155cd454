//! What the requests of a run say, cell by cell and round by round.

use std::collections::HashMap;

use crate::gate::kept_rounds::read_rounds;
use crate::gate::policy::Timed;
use crate::rundir::{Run, RunDirError, read_samples};
use crate::sample::{Outcome, Phase, Sample};
use crate::stats::Share;
use crate::units::Usd;

/// One round of a cell, or of several together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::gate) struct Round {
    /// Measured requests that ended and count.
    pub(in crate::gate) requests: u64,
    /// Of these, the failures.
    pub(in crate::gate) failed: u64,
    /// Requests besides that were handed to a person: they have a cost, and nothing else that is compared.
    pub(in crate::gate) handed: u64,
    /// HTTP exchanges.
    pub(in crate::gate) attempts: u64,
    /// Of these, those that failed.
    pub(in crate::gate) failed_attempts: u64,
    /// First-token times of the successes that have one, in microseconds.
    pub(in crate::gate) ttft: Vec<u32>,
    /// End-to-end times of the successes, in open load from the moment the schedule named.
    pub(in crate::gate) e2e: Vec<u32>,
    /// What the requests with known cost cost.
    pub(in crate::gate) cost: Usd,
    /// Requests that were surely or probably billed and have no known cost. One of them is enough to leave costs uncompared: what
    /// it cost is as unknown as how much more or less that is than on the other side.
    pub(in crate::gate) unpriced: u64,
    /// Wrong answers, among those that were held against what the workload expects.
    pub(in crate::gate) answers: Share,
}

impl Round {
    fn add(&mut self, sample: &Sample, cost: Option<Usd>, is_open: bool) {
        if sample.outcome == Outcome::HandedOff {
            self.handed += 1;
            self.cost += cost.unwrap_or(Usd::ZERO);
            return;
        }
        let ok = sample.outcome.is_ok();
        self.requests += 1;
        self.failed += u64::from(!ok);
        self.attempts += sample.attempts();
        self.failed_attempts += sample.failed_attempts();
        if let Some(right) = sample.right {
            self.answers.all += 1;
            self.answers.of += u64::from(!right);
        }
        match cost {
            Some(cost) => self.cost += cost,
            None => self.unpriced += u64::from(ok || sample.usage.is_some()),
        }
        if ok {
            let e2e = if is_open { sample.e2e_from_due() } else { sample.e2e() };
            self.ttft.extend(sample.ttft().map(|time| time.0));
            self.e2e.extend(e2e.map(|time| time.0));
        }
    }

    /// Takes in the requests of another cell's round.
    pub(in crate::gate) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.handed += other.handed;
        self.attempts += other.attempts;
        self.failed_attempts += other.failed_attempts;
        self.ttft.extend_from_slice(&other.ttft);
        self.e2e.extend_from_slice(&other.e2e);
        self.cost += other.cost;
        self.unpriced += other.unpriced;
        self.answers = Share { of: self.answers.of + other.answers.of, all: self.answers.all + other.answers.all };
    }

    pub(in crate::gate) fn times(&self, latency: Timed) -> &[u32] {
        match latency {
            Timed::Ttft => &self.ttft,
            Timed::E2e => &self.e2e,
        }
    }

    /// What its requests took in milliseconds; those without such a time count as `deadline_ms`.
    pub(in crate::gate) fn times_ms(&self, latency: Timed, deadline_ms: f64) -> Vec<f64> {
        let mut times: Vec<f64> = self.times(latency).iter().map(|micros| f64::from(*micros) / 1e3).collect();
        times.resize(self.requests as usize, deadline_ms);
        times
    }

    /// Dollars for a thousand requests, those handed to a person included; absent without a request.
    pub(in crate::gate) fn cost_per_thousand(&self) -> Option<f64> {
        let asked = self.requests + self.handed;
        (asked > 0).then(|| self.cost.as_f64() * 1e3 / asked as f64)
    }

    /// Failures among requests.
    pub(in crate::gate) const fn failures(&self) -> Share {
        Share { of: self.failed, all: self.requests }
    }

    /// Failures among attempts.
    pub(in crate::gate) const fn attempt_failures(&self) -> Share {
        Share { of: self.failed_attempts, all: self.attempts }
    }
}

/// The rounds of every cell of `run`, in its order; empty for the cells that `wanted` leaves out. They are those of its requests, or
/// where it holds none, what it keeps of its rounds.
///
/// # Errors
/// The run's files cannot be read.
pub(in crate::gate) fn observe(run: &Run, wanted: &[bool]) -> Result<Vec<Vec<Round>>, RunDirError> {
    if !wanted.contains(&true) {
        return Ok(vec![Vec::new(); run.cells.len()]);
    }
    if !run.has_samples() {
        return read_rounds(run, wanted);
    }
    let is_open: Vec<Option<bool>> =
        run.cells.iter().zip(wanted).map(|(row, wanted)| wanted.then(|| row.is_open_load())).collect();
    let of_note = places_of_notes(run);
    observe_as(run, &is_open, |cell, _| of_note[cell])
}

/// The place in `cells.csv` of each cell of the manifest; absent where it has no row.
pub(in crate::gate) fn places_of_notes(run: &Run) -> Vec<Option<usize>> {
    let places: HashMap<&str, usize> =
        run.cells.iter().enumerate().map(|(index, row)| (row.cell.as_str(), index)).collect();
    run.manifest.cells.iter().map(|note| places.get(note.cell.as_str()).copied()).collect()
}

/// The rounds of as many places as `is_open` says to be of open load or not; those that it leaves out are empty. `place_of` says
/// where a request of a cell of the manifest belongs; one that took a route is asked for twice, as its table's and as its route's.
///
/// # Errors
/// `samples.csv` cannot be read.
pub(in crate::gate) fn observe_as(
    run: &Run,
    is_open: &[Option<bool>],
    place_of: impl Fn(usize, &Sample) -> Option<usize>,
) -> Result<Vec<Vec<Round>>, RunDirError> {
    let rounds = run.manifest.load.rounds.max(1) as usize;
    let mut observed: Vec<Vec<Round>> =
        is_open.iter().map(|wanted| wanted.map_or_else(Vec::new, |_| vec![Round::default(); rounds])).collect();
    read_samples(&run.path, &run.manifest, |sample, cost| {
        let is_asked = sample.outcome.counts() || sample.outcome == Outcome::HandedOff;
        if sample.phase != Phase::Measured || !is_asked {
            return;
        }
        for cell in std::iter::once(sample.cell).chain(sample.route) {
            if let Some(place) = place_of(cell as usize, &sample)
                && let Some(is_open) = is_open[place]
            {
                observed[place][sample.round as usize].add(&sample, cost, is_open);
            }
        }
    })?;
    Ok(observed)
}
