//! Why figures may not be judged, whatever they are.

use crate::gate::finding::Why;
use crate::gate::named::Pair;
use crate::gate::table_price::differ_surely;
use crate::rundir::{CellRow, Run};
use crate::sample::Outcome;

/// What stands in the way of judging the cell at `place`; absent where nothing does.
///
/// # Panics
/// `place` is not one of the run's cells.
pub(in crate::gate) fn obstacle(run: &Run, place: usize) -> Option<Why> {
    let row = &run.cells[place];
    if row.requests == 0 {
        return Some(Why::NoRequests);
    }
    if row.valid == Some(false) {
        return Some(Why::NotValid(run.manifest.reasons_against(&row.cell).to_vec()));
    }
    if let Some(dropped) = row.dropped.filter(|dropped| *dropped > 0) {
        return Some(Why::Dropped(dropped));
    }
    let note = run.manifest.cells.iter().find(|note| note.cell == row.cell);
    // Of a route no more was planned than that it cannot take more than all.
    let planned = note.filter(|note| note.part_of.is_none()).map_or(0, |note| note.requests);
    let ended = ended(row);
    (2 * ended <= planned).then_some(Why::Gone { planned, ended })
}

/// Requests that were carried out, those handed to a person included.
fn ended(row: &CellRow) -> u64 {
    let handed = row.counted().filter(|(outcome, _)| *outcome == Outcome::HandedOff);
    row.requests + handed.map(|(_, count)| count).sum::<u64>()
}

/// What stands in the way of comparing list prices: a cell that is not there. How well it was measured has no part in them.
pub(in crate::gate) fn price_obstacle(run: &Run, pair: Pair) -> Option<Why> {
    let of = |why: Why| Why::Of { cell: run.cells[pair.baseline].cell.clone(), why: Box::new(why) };
    pair.candidate.is_none().then(|| of(Why::Missing))
}

/// What stands in the way of comparing the cells of `pair`, and in which of them; absent where nothing does.
pub(in crate::gate) fn pair_obstacle(run: &Run, pair: Pair) -> Option<Why> {
    let of = |place: usize, why: Why| Why::Of { cell: run.cells[place].cell.clone(), why: Box::new(why) };
    let Some(candidate) = pair.candidate else { return Some(of(pair.baseline, Why::Missing)) };
    if let Some(found) = [pair.baseline, candidate].into_iter().find_map(|place| Some(of(place, obstacle(run, place)?)))
    {
        return Some(found);
    }
    let [baseline, candidate] = [pair.baseline, candidate].map(|place| ended(&run.cells[place]));
    // A classifier may label the same request anew, so that by chance alone a route gets a few more or less.
    let by_chance = run.cells[pair.baseline].route.is_some() && !differ_surely(baseline, candidate);
    let unequal = baseline.abs_diff(candidate) * 10 > baseline.max(candidate) && !by_chance;
    unequal.then(|| of(pair.baseline, Why::Unequal { baseline, candidate }))
}
