//! In which order stretches of cells run.

use std::collections::VecDeque;

use crate::load::Job;
use crate::load::stretch::Step;
use crate::plan::Turn;

/// The turns of a plan, handed out in order, some at once, never two of one cell.
#[derive(Debug)]
pub(crate) struct Turns {
    waiting: VecDeque<Turn>,
    /// The turns of each cell that have not ended.
    left: Vec<usize>,
    /// The steps that remain of each cell's turn under way, last first; empty where none is.
    steps: Vec<Vec<Piece>>,
    warmups: Vec<Option<u32>>,
    under_way: usize,
    limit: usize,
}

/// A step of a turn, ready to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) cell: usize,
    pub(crate) step: Step,
    pub(crate) first: u32,
    pub(crate) requests: u32,
    /// Nothing of this cell follows.
    pub(crate) is_last: bool,
}

impl Turns {
    pub(crate) fn new(job: &Job) -> Self {
        let waiting: VecDeque<Turn> = job.turns.iter().copied().filter(|turn| turn.requests > 0).collect();
        let mut left = vec![0; job.cells.len()];
        waiting.iter().for_each(|turn| left[turn.cell] += 1);
        Self {
            waiting,
            left,
            steps: vec![Vec::new(); job.cells.len()],
            warmups: job.cells.iter().map(|cell| Some(cell.warmup)).collect(),
            under_way: 0,
            limit: job.parallel_cells.max(1),
        }
    }

    /// The first step of the next turn that may start now: its cell is free and not too many are under way.
    pub(crate) fn start(&mut self) -> Option<Piece> {
        if self.under_way >= self.limit {
            return None;
        }
        let at = self.waiting.iter().position(|turn| self.steps[turn.cell].is_empty())?;
        let Turn { cell, first, requests } = self.waiting.remove(at).expect("the position was found in it");
        self.under_way += 1;
        self.left[cell] -= 1;
        let is_last = self.left[cell] == 0;
        let steps = &mut self.steps[cell];
        steps.push(Piece { cell, step: Step::Measured, first, requests, is_last });
        if let Some(warmup) = self.warmups[cell].take() {
            if warmup > 0 {
                steps.push(Piece { cell, step: Step::Warmup, first: 0, requests: warmup, is_last: false });
            }
            steps.push(Piece { cell, step: Step::Open, first: 0, requests: 0, is_last: false });
        }
        steps.last().copied()
    }

    /// Takes note that the step under way of `cell` has ended; the next of its turn, if there is one.
    pub(crate) fn ended(&mut self, cell: usize) -> Option<Piece> {
        self.steps[cell].pop();
        let next = self.steps[cell].last().copied();
        self.under_way -= usize::from(next.is_none());
        next
    }

    /// Whether every turn has ended.
    pub(crate) fn are_over(&self) -> bool {
        self.waiting.is_empty() && self.under_way == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(parallel_cells: usize, warmup: u32, order: &[usize]) -> Turns {
        let mut seen = [0; 3];
        let mut waiting = VecDeque::new();
        for &cell in order {
            waiting.push_back(Turn { cell, first: seen[cell], requests: 10 });
            seen[cell] += 10;
        }
        let left = (0..3).map(|cell| order.iter().filter(|other| **other == cell).count()).collect();
        let steps = vec![Vec::new(); 3];
        Turns { waiting, left, steps, warmups: vec![Some(warmup); 3], under_way: 0, limit: parallel_cells }
    }

    fn short(piece: Option<Piece>) -> Option<(usize, Step, u32, bool)> {
        piece.map(|piece| (piece.cell, piece.step, piece.first, piece.is_last))
    }

    #[test]
    fn a_cell_opens_and_warms_up_before_its_first_turn_only() {
        let mut turns = turns(1, 4, &[1, 1]);
        assert_eq!(short(turns.start()), Some((1, Step::Open, 0, false)));
        assert_eq!(short(turns.start()), None);
        assert_eq!(short(turns.ended(1)), Some((1, Step::Warmup, 0, false)));
        assert_eq!(short(turns.ended(1)), Some((1, Step::Measured, 0, false)));
        assert_eq!(short(turns.ended(1)), None);
        assert_eq!(short(turns.start()), Some((1, Step::Measured, 10, true)));
        assert!(!turns.are_over());
        assert_eq!(short(turns.ended(1)), None);
        assert!(turns.are_over());
    }

    #[test]
    fn a_turn_of_a_busy_cell_lets_the_next_free_one_pass() {
        let mut turns = turns(2, 0, &[0, 0, 1, 2]);
        assert_eq!(turns.start().unwrap().cell, 0);
        assert_eq!(turns.start().unwrap().cell, 1);
        assert_eq!(turns.start(), None, "two are under way");
        turns.ended(1);
        assert_eq!(turns.ended(1), None);
        assert_eq!(turns.start().unwrap().cell, 2, "cell 0 is busy, though its turn stands first");
        turns.ended(0);
        turns.ended(0);
        assert_eq!(short(turns.start()), Some((0, Step::Measured, 10, true)));
    }
}
