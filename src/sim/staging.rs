//! What goes over the wire when a fault is rehearsed, and what it ought to be taken for.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, DATE, HeaderName, LOCATION, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

use crate::sample::Outcome;
use crate::sim::message::error_body;
use crate::sim::raw::{Raw, Step, chunk};
use crate::sim::rehearsal::FaultKind;
use crate::sim::scene::Scene;

/// What a client gets in place of an answer.
#[derive(Debug)]
pub(super) enum Staged {
    /// Sound HTTP, and what it ought to be taken for.
    Reply(Response<Bytes>, Outcome),
    /// Anything else.
    Raw(Raw),
}

/// Between two pieces of what has no end, but is not meant to fill the connection.
const BEAT: Option<Duration> = Some(Duration::from_millis(5));

/// Bytes written at once of what is meant to fill the connection.
const FLOOD: usize = 64 << 10;

/// Tokens of an answer with something wrong in its middle, or with nothing wrong in itself.
pub(super) const TOKENS: u32 = 6;

/// The status of replies that go wrong after it.
const OK: Option<u16> = Some(200);

/// `data: [DONE]` and a blank line, compressed.
const GZIPPED: &[u8] =
    b"\x1f\x8b\x08\0\0\0\0\0\x02\xffKI,I\xb4R\x88v\xf1\xf7s\x8d\xe5\xe2\x02\0\x1c\xed\xc8\xaf\x0e\0\0\0";

const PAGE: Bytes = Bytes::from_static(b"<!doctype html>\n<title>Blocked</title>\n<h1>This request was blocked</h1>\n");

const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// How `kind` goes for the request that `scene` tells of; `now` is the date that another one may count from.
pub(super) fn stage(kind: FaultKind, scene: Scene<'_>, now: Timestamp) -> Staged {
    use FaultKind as Kind;
    let (opening, rest) = scene.answer(TOKENS);
    let opened = || Step::Write(scene.opened(&opening));
    let keep_alives = || Step::Repeat(chunk(scene.keep_alive()), BEAT);
    match kind {
        Kind::ResetBeforeHeaders => raw(None, Some(Outcome::Reset), [Step::Reset]),
        Kind::ResetAfterHeaders => raw(OK, Some(Outcome::Reset), [Step::Write(scene.opened(b"")), Step::Reset]),
        Kind::HalfStatusLine => raw(None, Some(Outcome::Reset), [Step::Write(Bytes::from_static(b"HTTP/1.1 20"))]),
        Kind::EndlessHeaders => {
            let lines = "x-more: and more\r\n".repeat(64).into();
            raw(None, Some(Outcome::ParseError), [Step::Write(scene.head()), Step::Repeat(lines, None)])
        }
        Kind::EndlessBody => raw(OK, None, [opened(), Step::Repeat(chunk(&scene.more()), BEAT)]),
        Kind::EndlessLine => {
            let line = Step::Write(scene.opened(scene.line()));
            raw(OK, Some(Outcome::ParseError), [line, Step::Repeat(chunk(&[b'a'; FLOOD]), None)])
        }
        Kind::BrokenUtf8 => sound(scene, [&opening, scene.garbage(), &rest].concat(), Outcome::ParseError),
        Kind::UnaskedGzip => {
            let reply = scene.reply(StatusCode::OK, scene.content_type(), Bytes::from_static(GZIPPED));
            with(reply, Outcome::ParseError, [(CONTENT_ENCODING, "gzip")])
        }
        Kind::Redirect => {
            let reply = scene.reply(StatusCode::TEMPORARY_REDIRECT, "text/html", PAGE);
            with(reply, Outcome::Http4xx, [(LOCATION, "/elsewhere/v1/chat/completions")])
        }
        Kind::InformationalFirst => {
            let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </v1/models>\r\n\r\n";
            let end = Step::Write([chunk(&rest), chunk(b"")].concat().into());
            raw(OK, Some(Outcome::Ok), [Step::Write(Bytes::from_static(interim)), opened(), end])
        }
        Kind::NoContent => {
            let mut reply = Response::new(Bytes::new());
            *reply.status_mut() = StatusCode::NO_CONTENT;
            Staged::Reply(reply, Outcome::Empty)
        }
        Kind::StreamOptionsRefused if scene.streamed && scene.usage_wanted => {
            let message = "Unrecognized request argument supplied: stream_options";
            let body = error_body("invalid_request_error", Some("unknown_parameter"), message);
            Staged::Reply(scene.reply(StatusCode::BAD_REQUEST, "application/json", body), Outcome::Http4xx)
        }
        Kind::StreamOptionsRefused => sound(scene, [opening, rest].concat(), Outcome::Ok),
        Kind::HtmlError => Staged::Reply(scene.reply(StatusCode::FORBIDDEN, "text/html", PAGE), Outcome::Http4xx),
        Kind::RateLimitedMs => limited(scene, [(RETRY_AFTER_MS, "1500")]),
        Kind::RateLimitedSeconds => limited(scene, [(RETRY_AFTER, "2")]),
        Kind::RateLimitedFloat => limited(scene, [(RETRY_AFTER, "1.5")]),
        Kind::RateLimitedDate => {
            let until = now + SignedDuration::from_secs(2);
            limited(scene, [(DATE, &*http_date(now)), (RETRY_AFTER, &http_date(until))])
        }
        Kind::CutMidStream => raw(OK, Some(Outcome::Reset), [opened()]),
        Kind::EndedEarly => {
            let outcome = if scene.streamed { Outcome::Truncated } else { Outcome::ParseError };
            sound(scene, opening, outcome)
        }
        Kind::Silent => raw(None, None, [Step::Hold]),
        Kind::SilentMidStream => raw(OK, None, [opened(), Step::Hold]),
        Kind::KeepAlives => raw(OK, None, [Step::Write(scene.opened(b"")), keep_alives()]),
        Kind::KeepAlivesMidStream => raw(OK, None, [opened(), keep_alives()]),
        Kind::ErrorInStream => {
            let error = overloaded();
            let body = if scene.streamed { [b"data: ", &*error, b"\n\n"].concat().into() } else { error };
            sound(scene, body, Outcome::StreamError)
        }
        Kind::BareError => sound(scene, overloaded(), Outcome::StreamError),
        Kind::EmptyAnswer => {
            let (opening, rest) = scene.answer(0);
            sound(scene, [opening, rest].concat(), Outcome::Empty)
        }
        Kind::WrongContentType => Staged::Reply(scene.reply(StatusCode::OK, "text/html", PAGE), Outcome::ParseError),
    }
}

fn raw<const N: usize>(status: Option<u16>, outcome: Option<Outcome>, steps: [Step; N]) -> Staged {
    Staged::Raw(Raw { steps: steps.into(), status, outcome })
}

/// A reply of status 200 and the right type.
fn sound(scene: Scene<'_>, body: impl Into<Bytes>, outcome: Outcome) -> Staged {
    Staged::Reply(scene.reply(StatusCode::OK, scene.content_type(), body.into()), outcome)
}

fn overloaded() -> Bytes {
    error_body("server_error", Some("overloaded"), "the model is overloaded")
}

fn limited<const N: usize>(scene: Scene<'_>, headers: [(HeaderName, &str); N]) -> Staged {
    let body = error_body("rate_limit_error", None, "too many requests a minute");
    with(scene.reply(StatusCode::TOO_MANY_REQUESTS, "application/json", body), Outcome::RateLimited, headers)
}

fn with<const N: usize>(mut reply: Response<Bytes>, outcome: Outcome, headers: [(HeaderName, &str); N]) -> Staged {
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("words, numbers and dates are header values");
        reply.headers_mut().insert(name, value);
    }
    Staged::Reply(reply, outcome)
}

fn http_date(at: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at).expect("today's date is one of HTTP's")
}
