//! The program from outside, in one binary so that it links once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ab_routes;
mod bad_input;
mod bench;
mod bill;
#[cfg(target_os = "linux")]
mod bounded;
mod broken_runs;
mod budget;
mod canned;
mod catalogues;
mod columns;
mod compared;
mod demo;
mod failures;
mod faults;
mod forecast;
mod fuzzed;
mod gate;
mod gate_variants;
mod gateways;
mod golden;
mod held_to_account;
mod help;
mod init;
#[cfg(target_os = "linux")]
mod late;
mod laws;
mod layers;
mod live;
mod measured;
mod metrics;
mod nights;
mod open_load;
mod policy;
mod price_diff;
mod price_list;
mod published;
mod quality;
mod readme;
mod replay;
mod replay_failover;
mod replay_kept;
mod replayed;
mod rerender;
mod routes;
mod sandbox;
mod sessions;
mod shipped;
mod slim;
mod stalls;
mod stated_costs;
mod stopped;
mod suggest;
mod tls;
mod traces;
mod trend;
mod truth;
mod two_runs;
mod unasked_usage;
mod validity;
mod variants;
