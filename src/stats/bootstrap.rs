//! The round-wise bootstrap of quantiles: whole rounds are drawn again, so that what hits the neighbours in a
//! round alike widens the interval as it should.

use crate::stats::{Interval, rank};
use crate::units::{Latency, Micros};

/// Draws of a bootstrap: enough for the ends of a 95 % interval to be stable.
const DRAWS: usize = 1_000;

/// Times of a block's end are counted for each round, so that a draw need not walk through all of them.
const BLOCK: usize = 64;

/// One round of a cell.
#[derive(Clone, Copy, Debug)]
pub struct RoundTimes<'a> {
    /// The times of its successes in microseconds, in any order.
    pub times: &'a [u32],
    /// Its failures, counted as infinite.
    pub failures: usize,
}

/// The interval of each of `quantiles` with confidence `1 − alpha`, by drawing rounds with replacement.
///
/// Absent when fewer than two rounds hold a request. The ends are percentiles of the draws (Efron and Tibshirani,
/// An Introduction to the Bootstrap, chapter 13); a draw's own quantile is exact.
pub fn round_bootstrap(
    rounds: &[RoundTimes<'_>],
    quantiles: &[f64],
    alpha: f64,
    rng: &mut fastrand::Rng,
) -> Option<Vec<Interval>> {
    let rounds: Vec<_> = rounds.iter().copied().filter(|round| round.times.len() + round.failures > 0).collect();
    if rounds.len() < 2 {
        return None;
    }
    let pool = Pool::new(&rounds);
    let mut draws = vec![Vec::with_capacity(DRAWS); quantiles.len()];
    let mut weights = vec![0_usize; rounds.len()];
    for _ in 0..DRAWS {
        weights.fill(0);
        for _ in 0..rounds.len() {
            weights[rng.usize(..rounds.len())] += 1;
        }
        let n: usize = pool.sizes.iter().zip(&weights).map(|(size, weight)| size * weight).sum();
        for (q, drawn) in quantiles.iter().zip(&mut draws) {
            drawn.push(pool.at(rank(*q, n), &weights));
        }
    }
    let ends = |mut drawn: Vec<Latency>| {
        drawn.sort_unstable();
        let low = Some(drawn[rank(alpha / 2.0, DRAWS) - 1]);
        Interval { low, high: drawn[rank(1.0 - alpha / 2.0, DRAWS) - 1] }
    };
    Some(draws.into_iter().map(ends).collect())
}

/// All rounds' times in one ascending list, of which a draw takes each as often as its round was drawn.
struct Pool {
    /// The time in the upper half, its round in the lower.
    sorted: Vec<u64>,
    /// Requests of each round, failures included.
    sizes: Vec<usize>,
    /// For each full block, how many times up to its end belong to each round.
    counts: Vec<u32>,
}

impl Pool {
    fn new(rounds: &[RoundTimes<'_>]) -> Self {
        let labelled = |(index, round): (usize, &RoundTimes<'_>)| {
            round.times.iter().map(move |time| u64::from(*time) << 32 | index as u64).collect::<Vec<_>>()
        };
        let mut sorted: Vec<u64> = rounds.iter().enumerate().flat_map(labelled).collect();
        sorted.sort_unstable();
        let mut counts = Vec::with_capacity(sorted.len() / BLOCK * rounds.len());
        let mut so_far = vec![0_u32; rounds.len()];
        for block in sorted.chunks_exact(BLOCK) {
            for entry in block {
                so_far[round_of(*entry)] += 1;
            }
            counts.extend_from_slice(&so_far);
        }
        let sizes = rounds.iter().map(|round| round.times.len() + round.failures).collect();
        Self { sorted, sizes, counts }
    }

    /// The value of `rank`, from 1, when round r is taken `weights[r]` times.
    fn at(&self, rank: usize, weights: &[usize]) -> Latency {
        let rounds = weights.len();
        let through = |block: usize| -> usize {
            let counts = &self.counts[block * rounds..(block + 1) * rounds];
            counts.iter().zip(weights).map(|(count, weight)| *count as usize * weight).sum()
        };
        let (mut low, mut high) = (0, self.counts.len() / rounds);
        while low < high {
            let middle = low + (high - low) / 2;
            if through(middle) < rank { low = middle + 1 } else { high = middle }
        }
        let mut passed = if low == 0 { 0 } else { through(low - 1) };
        for entry in &self.sorted[low * BLOCK..] {
            passed += weights[round_of(*entry)];
            if passed >= rank {
                return Latency::Finite(Micros((entry >> 32) as u32));
            }
        }
        Latency::Infinite
    }
}

fn round_of(entry: u64) -> usize {
    (entry & 0xffff_ffff) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::seeded;
    use crate::stats::Ordered;

    fn finite(micros: u32) -> Latency {
        Latency::Finite(Micros(micros))
    }

    fn bootstrap(rounds: &[Vec<u32>], failures: usize, q: f64) -> Option<Interval> {
        let rounds: Vec<_> = rounds.iter().map(|times| RoundTimes { times, failures }).collect();
        round_bootstrap(&rounds, &[q], 0.05, &mut seeded(7, "test")).map(|found| found[0])
    }

    #[test]
    fn rounds_that_are_alike_leave_no_doubt() {
        let rounds = vec![(1..=100).collect(); 10];
        assert_eq!(bootstrap(&rounds, 0, 0.5), Some(Interval { low: Some(finite(50)), high: finite(50) }));
    }

    #[test]
    fn a_level_that_moves_from_round_to_round_widens_the_interval() {
        // The level rises by 100 with each round; requests in a round are equal, so only rounds carry doubt.
        let rounds: Vec<Vec<u32>> = (1..=10).map(|round| vec![round * 100; 60]).collect();
        let found = bootstrap(&rounds, 0, 0.5).unwrap();
        assert!(found.low <= Some(finite(300)) && found.high >= finite(700), "{found:?}");
    }

    #[test]
    fn two_rounds_have_one_draw_in_four_at_either_end() {
        let found = bootstrap(&[vec![1; 30], vec![9; 30]], 0, 0.5).unwrap();
        assert_eq!(found, Interval { low: Some(finite(1)), high: finite(9) });
    }

    #[test]
    fn failures_in_every_round_make_the_tail_infinite() {
        let rounds = vec![(1..=90).collect::<Vec<u32>>(); 4];
        let all_infinite = Interval { low: Some(Latency::Infinite), high: Latency::Infinite };
        assert_eq!(bootstrap(&rounds, 10, 0.99), Some(all_infinite));
    }

    #[test]
    fn one_round_says_nothing_of_rounds() {
        assert_eq!(bootstrap(&[vec![1, 2, 3], vec![]], 0, 0.5), None);
    }

    #[test]
    fn a_weighted_rank_is_that_of_the_list_written_out() {
        let mut rng = seeded(1, "written out");
        let rounds: Vec<Vec<u32>> = (0..5).map(|_| (0..83).map(|_| rng.u32(..500)).collect()).collect();
        let taken: Vec<_> = rounds.iter().map(|times| RoundTimes { times, failures: 2 }).collect();
        let pool = Pool::new(&taken);
        let weights = [2, 0, 1, 1, 1];
        let mut list: Vec<u32> = rounds.iter().zip(weights).flat_map(|(times, weight)| times.repeat(weight)).collect();
        list.sort_unstable();
        let expected = Ordered::new(&list, 10);
        for rank in 1..=expected.len() {
            assert_eq!(pool.at(rank, &weights), expected.at(rank), "rank {rank}");
        }
    }
}
