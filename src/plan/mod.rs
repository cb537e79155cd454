//! Registry × workloads × loads into cells and rounds.

mod cell;
mod select;
mod suite;

pub use cell::{Cell, Deadlines, LeftOut, Load, Plan, Streaming, Turn};
pub use select::{SelectError, select};
pub use suite::{LoadKeys, Measure, Suite, SuiteError};
