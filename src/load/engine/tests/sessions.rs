//! Sessions: a turn follows the answer before it, after its delay.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use super::upstream::{Upstream, answer, carry_out, job, reply, run, toll};
use crate::load::{Arm, Budget, LaneJob, OpenLoad, Prepared, Stop};
use crate::plan::{Arrivals, Schedule, Sessions, Turn};
use crate::rng::seeded;
use crate::sample::{Outcome, Phase, Sample};
use crate::units::{Positive, Usd};
use crate::workload::{BadLines, Workload};

/// `cell` with these sessions, one line a turn, each later turn `delay_ms` after the answer before; a session named
/// `-` is a line that stands alone.
pub(super) fn with_sessions(cell: LaneJob, turns: &[&str], delay_ms: u64) -> LaneJob {
    let mut seen = BTreeSet::new();
    let line = |(number, session): (usize, &&str)| {
        let delay = if seen.insert((*session).to_owned()) { 0 } else { delay_ms };
        let place = format!(r#","session_id":"{session}","delay":{delay}"#);
        let place = if *session == "-" { "" } else { &place };
        format!(r#"{{"custom_id":"{number}","input_length":1,"output_length":1{place}}}"#)
    };
    let text: Vec<String> = turns.iter().enumerate().map(line).collect();
    let workload = Workload::parse("x", "x", text.join("\n").as_bytes(), BadLines::Stop).unwrap();
    let mut lines = (0..u32::try_from(turns.len()).unwrap()).collect();
    let sessions = Sessions::gather(&workload, &mut lines, Positive::ONE).unwrap();
    let model = &cell.arms[0].requests[0];
    let request = |line: &u32| {
        let rest = format!(",\"line\":{line}}}").into();
        Arc::new(Prepared { line: *line, rest, ..(**model).clone() })
    };
    let requests = lines.iter().map(request).collect();
    let arms = vec![Arm { requests, ..cell.arms[0].clone() }];
    LaneJob { arms, sessions: Some(Arc::new(sessions)), ..cell }
}

/// Sessions that overlap in the file, and lines between them that stand alone.
pub(super) const TURNS: [&str; 9] = ["a", "-", "b", "a", "c", "b", "-", "a", "c"];

const DELAY: Duration = Duration::from_millis(3);

/// `cell` with sessions arriving every half millisecond.
fn open(cell: LaneJob, max_in_flight: u32) -> LaneJob {
    let arrivals = Arrivals::Constant { rate: "2000".parse().unwrap() };
    let schedule = Arc::new(Schedule::new(&arrivals, cell.total, &[0], &mut seeded(1, "test")));
    LaneJob { open: Some(OpenLoad { schedules: vec![schedule], max_in_flight }), ..cell }
}

/// By body: when a request was there, and when its answer began to be written.
type Notes = HashMap<String, (Instant, Instant)>;

/// A server that notes for each line when it was asked, and when it began to write the end of the answer.
fn noting() -> (Upstream, Arc<Mutex<Notes>>) {
    let noted = Arc::new(Mutex::new(Notes::new()));
    let notes = Arc::clone(&noted);
    let upstream = Upstream::start(move |request, stream| {
        let asked = Instant::now();
        let before = notes.lock().unwrap().insert(request.body.clone(), (asked, Instant::now()));
        assert_eq!(before, None, "asked twice: {}", request.body);
        stream.write_all(answer().as_bytes()).is_ok()
    });
    (upstream, noted)
}

/// Each turn but the first is sent its delay after the end of the one before, by the client's own stamps.
fn keep_their_order(samples: &[Sample], sessions: &Sessions) {
    for pair in samples.windows(2) {
        if pair[0].phase == pair[1].phase && sessions.first_of(pair[1].index) != pair[1].index {
            assert_eq!(pair[1].index, pair[0].index + 1);
            let end = pair[0].moments.end.unwrap();
            assert!(pair[1].moments.sent.unwrap() >= end.after(sessions.delay(pair[1].index)), "{pair:?}");
        }
    }
}

#[test]
fn the_server_sees_a_turn_only_after_the_answer_before_and_its_delay() {
    for is_open in [false, true] {
        let (upstream, noted) = noting();
        let cell = with_sessions(upstream.cell(3, 9), &TURNS, 3);
        let cell = if is_open { open(cell, 100) } else { cell };
        let sessions = cell.sessions.clone().unwrap();
        let samples = run(job(vec![cell]));
        assert!(samples.iter().all(|sample| sample.outcome.is_ok()));
        keep_their_order(&samples, &sessions);
        let noted = noted.lock().unwrap();
        assert_eq!((samples.len(), noted.len()), (9, 9), "every turn is sent once");
        let at = |line: usize| noted.iter().find(|(body, _)| body.ends_with(&format!("\"line\":{line}}}"))).unwrap().1;
        for session in ["a", "b", "c"] {
            let turns: Vec<usize> = (0..9).filter(|line| TURNS[*line] == session).collect();
            for pair in turns.windows(2) {
                assert!(at(pair[1]).0 >= at(pair[0]).1 + DELAY, "{session}");
            }
        }
    }
}

#[test]
fn sessions_of_every_cycle_and_of_warm_up_keep_their_order_and_the_last_may_be_cut() {
    for is_open in [false, true] {
        let upstream = Upstream::saying(answer());
        let mut cell = with_sessions(upstream.cell(4, 31), &TURNS, 1);
        cell.warmup = 5;
        let cell = if is_open { open(cell, 100) } else { cell };
        let sessions = cell.sessions.clone().unwrap();
        let samples = run(job(vec![cell]));
        keep_their_order(&samples, &sessions);
        for (phase, count) in [(Phase::Measured, 31), (Phase::Warmup, 5)] {
            let sent: Vec<u32> =
                samples.iter().filter(|sample| sample.phase == phase).map(|sample| sample.index).collect();
            assert_eq!(sent, (0..count).collect::<Vec<_>>());
        }
        assert!(samples.iter().all(|sample| sample.cycle == sample.index / 9));
    }
}

#[test]
fn in_open_load_first_turns_are_due_by_the_schedule_and_later_ones_after_the_answer() {
    let upstream = Upstream::saying(answer());
    let cell = open(with_sessions(upstream.cell(2, 18), &TURNS, 2), 100);
    let (sessions, schedule) = (cell.sessions.clone().unwrap(), Arc::clone(&cell.open.as_ref().unwrap().schedules[0]));
    let samples = run(job(vec![cell]));
    let begin = samples[0].moments.due.unwrap();
    for (at, sample) in samples.iter().enumerate() {
        let due = sample.moments.due.unwrap();
        assert!(sample.moments.sent.unwrap() >= due);
        if sessions.first_of(sample.index) == sample.index {
            assert_eq!(due, begin.after(schedule.due(sample.index)));
        } else {
            assert!(due >= samples[at - 1].moments.end.unwrap().after(sessions.delay(sample.index)));
        }
    }
}

#[test]
fn a_session_goes_on_after_a_turn_that_failed_or_found_no_room() {
    let broken = reply("500 Internal Server Error", "", "");
    let upstream = Upstream::start(move |request, stream| {
        let fails = ["\"line\":0}", "\"line\":3}"].iter().any(|end| request.body.ends_with(end));
        stream.write_all(if fails { broken.clone() } else { answer() }.as_bytes()).is_ok()
    });
    let samples = run(job(vec![with_sessions(upstream.cell(1, 9), &TURNS, 1)]));
    let failed: Vec<u32> =
        samples.iter().filter(|sample| sample.outcome == Outcome::Http5xx).map(|sample| sample.line).collect();
    assert_eq!((samples.len(), failed), (9, vec![0, 3]));

    // One place in flight, and it is held until the schedule is over.
    let (over, is_over) = mpsc::channel::<()>();
    let is_over = Mutex::new(is_over);
    let upstream = Upstream::start(move |_, stream| {
        let _ = is_over.lock().unwrap().recv();
        stream.write_all(answer().as_bytes()).is_ok()
    });
    let cell = open(with_sessions(upstream.cell(1, 9), &TURNS, 0), 1);
    let sessions = cell.sessions.clone().unwrap();
    let (samples, _) = carry_out(job(vec![cell]), |_| drop(over)).unwrap();
    assert_eq!(samples.iter().map(|sample| sample.index).collect::<Vec<_>>(), (0..9).collect::<Vec<_>>());
    assert!(samples.iter().all(|sample| matches!(sample.outcome, Outcome::Ok | Outcome::NotSent)));
    let orderly = samples.windows(2).all(|pair| {
        let is_turn = sessions.first_of(pair[1].index) != pair[1].index;
        !is_turn || pair[1].moments.due.unwrap() >= pair[0].moments.end.unwrap()
    });
    assert!(orderly, "{samples:?}");
}

#[test]
fn a_stop_is_heard_while_a_turn_waits() {
    for is_open in [false, true] {
        let (arrived, arrivals) = mpsc::channel();
        let upstream = Upstream::start(move |_, stream| {
            stream.write_all(answer().as_bytes()).unwrap();
            arrived.send(()).is_ok()
        });
        let hour = 3_600_000;
        let cell = with_sessions(upstream.cell(2, 40), &["a", "a"], hour);
        let cell = if is_open { open(cell, 2) } else { cell };
        let (samples, _) = carry_out(job(vec![cell]), |stop| {
            arrivals.recv().unwrap();
            arrivals.recv().unwrap();
            stop.send(Stop::Drain).unwrap();
        })
        .unwrap();
        assert!(samples.iter().all(|sample| sample.index % 2 == 0), "no second turn");
        assert!(samples.iter().filter(|sample| sample.outcome.is_ok()).count() >= 2);
    }
}

#[test]
fn a_session_that_the_budget_cuts_ends_there() {
    for is_open in [false, true] {
        let upstream = Upstream::saying(answer());
        let mut cell = with_sessions(upstream.cell(1, 9), &["a", "a", "a"], 1);
        // 200 picodollars are reserved for a request, and 50 of them spent.
        cell.arms[0].outlets[0].toll = Some(toll());
        let cell = if is_open { open(cell, 1) } else { cell };
        let budget = Arc::new(Budget::new(Usd::from_picos(260)));
        let mut job = job(vec![cell]);
        (job.budget, job.workers) = (Some(Arc::clone(&budget)), 1);
        // In open load another session may arrive while the first is answered, and be the one that is too dear.
        let samples = run(job);
        let sent = samples.iter().filter(|sample| sample.outcome.is_ok()).count();
        assert!(budget.is_exhausted() && (1..=2).contains(&sent), "{samples:?}");
    }
}

#[test]
fn the_turns_of_a_session_open_with_the_same_nonce_and_other_sessions_with_others() {
    let upstream = Upstream::saying(answer());
    let mut cell = with_sessions(upstream.cell(2, 18), &TURNS, 0);
    let with = |request: &Arc<Prepared>| Arc::new(Prepared { text_at: Some(1), ..(**request).clone() });
    cell.arms[0].requests = cell.arms[0].requests.iter().map(with).collect();
    cell.arms[0].nonce_seed = Some(7);
    run(job(vec![cell]));
    let mut nonces: HashMap<String, BTreeSet<String>> = HashMap::new();
    for request in upstream.received() {
        let rest = request.body.split_once("true,").unwrap().1;
        let (nonce, rest) = rest.split_once(' ').unwrap();
        let line: usize = rest[7..].trim_end_matches('}').parse().unwrap();
        nonces.entry(nonce.to_owned()).or_default().insert(format!("{} {line}", TURNS[line]));
    }
    let mut together: Vec<Vec<String>> = nonces.into_values().map(|lines| lines.into_iter().collect()).collect();
    together.sort();
    let cycle = [&["- 1"][..], &["- 6"], &["a 0", "a 3", "a 7"], &["b 2", "b 5"], &["c 4", "c 8"]];
    let twice: Vec<&[&str]> = cycle.iter().flat_map(|session| [*session, *session]).collect();
    assert_eq!(together, twice);
}

#[test]
fn sessions_go_on_where_cells_take_turns() {
    let upstream = Upstream::saying(answer());
    for is_open in [false, true] {
        let cells: Vec<LaneJob> = (0..2)
            .map(|_| {
                let cell = with_sessions(upstream.cell(2, 9), &TURNS, 1);
                if is_open { open(cell, 10) } else { cell }
            })
            .collect();
        let sessions = cells[0].sessions.clone().unwrap();
        let mut job = job(cells);
        let turn = |lane, first, requests| Turn { lane, first, requests };
        (job.turns, job.parallel_lanes) = (vec![turn(0, 0, 4), turn(1, 0, 4), turn(0, 4, 5), turn(1, 4, 5)], 1);
        let samples = run(job);
        assert_eq!(samples.len(), 18);
        samples.chunks(9).for_each(|cell| keep_their_order(cell, &sessions));
    }
}
