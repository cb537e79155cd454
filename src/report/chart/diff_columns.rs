//! Where the columns of the forest plot stand.

use crate::report::chart::diff_rows::DiffRow;
use crate::report::chart::grid::{MARGIN, WIDTH};
use crate::report::chart::text::width;
use crate::report::figures;

/// The widest that name, place and load become, in pixels, and the columns behind the plot.
const LONGEST: [f64; 3] = [200.0, 116.0, 140.0];
/// The same where that leaves the plot room enough.
const LONGEST_WITH_ROOM: [f64; 3] = [260.0, 160.0, 260.0];
/// Below this the plot is no longer given up for names, in pixels.
const LEAST_PLOT: f64 = 300.0;
pub(crate) const LONGEST_FIGURES: f64 = 190.0;
pub(crate) const LONGEST_CHANGE: f64 = 90.0;
pub(crate) const LONGEST_INTERVAL: f64 = 130.0;
pub(crate) const LONGEST_N: f64 = 120.0;

/// Where columns stand, in pixels from the picture's left edge.
pub(crate) struct Columns {
    /// Of name, region and load.
    pub(crate) left: [f64; 3],
    /// How wide these become.
    pub(crate) widest: [f64; 3],
    /// Whether the load is one of them.
    pub(crate) loads: bool,
    pub(crate) plot: (f64, f64),
    /// The right edges of figures, change, interval and n.
    pub(crate) right: [f64; 4],
}

impl Columns {
    /// The columns that `rows` want in letters of `size`; with `loads` each names its workload and load.
    pub(crate) fn of(rows: &[&DiffRow], loads: bool, size: f64) -> Self {
        let widest = |text: fn(&DiffRow) -> String, least: &str, most: f64| {
            rows.iter().map(|row| width(&text(row), size)).fold(width(least, 11.0), f64::max).min(most)
        };
        let mut right = [WIDTH - MARGIN; 4];
        let n = widest(requests, "n each", LONGEST_N);
        let interval = widest(|row| row.interval.clone(), "Interval", LONGEST_INTERVAL);
        let change = widest(|row| row.change.clone(), "Change", LONGEST_CHANGE);
        for (column, wide) in [(2, n), (1, interval), (0, change)] {
            right[column] = right[column + 1] - wide - 14.0;
        }
        let figures = widest(|row| row.figures.clone(), "From → to", LONGEST_FIGURES);
        let plot_to = right[0] - figures - 16.0;
        let name = MARGIN + 16.0;
        let within = |most: [f64; 3]| {
            let names = widest(|row| row.name.clone(), "Model", most[0]);
            let regions = widest(|row| row.region.clone(), "Region", most[1]);
            let on = if loads { widest(|row| row.load.clone(), "On", most[2]) } else { 0.0 };
            let load = name + names + 12.0 + regions + 12.0;
            let plot_from = load + on + if loads { 16.0 } else { 4.0 };
            Self {
                left: [name, name + names + 12.0, load],
                widest: [names, regions, on],
                loads,
                plot: (plot_from, plot_to),
                right,
            }
        };
        let roomy = within(LONGEST_WITH_ROOM);
        if roomy.plot.1 - roomy.plot.0 >= LEAST_PLOT { roomy } else { within(LONGEST) }
    }
}

/// `1,000`, `1,000 / 990` where the variants differ, nothing for what is exact.
pub(crate) fn requests(row: &DiffRow) -> String {
    match row.requests {
        [0, 0] => String::new(),
        [was, is] if was == is => figures::count(was),
        [was, is] => format!("{} / {}", figures::count(was), figures::count(is)),
    }
}
