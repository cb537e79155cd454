//! Open load: what is due when, what reaches the server, and what a stall does to the figures.
//!
//! The client's clock and the server's begin at different moments. What is compared across them either holds whatever
//! lies between the two, or is left to the tests that want a quiet machine.

use std::collections::BTreeMap;
use std::fmt::Write;

use tollmark::plan::{Arrivals, Rate, Schedule};
use tollmark::rng::seeded;

use crate::measured::{number, quantile};
use crate::sandbox::{Ran, Row, Sandbox, rows};

/// Replies are over 6 ms after their request, and none differs.
pub(crate) const LAW: &str = r#"
schema = 1
client = "us-west-2"
[default]
ttft = { kind = "constant", median_ms = 4 }
ms_per_token = { kind = "constant", median_ms = 1 }
answer_tokens = { median = 3, p99 = 3 }
"#;
/// How long they take.
pub(crate) const REPLY_MS: f64 = 6.0;
/// Times are rounded to a microsecond at either end.
pub(crate) const ROUNDING_MS: f64 = 0.002;

/// A run without warm-up, so that each row of the truth is one of its measured requests.
pub(crate) struct Observed {
    /// Where it ran.
    pub(crate) sandbox: Sandbox,
    /// What it printed.
    pub(crate) ran: Ran,
    /// The rows of `samples.csv` in the order in which they were due.
    pub(crate) samples: Vec<Row>,
    /// The rows of the truth file by request id.
    pub(crate) truth: BTreeMap<String, Row>,
    /// The rows of `cells.csv`.
    pub(crate) cells: Vec<Row>,
}

/// A run of `arguments` against a simulator of `law`.
pub(crate) fn observe(law: &str, arguments: &[&str]) -> Observed {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", law).write("trace.jsonl", &trace());
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let url = ["run", "--base-url", &simulated.base_url, "--model", "m", "--rounds", "2", "--warmup", "0"];
    let ran = sandbox.run(&[&url[..], arguments].concat()).measures();
    simulated.interrupt();
    let mut samples = rows(&sandbox.read("reports/latest/samples.csv"));
    samples.sort_by_key(|row| (row["cell"].clone(), row["index"].parse::<u32>().unwrap()));
    let rows_of_truth = rows(&sandbox.read("truth.csv"));
    let count = rows_of_truth.len();
    let truth: BTreeMap<String, Row> = rows_of_truth.into_iter().map(|row| (row["request_id"].clone(), row)).collect();
    assert_eq!(truth.len(), count, "the server saw an id twice");
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    Observed { sandbox, ran, samples, truth, cells }
}

/// Times that are not in order, two of them the same.
const TIMES_MS: [(&str, u64); 6] = [("d", 1_400), ("a", 1_000), ("b", 1_000), ("e", 2_000), ("c", 1_131), ("f", 2_003)];

fn trace() -> String {
    TIMES_MS.iter().fold(String::new(), |mut text, (id, time)| {
        let body = r#"{"messages":[{"role":"user","content":"x"}]}"#;
        writeln!(text, r#"{{"custom_id":"{id}","body":{body},"timestamp":{time}}}"#).unwrap();
        text
    })
}

impl Observed {
    /// When each request was due, in milliseconds from the first one.
    pub(crate) fn dues(&self) -> Vec<f64> {
        let first = number(&self.samples[0], "due_at_ms");
        // Differences of decimals carry a rounding that the file has not.
        self.samples.iter().map(|row| ((number(row, "due_at_ms") - first) * 1e3).round() / 1e3).collect()
    }

    pub(crate) fn truth_of(&self, sample: &Row) -> &Row {
        &self.truth[&sample["request_id"]]
    }

    /// What the server's clock is ahead of the client's at most: no request arrives before it is sent.
    pub(crate) fn ahead_at_most(&self) -> f64 {
        let ahead = |row: &Row| number(self.truth_of(row), "received_at_ms") - number(row, "sent_at_ms");
        self.samples.iter().map(ahead).fold(f64::INFINITY, f64::min)
    }

    /// How long after its due time each request reached the server, if the fastest took no time at all.
    fn arrival_lags(&self) -> Vec<f64> {
        let ahead = self.ahead_at_most();
        let lag = |row: &Row| number(self.truth_of(row), "received_at_ms") - ahead - number(row, "due_at_ms");
        self.samples.iter().map(lag).collect()
    }

    /// What holds of every open load, on any machine.
    #[track_caller]
    pub(crate) fn keeps_its_schedule(&self, requests: usize) {
        assert_eq!((self.samples.len(), self.truth.len()), (requests, requests), "{}", self.ran);
        for row in &self.samples {
            assert_eq!(row["outcome"], "ok");
            let (due, sent) = (number(row, "due_at_ms"), number(row, "sent_at_ms"));
            assert!(sent >= due, "due at {due}, sent at {sent}");
            assert!(number(row, "e2e_from_due_ms") >= number(row, "e2e_ms"));
        }
        // One distance between the clocks must fit all requests: each arrives after it was sent, and is answered
        // before the answer is seen.
        let seen = |row: &Row| number(self.truth_of(row), "last_token_at_ms") - number(row, "last_token_at_ms");
        let at_least = self.samples.iter().map(seen).fold(f64::NEG_INFINITY, f64::max);
        assert!(at_least <= self.ahead_at_most() + ROUNDING_MS, "{at_least} > {}", self.ahead_at_most());
        // Whatever is sent after another's answer began arrives after it.
        for pair in self.samples.windows(2) {
            if number(&pair[0], "headers_at_ms") <= number(&pair[1], "sent_at_ms") {
                let [first, second] = [0, 1].map(|at| number(self.truth_of(&pair[at]), "received_at_ms"));
                assert!(first <= second, "{first} > {second}");
            }
        }
    }
}

#[test]
fn constant_requests_are_due_after_equal_gaps_and_reach_the_server_once_each() {
    let measured = observe(LAW, &["--rate", "150", "--requests-per-cell", "100"]);
    measured.keeps_its_schedule(100);
    let expected: Vec<f64> = (0..100).map(|index| (f64::from(index) * 1e6 / 150.0).round() / 1e3).collect();
    assert_eq!(measured.dues(), expected);
    let cell = &measured.cells[0];
    assert_eq!(
        (&*cell["load"], &*cell["rate_rps"], &*cell["arrivals"], &*cell["dropped"]),
        ("constant", "150.0", "100", "0")
    );
}

#[test]
fn poisson_requests_are_due_when_the_seed_says() {
    let measured = observe(LAW, &["--arrivals", "poisson", "--rate", "200", "--duration", "1s", "--seed", "7"]);
    measured.keeps_its_schedule(200);
    let arrivals = Arrivals::Poisson { rate: "200".parse().unwrap() };
    assert_eq!(measured.dues(), scheduled(&measured, &arrivals));
}

/// The schedule of the only cell under the seed 7, in milliseconds from its first request.
fn scheduled(measured: &Observed, arrivals: &Arrivals) -> Vec<f64> {
    let mut rng = seeded(7, &format!("arrivals of {}", measured.cells[0]["cell"]));
    let schedule = Schedule::new(arrivals, measured.samples.len() as u32, &[], &mut rng);
    let due = |index| (schedule.due(index) - schedule.due(0)).as_micros() as f64 / 1e3;
    (0..schedule.len() as u32).map(due).collect()
}

#[test]
fn a_recording_is_sent_in_the_order_of_its_times_with_its_gaps_at_each_speed() {
    for (speed, expected) in
        [("1", [0.0, 0.0, 131.0, 400.0, 1_000.0, 1_003.0]), ("10", [0.0, 0.0, 13.1, 40.0, 100.0, 100.3])]
    {
        let measured = observe(LAW, &["--workload", "trace.jsonl", "--arrivals", "recorded", "--speed", speed]);
        measured.keeps_its_schedule(6);
        let order: Vec<&str> = measured.samples.iter().map(|row| &*row["custom_id"]).collect();
        assert_eq!((order, measured.dues()), (vec!["a", "b", "c", "d", "e", "f"], expected.to_vec()));
    }
}

#[test]
fn a_ramp_brings_each_request_when_the_rate_has_added_up_to_it_and_every_file_names_it() {
    let measured = observe(LAW, &["--rate", "20..180/1s"]);
    measured.keeps_its_schedule(100);
    for (index, due) in measured.dues().into_iter().enumerate() {
        let seconds = due / 1e3;
        let added_up = 20.0 * seconds + 160.0 * seconds * seconds / 2.0;
        // Half a microsecond, of which the rate brings 180 a second.
        assert!((added_up - index as f64).abs() < 1e-4, "{index}: {added_up}");
    }
    let (cell, label) = (&measured.cells[0], "constant at 20..180/s over 1s");
    assert!(cell["cell"].ends_with("/r20..180-1s"), "{}", cell["cell"]);
    assert_eq!((&*cell["load"], &*cell["rate_rps"]), (label, ""));
    let manifest: serde_json::Value =
        serde_json::from_str(&measured.sandbox.read("reports/latest/manifest.json")).unwrap();
    assert_eq!(manifest["cells"][0]["load"], label);
    let stages = serde_json::json!([{ "from_rps": 20.0, "to_rps": 180.0, "lasts_ms": 1_000 }]);
    assert_eq!(manifest["cells"][0]["stages"], stages);
    assert!(measured.sandbox.read("reports/latest/report.html").contains(label));
}

#[test]
fn a_ramp_beside_a_steady_rate_is_told_apart_by_name() {
    let measured = observe(LAW, &["--rate", "600,50..150/500ms"]);
    let label = "constant at 50..150/s over 500ms";
    assert!(measured.ran.stdout.contains(label) && measured.ran.stdout.contains("constant, 600/s"), "{}", measured.ran);
    let summary = measured.sandbox.read("reports/latest/summary.md");
    assert!(summary.contains(&format!("|{label}|")), "{summary}");
    let loads: Vec<_> = measured.cells.iter().map(|cell| (&*cell["load"], &*cell["requests"])).collect();
    assert_eq!(loads, [("constant", "600"), (label, "50")]);
}

#[test]
fn random_arrivals_of_a_suites_stages_are_those_of_its_seed() {
    let suite = "schema = 1\n[load]\narrivals = \"poisson\"\nseed = 7\nwarmup = 0\nstages = [ { rate = 20, for = \"1s\" }, \
                 { rate = \"20..300\", for = \"500ms\" }, { rate = 20, for = \"500ms\" } ]\n";
    let sandbox = Sandbox::new();
    sandbox.write("spike.toml", suite).write("law.toml", LAW);
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let base_url = &simulated.base_url;
    let run = ["run", "spike.toml", "--base-url", base_url, "--model", "m"];
    let label = "poisson at 20/s for 1s then 20..300/s over 500ms then 20/s for 500ms";
    sandbox.run(&[&run[..], &["--dry-run"]].concat()).exits_with(0).prints(label);
    let twice = sandbox.run(&[&run[..], &["--duration", "3s"]].concat()).exits_with(2);
    twice.says("for 500ms` says itself how long it lasts, so nothing else may").says("hint: leave out `--duration`");
    let ran = sandbox.run(&run).measures();
    simulated.interrupt();
    let cell = rows(&sandbox.read("reports/latest/cells.csv")).remove(0);
    assert_eq!(cell["load"], label);

    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    let truth = rows(&sandbox.read("truth.csv")).into_iter().map(|row| (row["request_id"].clone(), row)).collect();
    let mut measured = Observed { sandbox, ran, samples, truth, cells: vec![cell] };
    measured.samples.sort_by_key(|row| row["index"].parse::<u32>().unwrap());
    measured.keeps_its_schedule(measured.samples.len());
    let stage =
        |from_rps, to_rps, ms| tollmark::plan::Stage { from_rps, to_rps, lasts: std::time::Duration::from_millis(ms) };
    let stages = vec![stage(20.0, 20.0, 1_000), stage(20.0, 300.0, 500), stage(20.0, 20.0, 500)];
    let rate = Rate::Staged(tollmark::plan::Stages::new(stages).unwrap());
    assert_eq!(measured.dues(), scheduled(&measured, &Arrivals::Poisson { rate }));
}

/// How many lie in each second.
fn a_second(times_ms: &[f64], seconds: usize) -> Vec<i64> {
    let mut counts = vec![0; seconds];
    for time in times_ms {
        counts[((time / 1e3).max(0.0) as usize).min(seconds - 1)] += 1;
    }
    counts
}

#[test]
#[ignore = "needs a machine that does nothing else; every other test decides without that"]
fn on_a_quiet_machine_the_server_sees_the_schedule() {
    for arrivals in ["constant", "poisson"] {
        let measured = observe(LAW, &["--arrivals", arrivals, "--rate", "200", "--duration", "8s"]);
        let (dues, lags) = (measured.dues(), measured.arrival_lags());
        let arrived: Vec<f64> = dues.iter().zip(&lags).map(|(due, lag)| due + lag).collect();
        let (wanted, seen) = (a_second(&dues, 8), a_second(&arrived, 8));
        println!("{arrivals}: due {wanted:?}, arrived {seen:?}, p99 {} ms late", quantile(lags.clone(), 0.99));
        // Only what is due at the very end of a second may arrive in the next.
        assert!(wanted.iter().zip(&seen).all(|(wanted, seen)| wanted.abs_diff(*seen) <= 2));
        assert!(quantile(lags, 0.99) <= 5.0);
    }
    for speed in ["1", "10"] {
        let measured = observe(LAW, &["--workload", "trace.jsonl", "--arrivals", "recorded", "--speed", speed]);
        let most = quantile(measured.arrival_lags(), 1.0);
        println!("recorded × {speed}: at most {most} ms late");
        assert!(most <= 2.0, "{most}");
    }
}

#[test]
#[ignore = "needs a machine that does nothing else; every other test decides without that"]
fn on_a_quiet_machine_requests_are_sent_when_they_are_due() {
    let measured = observe(LAW, &["--arrivals", "poisson", "--rate", "1000", "--duration", "8s"]);
    let lags = measured.samples.iter().map(|row| number(row, "sent_at_ms") - number(row, "due_at_ms"));
    let lags: Vec<f64> = lags.collect();
    let (p50, p99) = (quantile(lags.clone(), 0.5), quantile(lags, 0.99));
    println!("send lag at 1,000/s: p50 {p50:.3} ms, p99 {p99:.3} ms");
    assert!(p50 <= 0.15 && p99 <= 1.0, "p50 {p50} ms, p99 {p99} ms");
}
