//! Registry × workloads × loads into cells and rounds.

mod cell;

pub use cell::{Cell, Deadlines, LeftOut, Load, Plan, Streaming, Turn};
