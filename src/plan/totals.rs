//! What a plan adds up to, before anything is sent.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::plan::cell::{Cell, Plan};

impl Plan {
    /// Measured requests over all cells.
    pub fn requests(&self) -> u64 {
        self.cells.iter().map(|cell| u64::from(cell.requests)).sum()
    }

    /// Requests that are sent and left out of figures, over all cells.
    pub fn warmup_requests(&self) -> u64 {
        self.cells.iter().map(|cell| u64::from(cell.warmup)).sum()
    }

    /// About how long the run takes where a request of a cell takes `mean` from end to end.
    ///
    /// Turns start in their order as places come free; limits a minute and failures are not foreseen.
    pub fn expected_duration(&self, mean: impl Fn(&Cell) -> Duration) -> Duration {
        let mut places: BinaryHeap<Reverse<Duration>> = BinaryHeap::new();
        let mut end = Duration::ZERO;
        for turn in &self.turns {
            let lane = &self.lanes[turn.lane];
            let arms = || lane.cells.iter().map(|cell| &self.cells[*cell]);
            let cell = &self.cells[lane.cells[0]];
            let in_flight = cell.about_in_flight(lane.arms());
            let mean = arms().map(&mean).sum::<Duration>() / lane.arms();
            let warmup = if turn.first == 0 { cell.warmup } else { 0 };
            let passes = |each: u32| mean * each.saturating_mul(lane.arms()).div_ceil(in_flight);
            // Sessions side by side wait side by side.
            let waits = |first: u32, requests: u32| {
                let delays = cell.sessions.as_ref().map(|sessions| sessions.delays(first, requests));
                delays.unwrap_or_default() * lane.arms() / in_flight
            };
            let spans = arms().filter_map(|cell| Some(cell.schedule.as_ref()?.span(turn.first, turn.requests)));
            let time = match spans.max() {
                None => passes(turn.requests.saturating_add(warmup)) + waits(turn.first, turn.requests),
                // The schedule does not wait for replies, so only the last one adds to it.
                Some(span) => passes(warmup) + span + mean,
            };
            let free = if places.len() < self.parallel_cells { None } else { places.pop() };
            let finish = free.map_or(Duration::ZERO, |Reverse(at)| at).saturating_add(time);
            places.push(Reverse(finish));
            end = end.max(finish);
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::plan::Plan;
    use crate::plan::build;
    use crate::plan::matrix::tests::{everything, input};
    use crate::plan::samples::{chat, model, registry};

    fn plan(parallel: usize) -> Plan {
        let registry = registry(vec![model("a", None), model("b", None)], None);
        let workloads = [chat("chat", 3)];
        let mut input = input(&registry, &workloads, everything(&registry, 1));
        input.parallel_cells = Some(parallel);
        build(&input).unwrap()
    }

    #[test]
    fn requests_are_counted_with_and_without_warmup() {
        assert_eq!((plan(4).requests(), plan(4).warmup_requests()), (1_600, 32));
    }

    #[test]
    fn side_by_side_cells_take_as_long_as_one_and_waiting_ones_add_up() {
        // 400 measured and 8 for warm-up, 8 in flight: 51 passes.
        let second = |_: &_| Duration::from_secs(1);
        assert_eq!(plan(4).expected_duration(second), Duration::from_secs(51));
        assert_eq!(plan(1).expected_duration(second), Duration::from_secs(4 * 51));
    }

    #[test]
    fn the_slowest_cell_decides() {
        let plan = plan(4);
        let is_slow = |cell: &crate::plan::Cell| cell.target.endpoint().is_some_and(|at| at.model == 1);
        let slow = |cell: &crate::plan::Cell| Duration::from_secs(if is_slow(cell) { 2 } else { 1 });
        assert_eq!(plan.expected_duration(slow), Duration::from_secs(102));
    }
}
