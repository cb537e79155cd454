//! The load engine: jobs in, samples out.

mod job;

pub use job::{Batch, CellJob, Destination, Job, Pace, Prepared};
