//! The load engine: jobs in, samples out.

mod job;
mod nonce;
mod prepare;

pub use job::{Batch, CellJob, Destination, Job, Pace, Prepared};
pub use nonce::Nonce;
pub use prepare::Rests;
