use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::cli::progress_text::{model_text, plain_line};
use crate::run::CellProgress;
use crate::units::Micros;

/// A stderr that keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stderr whose reader is gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

fn models() -> Vec<ModelLine> {
    let place = |index: usize, name: &str| (index, name.to_owned());
    vec![
        ModelLine {
            model: "qwen3-8b".to_owned(),
            total_requests: 1200,
            cells: vec![place(0, "us-east-1"), place(1, "us-west-2")],
        },
        ModelLine { model: "step-3.5-flash".to_owned(), total_requests: 600, cells: vec![place(2, "eu-west-1")] },
    ]
}

fn snapshot(seconds: u64) -> Snapshot {
    let cell = |done, failed, p50: u32, p99: u32| CellProgress {
        done,
        failed,
        p50: Some(Micros(p50 * 1000)),
        p99: Some(Micros(p99 * 1000)),
    };
    Snapshot {
        elapsed: Duration::from_secs(seconds),
        spent: Some("0.0123".parse().unwrap()),
        simulated: false,
        cells: vec![cell(300, 0, 102, 184), cell(100, 3, 98, 1204), cell(200, 0, 180, 410)],
    }
}

#[test]
fn a_plain_line_comes_every_ten_seconds_of_the_run() {
    let kept = Kept::default();
    let mut progress = Progress::new(Ui::Plain, models(), Box::new(kept.clone()));
    for seconds in [0, 4, 9, 10, 11, 19, 27, 29, 30] {
        progress.update(&snapshot(seconds));
    }
    progress.finish();
    let line = |elapsed, left| {
        format!(
            "{elapsed} 33 % · {left} left · 600/1,800 requests · 3 failed · $0.0123 spent · \
             slowest p99 1.20 s: qwen3-8b us-west-2\n"
        )
    };
    assert_eq!(kept.text(), line("0:10", "0:20") + &line("0:27", "0:54") + &line("0:30", "1:00"));
}

#[test]
fn the_first_moment_claims_neither_time_left_nor_latency_nor_money() {
    let nothing = Snapshot { cells: vec![CellProgress::default(); 3], ..Snapshot::default() };
    assert_eq!(plain_line(&models(), &nothing), "0:00 0 % · 0/1,800 requests · 0 failed");
    assert_eq!(model_text(&models()[0], &places(&models()), &nothing), "     0");
}

#[test]
fn a_model_shows_its_failures_and_its_regions_under_their_names() {
    let (models, snapshot) = (models(), snapshot(1));
    let places = places(&models);
    assert_eq!(places_heading(&places), "failed  us-east-1    us-west-2    eu-west-1");
    assert_eq!(model_text(&models[0], &places, &snapshot), "     3  102/184      98/1,204");
    assert_eq!(model_text(&models[1], &places, &snapshot), "     0                            180/410");
}

#[test]
fn of_two_cells_in_one_region_the_slower_is_shown() {
    let mut model = models().remove(0);
    model.cells[1].1 = "us-east-1".to_owned();
    let places = places(std::slice::from_ref(&model));
    assert_eq!(places, ["us-east-1"]);
    assert_eq!(model_text(&model, &places, &snapshot(1)), "     3  98/1,204");
}

#[test]
fn simulated_money_is_not_called_spent() {
    let simulated = Snapshot { simulated: true, ..snapshot(10) };
    assert!(plain_line(&models(), &simulated).contains("$0.0123 simulated cost"));
}

#[test]
fn the_slowest_cells_come_first_where_models_are_many() {
    assert_eq!(
        slowest(&models(), &snapshot(10)),
        [
            "qwen3-8b us-west-2 98/1,204 ms, 3 failed",
            "step-3.5-flash eu-west-1 180/410 ms",
            "qwen3-8b us-east-1 102/184 ms"
        ]
    );
}

#[test]
fn each_model_has_a_bar_until_there_are_too_many() {
    let lines = |count: usize| {
        let models = vec![models()[1].clone(); count];
        let Sink::Bars { lines, total, .. } = bars(&models, ProgressDrawTarget::hidden()) else { unreachable!() };
        (lines.len(), total.length())
    };
    assert_eq!(lines(20), (20, Some(12_000)));
    assert_eq!(lines(21), (5, Some(12_600)));
}

#[test]
fn bars_follow_the_snapshot() {
    let models = models();
    let sink = bars(&models, ProgressDrawTarget::hidden());
    let mut progress = Progress { places: places(&models), models, sink };
    progress.update(&snapshot(10));
    let Sink::Bars { lines, total, .. } = &progress.sink else { unreachable!() };
    assert_eq!(lines.iter().map(ProgressBar::position).collect::<Vec<_>>(), [400, 200]);
    assert_eq!(lines[1].message(), "     0                            180/410");
    assert_eq!(total.position(), 600);
    assert_eq!(total.message(), "0:20 left · 600/1,800 requests · 3 failed · $0.0123 spent");
    progress.finish();
}

#[test]
fn a_closed_stderr_does_not_end_the_run() {
    let mut progress = Progress::new(Ui::Plain, models(), Box::new(Closed));
    progress.update(&snapshot(10));
    progress.update(&snapshot(20));
}

#[test]
fn bars_need_a_terminal_that_redraws() {
    let choose = |terminal, kind: Option<&str>| Ui::choose(terminal, kind.map(OsStr::new));
    assert_eq!(choose(true, Some("xterm-256color")), Ui::Bars);
    assert_eq!(choose(true, Some("dumb")), Ui::Plain);
    assert_eq!(choose(true, None), Ui::Plain);
    assert_eq!(choose(false, Some("xterm-256color")), Ui::Plain);
}
