//! Made-up runs in which the truth is known, to see how often a rule is right.

use crate::gate::RoundPair;
use crate::gate::comparison::{log_ratio, p_values, round_quantiles};
use crate::rng::seeded;
use crate::stats::holm;

/// How latencies come about in a made-up run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// The spread of the lognormal law.
    pub sigma: f64,
    /// The share of requests that take four times as long; 0 for one mode.
    pub slow_share: f64,
    /// The share of rounds in which eight requests in a row of each variant stall together.
    pub stalled_rounds: f64,
    /// The spread of a factor that both variants of a round have in common.
    pub round_noise: f64,
    /// The share of the candidate's requests that fail.
    pub candidate_failures: f64,
}

impl Law {
    /// One mode, no stalls, no noise, no failures.
    pub const fn lognormal(sigma: f64) -> Self {
        Self { sigma, slow_share: 0.0, stalled_rounds: 0.0, round_noise: 0.0, candidate_failures: 0.0 }
    }
}

/// What a failed request counts as, in the unit of the median.
const DEADLINE: f64 = 100.0;

/// Requests of a stall, and how much longer they take, in the unit of the median.
const STALLED: usize = 8;
const STALL: f64 = 5.0;

/// `rounds` rounds of `requests` requests a variant in all, by `law` with a median of 1; the candidate takes `slower` times as
/// long.
pub fn made_up(law: &Law, requests: usize, rounds: usize, slower: f64, rng: &mut fastrand::Rng) -> Vec<RoundPair> {
    let each = requests / rounds;
    (0..rounds)
        .map(|_| {
            let level = (law.round_noise * normal(rng)).exp();
            let stall = (rng.f64() < law.stalled_rounds).then(|| rng.usize(..each.saturating_sub(STALLED).max(1)));
            let mut variant = |times: f64, failures: f64| -> Vec<f64> {
                (0..each)
                    .map(|index| {
                        let mode = if rng.f64() < law.slow_share { 4.0 } else { 1.0 };
                        let stalled = stall.is_some_and(|from| (from..from + STALLED).contains(&index));
                        let took = (law.sigma * normal(rng)).exp() * mode * level * times;
                        let took = took + if stalled { STALL } else { 0.0 };
                        if rng.f64() < failures { DEADLINE } else { took }
                    })
                    .collect()
            };
            RoundPair { baseline: variant(1.0, 0.0), candidate: variant(slower, law.candidate_failures) }
        })
        .collect()
}

/// A draw of the normal law (Box and Muller, Annals of Mathematical Statistics 29, 1958).
fn normal(rng: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

/// What became of made-up runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Runs in which any rule was found broken.
    pub alarms: u32,
    /// Runs in which the first rule was found broken.
    pub found: u32,
    /// Runs in which every rule was passed.
    pub passed: u32,
    /// Runs that were made up.
    pub runs: u32,
}

/// A rule about a quantile, and the runs it is tried on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// How latencies come about.
    pub law: Law,
    /// Which quantile.
    pub q: f64,
    /// The rule's bounds, shares of the baseline.
    pub margin: f64,
    /// See `margin`.
    pub rule_out: f64,
    /// Requests a variant.
    pub requests: usize,
    /// By what the candidate takes longer in the first rule of a run; 1 for not at all.
    pub slower: f64,
    /// Rules of a run.
    pub tests: usize,
}

/// Rounds of a made-up run.
pub const ROUNDS: usize = 20;

/// Tries a rule on `runs` made-up runs, drawn from `seed`: each has [`Trial::tests`] rules, in the first of which the candidate
/// takes [`Trial::slower`] times as long, while in the others nothing changed. Rules are found broken after Holm at 5 %.
pub fn try_rule(trial: &Trial, runs: u32, seed: u64) -> Tried {
    let mut rng = seeded(seed, "made-up runs of the gate");
    let mut tried = Tried { runs, ..Tried::default() };
    for _ in 0..runs {
        let compared: Vec<_> = (0..trial.tests)
            .map(|test| {
                let slower = if test == 0 { trial.slower } else { 1.0 };
                let rounds = made_up(&trial.law, trial.requests, ROUNDS, slower, &mut rng);
                let figures = round_quantiles(&rounds, trial.q).expect("a trial has enough requests for its quantile");
                let logs: Vec<f64> = figures.iter().map(|(one, other)| log_ratio(*one, *other)).collect();
                p_values(&logs, trial.margin.ln_1p(), trial.rule_out.ln_1p())
            })
            .collect();
        let adjusted = holm(&compared.iter().map(|(worse, _)| *worse).collect::<Vec<_>>());
        tried.alarms += u32::from(adjusted.iter().any(|p| *p <= 0.05));
        tried.found += u32::from(adjusted[0] <= 0.05);
        tried.passed += u32::from(compared.iter().all(|(_, ruled_out)| *ruled_out <= 0.05));
    }
    tried
}
