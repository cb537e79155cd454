//! Two cells that share a load: what is sent to whom, and in which order.

use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;

use super::sessions::{TURNS, with_sessions};
use super::upstream::{Upstream, answer, carry_out, job, reply, run, toll};
use crate::load::{Arm, Budget, LaneJob, OpenLoad, Prepared};
use crate::plan::{Arrivals, Schedule, Turn};
use crate::rng::seeded;
use crate::sample::{Outcome, Phase, Sample};
use crate::units::Usd;

/// `lane` with two arms, `A` and `B`, that go where its only one does.
fn pair(lane: &LaneJob) -> LaneJob {
    let named = |name: &str| {
        let head = Bytes::from(format!("{{\"model\":\"{name}\",\"stream\":true"));
        let with = |request: &Arc<Prepared>| Arc::new(Prepared { head: head.clone(), ..(**request).clone() });
        let only = &lane.arms[0];
        Arm { requests: only.requests.iter().map(with).collect(), ..only.clone() }
    };
    LaneJob { arms: vec![named("A"), named("B")], ..lane.clone() }
}

/// `pair` with an arrival every millisecond, whoever's it is, and at most `max_in_flight` under way.
fn open(pair: LaneJob, max_in_flight: u32) -> LaneJob {
    let arrivals = Arrivals::Constant { rate: "1000".parse().unwrap() };
    let schedule = Schedule::new(&arrivals, 2 * pair.total, &[0], &mut seeded(1, "test"));
    let schedules = schedule.dealt(2).into_iter().map(Arc::new).collect();
    LaneJob { open: Some(OpenLoad { schedules, max_in_flight }), ..pair }
}

/// What the server was sent, in order: the arm and the line, `A0 B0 B1`.
fn order(upstream: &Upstream) -> String {
    let name = |body: &str| {
        let (model, line) = (body.split('"').nth(3).unwrap(), body.rsplit(':').next().unwrap());
        format!("{model}{}", line.trim_end_matches('}'))
    };
    upstream.received().iter().map(|request| name(&request.body)).collect::<Vec<_>>().join(" ")
}

/// The indices of the measured samples of `cell`, which stand in their order.
fn indices(samples: &[Sample], cell: u32) -> Vec<u32> {
    let its = samples.iter().filter(|sample| sample.cell == cell && sample.phase == Phase::Measured);
    its.map(|sample| sample.index).collect()
}

#[test]
fn each_prompt_goes_to_both_in_turn_and_neither_is_always_first() {
    let upstream = Upstream::saying(answer());
    let mut job = job(vec![LaneJob { warmup: 1, ..pair(&upstream.cell(1, 4)) }]);
    job.rounds = 2;
    let samples = run(job);
    assert_eq!(order(&upstream), "A0 B0 A0 B0 B1 A1 A2 B2 B0 A0");
    assert!(samples.iter().all(|sample| sample.outcome.is_ok()));
    assert_eq!((indices(&samples, 0), indices(&samples, 1)), (vec![0, 1, 2, 3], vec![0, 1, 2, 3]));
    let places = |cell| {
        let its = samples.iter().filter(move |sample| sample.cell == cell);
        its.map(|sample| (sample.phase, sample.index, sample.round, sample.cycle, sample.line)).collect::<Vec<_>>()
    };
    assert_eq!(places(0), places(1), "the same prompts in the same rounds");
}

#[test]
fn turns_of_a_pair_go_on_where_the_one_before_ended() {
    let upstream = Upstream::saying(answer());
    let mut job = job(vec![pair(&upstream.cell(1, 3)), pair(&upstream.cell(1, 2))]);
    let turn = |lane, first, requests| Turn { lane, first, requests };
    (job.turns, job.parallel_lanes) = (vec![turn(0, 0, 1), turn(1, 0, 2), turn(0, 1, 2)], 1);
    let samples = run(job);
    assert_eq!(order(&upstream), "A0 B0 A0 B0 B1 A1 B1 A1 A2 B2");
    assert_eq!((0..4).map(|cell| indices(&samples, cell).len()).collect::<Vec<_>>(), [3, 3, 2, 2]);
}

#[test]
fn both_together_hold_the_concurrency_and_each_slot_keeps_a_connection_to_each() {
    // Each reply waits for four requests in flight; with fewer, none would ever come.
    let (all_here, in_flight, most) = (Barrier::new(4), AtomicU32::new(0), Arc::new(AtomicU32::new(0)));
    let seen = Arc::clone(&most);
    let upstream = Upstream::start(move |_, stream| {
        seen.fetch_max(in_flight.fetch_add(1, SeqCst) + 1, SeqCst);
        all_here.wait();
        in_flight.fetch_sub(1, SeqCst);
        stream.write_all(answer().as_bytes()).is_ok()
    });
    let job = job(vec![pair(&upstream.cell(4, 20))]);
    assert_eq!(job.connections(), 8);
    let samples = run(job);
    assert_eq!((indices(&samples, 0).len(), indices(&samples, 1).len(), most.load(SeqCst)), (20, 20, 4));
    assert!(samples.iter().all(|sample| sample.outcome.is_ok() && sample.reused));
    let used: HashSet<(String, usize)> =
        upstream.received().iter().map(|request| (request.body[..12].to_owned(), request.connection)).collect();
    let connections: HashSet<usize> = used.iter().map(|(_, connection)| *connection).collect();
    assert_eq!(used.len(), connections.len(), "no connection serves both: {used:?}");
}

#[test]
fn arms_of_different_servers_each_get_all_prompts() {
    let (one, other) = (Upstream::saying(answer()), Upstream::saying(answer()));
    let mut lane = pair(&one.cell(2, 9));
    lane.arms[1].outlets[0].destination = other.destination();
    let samples = run(job(vec![lane]));
    assert_eq!((one.received().len(), other.received().len(), samples.len()), (9, 9, 18));
    assert!(order(&one).split(' ').all(|sent| sent.starts_with('A')));
    assert!(order(&other).split(' ').all(|sent| sent.starts_with('B')));
}

#[test]
fn sessions_take_turns_as_a_whole() {
    let upstream = Upstream::saying(answer());
    let lane = pair(&with_sessions(upstream.cell(1, 9), &TURNS, 0));
    let samples = run(job(vec![lane]));
    assert_eq!(order(&upstream), "A0 A3 A7 B0 B3 B7 B1 A1 A2 A5 B2 B5 B4 B8 A4 A8 A6 B6");
    assert_eq!((indices(&samples, 0).len(), indices(&samples, 1).len()), (9, 9));
}

#[test]
fn arrivals_alternate_and_a_reply_that_stalls_shifts_none_of_them() {
    // The first reply is written only after all other requests have arrived.
    let (arrived, arrivals) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let (wait, first) = (Mutex::new(wait), AtomicU32::new(0));
    let upstream = Upstream::start(move |_, stream| {
        arrived.send(()).unwrap();
        if first.fetch_add(1, SeqCst) == 0 {
            wait.lock().unwrap().recv().unwrap();
        }
        stream.write_all(answer().as_bytes()).is_ok()
    });
    let (mut samples, _) = carry_out(job(vec![open(pair(&upstream.cell(1, 10)), 100)]), |_| {
        (0..20).for_each(|_| arrivals.recv().unwrap());
        go.send(()).unwrap();
    })
    .unwrap();
    assert!(samples.iter().all(|sample| sample.outcome.is_ok()));
    samples.sort_by_key(|sample| sample.moments.due);
    let begin = samples[0].moments.due.unwrap();
    for (number, sample) in (0..).zip(&samples) {
        let arm = [0, 1, 1, 0][number % 4];
        assert_eq!((sample.cell, sample.index), (arm, number as u32 / 2));
        assert_eq!(sample.moments.due, Some(begin.after(Duration::from_millis(number as u64))));
        assert!(sample.moments.sent >= sample.moments.due);
    }
}

#[test]
fn the_bound_on_requests_in_flight_is_that_of_both_together() {
    // The only reply that is waited for comes when the schedule is over.
    let (over, is_over) = mpsc::channel::<()>();
    let is_over = Mutex::new(is_over);
    let upstream = Upstream::start(move |_, stream| {
        let _ = is_over.lock().unwrap().recv();
        stream.write_all(answer().as_bytes()).is_ok()
    });
    let (batches, mut received) = tokio::sync::mpsc::channel(4);
    let (_stop, heard) = tokio::sync::watch::channel(crate::load::Stop::Run);
    let clock = crate::load::Clock::start();
    let running = crate::load::start(job(vec![open(pair(&upstream.cell(1, 10)), 1)]), clock, batches, heard).unwrap();
    let mut samples = Vec::new();
    while let Some(batch) = received.blocking_recv() {
        samples.extend(batch.samples);
        if samples.len() == 19 {
            over.send(()).unwrap();
        }
    }
    running.join().unwrap();
    let dropped = |cell| samples.iter().filter(|it| it.cell == cell && it.outcome == Outcome::NotSent).count();
    assert_eq!((samples.len(), dropped(0), dropped(1), upstream.received().len()), (20, 9, 10, 1));
}

#[test]
fn both_spend_of_one_budget() {
    let upstream = Upstream::saying(reply("500 E", "", ""));
    let budget = Arc::new(Budget::new(Usd::from_picos(1_000)));
    let mut job = job(vec![pair(&upstream.cell(4, 100))]);
    job.lanes[0].arms.iter_mut().for_each(|arm| arm.outlets[0].toll = Some(toll()));
    job.budget = Some(Arc::clone(&budget));
    let samples = run(job);
    assert_eq!((samples.len(), budget.held().picos(), budget.is_exhausted()), (5, 1_000, true));
    assert!(samples.iter().any(|sample| sample.cell == 0) && samples.iter().any(|sample| sample.cell == 1));
}
