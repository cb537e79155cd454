//! How much of a policy a run can be asked, told before it is carried out.

use std::fmt;

use crate::gate::matching::Match;
use crate::gate::named::Named;
use crate::gate::planned::{PlannedCell, planned_pairs};
use crate::gate::policy::Policy;

/// What of a policy a run can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Rules that are about what the run measures.
    pub asked: usize,
    /// Rules that compare two variants, where the run has one.
    pub comparisons: usize,
    /// Rules that match nothing that the run measures.
    pub unmatched: usize,
}

impl Reach {
    /// What of `policy` a run of `cells` can be asked.
    pub fn of(policy: &Policy, cells: &[PlannedCell]) -> Self {
        let named: Vec<Named<'_>> = cells.iter().map(Named::from).collect();
        let has_variants = !planned_pairs(&named).is_empty();
        let matches = |of: &Match| named.iter().any(|cell| of.takes(cell));
        let mut reach = Self::default();
        for of in policy.slos.iter().map(|slo| &slo.matches) {
            if matches(of) { reach.asked += 1 } else { reach.unmatched += 1 }
        }
        for of in policy.regressions.iter().map(|rule| &rule.matches) {
            match (has_variants, matches(of)) {
                (true, true) => reach.asked += 1,
                (_, false) => reach.unmatched += 1,
                (false, true) => reach.comparisons += 1,
            }
        }
        reach
    }
}

/// `2 rules are asked of this run, 1 compares two variants and it has one`.
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = |count: usize| if count == 1 { "1 rule is".to_owned() } else { format!("{count} rules are") };
        write!(f, "{} asked of this run", rules(self.asked))?;
        let verb = |count: usize, one: &'static str, many: &'static str| if count == 1 { one } else { many };
        if self.comparisons > 0 {
            let compare = verb(self.comparisons, "compares", "compare");
            write!(f, ", {} {compare} two variants and it has one", self.comparisons)?;
        }
        if self.unmatched > 0 {
            let matches = verb(self.unmatched, "matches", "match");
            write!(f, ", {} {matches} nothing of it", self.unmatched)?;
        }
        Ok(())
    }
}
