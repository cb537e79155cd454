//! A server that answers as told, and a job that asks it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::{mpsc, watch};

use crate::cost::Tariff;
use crate::load::{Arm, Batch, Clock, Destination, Job, LaneJob, LoadError, Outlet, Prepared, Stop, Toll, start};
use crate::plan::{Deadlines, Turn};
use crate::registry::Registry;
use crate::sample::Sample;

/// A request as it reached the server.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) connection: usize,
    pub(super) head: String,
    pub(super) body: String,
}

/// A server on a port of its own; its threads end when their peers go.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Upstream {
    /// Calls `answer` for each request; the connection is kept while that returns true.
    pub(super) fn start(answer: impl Fn(&Received, &mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&received), Arc::new(answer));
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (mut stream, log, answer) = (stream.unwrap(), Arc::clone(&log), Arc::clone(&answer));
                stream.set_nodelay(true).unwrap();
                thread::spawn(move || {
                    while let Some(request) = receive(connection, &mut stream) {
                        log.lock().unwrap().push(request.clone());
                        if !answer(&request, &mut stream) {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, received }
    }

    /// A server that writes `reply` to every request.
    pub(super) fn saying(reply: impl Into<Vec<u8>>) -> Self {
        let reply = reply.into();
        Self::start(move |_, stream| stream.write_all(&reply).is_ok())
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(super) fn destination(&self) -> Arc<Destination> {
        destination(self.address)
    }

    /// A cell of `total` requests, `concurrency` at once, without a warm-up.
    pub(super) fn cell(&self, concurrency: u32, total: u32) -> LaneJob {
        cell(self.destination(), concurrency, total)
    }
}

fn receive(connection: usize, stream: &mut TcpStream) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(Received { connection, head, body: String::from_utf8(body).unwrap() })
}

pub(super) fn destination(address: SocketAddr) -> Arc<Destination> {
    Arc::new(Destination {
        tls: false,
        host: address.ip().to_string(),
        port: address.port(),
        address: Some(address),
        path: "/v1/chat/completions".into(),
        headers: HeaderMap::new(),
    })
}

pub(super) fn cell(destination: Arc<Destination>, concurrency: u32, total: u32) -> LaneJob {
    let request = |line: u32| {
        Arc::new(Prepared {
            line,
            head: Bytes::from_static(b"{\"model\":\"m\",\"stream\":true"),
            rest: Bytes::from(format!(",\"line\":{line}}}")),
            stream: true,
            expects: false,
            greedy: false,
            input_bound: 10,
            output_bound: 10,
            images: 0,
            paced_tokens: 20,
            text_at: None,
            synthetic: None,
        })
    };
    let requests = (0..3).map(request).collect();
    let outlets = vec![Outlet { destination, pace: None, toll: None }];
    let arm = Arm { cell: 0, outlets, requests, replay: None, nonce_seed: None, text_seed: 0 };
    LaneJob { arms: vec![arm], sessions: None, concurrency, open: None, total, warmup: 0 }
}

/// Five picodollars a token of the prompt, and 15 a token of the answer: 200 for a request of ten tokens each way.
pub(super) fn toll() -> Toll {
    let file = "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"https://p.example/v1\"\n[[model]]\nid = \"m\"\n\
                [[model.at]]\nprovider = \"p\"\n[[model.at.price]]\nfrom = \"2026-01-01\"\n\
                input = \"0.000005\"\noutput = \"0.000015\"\n\
                [[model.at.price.override]]\nservice_tier = \"flex\"\noutput = \"0.000001\"\n";
    let registry = Registry::parse("r.toml", file).unwrap();
    let pricing = registry.pricing(registry.endpoints().next().unwrap());
    let tariff = Tariff::new(pricing, "2026-11-23T00:00:00Z".parse().unwrap());
    Toll { ceiling: tariff.ceiling().unwrap(), tariff }
}

/// A job that sends all requests of each lane in one turn, all lanes at once, on two threads; its cells are numbered in
/// the order in which they stand.
pub(super) fn job(mut lanes: Vec<LaneJob>) -> Job {
    let turns = lanes.iter().enumerate().map(|(lane, job)| Turn { lane, first: 0, requests: job.total }).collect();
    lanes.iter_mut().flat_map(|lane| &mut lane.arms).zip(0..).for_each(|(arm, cell)| arm.cell = cell);
    Job {
        turns,
        parallel_lanes: lanes.len(),
        lanes,
        rounds: 1,
        deadlines: Deadlines::default(),
        http2: false,
        workers: 2,
        budget: None,
    }
}

/// Carries out `job` to its end, unless `steer` stops it, and returns what it found, in order.
pub(super) fn carry_out(job: Job, steer: impl FnOnce(&watch::Sender<Stop>)) -> Result<(Vec<Sample>, Batch), LoadError> {
    let (batches, mut received) = mpsc::channel(4);
    let (stop, heard) = watch::channel(Stop::Run);
    let running = start(job, Clock::start(), batches, heard)?;
    steer(&stop);
    let mut all = Batch::default();
    while let Some(batch) = received.blocking_recv() {
        all.samples.extend(batch.samples);
        all.chunk_gaps.extend(batch.chunk_gaps);
        all.loop_lags.extend(batch.loop_lags);
        all.read_lags.extend(batch.read_lags);
    }
    running.join()?;
    let mut samples = std::mem::take(&mut all.samples);
    samples.sort_by_key(|sample| (sample.cell, sample.phase.name(), sample.index));
    Ok((samples, all))
}

/// The samples of `job`.
pub(super) fn run(job: Job) -> Vec<Sample> {
    carry_out(job, |_| ()).unwrap().0
}

/// The one sample of one request to `upstream`, with the limits `deadlines`.
pub(super) fn ask(upstream: &Upstream, deadlines: Deadlines) -> Sample {
    let mut job = job(vec![upstream.cell(1, 1)]);
    job.deadlines = deadlines;
    let mut samples = run(job);
    assert_eq!(samples.len(), 1);
    samples.remove(0)
}

/// A whole reply with a length.
pub(super) fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

/// A streamed reply, each event a chunk of its own.
pub(super) fn streamed(events: &[&str]) -> String {
    let chunk = |event: &&str| format!("{:x}\r\ndata: {event}\n\n\r\n", event.len() + 8);
    let body: String = events.iter().map(chunk).collect();
    format!("{STREAM_HEAD}{body}0\r\n\r\n")
}

pub(super) const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

pub(super) const TOKEN: &str = r#"{"model":"m-1","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;

pub(super) const FINISH: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}}"#;

/// A complete answer.
pub(super) fn answer() -> String {
    streamed(&[TOKEN, FINISH, "[DONE]"])
}

/// Limits far beyond what any reply here takes.
pub(super) fn patient() -> Deadlines {
    Deadlines::default()
}

/// Writes one piece of a chunked body; false when the peer is gone.
pub(super) fn piece(stream: &mut TcpStream, text: &str) -> bool {
    write!(stream, "{:x}\r\n{text}\r\n", text.len()).is_ok()
}

pub(super) const SOON: Duration = Duration::from_millis(50);
