//! One model in one region: its law, its counter and what is going on there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::rng::{extend_hash, hash, seeded};
use crate::sim::law::{EndpointLaw, Law};
use crate::sim::script::{Answer, Fault, Moment, Script, Topic};
use crate::sim::stall::Stalls;
use crate::units::Usd;

/// The least time over which the rate limit evens out: that much of a minute's requests may come at once.
const BURST: Duration = Duration::from_secs(1);

/// One model in one region. Shared by all threads without a lock.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// The model's name on the wire.
    pub(super) model: Arc<str>,
    law: EndpointLaw,
    stalls: Stalls,
    seed: u64,
    model_seed: u64,
    requests: AtomicU64,
    in_flight: AtomicU32,
    /// Microseconds since the start at which the rate limit has caught up with the requests taken.
    caught_up_us: AtomicU64,
}

/// A request's stay at its endpoint; it counts as in flight until this is dropped.
#[derive(Debug)]
pub(super) struct Stay {
    endpoint: Arc<Endpoint>,
    in_flight: u32,
}

impl Endpoint {
    /// The endpoint of `model` in `region` under `law`; all its draws come from `seed` and the two names.
    pub(super) fn new(law: &Law, seed: u64, model: &str, region: &str) -> Self {
        let model_seed = extend_hash(hash(&seed.to_le_bytes()), model.as_bytes());
        let law = law.endpoint(model, region);
        Self {
            model: model.into(),
            stalls: Stalls::new(&law.stalls),
            law,
            seed: extend_hash(extend_hash(model_seed, b"\0"), region.as_bytes()),
            model_seed,
            requests: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            caught_up_us: AtomicU64::new(0),
        }
    }

    /// Counts a request in.
    pub(super) fn enter(self: Arc<Self>) -> Stay {
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        Stay { endpoint: self, in_flight }
    }

    /// Decides what the next request gets, `since_start` after the simulator's start.
    ///
    /// It takes the next number here whatever comes of it, so a rate limit does not shift the draws of others.
    pub(super) fn next_script(&self, stay: &Stay, mut topic: Topic, since_start: Duration) -> Script {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        self.stalls.begin(number + 1, Instant::now());
        let mut rng = seeded(extend_hash(self.seed, &number.to_le_bytes()), "request");
        topic.prompt = extend_hash(self.model_seed, &topic.prompt.to_le_bytes());
        let mut script = Script::draw(&self.law, &mut rng, topic, Moment { since_start, in_flight: stay.in_flight });
        if let Some(wait) = self.limited(since_start) {
            script.answer = Answer::Fault(Fault::RateLimited(wait));
            script.ttft_ms = self.law.distance_ms;
        }
        script
    }

    /// Waits until `due`, and while the endpoint stalls then.
    pub(super) async fn wait(&self, mut due: Instant) {
        loop {
            sleep_until(due).await;
            let now = Instant::now();
            due = self.stalls.over(now);
            if due <= now {
                return;
            }
        }
    }

    /// What a usage states as the cost of so many tokens; absent where the law wants none stated.
    pub(super) fn stated_cost(&self, input: u64, output: u32) -> Option<Usd> {
        Some(self.law.charges?.of(input, output.into()))
    }

    /// When something may be written that would be at `moment`.
    pub(super) fn may_write(&self, moment: Instant) -> Instant {
        self.stalls.over(moment)
    }

    /// How long the rate limit makes a request wait; absent when it is taken at once.
    ///
    /// A leaky bucket as a single moment in time (ITU-T I.371, generic cell rate algorithm).
    fn limited(&self, since_start: Duration) -> Option<Duration> {
        let gap = Duration::from_secs(60) / self.law.requests_per_minute?;
        let now = since_start.as_micros() as u64;
        let (gap, burst) = (gap.as_micros() as u64, BURST.max(gap).as_micros() as u64);
        let take = |caught_up: u64| {
            let next = caught_up.max(now) + gap;
            (next <= now + burst).then_some(next)
        };
        let taken = self.caught_up_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.err().map(|caught_up| Duration::from_micros(caught_up + gap - now - burst))
    }
}

impl Stay {
    /// Where it is.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.endpoint.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::script::Task;

    const TOPIC: Topic = Topic { max_tokens: Some(50), prompt: 3, task: Task::Write };

    fn endpoint(seed: u64, region: &str, more: &str) -> Arc<Endpoint> {
        let text = format!(
            "schema = 1\nclient = \"here\"\n[default]\n{more}\nttft = {{ median_ms = 40, p99_ms = 90 }}\n\
             ms_per_token = {{ median_ms = 2, p99_ms = 3 }}\nanswer_tokens = {{ median = 100, p99 = 400 }}\n"
        );
        Arc::new(Endpoint::new(&Law::parse("test", &text).unwrap(), seed, "m", region))
    }

    fn scripts(endpoint: &Arc<Endpoint>, count: usize) -> Vec<Script> {
        let next = || endpoint.next_script(&Arc::clone(endpoint).enter(), TOPIC, Duration::ZERO);
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_replies_in_the_same_order_and_another_region_others() {
        let first = scripts(&endpoint(1, "here", ""), 100);
        assert_eq!(first, scripts(&endpoint(1, "here", ""), 100));
        assert_ne!(first, scripts(&endpoint(2, "here", ""), 100));
        let elsewhere = scripts(&endpoint(1, "there", ""), 100);
        assert_ne!(first, elsewhere);
        assert_eq!(first[0].answer, elsewhere[0].answer, "the words are the model's, wherever it is");
    }

    #[test]
    fn a_rate_limit_lets_a_second_of_requests_through_and_names_the_wait() {
        let limited = endpoint(1, "here", "rate_limit = { requests_per_minute = 120 }");
        let at = |ms| limited.limited(Duration::from_millis(ms)).map(|wait| wait.as_millis());
        assert_eq!([at(0), at(0), at(0), at(100), at(500)], [None, None, Some(500), Some(400), None]);
        assert_eq!(endpoint(1, "here", "").limited(Duration::ZERO), None);
    }

    #[test]
    fn a_request_counts_as_in_flight_until_its_stay_ends() {
        let endpoint = endpoint(1, "here", "");
        let first = Arc::clone(&endpoint).enter();
        let second = Arc::clone(&endpoint).enter();
        assert_eq!((first.in_flight, second.in_flight), (1, 2));
        drop(first);
        assert_eq!(Arc::clone(&endpoint).enter().in_flight, 2);
    }
}
