//! When the requests of an open load are due: made up front, from the plan alone.

use std::f64::consts::TAU;
use std::time::Duration;

use fastrand::Rng;

use crate::plan::lane::arm_at;
use crate::plan::rate::{Rate, Stages};
use crate::plan::sessions::Sessions;
use crate::units::Positive;

/// The process by which requests of an open load arrive, whatever the replies do.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// One after the same gap each time, as far as the rate stays the same.
    Constant {
        /// Requests a second.
        rate: Rate,
    },
    /// As from many callers who know nothing of each other: gaps are exponential.
    Poisson {
        /// Requests a second, in the mean.
        rate: Rate,
    },
    /// Burstier or more even than Poisson: gaps follow a gamma law.
    Gamma {
        /// Requests a second, in the mean.
        rate: Rate,
        /// The standard deviation of a gap over its mean: 1 is Poisson, more is burstier.
        cv: Positive,
    },
    /// At the times of the recording.
    Recorded {
        /// How many times faster than it was recorded.
        speed: Positive,
    },
}

impl Arrivals {
    /// The name used in files and flags: `poisson`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Constant { .. } => "constant",
            Self::Poisson { .. } => "poisson",
            Self::Gamma { .. } => "gamma",
            Self::Recorded { .. } => "recorded",
        }
    }

    /// Requests a second asked for; absent where the recording decides.
    pub const fn rate(&self) -> Option<&Rate> {
        match self {
            Self::Constant { rate } | Self::Poisson { rate } | Self::Gamma { rate, .. } => Some(rate),
            Self::Recorded { .. } => None,
        }
    }

    /// The stages of the rate; absent where it is steady, and where the recording decides.
    pub fn stages(&self) -> Option<&Stages> {
        self.rate().and_then(Rate::stages)
    }

    /// Draws what lies between two requests where one a second is wanted; its mean is 1.
    fn gap(&self, rng: &mut Rng) -> f64 {
        match self {
            Self::Constant { .. } | Self::Recorded { .. } => 1.0,
            Self::Poisson { .. } => exponential(rng),
            Self::Gamma { cv, .. } => {
                let shape = cv.get().powi(-2);
                gamma(shape, rng) / shape
            }
        }
    }
}

/// The moments at which a cell's measured requests are due, counted from the start of its schedule, ascending.
///
/// It depends on the plan alone, so a slow reply never delays the next request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Whole microseconds.
    dues: Vec<u64>,
}

impl Schedule {
    /// The first `requests` moments of `arrivals`, everything random drawn from `rng`; where the rate has stages, those
    /// that they bring and no more.
    ///
    /// `recorded_ms` holds the times of a recording, ascending and at least one; only recorded arrivals look at it. A
    /// recording that is used up begins anew, one mean gap after its end.
    pub fn new(arrivals: &Arrivals, requests: u32, recorded_ms: &[u64], rng: &mut Rng) -> Self {
        let counts = Counts::new(arrivals, rng).take(requests as usize);
        let dues = match (arrivals, arrivals.rate()) {
            (Arrivals::Recorded { speed }, _) => recording(requests, recorded_ms, *speed),
            (_, Some(Rate::Steady(rate_rps))) => counts.map(|count| micros(count / rate_rps.get())).collect(),
            (_, Some(Rate::Staged(stages))) => {
                counts.map_while(|count| stages.passes(count)).map(|due| due.as_micros() as u64).collect()
            }
            (_, None) => unreachable!("arrivals without a rate are recorded"),
        };
        Self { dues }
    }

    /// The moments of `requests` requests where what arrives at these moments are whole sessions: each request has the
    /// moment of its session.
    pub(super) fn of_sessions(&self, sessions: &Sessions, requests: u32) -> Self {
        Self { dues: (0..requests).map(|index| self.dues[sessions.number_of(index) as usize]).collect() }
    }

    /// The schedules of `arms` cells that take its moments in turn, as [`arm_at`] says. What is left over is nobody's.
    pub fn dealt(self, arms: u32) -> Vec<Self> {
        if arms == 1 {
            return vec![self];
        }
        let mut schedules = vec![Self { dues: Vec::with_capacity(self.dues.len() / arms as usize) }; arms as usize];
        for (unit, dues) in (0..).zip(self.dues.chunks_exact(arms as usize)) {
            for (place, due) in (0..).zip(dues) {
                schedules[arm_at(unit, place, arms)].dues.push(*due);
            }
        }
        schedules
    }

    /// When request `index` is due, in whole microseconds. The index must be one of the schedule.
    pub fn due(&self, index: u32) -> Duration {
        Duration::from_micros(self.dues[index as usize])
    }

    /// How many requests it holds.
    pub fn len(&self) -> usize {
        self.dues.len()
    }

    /// Whether it holds no request.
    pub fn is_empty(&self) -> bool {
        self.dues.is_empty()
    }

    /// From the request `first` to the last of `requests`; zero for one request or none.
    pub fn span(&self, first: u32, requests: u32) -> Duration {
        let last = first.saturating_add(requests.saturating_sub(1));
        self.due(last).saturating_sub(self.due(first))
    }

    /// How many requests are due before `time`, counted from the first one's moment.
    pub fn within(&self, time: Duration) -> u32 {
        let first = self.dues.first().copied().unwrap_or(0);
        let end = u128::from(first) + time.as_micros();
        let count = self.dues.partition_point(|due| u128::from(*due) < end);
        u32::try_from(count).expect("a schedule holds as many requests as a 32-bit number can count")
    }
}

/// How far the rate has added up when each request is due: what arrives at one a second, before any rate stretches it.
struct Counts<'a> {
    arrivals: &'a Arrivals,
    rng: &'a mut Rng,
    count: f64,
}

impl<'a> Counts<'a> {
    fn new(arrivals: &'a Arrivals, rng: &'a mut Rng) -> Self {
        // Constant arrivals begin at once; whole numbers add up without rounding.
        let count = if matches!(arrivals, Arrivals::Constant { .. }) { -1.0 } else { 0.0 };
        Self { arrivals, rng, count }
    }
}

impl Iterator for Counts<'_> {
    type Item = f64;
    fn next(&mut self) -> Option<f64> {
        self.count += self.arrivals.gap(self.rng);
        Some(self.count)
    }
}

fn recording(requests: u32, recorded_ms: &[u64], speed: Positive) -> Vec<u64> {
    let (lines, cycle) = (recorded_ms.len(), cycle_ms(recorded_ms));
    let due = |index: usize| {
        let before = (index / lines) as f64 * cycle;
        micros((before + (recorded_ms[index % lines] - recorded_ms[0]) as f64) / 1e3 / speed.get())
    };
    (0..requests as usize).map(due).collect()
}

/// Milliseconds from one beginning of a recording to the next: its span and one mean gap.
pub(super) fn cycle_ms(recorded_ms: &[u64]) -> f64 {
    let span = (recorded_ms[recorded_ms.len() - 1] - recorded_ms[0]) as f64;
    match recorded_ms.len() - 1 {
        // One request tells of no gap; a second is as good as any.
        0 => 1_000.0,
        // A millisecond is what a recording can tell apart.
        gaps => span + (span / gaps as f64).max(1.0),
    }
}

/// Whole microseconds; what is too long for them is cut, far beyond any run.
fn micros(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}

/// An exponential variable of mean 1, by inversion.
fn exponential(rng: &mut Rng) -> f64 {
    -(1.0 - rng.f64()).ln()
}

/// A gamma variable of mean `shape` and scale 1.
///
/// Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, ACM TOMS 26(3), 2000; below a shape of 1 by
/// their note in section 6.
fn gamma(shape: f64, rng: &mut Rng) -> f64 {
    if shape < 1.0 {
        let boost = (1.0 - rng.f64()).powf(shape.recip());
        return gamma(shape + 1.0, rng) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = (9.0 * d).sqrt().recip();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - rng.f64();
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// A standard normal variable, by Box and Muller.
fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::rate::Stage;
    use crate::rng::seeded;

    fn positive(number: f64) -> Positive {
        Positive::new(number).unwrap()
    }

    fn steady(number: f64) -> Rate {
        Rate::Steady(positive(number))
    }

    fn schedule(arrivals: &Arrivals, requests: u32) -> Schedule {
        Schedule::new(arrivals, requests, &[], &mut seeded(7, "arrivals"))
    }

    /// Requests due in each second.
    fn a_second(schedule: &Schedule) -> Vec<usize> {
        let seconds = schedule.dues.iter().map(|due| (due / 1_000_000) as usize);
        let mut counts = vec![0; schedule.dues.last().map_or(0, |due| due / 1_000_000 + 1) as usize];
        seconds.for_each(|second| counts[second] += 1);
        counts
    }

    /// Mean and standard deviation of the gaps in seconds.
    fn gaps(schedule: &Schedule) -> (f64, f64) {
        let gaps: Vec<f64> = schedule.dues.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        (mean, variance.sqrt())
    }

    #[test]
    fn constant_arrivals_are_evenly_spaced_and_no_rounding_adds_up() {
        let schedule = schedule(&Arrivals::Constant { rate: steady(3.0) }, 3_000_001);
        assert_eq!(schedule.dues[..5], [0, 333_333, 666_667, 1_000_000, 1_333_333]);
        assert_eq!(schedule.due(3_000_000), Duration::from_secs(1_000_000));
        assert!(a_second(&schedule)[..1_000_000].iter().all(|count| *count == 3));
    }

    #[test]
    fn poisson_arrivals_are_the_same_for_the_same_seed_and_another_for_another() {
        let arrivals = Arrivals::Poisson { rate: steady(20.0) };
        let of = |seed| Schedule::new(&arrivals, 200, &[], &mut seeded(seed, "arrivals"));
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
        assert_eq!(a_second(&of(7))[..8], POISSON_COUNTS);
    }

    #[test]
    fn poisson_counts_vary_as_much_as_their_mean() {
        let counts = a_second(&schedule(&Arrivals::Poisson { rate: steady(50.0) }, 100_000));
        let whole = &counts[..counts.len() - 1];
        let mean = whole.iter().sum::<usize>() as f64 / whole.len() as f64;
        let variance = whole.iter().map(|count| (*count as f64 - mean).powi(2)).sum::<f64>() / whole.len() as f64;
        assert!((mean - 50.0).abs() < 0.7, "{mean}");
        assert!((variance / mean - 1.0).abs() < 0.1, "{variance}");
    }

    #[test]
    fn gamma_gaps_have_the_mean_and_the_spread_that_was_asked_for() {
        for cv in [0.25, 1.0, 3.0] {
            let (mean, deviation) = gaps(&schedule(&Arrivals::Gamma { rate: steady(50.0), cv: positive(cv) }, 200_000));
            assert!((mean * 50.0 - 1.0).abs() < 0.03, "{cv}: {mean}");
            assert!((deviation / mean / cv - 1.0).abs() < 0.03, "{cv}: {deviation}");
        }
    }

    #[test]
    fn a_recording_keeps_its_gaps_scaled_by_the_speed_and_begins_anew() {
        let recorded = [1_250, 1_250, 1_500, 4_250];
        let of = |speed| {
            let arrivals = Arrivals::Recorded { speed: positive(speed) };
            Schedule::new(&arrivals, 6, &recorded, &mut seeded(1, "")).dues
        };
        assert_eq!(of(1.0), [0, 0, 250_000, 3_000_000, 4_000_000, 4_000_000]);
        assert_eq!(of(10.0), [0, 0, 25_000, 300_000, 400_000, 400_000]);
    }

    #[test]
    fn a_schedule_tells_how_many_arrive_within_a_time() {
        let schedule = schedule(&Arrivals::Constant { rate: steady(10.0) }, 50);
        assert_eq!(schedule.within(Duration::from_secs(2)), 20);
        assert_eq!(schedule.within(Duration::from_secs(60)), 50);
        assert_eq!(schedule.span(10, 11), Duration::from_secs(1));
    }

    #[test]
    fn constant_arrivals_of_a_ramp_come_each_time_the_rate_has_added_up_to_one_more() {
        let rate = Rate::ramp(1.0, 9.0, Duration::from_secs(4)).unwrap();
        let schedule = schedule(&Arrivals::Constant { rate }, u32::MAX);
        assert_eq!(a_second(&schedule), [2, 4, 6, 8]);
        assert_eq!(schedule.dues[..3], [0, 618_034, 1_000_000]);
    }

    #[test]
    fn random_arrivals_of_a_ramp_are_those_of_one_a_second_with_time_stretched() {
        let ramp = Rate::ramp(10.0, 200.0, Duration::from_secs(60)).unwrap();
        for of in [|rate| Arrivals::Poisson { rate }, |rate| Arrivals::Gamma { rate, cv: positive(2.0) }] {
            let unit = schedule(&of(steady(1.0)), 7_000);
            let staged = schedule(&of(ramp.clone()), u32::MAX);
            let expected = |due: &u64| ramp.stages().unwrap().passes(*due as f64 / 1e6);
            for (due, unit) in staged.dues.iter().zip(&unit.dues) {
                // The other schedule is rounded to a microsecond, in which the slowest rate counts 0.1 µs.
                assert!(due.abs_diff(expected(unit).unwrap().as_micros() as u64) <= 1);
            }
            assert!(expected(&unit.dues[staged.len()]).is_none(), "all that fit are there");
            assert_eq!(staged, schedule(&of(ramp.clone()), u32::MAX));
        }
    }

    #[test]
    fn poisson_arrivals_of_a_spike_come_as_often_as_each_stage_wants() {
        let stage = |rps, seconds| Stage { from_rps: rps, to_rps: rps, lasts: Duration::from_secs(seconds) };
        let rate = Rate::Staged(Stages::new(vec![stage(50.0, 100), stage(500.0, 40), stage(50.0, 100)]).unwrap());
        let counts = a_second(&schedule(&Arrivals::Poisson { rate }, u32::MAX));
        let mean = |counts: &[usize]| counts.iter().sum::<usize>() as f64 / counts.len() as f64;
        let means = [&counts[..100], &counts[100..140], &counts[140..]].map(mean);
        // Four standard deviations of the mean.
        for (mean, (wanted, room)) in means.into_iter().zip([(50.0, 2.9), (500.0, 14.2), (50.0, 2.9)]) {
            assert!((mean - wanted).abs() < room, "{means:?}");
        }
    }

    /// Requests a second of 20 a second in the mean, with the seed 7.
    const POISSON_COUNTS: [usize; 8] = [25, 14, 16, 22, 20, 16, 20, 13];
}
