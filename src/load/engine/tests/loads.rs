//! How many requests are sent, when, and over which connections.

use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Barrier, Mutex, mpsc};

use super::upstream::{TOKEN, Upstream, answer, carry_out, job, reply, run, streamed};
use crate::load::{LoadError, Pace, Prepared, Stop};
use crate::plan::Turn;
use crate::sample::{Outcome, Phase, Sample};

fn is_ok(samples: &[Sample]) -> bool {
    samples.iter().all(|sample| sample.outcome.is_ok())
}

#[test]
fn every_index_of_every_cell_is_sent_once() {
    let upstream = Upstream::saying(answer());
    let mut job = job(vec![upstream.cell(4, 50), upstream.cell(1, 7), upstream.cell(3, 20)]);
    job.rounds = 4;
    job.lanes[1].warmup = 2;
    let samples = run(job);
    assert!(is_ok(&samples));
    let measured = |cell| samples.iter().filter(move |sample| sample.cell == cell && sample.phase == Phase::Measured);
    for (cell, total) in [(0, 50), (1, 7), (2, 20)] {
        let indices: Vec<u32> = measured(cell).map(|sample| sample.index).collect();
        assert_eq!(indices, (0..total).collect::<Vec<_>>());
        assert!(measured(cell).all(|sample| (sample.line, sample.cycle) == (sample.index % 3, sample.index / 3)));
    }
    let rounds: Vec<u32> = measured(1).map(|sample| sample.round).collect();
    assert_eq!(rounds, [0, 0, 1, 1, 2, 2, 3]);
    let warmups = samples.iter().filter(|sample| sample.phase == Phase::Warmup);
    assert_eq!(warmups.map(|sample| (sample.cell, sample.index)).collect::<Vec<_>>(), [(1, 0), (1, 1)]);
}

#[test]
fn a_closed_load_holds_its_concurrency() {
    // Each reply waits for four requests in flight; with fewer, none would ever come.
    let (all_here, in_flight, most) = (Barrier::new(4), AtomicU32::new(0), Arc::new(AtomicU32::new(0)));
    let seen = Arc::clone(&most);
    let upstream = Upstream::start(move |_, stream| {
        seen.fetch_max(in_flight.fetch_add(1, SeqCst) + 1, SeqCst);
        all_here.wait();
        in_flight.fetch_sub(1, SeqCst);
        stream.write_all(answer().as_bytes()).is_ok()
    });
    let samples = run(job(vec![upstream.cell(4, 40)]));
    assert_eq!((samples.len(), is_ok(&samples)), (40, true));
    assert_eq!(most.load(SeqCst), 4);
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let upstream = Upstream::saying(answer());
    let samples = run(job(vec![upstream.cell(2, 20)]));
    let connections: HashSet<usize> = upstream.received().iter().map(|request| request.connection).collect();
    assert_eq!((connections.len(), upstream.received().len()), (2, 20));
    assert!(samples.iter().all(|sample| sample.reused));
    let told = samples.iter().filter(|sample| sample.moments.connect.is_some()).count();
    assert_eq!(told, 2, "the first request over a connection that was opened beforehand tells how long that took");
}

#[test]
fn a_connection_that_the_peer_announces_to_close_is_opened_anew() {
    let body = format!("data: {TOKEN}\n\ndata: [DONE]\n\n");
    let closing = reply("200 OK", "content-type: text/event-stream\r\nconnection: close\r\n", &body);
    let upstream = Upstream::start(move |_, stream| {
        stream.write_all(closing.as_bytes()).unwrap();
        false
    });
    let samples = run(job(vec![upstream.cell(1, 3)]));
    assert!(is_ok(&samples), "{samples:?}");
    assert_eq!(samples.iter().map(|sample| sample.reused).collect::<Vec<_>>(), [true, false, false]);
    assert!(samples[1].moments.connect.is_some());
}

#[test]
fn a_connection_closed_while_idle_is_replaced_before_anything_is_sent() {
    let (closed, is_closed) = mpsc::channel();
    let closing = Upstream::start(move |_, stream| {
        stream.write_all(answer().as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Both).unwrap();
        closed.send(()).unwrap();
        false
    });
    let is_closed = Mutex::new(is_closed);
    let between = Upstream::start(move |_, stream| {
        is_closed.lock().unwrap().recv().unwrap();
        stream.write_all(answer().as_bytes()).is_ok()
    });
    let mut job = job(vec![closing.cell(1, 2), between.cell(1, 1)]);
    let turn = |lane, first| Turn { lane, first, requests: 1 };
    (job.turns, job.parallel_lanes, job.workers) = (vec![turn(0, 0), turn(1, 0), turn(0, 1)], 1, 1);
    let samples = run(job);
    assert!(is_ok(&samples), "{samples:?}");
    assert_eq!(samples.iter().map(|sample| sample.reused).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn turns_run_in_order_one_at_a_time() {
    let upstream = Upstream::saying(answer());
    let mut job = job(vec![upstream.cell(2, 8), upstream.cell(2, 8)]);
    for (cell, name) in ["a", "b"].into_iter().enumerate() {
        let head = format!("{{\"model\":\"{name}\"");
        let request = |request: &Arc<Prepared>| Prepared { head: head.clone().into(), ..(**request).clone() };
        job.lanes[cell].arms[0].requests =
            job.lanes[cell].arms[0].requests.iter().map(|line| Arc::new(request(line))).collect();
    }
    let turn = |lane, first| Turn { lane, first, requests: 4 };
    (job.turns, job.parallel_lanes) = (vec![turn(1, 0), turn(0, 0), turn(0, 4), turn(1, 4)], 1);
    run(job);
    let order: String = upstream.received().iter().map(|request| &request.body[10..11]).collect();
    assert_eq!(order, "bbbbaaaaaaaabbbb");
}

#[test]
fn draining_sends_nothing_new_and_lets_replies_end() {
    let (arrived, arrivals) = mpsc::channel();
    let stopped = Arc::new(Barrier::new(4));
    let go = Arc::clone(&stopped);
    let upstream = Upstream::start(move |_, stream| {
        arrived.send(()).unwrap();
        go.wait();
        stream.write_all(answer().as_bytes()).is_ok()
    });
    let (samples, _) = carry_out(job(vec![upstream.cell(3, 100)]), |stop| {
        (0..3).for_each(|_| arrivals.recv().unwrap());
        stop.send(Stop::Drain).unwrap();
        stopped.wait();
    })
    .unwrap();
    assert_eq!((samples.len(), is_ok(&samples)), (3, true));
}

#[test]
fn stopping_at_once_cancels_what_is_in_flight() {
    let (arrived, arrivals) = mpsc::channel();
    let upstream = Upstream::start(move |_, stream| {
        stream.write_all(streamed(&[TOKEN]).trim_end_matches("0\r\n\r\n").as_bytes()).unwrap();
        arrived.send(()).unwrap();
        true
    });
    let (samples, _) = carry_out(job(vec![upstream.cell(3, 100)]), |stop| {
        (0..3).for_each(|_| arrivals.recv().unwrap());
        stop.send(Stop::Now).unwrap();
    })
    .unwrap();
    assert_eq!(samples.iter().map(|sample| sample.outcome).collect::<Vec<_>>(), [Outcome::Cancelled; 3]);
    assert!(samples.iter().all(|sample| sample.moments.sent.is_some() && sample.moments.end.is_some()));
}

#[test]
fn a_stop_is_heard_while_the_pace_holds_a_request_back() {
    let (arrived, arrivals) = mpsc::channel();
    let upstream = Upstream::start(move |_, stream| {
        stream.write_all(answer().as_bytes()).unwrap();
        arrived.send(()).is_ok()
    });
    let mut job = job(vec![upstream.cell(2, 100)]);
    let hour = 3_600_000_000_000;
    job.lanes[0].arms[0].outlets[0].pace = Some(Arc::new(Pace { request_gap_ns: hour, ..Pace::default() }));
    let (samples, _) = carry_out(job, |stop| {
        arrivals.recv().unwrap();
        stop.send(Stop::Drain).unwrap();
    })
    .unwrap();
    assert_eq!((samples.len(), is_ok(&samples)), (1, true));
}

#[test]
fn a_nonce_makes_every_prompt_different_and_the_same_the_next_time() {
    let bodies = || {
        let upstream = Upstream::saying(answer());
        let mut job = job(vec![upstream.cell(2, 9)]);
        let with = |request: &Arc<Prepared>| Arc::new(Prepared { text_at: Some(1), ..(**request).clone() });
        job.lanes[0].arms[0].requests = job.lanes[0].arms[0].requests.iter().map(with).collect();
        job.lanes[0].arms[0].nonce_seed = Some(7);
        assert!(is_ok(&run(job)));
        upstream.received().into_iter().map(|request| request.body).collect::<HashSet<_>>()
    };
    assert_eq!(bodies().len(), 9);
    assert_eq!(bodies(), bodies());
}

#[test]
fn gaps_are_those_between_reads_with_content_of_measured_requests() {
    let (go, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    // A request is answered in two parts, and the second waits until the first was followed by a comment alone.
    let upstream = Upstream::start(move |_, stream| {
        stream.write_all(streamed(&[TOKEN]).trim_end_matches("0\r\n\r\n").as_bytes()).unwrap();
        wait.lock().unwrap().recv().unwrap();
        let rest = streamed(&[TOKEN, TOKEN, "[DONE]"]);
        stream.write_all(rest.split_once("\r\n\r\n").unwrap().1.as_bytes()).is_ok()
    });
    let mut job = job(vec![upstream.cell(1, 1)]);
    job.lanes[0].warmup = 1;
    let (samples, rest) = carry_out(job, |_| (0..2).for_each(|_| go.send(()).unwrap())).unwrap();
    assert!(is_ok(&samples));
    let measured = &samples[0];
    assert_eq!(measured.phase, Phase::Measured);
    assert_eq!(rest.chunk_gaps.len() as u32, measured.chunks - 1);
    let span = measured.moments.last_token.unwrap().since(measured.moments.first_token.unwrap());
    assert_eq!(rest.chunk_gaps.iter().map(|(_, _, gap)| gap.0).sum::<u32>(), span.0);
}

#[test]
fn a_receiver_that_goes_away_stops_the_run() {
    let upstream = Upstream::saying(answer());
    let (batches, received) = tokio::sync::mpsc::channel(1);
    let (_stop, heard) = tokio::sync::watch::channel(Stop::Run);
    let job = job(vec![upstream.cell(2, 1_000_000)]);
    let running = crate::load::start(job, crate::load::Clock::start(), batches, heard).unwrap();
    drop(received);
    assert!(matches!(running.join(), Err(LoadError::NoReceiver)));
}

#[test]
fn a_cell_with_nothing_to_send_is_refused() {
    let upstream = Upstream::saying(answer());
    let mut job = job(vec![upstream.cell(1, 1), upstream.cell(0, 1)]);
    assert_eq!(
        carry_out(job.clone(), |_| ()).unwrap_err().to_string(),
        "cell 1 has a concurrency of 0, must have at least 1"
    );
    job.lanes[0].arms[0].requests.clear();
    assert_eq!(carry_out(job, |_| ()).unwrap_err().to_string(), "cell 0 has 0 requests, must have at least 1");
}
