//! Who sends when: the rounds, and the cells' turns in them.

use crate::plan::cell::{Cell, Turn};
use crate::plan::lane::Lane;
use crate::rng::seeded;

/// Requests to a slot that a turn holds at least: with fewer, filling and draining outweigh the load. In open load a
/// second's arrivals stand for the slots.
const REQUESTS_PER_SLOT: u32 = 5;

/// Why cells whose rate has stages do not share drift with the others.
const WHOLE: &str = "cells take turns, and a load in stages runs from end to end: what changes with time meanwhile hits \
                     cells differently";

/// What was asked for.
pub(super) struct Order {
    /// Rounds, 1 or more.
    pub(super) rounds: u32,
    /// Cells side by side, 1 or more.
    pub(super) parallel_cells: usize,
    /// The run's seed.
    pub(super) seed: u64,
}

/// The rounds that the lanes can be cut into, the turns, and a warning where that is less than was asked for.
pub(super) fn turns(cells: &[Cell], lanes: &[Lane], order: &Order) -> (u32, Vec<Turn>, Option<String>) {
    // What cells of one lane differ in has no say here.
    let firsts: Vec<&Cell> = lanes.iter().map(|lane| &cells[lane.cells[0]]).collect();
    let fewest = firsts.iter().map(|cell| cell.requests).min().unwrap_or(1).max(1);
    if order.parallel_cells >= lanes.len() {
        let rounds = order.rounds.min(fewest);
        let all = firsts.iter().enumerate().map(|(lane, cell)| Turn { lane, first: 0, requests: cell.requests });
        let warning = (rounds < order.rounds)
            .then(|| format!("{rounds} rounds instead of {}: a cell has {fewest} requests, one a round", order.rounds));
        return (rounds, all.collect(), warning);
    }
    let cut = || firsts.iter().zip(lanes).filter(|(cell, _)| !cell.load.is_staged());
    let Some(fewest_cut) = cut().map(|(cell, _)| cell.requests).min() else {
        let rounds = order.rounds.min(fewest);
        return (rounds, interleaved(&firsts, rounds, order.seed), Some(WHOLE.to_owned()));
    };
    let fewest = fewest_cut.max(1);
    let slots = cut().map(|(cell, lane)| cell.about_in_flight(lane.arms())).max().unwrap_or(1);
    // The cells of a lane fill its slots together.
    let least_of = |(cell, lane): (&&Cell, &Lane)| {
        cell.about_in_flight(lane.arms()).saturating_mul(REQUESTS_PER_SLOT).div_ceil(lane.arms())
    };
    let least = cut().map(least_of).max().unwrap_or(1);
    let possible = fewest / least;
    let rounds = order.rounds.min(possible.max(1));
    // In open load the slots are an estimate, and no promise to name.
    let (load, need) = match firsts.iter().any(|cell| cell.schedule.is_some()) {
        false => (format!("{slots} in flight"), "need"),
        true => ("the load".to_owned(), "needs"),
    };
    let warning = if possible == 0 {
        Some(format!(
            "a turn holds {fewest} requests: {load} {need} at least {least} a turn to be held, \
             so `--requests-per-cell {least}` or more"
        ))
    } else {
        (rounds < order.rounds).then(|| {
            format!(
                "{rounds} round{} instead of {}: cells take turns, and a turn needs at least {least} requests \
                 to hold {load}",
                if rounds == 1 { "" } else { "s" },
                order.rounds
            )
        })
    };
    (rounds, interleaved(&firsts, rounds, order.seed), warning)
}

/// Every lane's share of each round, in an order that each round draws anew, so that drift hits every lane alike; `cells`
/// are their first cells.
///
/// A load in stages is sent whole in the first: with pauses in between it would be another.
fn interleaved(cells: &[&Cell], rounds: u32, seed: u64) -> Vec<Turn> {
    let mut shares = vec![0; cells.len()];
    let mut sent = vec![0; cells.len()];
    let mut turns = Vec::with_capacity(cells.len() * rounds as usize);
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..cells.len()).collect();
        seeded(seed, &format!("round {round}")).shuffle(&mut order);
        for lane in order {
            shares[lane] += match (cells[lane].load.is_staged(), round) {
                (false, _) => cells[lane].share_of(round, rounds),
                (true, 0) => cells[lane].requests,
                (true, _) => 0,
            };
            // A session is not cut: its turns go on where the lane would wait for others.
            let first = std::mem::replace(&mut sent[lane], cells[lane].cut_at(shares[lane]));
            if sent[lane] > first {
                turns.push(Turn { lane, first, requests: sent[lane] - first });
            }
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::plan::Sessions;
    use crate::plan::arrivals::Arrivals;
    use crate::plan::cell::{Load, Target};
    use crate::plan::rate::Rate;
    use crate::registry::Endpoint;
    use crate::units::Positive;
    use crate::workload::{BadLines, Workload};

    fn cells(count: usize, requests: u32, concurrency: u32) -> Vec<Cell> {
        let cell = |model: usize| Cell {
            slug: format!("m{model}"),
            side: 0,
            target: Target::Endpoint(Endpoint { model, offer: 0, region: None }),
            workload: 0,
            lines: vec![0],
            sessions: None,
            load: Load::Closed { concurrency },
            schedule: None,
            requests,
            warmup: 0,
        };
        (0..count).map(cell).collect()
    }

    /// A lane for each of `cells`.
    fn alone(cells: &[Cell]) -> Vec<Lane> {
        (0..cells.len()).map(|cell| Lane { cells: vec![cell] }).collect()
    }

    fn planned(cells: &[Cell], order: &Order) -> (u32, Vec<Turn>, Option<String>) {
        super::turns(cells, &alone(cells), order)
    }

    fn order(rounds: u32, parallel_cells: usize) -> Order {
        Order { rounds, parallel_cells, seed: 1 }
    }

    #[test]
    fn cells_that_all_run_side_by_side_take_one_turn_each() {
        let (rounds, turns, warning) = planned(&cells(3, 600, 16), &order(10, 3));
        assert_eq!((rounds, warning), (10, None));
        let expected: Vec<Turn> = (0..3).map(|lane| Turn { lane, first: 0, requests: 600 }).collect();
        assert_eq!(turns, expected);
    }

    #[test]
    fn cells_that_wait_take_a_turn_a_round_in_an_order_drawn_anew() {
        let (rounds, turns, warning) = planned(&cells(8, 402, 8), &order(4, 2));
        assert_eq!((rounds, warning, turns.len()), (4, None, 32));
        let orders: Vec<Vec<usize>> =
            turns.chunks(8).map(|round| round.iter().map(|turn| turn.lane).collect()).collect();
        for order in &orders {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
        assert!(orders.windows(2).any(|pair| pair[0] != pair[1]));
        let mine: Vec<_> = turns.iter().filter(|turn| turn.lane == 5).map(|turn| (turn.first, turn.requests)).collect();
        assert_eq!(mine, [(0, 101), (101, 101), (202, 100), (302, 100)]);
    }

    #[test]
    fn a_turn_of_a_cell_ends_where_a_session_does() {
        let text: Vec<String> = ["a", "a", "a", "b", "b"]
            .iter()
            .enumerate()
            .map(|(id, session)| {
                format!(r#"{{"custom_id":"{id}","input_length":1,"output_length":1,"session_id":"{session}"}}"#)
            })
            .collect();
        let workload = Workload::parse("w", "w", text.join("\n").as_bytes(), BadLines::Stop).unwrap();
        let mut lines = vec![0, 1, 2, 3, 4];
        let sessions = Sessions::gather(&workload, &mut lines, Positive::ONE).map(Arc::new);
        let cell = Cell { lines, sessions, ..cells(1, 22, 1).remove(0) };
        let of = |cell: &Cell| {
            let turns = interleaved(&[cell], 4, 1);
            turns.iter().map(|turn| (turn.first, turn.requests)).collect::<Vec<_>>()
        };
        // Shares of 6, 6, 5 and 5.
        assert_eq!(of(&cell), [(0, 8), (8, 5), (13, 5), (18, 4)]);
        assert_eq!(of(&Cell { requests: 4, ..cell }), [(0, 3), (3, 1)]);
    }

    #[test]
    fn the_seed_alone_decides_the_order() {
        let of = |seed| planned(&cells(8, 400, 8), &Order { rounds: 4, parallel_cells: 2, seed }).1;
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn rounds_are_fewer_where_a_turn_could_not_hold_the_load() {
        let (rounds, turns, warning) = planned(&cells(2, 400, 16), &order(20, 1));
        assert_eq!((rounds, turns.len()), (5, 10));
        let expected = "5 rounds instead of 20: cells take turns, and a turn needs at least 80 requests to hold \
                        16 in flight";
        assert_eq!(warning.as_deref(), Some(expected));
    }

    #[test]
    fn a_cell_too_small_for_its_load_takes_one_turn_and_says_what_it_would_need() {
        let (rounds, turns, warning) = planned(&cells(2, 60, 16), &order(20, 1));
        assert_eq!((rounds, turns.len()), (1, 2));
        let expected = "a turn holds 60 requests: 16 in flight need at least 80 a turn to be held, so \
                        `--requests-per-cell 80` or more";
        assert_eq!(warning.as_deref(), Some(expected));
    }

    #[test]
    fn a_load_in_stages_is_sent_whole_however_many_rounds_there_are() {
        let rate: Rate = "10..200/60s".parse().unwrap();
        let staged = Load::Open { arrivals: Arrivals::Constant { rate }, max_in_flight: 100 };
        let mut cells = cells(3, 6_300, 8);
        cells.iter_mut().for_each(|cell| cell.load = staged.clone());
        let (rounds, turns, warning) = planned(&cells, &order(20, 1));
        assert_eq!((rounds, turns.len()), (20, 3));
        assert!(turns.iter().all(|turn| (turn.first, turn.requests) == (0, 6_300)));
        assert!(warning.unwrap().contains("a load in stages runs from end to end"));

        cells[1].load = Load::Closed { concurrency: 8 };
        let (rounds, turns, _) = planned(&cells, &order(20, 1));
        let of = |cell| turns.iter().filter(|turn| turn.lane == cell).count();
        assert_eq!((rounds, of(0), of(1), of(2)), (20, 1, 20, 1));
    }

    #[test]
    fn a_pair_takes_its_turns_together_and_fills_its_slots_with_both() {
        let lanes = [Lane { cells: vec![0, 1] }, Lane { cells: vec![2, 3] }];
        let (rounds, turns, warning) = super::turns(&cells(4, 400, 16), &lanes, &order(10, 1));
        assert_eq!((rounds, warning, turns.len()), (10, None, 20), "a turn holds 40 requests of each, 80 in all");
        let of = |lane| turns.iter().filter(|turn| turn.lane == lane).map(|turn| turn.requests).sum::<u32>();
        assert_eq!((of(0), of(1)), (400, 400));
    }

    #[test]
    fn no_round_is_without_requests() {
        let (rounds, _, warning) = planned(&cells(2, 3, 1), &order(20, 2));
        assert_eq!(rounds, 3);
        assert_eq!(warning.as_deref(), Some("3 rounds instead of 20: a cell has 3 requests, one a round"));
    }
}
