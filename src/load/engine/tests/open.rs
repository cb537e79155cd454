//! Open load: what is sent when, whatever the replies do.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use super::upstream::{Upstream, answer, carry_out, job, run};
use crate::load::{LaneJob, OpenLoad, Stop};
use crate::plan::{Arrivals, Rate, Schedule, Turn};
use crate::rng::seeded;
use crate::sample::{Outcome, Phase, Sample};
use crate::units::{Moment, Positive};

/// `cell` with arrivals every millisecond, and at most `max_in_flight` under way.
fn open(cell: LaneJob, max_in_flight: u32) -> LaneJob {
    scheduled(cell, &Arrivals::Constant { rate: steady(1_000.0) }, max_in_flight)
}

fn steady(rate_rps: f64) -> Rate {
    Rate::Steady(Positive::new(rate_rps).unwrap())
}

fn scheduled(cell: LaneJob, arrivals: &Arrivals, max_in_flight: u32) -> LaneJob {
    let schedule = Schedule::new(arrivals, cell.total, &[0], &mut seeded(7, "test"));
    LaneJob { open: Some(OpenLoad { schedules: vec![Arc::new(schedule)], max_in_flight }), ..cell }
}

fn write_answer(stream: &mut TcpStream) -> bool {
    stream.write_all(answer().as_bytes()).is_ok()
}

fn outcomes(samples: &[Sample]) -> Vec<Outcome> {
    samples.iter().map(|sample| sample.outcome).collect()
}

#[test]
fn a_slow_reply_does_not_delay_the_next_request() {
    // The first reply is written only after all other requests have arrived.
    let all_here = Arc::new(Barrier::new(2));
    let (arrived, arrivals) = mpsc::channel();
    let held = Arc::clone(&all_here);
    let upstream = Upstream::start(move |request, stream| {
        arrived.send(()).unwrap();
        if request.body.ends_with("\"line\":0}") {
            held.wait();
        }
        write_answer(stream)
    });
    let (samples, _) = carry_out(job(vec![open(upstream.cell(1, 3), 100)]), |_| {
        (0..3).for_each(|_| arrivals.recv().unwrap());
        all_here.wait();
    })
    .unwrap();
    assert_eq!(outcomes(&samples), [Outcome::Ok; 3]);
    assert_eq!(upstream.received().len(), 3);
}

#[test]
fn every_request_is_due_when_the_schedule_says_and_never_sent_before() {
    let upstream = Upstream::saying(answer());
    let cell = scheduled(upstream.cell(2, 60), &Arrivals::Poisson { rate: steady(2_000.0) }, 100);
    let schedule = Arc::clone(&cell.open.as_ref().unwrap().schedules[0]);
    let samples = run(job(vec![cell]));
    assert_eq!(samples.len(), 60);
    let begin = samples[0].moments.due.unwrap();
    for (index, sample) in (0..).zip(&samples) {
        assert_eq!(sample.index, index);
        let due = begin.after(schedule.due(index) - schedule.due(0));
        assert_eq!(sample.moments.due, Some(due));
        assert!(sample.moments.sent.unwrap() >= due);
        assert!(sample.send_lag().is_some() && sample.e2e_from_due() >= sample.e2e());
    }
}

#[test]
fn requests_reach_the_server_in_the_order_of_the_schedule() {
    let upstream = Upstream::saying(answer());
    let mut job = job(vec![open(upstream.cell(1, 30), 1)]);
    job.workers = 1;
    // What finds no room is dropped, so the server sees a subsequence.
    let samples = run(job);
    let sent: Vec<u32> = samples.iter().filter(|sample| sample.outcome.is_ok()).map(|sample| sample.line).collect();
    let line = |body: &str| body[body.find("\"line\":").unwrap() + 7..].trim_end_matches('}').parse().unwrap();
    let seen: Vec<u32> = upstream.received().iter().map(|request| line(&request.body)).collect();
    assert_eq!(seen, sent);
}

#[test]
fn what_finds_no_room_in_flight_is_dropped_and_counted_and_never_sent() {
    // The only reply that is waited for comes when the schedule is over.
    let (over, is_over) = mpsc::channel::<()>();
    let is_over = Mutex::new(is_over);
    let upstream = Upstream::start(move |_, stream| {
        let _ = is_over.lock().unwrap().recv();
        write_answer(stream)
    });
    let (batches, mut received) = tokio::sync::mpsc::channel(4);
    let (_stop, heard) = tokio::sync::watch::channel(Stop::Run);
    let clock = crate::load::Clock::start();
    let running = crate::load::start(job(vec![open(upstream.cell(1, 40), 1)]), clock, batches, heard).unwrap();
    let mut samples = Vec::new();
    while let Some(batch) = received.blocking_recv() {
        samples.extend(batch.samples);
        if samples.len() == 39 {
            over.send(()).unwrap();
        }
    }
    running.join().unwrap();
    samples.sort_by_key(|sample| sample.index);
    assert_eq!(samples.len(), 40);
    let dropped: Vec<&Sample> = samples.iter().filter(|sample| sample.outcome == Outcome::NotSent).collect();
    assert_eq!((dropped.len(), upstream.received().len()), (39, 1));
    assert!(dropped.iter().all(|sample| sample.moments.due.is_some() && sample.moments.sent.is_none()));
    let begin = samples[0].moments.due.unwrap();
    let dues: Vec<Moment> = samples.iter().map(|sample| sample.moments.due.unwrap()).collect();
    assert_eq!(dues, (0..40).map(|index| begin.after(Duration::from_millis(index))).collect::<Vec<_>>());
}

#[test]
fn slots_are_made_as_they_are_needed_and_each_tells_of_its_own_connection() {
    let all_here = Barrier::new(6);
    let upstream = Upstream::start(move |_, stream| {
        all_here.wait();
        write_answer(stream)
    });
    let mut job = job(vec![open(upstream.cell(1, 6), 6)]);
    job.workers = 1;
    let samples = run(job);
    assert_eq!(outcomes(&samples), [Outcome::Ok; 6]);
    assert!(samples[0].reused);
    assert!(samples.iter().all(|sample| sample.moments.connect.is_some()), "each was the first over its connection");
}

#[test]
fn warm_up_has_no_schedule_and_every_turn_begins_one_of_its_own() {
    let upstream = Upstream::saying(answer());
    let mut job = job(vec![open(upstream.cell(3, 8), 100)]);
    job.lanes[0].warmup = 5;
    let turn = |first| Turn { lane: 0, first, requests: 4 };
    (job.turns, job.rounds) = (vec![turn(0), turn(4)], 2);
    let samples = run(job);
    let (measured, warmup): (Vec<Sample>, Vec<Sample>) =
        samples.into_iter().partition(|sample| sample.phase == Phase::Measured);
    assert_eq!((measured.len(), warmup.len()), (8, 5));
    assert!(warmup.iter().all(|sample| sample.moments.due.is_none() && sample.outcome.is_ok()));
    let dues: Vec<u64> = measured.iter().map(|sample| sample.moments.due.unwrap().0).collect();
    for turn in dues.chunks(4) {
        assert_eq!(turn.iter().map(|due| due - turn[0]).collect::<Vec<_>>(), [0, 1_000, 2_000, 3_000]);
    }
    let first_turn_over = measured[..4].iter().map(|sample| sample.moments.end.unwrap()).max().unwrap();
    assert!(first_turn_over.0 <= dues[4]);
}

#[test]
fn a_stop_is_heard_while_nothing_is_due() {
    let (arrived, arrivals) = mpsc::channel();
    let upstream = Upstream::start(move |_, stream| {
        write_answer(stream);
        arrived.send(()).is_ok()
    });
    // The second request would be due in eleven days.
    let slow = Arrivals::Constant { rate: steady(1e-6) };
    let (samples, _) = carry_out(job(vec![scheduled(upstream.cell(1, 3), &slow, 10)]), |stop| {
        arrivals.recv().unwrap();
        stop.send(Stop::Drain).unwrap();
    })
    .unwrap();
    assert_eq!(outcomes(&samples), [Outcome::Ok]);
}

#[test]
fn a_schedule_that_is_too_short_is_refused() {
    let upstream = Upstream::saying(answer());
    let cell = LaneJob { total: 4, ..open(upstream.cell(1, 3), 10) };
    let refused = carry_out(job(vec![cell]), |_| ()).unwrap_err();
    assert_eq!(refused.to_string(), "cell 0 has 3 moments for 4 requests, must have one for each");
}
