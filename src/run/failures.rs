//! What failed in a run and why, kept once for each cell and outcome, so that a message costs nothing a request.

use std::collections::BTreeMap;

use crate::rundir::{CellNote, FailureNote};
use crate::sample::{Outcome, Phase, Sample};

/// The failures so far.
#[derive(Default)]
pub(super) struct Failures {
    kinds: BTreeMap<(u32, Outcome), Kind>,
}

#[derive(Debug)]
struct Kind {
    requests: u64,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
}

impl Failures {
    /// Takes note of `sample` if it is a measured failure. What a saturated schedule drops is counted elsewhere.
    ///
    /// What the provider said must hold no key any more.
    pub(super) fn note(&mut self, sample: &Sample) {
        let dropped = sample.outcome == Outcome::NotSent;
        if sample.outcome.is_ok() || dropped || sample.phase != Phase::Measured {
            return;
        }
        let first = || Kind {
            requests: 0,
            status: sample.status,
            code: sample.error.as_ref().and_then(|error| error.code.clone()),
            message: sample.error.as_ref().map(|error| error.message.clone()).filter(|text| !text.is_empty()),
        };
        self.kinds.entry((sample.cell, sample.outcome)).or_insert_with(first).requests += 1;
    }

    /// One note for each cell and outcome, in the order of `cells` and of outcomes.
    pub(super) fn notes(self, cells: &[CellNote]) -> Vec<FailureNote> {
        let note = |((cell, outcome), kind): ((u32, Outcome), Kind)| FailureNote {
            cell: cells[cell as usize].cell.clone(),
            outcome: outcome.name().to_owned(),
            requests: kind.requests,
            status: kind.status,
            code: kind.code,
            message: kind.message,
        };
        self.kinds.into_iter().map(note).collect()
    }
}
