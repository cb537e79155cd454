//! Made-up runs in which the truth is known, to see how often a rule is right.

use crate::gate::comparison::{log_ratio, p_values, round_quantiles};
use crate::gate::{RoundPair, SharePair, compare_shares};
use crate::rng::seeded;
use crate::stats::{Share, holm};

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
    /// The share of requests that fail, of both variants.
    pub failures: f64,
    /// The share of the candidate's requests that fail besides, in every rule of a run.
    pub candidate_failures: f64,
}

impl Law {
    /// One mode, no stalls, no noise, no failures.
    pub const fn lognormal(sigma: f64) -> Self {
        Self { sigma, slow_share: 0.0, stalled_rounds: 0.0, round_noise: 0.0, failures: 0.0, candidate_failures: 0.0 }
    }
}

/// What a failed request counts as, in the unit of the median.
const DEADLINE: f64 = 100.0;

/// Requests of a stall, and how much longer they take, in the unit of the median.
const STALLED: usize = 8;
const STALL: f64 = 5.0;

/// How the candidate differs in the rule that something changed for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// By what it takes longer; 1 for not at all.
    pub slower: f64,
    /// The share of its requests that fail besides; 0 for none.
    pub failing: f64,
}

impl Change {
    /// No difference.
    pub const NONE: Self = Self { slower: 1.0, failing: 0.0 };
}

/// [`ROUNDS`] rounds of `requests` requests a variant in all, by `law` with a median of 1.
fn made_up(law: &Law, requests: usize, change: Change, rng: &mut fastrand::Rng) -> Vec<RoundPair> {
    let each = requests / ROUNDS;
    (0..ROUNDS)
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
            let baseline = variant(1.0, law.failures);
            let failing = law.failures + law.candidate_failures + change.failing;
            RoundPair { baseline, candidate: variant(change.slower, failing) }
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

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum About {
    /// A quantile of the latency; its bounds are shares of the baseline.
    Quantile(f64),
    /// The share of failed requests; its bounds are differences of shares.
    Failures,
}

/// A rule, and the runs it is tried on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// How latencies and failures come about.
    pub law: Law,
    /// What the rule is about.
    pub about: About,
    /// Worse than this is broken.
    pub margin: f64,
    /// Not worse than this holds.
    pub rule_out: f64,
    /// Requests a variant.
    pub requests: usize,
    /// What changed in the first rule of a run.
    pub change: Change,
    /// Rules of a run.
    pub tests: usize,
}

/// Rounds of a made-up run.
pub const ROUNDS: usize = 20;

/// What no more of the runs in which nothing changed may alarm.
const ALPHA: f64 = 0.05;

/// Tries a rule on `runs` made-up runs, drawn from `seed`: each has [`Trial::tests`] rules, for the first of which the candidate
/// has [`Trial::change`], while for the others nothing changed. Rules are found broken after Holm at 5 %.
pub fn try_rule(trial: &Trial, runs: u32, seed: u64) -> Tried {
    let mut rng = seeded(seed, "made-up runs of the gate");
    let mut tried = Tried { runs, ..Tried::default() };
    for _ in 0..runs {
        let compared: Vec<_> = (0..trial.tests)
            .map(|test| {
                let change = if test == 0 { trial.change } else { Change::NONE };
                compared(trial, &made_up(&trial.law, trial.requests, change, &mut rng))
            })
            .collect();
        let adjusted = holm(&compared.iter().map(|(worse, _)| *worse).collect::<Vec<_>>());
        tried.alarms += u32::from(adjusted.iter().any(|p| *p <= ALPHA));
        tried.found += u32::from(adjusted[0] <= ALPHA);
        tried.passed += u32::from(compared.iter().all(|(_, ruled_out)| *ruled_out <= ALPHA));
    }
    tried
}

/// The p-values of "not worse than the margin" and of "worse than what is to be ruled out".
fn compared(trial: &Trial, rounds: &[RoundPair]) -> (f64, f64) {
    match trial.about {
        About::Quantile(q) => {
            let figures = round_quantiles(rounds, q).expect("a trial has enough requests for its quantile");
            let logs: Vec<f64> = figures.iter().map(|(one, other)| log_ratio(*one, *other)).collect();
            p_values(&logs, trial.margin.ln_1p(), trial.rule_out.ln_1p())
        }
        About::Failures => {
            let failed = |values: &[f64]| Share {
                of: values.iter().filter(|value| **value >= DEADLINE).count() as u64,
                all: values.len() as u64,
            };
            let pairs: Vec<SharePair> = rounds
                .iter()
                .map(|round| SharePair { baseline: failed(&round.baseline), candidate: failed(&round.candidate) })
                .collect();
            let found = compare_shares(&pairs, trial.margin, trial.rule_out, ALPHA).expect("a trial has requests");
            (found.p_worse, found.p_ruled_out)
        }
    }
}
