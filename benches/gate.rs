//! How often the gate is right, on made-up runs in which the truth is known. `cargo bench --bench gate` prints the table that
//! `benches/README.md` holds; it is drawn from one seed.

use tollmark::gate::rehearsal::{Law, ROUNDS, Trial, Tried, try_rule};

/// Made-up runs of each row.
const RUNS: u32 = 400;
const SEED: u64 = 20_261_124;

const P50: Trial =
    Trial { law: Law::lognormal(0.5), q: 0.5, margin: 0.10, rule_out: 0.25, requests: 1_000, slower: 1.0, tests: 40 };
const P95: Trial = Trial { q: 0.95, rule_out: 0.5, ..P50 };
const P99: Trial = Trial { q: 0.99, rule_out: 0.75, requests: 3_000, ..P50 };

fn main() {
    println!("{RUNS} made-up runs a row, {} for the rule at its margin; {ROUNDS} rounds, seed {SEED}\n", 20 * RUNS);
    println!("| what is true | rule | requests a variant | runs with an alarm | first rule found | all rules passed |");
    println!("|---|---|--:|--:|--:|--:|");
    let unchanged: [(&str, Trial); 9] = [
        ("nothing changed, σ = 0.3", Trial { law: Law::lognormal(0.3), ..P50 }),
        ("nothing changed, σ = 0.5", P50),
        ("nothing changed, σ = 1.0", Trial { law: Law::lognormal(1.0), ..P50 }),
        ("nothing changed, σ = 0.5", P95),
        ("nothing changed, σ = 0.5", P99),
        ("nothing changed, two modes", Trial { law: Law { slow_share: 0.3, ..Law::lognormal(0.4) }, ..P50 }),
        ("stalls of 8 requests in 30 % of rounds", Trial { law: Law { stalled_rounds: 0.3, ..P95.law }, ..P95 }),
        ("stalls of 8 requests in 30 % of rounds", Trial { law: Law { stalled_rounds: 0.3, ..P99.law }, ..P99 }),
        ("10 % noise between rounds", Trial { law: Law { round_noise: 0.1, ..P50.law }, ..P50 }),
    ];
    unchanged.into_iter().for_each(|(name, trial)| row(name, &trial, RUNS));
    // One rule a run is quick, and what may happen in one of twenty runs wants many of them.
    row("the rule at its margin", &Trial { slower: 1.10, tests: 1, ..P50 }, 20 * RUNS);
    let failing = Law { candidate_failures: 0.06, ..P95.law };
    for (name, trial) in [
        ("6 % of the candidate's requests fail, in all rules", Trial { law: failing, ..P95 }),
        ("p50 +25 %", Trial { slower: 1.25, ..P50 }),
        ("p50 +25 %", Trial { slower: 1.25, requests: 3_000, ..P50 }),
        ("p95 +50 %", Trial { slower: 1.5, ..P95 }),
        ("p99 +50 %", Trial { slower: 1.5, ..P99 }),
    ] {
        row(name, &trial, RUNS);
    }
}

fn row(name: &str, trial: &Trial, runs: u32) {
    let Tried { alarms, found, passed, runs } = try_rule(trial, runs, SEED);
    let share = |count: u32| format!("{:.1} %", f64::from(count) * 100.0 / f64::from(runs));
    println!(
        "| {name} | p{:.0}, margin {:.0} %, {} in a run | {} | {} | {} | {} |",
        trial.q * 100.0,
        trial.margin * 100.0,
        trial.tests,
        trial.requests,
        share(alarms),
        share(found),
        share(passed),
    );
}
