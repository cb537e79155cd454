use std::fs;
use std::path::PathBuf;

use super::*;
use crate::rundir::fixture::{failure, manifest, success, workload};
use crate::rundir::{CellRow, Manifest, RunWriter, cell_row, judge, keep_rebuilt, read_samples};
use crate::sample::{Moments, Outcome, Phase, Sample, UsageSource};
use crate::tally::{CellShape, Lags, Tally};
use crate::units::{Micros, Usd};

fn samples() -> Vec<(Sample, Option<Usd>)> {
    let cost = |sample: &Sample| sample.usage.map(|(usage, _)| Usd::from_picos(i128::from(usage.output) * 250_001));
    let measured = (0..2).flat_map(|cell| (0..6).map(move |index| (cell, index))).map(|(cell, index)| match index {
        4 => failure(cell, index, Outcome::RateLimited),
        _ => success(cell, index),
    });
    let warmup = Sample { phase: Phase::Warmup, ..success(0, 5) };
    [warmup].into_iter().chain(measured).map(|sample| (sample.clone(), cost(&sample))).collect()
}

/// The warning that `cells.csv` of the run at `path` is not there.
fn lost(path: &Path) -> String {
    format!("{}: `cells.csv` is missing, its rows are made again from `samples.csv`", path.display())
}

/// Writes a whole run as the main path does and returns its directory with the rows it wrote.
fn write_run(parent: &Path) -> (PathBuf, Manifest, Vec<CellRow>) {
    let mut manifest = manifest();
    let mut writer = RunWriter::create(parent, &manifest, &[workload()]).unwrap();
    let mut tally = Tally::new(&vec![CellShape { shares: vec![3, 3] }; 2], manifest.seed);
    for (sample, cost) in samples() {
        if sample.phase == Phase::Measured {
            for gap in 1..=3 {
                tally.chunk_gap(sample.cell, sample.round, Micros(9_973 * gap + sample.index));
            }
        }
        writer.sample(&sample, cost).unwrap();
        if let Some(done) = tally.record(&sample, cost) {
            writer.round(&mut tally, done).unwrap();
        }
    }
    let notes = manifest.cells.clone();
    let figures: Vec<_> = (0..notes.len()).map(|cell| tally.figures(cell)).collect();
    manifest.validity =
        notes.iter().zip(&figures).map(|(note, figures)| judge(note, figures, Lags::default())).collect();
    let rows: Vec<_> = notes.iter().zip(&figures).map(|(note, figures)| cell_row(&manifest, note, figures)).collect();
    let path = writer.finish(&manifest, &rows).unwrap();
    (path, manifest, rows)
}

#[test]
fn a_run_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, manifest, rows) = write_run(folder.path());
    let run = Run::open(&path).unwrap();
    assert_eq!(run, Run { path, manifest, cells: rows, warnings: vec![] });
    assert_eq!(Run::open(&folder.path().join("latest")).unwrap().cells, run.cells);
}

#[test]
fn cells_csv_holds_exact_decimals_and_empty_cells() {
    let folder = tempfile::tempdir().unwrap();
    let (path, ..) = write_run(folder.path());
    let text = fs::read_to_string(path.join("cells.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap().replace(',', " "),
        "run_id started_at cell variant provider model region tier route workload load concurrency rate_rps simulated \
         valid requests ok failed arrivals dropped availability attempt_error_ratio rate_limited in_flight_mean \
         distinct_prompts cached_ratio ttft_p50_ms ttft_p50_low_ms ttft_p50_high_ms ttft_p90_ms ttft_p95_ms \
         ttft_p99_ms ttft_p99_low_ms ttft_p99_high_ms ttft_max_ms e2e_p50_ms e2e_p50_low_ms e2e_p50_high_ms \
         e2e_p90_ms e2e_p95_ms e2e_p99_ms e2e_p99_low_ms e2e_p99_high_ms e2e_max_ms e2e_p50_with_failures_ms \
         e2e_p95_with_failures_ms e2e_p99_with_failures_ms e2e_from_due_p50_ms e2e_from_due_p95_ms \
         e2e_from_due_p99_ms e2e_from_due_p99_low_ms e2e_from_due_p99_high_ms e2e_from_due_max_ms \
         send_lag_p50_ms send_lag_p99_ms tpot_p50_ms tpot_p99_ms itl_p99_ms connect_p50_ms \
         throughput_rps output_tokens_per_s input_tokens cached_input_tokens output_tokens reasoning_tokens \
         requests_without_usage cost_usd all_prices_known cost_per_1k_requests_usd list_input_usd_per_mtok \
         list_output_usd_per_mtok effective_output_usd_per_mtok price_from quality_ratio answer_variants outcomes \
         synthetic_prompts requests_estimated requests_checked"
    );
    assert_eq!(
        lines.next().unwrap(),
        "2026-11-23T02-00-00Z-demo,2026-11-23T02:00:00Z,acme/small/us/chat/c2,,acme,small,us,1,,chat,closed,2,,true,\
         false,6,5,1,,,0.833333,0.166667,1,1.0,3,0.232558,\
         41.001,40.000,inf,42.502,42.502,42.502,41.001,inf,42.502,\
         82.002,80.000,inf,85.005,85.005,85.005,82.002,inf,85.005,82.002,inf,inf,,,,,,,,,1.863,2.000,29.935,0.321,\
         12.12,234.316,215,50,116,0,0,0.000029000116,true,0.004833352667,0.18,0.25,0.250001,2026-05-01,0.75,2,\
         ok=5;rate_limited=1,0,0,4"
    );
}

#[test]
fn attempts_may_be_missing_or_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, rows) = write_run(folder.path());
    fs::remove_file(path.join("cells.csv")).unwrap();
    let attempts = path.join("attempts.csv");
    let whole = fs::read(&attempts).unwrap();
    fs::write(&attempts, &whole[..whole.len() - 9]).unwrap();
    assert_eq!(Run::open(&path).unwrap().cells, rows);
    fs::remove_file(&attempts).unwrap();
    let run = Run::open(&path).unwrap();
    assert_eq!((run.cells, run.warnings), (rows, vec![lost(&path)]));
}

#[test]
fn a_run_that_died_has_the_rows_it_would_have_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, rows) = write_run(folder.path());
    fs::remove_file(path.join("cells.csv")).unwrap();
    assert_eq!(Run::open(&path).unwrap().cells, rows);
    assert!(rows[0].itl_p99_ms.is_some());
}

#[test]
fn samples_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, manifest, _) = write_run(folder.path());
    let mut found = vec![];
    assert_eq!(
        read_samples(&path, &manifest, |sample, cost| found.push((sample, cost))).unwrap(),
        Vec::<String>::new()
    );
    // The warm-up comes first with the workload's third line, so the lines are numbered from there.
    let expected = samples().into_iter().map(|(sample, cost)| {
        let line = (sample.line + 1) % 3;
        // What only an attempt tells is not in the rows of requests.
        let moments = Moments { first_event: None, ..sample.moments };
        (Sample { line, moments, http_version: None, raw_usage: None, ..sample }, cost)
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn a_cell_of_a_died_run_is_not_told_to_be_valid() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest();
    let mut writer = RunWriter::create(folder.path(), &manifest, &[workload()]).unwrap();
    writer.sample(&success(0, 0), None).unwrap();
    writer.sample(&failure(1, 0, Outcome::Connect), None).unwrap();
    writer.flush().unwrap();
    let run = Run::open(writer.path()).unwrap();
    assert_eq!(run.manifest.status, Status::Running);
    assert_eq!(
        run.warnings,
        [format!("{}: the run did not end in order, or is still under way", writer.path().display())]
    );
    assert_eq!((run.cells[0].valid, run.cells[1].valid), (None, Some(false)));
}

#[test]
fn rows_that_were_kept_of_a_run_under_way_are_made_again_when_it_is_opened_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(folder.path(), &manifest(), &[workload()]).unwrap();
    let path = writer.path().to_owned();
    for index in 0..3 {
        writer.sample(&success(0, index), None).unwrap();
        writer.flush().unwrap();
        let run = Run::open(&path).unwrap();
        assert_eq!(run.cells[0].requests, u64::from(index) + 1);
        keep_rebuilt(&run).unwrap();
        assert_eq!(read_cells(&path).unwrap().0, run.cells);
    }
}

#[test]
fn rows_of_a_run_that_ended_are_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (path, ..) = write_run(folder.path());
    let file = path.join("cells.csv");
    let whole = fs::read_to_string(&file).unwrap();
    let later: String =
        whole.lines().zip(["later", "1", "2"]).map(|(line, column)| format!("{line},{column}\n")).collect();
    fs::write(&file, &later).unwrap();
    keep_rebuilt(&Run::open(&path).unwrap()).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), later);
}

#[test]
fn a_last_row_that_was_cut_off_is_left_out_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let (path, ..) = write_run(folder.path());
    fs::remove_file(path.join("cells.csv")).unwrap();
    let samples = path.join("samples.csv");
    let whole = fs::read_to_string(&samples).unwrap();
    let last_row = whole.rfind("measured,").unwrap();
    // Within the row, just before its end, and after a line break that a quoted name holds.
    let second = whole.rfind("\"b,\"\"2\"\"\n").unwrap() + 9;
    for (cut, requests) in [(last_row + 20, 5), (whole.len() - 1, 5), (last_row, 5), (second, 4)] {
        fs::write(&samples, &whole[..cut]).unwrap();
        let run = Run::open(&path).unwrap();
        assert_eq!(run.cells[1].requests, requests, "cut at {cut}");
        let line = whole[..if cut == second { cut - 1 } else { cut }].matches('\n').count() + 1;
        let warning = format!("{}:{line}: the last row is cut off and left out", samples.display());
        let expected = if cut == last_row { vec![lost(&path)] } else { vec![lost(&path), warning] };
        assert_eq!(run.warnings, expected, "cut at {cut}");
    }
}

#[test]
fn a_log_that_was_cut_off_keeps_what_stands_before() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, rows) = write_run(folder.path());
    fs::remove_file(path.join("cells.csv")).unwrap();
    let log = path.join("latency.hlog");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..whole.len() - 9]).unwrap();
    let run = Run::open(&path).unwrap();
    let line = whole.iter().filter(|byte| **byte == b'\n').count();
    let cut = format!("{}:{line}: the log cannot be read from here on", log.display());
    assert_eq!(run.warnings, [lost(&path), cut]);
    assert_eq!(run.cells[0], rows[0]);
}

#[test]
fn a_broken_row_in_the_middle_is_an_error_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let (path, ..) = write_run(folder.path());
    fs::remove_file(path.join("cells.csv")).unwrap();
    let samples = path.join("samples.csv");
    let whole = fs::read_to_string(&samples).unwrap();
    let problem = |from: &str, to: &str| {
        fs::write(&samples, whole.replacen(from, to, 1)).unwrap();
        Run::open(&path).unwrap_err().to_string()
    };
    let at = samples.display();
    assert_eq!(problem("measured,0,0,", "measured,2,0,"), format!("{at}:3: round 2 is not in the plan of 2"));
    assert_eq!(problem("warmup", "later"), format!("{at}:2: `phase` is `later`, must be `warmup` or `measured`"));
    assert_eq!(problem(",ok,", ",fine,"), format!("{at}:2: `fine` is not an outcome"));
    assert_eq!(
        problem(",500.250,", ",500.25,"),
        format!("{at}:2: `sent_at_ms` is `500.25`, must be milliseconds with three decimals")
    );
    assert_eq!(problem("acme/small/us/chat/c2", "gone"), format!("{at}:2: cell `gone` is not in the manifest"));
}

#[test]
fn what_is_no_run_directory_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("missing")] {
        let error = Run::open(&path).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{}` is not a run directory, it must hold a `manifest.json`", path.display())
        );
    }
}

#[test]
fn a_later_format_is_refused_whatever_else_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    fs::write(&path, r#"{"format_version": 2, "cells": "elsewhere"}"#).unwrap();
    assert_eq!(
        Run::open(folder.path()).unwrap_err().to_string(),
        format!("`{}` has format version 2, this tollmark reads up to 1: use a newer one", path.display())
    );
    fs::write(&path, "{").unwrap();
    assert_eq!(
        Run::open(folder.path()).unwrap_err().to_string(),
        format!("`{}` is not a manifest of tollmark", path.display())
    );
}

#[test]
fn costs_of_rows_add_up_to_those_of_the_samples() {
    let folder = tempfile::tempdir().unwrap();
    let (path, manifest, rows) = write_run(folder.path());
    let mut of_samples = Usd::ZERO;
    read_samples(&path, &manifest, |sample, cost| {
        if sample.phase == Phase::Measured {
            of_samples += cost.unwrap_or_default();
        }
    })
    .unwrap();
    assert_eq!(rows.iter().filter_map(|row| row.cost_usd).sum::<Usd>(), of_samples);
}

#[test]
fn a_run_that_died_still_tells_that_stated_costs_are_off_and_tokens_estimated() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = Manifest { status: Status::Running, ..manifest() };
    let mut writer = RunWriter::create(folder.path(), &manifest, &[workload()]).unwrap();
    let estimated = success(1, 2).usage.map(|(usage, _)| (usage, UsageSource::Estimated));
    // It states 0.000014.
    writer.sample(&success(0, 4), Some("0.000013".parse().unwrap())).unwrap();
    writer.sample(&Sample { usage: estimated, ..success(1, 2) }, None).unwrap();
    writer.flush().unwrap();
    let run = Run::open(writer.path()).unwrap();
    assert!(run.warnings[1].starts_with("1 reply of `large` at `acme` came without usage"), "{:?}", run.warnings);
    assert!(run.warnings[2].contains("makes it $0.000013, 7.1 % less"), "{:?}", run.warnings);
    assert_eq!((run.warnings.len(), run.cells[1].requests_estimated), (3, Some(1)));
}

#[test]
fn a_broken_cells_file_is_made_again_from_the_samples_with_a_warning_that_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, rows) = write_run(folder.path());
    let file = path.join("cells.csv");
    let text = fs::read_to_string(&file).unwrap();
    // In the middle of the last row.
    fs::write(&file, &text[..text.len() - 40]).unwrap();
    let run = Run::open(&path).unwrap();
    assert_eq!(run.warnings.len(), 1, "{:?}", run.warnings);
    let told = format!("{}:3: the row has ", file.display());
    assert!(run.warnings[0].starts_with(&told), "{:?}", run.warnings);
    assert_eq!(run.cells.len(), rows.len());
    assert_eq!(run.cells[1].e2e_p99_ms, rows[1].e2e_p99_ms);

    fs::remove_file(path.join("samples.csv")).unwrap();
    let run = Run::open(&path).unwrap();
    assert_eq!(run.cells.len(), 1, "without samples the rows up to the break are all there is");
    assert!(run.warnings[0].starts_with(&told) && run.warnings[0].ends_with("is left out"), "{:?}", run.warnings);

    fs::remove_file(&file).unwrap();
    assert!(matches!(Run::open(&path), Err(RunDirError::Nothing { .. })), "and then there is nothing");
}
