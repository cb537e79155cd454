//! Registry × workloads × loads into cells and rounds.

mod amount;
mod arrivals;
mod cell;
mod estimate;
mod fit;
mod input;
mod lane;
mod limits;
mod matrix;
mod pairing;
mod rate;
#[cfg(test)]
mod samples;
mod select;
mod sessions;
mod side_by_side;
mod slug;
mod suite;
mod totals;
mod turns;

pub use arrivals::{Arrivals, Schedule};
pub use cell::{Cell, Deadlines, LeftOut, Load, Plan, StreamOptions, Streaming, Target, Turn, round_of};
pub use estimate::{Estimate, NONCE_LEN, estimate, times as times_sent};
pub use input::{Amount, MeasureInput, PlanError, PlanInput, Side};
pub use lane::{Lane, arm_at};
pub use matrix::build;
pub use pairing::left_out_of_all;
pub use rate::{BadRate, Rate, Stage, Stages};
pub use select::{SelectError, not_offered, select};
pub use sessions::Sessions;
pub use slug::safe_part;
pub use suite::{ArrivalKind, GateKeys, LoadKeys, Measure, Suite, SuiteError, Variant};
