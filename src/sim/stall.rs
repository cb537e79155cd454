//! Stalls: for some time an endpoint begins no answer, as a provider that restarts.

use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;

use crate::sim::timetable::matches;

/// A stall, once at each endpoint. It begins with a request, not with the clock, so that a run meets it whenever it
/// begins.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawStall")]
pub struct Stall {
    model: String,
    region: String,
    at_request: u64,
    lasts: Duration,
}

impl Stall {
    /// Those of `all` that name `model` in `region`.
    pub fn of(model: &str, region: &str, all: &[Self]) -> Vec<Self> {
        all.iter().filter(|stall| matches(&stall.model, model) && matches(&stall.region, region)).cloned().collect()
    }
}

/// The stalls of one endpoint as they come about. Shared by all threads without a lock.
#[derive(Debug)]
pub(super) struct Stalls {
    all: Vec<(Stall, OnceLock<Duration>)>,
}

impl Stalls {
    /// None of `all` has begun.
    pub(super) fn new(all: &[Stall]) -> Self {
        Self { all: all.iter().map(|stall| (stall.clone(), OnceLock::new())).collect() }
    }

    /// How long the request of this number, from 1, has to wait that arrives `since_start` after the simulator's start.
    pub(super) fn wait(&self, number: u64, since_start: Duration) -> Duration {
        let waits = self.all.iter().filter(|(stall, _)| number >= stall.at_request).map(|(stall, begun)| {
            let end = *begun.get_or_init(|| since_start) + stall.lasts;
            end.saturating_sub(since_start)
        });
        waits.max().unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStall {
    #[serde(default = "everything")]
    model: String,
    #[serde(default = "everything")]
    region: String,
    at_request: u64,
    lasts_s: f64,
}

impl TryFrom<RawStall> for Stall {
    type Error = String;
    fn try_from(raw: RawStall) -> Result<Self, String> {
        let RawStall { model, region, at_request, lasts_s } = raw;
        if at_request == 0 {
            return Err("`at_request` is 0, must be at least 1".to_owned());
        }
        // No client waits for a day.
        if !(lasts_s > 0.0 && lasts_s <= 86_400.0) {
            return Err(format!("`lasts_s` is {lasts_s}, must be over 0 and at most 86400"));
        }
        Ok(Self { model, region, at_request, lasts: Duration::from_secs_f64(lasts_s) })
    }
}

fn everything() -> String {
    "*".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stall(text: &str) -> Result<Stall, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn requests_of_a_stall_wait_for_its_end_and_later_ones_do_not() {
        let stalls = Stalls::new(&[stall("at_request = 3\nlasts_s = 2").unwrap()]);
        let wait = |number, ms| stalls.wait(number, Duration::from_millis(ms)).as_millis();
        assert_eq!([wait(1, 0), wait(2, 9_000)], [0, 0]);
        assert_eq!([wait(3, 10_000), wait(4, 10_500), wait(5, 11_999), wait(6, 12_000)], [2_000, 1_500, 1, 0]);
    }

    #[test]
    fn a_stall_is_at_the_endpoints_it_names() {
        let all = [stall("model = \"glm-*\"\nat_request = 1\nlasts_s = 1").unwrap()];
        assert_eq!((Stall::of("glm-4-9b", "r", &all).len(), Stall::of("qwen3-8b", "r", &all).len()), (1, 0));
    }

    #[test]
    fn a_stall_without_a_beginning_or_an_end_is_refused() {
        let error = stall("at_request = 0\nlasts_s = 1").unwrap_err();
        assert!(error.contains("`at_request` is 0, must be at least 1"), "{error}");
        let error = stall("at_request = 1\nlasts_s = inf").unwrap_err();
        assert!(error.contains("`lasts_s` is inf, must be over 0 and at most 86400"), "{error}");
    }
}
