//! What a newcomer begins from: a policy, suites that it can decide, and the folder of them and what they need.
//!
//! They belong together: with nothing changed the verdict of the A/B suite is a pass in at least nine of ten runs, which the
//! tests compute from the law of the simulated provider.

mod files;
mod folder;
pub mod rehearsal;
#[cfg(test)]
mod tables;

pub use files::{AB, AB_ROUTES, GATE, NIGHTLY, StarterFile};
pub use folder::{FolderFile, StarterError, folder, write_folder};
