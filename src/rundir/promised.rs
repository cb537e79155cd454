//! What the policy in force promised of a cell, kept so that a report needs no policy file.

use serde::{Deserialize, Serialize};

/// What the policy in force promised of a cell, as far as reports show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Promised {
    /// The longest p99 of end-to-end latency, failures counted as infinite; absent: none is promised.
    pub e2e_p99_ms: Option<f64>,
    /// The least share of requests that succeed, 0 to 1; absent: none is promised.
    pub availability: Option<f64>,
}
