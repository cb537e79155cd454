//! What Prometheus sees of a run: live while it goes on, and in its directory when it is over.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use crate::canned::Canned;
use crate::sandbox::{Sandbox, interrupt};

/// What `address` answers to a request for `path`.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

/// The sum of the samples of `family`.
fn sum(text: &str, family: &str) -> f64 {
    let samples = text.lines().filter(|line| line.starts_with(&format!("{family}{{")));
    samples.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

#[test]
fn a_run_under_way_can_be_scraped_and_its_counts_only_grow() {
    let sandbox = Sandbox::new();
    let upstream = Canned::streaming();
    let mut started = sandbox.start(&[
        "run",
        "--base-url",
        &upstream.base_url,
        "--model",
        "m",
        "--workload",
        "autocomplete",
        "--run-id",
        "long",
        "--requests-per-cell",
        "1000000",
        "--rounds",
        "1000",
        "--warmup",
        "0",
        "--metrics-listen",
        "127.0.0.1:0",
    ]);
    let stderr = BufReader::new(started.child.stderr.as_mut().unwrap());
    let line = stderr.lines().map(Result::unwrap).find(|line| line.starts_with("metrics: http://")).unwrap();
    let address = line.trim_start_matches("metrics: http://").trim_end_matches("/metrics").to_owned();

    // The first request may not have ended yet, so that there may be no sample of the cell for a while.
    let mut first = get(&address, "/metrics");
    while sum(&first, "tollmark_requests_total") < 1.0 {
        first = get(&address, "/metrics");
    }
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n") && first.contains("text/plain; version=0.0.4"), "{first}");
    assert!(first.contains("tollmark_requests_planned{provider=\"127.0.0.1"), "{first}");
    assert!(!first.contains("tollmark_last_success_timestamp_seconds"), "it has not ended");
    let second = get(&address, "/metrics");
    assert!(sum(&second, "tollmark_requests_total") >= sum(&first, "tollmark_requests_total"));
    let (counted, ended) = (sum(&second, "tollmark_latency_seconds_count"), sum(&second, "tollmark_requests_total"));
    assert!((counted - ended).abs() < 0.5, "{counted} of {ended}");
    assert!(get(&address, "/").starts_with("HTTP/1.1 404 "));

    interrupt(&started.child);
    sandbox.wait(started).exits_with(130);
    let file = sandbox.read("reports/long/metrics.prom");
    assert!(sum(&file, "tollmark_requests_total") >= sum(&second, "tollmark_requests_total"));
    assert!(TcpStream::connect(&address).is_err(), "nobody listens when the run is over");
}

#[test]
fn an_address_that_is_taken_stops_the_run_before_it_begins() {
    let sandbox = Sandbox::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    sandbox
        .run(&["run", "--quick", "--metrics-listen", &address])
        .exits_with(1)
        .says("is already in use, choose another port or 0 for any free one");
    assert!(!sandbox.path("reports").exists());
}

/// Every word of `text` that begins as this program's metrics do.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.starts_with("tollmark_")).map(str::to_owned).collect()
}

#[test]
fn dashboard_and_alerts_name_only_metrics_that_are_written() {
    let sandbox = Sandbox::new();
    // Open load has every metric there is.
    sandbox
        .run(&[
            "run",
            "--model",
            "qwen3-8b",
            "--region",
            "us-west-2",
            "--rate",
            "400",
            "--requests-per-cell",
            "400",
            "--run-id",
            "open",
            "--rounds",
            "2",
        ])
        .measures();
    sandbox.judge("reports/open", &[]);
    let text = sandbox.read("reports/open/metrics.prom");
    let mut written: BTreeSet<String> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_owned).collect();
    for suffix in ["_bucket", "_sum", "_count"] {
        written.insert(format!("tollmark_latency_seconds{suffix}"));
    }
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    for file in ["grafana/dashboards/tollmark.json", "prometheus/rules.yml", "README.md"] {
        let named = names(&fs::read_to_string(deploy.join(file)).unwrap());
        assert!(!named.is_empty());
        let unknown: Vec<&String> = named.difference(&written).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}, of which nothing is written:\n{written:#?}");
    }
}
