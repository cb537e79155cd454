//! Whose requests a regression rule takes together.

use crate::gate::measure::Measure;
use crate::gate::named::{Named, Pair};
use crate::gate::policy::{Pool, Regression};

/// The pairs that `rule` is about, those whose requests it takes together in one list, in the order of the cells.
///
/// A rule takes a pair whose baseline or candidate it matches. One that names no route is about a routing table as a whole, and
/// about each of its routes besides, which are parts of it. List prices are never pooled, and a routing table has none.
pub(in crate::gate) fn pools(rule: &Regression, cells: &[Named<'_>], pairs: &[Pair]) -> Vec<Vec<Pair>> {
    let is_about = |cell: &Named<'_>| match cell.route {
        // Together with the whole its requests would count twice.
        Some(_) if rule.pool == Pool::All => rule.matches.takes(cell),
        Some(_) => rule.matches.takes_in_part(cell),
        None => rule.matches.takes(cell),
    };
    let takes = |pair: &&Pair| {
        let has_none = rule.measure.is_exact() && cells[pair.baseline].is_routed();
        let matches = |index: usize| is_about(&cells[index]);
        !has_none && (matches(pair.baseline) || pair.candidate.is_some_and(matches))
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

/// Whether `pool` is a part of what `rule` is about as a whole: a route, where it names none.
///
/// Such a part is told where it can be. Where it cannot, its requests are still among those of the whole.
pub(in crate::gate) fn is_part(rule: &Regression, cells: &[Named<'_>], pool: &[Pair]) -> bool {
    rule.matches.route.is_none() && pool.iter().any(|pair| cells[pair.baseline].route.is_some())
}

/// The requests of a pool that one round must have for `measure`, in each variant; 1 where any number will do.
pub(in crate::gate) fn least_in_a_round(measure: Measure) -> u64 {
    match measure {
        Measure::Quantile { q, .. } => crate::gate::least_in_a_round(q) as u64,
        _ => 1,
    }
}
