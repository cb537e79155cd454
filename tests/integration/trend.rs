//! The history of many runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::nights::{Nights, name};
use crate::sandbox::Sandbox;

const THREE: Nights = Nights { models: 3, regions: 1, nights: 60, simulated: true };

fn nights(made: Nights) -> Sandbox {
    let sandbox = Sandbox::new();
    made.write(&sandbox.path("reports"));
    sandbox
}

#[test]
fn the_last_night_is_held_against_those_before_it() {
    let sandbox = nights(THREE);
    symlink(name(59), sandbox.path("reports/latest")).unwrap();
    let ran = sandbox.run(&["trend", "reports"]).exits_with(0);
    assert!(
        ran.stdout
            .starts_with("1 of 3 cells moved in the night of 2026-11-21, simulated: model-00 · us-east-1 slower +"),
        "{ran}"
    );
    let row = |model: &str| ran.stdout.lines().find(|line| line.starts_with(model)).unwrap().to_owned();
    assert!(row("model-00").contains("59 of 60"), "{ran}");
    assert!(row("model-01").contains("2026-11-02 +2"), "{ran}");
    assert!(row("model-02").contains("2026-10-23 $0.50 → $0.32"), "{ran}");
    assert!(ran.stdout.contains("Availability by month"), "{ran}");
    assert!(ran.stderr.contains("reports/trend.csv") && ran.stderr.contains("reports/trend.svg"), "{ran}");
    assert!(!ran.stderr.contains("warning"), "{ran}");
}

#[test]
fn the_chart_is_what_it_was() {
    let sandbox = nights(THREE);
    let ran = sandbox.run(&["trend", "reports", "--format", "svg", "--out", "trends"]).exits_with(0);
    assert_eq!(ran.stdout, "trends/trend.svg\n");
    assert!(!sandbox.path("trends/trend.csv").exists());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/trend.svg");
    let is = sandbox.read("trends/trend.svg");
    if std::env::var("TOLLMARK_GOLDEN").is_ok_and(|word| word == "write") {
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        fs::write(&golden, &is).unwrap();
    }
    let was = fs::read_to_string(&golden).unwrap();
    let differing = is.lines().zip(was.lines()).find(|(is, was)| is != was);
    assert!(is == was, "the chart differs: {differing:?}");
}

#[test]
fn rows_are_one_a_figure_under_one_header_and_a_second_time_the_same() {
    let sandbox = nights(Nights { nights: 12, ..THREE });
    sandbox.run(&["trend", "reports"]).exits_with(0);
    let first = [sandbox.read("reports/trend.csv"), sandbox.read("reports/trend.svg")];
    let rows: Vec<Vec<&str>> = first[0].lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["time", "cell", "metric", "value"]);
    assert!(rows[1..].iter().all(|row| row.len() == 4 && row[3].parse::<f64>().is_ok()), "{:?}", rows[1]);
    let of = |metric: &str| rows.iter().filter(|row| row[2] == metric).count();
    // One night of the twelve was stopped.
    assert_eq!([of("e2e_p50_ms"), of("list_output_usd_per_mtok"), of("requests")], [33, 36, 36]);
    assert!(rows[1][1].starts_with("simulated/acme/model-0"));
    sandbox.run(&["trend", "reports"]).exits_with(0);
    assert!(first == [sandbox.read("reports/trend.csv"), sandbox.read("reports/trend.svg")]);
}

#[test]
fn live_and_simulated_nights_are_told_apart() {
    let sandbox = nights(Nights { nights: 3, ..THREE });
    Nights { nights: 3, simulated: false, ..THREE }.write(&sandbox.path("live"));
    for night in 0..3 {
        fs::rename(sandbox.path("live").join(name(night)), sandbox.path("reports").join(format!("live-{night}")))
            .unwrap();
        let manifest = format!("reports/live-{night}/manifest.json");
        sandbox.write(&manifest, &sandbox.read(&manifest).replace("\"night-", "\"live-"));
    }
    let ran = sandbox.run(&["trend", "reports"]).exits_with(0).prints("simulated in part");
    let rows: Vec<&str> = ran.stdout.lines().filter(|line| line.ends_with(" of 10 nights")).collect();
    assert_eq!(rows.len(), 6, "{ran}");
    assert_eq!(rows.iter().filter(|row| row.contains(" simulated ")).count(), 3, "{ran}");
    assert!(sandbox.read("reports/trend.svg").contains("SIMULATED IN PART"));
}

#[test]
fn what_is_no_run_is_named_and_a_folder_without_any_is_bad_input() {
    let sandbox = nights(Nights { nights: 3, ..THREE });
    sandbox.write("reports/app/manifest.json", "{}");
    sandbox.run(&["trend", "reports"]).exits_with(0).says("reports/app/manifest.json");
    fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.run(&["trend", "empty"]).exits_with(2).says("`empty` holds no run directory");
    sandbox.run(&["trend", "nowhere"]).exits_with(2).says("cannot read the folder of runs `nowhere`");
    sandbox.run(&["trend", "reports/night-000"]).exits_with(2).says("is a run directory, name the folder");
}

#[test]
fn four_hundred_nights_of_forty_cells_are_read() {
    let sandbox = nights(Nights { models: 10, regions: 4, nights: 400, simulated: true });
    let ran = sandbox.run(&["trend", "reports", "--format", "csv,png"]).exits_with(0);
    assert_eq!(ran.stdout, "reports/trend.csv\nreports/trend.png\n");
    // Each of 40 cells had 399 nights that count and 400 with a price.
    let rows = sandbox.read("reports/trend.csv");
    assert_eq!(rows.lines().filter(|line| line.contains(",e2e_p99_ms,")).count(), 40 * 399);
    assert_eq!(rows.lines().filter(|line| line.contains(",list_output_usd_per_mtok,")).count(), 40 * 400);
}

#[test]
fn an_slo_over_days_is_judged_by_the_runs_of_those_days() {
    let sandbox = nights(THREE);
    // Of model-01 three requests fail in every ninth night: in 4, 13, .., 58.
    let policy = |min: &str| {
        let slo = "schema = 1\n[[slo]]\nname = \"answered\"\nmetric = \"availability\"\nwindow = \"30d\"";
        sandbox.write("gate.toml", &format!("{slo}\nmatch = {{ model = \"model-01\" }}\nmin = {min}\n"));
    };
    let args = ["gate", "reports/night-059", "--policy", "gate.toml"];
    let over = ["--history", "reports"];
    policy("0.998");
    let held = sandbox.run(&[&args[..], &over].concat()).exits_with(0);
    assert!(held.stdout.contains("availability ≥ 99.80 % over 30 days; 12 of 18,600 failed"), "{held}");
    assert!(held.stdout.contains("in 31 runs of 30 days"), "{held}");
    policy("0.9999");
    sandbox.run(&[&args[..], &over].concat()).exits_with(3).prints("REGRESSED: 1 broken");
    // The same run where it stands elsewhere is one of them all the same, and not twice.
    fs::rename(sandbox.path("reports/night-059"), sandbox.path("last")).unwrap();
    let elsewhere = ["gate", "last", "--policy", "gate.toml", "--history", "reports"];
    sandbox.run(&elsewhere).exits_with(3).prints("12 of 18,600 failed");
    sandbox.run(&["gate", "last", "--policy", "gate.toml"]).exits_with(2).says(
        "it is about days of history, and no other rule can be asked of this run: give `--history` the folder of runs",
    );
}
