//! How many requests a cell of a load measures, and when each of them is due.

use std::sync::Arc;
use std::time::Duration;

use crate::plan::arrivals::{Arrivals, Schedule, cycle_ms};
use crate::plan::cell::Load;
use crate::plan::input::{Amount, MOST_CV, PlanError};
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
    load: Load,
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
        Arrivals::Gamma { cv, .. } if cv.get() > MOST_CV => return Err(PlanError::WildCv { cv }),
        Arrivals::Gamma { .. } => Vec::new(),
    };
    let requests = match amount {
        Amount::Requests(requests) => requests,
        Amount::Once => once,
        Amount::Lasting(time) => within(load, arrivals, &recorded, time)?,
    };
    let mut rng = seeded(seed, &format!("arrivals of {slug}"));
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

/// Requests that arrive in `time`: as many as the rate brings in the mean, or those of the recording.
fn within(load: Load, arrivals: Arrivals, recorded: &[u64], time: Duration) -> Result<u32, PlanError> {
    let refused = |requests| PlanError::DurationTooFar { load: load.to_string(), duration: time, requests };
    let at_most = match (arrivals, arrivals.rate_rps()) {
        (_, Some(rate)) => (rate.get() * time.as_secs_f64()).round() as u64,
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
