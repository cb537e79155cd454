//! Samples into order statistics, HDR histograms and totals.

mod answers;
mod cell;
mod cells;
mod counts;
mod figures;
mod metric;
mod outcomes;
mod round;
mod routing;
mod so_far;
mod spans;
mod validity;

pub use cells::{CellShape, RoundDone, Tally};
pub use counts::SparseCounts;
pub use figures::{CellFigures, Spread, WithFailures};
pub use metric::{HIGHEST_MICROS, Metric, histogram};
pub use outcomes::Outcomes;
pub use routing::{Calls, Labels, RoutingTally, Tiering, Trips};
pub use so_far::CellSoFar;
pub use validity::{Cause, Lags, reasons};
