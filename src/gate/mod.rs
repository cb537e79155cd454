//! Policies and verdicts.

mod limits;
mod standing;

pub use limits::{AVAILABILITY_FLOOR, limit};
pub use standing::{LEAST_N_FOR_P99, Standing};
