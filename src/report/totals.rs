//! A run in a few numbers: how its cells stand, how its requests ended, what it cost, against whom.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::report::figures;
use crate::report::parts::{Parts, Word};
use crate::report::shown::assumed_prices;
use crate::rundir::{LeftOutNote, Run, Status};
use crate::sample::Outcome;
use crate::units::Usd;

/// Sums over all cells of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Cells within their limit.
    pub(crate) meets: usize,
    /// Cells over their limit.
    pub(crate) misses: usize,
    /// Cells that could not be told.
    pub(crate) cannot_tell: usize,
    /// Cells whose figures may not be judged.
    pub(crate) invalid: usize,
    /// Cells that nothing judged.
    pub(crate) unjudged: usize,
    /// Requests that ended and count.
    pub(crate) requests: u64,
    /// Of these, the successes.
    pub(crate) ok: u64,
    /// Of these, the failures.
    pub(crate) failed: u64,
    /// What the requests with known cost cost; absent when none is known.
    pub(crate) cost: Option<Usd>,
    /// Whether a price that entered the cost is an assumption, or one that should have is unknown.
    pub(crate) trust: Option<figures::Trust>,
    /// Each outcome that occurred, with its requests and the cells it occurred in.
    pub(crate) outcomes: BTreeMap<Outcome, Occurrences>,
}

/// How often an outcome occurred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occurrences {
    /// Requests that ended so.
    pub(crate) requests: u64,
    /// Cells with such a request.
    pub(crate) cells: u64,
}

impl Totals {
    /// Adds up the run's cells.
    pub(crate) fn of(run: &Run, parts: &Parts<'_>) -> Self {
        let mut totals = Self::default();
        let mut trust = figures::Trust { assumed: false, partial: false };
        for (index, row) in run.whole_cells() {
            *match parts.word(index, row) {
                Some(Word::Meets) => &mut totals.meets,
                Some(Word::Misses) => &mut totals.misses,
                Some(Word::CannotTell) => &mut totals.cannot_tell,
                Some(Word::Invalid) => &mut totals.invalid,
                None => &mut totals.unjudged,
            } += 1;
            totals.requests += row.requests;
            totals.ok += row.ok;
            totals.failed += row.failed;
            if let Some(cost) = row.cost_usd {
                totals.cost = Some(totals.cost.unwrap_or_default() + cost);
                trust.assumed |= !assumed_prices(run, row, index).is_empty() || row.is_estimated();
            }
            trust.partial |= row.all_prices_known == Some(false);
            for (outcome, requests) in row.counted() {
                let entry = totals.outcomes.entry(outcome).or_default();
                entry.requests += requests;
                entry.cells += 1;
            }
        }
        totals.trust = totals.cost.map(|_| trust);
        totals
    }

    /// The cost with its marks; absent when no cost is known.
    pub(crate) fn cost_text(&self) -> Option<String> {
        Some(figures::marked(&figures::usd(self.cost?), self.trust?))
    }

    /// How the cells stand, as `2 meet, 1 misses`; the words that apply to no cell are left out.
    pub(crate) fn standing_text(&self) -> String {
        let counted = |count: usize, one: &str, more: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{} {more}", figures::count(count as u64))),
        };
        let words = [
            counted(self.meets, "meets", "meet"),
            counted(self.misses, "misses", "miss"),
            counted(self.cannot_tell, "cannot be told", "cannot be told"),
            counted(self.invalid, "is invalid", "are invalid"),
            counted(self.unjudged, "has no limit", "have no limit"),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Where a run's replies came from, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Every reply came from a simulator.
    Simulated,
    /// No reply did.
    Live,
    /// Some did.
    Mixed,
    /// No reply told.
    Unknown,
}

impl Source {
    /// What the manifest says, held against the cells.
    pub(crate) fn of(run: &Run) -> Self {
        let simulated = run.cells.iter().filter(|row| row.simulated).count();
        match run.manifest.destination.simulated {
            Some(true) => Self::Simulated,
            Some(false) if simulated > 0 => Self::Mixed,
            Some(false) => Self::Live,
            None if simulated > 0 && simulated == run.cells.len() => Self::Simulated,
            None if simulated > 0 => Self::Mixed,
            None => Self::Unknown,
        }
    }

    /// The word on the banner.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Simulated => "SIMULATED",
            Self::Live => "LIVE",
            Self::Mixed => "PARTLY SIMULATED",
            Self::Unknown => "SOURCE UNKNOWN",
        }
    }

    /// What the word means for the figures.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Simulated => {
                "Every reply came from a simulated provider: the figures describe its law, not a vendor."
            }
            Self::Live => "Every reply came from the provider named here.",
            Self::Mixed => "Some replies came from a simulated provider; the cells concerned are marked.",
            Self::Unknown => "No reply told whether it was simulated.",
        }
    }
}

/// Why the run holds less than was planned; absent for a finished one.
pub(crate) const fn shortfall(status: Status) -> Option<&'static str> {
    match status {
        Status::Finished => None,
        Status::Running => Some("The run is still under way, or its process died: less was measured than planned."),
        Status::Interrupted => Some("The run was interrupted: less was measured than planned."),
        Status::OverBudget => Some("The budget stopped the run: less was measured than planned."),
    }
}

/// What was left out, of which variant where it was not all of them, and how many of its requests where it was not all of them: `glm-4.6v, documents, 3 requests`.
pub(crate) fn left_out_place(one: &LeftOutNote) -> String {
    let place = [one.variant.as_ref(), Some(&one.model), one.region.as_ref(), one.workload.as_ref()];
    let mut place: Vec<String> = place.into_iter().flatten().cloned().collect();
    place.extend(one.requests.map(|requests| match requests {
        1 => "1 request".to_owned(),
        more => format!("{} requests", figures::count(more)),
    }));
    place.join(", ")
}

/// How long the run took, as `48 s` or `12 min 3 s`; absent while it is under way.
pub(crate) fn lasted(run: &Run) -> Option<String> {
    let moment = |text: &str| text.parse::<Timestamp>().ok();
    let end = moment(run.manifest.finished_at.as_deref()?)?;
    let seconds = end.duration_since(moment(&run.manifest.started_at)?).as_secs();
    Some(match seconds {
        ..0 => return None,
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn totals_count_cells_requests_and_failures_by_class() {
        let totals = Totals::of(&fixture::run(), &fixture::parts());
        assert_eq!(totals.standing_text(), "2 meet, 1 cannot be told, 2 are invalid");
        assert_eq!((totals.requests, totals.ok, totals.failed), (2050, 1988, 62));
        assert_eq!(totals.cost_text().as_deref(), Some("≥ ~$0.0987"));
        let classes: Vec<_> =
            totals.outcomes.iter().map(|(outcome, n)| (outcome.name(), n.requests, n.cells)).collect();
        assert_eq!(classes, [("ok", 1988, 4), ("rate_limited", 11, 2), ("timeout_idle", 1, 1), ("connect", 50, 1)]);
    }

    #[test]
    fn a_run_without_any_known_cost_has_none_rather_than_zero() {
        let mut run = fixture::run();
        run.cells.iter_mut().for_each(|row| row.cost_usd = None);
        assert_eq!(Totals::of(&run, &fixture::parts()).cost_text(), None);
    }

    #[test]
    fn one_simulated_cell_in_a_live_run_is_told() {
        let mut run = fixture::run();
        assert_eq!(Source::of(&run), Source::Simulated);
        run.manifest.destination.simulated = Some(false);
        assert_eq!(Source::of(&run), Source::Mixed);
        run.cells.iter_mut().for_each(|row| row.simulated = false);
        assert_eq!(Source::of(&run), Source::Live);
        run.manifest.destination.simulated = None;
        assert_eq!(Source::of(&run), Source::Unknown);
    }

    #[test]
    fn a_run_under_way_has_no_length() {
        let mut run = fixture::run();
        assert_eq!(lasted(&run).as_deref(), Some("48 s"));
        run.manifest.finished_at = Some("2026-11-23T04:12:10Z".to_owned());
        assert_eq!(lasted(&run).as_deref(), Some("2 h 12 min"));
        run.manifest.finished_at = None;
        assert_eq!(lasted(&run), None);
    }
}
