//! The limit of each tier when no policy says otherwise.

use crate::units::Micros;

/// The least share of requests that must succeed, 0 to 1, when no policy says otherwise.
pub const AVAILABILITY_FLOOR: f64 = 0.99;

/// The longest p99 of end-to-end latency, failures counted as infinite, that `tier` allows on `workload`.
///
/// Absent for a tier that has no limit, such as 4, which is handed to a person.
pub fn limit(tier: u8, workload: &str) -> Option<Micros> {
    let applies = |row: &&TierLimit| row.tier == tier && row.workload.is_none_or(|name| name == workload);
    BUILT_IN.iter().find(applies).map(|row| row.p99)
}

/// One row of the table; of several that apply, the first decides.
struct TierLimit {
    tier: u8,
    /// The workload it is for; absent: every other.
    workload: Option<&'static str>,
    p99: Micros,
}

const fn row(tier: u8, workload: Option<&'static str>, p99_ms: u32) -> TierLimit {
    TierLimit { tier, workload, p99: Micros(p99_ms * 1000) }
}

const BUILT_IN: [TierLimit; 8] = [
    row(0, Some("classify"), 200),
    row(0, None, 350),
    row(1, Some("autocomplete"), 500),
    row(1, None, 4_000),
    row(2, Some("autocomplete"), 1_200),
    row(2, None, 6_000),
    row(3, Some("autocomplete"), 1_500),
    row(3, None, 10_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_with_a_limit_of_its_own_does_not_take_the_general_one() {
        let ms = |tier, workload| limit(tier, workload).map(|time| time.0 / 1000);
        assert_eq!([ms(0, "classify"), ms(0, "autocomplete")], [Some(200), Some(350)]);
        assert_eq!([ms(1, "autocomplete"), ms(1, "support")], [Some(500), Some(4_000)]);
        assert_eq!([ms(2, "autocomplete"), ms(2, "support")], [Some(1_200), Some(6_000)]);
        assert_eq!([ms(3, "autocomplete"), ms(3, "support")], [Some(1_500), Some(10_000)]);
    }

    #[test]
    fn a_tier_that_no_one_limits_has_no_limit() {
        assert_eq!(limit(4, "autocomplete"), None);
        assert_eq!(limit(200, "classify"), None);
    }
}
