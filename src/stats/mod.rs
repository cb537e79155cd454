//! Quantiles and intervals: pure and exact.

mod binomial;
mod bootstrap;
mod interval;
mod quantile;

pub use binomial::{Binomial, least_requests};
pub use bootstrap::{RoundTimes, round_bootstrap};
pub use interval::{Interval, quantile_interval};
pub use quantile::{Ordered, rank};
