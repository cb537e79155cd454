//! Where one cell stands against its limit.

use crate::gate::Policy;
use crate::rundir::{CellRow, Promised};
use crate::units::{Latency, Micros};

/// The least number of requests whose 95 % interval of the 99th percentile has a finite upper end.
///
/// It is the least n with `0.99^n <= 0.025`; there the upper end is the maximum, which one failure opens.
pub const LEAST_N_FOR_P99: u64 = 368;

/// Whether a cell's p99 keeps its limit, as far as its requests can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The whole 95 % interval of p99 lies at or under the limit.
    Meets,
    /// The whole interval lies over the limit.
    Misses,
    /// The limit lies inside the interval, the interval is absent, or the cell's figures may not be judged.
    CannotTell,
}

impl Standing {
    /// Judges the end-to-end p99 of `row`, failures counted as infinite; in open load it counts from the schedule.
    ///
    /// Absent when the row has no request, or no limit. A saturated cell cannot be told: its figures lack
    /// the requests that were dropped.
    pub fn of(row: &CellRow) -> Option<Self> {
        let limit = Latency::Finite(Self::limit_of(row)?);
        if row.requests == 0 {
            return None;
        }
        if row.valid == Some(false) || row.is_saturated() {
            return Some(Self::CannotTell);
        }
        let latency = row.primary_latency();
        Some(if latency.p99_high.is_some_and(|high| high <= limit) {
            Self::Meets
        } else if latency.p99_low.is_some_and(|low| low > limit) {
            Self::Misses
        } else {
            Self::CannotTell
        })
    }

    /// The limit of the end-to-end p99 of `row`, by the policy that its run was measured under; absent where that has none.
    pub fn limit_of(row: &CellRow) -> Option<Micros> {
        promised(row).e2e_p99_ms.map(|ms| Micros((ms * 1e3).round() as u32))
    }

    /// The least share of requests that must succeed in `row`, 0 to 1, by the same policy; absent where that has none.
    pub fn floor_of(row: &CellRow) -> Option<f64> {
        promised(row).availability
    }

    /// The word for a person, as it follows a number: `23 meet`.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Meets => "meet",
            Self::Misses => "miss",
            Self::CannotTell => "cannot be told",
        }
    }
}

/// What its run noted, and what is built in where it noted nothing, as runs of old.
fn promised(row: &CellRow) -> Promised {
    row.promised.unwrap_or_else(|| Policy::built_in().promised(&row.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(low: Option<&str>, high: Option<&str>) -> CellRow {
        serde_json::from_value(serde_json::json!({
            "run_id": "r", "started_at": "2026-09-01T03:00:00Z", "cell": "c", "provider": "p", "model": "m",
            "tier": 1, "workload": "autocomplete", "load": "closed", "simulated": true, "valid": true,
            "requests": 600, "ok": 600, "failed": 0, "rate_limited": 0, "requests_without_usage": 0,
            "outcomes": "ok=600", "e2e_p99_low_ms": low, "e2e_p99_high_ms": high,
        }))
        .unwrap()
    }

    #[test]
    fn the_interval_decides_and_its_ends_count_as_within_the_limit() {
        for (low, high, standing) in [
            ("380", "500", Standing::Meets),
            ("380", "500.001", Standing::CannotTell),
            ("500", "900", Standing::CannotTell),
            ("500.001", "900", Standing::Misses),
            ("380", "inf", Standing::CannotTell),
            ("501", "inf", Standing::Misses),
            ("inf", "inf", Standing::Misses),
        ] {
            assert_eq!(Standing::of(&row(Some(low), Some(high))), Some(standing), "{low} to {high}");
        }
    }

    #[test]
    fn without_an_interval_nothing_can_be_told() {
        assert_eq!(Standing::of(&row(None, None)), Some(Standing::CannotTell));
    }

    #[test]
    fn an_open_load_is_judged_from_due_and_not_at_all_where_requests_were_dropped() {
        let open = CellRow {
            arrivals: Some(600),
            dropped: Some(0),
            e2e_from_due_p99_low_ms: Some("501".parse().unwrap()),
            e2e_from_due_p99_high_ms: Some("900".parse().unwrap()),
            ..row(Some("380"), Some("490"))
        };
        assert_eq!(Standing::of(&open), Some(Standing::Misses));
        assert_eq!(Standing::of(&CellRow { dropped: Some(1), ..open }), Some(Standing::CannotTell));
    }

    #[test]
    fn a_cell_that_may_not_be_judged_neither_meets_nor_misses() {
        let row = CellRow { valid: Some(false), ..row(Some("10"), Some("20")) };
        assert_eq!(Standing::of(&row), Some(Standing::CannotTell));
    }

    #[test]
    fn the_policy_of_the_run_decides_and_the_built_in_one_where_it_noted_none() {
        let promised = |e2e_p99_ms, availability| Some(Promised { e2e_p99_ms, availability });
        let old = row(Some("380"), Some("490"));
        assert_eq!((Standing::limit_of(&old), Standing::floor_of(&old)), (Some(Micros(500_000)), Some(0.99)));
        let strict = CellRow { promised: promised(Some(379.5), None), tier: None, ..old.clone() };
        assert_eq!((Standing::of(&strict), Standing::floor_of(&strict)), (Some(Standing::Misses), None));
        let none = CellRow { promised: promised(None, Some(0.5)), ..old };
        assert_eq!((Standing::of(&none), Standing::floor_of(&none)), (None, Some(0.5)));
    }

    #[test]
    fn without_a_limit_or_a_request_there_is_no_standing() {
        let known = row(Some("10"), Some("20"));
        assert_eq!(Standing::of(&CellRow { tier: None, ..known.clone() }), None);
        assert_eq!(Standing::of(&CellRow { tier: Some(4), ..known.clone() }), None);
        assert_eq!(Standing::of(&CellRow { requests: 0, ..known }), None);
    }
}
