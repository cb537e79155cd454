//! Figures of a cell: order statistics, their intervals and the bootstrap over rounds.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use tollmark::stats::{Ordered, RoundTimes, quantile_interval, round_bootstrap};

/// Rounds of a cell.
const ROUNDS: usize = 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for requests in [400, 100_000] {
        interval(&mut criterion, requests);
        bootstrap(&mut criterion, requests);
    }
    criterion.final_summary();
}

fn interval(criterion: &mut Criterion, requests: usize) {
    let mut times = times(requests);
    times.sort_unstable();
    criterion.bench_with_input(BenchmarkId::new("interval of p99", requests), &times, |bencher, times| {
        bencher.iter(|| black_box(quantile_interval(Ordered::new(times, 3), 0.99, 0.05)));
    });
}

fn bootstrap(criterion: &mut Criterion, requests: usize) {
    let times = times(requests);
    let rounds: Vec<RoundTimes<'_>> =
        times.chunks(requests / ROUNDS).map(|times| RoundTimes { times, failures: 1 }).collect();
    criterion.bench_with_input(BenchmarkId::new("bootstrap over rounds", requests), &rounds, |bencher, rounds| {
        bencher.iter(|| black_box(round_bootstrap(rounds, &[0.50, 0.99], 0.05, &mut fastrand::Rng::with_seed(1))));
    });
}

/// Times of a skewed law, from a fixed seed.
fn times(requests: usize) -> Vec<u32> {
    let mut rng = fastrand::Rng::with_seed(1);
    (0..requests).map(|_| (50_000.0 / (1.0 - 0.99 * rng.f64())) as u32).collect()
}
