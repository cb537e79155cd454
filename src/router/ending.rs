//! How a request ended, and what led there.

use crate::registry::Endpoint;
use crate::sample::{LabelledBy, Outcome};
use crate::units::Usd;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The outcome of the last attempt, or the router's own: `handed_off`, `no_route`, `overflow`, `over_cost`.
    pub outcome: Outcome,
    /// Index of the route in the table; absent: none took it.
    pub route: Option<usize>,
    /// The tier by which it was routed; absent: nothing was said of one.
    pub label: Option<Labelled>,
    /// Who gave the answer; absent: there is none.
    pub answered_by: Option<Endpoint>,
    /// Calls made for it, the classifier's, failed ones and pieces included.
    pub attempts: u32,
    /// Whether a call was made because another had failed.
    pub failed_over: bool,
    /// Endpoints passed over because their breaker was open.
    pub skipped: u32,
    /// What became of a prompt that was too large; absent: it fitted, or was rejected.
    pub overflowed: Option<Overflowed>,
    /// What the person costs to whom it was handed; absent: unknown, or it was not.
    pub human_cost: Option<Usd>,
}

/// A tier and who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// 0 to 4.
    pub tier: u8,
    /// Who said so.
    pub by: LabelledBy,
}

/// What became of a prompt that no target of its route had room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflowed {
    /// It went to the model that the route names for that.
    Escalated,
    /// It was cut into so many pieces, 2 or more, and their answers stitched; 1: the model of the pieces holds it whole.
    Chunked {
        /// Pieces.
        pieces: u32,
    },
}
