//! A request on its way through a routing table: the calls that the table names, made one after the other.

use std::rc::Rc;
use std::time::Instant;

use crate::cost::Tariff;
use crate::load::budget::{Bill, bill};
use crate::load::dial::Unopened;
use crate::load::exchange::Exchanged;
use crate::load::slot::{Ask, Slot, never_sent, sample};
use crate::load::stretch::Step;
use crate::load::{Prepared, Replay};
use crate::plan::Deadlines;
use crate::router::{Answer, Call, CallBody, Ending, Step as Next};
use crate::sample::{CallKind, CallMade, Moments, Passed, Sample, Tries, UsageSource};
use crate::units::{Moment, Usd};

/// What the calls of a request have come to so far.
#[derive(Default)]
struct Trail {
    calls: Vec<CallMade>,
    /// The first byte of the first call.
    sent: Option<Moment>,
    /// The last exchange that was to answer, and whether its connection was open before.
    last: Option<(bool, Exchanged)>,
}

impl Slot {
    /// Carries out the request at `place` of `arm` as `replay` says; absent where the run is stopped, or its budget used
    /// up, before the first call.
    ///
    /// It is sent with its first call, the classifier's included, and ends with its last.
    pub(super) async fn replay(&mut self, arm: usize, replay: &Replay, place: (Step, u32)) -> Option<Sample> {
        let crew = Rc::clone(&self.crew);
        let lane = &crew.job().lanes[self.lane];
        let (cell, recorded) = (lane.arms[arm].cell, lane.arms[arm].request(place.1));
        let now = || crew.clock.moment(Instant::now());
        let facts = &replay.facts[recorded.line as usize];
        let mut passage = replay.router.begin(facts, place.1);
        let mut trail = Trail::default();
        let ending = loop {
            let call = match passage.next(now()) {
                Next::End(ending) => break ending,
                Next::Call(call) => call,
            };
            crew.outbox.push_event(cell, call.event);
            let prepared = prepared(&call.body, recorded);
            let answers = !call.purpose.is_read();
            let ask = Ask {
                arm,
                outlet: call.place,
                prepared: &prepared,
                limits: within(crew.job().deadlines, &call),
                keeps_words: !answers || prepared.expects && place.0 == Step::Measured,
                place,
            };
            let event = match self.call(ask).await {
                Ok((reused, exchanged)) => {
                    trail.sent = trail.sent.or(exchanged.moments.sent);
                    let ended = exchanged.moments.end.unwrap_or_else(now);
                    let answer = answer(&exchanged, &prepared, &replay.tariffs[call.place]);
                    let event = passage.answered(ended, &answer);
                    trail.calls.push(made(&call, reused, &exchanged));
                    // A piece that failed is how the request failed.
                    trail.last = (answers || !exchanged.outcome.is_ok() && call.purpose.kind() == CallKind::Chunk)
                        .then_some((reused, exchanged));
                    event
                }
                Err(outcome) => {
                    let held_back = Answer { outcome, first_token_seen: false, text: None, cost: Some(Usd::ZERO) };
                    let event = passage.answered(now(), &held_back);
                    if trail.calls.is_empty() {
                        crew.outbox.push_event(cell, event);
                        return None;
                    }
                    event
                }
            };
            crew.outbox.push_event(cell, event);
        };
        let Trail { calls, sent, last } = trail;
        let called = last.unwrap_or_else(|| {
            let unanswered = Unopened { outcome: ending.outcome, message: String::new() };
            (false, never_sent(unanswered, &crew))
        });
        let sample = sample(&crew, lane, arm, place, called);
        Some(passed(sample, replay, facts.tier, &ending, (calls, sent)))
    }
}

/// `sample`, which knows of the last call alone, with what the whole passage came to.
fn passed(
    sample: Sample,
    replay: &Replay,
    recorded_tier: Option<u8>,
    ending: &Ending,
    (calls, sent): (Vec<CallMade>, Option<Moment>),
) -> Sample {
    let count = |calls: usize| u32::try_from(calls).expect("a table makes fewer than 2^32 calls a request");
    let failed = calls.iter().filter(|call| !call.outcome.is_ok()).count();
    Sample {
        outcome: ending.outcome,
        moments: Moments { sent, ..sample.moments },
        simulated: calls.iter().any(|call| call.simulated),
        route: ending.route.map(|route| replay.first_route + count(route)),
        tries: Some(Tries { made: count(calls.len()), failed: count(failed) }),
        passed: Some(Box::new(Passed {
            calls,
            label: ending.label.map(|label| (label.tier, label.by)),
            recorded_tier,
            failed_over: ending.failed_over,
            human_cost: ending.human_cost,
        })),
        ..sample
    }
}

/// The limits of `call`: those of the run, none of them longer than the call's own.
fn within(limits: Deadlines, call: &Call) -> Deadlines {
    let Deadlines { connect, first_token, idle, total } = limits;
    let [connect, first_token, idle, total] = [connect, first_token, idle, total].map(|limit| limit.min(call.deadline));
    Deadlines { connect, first_token, idle, total }
}

/// What is sent for the line `recorded`.
fn prepared(body: &CallBody, recorded: &Prepared) -> Prepared {
    Prepared {
        line: recorded.line,
        head: body.head.clone(),
        rest: body.rest.clone(),
        stream: body.stream,
        expects: body.expects,
        greedy: body.greedy,
        input_bound: body.input_bound,
        output_bound: body.output_bound,
        images: body.images,
        paced_tokens: body.paced_tokens,
        text_at: body.text_at,
        synthetic: body.synthetic.clone(),
    }
}

/// What the table is told of `exchanged`, which `prepared` came to at the prices of `tariff`.
fn answer<'e>(exchanged: &'e Exchanged, prepared: &Prepared, tariff: &Tariff) -> Answer<'e> {
    Answer {
        outcome: exchanged.outcome,
        first_token_seen: exchanged.moments.first_token.is_some(),
        text: exchanged.answered.words.as_ref().map(|words| words.answer.as_str()),
        cost: match bill(tariff, prepared, exchanged) {
            Bill::Charged(cost) => cost.exact(),
            Bill::Nothing => Some(Usd::ZERO),
            Bill::Unknown => None,
        },
    }
}

fn made(call: &Call, reused: bool, exchanged: &Exchanged) -> CallMade {
    let answered = &exchanged.answered;
    CallMade {
        kind: call.purpose.kind(),
        place: u32::try_from(call.place).expect("a table names fewer than 2^32 endpoints"),
        attempt: call.attempt,
        outcome: exchanged.outcome,
        simulated: exchanged.simulated,
        reused,
        http_version: exchanged.http_version,
        moments: exchanged.moments,
        usage: answered.usage.map(|usage| (usage, UsageSource::Provider)),
        raw_usage: answered.raw_usage.clone(),
        words: if answered.usage.is_none() { answered.words.clone() } else { None },
        images: call.body.images,
        service_tier: answered.service_tier.clone(),
        status: exchanged.status,
        request_id: exchanged.request_id.clone(),
        cost: None,
        error: answered.error.clone(),
    }
}
