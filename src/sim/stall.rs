//! Stalls: stretches of time in which an endpoint takes requests and writes nothing.

use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::sim::timetable::matches;

/// A stall as the law has it. It begins with a request and not by the clock, so that it falls into the same place of a
/// load however long that takes to begin.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawStall")]
pub struct Stall {
    model: String,
    region: String,
    at_request: u64,
    lasts: Duration,
}

/// The stalls of one endpoint, and when they began.
#[derive(Debug)]
pub(super) struct Stalls(Vec<(Stall, OnceLock<Instant>)>);

impl Stall {
    /// Whether it concerns `model` in `region`.
    pub(super) fn is_at(&self, model: &str, region: &str) -> bool {
        matches(&self.model, model) && matches(&self.region, region)
    }
}

impl Stalls {
    /// Those of `law`, none of which has begun.
    pub(super) fn new(law: &[Stall]) -> Self {
        Self(law.iter().map(|stall| (stall.clone(), OnceLock::new())).collect())
    }

    /// Begins what begins with request `number`, counted from 1 and arrived `now`.
    pub(super) fn begin(&self, number: u64, now: Instant) {
        for (_, began) in self.0.iter().filter(|(stall, _)| stall.at_request <= number) {
            // Of requests that arrive together a later one may come here first; the first one is the beginning.
            let _ = began.set(now);
        }
    }

    /// When something may be written that would be at `moment`: then, or at the end of what stalls it.
    pub(super) fn over(&self, moment: Instant) -> Instant {
        let end = |(stall, began): &(Stall, OnceLock<Instant>)| {
            let began = *began.get()?;
            let end = began + stall.lasts;
            (began <= moment && moment < end).then_some(end)
        };
        // A stall may begin in another and outlast it.
        self.0.iter().filter_map(end).max().map_or(moment, |end| self.over(end))
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
        if raw.at_request == 0 {
            return Err("`at_request` is 0, must be at least 1".to_owned());
        }
        if !(raw.lasts_s > 0.0 && raw.lasts_s <= LONGEST_S) {
            return Err(format!("`lasts_s` is {}, must be over 0 and at most {LONGEST_S}", raw.lasts_s));
        }
        let lasts = Duration::from_secs_f64(raw.lasts_s);
        Ok(Self { model: raw.model, region: raw.region, at_request: raw.at_request, lasts })
    }
}

/// An hour, after which no client waits any more.
const LONGEST_S: f64 = 3_600.0;

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
    fn nothing_is_written_from_the_request_that_begins_a_stall_until_its_end() {
        let stalls = Stalls::new(&[stall("at_request = 3\nlasts_s = 2").unwrap()]);
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        stalls.begin(2, at(0));
        assert_eq!(stalls.over(at(100)), at(100));
        stalls.begin(3, at(1_000));
        stalls.begin(4, at(1_500));
        assert_eq!([999, 1_000, 2_999, 3_000].map(|ms| stalls.over(at(ms))), [999, 3_000, 3_000, 3_000].map(at));
    }

    #[test]
    fn a_stall_that_begins_in_another_may_outlast_it() {
        let both = ["at_request = 1\nlasts_s = 2", "at_request = 2\nlasts_s = 2.5"].map(|text| stall(text).unwrap());
        let stalls = Stalls::new(&both);
        let start = Instant::now();
        stalls.begin(1, start);
        stalls.begin(2, start + Duration::from_secs(1));
        assert_eq!(stalls.over(start), start + Duration::from_millis(3_500));
    }

    #[test]
    fn a_stall_is_where_its_globs_say_and_impossible_ones_are_refused() {
        let here = stall("model = \"glm-*\"\nregion = \"us-east-1\"\nat_request = 1\nlasts_s = 1").unwrap();
        assert!(here.is_at("glm-4-9b", "us-east-1") && !here.is_at("glm-4-9b", "us-west-2"));
        let refused = |text| stall(text).unwrap_err();
        assert!(refused("at_request = 0\nlasts_s = 1").contains("`at_request` is 0, must be at least 1"));
        let long = refused("at_request = 1\nlasts_s = 3601");
        assert!(long.contains("`lasts_s` is 3601, must be over 0 and at most 3600"), "{long}");
    }
}
