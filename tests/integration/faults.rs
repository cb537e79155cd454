//! Every fault that the simulator can rehearse, through the load engine: each ends, and as what it is.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::{mpsc, watch};
use tollmark::load::{Arm, Clock, Destination, Job, LaneJob, Outlet, Prepared, Stop, start};
use tollmark::plan::{Deadlines, Turn};
use tollmark::sample::{Outcome, Sample};
use tollmark::sim::{Law, LawError, SimConfig, Simulator};
use tollmark::units::Micros;

/// What each fault ends as, in a stream and in a reply in one piece.
const ENDS: &[(&str, Outcome, Outcome)] = &[
    ("reset_before_headers", Outcome::Reset, Outcome::Reset),
    ("reset_after_headers", Outcome::Reset, Outcome::Reset),
    ("half_status_line", Outcome::Reset, Outcome::Reset),
    ("endless_headers", Outcome::ParseError, Outcome::ParseError),
    ("endless_body", Outcome::TimeoutTotal, Outcome::TimeoutTotal),
    ("endless_line", Outcome::ParseError, Outcome::ParseError),
    ("broken_utf8", Outcome::ParseError, Outcome::ParseError),
    ("unasked_gzip", Outcome::ParseError, Outcome::ParseError),
    ("redirect", Outcome::Http4xx, Outcome::Http4xx),
    ("informational_first", Outcome::Ok, Outcome::Ok),
    ("no_content", Outcome::Empty, Outcome::Empty),
    ("stream_options_refused", Outcome::Http4xx, Outcome::Ok),
    ("html_error", Outcome::Http4xx, Outcome::Http4xx),
    ("rate_limited_ms", Outcome::RateLimited, Outcome::RateLimited),
    ("rate_limited_seconds", Outcome::RateLimited, Outcome::RateLimited),
    ("rate_limited_float", Outcome::RateLimited, Outcome::RateLimited),
    ("rate_limited_date", Outcome::RateLimited, Outcome::RateLimited),
    ("cut_mid_stream", Outcome::Reset, Outcome::Reset),
    ("ended_early", Outcome::Truncated, Outcome::ParseError),
    ("silent", Outcome::TimeoutFirstToken, Outcome::TimeoutTotal),
    ("silent_mid_stream", Outcome::TimeoutIdle, Outcome::TimeoutTotal),
    ("keep_alives", Outcome::TimeoutFirstToken, Outcome::TimeoutTotal),
    ("keep_alives_mid_stream", Outcome::TimeoutIdle, Outcome::TimeoutTotal),
    ("error_in_stream", Outcome::StreamError, Outcome::StreamError),
    ("bare_error", Outcome::StreamError, Outcome::StreamError),
    ("empty_answer", Outcome::Empty, Outcome::Empty),
    ("wrong_content_type", Outcome::ParseError, Outcome::ParseError),
];

/// The limit that a request is to run into.
const SHORT: Duration = Duration::from_millis(100);

/// Limits of which the one that `end` speaks of is short, so that no other is run into however slow the machine is.
fn limits(end: Outcome) -> Deadlines {
    let long = Deadlines::default();
    match end {
        Outcome::TimeoutFirstToken => Deadlines { first_token: SHORT, ..long },
        Outcome::TimeoutIdle => Deadlines { idle: SHORT, ..long },
        Outcome::TimeoutTotal => Deadlines { total: SHORT, ..long },
        _ => long,
    }
}

/// A law in which the model `NAME` gets the fault `NAME`, and every other model an answer.
fn law(names: &[&str]) -> Law {
    let faults = names.iter().map(|name| format!("[[fault]]\nkind = \"{name}\"\nratio = 1\nmodel = \"{name}\"\n"));
    let text = format!(
        "schema = 1\nclient = \"here\"\n[default]\nttft = {{ kind = \"constant\", median_ms = 1 }}\n\
         ms_per_token = {{ kind = \"constant\", median_ms = 0.1 }}\nanswer_tokens = {{ median = 5, p99 = 5 }}\n{}",
        faults.collect::<String>()
    );
    Law::parse("test", &text).unwrap()
}

/// Two requests to `model` one after the other, so that what a fault does to the connection is seen as well.
fn cell(address: SocketAddr, model: &str, stream: bool) -> LaneJob {
    let options = if stream { ",\"stream_options\":{\"include_usage\":true}" } else { "" };
    let request = Prepared {
        line: 0,
        head: Bytes::from(format!("{{\"model\":\"{model}\",\"stream\":{stream}{options}")),
        rest: Bytes::from_static(b",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"),
        stream,
        expects: false,
        greedy: false,
        input_bound: 1,
        output_bound: 10,
        images: 0,
        paced_tokens: 20,
        text_at: None,
        synthetic: None,
    };
    let destination = Destination {
        tls: false,
        host: address.ip().to_string(),
        port: address.port(),
        address: Some(address),
        path: "/v1/chat/completions".into(),
        headers: HeaderMap::new(),
    };
    let arm = Arm {
        cell: 0,
        outlets: vec![Outlet { destination: Arc::new(destination), pace: None, toll: None }],
        requests: vec![Arc::new(request)],
        replay: None,
        nonce_seed: None,
        text_seed: 0,
    };
    LaneJob { arms: vec![arm], sessions: None, concurrency: 1, open: None, total: 2, warmup: 0 }
}

/// The samples of each cell; all cells run side by side.
fn run(mut lanes: Vec<LaneJob>, deadlines: Deadlines) -> Vec<Vec<Sample>> {
    let turns = lanes.iter().enumerate().map(|(lane, job)| Turn { lane, first: 0, requests: job.total }).collect();
    lanes.iter_mut().zip(0..).for_each(|(lane, cell)| lane.arms[0].cell = cell);
    let mut found = vec![Vec::new(); lanes.len()];
    let job =
        Job { turns, parallel_lanes: lanes.len(), lanes, rounds: 1, deadlines, http2: false, workers: 1, budget: None };
    let (batches, mut received) = mpsc::channel(4);
    let (_running, stop) = watch::channel(Stop::Run);
    let running = start(job, Clock::start(), batches, stop).unwrap();
    while let Some(batch) = received.blocking_recv() {
        for sample in batch.samples {
            found[sample.cell as usize].push(sample);
        }
    }
    running.join().unwrap();
    found
}

/// The kinds of fault that a law may name, in the words of the message that refuses another.
fn known() -> Vec<String> {
    let Err(LawError::Faulty(faults)) = Law::parse("test", "[[fault]]\nkind = \"?\"\nratio = 1") else { panic!() };
    let message = faults.iter().next().unwrap().message();
    let names = message.split_once("expected one of").unwrap().1.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// Checks that every fault ends as `end` says, and that the simulator takes it for the same.
fn check(stream: bool, end: impl Fn(&(&str, Outcome, Outcome)) -> Outcome) {
    let mut faults: BTreeMap<String, Vec<(&str, Outcome)>> = BTreeMap::new();
    for fault in ENDS {
        faults.entry(format!("{:?}", limits(end(fault)))).or_default().push((fault.0, end(fault)));
    }
    let mut wrong = Vec::new();
    for faults in faults.values() {
        let names: Vec<&str> = faults.iter().map(|(name, _)| *name).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("truth.csv");
        let truth = Some(path.clone());
        let simulator = Simulator::start(SimConfig { law: law(&names), truth, ..SimConfig::default() }).unwrap();
        let cells = names.iter().map(|name| cell(simulator.address(), name, stream)).collect();
        let samples = run(cells, limits(faults[0].1));
        simulator.stop().unwrap();
        let truth = csv::Reader::from_path(path).unwrap().into_deserialize().map(Result::unwrap);
        let truth: Vec<BTreeMap<String, String>> = truth.collect();
        for ((name, end), samples) in faults.iter().zip(&samples) {
            let outcomes: Vec<Outcome> = samples.iter().map(|sample| sample.outcome).collect();
            if outcomes != [*end; 2] {
                wrong.push(format!("{name}: {outcomes:?} instead of {end}, {:?}", samples[0].error));
            }
            // What has no end the simulator may still have been saying when it was stopped.
            let endless = limits(*end) != Deadlines::default() || name.starts_with("endless");
            let taken_for = |row: &&BTreeMap<String, String>| {
                row["outcome"] == end.name() || (endless && row["outcome"] == Outcome::Cancelled.name())
            };
            let here = truth.iter().filter(|row| row["model"] == *name);
            if here.clone().count() != 2 || !here.clone().all(|row| taken_for(&row)) {
                wrong.push(format!("{name}: the truth is {:?}", here.collect::<Vec<_>>()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fault_that_a_law_can_name_stands_in_the_table() {
    assert_eq!(known(), ENDS.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
}

#[test]
fn every_fault_ends_a_streamed_reply_as_what_it_is() {
    check(true, |fault| fault.1);
}

#[test]
fn every_fault_ends_a_reply_in_one_piece_as_what_it_is() {
    check(false, |fault| fault.2);
}

#[test]
fn every_form_of_retry_after_is_understood() {
    let waits = [
        ("rate_limited_ms", 1_500_000),
        ("rate_limited_seconds", 2_000_000),
        ("rate_limited_float", 1_500_000),
        ("rate_limited_date", 2_000_000),
    ];
    let names = waits.map(|(name, _)| name);
    let simulator = Simulator::start(SimConfig { law: law(&names), ..SimConfig::default() }).unwrap();
    let samples = run(names.map(|name| cell(simulator.address(), name, true)).into(), Deadlines::default());
    for ((name, wait), samples) in waits.iter().zip(samples) {
        let error = samples[0].error.as_ref().unwrap();
        assert_eq!((samples[0].status, error.retry_after), (Some(429), Some(Micros(*wait))), "{name}");
    }
}

#[test]
fn what_was_seen_stands_beside_the_outcome() {
    let said = [
        ("endless_line", "an event of the stream is longer than 1,048,576 bytes"),
        ("redirect", "redirects to `/elsewhere/v1/chat/completions`, and redirects are not followed"),
        ("html_error", "<!doctype html> <title>Blocked</title> <h1>This request was blocked</h1>"),
        ("unasked_gzip", "answered in the coding `gzip`, which was not asked for"),
        ("wrong_content_type", "answered text/html where text/event-stream was asked for"),
        ("error_in_stream", "the model is overloaded"),
        ("bare_error", "the model is overloaded"),
    ];
    let names = said.map(|(name, _)| name);
    let simulator = Simulator::start(SimConfig { law: law(&names), ..SimConfig::default() }).unwrap();
    let samples = run(names.map(|name| cell(simulator.address(), name, true)).into(), Deadlines::default());
    for ((name, message), samples) in said.iter().zip(samples) {
        assert_eq!(&samples[0].error.as_ref().unwrap().message, message, "{name}");
        assert!(samples[0].simulated && samples[0].request_id.is_some(), "{name}");
    }
}

#[test]
fn a_port_where_nobody_listens_refuses_every_request() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let samples = run(vec![cell(address, "m", true)], Deadlines::default());
    assert_eq!(samples[0].iter().map(|sample| sample.outcome).collect::<Vec<_>>(), [Outcome::Connect; 2]);
}
