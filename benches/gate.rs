//! How often the gate is right, on made-up runs in which the truth is known. `cargo bench --bench gate` prints the tables that
//! `benches/README.md` holds; they are drawn from one seed.

use tollmark::gate::rehearsal::{About, Change, Law, ROUNDS, Trial, Tried, try_rule};
use tollmark::starter::rehearsal::{Rehearsed, rehearse};
use tollmark::starter::{AB, NIGHTLY};

/// Made-up runs of each row.
const RUNS: u32 = 400;
/// Made-up runs of a rule at its margin: the standard error of 5 % is then 0.08 %, and 0.15 % for shares, whose exact test takes
/// longer.
const AT_MARGIN: u32 = 80_000;
const SHARES_AT_MARGIN: u32 = 20_000;
const SEED: u64 = 20_261_124;

const P50: Trial = Trial {
    law: Law::lognormal(0.5),
    about: About::Quantile(0.5),
    margin: 0.10,
    rule_out: 0.25,
    requests: 1_000,
    change: Change::NONE,
    tests: 40,
};
const P95: Trial = Trial { about: About::Quantile(0.95), rule_out: 0.5, ..P50 };
const P99: Trial = Trial { about: About::Quantile(0.99), rule_out: 0.75, requests: 3_000, ..P50 };
const FAILURES: Trial = Trial { about: About::Failures, margin: 0.005, rule_out: 0.02, ..P50 };

fn main() {
    println!(
        "{RUNS} made-up runs a row, {AT_MARGIN} for a quantile at its margin, {SHARES_AT_MARGIN} for a share; {ROUNDS} rounds, seed {SEED}\n"
    );
    println!("| what is true | rule | requests a variant | runs with an alarm | first rule found | all rules passed |");
    println!("|---|---|--:|--:|--:|--:|");
    unchanged();
    at_the_margin();
    changed();
    println!("\n| shipped policy and suite, nothing changed | runs | passed | regressed |\n|---|--:|--:|--:|");
    for (file, variants) in [(AB, 2), (NIGHTLY, 1)] {
        let Rehearsed { passed, regressed, runs } = rehearse(file, variants, RUNS, SEED);
        println!(
            "| {}, {variants} × the same | {runs} | {} | {} |",
            file.name,
            share(passed, runs),
            share(regressed, runs)
        );
    }
}

/// Nothing changed: whatever alarms is wrong.
fn unchanged() {
    let every = |name: &str, law: Law| {
        for trial in [P50, P95, P99] {
            row(name, &Trial { law, ..trial }, RUNS);
        }
    };
    let usual = Law::lognormal(0.5);
    every("nothing changed, σ = 0.3", Law::lognormal(0.3));
    every("nothing changed, σ = 0.5", usual);
    every("nothing changed, σ = 1.0", Law::lognormal(1.0));
    every("nothing changed, two modes", Law { slow_share: 0.3, ..Law::lognormal(0.4) });
    every("stalls of 8 requests in 30 % of rounds", Law { stalled_rounds: 0.3, ..usual });
    every("10 % noise between rounds", Law { round_noise: 0.1, ..usual });
    for (name, failures) in
        [("no request fails", 0.0), ("1 % of all requests fail", 0.01), ("5 % of all requests fail", 0.05)]
    {
        row(name, &Trial { law: Law { failures, ..usual }, ..FAILURES }, RUNS);
    }
    // A failure counts as the deadline, which moves a median by a few places.
    let failing = Law { candidate_failures: 0.05, ..usual };
    row("5 % of the candidate's requests fail, in all rules", &Trial { law: failing, ..P50 }, RUNS);
}

/// One rule a run is quick, and what may happen in one of twenty runs wants many of them.
fn at_the_margin() {
    for trial in [P50, P95, P99] {
        let change = Change { slower: 1.0 + trial.margin, ..Change::NONE };
        row("the rule at its margin", &Trial { change, tests: 1, ..trial }, AT_MARGIN);
    }
    for failures in [0.001, 0.002, 0.01, 0.05] {
        let change = Change { failing: FAILURES.margin, ..Change::NONE };
        let name = format!("the rule at its margin, {:.1} % fail", failures * 100.0);
        row(&name, &Trial { law: Law { failures, ..FAILURES.law }, change, tests: 1, ..FAILURES }, SHARES_AT_MARGIN);
    }
}

/// Something changed for the first rule of a run.
fn changed() {
    let slower = |slower: f64| Change { slower, ..Change::NONE };
    for (name, trial) in [
        ("p50 +25 %", Trial { change: slower(1.25), ..P50 }),
        ("p50 +25 %", Trial { change: slower(1.25), requests: 3_000, ..P50 }),
        ("p95 +50 %", Trial { change: slower(1.5), ..P95 }),
        ("p99 +50 %", Trial { change: slower(1.5), ..P99 }),
        (
            "5 % of the candidate's requests fail",
            Trial { change: Change { failing: 0.05, ..Change::NONE }, ..FAILURES },
        ),
        (
            "2 % of the candidate's requests fail",
            Trial { change: Change { failing: 0.02, ..Change::NONE }, ..FAILURES },
        ),
    ] {
        row(name, &trial, RUNS);
    }
    let failing = Law { candidate_failures: 0.06, ..P95.law };
    row("6 % of the candidate's requests fail, in all rules", &Trial { law: failing, ..P95 }, RUNS);
}

fn row(name: &str, trial: &Trial, runs: u32) {
    let Tried { alarms, found, passed, runs } = try_rule(trial, runs, SEED);
    let rule = match trial.about {
        About::Quantile(q) => format!("p{:.0}, margin {:.0} %", q * 100.0, trial.margin * 100.0),
        About::Failures => format!("failures, margin {:.1} pp", trial.margin * 100.0),
    };
    let figures = [alarms, found, passed].map(|count| share(count, runs));
    println!("| {name} | {rule}, {} in a run | {} | {} |", trial.tests, trial.requests, figures.join(" | "));
}

fn share(count: u32, of: u32) -> String {
    let places = if of > RUNS { 2 } else { 1 };
    format!("{:.places$} %", f64::from(count) * 100.0 / f64::from(of))
}
