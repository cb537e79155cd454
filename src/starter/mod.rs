//! What a newcomer begins from: a policy, and suites that it can decide.
//!
//! They belong together: with nothing changed the verdict of the A/B suite is a pass in at least nine of ten runs, which the
//! tests compute from the law of the simulated provider.

mod files;
pub mod rehearsal;

pub use files::{AB, GATE, NIGHTLY, StarterFile};
