//! Policies and verdicts.

mod built_in;
mod comparison;
mod draft;
mod error;
mod finding;
#[cfg(test)]
pub(crate) mod fixture;
mod good;
mod judge;
mod matching;
mod measure;
mod named;
mod observed;
mod obstacle;
mod planned;
mod policy;
mod policy_names;
mod policy_read;
mod pools;
mod price;
mod promise;
mod promised;
mod regression;
mod regression_read;
pub mod rehearsal;
mod settle;
mod shares;
mod slo;
mod standing;
mod traffic;
mod window;

pub use comparison::{Comparison, RoundPair, Tested, compare_figures, least_in_a_round, round_quantiles};
pub use error::PolicyError;
pub use finding::{Change, Finding, Place, Rule, Ruling, Seen, Verdict, Why};
pub use judge::{Judged, NotAsked, Unasked, judge, judge_over};
pub use matching::Match;
pub use measure::{Bound, Measure};
pub use named::{Named, Pair};
pub use planned::{AtBest, PlannedCell, Undecidable, undecidable};
pub use policy::{Inconclusive, Policy, Pool, Promise, Regression, Severity, Slo, Timed};
pub use policy_names::KnownNames;
pub use promise::{Kept, kept, requests_to_settle};
pub use shares::{SharePair, compare_shares};
pub use standing::{LEAST_N_FOR_P99, Standing};
pub use traffic::Traffic;
pub use window::{Asked, InWindow, count_windows};
