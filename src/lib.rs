//! tollmark measures what LLM traffic costs, in dollars and in milliseconds, and whether that got worse.
//!
//! A [`registry`] and [`workload`]s make a [`plan`]; [`load`] carries it out and sends a [`sample`] for each
//! request; [`tally`] turns samples into figures, [`rundir`] keeps them, and [`report`] shows what a run
//! directory holds. [`run`] is the whole of it, step by step.

// The order is the order in which to read them, so rustfmt's is turned off by the blank lines.
pub mod cli;

pub mod bench;

pub mod run;

pub mod registry;

pub mod workload;

pub mod routes;

pub mod router;

pub mod plan;

pub mod load;

pub mod wire;

pub mod sample;

pub mod tally;

pub mod cost;

pub mod rundir;

pub mod report;

pub mod gate;

pub mod forecast;

pub mod starter;

pub mod history;

pub mod sim;

pub mod serve;

pub mod stats;

pub mod conf;

pub mod digest;

pub mod fsio;

pub mod rng;

pub mod units;
