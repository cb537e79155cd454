//! How requests end.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use super::upstream::{
    FINISH, SOON, STREAM_HEAD, TOKEN, Upstream, answer, ask, cell, destination, job, patient, piece, reply, run,
    streamed,
};
use crate::load::Prepared;
use crate::plan::Deadlines;
use crate::rng::hash;
use crate::sample::{HttpVersion, Outcome, Phase, Usage, UsageSource};
use crate::units::Micros;

#[test]
fn a_complete_stream_is_ok_and_its_moments_are_in_order() {
    let head = "content-type: text/event-stream\r\nx-request-id: r-1\r\nx-tollmark-simulated: 1\r\n";
    let body = format!("data: {TOKEN}\n\ndata: {FINISH}\n\ndata: [DONE]\n\n");
    let sample = ask(&Upstream::saying(reply("200 OK", head, &body)), patient());
    assert_eq!((sample.outcome, sample.status, sample.simulated), (Outcome::Ok, Some(200), true));
    assert_eq!(sample.request_id.as_deref(), Some("r-1"));
    assert_eq!(sample.model_answered.as_deref(), Some("m-1"));
    assert_eq!(sample.finish_reason.as_deref(), Some("stop"));
    assert_eq!(sample.answer_hash, Some(hash(b"Hi")));
    assert_eq!(
        sample.usage,
        Some((Usage { input: 4, cached_input: 0, cache_write: 0, output: 2, reasoning: 0 }, UsageSource::Provider))
    );
    assert_eq!((sample.chunks, sample.error), (1, None));
    let at = sample.moments;
    let order = [at.sent, at.headers, at.first_event, at.first_token, at.last_token, at.end].map(Option::unwrap);
    assert!(order.is_sorted(), "{at:?}");
    assert_eq!(at.first_answer, at.first_token);
    assert_eq!(at.due, None);
    assert!(at.connect.is_some() && sample.reused, "opened beforehand, and this was the first request over it");
    assert_eq!((at.dns, at.tls), (None, None), "neither was needed");
    assert_eq!(sample.http_version, Some(HttpVersion::Http11));
}

#[test]
fn the_first_event_is_no_comment_and_need_not_hold_a_token() {
    const ROLE: &str = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;
    let of = |body: &str| {
        let body = body.to_owned();
        let cut = Upstream::start(move |_, stream| {
            stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
            piece(stream, &body);
            false
        });
        let at = ask(&cut, patient()).moments;
        (at.first_event.is_some(), at.first_token.is_some())
    };
    assert_eq!(of(": keep-alive\n\n"), (false, false));
    assert_eq!(of(&format!(": keep-alive\n\ndata: {ROLE}\n\n")), (true, false));
    assert_eq!(of(&format!("data: {TOKEN}\n\n")), (true, true));
    // Without the blank line after it, an event is one only because the stream ended.
    let sample =
        ask(&Upstream::saying(reply("200 OK", "content-type: text/event-stream\r\n", "data: [DONE]\n")), patient());
    assert!(sample.moments.first_event.is_some() && sample.moments.first_token.is_none());
}

#[test]
fn an_old_protocol_is_told_and_its_connection_is_not_kept() {
    let body = format!("data: {TOKEN}\n\ndata: [DONE]\n\n");
    let old = Upstream::start(move |_, stream| {
        write!(stream, "HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{body}").unwrap();
        false
    });
    let samples = run(job(vec![old.cell(1, 2)]));
    let found = samples.iter().map(|sample| (sample.outcome, sample.http_version, sample.reused)).collect::<Vec<_>>();
    let version = Some(HttpVersion::Http10);
    assert_eq!(found, [(Outcome::Ok, version, true), (Outcome::Ok, version, false)]);
}

#[test]
fn a_document_where_a_stream_was_asked_for_is_read_as_one() {
    let body = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    let sample = ask(&Upstream::saying(reply("200 OK", "content-type: application/json\r\n", body)), patient());
    assert_eq!((sample.outcome, sample.usage), (Outcome::Ok, None));
    assert_eq!(sample.moments.first_event, None, "nor any event");
    assert_eq!(sample.moments.first_token, None, "a document shows no first token");
    assert_eq!(sample.moments.last_token, sample.moments.end);
}

#[test]
fn a_page_from_a_proxy_is_a_parse_error_that_says_so() {
    let sample = ask(&Upstream::saying(reply("200 OK", "content-type: text/html\r\n", "<html>")), patient());
    assert_eq!(sample.outcome, Outcome::ParseError);
    assert_eq!(sample.error.unwrap().message, "answered text/html where text/event-stream was asked for");
}

#[test]
fn a_status_decides_and_what_the_provider_said_is_kept() {
    let body = r#"{"error":{"code":"slow_down","message":"too fast"}}"#;
    for (status, headers, outcome, message, retry_after) in [
        ("429 Too Many Requests", "retry-after: 1.5\r\n", Outcome::RateLimited, "too fast", Some(Micros(1_500_000))),
        ("503 Unavailable", "retry-after-ms: 20\r\n", Outcome::Http5xx, "too fast", Some(Micros(20_000))),
        ("400 Bad Request", "", Outcome::Http4xx, "too fast", None),
        ("307 T", "location: /x\r\n", Outcome::Http4xx, "redirects to `/x`, and redirects are not followed", None),
    ] {
        let sample = ask(&Upstream::saying(reply(status, headers, body)), patient());
        let error = sample.error.unwrap();
        assert_eq!((sample.outcome, error.message.as_str()), (outcome, message), "{status}");
        assert_eq!((error.retry_after, error.code.as_deref()), (retry_after, Some("slow_down")), "{status}");
        assert_eq!(sample.status.unwrap().to_string(), status[..3]);
    }
}

#[test]
fn an_error_without_a_body_is_told_by_its_status() {
    let sample = ask(&Upstream::saying(reply("500 Internal Server Error", "", "")), patient());
    assert_eq!(sample.error.unwrap().message, "500 Internal Server Error");
}

#[test]
fn no_content_is_an_empty_reply() {
    let sample = ask(&Upstream::saying("HTTP/1.1 204 No Content\r\n\r\n"), patient());
    assert_eq!((sample.outcome, sample.status), (Outcome::Empty, Some(204)));
}

#[test]
fn a_stream_that_ends_early_is_truncated_and_one_that_is_cut_is_reset() {
    assert_eq!(ask(&Upstream::saying(streamed(&[TOKEN])), patient()).outcome, Outcome::Truncated);
    let cut = Upstream::start(|_, stream| {
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        piece(stream, &format!("data: {TOKEN}\n\n"));
        false
    });
    let sample = ask(&cut, patient());
    assert_eq!(sample.outcome, Outcome::Reset);
    assert!(sample.moments.first_token.is_some() && sample.error.is_some());
}

#[test]
fn a_connection_cut_after_the_finish_reason_harms_nothing() {
    let cut = Upstream::start(|_, stream| {
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        piece(stream, &format!("data: {TOKEN}\n\ndata: {FINISH}\n\n"));
        false
    });
    assert_eq!(ask(&cut, patient()).outcome, Outcome::Ok);
}

#[test]
fn an_error_inside_a_reply_of_status_200_is_a_stream_error() {
    let sample =
        ask(&Upstream::saying(streamed(&[TOKEN, r#"{"error":{"message":"overloaded","code":502}}"#])), patient());
    let error = sample.error.unwrap();
    assert_eq!((sample.outcome, error.code.as_deref()), (Outcome::StreamError, Some("502")));
    assert_eq!(error.message, "overloaded");
}

#[test]
fn what_is_not_http_is_a_parse_error() {
    assert_eq!(ask(&Upstream::saying("SSH-2.0-nothing\r\n\r\n"), patient()).outcome, Outcome::ParseError);
    let bad_chunk = format!("{STREAM_HEAD}zz\r\n");
    assert_eq!(ask(&Upstream::saying(bad_chunk), patient()).outcome, Outcome::ParseError);
}

#[test]
fn a_peer_that_closes_without_an_answer_resets() {
    let sample = ask(&Upstream::start(|_, _| false), patient());
    assert_eq!((sample.outcome, sample.status), (Outcome::Reset, None));
    assert!(sample.moments.sent.is_some() && sample.moments.end.is_some());
}

#[test]
fn a_port_where_nobody_listens_is_a_failed_connection() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let samples = run(job(vec![cell(destination(address), 1, 2)]));
    assert_eq!(samples.iter().map(|sample| sample.outcome).collect::<Vec<_>>(), [Outcome::Connect; 2]);
    assert!(samples[0].moments.sent.is_none() && !samples[0].reused);
    assert_eq!((samples[0].http_version, samples[0].moments.connect), (None, None));
    assert!(samples[0].error.as_ref().unwrap().message.contains("refused"));
}

#[test]
fn a_silent_peer_runs_into_the_limit_for_the_first_token() {
    let silent = Upstream::start(|_, stream| {
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        while piece(stream, ": keep-alive\n\n") {}
        false
    });
    let sample = ask(&silent, Deadlines { first_token: SOON, ..patient() });
    assert_eq!(sample.outcome, Outcome::TimeoutFirstToken);
    assert_eq!(sample.error.unwrap().message, "no token within 50ms");
}

#[test]
fn words_are_kept_of_measured_answers_that_somebody_will_read_and_of_no_others() {
    let upstream = Upstream::saying(answer());
    let mut cell = upstream.cell(1, 2);
    let one = (*cell.arms[0].requests[0]).clone();
    let [read, unread] = [true, false].map(|expects| Arc::new(Prepared { expects, ..one.clone() }));
    (cell.arms[0].requests, cell.warmup) = (vec![read, unread], 1);
    let samples = run(job(vec![cell]));
    let words = |phase| samples.iter().filter(move |sample| sample.phase == phase).map(|sample| sample.words.is_some());
    assert_eq!(words(Phase::Warmup).collect::<Vec<_>>(), [false]);
    assert_eq!(words(Phase::Measured).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_peer_that_never_reads_runs_into_the_limit_for_the_first_token() {
    // The system accepts for it, and takes in as much as it has room for.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut cell = cell(destination(deaf.local_addr().unwrap()), 1, 2);
    let long = Prepared { rest: vec![b' '; 32 << 20].into(), ..(*cell.arms[0].requests[0]).clone() };
    cell.arms[0].requests = vec![Arc::new(long)];
    let mut job = job(vec![cell]);
    job.deadlines = Deadlines { first_token: SOON, ..patient() };
    for sample in run(job) {
        assert_eq!((sample.outcome, sample.status), (Outcome::TimeoutFirstToken, None));
        assert!(sample.moments.sent.is_some());
    }
}

#[test]
fn a_peer_that_never_answers_runs_into_the_limit_for_the_whole_where_no_stream_was_asked_for() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut cell = cell(destination(mute.local_addr().unwrap()), 1, 2);
    cell.arms[0].requests = vec![Arc::new(Prepared { stream: false, ..(*cell.arms[0].requests[0]).clone() })];
    let mut job = job(vec![cell]);
    // Neither of the limits that are for streams alone.
    job.deadlines = Deadlines { first_token: Duration::ZERO, idle: Duration::ZERO, total: SOON, ..patient() };
    let outcomes: Vec<_> = run(job).iter().map(|sample| sample.outcome).collect();
    assert_eq!(outcomes, [Outcome::TimeoutTotal; 2]);
}

#[test]
fn comments_do_not_put_off_the_limit_for_payload() {
    let stalled = Upstream::start(|_, stream| {
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        piece(stream, &format!("data: {TOKEN}\n\n"));
        while piece(stream, ": keep-alive\n\n") {}
        false
    });
    assert_eq!(ask(&stalled, Deadlines { idle: SOON, ..patient() }).outcome, Outcome::TimeoutIdle);
}

#[test]
fn an_endless_answer_runs_into_the_limit_for_the_whole() {
    let endless = Upstream::start(|_, stream| {
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        while piece(stream, &format!("data: {TOKEN}\n\n")) {}
        false
    });
    assert_eq!(ask(&endless, Deadlines { total: SOON, ..patient() }).outcome, Outcome::TimeoutTotal);
}

#[test]
fn a_peer_that_never_ends_the_body_after_done_was_complete() {
    let open_ended = Upstream::start(|_, stream| {
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        piece(stream, &format!("data: {TOKEN}\n\ndata: [DONE]\n\n"));
        while piece(stream, ":\n\n") {}
        false
    });
    let sample = ask(&open_ended, patient());
    assert_eq!(sample.outcome, Outcome::Ok);
    assert_eq!(sample.moments.end, sample.moments.last_token);
}

#[test]
fn an_event_cut_between_reads_is_one_event() {
    let slow = Upstream::start(|_, stream| {
        stream.write_all(STREAM_HEAD.as_bytes()).unwrap();
        let text = format!("data: {TOKEN}\r\n\r\ndata: {FINISH}\r\n\r\n");
        for byte in text.bytes() {
            write!(stream, "1\r\n").and_then(|()| stream.write_all(&[byte, b'\r', b'\n'])).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").is_ok()
    });
    let sample = ask(&slow, patient());
    assert_eq!((sample.outcome, sample.chunks), (Outcome::Ok, 1));
}

#[test]
fn a_request_says_what_it_is() {
    let upstream = Upstream::saying(answer());
    ask(&upstream, patient());
    let request = &upstream.received()[0];
    assert!(request.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{}", request.head);
    for line in [
        format!("host: {}", upstream.address),
        "content-type: application/json".into(),
        "accept: text/event-stream".into(),
        "accept-encoding: identity".into(),
        format!("user-agent: tollmark/{}", env!("CARGO_PKG_VERSION")),
        "content-length: 36".into(),
    ] {
        assert!(request.head.lines().any(|other| other == line), "{line} in {}", request.head);
    }
    assert_eq!(request.body, r#"{"model":"m","stream":true,"line":0}"#);
}
