//! In which order stretches of lanes run.

use std::collections::VecDeque;

use crate::load::Job;
use crate::load::stretch::Step;
use crate::plan::Turn;

/// The turns of a plan, handed out in order, some at once, never two of one lane.
#[derive(Debug)]
pub(crate) struct Turns {
    waiting: VecDeque<Turn>,
    /// The turns of each lane that have not ended.
    left: Vec<usize>,
    /// The steps that remain of each lane's turn under way, last first; empty where none is.
    steps: Vec<Vec<Piece>>,
    warmups: Vec<Option<u32>>,
    under_way: usize,
    limit: usize,
}

/// A step of a turn, ready to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) lane: usize,
    pub(crate) step: Step,
    pub(crate) first: u32,
    pub(crate) requests: u32,
    /// Nothing of this lane follows.
    pub(crate) is_last: bool,
}

impl Turns {
    pub(crate) fn new(job: &Job) -> Self {
        let waiting: VecDeque<Turn> = job.turns.iter().copied().filter(|turn| turn.requests > 0).collect();
        let mut left = vec![0; job.lanes.len()];
        waiting.iter().for_each(|turn| left[turn.lane] += 1);
        Self {
            waiting,
            left,
            steps: vec![Vec::new(); job.lanes.len()],
            warmups: job.lanes.iter().map(|lane| Some(lane.warmup)).collect(),
            under_way: 0,
            limit: job.parallel_lanes.max(1),
        }
    }

    /// The first step of the next turn that may start now: its lane is free and not too many are under way.
    pub(crate) fn start(&mut self) -> Option<Piece> {
        if self.under_way >= self.limit {
            return None;
        }
        let at = self.waiting.iter().position(|turn| self.steps[turn.lane].is_empty())?;
        let Turn { lane, first, requests } = self.waiting.remove(at).expect("the position was found in it");
        self.under_way += 1;
        self.left[lane] -= 1;
        let is_last = self.left[lane] == 0;
        let steps = &mut self.steps[lane];
        steps.push(Piece { lane, step: Step::Measured, first, requests, is_last });
        if let Some(warmup) = self.warmups[lane].take() {
            if warmup > 0 {
                steps.push(Piece { lane, step: Step::Warmup, first: 0, requests: warmup, is_last: false });
            }
            steps.push(Piece { lane, step: Step::Open, first: 0, requests: 0, is_last: false });
        }
        steps.last().copied()
    }

    /// Takes note that the step under way of `lane` has ended; the next of its turn, if there is one.
    pub(crate) fn ended(&mut self, lane: usize) -> Option<Piece> {
        self.steps[lane].pop();
        let next = self.steps[lane].last().copied();
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

    fn turns(parallel_lanes: usize, warmup: u32, order: &[usize]) -> Turns {
        let mut seen = [0; 3];
        let mut waiting = VecDeque::new();
        for &lane in order {
            waiting.push_back(Turn { lane, first: seen[lane], requests: 10 });
            seen[lane] += 10;
        }
        let left = (0..3).map(|lane| order.iter().filter(|other| **other == lane).count()).collect();
        let steps = vec![Vec::new(); 3];
        Turns { waiting, left, steps, warmups: vec![Some(warmup); 3], under_way: 0, limit: parallel_lanes }
    }

    fn short(piece: Option<Piece>) -> Option<(usize, Step, u32, bool)> {
        piece.map(|piece| (piece.lane, piece.step, piece.first, piece.is_last))
    }

    #[test]
    fn a_lane_opens_and_warms_up_before_its_first_turn_only() {
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
    fn a_turn_of_a_busy_lane_lets_the_next_free_one_pass() {
        let mut turns = turns(2, 0, &[0, 0, 1, 2]);
        assert_eq!(turns.start().unwrap().lane, 0);
        assert_eq!(turns.start().unwrap().lane, 1);
        assert_eq!(turns.start(), None, "two are under way");
        turns.ended(1);
        assert_eq!(turns.ended(1), None);
        assert_eq!(turns.start().unwrap().lane, 2, "lane 0 is busy, though its turn stands first");
        turns.ended(0);
        turns.ended(0);
        assert_eq!(short(turns.start()), Some((0, Step::Measured, 10, true)));
    }
}
