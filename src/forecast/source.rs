//! The stored requests of one measured cell.

use std::sync::Arc;

use hdrhistogram::Histogram;

use crate::forecast::part::Part;
use crate::rng::{extend_hash, hash, keyed};
use crate::rundir::{CellNote, CellRow, Manifest};
use crate::sample::{Outcome, Usage};

/// One stored request, sent once to one endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::forecast) struct Attempt {
    /// Index into the names of [`Source::classes`]; absent: its class is not kept.
    pub(in crate::forecast) class: Option<u16>,
    /// Index into [`Source::ranks`]; absent: it is not known how long its prompt is among others.
    pub(in crate::forecast) prompt: Option<u32>,
    pub(in crate::forecast) outcome: Outcome,
    /// Microseconds to its last token, or to the end of a failure.
    pub(in crate::forecast) took: u32,
    /// Microseconds to its first token.
    pub(in crate::forecast) ttft: Option<u32>,
    pub(in crate::forecast) usage: Option<Usage>,
    /// Microseconds from the start of the run.
    pub(in crate::forecast) sent_at: u64,
    /// How right its answer was.
    pub(in crate::forecast) quality: Option<f32>,
    /// Whether its tokens were estimated.
    pub(in crate::forecast) estimated: bool,
}

/// What the stored requests of a source were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forecast) enum Through {
    /// Every request of a workload, sent to one endpoint.
    Cell,
    /// Calls for an answer by a routing table: of the requests that it sent there.
    Answers,
    /// Calls for a tier by a routing table.
    Labels,
}

/// A measured cell: an endpoint on a workload.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::forecast) struct Source {
    pub(in crate::forecast) provider: String,
    pub(in crate::forecast) model: String,
    pub(in crate::forecast) region: Option<String>,
    pub(in crate::forecast) workload: String,
    pub(in crate::forecast) through: Through,
    /// Index into the runs.
    pub(in crate::forecast) run: usize,
    /// Requests a second that it was measured at.
    pub(in crate::forecast) rate: Option<f64>,
    /// The share of right answers where it is known of the cell alone.
    pub(in crate::forecast) quality: Option<f64>,
    /// Why its figures may not be judged; absent: they may.
    pub(in crate::forecast) obstacle: Option<String>,
    /// The service tier that most of its answers came in.
    pub(in crate::forecast) service_tier: Option<String>,
    /// The classes of its requests; empty where they are not kept.
    pub(in crate::forecast) classes: Vec<String>,
    /// Of the workload's prompts, by their length among those of their class, see [`Prompts`](crate::forecast::part::Prompts).
    pub(in crate::forecast) ranks: Arc<[Option<f32>]>,
    pub(in crate::forecast) rounds: Vec<Vec<Attempt>>,
}

impl Source {
    /// The cell of `note`, still without requests; the run of `manifest` is the one at the place `run`.
    pub(in crate::forecast) fn new(
        manifest: &Manifest,
        note: &CellNote,
        row: Option<&CellRow>,
        run: usize,
        rounds: usize,
    ) -> Self {
        let is_invalid = row.is_some_and(|row| row.valid == Some(false));
        let obstacle = || format!("{}: {}", note.cell, manifest.reasons_against(&note.cell).join("; "));
        Self {
            provider: note.provider.clone(),
            model: note.model.clone(),
            region: note.region.clone(),
            workload: note.workload.clone(),
            through: Through::Cell,
            run,
            rate: row.and_then(|row| row.throughput_rps),
            quality: row.and_then(|row| row.quality_ratio),
            obstacle: is_invalid.then(obstacle),
            service_tier: None,
            classes: Vec::new(),
            ranks: Arc::default(),
            rounds: vec![Vec::new(); rounds],
        }
    }

    /// Whether both stand for the same calls: to one endpoint for one workload, for answers or for tiers.
    pub(in crate::forecast) fn stands_beside(&self, other: &Self) -> bool {
        let of = |one: &Self| one.through == Through::Labels;
        self.provider == other.provider
            && self.model == other.model
            && self.region == other.region
            && self.workload == other.workload
            && of(self) == of(other)
    }

    /// Whether `attempt`, one of its own, is in `part`.
    pub(in crate::forecast) fn holds(&self, part: Part, attempt: &Attempt) -> bool {
        part.holds(attempt.class, attempt.prompt.and_then(|prompt| self.ranks.get(prompt as usize).copied().flatten()))
    }

    /// The number of the class called `name`.
    pub(in crate::forecast) fn class(&mut self, name: &str) -> u16 {
        let place = self.classes.iter().position(|known| known == name).unwrap_or_else(|| {
            self.classes.push(name.to_owned());
            self.classes.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Takes the requests of a run that keeps none of its own from the histograms of its rounds, first-token times beside
    /// end-to-end times by their rank.
    ///
    /// A failure is in no histogram: each round has as many as it lacks successes. A timeout takes its limit, another failure
    /// the median time to the first token. Tokens are those of the cell, spread evenly over its successes; of the answers that
    /// were checked, as many as its quality says are right, and chance says which.
    pub(in crate::forecast) fn fill(
        &mut self,
        manifest: &Manifest,
        row: &CellRow,
        (e2e, ttft): (&[Histogram<u64>], &[Histogram<u64>]),
    ) {
        let rounds = self.rounds.len();
        let failures = failures_of(row);
        let failed: u64 = failures.iter().map(|(_, count)| count).sum();
        let totals = [row.input_tokens, row.cached_input_tokens, row.output_tokens, row.reasoning_tokens];
        let (mut nth, mut nth_failed) = (0_u64, 0_u64);
        let mut answers = Answers::of(row);
        let spread = |total: u64, nth: u64| {
            let until = |nth: u64| u128::from(total) * u128::from(nth) / u128::from(row.ok.max(1));
            (until(nth + 1) - until(nth)) as u64
        };
        for (index, histogram) in e2e.iter().enumerate() {
            let round = &mut self.rounds[index * rounds / e2e.len()];
            let first: Option<&Histogram<u64>> = ttft.get(index);
            let counts = histogram.len();
            let times = histogram.iter_recorded().flat_map(|step| {
                let middle = (step.value_iterated_to() + histogram.lowest_equivalent(step.value_iterated_to())) / 2;
                std::iter::repeat_n(middle, step.count_at_value() as usize)
            });
            for (place, took) in times.enumerate() {
                let share = (place as f64 + 0.5) / counts as f64;
                let token = first.filter(|times| !times.is_empty()).map(|times| times.value_at_quantile(share));
                let usage = totals[2].map(|output| Usage {
                    input: spread(totals[0].unwrap_or(0), nth),
                    cached_input: spread(totals[1].unwrap_or(0), nth),
                    cache_write: 0,
                    output: spread(output, nth),
                    reasoning: spread(totals[3].unwrap_or(0), nth),
                });
                nth += 1;
                round.push(Attempt {
                    class: None,
                    prompt: None,
                    outcome: Outcome::Ok,
                    took: u32::try_from(took).unwrap_or(u32::MAX),
                    ttft: token.map(|token| u32::try_from(token.min(took)).unwrap_or(u32::MAX)),
                    usage,
                    sent_at: 0,
                    quality: answers.next_quality(),
                    estimated: row.requests_estimated.unwrap_or(0) > 0,
                });
            }
            let until = |part: usize| failed * part as u64 / e2e.len() as u64;
            let lacking = until(index + 1) - until(index);
            let median = first.filter(|times| !times.is_empty()).map_or(0, |times| times.value_at_quantile(0.5));
            for _ in 0..lacking {
                let outcome = nth_outcome(&failures, nth_failed);
                nth_failed += 1;
                round.push(Attempt {
                    class: None,
                    prompt: None,
                    outcome,
                    took: limit_ms(manifest, outcome).map_or(u32::try_from(median).unwrap_or(u32::MAX), |ms| {
                        u32::try_from(ms * 1_000).unwrap_or(u32::MAX)
                    }),
                    ttft: (outcome == Outcome::TimeoutIdle).then_some(u32::try_from(median).unwrap_or(u32::MAX)),
                    usage: None,
                    sent_at: 0,
                    quality: None,
                    estimated: false,
                });
            }
        }
    }
}

/// The answers of a cell that keeps none, of which it is known how many were checked and right.
///
/// Drawn one after the other, so that rounds differ by chance as they did.
struct Answers {
    left: u64,
    checked: u64,
    right: u64,
    rng: fastrand::Rng,
}

impl Answers {
    fn of(row: &CellRow) -> Self {
        let checked = row.quality_ratio.and(row.requests_checked).unwrap_or(0).min(row.ok);
        let right = (row.quality_ratio.unwrap_or(0.0) * checked as f64).round() as u64;
        let rng = keyed(extend_hash(hash(b"answers of a slim cell"), row.cell.as_bytes()));
        Self { left: row.ok, checked, right, rng }
    }

    /// How right the next answer was; absent where it was not checked.
    fn next_quality(&mut self) -> Option<f32> {
        let mut is_one = |of: u64, all: u64| all > 0 && self.rng.u64(..all) < of;
        let is_checked = is_one(self.checked, self.left);
        let is_right = is_checked && is_one(self.right, self.checked);
        self.left = self.left.saturating_sub(1);
        self.checked -= u64::from(is_checked);
        self.right -= u64::from(is_right);
        is_checked.then_some(f32::from(u8::from(is_right)))
    }
}

/// The failures of `row` that count, by outcome.
fn failures_of(row: &CellRow) -> Vec<(Outcome, u64)> {
    let entries = row.outcomes.split(';').filter_map(|entry| entry.split_once('='));
    let read = entries.filter_map(|(name, count)| Some((name.parse::<Outcome>().ok()?, count.parse::<u64>().ok()?)));
    read.filter(|(outcome, _)| !outcome.is_ok() && outcome.counts()).collect()
}

/// The outcome of failure `nth`, spread so that all rounds share all kinds: multiples of the golden ratio fill an interval evenly.
fn nth_outcome(failures: &[(Outcome, u64)], nth: u64) -> Outcome {
    let all: u64 = failures.iter().map(|(_, count)| count).sum();
    let mut left = ((nth as f64 * 0.618_033_988_749_895).fract() * all as f64) as u64;
    for (outcome, count) in failures {
        if left < *count {
            return *outcome;
        }
        left -= count;
    }
    Outcome::Http5xx
}

/// The limit in milliseconds that `outcome` says had passed.
const fn limit_ms(manifest: &Manifest, outcome: Outcome) -> Option<u64> {
    match outcome {
        Outcome::TimeoutConnect => Some(manifest.load.timeout_connect_ms),
        Outcome::TimeoutFirstToken => Some(manifest.load.timeout_first_token_ms),
        Outcome::TimeoutIdle => Some(manifest.load.timeout_idle_ms),
        Outcome::TimeoutTotal => Some(manifest.load.timeout_total_ms),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_slim_cells_answers_as_many_are_checked_and_right_as_its_row_says() {
        let mut answers = Answers { left: 500, checked: 400, right: 380, rng: keyed(7) };
        let all: Vec<Option<f32>> = (0..500).map(|_| answers.next_quality()).collect();
        let right = |all: &[Option<f32>]| all.iter().flatten().sum::<f32>() as u32;
        assert_eq!((all.iter().flatten().count(), right(&all)), (400, 380));
        assert_eq!(answers.next_quality(), None);
        // They are spread as chance has it, and not evenly.
        let fifths: Vec<u32> = all.chunks(100).map(|part| part.iter().flatten().count() as u32 - right(part)).collect();
        assert!(fifths.iter().any(|wrong| *wrong != fifths[0]), "{fifths:?}");
    }
}
