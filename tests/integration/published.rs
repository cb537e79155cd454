//! The statistics of the gate beside those of another implementation: `tests/fixtures/statistics.csv` holds the answers of scipy
//! and statsmodels, which `tests/interop/statistics.py` gives and the checks ask for again.

use tollmark::stats::{
    Binomial, Ordered, Share, benjamini_hochberg, difference_interval, exceeds_by, holm, least_requests,
    quantile_interval, score_test, sign_flip,
};
use tollmark::units::{Latency, Micros};

use crate::sandbox::rows;

/// What rounding may make of the same formula; an interval is had by halving its range, there and here.
const TOLERANCE: f64 = 1e-8;

/// By how much the greatest value of a curve may lie above the greatest of a grid, see `exact_shares` there.
const GRID: f64 = 4e-7;

const ANSWERS: &str = include_str!("../fixtures/statistics.csv");

fn numbers(words: &str) -> Vec<f64> {
    words.split(' ').map(|word| word.parse().unwrap()).collect()
}

/// Our answer to what `figure` asks of `of`.
fn answer(figure: &str, of: &[f64]) -> Vec<f64> {
    let share = |from: usize| Share { of: of[from] as u64, all: of[from + 1] as u64 };
    let both = |(low, high): (f64, f64)| vec![low, high];
    match figure {
        "binomial at most" => vec![Binomial::new(of[0] as u64, of[1]).at_most(of[2] as u64)],
        "ranks of a quantile" => {
            // Each value is its own rank.
            let values: Vec<u32> = (1..=of[0] as u32).collect();
            let interval = quantile_interval(Ordered::new(&values, 0), of[1], of[2]).unwrap();
            let rank = |end: Latency| match end {
                Latency::Finite(Micros(rank)) => f64::from(rank),
                Latency::Infinite => 0.0,
            };
            vec![interval.low.map_or(0.0, rank), rank(interval.high)]
        }
        "least requests" => vec![least_requests(of[0], of[1] as u64, of[2]) as f64],
        "share exceeds" => vec![score_test(share(0), share(2), of[4]).unwrap()],
        "share exceeds exactly" => vec![exceeds_by(share(0), share(2), of[4]).unwrap()],
        "interval of a difference" => both(difference_interval(share(0), share(2), of[4]).unwrap()),
        "interval of a share" => both(share(0).interval(of[2]).unwrap()),
        "holm" => holm(of),
        "benjamini hochberg" => benjamini_hochberg(of),
        "sign flip" => vec![sign_flip(of)],
        other => panic!("`{other}` is asked for and not answered"),
    }
}

#[test]
fn every_answer_is_that_of_scipy_and_statsmodels() {
    let mut wrong = Vec::new();
    let asked = rows(ANSWERS);
    for row in &asked {
        let (expected, found) = (numbers(&row["answer"]), answer(&row["figure"], &numbers(&row["of"])));
        let tolerance = if row["figure"] == "share exceeds exactly" { GRID } else { TOLERANCE };
        let near = |(one, other): (&f64, &f64)| (one - other).abs() <= tolerance;
        if expected.len() != found.len() || !expected.iter().zip(&found).all(near) {
            wrong.push(format!("{row:?}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), asked.len(), wrong.join("\n"));
    let figures: std::collections::BTreeSet<&str> = asked.iter().map(|row| row["figure"].as_str()).collect();
    assert_eq!(figures.len(), 10);
}
