//! What share of a month's requests was answered.

use crate::history::Series;

/// The requests of a cell in one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    /// The year in UTC.
    pub year: i16,
    /// The month, from 1.
    pub month: i8,
    /// Requests that ended and count.
    pub requests: u64,
    /// Of these, the failures.
    pub failed: u64,
}

impl Month {
    /// Successes over requests, 0 to 1.
    pub fn availability(&self) -> f64 {
        (self.requests - self.failed) as f64 / self.requests as f64
    }
}

/// The months of `series` in which a request counts, in their order; see
/// [`Point::counts_for_availability`](crate::history::Point::counts_for_availability).
pub fn months(series: &Series<'_>) -> Vec<Month> {
    let mut all: Vec<Month> = Vec::new();
    for point in series.points.iter().filter(|point| point.counts_for_availability()) {
        let (date, row) = (point.night.date(), point.row);
        let (year, month, requests, failed) = (date.year(), date.month(), row.requests, row.failed.min(row.requests));
        match all.last_mut().filter(|last| (last.year, last.month) == (year, month)) {
            Some(last) => (last.requests, last.failed) = (last.requests + requests, last.failed + failed),
            None => all.push(Month { year, month, requests, failed }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::Clean;
    use crate::history::series;

    #[test]
    fn requests_and_failures_are_added_up_by_month_and_an_outage_is_among_them() {
        // From 23 September on: 8 nights of that month, 31 of October, 1 of November.
        let mut history = Clean { cells: 1, nights: 40, ..Clean::default() }.history();
        let row = &mut history.nights[10].cells[0];
        (row.ok, row.failed, row.valid) = (0, 600, Some(false));
        history.nights[39].cells[0].valid = Some(false);
        let found = months(&series(&history)[0]);
        let told: Vec<_> = found.iter().map(|one| (one.year, one.month, one.requests, one.failed)).collect();
        assert_eq!(told, [(2026, 9, 4_800, 0), (2026, 10, 18_600, 600)]);
        assert!((found[1].availability() - 30.0 / 31.0).abs() < 1e-12);
    }
}
