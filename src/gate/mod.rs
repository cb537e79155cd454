//! Policies and verdicts.

mod comparison;
mod error;
mod limits;
mod matching;
mod policy;
mod policy_read;
mod promise;
pub mod rehearsal;
mod slo;
mod standing;

pub use comparison::{Comparison, RoundPair, compare_mean, compare_quantile, compare_share, least_in_a_round};
pub use error::PolicyError;
pub use limits::{AVAILABILITY_FLOOR, limit};
pub use matching::Match;
pub use policy::{Bound, Inconclusive, Measure, Policy, Pool, Promise, Regression, Severity, Slo, Timed};
pub use promise::{Kept, kept, requests_to_settle};
pub use slo::{Finding, Ruling, Verdict, judge_slos};
pub use standing::{LEAST_N_FOR_P99, Standing};
