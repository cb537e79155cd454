//! One endpoint's line in the percentile chart, as far as its requests support one.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::gate::Standing;
use crate::report::chart::legend;
use crate::report::chart::mark::PriceAxis;
use crate::report::chart::theme::Role;
use crate::report::chart::ticks::time;
use crate::report::figures;
use crate::report::headline::{cheaper, shown};
use crate::report::parts::Word;
use crate::report::support::has_upper_end;
use crate::rundir::{CellRow, Run};
use crate::tally::SparseCounts;
use crate::units::{Latency, Micros};

/// Points of a line in each factor of ten.
const A_DECADE: i32 = 16;

/// The latencies of one endpoint over `1 / (1 − q)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line<'a> {
    pub(crate) row: &'a CellRow,
    pub(crate) name: String,
    /// Whether others are held against it.
    pub(crate) baseline: bool,
    /// Whether the run has such ones.
    pub(crate) compared: bool,
    /// Absent where no limit applies.
    pub(crate) standing: Option<Word>,
    /// `1 / (1 − q)` and milliseconds, from the least latency on; never empty. The last has `(1 − q) · n = 1`.
    pub(crate) points: Vec<(f64, f64)>,
    /// How many of the points have an upper bound at 95 % confidence.
    pub(crate) bounded: usize,
    /// Where the line passes p99; absent below 100 successes.
    pub(crate) p99: Option<f64>,
    /// The figures in words.
    pub(crate) title: String,
}

/// The line of `row`, whose successes are `counts`; absent without one.
pub(crate) fn line<'a>(run: &Run, row: &'a CellRow, counts: &SparseCounts) -> Option<Line<'a>> {
    let n = counts.total();
    // A bucket's upper end may lie beyond anything that was measured.
    let most = match row.e2e_max_ms {
        Some(Latency::Finite(most)) => most,
        _ => Micros(u32::MAX),
    };
    let at = |across: f64| {
        let q = (1.0 - 1.0 / across).max(f64::EPSILON);
        Some((across, counts.quantile(q)?.min(most).as_ms().max(LEAST_MS)))
    };
    let last = n as f64;
    let steps = (0..).map(|step| 10_f64.powf(f64::from(step) / f64::from(A_DECADE)));
    // A step that all but meets the end would be drawn on top of it.
    let mut points: Vec<_> = steps.take_while(|across| *across < last * 0.999).map_while(at).collect();
    points.extend(at(last.max(1.0)));
    let bounded = points.partition_point(|(across, _)| has_upper_end(1.0 - 1.0 / across.max(1.0001), n, row.failed));
    let quantile = |q: f64| (n as f64 * (1.0 - q) > 1.0 - 1e-9).then(|| at(1.0 / (1.0 - q))).flatten();
    let quantiles: Vec<String> = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)]
        .into_iter()
        .filter_map(|(name, q)| Some(format!("{name} {}", time(quantile(q)?.1))))
        .collect();
    let name = shown(run, row);
    let place = row.region.as_deref().map_or(String::new(), |region| format!(", {region}"));
    let failed = if row.failed > 0 { format!(", {} failed", figures::count(row.failed)) } else { String::new() };
    Some(Line {
        title: format!("{name}{place}: {}; n = {}{failed}", quantiles.join(", "), figures::count(n)),
        row,
        name,
        baseline: run.is_baseline(row),
        compared: !run.manifest.variants.is_empty(),
        standing: Word::of(row),
        bounded,
        p99: quantile(0.99).map(|(_, latency)| latency),
        points,
    })
    .filter(|line| !line.points.is_empty())
}

/// A log axis has no place for 0: what is faster than a microsecond stands at one.
const LEAST_MS: f64 = 0.001;

impl Line<'_> {
    /// The colour that it has. Where it is held against a baseline, which is grey, nothing else is.
    pub(crate) fn role(&self) -> Role {
        match legend::colour(self.standing) {
            _ if self.baseline => Role::Untold,
            Role::Untold if self.compared => Role::Ink,
            role => role,
        }
    }

    /// Where the line ends: `1 / (1 − q)` and milliseconds.
    pub(crate) fn end(&self) -> (f64, f64) {
        *self.points.last().expect("a line has a point")
    }
}

/// How many misses are named in a panel of too many lines.
const WORST: usize = 4;

/// The lines that matter to the verdict: the cheapest of each tier that meets its limit, and the worst misses.
pub(crate) fn important(lines: &[&Line<'_>]) -> Vec<usize> {
    let mut cheapest: BTreeMap<Option<u8>, usize> = BTreeMap::new();
    for (index, line) in
        lines.iter().enumerate().filter(|(_, line)| !line.baseline && line.standing == Some(Word::Meets))
    {
        let best = cheapest.entry(line.row.tier).or_insert(index);
        if cheaper(line.row, lines[*best].row, PriceAxis::List) == Ordering::Less {
            *best = index;
        }
    }
    let over = |index: &usize| {
        let limit = Standing::limit_of(lines[*index].row).map_or(f64::MAX, Micros::as_ms);
        lines[*index].p99.unwrap_or(0.0) / limit
    };
    let mut misses: Vec<usize> = (0..lines.len())
        .filter(|index| !lines[*index].baseline && lines[*index].standing == Some(Word::Misses))
        .collect();
    misses.sort_by(|a, b| over(b).total_cmp(&over(a)));
    misses.truncate(WORST);
    cheapest.into_values().chain(misses).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sketch;

    fn counts(n: u64) -> SparseCounts {
        let mut counts = SparseCounts::default();
        (1..=n).for_each(|value| counts.add(value * 1_000, 1));
        counts
    }

    fn drawn(n: u64, failed: u64) -> (Vec<(f64, f64)>, usize, Option<f64>, String) {
        let mut row = sketch::row("glm-4-9b", Some(0), "autocomplete");
        row.failed = failed;
        let run = sketch::of_rows(vec![(row, false)]);
        let line = line(&run, &run.cells[0], &counts(n)).unwrap();
        (line.points, line.bounded, line.p99, line.title)
    }

    #[test]
    fn a_line_goes_from_the_least_latency_to_the_second_largest() {
        let (points, _, p99, title) = drawn(1_000, 0);
        assert_eq!((points[0], *points.last().unwrap()), ((1.0, 1.0), (1_000.0, 999.0)));
        assert_eq!(p99, Some(990.0));
        assert_eq!(title, "glm-4-9b: p50 500 ms, p90 900 ms, p99 990 ms, p99.9 999 ms; n = 1,000");
        assert_eq!(points.len(), 49);
    }

    #[test]
    fn a_line_stops_where_its_requests_no_longer_support_it() {
        let (points, _, p99, title) = drawn(60, 2);
        assert_eq!(*points.last().unwrap(), (60.0, 59.0));
        assert_eq!((p99, title.as_str()), (None, "glm-4-9b: p50 30 ms, p90 54 ms; n = 60, 2 failed"));
        assert_eq!(drawn(100, 0).2, Some(99.0));
        assert_eq!(drawn(1, 0).0, [(1.0, 1.0)]);
    }

    #[test]
    fn its_bounded_part_ends_where_an_interval_has_no_upper_end() {
        let last_bounded = |n, failed| {
            let (points, bounded, ..) = drawn(n, failed);
            points[bounded - 1].0
        };
        // 0.975 = 1 − 0.025 is reached by q^n: at n = 600 up to q = 0.99387, which is 163 on the axis.
        assert!((last_bounded(600, 0) - 10_f64.powf(35.0 / 16.0)).abs() < 1e-6, "{}", last_bounded(600, 0));
        assert!(last_bounded(600, 5) < 100.0);
    }
}
