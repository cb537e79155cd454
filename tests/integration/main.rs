//! The program from outside, in one binary so that it links once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod canned;
mod columns;
mod demo;
mod failures;
mod faults;
mod help;
mod layers;
mod live;
mod readme;
mod rerender;
mod sandbox;
mod sessions;
mod stopped;
mod traces;
mod truth;
