//! Answers held against what their lines expect, off the measured path.

use std::collections::HashMap;

use crate::plan::Cell;
use crate::run::inputs::Inputs;
use crate::sample::{Phase, Sample};
use crate::workload::{Check, Expect, Request};

/// The expectations of a run. Each is made ready when its first answer comes, and never again.
pub(super) struct Checks<'r> {
    inputs: &'r Inputs,
    /// By workload and line.
    ready: HashMap<(usize, u32), Check>,
}

impl<'r> Checks<'r> {
    /// Nothing is ready so far.
    pub(super) fn new(inputs: &'r Inputs) -> Self {
        Self { inputs, ready: HashMap::new() }
    }

    /// Says of a measured `sample` with a complete answer whether that is as its line expects; its words must be there
    /// still.
    ///
    /// Who only calls a tool has said nothing. An answer that was too long to be kept is not judged.
    pub(super) fn mark(&mut self, sample: &mut Sample) {
        if sample.phase != Phase::Measured || !sample.outcome.is_ok() {
            return;
        }
        let cell = &self.inputs.plan.cells[sample.cell as usize];
        let workload = cell.workload;
        let request = &self.inputs.workloads[workload].requests[sample.line as usize];
        let Request { expect: Some(expect), .. } = request else { return };
        if !is_judged(cell, expect) {
            return;
        }
        let answer = match (&sample.words, sample.answer_hash) {
            (Some(words), _) => words.answer.as_str(),
            (None, None) => "",
            (None, Some(_)) => return,
        };
        let check = self
            .ready
            .entry((workload, sample.line))
            .or_insert_with(|| Check::new(expect).expect("a workload is read with its expectations checked"));
        sample.right = Some(check.holds(answer));
    }
}

/// Whether an answer in `cell` is held against what its line says to `expect`.
///
/// Where requests are routed a tier alone is what they are to be routed by, and says nothing of the answer.
pub(super) fn is_judged(cell: &Cell, expect: &Expect) -> bool {
    let labels = Expect { tier: expect.tier, ..Expect::default() };
    cell.target.endpoint().is_some() || *expect != labels
}
