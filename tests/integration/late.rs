//! A client that was too busy to read: whatever it measured then is not judged.

use std::fs;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt::ReceiveTimestampns};
use rustix::process::{Pid, Signal, kill_process};

use crate::canned::{STREAM, receive};
use crate::sandbox::{Sandbox, rows};

/// How long a reply lies in the system before the client goes on: far over 1 ms, and over 1 % of any TTFT here.
const STOPPED: Duration = Duration::from_millis(20);

/// Whether no thread of `client` runs any more.
fn is_stopped(client: Pid) -> bool {
    let state = |stat: String| stat.rsplit(')').next().unwrap().trim().starts_with('T');
    let tasks = fs::read_dir(format!("/proc/{}/task", client.as_raw_nonzero())).unwrap();
    // A thread that has ended since is one that does not run.
    tasks.flatten().all(|task| fs::read_to_string(task.path().join("stat")).map_or(true, state))
}

/// Answers each request while the client is stopped, and lets it go on some time later.
fn answer(connection: TcpStream, client: Pid) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut writer = connection;
    while let Some(asked) = receive(&mut reader) {
        if asked.head[0].starts_with("get ") {
            writer.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").unwrap();
            continue;
        }
        kill_process(client, Signal::STOP).unwrap();
        while !is_stopped(client) {
            thread::yield_now();
        }
        let length = STREAM.len();
        write!(
            writer,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n{STREAM}"
        )
        .unwrap();
        let written = Instant::now();
        while written.elapsed() < STOPPED {
            thread::yield_now();
        }
        kill_process(client, Signal::CONT).unwrap();
    }
}

#[test]
fn replies_that_were_read_late_make_their_cell_invalid_everywhere() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // The system begins to stamp some time after the first socket has asked, so ask now.
    setsockopt(&listener, ReceiveTimestampns, &true).unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (tell, client) = mpsc::channel();
    thread::spawn(move || {
        let client = client.recv().unwrap();
        for connection in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer(connection, client));
        }
    });
    let load = ["--concurrency", "1", "--requests-per-cell", "30", "--warmup", "0", "--rounds", "1"];
    let started =
        sandbox.start(&[&["run", "--run-id", "late", "--base-url", &url, "--model", "m"], &load[..]].concat());
    tell.send(Pid::from_child(&started.child)).unwrap();
    let ran = sandbox.wait(started).exits_with(5);

    let cells = rows(&sandbox.read("reports/late/cells.csv"));
    assert_eq!((&*cells[0]["ok"], &*cells[0]["valid"]), ("30", "false"), "{ran}");
    let told = ran.stderr.lines().find(|line| line.starts_with("invalid: ")).unwrap_or_else(|| panic!("{ran}"));
    let reason = told.split("; ").find(|reason| reason.contains("the client stamped replies ")).unwrap();
    let late: f64 = reason.split_once("stamped replies ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    assert!(late >= STOPPED.as_secs_f64() * 1e3, "{reason}");
    let reason = &reason[reason.find("the client stamped").unwrap()..];
    sandbox.run(&["report", "reports/late"]).exits_with(0);
    for file in ["manifest.json", "summary.md", "summary.json", "report.html"] {
        let text = sandbox.read(&format!("reports/late/{file}"));
        let text = text.replace("&#39;", "'");
        assert!(text.contains(reason), "{file} lacks: {reason}\n{ran}");
    }
}
