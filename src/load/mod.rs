//! The load engine: jobs in, samples out.
//!
//! Worker threads each run their own event loop, and each slot of a lane is a task with connections of its own. A
//! coordinator hands out stretches of work; within one, slots share nothing but the index of the next request.

mod agenda;
mod alarm;
mod arrival;
mod budget;
mod clock;
mod coordinator;
mod dial;
mod engine;
mod exchange;
mod executor;
mod job;
mod link;
mod open_files;
mod outbox;
mod outgoing;
mod pace;
mod pacer;
mod pool;
mod prepare;
mod replay;
mod slot;
mod stamp;
mod stop;
mod stretch;
mod target;
mod timer;
mod trust;
mod turns;
mod worker;

pub use clock::Clock;
pub use engine::{LoadError, Running, start};
pub use job::{Arm, Batch, Budget, Destination, Job, LaneJob, OpenLoad, Outlet, Pace, Prepared, Replay, Toll};
pub use open_files::{TooFewFiles, raise as raise_open_files};
pub use prepare::Rests;
pub use stop::Stop;
