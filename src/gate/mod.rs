//! Policies and verdicts.

mod comparison;
mod error;
mod limits;
mod matching;
mod measure;
mod named;
mod planned;
mod policy;
mod policy_read;
mod pools;
mod promise;
mod regression_read;
pub mod rehearsal;
mod shares;
mod slo;
mod standing;

pub use comparison::{Comparison, RoundPair, Tested, compare_figures, least_in_a_round, round_quantiles};
pub use error::PolicyError;
pub use limits::{AVAILABILITY_FLOOR, limit};
pub use matching::Match;
pub use measure::{Bound, Measure};
pub use named::{Named, Pair};
pub use planned::{AtBest, PlannedCell, Undecidable, undecidable};
pub use policy::{Inconclusive, Policy, Pool, Promise, Regression, Severity, Slo, Timed};
pub use promise::{Kept, kept, requests_to_settle};
pub use shares::{SharePair, compare_shares};
pub use slo::{Finding, Ruling, Verdict, judge_slos};
pub use standing::{LEAST_N_FOR_P99, Standing};
