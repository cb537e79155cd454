//! How many requests a cell of a load measures, and when each of them is due.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use crate::plan::arrivals::{Arrivals, Schedule, cycle_ms};
use crate::plan::cell::Load;
use crate::plan::input::{Amount, MOST_CV, PlanError};
use crate::plan::rate::Stages;
use crate::rng::seeded;
use crate::workload::Workload;

/// What a load makes of a workload's lines.
pub(super) struct Measured {
    /// The lines in the order in which they are sent.
    pub(super) lines: Vec<u32>,
    /// How many requests.
    pub(super) requests: u32,
    /// When each is due; absent in closed load.
    pub(super) schedule: Option<Arc<Schedule>>,
}

/// Lays `amount` of `load` over `lines`, of which there is one or more. Everything random is drawn from `seed` and
/// `slug`, so that cells side by side do not burst together.
///
/// # Errors
/// The recording has no times, or the time holds no requests or too many.
pub(super) fn measured(
    load: &Load,
    amount: Amount,
    workload: &Workload,
    lines: &[u32],
    (seed, slug): (u64, &str),
) -> Result<Measured, PlanError> {
    let (mut lines, once) = (lines.to_vec(), u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let Load::Open { arrivals, .. } = load else {
        return match amount {
            Amount::Requests(requests) => Ok(Measured { lines, requests, schedule: None }),
            Amount::Once => Ok(Measured { lines, requests: once, schedule: None }),
            Amount::Lasting(_) => Err(PlanError::ClosedDuration),
        };
    };
    let recorded = match arrivals {
        Arrivals::Recorded { .. } => in_order(workload, &mut lines)?,
        Arrivals::Constant { .. } | Arrivals::Poisson { .. } => Vec::new(),
        Arrivals::Gamma { cv, .. } if cv.get() > MOST_CV => return Err(PlanError::WildCv { cv: *cv }),
        Arrivals::Gamma { .. } => Vec::new(),
    };
    let mut rng = seeded(seed, &format!("arrivals of {slug}"));
    if let Some(stages) = arrivals.stages() {
        let schedule = of_stages(load, arrivals, stages, &mut rng)?;
        return Ok(Measured { lines, requests: schedule.len() as u32, schedule: Some(Arc::new(schedule)) });
    }
    let requests = match amount {
        Amount::Requests(requests) => requests,
        Amount::Once => once,
        Amount::Lasting(time) => within(load, arrivals, &recorded, time)?,
    };
    let schedule = Schedule::new(arrivals, requests, &recorded, &mut rng);
    Ok(Measured { lines, requests, schedule: Some(Arc::new(schedule)) })
}

/// Sorts `lines` by their times, those of one time as they stand in the file, and returns the times.
fn in_order(workload: &Workload, lines: &mut [u32]) -> Result<Vec<u64>, PlanError> {
    let request = |line: &u32| &workload.requests[*line as usize];
    if let Some(without) = lines.iter().map(request).find(|request| request.timestamp_ms.is_none()) {
        return Err(PlanError::NoTimestamp { file: workload.source.clone(), line: without.line });
    }
    lines.sort_by_key(|line| request(line).timestamp_ms);
    Ok(lines.iter().filter_map(|line| request(line).timestamp_ms).collect())
}

/// All that the stages bring. They say themselves how much that is.
fn of_stages(load: &Load, arrivals: &Arrivals, stages: &Stages, rng: &mut Rng) -> Result<Schedule, PlanError> {
    let refused = |requests| PlanError::DurationTooFar { load: load.to_string(), duration: stages.lasts(), requests };
    // A mean so far below that no draw comes near it.
    if stages.requests() > f64::from(u32::MAX) * 0.99 {
        return Err(refused(stages.requests() as u64));
    }
    let schedule = Schedule::new(arrivals, u32::MAX, &[], rng);
    if schedule.is_empty() { Err(refused(0)) } else { Ok(schedule) }
}

/// Requests that arrive in `time`: as many as the rate brings in the mean, or those of the recording.
fn within(load: &Load, arrivals: &Arrivals, recorded: &[u64], time: Duration) -> Result<u32, PlanError> {
    let refused = |requests| PlanError::DurationTooFar { load: load.to_string(), duration: time, requests };
    let at_most = match (arrivals, arrivals.rate()) {
        (_, Some(rate)) => (rate.peak_rps() * time.as_secs_f64()).round() as u64,
        (Arrivals::Recorded { speed }, None) => {
            let cycles = (time.as_secs_f64() * 1e3 * speed.get() / cycle_ms(recorded)).ceil();
            (cycles * recorded.len() as f64) as u64
        }
        (_, None) => unreachable!("arrivals without a rate are recorded"),
    };
    let requests = u32::try_from(at_most).ok().filter(|requests| *requests > 0).ok_or_else(|| refused(at_most))?;
    match arrivals {
        Arrivals::Recorded { .. } => {
            let all = Schedule::new(arrivals, requests, recorded, &mut seeded(0, "a recording draws nothing"));
            Ok(all.within(time))
        }
        _ => Ok(requests),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::rate::Rate;
    use crate::units::Positive;
    use crate::workload::BadLines;

    /// A workload with a request at each of `times` in milliseconds.
    fn recording(times: &[Option<u64>]) -> Workload {
        let line = |(index, time): (usize, &Option<u64>)| {
            let time = time.map_or(String::new(), |time| format!(r#","timestamp":{time}"#));
            format!(r#"{{"custom_id":"{index}","body":{{"messages":[{{"role":"user","content":"x"}}]}}{time}}}"#)
        };
        let text = times.iter().enumerate().map(line).collect::<Vec<_>>().join("\n");
        Workload::parse("w", "w.jsonl", text.as_bytes(), BadLines::Stop).unwrap()
    }

    fn positive(number: f64) -> Positive {
        Positive::new(number).unwrap()
    }

    fn steady(number: f64) -> Rate {
        Rate::Steady(positive(number))
    }

    fn open(arrivals: Arrivals) -> Load {
        Load::Open { arrivals, max_in_flight: 100 }
    }

    fn dues(measured: &Measured) -> Vec<u128> {
        let schedule = measured.schedule.as_ref().unwrap();
        (0..measured.requests).map(|index| schedule.due(index).as_millis()).collect()
    }

    #[test]
    fn recorded_arrivals_are_sent_in_the_order_of_their_times_at_each_speed() {
        let workload = recording(&[Some(4_000), Some(1_000), Some(1_000), Some(2_500)]);
        for (speed, expected) in [(1.0, [0, 0, 1_500, 3_000]), (10.0, [0, 0, 150, 300])] {
            let load = open(Arrivals::Recorded { speed: positive(speed) });
            let found = measured(&load, Amount::Once, &workload, &[0, 1, 2, 3], (1, "slug")).unwrap();
            assert_eq!(found.lines, [1, 2, 3, 0]);
            assert_eq!(dues(&found), expected);
        }
    }

    #[test]
    fn a_time_holds_what_arrives_in_it() {
        let workload = recording(&[Some(0), Some(500), Some(1_000)]);
        let of = |arrivals, seconds| {
            let time = Amount::Lasting(Duration::from_secs(seconds));
            measured(&open(arrivals), time, &workload, &[0, 1, 2], (1, "slug")).map(|found| found.requests)
        };
        // A cycle of the recording lasts 1.5 s.
        assert_eq!(of(Arrivals::Recorded { speed: positive(1.0) }, 3), Ok(6));
        assert_eq!(of(Arrivals::Recorded { speed: positive(0.5) }, 3), Ok(3));
        assert_eq!(of(Arrivals::Poisson { rate: steady(20.0) }, 5), Ok(100));
        assert_eq!(
            of(Arrivals::Constant { rate: steady(0.01) }, 5).unwrap_err().to_string(),
            "constant at 0.01/s brings 0 requests in 5s, must bring 1 to 4294967295"
        );
    }

    #[test]
    fn what_cannot_be_scheduled_is_refused() {
        let workload = recording(&[Some(0), None]);
        let refusal = |load, amount| {
            let found = measured(&load, amount, &workload, &[0, 1], (1, "slug"));
            found.err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(
            refusal(open(Arrivals::Recorded { speed: Positive::ONE }), Amount::Once),
            "w.jsonl:2: has no `timestamp`, which recorded arrivals need"
        );
        let wild = Arrivals::Gamma { rate: steady(1.0), cv: positive(11.0) };
        assert_eq!(refusal(open(wild), Amount::Once), "`cv` is 11, must be at most 10");
        let closed = Load::Closed { concurrency: 1 };
        assert_eq!(
            refusal(closed, Amount::Lasting(Duration::from_secs(1))),
            "`duration` has no meaning in closed load, which ends with its requests: `--requests-per-cell` says how many"
        );
    }

    #[test]
    fn stages_bring_what_they_bring() {
        let workload = recording(&[None]);
        let of = |rate: &str, slug| {
            let load = open(Arrivals::Poisson { rate: rate.parse().unwrap() });
            let found = measured(&load, Amount::Requests(7), &workload, &[0], (1, slug));
            found.map(|found| (found.requests, found.schedule.unwrap().len()))
        };
        let (requests, scheduled) = of("10..200/10s", "a").unwrap();
        assert_eq!((requests as usize, of("10..200/10s", "a").unwrap().0), (scheduled, requests));
        // Four standard deviations of a mean of 1,050.
        assert!(requests.abs_diff(1_050) < 130 && requests != of("10..200/10s", "b").unwrap().0, "{requests}");
        assert_eq!(
            of("0..0.001/1ms", "a").unwrap_err().to_string(),
            "poisson at 0..0.001/s over 1ms brings 0 requests in 1ms, must bring 1 to 4294967295"
        );
        assert!(of("1000000..1000000/2h", "a").unwrap_err().to_string().contains(" brings 7200000000 requests in "));
    }

    #[test]
    fn cells_of_one_seed_draw_arrivals_of_their_own_and_draw_them_again() {
        let workload = recording(&[None]);
        let load = open(Arrivals::Poisson { rate: steady(20.0) });
        let of = |slug| dues(&measured(&load, Amount::Requests(50), &workload, &[0], (1, slug)).unwrap());
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
    }
}
