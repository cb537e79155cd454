//! How latency and failures went over the run, so that an incident is seen as one.

use crate::rundir::{BreakerNote, Run, RunDirError, read_samples};
use crate::sample::Phase;
use crate::stats::rank;
use crate::units::{Latency, Micros};

/// Stretches of equal length that a run is cut into.
const SLOTS: usize = 60;

/// Successes of a stretch below which it has no figure.
const LEAST: usize = 10;

/// Regions that are told apart; where there are more, all are taken together.
const MOST_REGIONS: usize = 6;

/// A run cut into stretches of equal length, by the moment when a request was due or sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// How long a stretch is.
    pub(crate) slot: Micros,
    /// A line a region, in the manifest's order.
    pub(crate) lines: Vec<TimeLine>,
    /// The changes of the breakers of routing tables, in the order of time.
    pub(crate) marks: Vec<BreakerMark>,
    /// What of the file of requests could not be read, with file and line.
    pub warnings: Vec<String>,
}

/// What became of the requests of one region.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimeLine {
    /// Absent where the registry names none, or where all are taken together.
    pub(crate) region: Option<String>,
    /// The stretches in their order.
    pub(crate) slots: Vec<Slot>,
}

/// A change of a breaker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BreakerMark {
    /// When, in stretches from the first request on; a change before it is at 0.
    pub(crate) along: f64,
    /// The region; absent where the registry names none.
    pub(crate) region: Option<String>,
    /// The breaker's state from then on: `closed`, `open` or `half_open`.
    pub(crate) to: String,
}

/// A stretch of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Slot {
    /// Requests that fall into it.
    pub(crate) requests: u64,
    /// Of these, the failures.
    pub(crate) failed: u64,
    /// How many times its cell's median a success took: the median over the stretch; absent below 10 successes.
    pub(crate) p50: Option<f64>,
    /// The same: what one in ten exceeds.
    pub(crate) p90: Option<f64>,
}

impl Timeline {
    /// Reads the requests of `run`; absent where it holds none, as a slim run.
    ///
    /// Cells take times that cannot be compared, so each success is held against the median of its own cell.
    ///
    /// # Errors
    /// The file of requests cannot be read, or a row other than the last is broken.
    pub fn of(run: &Run) -> Result<Option<Self>, RunDirError> {
        if !run.has_samples() {
            return Ok(None);
        }
        let notes = &run.manifest.cells;
        let mut regions: Vec<Option<&str>> = Vec::new();
        for note in notes {
            if !regions.contains(&note.region.as_deref()) {
                regions.push(note.region.as_deref());
            }
        }
        if regions.len() > MOST_REGIONS {
            regions = vec![None];
        }
        let region_of = |region: Option<&str>| regions.iter().position(|known| *known == region).unwrap_or(0);
        let of_cell: Vec<(usize, Option<f64>)> = notes
            .iter()
            .map(|note| {
                let row = run.cells.iter().find(|row| row.cell == note.cell);
                let median = row.and_then(|row| row.primary_latency().p50).and_then(Latency::finite_ms);
                (region_of(note.region.as_deref()), median.filter(|median| *median > 0.0))
            })
            .collect();
        let mut events: Vec<Event> = Vec::new();
        let warnings = read_samples(&run.path, &run.manifest, |sample, _| {
            let Some(at) = sample.moments.due.or(sample.moments.sent) else { return };
            if sample.phase != Phase::Measured || !sample.outcome.counts() {
                return;
            }
            let (region, median) = of_cell[sample.cell as usize];
            let took = if sample.moments.due.is_some() { sample.e2e_from_due() } else { sample.e2e() };
            let ratio = took.filter(|_| sample.outcome.is_ok()).zip(median).map(|(took, median)| took.as_ms() / median);
            events.push(Event { at: at.0, region, ok: sample.outcome.is_ok(), ratio });
        })?;
        let regions: Vec<Option<String>> = regions.into_iter().map(|region| region.map(str::to_owned)).collect();
        let first = events.iter().map(|event| event.at).min().unwrap_or(0);
        Ok(Self::over(&regions, &events).map(|timeline| {
            let mark = |change: &BreakerNote| BreakerMark {
                along: (change.at_ms - first as f64 / 1e3).max(0.0) / timeline.slot.as_ms(),
                region: change.region.clone(),
                to: change.to.clone(),
            };
            let mut marks: Vec<_> = run.manifest.tables.iter().flat_map(|table| &table.breakers).map(mark).collect();
            marks.sort_by(|a, b| a.along.total_cmp(&b.along));
            Self { warnings, marks, ..timeline }
        }))
    }

    fn over(regions: &[Option<String>], events: &[Event]) -> Option<Self> {
        let first = events.iter().map(|event| event.at).min()?;
        let last = events.iter().map(|event| event.at).max()?;
        let slot = ((last - first) / SLOTS as u64 + 1).max(1_000);
        let mut ratios = vec![vec![Vec::new(); SLOTS]; regions.len()];
        let mut slots = vec![vec![Slot::default(); SLOTS]; regions.len()];
        for event in events {
            let index = ((event.at - first) / slot) as usize;
            let here = &mut slots[event.region][index];
            here.requests += 1;
            here.failed += u64::from(!event.ok);
            ratios[event.region][index].extend(event.ratio);
        }
        for (slot, ratios) in slots.iter_mut().flatten().zip(ratios.iter_mut().flatten()) {
            ratios.sort_by(f64::total_cmp);
            if ratios.len() >= LEAST {
                let at = |q: f64| Some(ratios[rank(q, ratios.len()) - 1]);
                (slot.p50, slot.p90) = (at(0.5), at(0.9));
            }
        }
        let lines = regions.iter().cloned().zip(slots).map(|(region, slots)| TimeLine { region, slots });
        Some(Self {
            slot: Micros(u32::try_from(slot).unwrap_or(u32::MAX)),
            lines: lines.collect(),
            marks: Vec::new(),
            warnings: Vec::new(),
        })
    }
}

/// What is kept of a request.
struct Event {
    /// When it was due or sent, in microseconds.
    at: u64,
    region: usize,
    ok: bool,
    /// How many times its cell's median it took; absent for a failure.
    ratio: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: u64, ratio: Option<f64>) -> Event {
        Event { at, region: 0, ok: ratio.is_some(), ratio }
    }

    #[test]
    fn a_stretch_has_its_median_its_slow_tenth_and_its_failures() {
        let mut events: Vec<Event> = (1..=20).map(|step| event(5_000, Some(f64::from(step) / 10.0))).collect();
        events.extend([event(5_500, None), event(600_000, Some(1.0))]);
        let timeline = Timeline::over(&[None], &events).unwrap();
        let slots = &timeline.lines[0].slots;
        assert_eq!(slots[0], Slot { requests: 21, failed: 1, p50: Some(1.0), p90: Some(1.8) });
        // The last one is in the last stretch, and alone it has no figure.
        assert_eq!(slots[SLOTS - 1], Slot { requests: 1, failed: 0, p50: None, p90: None });
        assert_eq!(slots.iter().map(|slot| slot.requests).sum::<u64>(), 22);
    }

    #[test]
    fn a_run_without_a_request_has_no_timeline() {
        assert_eq!(Timeline::over(&[None], &[]), None);
    }
}
