//! What one request is going to get, drawn before the first byte of its reply.

use std::sync::Arc;
use std::time::Duration;

use crate::sim::law::EndpointLaw;
use crate::sim::rehearsal::FaultKind;

/// The highest tier that a classifier may name.
const HIGHEST_TIER: u8 = 4;

/// A reply as it will be given, whatever the machine does meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Script {
    /// Milliseconds from the request to the first token, or to the error.
    pub(super) ttft_ms: f64,
    /// Milliseconds a token after the first.
    pub(super) ms_per_token: f64,
    /// Seeds what varies from chunk to chunk.
    pub(super) chunk_seed: u64,
    /// What is said.
    pub(super) answer: Answer,
    /// Whether an answer of which something is expected is right.
    pub(super) right: bool,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A complete answer.
    Text(Text),
    /// Something goes wrong.
    Fault(Fault),
    /// Something goes wrong because the law wants it rehearsed.
    Rehearsed(FaultKind),
}

/// A complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// Its length, 1 or more.
    pub(super) tokens: u32,
    /// Whether the request's limit ended it.
    pub(super) cut: bool,
    /// Its words.
    pub(super) wording: Wording,
}

/// What an answer consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wording {
    /// Words picked by a generator with this seed.
    Words(u64),
    /// The digit of a tier.
    Tier(u8),
    /// These words.
    Said(Arc<str>),
}

/// What goes wrong in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Status 500.
    Internal,
    /// Status 503.
    Unavailable,
    /// Status 429, with the time after which a request would be taken.
    RateLimited(Duration),
}

/// What a request is about, as far as it decides the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    /// The most tokens it allows; absent: no limit.
    pub(super) max_tokens: Option<u32>,
    /// The same for the same prompt to the same model.
    pub(super) prompt: u64,
    /// What is to be done.
    pub(super) task: Task,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Answer in words.
    Write,
    /// Name a tier, this one being right.
    Classify(u8),
}

/// What is going on while the request arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The time since the simulator started.
    pub(super) since_start: Duration,
    /// Requests at the endpoint, this one included.
    pub(super) in_flight: u32,
}

impl Script {
    /// Draws a reply. The number of draws taken from `rng` depends on the law alone, so requests stay comparable.
    pub(super) fn draw(law: &EndpointLaw, rng: &mut fastrand::Rng, topic: Topic, moment: Moment) -> Self {
        let healthy = (1.0 - law.error_ratio) * (1.0 - law.timetable.error_ratio_at(moment.since_start));
        let failed = rng.f64() >= healthy;
        let fault = if rng.bool() { Fault::Internal } else { Fault::Unavailable };
        let crowd = law.capacity.map_or(1.0, |capacity| f64::from(moment.in_flight) / f64::from(capacity)).max(1.0);
        let factor = law.factor * law.timetable.factor_at(moment.since_start) * crowd;
        let ttft_ms = law.distance_ms + law.ttft_ms.draw(rng) * factor;
        let ms_per_token = law.ms_per_token.draw(rng) * factor;
        let varied = rng.f64() < law.varied_ratio;
        let other = rng.u64(..);
        let (right, higher) = (rng.f64() < law.quality, rng.bool());
        let text = match topic.task {
            Task::Write => words(law, if varied { other } else { topic.prompt }, topic.max_tokens),
            Task::Classify(tier) => {
                let tier = if right { tier } else { neighbour(tier, higher) };
                Text { tokens: 1, cut: false, wording: Wording::Tier(tier) }
            }
        };
        let chunk_seed = rng.u64(..);
        let answer = match law.rehearsals.draw(rng) {
            Some(kind) => Answer::Rehearsed(kind),
            None if failed => Answer::Fault(fault),
            None => Answer::Text(text),
        };
        Self { ttft_ms, ms_per_token, chunk_seed, answer, right }
    }

    /// From the request to the last token, or to the error, in milliseconds.
    pub(super) fn e2e_ms(&self) -> f64 {
        match &self.answer {
            Answer::Text(text) => self.ttft_ms + self.ms_per_token * f64::from(text.tokens - 1),
            Answer::Fault(_) | Answer::Rehearsed(_) => self.ttft_ms,
        }
    }
}

fn words(law: &EndpointLaw, seed: u64, max_tokens: Option<u32>) -> Text {
    let length = law.answer_tokens.draw(&mut fastrand::Rng::with_seed(seed)).round().max(1.0) as u32;
    let limit = max_tokens.unwrap_or(u32::MAX);
    Text { tokens: length.min(limit), cut: length > limit, wording: Wording::Words(seed) }
}

/// A tier beside `tier`, within 0 to 4.
fn neighbour(tier: u8, higher: bool) -> u8 {
    if tier == 0 || (higher && tier < HIGHEST_TIER) { tier + 1 } else { tier - 1 }
}

#[cfg(test)]
mod tests;
