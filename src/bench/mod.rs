//! The client measured by itself: how many replies it can take in a second, what each costs it, and how true its
//! times are.
//!
//! Everything goes through the main path of a run, with its engine, recorder and run directory; only the upstream is
//! one that costs next to nothing and knows the true times.

mod ceiling;
mod error;
mod fidelity;
mod memory;
mod passage;
mod stopwatch;

pub use ceiling::{Ceiling, ceiling};
pub use error::BenchError;
pub use fidelity::{Compared, FIRST_TOKEN, Fidelity, GAP, fidelity};
pub use memory::peak_memory;
