//! Why figures may not be judged, whatever they are.

use crate::gate::finding::Why;
use crate::gate::named::Pair;
use crate::rundir::Run;

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
        let judged = run.manifest.validity.iter().find(|judged| judged.cell == row.cell);
        return Some(Why::NotValid(judged.map_or_else(Vec::new, |judged| judged.reasons.clone())));
    }
    if let Some(dropped) = row.dropped.filter(|dropped| *dropped > 0) {
        return Some(Why::Dropped(dropped));
    }
    let note = run.manifest.cells.iter().find(|note| note.cell == row.cell);
    let planned = note.map_or(0, |note| note.requests);
    (2 * row.requests <= planned).then_some(Why::Gone { planned, ended: row.requests })
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
    let [baseline, candidate] = [pair.baseline, candidate].map(|place| run.cells[place].requests);
    let unequal = baseline.abs_diff(candidate) * 10 > baseline.max(candidate);
    unequal.then(|| of(pair.baseline, Why::Unequal { baseline, candidate }))
}
