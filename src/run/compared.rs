//! Two variants of a run held against each other for its reports, by the policy that the run was made with.

use crate::conf::Faults;
use crate::gate::{Judged, Policy, judge};
use crate::report::Judgement;
use crate::rundir::{Run, RunDirError};

/// What a policy makes of the variants of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compared {
    policy: Policy,
    judged: Judged,
}

impl Compared {
    /// Compares the variants of `run` by its own policy, or by the built-in one where it has none, or none that compares;
    /// absent where it has no two variants, and with a warning where its policy cannot be read.
    ///
    /// # Errors
    /// The run's files cannot be read.
    pub(super) fn of(run: &Run, warnings: &mut Vec<String>) -> Result<Option<Self>, RunDirError> {
        if run.manifest.variants.len() < 2 {
            return Ok(None);
        }
        let own = match own_policy(run) {
            Ok(own) => own,
            Err(faults) => {
                warnings.push(format!("{faults}: what changed is not drawn"));
                return Ok(None);
            }
        };
        let policy = own.filter(|own| !own.regressions.is_empty()).unwrap_or_else(|| Policy::built_in().clone());
        let judged = judge(&policy, run)?;
        Ok(Some(Self { policy, judged }))
    }

    /// The comparison with the run that it is about.
    pub(super) const fn judgement<'a>(&'a self, run: &'a Run) -> Judgement<'a> {
        Judgement { policy: &self.policy, run, judged: &self.judged, advisory: false, apart: false }
    }
}

/// The policy that the manifest keeps; absent where it was the built-in one.
fn own_policy(run: &Run) -> Result<Option<Policy>, Faults> {
    let Some(text) = &run.manifest.policy_text else { return Ok(None) };
    let source = run.manifest.policy.as_ref().map_or("the run's policy", |policy| policy.source.as_str());
    Policy::parse(source, text).map(Some)
}
