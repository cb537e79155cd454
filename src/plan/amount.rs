//! How many requests a cell of a load measures, and when each of them is due.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use crate::plan::arrivals::{Arrivals, Schedule, cycle_ms};
use crate::plan::cell::Load;
use crate::plan::input::{Amount, MOST_CV, PlanError};
use crate::plan::rate::Stages;
use crate::plan::sessions::Sessions;
use crate::rng::seeded;
use crate::units::Positive;
use crate::workload::Workload;

/// What a load makes of a workload's lines.
pub(super) struct Measured {
    /// The lines in the order in which they are sent.
    pub(super) lines: Vec<u32>,
    /// Which of them are turns of one session; absent where each stands alone.
    pub(super) sessions: Option<Arc<Sessions>>,
    /// How many requests.
    pub(super) requests: u32,
    /// When each is due, and later turns of a session at the earliest: a schedule for each cell of the lane; none in
    /// closed load.
    pub(super) schedules: Vec<Arc<Schedule>>,
}

/// Lays `amount` of `load` over `lines`, of which there is one or more, for each of the `arms` cells that share the
/// load. Everything random is drawn from `seed` and `slug`, so that lanes side by side do not burst together.
///
/// # Errors
/// The recording has no times, or the time holds no requests or too many.
pub(super) fn measured(
    load: &Load,
    amount: Amount,
    workload: &Workload,
    lines: &[u32],
    arms: u32,
    (seed, slug): (u64, &str),
) -> Result<Measured, PlanError> {
    let (mut lines, once) = (lines.to_vec(), u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let Load::Open { arrivals, .. } = load else {
        let sessions = Sessions::gather(workload, &mut lines, Positive::ONE).map(Arc::new);
        let requests = match amount {
            Amount::Requests(requests) => requests,
            Amount::Once => once,
            Amount::Lasting(_) => return Err(PlanError::ClosedDuration),
        };
        return Ok(Measured { lines, sessions, requests, schedules: Vec::new() });
    };
    let speed = match arrivals {
        Arrivals::Recorded { speed } => {
            in_order(workload, &mut lines)?;
            *speed
        }
        Arrivals::Constant { .. } | Arrivals::Poisson { .. } => Positive::ONE,
        Arrivals::Gamma { cv, .. } if cv.get() > MOST_CV => return Err(PlanError::WildCv { cv: *cv }),
        Arrivals::Gamma { .. } => Positive::ONE,
    };
    // What arrives is a line alone or a session; when its later turns are due, only the answers before them can tell.
    let sessions = Sessions::gather(workload, &mut lines, speed).map(Arc::new);
    let arrives = |at: u32| sessions.as_ref().is_none_or(|sessions| sessions.first_of(at) == at);
    let times = (0..).zip(&lines).filter(|(at, _)| arrives(*at));
    let recorded: Vec<u64> = times.filter_map(|(_, line)| workload.requests[*line as usize].timestamp_ms).collect();
    let too_many = |arrived| {
        let duration = if let Amount::Lasting(time) = amount { time } else { Duration::ZERO };
        PlanError::DurationTooFar { load: load.to_string(), duration, requests: u64::from(arrived) }
    };
    let all_turns = |arrived: u32| match &sessions {
        None => Ok(arrived),
        Some(sessions) => sessions.requests_of(arrived).ok_or_else(|| too_many(arrived)),
    };
    // Of what arrives each cell gets its part, and no cell one more than another.
    let part = |arrived: u32| match arrived / arms {
        0 => Err(too_many(arrived)),
        each => Ok(each),
    };
    let mut rng = seeded(seed, &format!("arrivals of {slug}"));
    let (requests, schedule) = match (arrivals.stages(), amount) {
        (Some(stages), _) => {
            let schedule = of_stages(load, arrivals, stages, &mut rng)?;
            (all_turns(part(schedule.len() as u32)?)?, schedule)
        }
        (None, amount) => {
            let requests = match amount {
                Amount::Requests(requests) => requests,
                Amount::Once => once,
                Amount::Lasting(time) => all_turns(part(within(load, arrivals, &recorded, time)?)?)?,
            };
            let last = requests.saturating_sub(1);
            let arriving = sessions.as_ref().map_or(requests, |sessions| sessions.number_of(last) + 1);
            let arriving = arriving.checked_mul(arms).ok_or_else(|| too_many(u32::MAX))?;
            (requests, Schedule::new(arrivals, arriving, &recorded, &mut rng))
        }
    };
    let whole = |schedule: Schedule| match &sessions {
        None => schedule,
        Some(sessions) => schedule.of_sessions(sessions, requests),
    };
    let schedules = schedule.dealt(arms).into_iter().map(|schedule| Arc::new(whole(schedule))).collect();
    Ok(Measured { lines, sessions, requests, schedules })
}

/// Sorts `lines` by the times of what arrives: a line's own, or that of its session's first turn. Those of one time stay
/// as they stand in the file.
fn in_order(workload: &Workload, lines: &mut Vec<u32>) -> Result<(), PlanError> {
    let mut first_turns: HashMap<&str, u32> = HashMap::new();
    let mut timed = Vec::with_capacity(lines.len());
    for line in lines.iter().copied() {
        let session = workload.requests[line as usize].session_id.as_deref();
        let arriving = session.map_or(line, |session| *first_turns.entry(session).or_insert(line));
        let arriving = &workload.requests[arriving as usize];
        let without = || PlanError::NoTimestamp { file: workload.source.clone(), line: arriving.line };
        timed.push((arriving.timestamp_ms.ok_or_else(without)?, line));
    }
    timed.sort_by_key(|(time, _)| *time);
    *lines = timed.into_iter().map(|(_, line)| line).collect();
    Ok(())
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
        let schedule = &measured.schedules[0];
        (0..measured.requests).map(|index| schedule.due(index).as_millis()).collect()
    }

    #[test]
    fn recorded_arrivals_are_sent_in_the_order_of_their_times_at_each_speed() {
        let workload = recording(&[Some(4_000), Some(1_000), Some(1_000), Some(2_500)]);
        for (speed, expected) in [(1.0, [0, 0, 1_500, 3_000]), (10.0, [0, 0, 150, 300])] {
            let load = open(Arrivals::Recorded { speed: positive(speed) });
            let found = measured(&load, Amount::Once, &workload, &[0, 1, 2, 3], 1, (1, "slug")).unwrap();
            assert_eq!(found.lines, [1, 2, 3, 0]);
            assert_eq!(dues(&found), expected);
        }
    }

    #[test]
    fn a_time_holds_what_arrives_in_it() {
        let workload = recording(&[Some(0), Some(500), Some(1_000)]);
        let of = |arrivals, seconds| {
            let time = Amount::Lasting(Duration::from_secs(seconds));
            measured(&open(arrivals), time, &workload, &[0, 1, 2], 1, (1, "slug")).map(|found| found.requests)
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
            let found = measured(&load, amount, &workload, &[0, 1], 1, (1, "slug"));
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

    /// Sessions `a`, `b`, `a`, none, `b` at these times; only what arrives by itself has one.
    fn conversations() -> Workload {
        let line = |(number, (session, time)): (usize, (&str, Option<u64>))| {
            let session = if session.is_empty() { String::new() } else { format!(r#","session_id":"{session}""#) };
            let time = time.map_or(String::new(), |time| format!(r#","timestamp":{time}"#));
            format!(r#"{{"custom_id":"{number}","input_length":1,"output_length":1{session}{time}}}"#)
        };
        let lines = [("a", Some(700)), ("b", Some(200)), ("a", None), ("", Some(500)), ("b", Some(9_000))];
        let text: Vec<String> = lines.into_iter().enumerate().map(line).collect();
        Workload::parse("w", "w.jsonl", text.join("\n").as_bytes(), BadLines::Stop).unwrap()
    }

    #[test]
    fn sessions_arrive_at_the_times_of_their_first_turns() {
        let load = open(Arrivals::Recorded { speed: positive(1.0) });
        let found = measured(&load, Amount::Requests(7), &conversations(), &[0, 1, 2, 3, 4], 1, (1, "slug")).unwrap();
        assert_eq!(found.lines, [1, 4, 3, 0, 2]);
        // The next cycle begins a mean gap after the last arrival.
        assert_eq!(dues(&found), [0, 0, 300, 500, 500, 750, 750]);
    }

    #[test]
    fn a_rate_is_that_of_sessions_and_a_time_holds_all_turns_of_those_that_arrive_in_it() {
        let load = open(Arrivals::Constant { rate: steady(2.0) });
        let of = |amount| measured(&load, amount, &conversations(), &[0, 1, 2, 3, 4], 1, (1, "slug")).unwrap();
        let found = of(Amount::Lasting(Duration::from_secs(2)));
        assert_eq!((&found.lines[..], found.requests), (&[0, 2, 1, 4, 3][..], 7));
        assert_eq!(dues(&found), [0, 0, 500, 500, 1_000, 1_500, 1_500]);
        assert_eq!(dues(&of(Amount::Requests(4))), [0, 0, 500, 500]);
        assert_eq!(dues(&of(Amount::Once)).len(), 5);
        // Stages say how many sessions arrive, and each brings all its turns.
        let load = open(Arrivals::Constant { rate: "2..2/2s".parse().unwrap() });
        let found = measured(&load, Amount::Once, &conversations(), &[0, 1, 2, 3, 4], 1, (1, "slug")).unwrap();
        assert_eq!((found.requests, dues(&found).len()), (7, 7));
    }

    #[test]
    fn a_first_turn_without_a_time_is_named() {
        let text = r#"{"custom_id":"1","input_length":1,"output_length":1,"session_id":"a"}
{"custom_id":"2","input_length":1,"output_length":1,"session_id":"a","timestamp":5}"#;
        let workload = Workload::parse("w", "w.jsonl", text.as_bytes(), BadLines::Stop).unwrap();
        let load = open(Arrivals::Recorded { speed: Positive::ONE });
        let error = measured(&load, Amount::Once, &workload, &[0, 1], 1, (1, "slug")).err().unwrap();
        assert_eq!(error.to_string(), "w.jsonl:1: has no `timestamp`, which recorded arrivals need");
    }

    #[test]
    fn stages_bring_what_they_bring() {
        let workload = recording(&[None]);
        let of = |rate: &str, slug| {
            let load = open(Arrivals::Poisson { rate: rate.parse().unwrap() });
            let found = measured(&load, Amount::Requests(7), &workload, &[0], 1, (1, slug));
            found.map(|found| (found.requests, found.schedules[0].len()))
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
    fn two_cells_that_share_a_load_take_every_second_arrival_each_and_neither_is_always_first() {
        let load = open(Arrivals::Constant { rate: steady(2.0) });
        let of = |amount| measured(&load, amount, &recording(&[None]), &[0], 2, (1, "slug")).unwrap();
        let found = of(Amount::Requests(3));
        let dues: Vec<Vec<u128>> = found
            .schedules
            .iter()
            .map(|schedule| (0..found.requests).map(|index| schedule.due(index).as_millis()).collect())
            .collect();
        assert_eq!(dues, [[0, 1_500, 2_000], [500, 1_000, 2_500]]);
        // A time holds what arrives in it, for both together; what would be one side's alone is left out.
        assert_eq!(of(Amount::Lasting(Duration::from_millis(3_500))).requests, 3);
        let short =
            measured(&load, Amount::Lasting(Duration::from_millis(500)), &recording(&[None]), &[0], 2, (1, "s"));
        assert!(short.err().unwrap().to_string().contains(" brings 1 requests in "));
        let staged = open(Arrivals::Constant { rate: "2..2/3500ms".parse().unwrap() });
        let found = measured(&staged, Amount::Once, &recording(&[None]), &[0], 2, (1, "slug")).unwrap();
        assert_eq!((found.requests, found.schedules[1].len()), (3, 3));
    }

    #[test]
    fn whole_sessions_take_turns_where_two_cells_share_a_load() {
        let load = open(Arrivals::Constant { rate: steady(2.0) });
        let found = measured(&load, Amount::Requests(5), &conversations(), &[0, 1, 2, 3, 4], 2, (1, "slug")).unwrap();
        let dues = |schedule: &Schedule| (0..5).map(|index| schedule.due(index).as_millis()).collect::<Vec<_>>();
        assert_eq!(dues(&found.schedules[0]), [0, 0, 1_500, 1_500, 2_000]);
        assert_eq!(dues(&found.schedules[1]), [500, 500, 1_000, 1_000, 2_500]);
    }

    #[test]
    fn cells_of_one_seed_draw_arrivals_of_their_own_and_draw_them_again() {
        let workload = recording(&[None]);
        let load = open(Arrivals::Poisson { rate: steady(20.0) });
        let of = |slug| dues(&measured(&load, Amount::Requests(50), &workload, &[0], 1, (1, slug)).unwrap());
        assert_eq!(of("a"), of("a"));
        assert_ne!(of("a"), of("b"));
    }
}
