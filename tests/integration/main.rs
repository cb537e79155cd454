//! The program from outside, in one binary so that it links once.

mod bad_input;
mod demo;
mod help;
mod layers;
mod live;
mod sandbox;
mod truth;
