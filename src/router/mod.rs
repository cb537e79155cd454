//! Carrying a routing table out: what to call next for a request, decided without calling anybody.
//!
//! A [`Router`] is made of a table and a registry, and shared by all threads. [`Router::prepare`] looks at a workload once;
//! then each request is a [`Passage`]: asked for its next [`Step`], it names a [`Call`] with the endpoint, the body and the
//! deadline, and is told what came of it, until it says how the request ended. It knows no socket and no clock: whoever
//! asks says what time it is.
//!
//! What it decides, in this order:
//!
//! 1. **Label.** Where a tier decides the route and none is recorded that is to be trusted, the classifier is asked, once.
//!    A late, failed or senseless answer is the default tier.
//! 2. **Route.** The first that matches. None: `no_route`. A route may hand the request to a person: `handed_off`.
//! 3. **Target.** Of the primaries that read the request's images and hold its tokens one is drawn by weight, the same for
//!    the same seed and index. Where no primary reads images the fallbacks that do stand in; where nobody does it is
//!    `no_route`. Where none of them holds the tokens, the route's `on_overflow` says what happens: `overflow`, a larger
//!    model, or pieces that are stitched.
//! 4. **Failover.** The target's regions in order, then those of each fallback that can take the request; never an endpoint
//!    twice, never after the first token, only for the outcomes that the table names.
//! 5. **Breaker.** A region whose breaker is open is skipped. Where that would skip every endpoint they are called in order
//!    as if all were closed: a table that calls nobody is surely down, one whose breakers are wrong may not be.
//! 6. **Cap.** An endpoint is skipped where the call could bring the request above its route's limit, by the dearest prices
//!    and the longest answer; what a failed attempt cost and nobody knows counts as that much. Where no endpoint is left
//!    that the money would reach, and none was called: `over_cost`.

mod breaker;
mod chain;
mod cut;
mod ending;
mod error;
mod facts;
mod label;
mod lineup;
mod passage;
mod pieces;
mod shared;
mod step;
mod window;

pub use breaker::{BreakerEvent, BreakerState};
pub use ending::{Ending, Labelled, Overflowed};
pub use error::RouterError;
pub use facts::Facts;
pub use passage::Passage;
pub use shared::{Router, Setting};
pub use step::{Answer, Call, CallBody, Purpose, Step};

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
