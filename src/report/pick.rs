//! Which cells a short table shows, when it cannot show all of them.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::report::parts::{Parts, Word};
use crate::rundir::{CellRow, Run};
use crate::units::Latency;

/// The indices of at most `most` cells worth reading first, ordered by tier, workload, price and place in the run.
///
/// A reader wants to know what to choose and what to worry about, so places are given out in this order: for each
/// tier and workload the cheapest cell that meets its limit, then the fastest one, then the cells that are invalid
/// or miss their limit, slowest first, then those that cannot be told, then the rest by price. Where two cells are
/// equal, the one that the run holds first is taken.
pub(crate) fn worth_reading(run: &Run, parts: &Parts<'_>, most: usize) -> Vec<usize> {
    let word = |index: usize| parts.word(index, &run.cells[index]);
    // What a routing table did is told route by route below.
    let everything: Vec<usize> = run.whole_cells().map(|(index, _)| index).collect();
    let by_price = sorted(&everything, |a, b| price_order(&run.cells[a], &run.cells[b]));
    let by_tail = sorted(&everything, |a, b| tail_order(&run.cells[a], &run.cells[b]));
    let slowest_first: Vec<usize> = by_tail.iter().rev().copied().collect();

    let cheapest_meeting =
        first_of_each_group(run, by_price.iter().copied().filter(|&index| word(index) == Some(Word::Meets)));
    let fastest = first_of_each_group(
        run,
        by_tail.iter().copied().filter(|&index| run.cells[index].valid != Some(false) && run.cells[index].ok > 0),
    );
    let having = |wanted: Word| slowest_first.iter().copied().filter(move |&index| word(index) == Some(wanted));
    let mut chosen = BTreeSet::new();
    let wishes = cheapest_meeting
        .into_iter()
        .chain(fastest)
        .chain(having(Word::Invalid))
        .chain(having(Word::Misses))
        .chain(having(Word::CannotTell))
        .chain(by_price.iter().copied());
    for index in wishes {
        if chosen.len() == most {
            break;
        }
        chosen.insert(index);
    }
    in_reading_order(run, &chosen.into_iter().collect::<Vec<_>>())
}

/// The cells by tier, workload, price and place in the run; those without a tier come last. Where variants are compared,
/// those of an endpoint stand below each other in their own order, in the place of the first of them.
pub(crate) fn in_reading_order(run: &Run, cells: &[usize]) -> Vec<usize> {
    let mut order = sorted(cells, |a, b| {
        let (a, b) = (&run.cells[a], &run.cells[b]);
        group(a).cmp(&group(b)).then_with(|| price_order(a, b))
    });
    if run.manifest.variants.len() > 1 {
        let endpoint = |index: usize| {
            let row = &run.cells[index];
            let load = (&row.workload, &row.load, row.concurrency, row.rate_rps.map(f64::to_bits));
            (&row.model, &row.region, &row.route, load)
        };
        let mut places = Vec::new();
        for &index in &order {
            if !places.contains(&endpoint(index)) {
                places.push(endpoint(index));
            }
        }
        order.sort_by_key(|&index| {
            (places.iter().position(|place| *place == endpoint(index)), run.variant_of(&run.cells[index]))
        });
    }
    order
}

fn sorted(cells: &[usize], order: impl Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut cells = cells.to_vec();
    cells.sort_by(|&a, &b| order(a, b).then(a.cmp(&b)));
    cells
}

fn first_of_each_group(run: &Run, cells: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    cells.filter(|&index| seen.insert(group(&run.cells[index]))).collect()
}

/// The tier, those without one last, and the workload.
fn group(row: &CellRow) -> (bool, Option<u8>, &str) {
    (row.tier.is_none(), row.tier, &row.workload)
}

/// By list price, which is what a routing table is chosen by; unknown prices last, equal prices by the tail.
fn price_order(a: &CellRow, b: &CellRow) -> Ordering {
    let price = |row: &CellRow| (row.list_output_usd_per_mtok.is_none(), row.list_output_usd_per_mtok);
    price(a).cmp(&price(b)).then_with(|| tail_order(a, b))
}

/// By the 99th percentile of end-to-end latency; a cell without one counts as infinitely slow.
fn tail_order(a: &CellRow, b: &CellRow) -> Ordering {
    let tail = |row: &CellRow| row.primary_latency().p99.unwrap_or(Latency::Infinite);
    tail(a).cmp(&tail(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn each_tier_shows_its_cheapest_that_meets_and_its_fastest_before_any_miss() {
        let run = fixture::large_run(10);
        let standings = fixture::large_standings(run.cells.len());
        let parts = Parts { headline: "", standings: &standings, charts: &[], sweeps: &[], bill: None };
        let chosen = worth_reading(&run, &parts, 10);
        let tiers: Vec<u8> = chosen.iter().map(|&index| run.cells[index].tier.unwrap()).collect();
        assert!(tiers.is_sorted(), "{tiers:?}");
        // In models 0 to 3, the cheapest of their tiers, region 0 meets and is the fastest; six misses fill the rest.
        assert_eq!(chosen, [0, 17, 33, 4, 21, 37, 8, 25, 12, 29]);
    }

    #[test]
    fn a_short_run_is_shown_whole_in_reading_order() {
        let run = fixture::run();
        assert_eq!(worth_reading(&run, &fixture::parts(), 10), [0, 1, 3, 2, 4]);
        assert_eq!(worth_reading(&run, &fixture::parts(), 0), [0_usize; 0]);
    }

    #[test]
    fn where_variants_are_compared_the_first_stands_above_the_second_whichever_is_faster() {
        use crate::report::sketch;
        let row = |model: &str, variant: &str, p50| {
            let mut row = sketch::row(model, Some(1), "autocomplete");
            (row.cell, row.variant) = (format!("{variant}/{}", row.cell), Some(variant.to_owned()));
            sketch::measure(&mut row, 600, p50, 0.2);
            (row, false)
        };
        let rows = vec![
            row("slower", "a", 300.0),
            row("slower", "b", 200.0),
            row("faster", "a", 100.0),
            row("faster", "b", 150.0),
        ];
        let mut run = sketch::of_rows(rows);
        run.manifest.variants = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(in_reading_order(&run, &[0, 1, 2, 3]), [2, 3, 0, 1]);
    }
}
