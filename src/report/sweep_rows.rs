//! Sweeps as rows of text, for every report that shows them as a table.

use crate::report::figures;
use crate::report::plain_text::visible;
use crate::report::shown::tail;
use crate::report::sweep::{Sweep, blocks, telling};
use crate::units::Latency;

/// One load of a sweep; every figure is text, absent where it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SweepRow {
    /// What answered.
    pub(crate) model: String,
    /// Where; absent where the registry names no region.
    pub(crate) region: Option<String>,
    /// The workload's name.
    pub(crate) workload: String,
    /// `16 in flight`, or `poisson, 20/s`.
    pub(crate) load: String,
    /// Requests that ended a second.
    pub(crate) achieved: Option<String>,
    /// Milliseconds, with the 95 % interval: `180 (171–190)`.
    pub(crate) p50: Option<String>,
    /// Milliseconds, with the 95 % interval: `410 (398–431)`.
    pub(crate) p99: Option<String>,
    /// Requests a second that succeeded within the limit.
    pub(crate) goodput: Option<String>,
    /// `knee`, `saturated: 12.5 % dropped`, `invalid`; absent where nothing is to be said.
    pub(crate) remarks: Option<String>,
}

/// Endpoints of each workload and kind of load whose rows are shown where room is scarce.
const MOST_TELLING: usize = 5;

/// What the columns of a sweep mean.
pub(crate) const SWEEP_LEGEND: &str = "Goodput counts requests that succeeded within the tier's p99 limit; the knee has \
    the most successes a second for their median latency.";

/// The rows of every sweep.
pub(crate) fn sweep_rows(sweeps: &[Sweep<'_>]) -> Vec<SweepRow> {
    sweeps.iter().flat_map(rows).collect()
}

/// The rows of the sweeps with the most and the least goodput.
pub(crate) fn telling_rows(sweeps: &[Sweep<'_>]) -> Vec<SweepRow> {
    blocks(sweeps).iter().flat_map(|block| telling(block, MOST_TELLING)).flat_map(rows).collect()
}

fn rows(sweep: &Sweep<'_>) -> impl Iterator<Item = SweepRow> {
    sweep.steps.iter().enumerate().map(|(index, step)| {
        let row = step.row;
        let latency = row.primary_latency();
        let p99 = tail(row, latency.p99, latency.max, (latency.p99_low, latency.p99_high));
        let open = if row.concurrency.is_none() { format!("{}, ", visible(&row.load)) } else { String::new() };
        let remarks = sweep.remarks(index);
        SweepRow {
            model: visible(&row.model),
            region: row.region.as_deref().map(visible),
            workload: visible(&row.workload),
            load: open + &step.words(),
            achieved: row.throughput_rps.map(figures::rate),
            p50: latency.p50.map(|p50| with_interval(figures::ms(p50), step.p50_interval)),
            p99: p99.map(|tail| match tail.interval {
                Some(interval) => format!("{} ({interval})", tail.figure),
                None => tail.figure,
            }),
            goodput: step.goodput_rps.map(figures::rate),
            remarks: (!remarks.is_empty()).then(|| remarks.join(", ")),
        }
    })
}

fn with_interval(figure: String, interval: Option<(Latency, Latency)>) -> String {
    match interval.and_then(|(low, high)| figures::interval(Some(low), Some(high))) {
        Some(interval) => format!("{figure} ({interval})"),
        None => figure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sketch;
    use crate::report::sweep::sweeps;

    #[test]
    fn a_row_says_load_rate_latency_and_what_is_remarkable() {
        let steps = [(1, 5.5, 180.0), (16, 80.0, 182.0), (64, 84.0, 691.0)];
        let rows = steps.map(|step| (sketch::swept("step-3.5-flash", "us-west-2", step), false));
        let mut run = sketch::of_rows(rows.into());
        run.cells[1].e2e_p50_low_ms = Some("176.4".parse().unwrap());
        run.cells[1].e2e_p50_high_ms = Some("190".parse().unwrap());
        let rows = sweep_rows(&sweeps(&run, None));
        let row = &rows[1];
        assert_eq!((row.load.as_str(), row.achieved.as_deref()), ("16 in flight", Some("80")));
        assert_eq!((row.p50.as_deref(), row.p99.as_deref()), (Some("182 (176–190)"), Some("366 (328–431)")));
        assert_eq!((row.goodput.as_deref(), row.remarks.as_deref()), (None, Some("knee")));
        assert_eq!((rows[0].remarks.as_deref(), rows.len()), (None, 3));
    }

    #[test]
    fn of_many_endpoints_those_with_the_extremes_are_told() {
        let rows = (0..9).flat_map(|index| {
            [1, 4].map(|load| (sketch::swept(&format!("m{index}"), "us-west-2", (load, 5.0, 180.0)), false))
        });
        let run = sketch::of_rows(rows.collect());
        let swept = sweeps(&run, None);
        let models: Vec<String> = telling_rows(&swept).into_iter().map(|row| row.model).collect();
        assert_eq!(models, ["m0", "m0", "m1", "m1", "m2", "m2", "m7", "m7", "m8", "m8"]);
        assert_eq!(sweep_rows(&swept).len(), 18);
    }
}
