//! All comparisons of a policy, in every place that they are about.

use crate::gate::draft::Draft;
use crate::gate::finding::{Rule, Why};
use crate::gate::judge::{NotAsked, Unasked};
use crate::gate::kept_rounds::can_compare;
use crate::gate::measure::Measure;
use crate::gate::named::{Named, Pair, pairs};
use crate::gate::observed::observe;
use crate::gate::policy::Policy;
use crate::gate::pools::{is_part, pools};
use crate::gate::regression::{Compared, compare};
use crate::rundir::{Run, RunDirError};

/// The comparisons of the two variants of `run`; what cannot be asked of it goes to `not_asked`.
///
/// # Errors
/// The run's files cannot be read.
pub(in crate::gate) fn regression_drafts(
    policy: &Policy,
    run: &Run,
    not_asked: &mut Vec<NotAsked>,
) -> Result<Vec<Draft>, RunDirError> {
    let [baseline, candidate, ..] = run.manifest.variants.as_slice() else {
        let unasked = |index| NotAsked { rule: Rule::Regression(index), reason: Unasked::OneVariant };
        not_asked.extend((0..policy.regressions.len()).map(unasked));
        return Ok(Vec::new());
    };
    let named: Vec<Named<'_>> = run.cells.iter().map(Named::from).collect();
    let pairs = pairs_taken(run, &named, baseline, candidate);
    let can_compare = can_compare(run);
    let mut wanted = vec![false; run.cells.len()];
    if can_compare && policy.regressions.iter().any(|rule| !rule.measure.is_exact()) {
        for pair in &pairs {
            wanted[pair.baseline] = true;
            pair.candidate.into_iter().for_each(|candidate| wanted[candidate] = true);
        }
    }
    let observed = observe(run, &wanted)?;
    let compared = Compared { run, observed: &observed, alpha: policy.alpha };
    let may_ask = |measure: Measure| measure.is_exact() || can_compare;
    let found = |index, pool| compare(&compared, index, &policy.regressions[index], pool);
    Ok(compared_drafts(policy, &named, &pairs, may_ask, found, not_asked))
}

/// What each rule, by its index, finds in the `pairs` that it is about, those whose requests it takes together at a time; rules of
/// a measure that may not be asked go to `not_asked`.
pub(in crate::gate) fn compared_drafts(
    policy: &Policy,
    named: &[Named<'_>],
    pairs: &[Pair],
    may_ask: impl Fn(Measure) -> bool,
    find: impl Fn(usize, Vec<Pair>) -> Option<Draft>,
    not_asked: &mut Vec<NotAsked>,
) -> Vec<Draft> {
    let mut unasked = |index, reason| not_asked.push(NotAsked { rule: Rule::Regression(index), reason });
    let mut drafts = Vec::new();
    let has_tables = named.iter().any(Named::is_routed);
    for (index, rule) in policy.regressions.iter().enumerate() {
        let pools = pools(rule, named, pairs);
        if pools.is_empty() {
            let is_priceless = rule.measure.is_exact() && has_tables;
            unasked(index, if is_priceless { Unasked::TableHasNoListPrice } else { Unasked::NothingMatches });
        } else if !may_ask(rule.measure) {
            unasked(index, Unasked::NoRequests);
        } else {
            let (parts, wholes): (Vec<_>, Vec<_>) = pools.into_iter().partition(|pool| is_part(rule, named, pool));
            let of = wholes.len();
            let found: Vec<Draft> = wholes.into_iter().filter_map(|pool| find(index, pool)).collect();
            let places = of - found.len();
            if places > 0 {
                unasked(index, Unasked::NoMetric { places, of });
            }
            drafts.extend(found);
            let parts: Vec<Draft> = parts.into_iter().filter_map(|pool| find(index, pool)).collect();
            let (small, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_too_small);
            let (other, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(has_other_requests);
            if !small.is_empty() {
                unasked(index, Unasked::SmallRoutes(small.len()));
            }
            if !other.is_empty() {
                unasked(index, Unasked::OtherRequests(other.len()));
            }
            drafts.extend(parts);
        }
    }
    drafts
}

/// Whether a round of a route has too few requests for what is compared.
const fn is_too_small(part: &Draft) -> bool {
    matches!(part.finding.why, Some(Why::TooFewRequests(_)))
}

/// Whether the requests of a route are not the same in both variants.
fn has_other_requests(part: &Draft) -> bool {
    let Some(Why::Of { why, .. }) = &part.finding.why else { return false };
    matches!(**why, Why::NoRequests | Why::Missing | Why::Unequal { .. })
}

/// The pairs of the two variants of `run`, but for routes that not one request took in either: there is nothing to say of them.
pub(in crate::gate) fn pairs_taken(run: &Run, named: &[Named<'_>], baseline: &str, candidate: &str) -> Vec<Pair> {
    let mut pairs = pairs(named, baseline, candidate);
    let is_empty = |place: usize| run.cells[place].route.is_some() && run.cells[place].requests == 0;
    pairs.retain(|pair| !is_empty(pair.baseline) || pair.candidate.is_some_and(|candidate| !is_empty(candidate)));
    pairs
}

#[cfg(test)]
mod tests;
