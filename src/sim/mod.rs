//! The seeded simulated provider: an OpenAI-compatible server that obeys a written law.
//!
//! A [`Simulator`] listens on a real socket and answers as its [`Law`] says. Every time is drawn from the seed and
//! the request's number at its model and region, so the same requests in the same order get the same answers. What
//! it really did stands in the truth file, against which a client can be checked. Every way in which a server or a
//! network fails can be [rehearsed](FaultKind) with a `[[fault]]` in the law.
//!
//! The [`NullUpstream`] obeys no law: it answers everything with the same bytes, so that a client's own cost shows.

mod ask;
mod endpoint;
mod expected;
mod labels;
mod law;
mod likeness;
mod message;
mod null;
mod provider;
mod raw;
mod rehearsal;
mod reply;
mod scene;
mod script;
mod simulator;
mod spread;
mod staging;
mod stall;
mod timetable;
mod truth;
mod visit;
mod words;

pub use labels::Labels;
pub use law::{EndpointLaw, Law, LawError};
pub use null::{NullUpstream, Tempo, TrueTimes};
pub use rehearsal::{FaultKind, Rehearsal, Rehearsals};
pub use simulator::{SimConfig, SimError, Simulator};
pub use spread::{Spread, SpreadError};
pub use stall::Stall;
pub use timetable::{Degradation, Outage, Timetable};
pub use truth::TruthError;
