use super::*;
use crate::report::sketch;

/// An endpoint under closed loads: each with its concurrency, requests a second and median.
fn closed(steps: &[(u32, f64, f64)]) -> Run {
    sketch::of_rows(steps.iter().map(|step| (sketch::swept("step-3.5-flash", "us-west-2", *step), false)).collect())
}

fn knee_of(steps: &[(u32, f64, f64)]) -> Knee {
    sweeps(&closed(steps), None)[0].knee
}

#[test]
fn the_knee_is_the_load_of_the_most_throughput_for_its_latency() {
    // 5.6, 21, 48 and 15: sixteen in flight wait a little and get a lot, sixty-four wait and get nothing.
    let steps = [(1, 5.5, 0.98), (4, 21.0, 1.0), (16, 60.0, 1.25), (64, 61.0, 4.0)].map(|(c, x, r)| (c, x, r * 1e3));
    assert_eq!(knee_of(&steps), Knee::At(2));
    assert_eq!(knee_of(&steps[..3]), Knee::Beyond);
    assert_eq!(knee_of(&steps[2..]), Knee::Before);
}

#[test]
fn saturated_and_invalid_steps_do_not_make_a_knee_but_saturation_bounds_it() {
    let steps = [(1, 5.0, 200.0), (4, 20.0, 200.0), (16, 80.0, 200.0)];
    let mut run = closed(&steps);
    run.cells[2].valid = Some(false);
    assert_eq!(sweeps(&run, None)[0].knee, Knee::Beyond);
    (run.cells[2].arrivals, run.cells[2].dropped) = (Some(800), Some(200));
    let swept = sweeps(&run, None);
    assert_eq!(swept[0].knee, Knee::At(1));
    assert_eq!(swept[0].remarks(1), ["knee"]);
    assert_eq!(swept[0].remarks(2), ["saturated: 25.0 % dropped", "invalid"]);
    run.cells.iter_mut().for_each(|row| row.valid = Some(false));
    assert_eq!(sweeps(&run, None)[0].knee, Knee::Unknown);
}

#[test]
fn goodput_counts_only_what_succeeded_within_the_limit() {
    let mut run = closed(&[(1, 5.0, 180.0), (4, 20.0, 300.0)]);
    (run.cells[1].ok, run.cells[1].failed) = (540, 60);
    let slugs: Vec<String> = run.cells.iter().map(|row| row.cell.clone()).collect();
    // The limit of tier 1 on autocomplete is 500 ms, which itself is in time.
    let counts = |values: &[(u64, u64)]| {
        let mut counts = SparseCounts::default();
        values.iter().for_each(|(time, times)| counts.add(*time, *times));
        counts
    };
    let spectra = Spectra::of_cells([
        (slugs[0].clone(), counts(&[(180_000, 600)])),
        (slugs[1].clone(), counts(&[(300_000, 200), (500_000, 100), (500_001, 240)])),
    ]);
    let swept = sweeps(&run, Some(&spectra));
    assert_eq!(swept[0].steps.iter().map(|step| step.goodput_rps).collect::<Vec<_>>(), [Some(5.0), Some(10.0)]);
    assert_eq!(swept[0].best().map(|(step, rate)| (step.words(), rate)), Some(("4 in flight".to_owned(), 10.0)));
    run.cells[1].valid = Some(false);
    assert_eq!(
        sweeps(&run, Some(&spectra))[0].best().map(|(_, rate)| rate),
        Some(5.0),
        "what is invalid leads nowhere"
    );
    run.cells[1].valid = Some(true);
    // Without the log nobody knows how many were in time; without a limit there is nothing to be in time for.
    assert!(sweeps(&run, None)[0].best().is_none());
    assert!(sweeps(&run, Some(&Spectra::default()))[0].best().is_none());
    run.cells.iter_mut().for_each(|row| row.tier = None);
    assert!(sweeps(&run, Some(&spectra))[0].best().is_none());
}

#[test]
fn a_cell_without_a_success_has_no_goodput_rather_than_an_unknown_one() {
    let mut run = closed(&[(1, 5.0, 180.0), (4, 20.0, 300.0)]);
    (run.cells[1].ok, run.cells[1].failed) = (0, 600);
    let steps = &sweeps(&run, Some(&Spectra::default()))[0].steps;
    assert_eq!((steps[0].goodput_rps, steps[1].goodput_rps), (None, Some(0.0)));
}

#[test]
fn the_interval_of_an_open_median_comes_from_the_log_and_failures_open_it() {
    let mut counts = SparseCounts::default();
    (1..=10).for_each(|time| counts.add(time, 1));
    let finite = |micros| Latency::Finite(Micros(micros));
    // Ranks 2 and 9 of 10: Conover, Practical Nonparametric Statistics, sign test tables.
    assert_eq!(median_interval(&counts, 0), Some((finite(2), finite(9))));
    // Ranks 6 and 15 of 20.
    assert_eq!(median_interval(&counts, 10), Some((finite(6), Latency::Infinite)));
    assert_eq!(median_interval(&SparseCounts::default(), 3), None);
}

#[test]
fn one_load_is_no_sweep_and_what_differs_is_not_one_endpoint() {
    assert!(sweeps(&sketch::demo(600), None).is_empty());
    let mut run = closed(&[(4, 20.0, 180.0), (1, 5.0, 180.0)]);
    assert_eq!(sweeps(&run, None)[0].steps.iter().map(|step| step.load).collect::<Vec<_>>(), [1.0, 4.0]);
    run.cells[1].region = Some("eu-west-1".to_owned());
    assert!(sweeps(&run, None).is_empty());
}
