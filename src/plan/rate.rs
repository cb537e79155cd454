//! How many requests a second an open load wants: one rate throughout, or stages that ramp and spike.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::conf::parse_duration;
use crate::units::Positive;

/// Requests a second of an open load.
#[derive(Clone, Debug, PartialEq)]
pub enum Rate {
    /// The same all the time; something else says when the load ends.
    Steady(Positive),
    /// Another from time to time; the load ends with the last stage.
    Staged(Stages),
}

/// A stretch of time whose rate changes evenly, or stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Requests a second at its beginning, 0 to 1,000,000.
    pub from_rps: f64,
    /// Requests a second at its end, 0 to 1,000,000.
    pub to_rps: f64,
    /// How long it lasts, 1 ms or more.
    pub lasts: Duration,
}

/// One stage or more that follow each other. The first and the last send something, so that each has a meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Stages {
    stages: Arc<[Stage]>,
    /// Requests that are due before the end of each stage, as a mean.
    ends: Arc<[f64]>,
}

/// Stages from which a name is shortened, so that it can still be read.
const MANY: usize = 4;
/// What is a whole number but for the rounding of sums.
const ROUNDING: f64 = 1e-6;

impl Stages {
    /// The load that `stages` make one after another.
    ///
    /// # Errors
    /// A stage without length, a rate out of bounds, and a first or last stage that sends nothing.
    pub fn new(stages: Vec<Stage>) -> Result<Self, BadRate> {
        let silent = |stage: &Stage| stage.from_rps == 0.0 && stage.to_rps == 0.0;
        if stages.iter().any(|stage| !Self::takes(stage.from_rps) || !Self::takes(stage.to_rps)) {
            return Err(BadRate::OutOfBounds);
        }
        if stages.iter().any(|stage| stage.lasts < Duration::from_millis(1)) {
            return Err(BadRate::NoTime);
        }
        if stages.first().is_none_or(silent) || stages.last().is_none_or(silent) {
            return Err(BadRate::Silent);
        }
        let mut total = 0.0;
        let end = |stage: &Stage| {
            total += (stage.from_rps + stage.to_rps) / 2.0 * stage.lasts.as_secs_f64();
            total
        };
        let ends = stages.iter().map(end).collect();
        Ok(Self { stages: stages.into(), ends })
    }

    /// Whether a stage may begin or end at this rate.
    pub(super) fn takes(rps: f64) -> bool {
        rps == 0.0 || Positive::new(rps).is_some()
    }

    /// The stages in their order.
    pub fn all(&self) -> &[Stage] {
        &self.stages
    }

    /// How long all of them last.
    pub fn lasts(&self) -> Duration {
        self.stages.iter().map(|stage| stage.lasts).sum()
    }

    /// Requests that all of them bring, as a mean.
    pub fn requests(&self) -> f64 {
        self.ends[self.ends.len() - 1]
    }

    /// The highest rate, in requests a second.
    pub fn peak_rps(&self) -> f64 {
        self.stages.iter().fold(0.0, |peak: f64, stage| peak.max(stage.from_rps).max(stage.to_rps))
    }

    /// When the rate, added up from the beginning, has passed `count` requests; absent when it never does.
    ///
    /// Where it rests at `count` this is the moment at which it goes on.
    pub(super) fn passes(&self, count: f64) -> Option<Duration> {
        // A sum that is short of a whole number by rounding alone is that number, and the end brings no request.
        let at = self.ends.partition_point(|end| *end <= count + ROUNDING);
        let stage = self.stages.get(at)?;
        let before = if at == 0 { 0.0 } else { self.ends[at - 1] };
        let begin: Duration = self.stages[..at].iter().map(|stage| stage.lasts).sum();
        let into = stage.time_of((count - before).max(0.0));
        Some(begin + Duration::from_micros((into * 1e6).round() as u64).min(stage.lasts))
    }
}

impl Stage {
    /// Seconds into the stage at which it has brought `count` requests, of which it brings more in all.
    ///
    /// The rate is a line, so what it adds up to is `from·t + (to − from)·t²/(2·lasts)`. This is the root of that in
    /// the form that loses no digits where the line is nearly level.
    fn time_of(&self, count: f64) -> f64 {
        if count == 0.0 {
            return 0.0;
        }
        let slope = (self.to_rps - self.from_rps) / self.lasts.as_secs_f64();
        let root = (self.from_rps * self.from_rps + 2.0 * slope * count).max(0.0).sqrt();
        2.0 * count / (self.from_rps + root)
    }

    fn is_level(&self) -> bool {
        self.to_rps - self.from_rps == 0.0
    }

    /// Its part of a slug: `10..200-60s`, `50-30s`.
    fn tag(&self) -> String {
        if self.is_level() {
            return format!("{}-{:?}", self.from_rps, self.lasts);
        }
        format!("{}..{}-{:?}", self.from_rps, self.to_rps, self.lasts)
    }
}

impl Rate {
    /// A ramp alone.
    ///
    /// # Errors
    /// As those of [`Stages::new`].
    pub fn ramp(from_rps: f64, to_rps: f64, lasts: Duration) -> Result<Self, BadRate> {
        Stages::new(vec![Stage { from_rps, to_rps, lasts }]).map(Self::Staged)
    }

    /// The stages; absent where the rate is steady.
    pub fn stages(&self) -> Option<&Stages> {
        match self {
            Self::Steady(_) => None,
            Self::Staged(stages) => Some(stages),
        }
    }

    /// The one rate, in requests a second; absent where there are stages.
    pub fn steady_rps(&self) -> Option<Positive> {
        match self {
            Self::Steady(rate_rps) => Some(*rate_rps),
            Self::Staged(_) => None,
        }
    }

    /// The highest rate, in requests a second.
    pub fn peak_rps(&self) -> f64 {
        match self {
            Self::Steady(rate_rps) => rate_rps.get(),
            Self::Staged(stages) => stages.peak_rps(),
        }
    }

    /// Its part of a slug: `200`, `10..200-60s`, `50-30s-50..500-10s`, and of many stages `6-stages-90s`.
    pub(super) fn tag(&self) -> String {
        match self {
            Self::Steady(rate_rps) => rate_rps.to_string(),
            Self::Staged(stages) if stages.all().len() < MANY => {
                stages.all().iter().map(Stage::tag).collect::<Vec<_>>().join("-")
            }
            Self::Staged(stages) => format!("{}-stages-{:?}", stages.all().len(), stages.lasts()),
        }
    }
}

/// For people: `200/s`, `10..200/s over 60s`, `50/s for 30s then 50..500/s over 10s`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steady(rate_rps) => write!(f, "{rate_rps}/s"),
            Self::Staged(stages) => {
                for (at, stage) in stages.all().iter().enumerate() {
                    let Stage { from_rps, to_rps, lasts } = stage;
                    f.write_str(if at == 0 { "" } else { " then " })?;
                    match stage.is_level() {
                        true => write!(f, "{from_rps}/s for {lasts:?}")?,
                        false => write!(f, "{from_rps}..{to_rps}/s over {lasts:?}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

/// A number, or a ramp such as `10..200/60s`.
impl FromStr for Rate {
    type Err = BadRate;
    fn from_str(text: &str) -> Result<Self, BadRate> {
        if !text.contains("..") {
            let number = text.parse::<f64>().map_err(|_| BadRate::NoRate)?;
            return Positive::new(number).map(Self::Steady).ok_or(BadRate::NoRate);
        }
        let (rates, lasts) = text.split_once('/').ok_or(BadRate::NoRamp)?;
        let (from_rps, to_rps) = range(rates).ok_or(BadRate::NoRamp)?;
        Self::ramp(from_rps, to_rps, parse_duration(lasts).map_err(|_| BadRate::NoRamp)?)
    }
}

/// The two ends of `50..500`; absent where the text is anything else.
pub(super) fn range(text: &str) -> Option<(f64, f64)> {
    let (from, to) = text.split_once("..")?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// What is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRate {
    /// Neither a number nor a ramp.
    #[error("must be a number from 0.000001 to 1000000, or a ramp such as `10..200/60s`")]
    NoRate,
    /// Two rates without a time, or what looks like them.
    #[error("must be a ramp such as `10..200/60s`: from 10 to 200 requests a second within 60 s")]
    NoRamp,
    /// A rate that nobody could send.
    #[error("must be 0, or from 0.000001 to 1000000, at either end")]
    OutOfBounds,
    /// A stage of no time.
    #[error("must last at least 1ms")]
    NoTime,
    /// A beginning or an end in which nothing is sent.
    #[error("must send something in its first stage and in its last: leave out a stage of 0")]
    Silent,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(list: &[(f64, f64, u64)]) -> Stages {
        let stage = |(from_rps, to_rps, seconds): &(f64, f64, u64)| Stage {
            from_rps: *from_rps,
            to_rps: *to_rps,
            lasts: Duration::from_secs(*seconds),
        };
        Stages::new(list.iter().map(stage).collect()).unwrap()
    }

    #[test]
    fn a_ramp_passes_each_count_when_what_it_adds_up_to_does() {
        // t + t²/2 · (9 − 1)/4 = t + t², of which the inverse is (√(1 + 4·count) − 1)/2.
        let ramp = stages(&[(1.0, 9.0, 4)]);
        assert_eq!(ramp.requests().to_string(), "20");
        let at = |count| ramp.passes(count).map(|time| time.as_micros());
        assert_eq!([at(0.0), at(2.0), at(6.0), at(12.0)], [0, 1_000_000, 2_000_000, 3_000_000].map(Some));
        assert_eq!(at(1.0), Some(618_034));
        assert_eq!(at(20.0), None, "the end itself is no part of the load");
        let down = stages(&[(9.0, 1.0, 4)]);
        assert_eq!([8.0, 14.0, 18.0].map(|count| down.passes(count).unwrap().as_millis()), [1_000, 2_000, 3_000]);
    }

    #[test]
    fn a_ramp_from_nothing_begins_at_once_and_one_to_nothing_ends_in_time() {
        let up = stages(&[(0.0, 8.0, 4)]);
        assert_eq!([0.0, 1.0, 9.0].map(|count| up.passes(count).unwrap().as_millis()), [0, 1_000, 3_000]);
        let down = stages(&[(8.0, 0.0, 4)]);
        assert_eq!([0.0, 7.0, 15.0].map(|count| down.passes(count).unwrap().as_millis()), [0, 1_000, 3_000]);
        assert_eq!((down.requests() as u32, down.passes(16.0)), (16, None));
    }

    #[test]
    fn stages_follow_each_other_and_a_rest_is_left_when_it_is_over() {
        let spike = stages(&[(2.0, 2.0, 3), (0.0, 0.0, 4), (10.0, 10.0, 1)]);
        let at = |count| spike.passes(count).unwrap().as_millis();
        assert_eq!([5.0, 5.5, 6.0, 7.0, 15.0].map(at), [2_500, 2_750, 7_000, 7_100, 7_900]);
        assert_eq!((spike.requests() as u32, spike.lasts(), spike.peak_rps() as u32), (16, Duration::from_secs(8), 10));
    }

    #[test]
    fn sums_that_are_short_of_a_whole_number_bring_no_request_more() {
        // Ten times a tenth of a request are 0.9999999999999999.
        let list = [(0.1, 0.1, 1); 10];
        let tenths = stages(&list);
        assert!(tenths.passes(0.0).is_some() && tenths.passes(1.0).is_none());
        let thirds = stages(&[(1.1, 1.1, 30), (1.1, 1.1, 30)]);
        assert_eq!((thirds.passes(65.0).is_some(), thirds.passes(66.0)), (true, None));
        assert_eq!(thirds.passes(33.0), Some(Duration::from_secs(30)), "no microsecond before its stage");
    }

    #[test]
    fn rates_are_read_and_named() {
        let read = |text: &str| text.parse::<Rate>().map(|rate| (rate.to_string(), rate.tag()));
        assert_eq!(read("200"), Ok(("200/s".to_owned(), "200".to_owned())));
        assert_eq!(read("0.5..200/60s"), Ok(("0.5..200/s over 60s".to_owned(), "0.5..200-60s".to_owned())));
        assert_eq!(read("5..5/500ms"), Ok(("5/s for 500ms".to_owned(), "5-500ms".to_owned())));
        let few = Rate::Staged(stages(&[(50.0, 50.0, 30), (50.0, 500.0, 10)]));
        assert_eq!(few.to_string(), "50/s for 30s then 50..500/s over 10s");
        assert_eq!(few.tag(), "50-30s-50..500-10s");
        assert_eq!(Rate::Staged(stages(&[(1.0, 1.0, 5); 6])).tag(), "6-stages-30s");
    }

    #[test]
    fn what_is_no_rate_is_refused_with_what_would_be() {
        let refused = |text: &str| text.parse::<Rate>().unwrap_err();
        assert_eq!(["0", "-5", "many", "5/60s", "nan"].map(refused), [BadRate::NoRate; 5]);
        assert_eq!(["1..5", "1..5/60", "1..5/", "..5/1s", "1..2..3/1s"].map(refused), [BadRate::NoRamp; 5]);
        assert_eq!(["-1..5/1s", "1..2000000/1s", "1..nan/1s", "1..inf/1s"].map(refused), [BadRate::OutOfBounds; 4]);
        assert_eq!((refused("1..5/0s"), refused("0..0/1s")), (BadRate::NoTime, BadRate::Silent));
        assert_eq!(Stages::new(Vec::new()), Err(BadRate::Silent));
    }
}
