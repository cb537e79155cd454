//! Whose requests a regression rule takes together.

use crate::gate::measure::Measure;
use crate::gate::named::{Named, Pair};
use crate::gate::policy::{Pool, Regression};

/// The pairs that `rule` is about, those whose requests it takes together in one list, in the order of the cells.
///
/// A rule takes a pair whose baseline or candidate it matches. A routing table is taken as a whole, but where the rule speaks
/// of routes. List prices are never pooled.
pub(in crate::gate) fn pools(rule: &Regression, cells: &[Named<'_>], pairs: &[Pair]) -> Vec<Vec<Pair>> {
    let has_routes = pairs.iter().any(|pair| cells[pair.baseline].route.is_some());
    let by_route = rule.matches.route.is_some() || rule.pool == Pool::Route;
    let takes = |pair: &&Pair| {
        let matches = |index: usize| rule.matches.takes(&cells[index]);
        (!has_routes || cells[pair.baseline].route.is_some() == by_route)
            && (matches(pair.baseline) || pair.candidate.is_some_and(matches))
    };
    let mut pools: Vec<Vec<Pair>> = Vec::new();
    for pair in pairs.iter().filter(takes) {
        let shares = |pool: &Vec<Pair>| match rule.pool {
            _ if rule.measure.is_exact() => false,
            Pool::Cell => false,
            Pool::Route => cells[pool[0].baseline].shares_route(&cells[pair.baseline]),
            Pool::All => true,
        };
        match pools.iter_mut().find(|pool| shares(pool)) {
            Some(pool) => pool.push(*pair),
            None => pools.push(vec![*pair]),
        }
    }
    pools
}

/// The requests of a pool that one round must have for `measure`, in each variant; 1 where any number will do.
pub(in crate::gate) fn least_in_a_round(measure: Measure) -> u64 {
    match measure {
        Measure::Quantile { q, .. } => crate::gate::least_in_a_round(q) as u64,
        _ => 1,
    }
}
