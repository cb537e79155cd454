//! One request and its reply: the measured path.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, LOCATION, RETRY_AFTER};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use hyper::body::Incoming;

use crate::load::Clock;
use crate::load::dial::causes;
use crate::load::link::{Interrupt, Link, Watch};
use crate::load::outgoing::Outgoing;
use crate::plan::Deadlines;
use crate::sample::{ErrorReply, HttpVersion, Moments, Outcome};
use crate::units::Micros;
use crate::wire::{Answered, EventParser, Framing, Heard, Reply, capped, error_of_body, retry_after};

/// What an exchange came to.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    pub(crate) http_version: Option<HttpVersion>,
    pub(crate) simulated: bool,
    pub(crate) request_id: Option<Box<str>>,
    pub(crate) moments: Moments,
    /// Reads that carried content.
    pub(crate) chunks: u32,
    pub(crate) answered: Answered,
    /// Whether the reply was read to its end, so that the connection can serve again.
    pub(crate) reusable: bool,
}

/// Memory that a slot's exchanges use one after the other.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    parser: EventParser,
    reply: Reply,
    body: Vec<u8>,
    /// The gaps between the reads with content of the latest exchange.
    pub(crate) gaps: Vec<Micros>,
    /// How late reads of the latest exchange were stamped, as far as the system tells.
    pub(crate) read_lags: Vec<Micros>,
}

/// What the exchange is made with.
pub(crate) struct Terms<'a> {
    pub(crate) link: &'a mut Link,
    pub(crate) watch: &'a mut Watch,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) clock: Clock,
    pub(crate) limits: Deadlines,
    pub(crate) asked_stream: bool,
    /// Whether somebody will read the answer.
    pub(crate) keeps_words: bool,
}

/// A document or an error body over this many bytes is not read on.
const BODY_CAP: usize = 16 << 20;

/// How long a decided reply may take to end, so that its connection can be kept.
const END_GRACE: Duration = Duration::from_secs(1);

const SIMULATED: HeaderName = HeaderName::from_static("x-tollmark-simulated");
const REQUEST_ID: [HeaderName; 2] = [HeaderName::from_static("x-request-id"), HeaderName::from_static("request-id")];
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// Sends `request` and reads the reply to its end, or to where the outcome is decided and nothing more comes.
pub(crate) async fn exchange(request: Request<Outgoing>, terms: Terms<'_>) -> Exchanged {
    let scratch = &mut *terms.scratch;
    scratch.parser.clear();
    scratch.body.clear();
    scratch.gaps.clear();
    // Said each time: a reply that failed by its status was never ended.
    scratch.reply.keep_words(terms.keeps_words);
    terms.link.stamps.arm();
    let exchanged = Exchanged {
        outcome: Outcome::Reset,
        status: None,
        http_version: None,
        simulated: false,
        request_id: None,
        moments: Moments::default(),
        chunks: 0,
        answered: Answered::default(),
        reusable: false,
    };
    Exchange { begun: Instant::now(), last_content: None, last_payload: None, exchanged, terms }.run(request).await
}

struct Exchange<'a> {
    terms: Terms<'a>,
    begun: Instant,
    last_content: Option<Instant>,
    last_payload: Option<Instant>,
    exchanged: Exchanged,
}

impl Exchange<'_> {
    async fn run(mut self, request: Request<Outgoing>) -> Exchanged {
        let deadline = self.deadline();
        let result = self.terms.link.send(request, self.terms.watch, deadline).await;
        self.exchanged.moments.sent = self.terms.link.stamps.sent().map(|sent| self.terms.clock.moment(sent));
        match result {
            Ok(response) => self.read(response).await,
            Err(interrupt) => self.interrupted(interrupt),
        }
        self.terms.link.stamps.take_lags(&mut self.terms.scratch.read_lags);
        self.exchanged
    }

    async fn read(&mut self, response: Response<Incoming>) {
        let (head, mut body) = response.into_parts();
        let exchanged = &mut self.exchanged;
        exchanged.moments.headers = self.terms.link.stamps.read().map(|read| self.terms.clock.moment(read));
        exchanged.status = Some(head.status.as_u16());
        exchanged.http_version = Some(match head.version {
            Version::HTTP_2 => HttpVersion::Http2,
            Version::HTTP_10 => HttpVersion::Http10,
            // The client speaks nothing but these.
            _ => HttpVersion::Http11,
        });
        exchanged.simulated = head.headers.contains_key(SIMULATED);
        exchanged.request_id = REQUEST_ID.iter().find_map(|name| text(&head.headers, name)).map(Box::from);

        if !head.status.is_success() {
            return self.read_error(head.status, &head.headers, &mut body).await;
        }
        // Compressed bytes hold no events, and would otherwise look like a stream cut short.
        if let Some(coding) = text(&head.headers, &CONTENT_ENCODING).filter(|coding| *coding != "identity") {
            self.terms.scratch.reply.garbled(&format!("answered in the coding `{coding}`, which was not asked for"));
            return self.verdict(Instant::now());
        }
        let kind = text(&head.headers, &CONTENT_TYPE);
        match Framing::of(kind, self.terms.asked_stream) {
            _ if head.status == StatusCode::NO_CONTENT => self.read_document(&mut body).await,
            Framing::Events => self.read_events(&mut body).await,
            Framing::Document => self.read_document(&mut body).await,
            Framing::Foreign => {
                let asked = if self.terms.asked_stream { "text/event-stream" } else { "application/json" };
                let kind = kind.unwrap_or_default();
                self.terms.scratch.reply.garbled(&format!("answered {kind} where {asked} was asked for"));
                self.verdict(Instant::now());
            }
        }
    }

    async fn read_events(&mut self, body: &mut Incoming) {
        loop {
            let deadline = self.deadline();
            let piece = match self.terms.link.piece(body, self.terms.watch, deadline).await {
                // A piece is handed over before the alarm is looked at, and may have come too late.
                Ok(Some(_)) if self.last_read() > deadline => Err(Interrupt::Late),
                piece => piece,
            };
            match piece {
                Ok(Some(bytes)) => {
                    let read = self.last_read();
                    let Scratch { parser, reply, .. } = &mut *self.terms.scratch;
                    let was_decided = reply.is_decided();
                    let mut heard = Heard::default();
                    let mut event_came = false;
                    let fed = parser.feed(&bytes, |event| {
                        event_came = true;
                        heard = heard.and(reply.event(event));
                    });
                    if let Err(error) = fed {
                        reply.too_long(error);
                        self.event(event_came, read);
                        return self.verdict(read);
                    }
                    if !was_decided && reply.is_decided() {
                        self.exchanged.moments.end = Some(self.terms.clock.moment(read));
                    }
                    self.event(event_came, read);
                    self.hear(heard, read);
                }
                Ok(None) => {
                    let read = self.last_read();
                    let Scratch { parser, reply, .. } = &mut *self.terms.scratch;
                    let mut heard = Heard::default();
                    let mut event_came = false;
                    let finished = parser.finish(|event| {
                        event_came = true;
                        heard = heard.and(reply.last_event(event));
                    });
                    if let Err(error) = finished {
                        reply.too_long(error);
                    }
                    self.event(event_came, read);
                    self.hear(heard, read);
                    self.exchanged.reusable = true;
                    return self.verdict(read);
                }
                // The answer was complete, so what happened to its connection afterwards is no failure of it.
                Err(Interrupt::Late | Interrupt::Broken(_)) if self.terms.scratch.reply.is_complete() => {
                    return self.verdict(Instant::now());
                }
                Err(interrupt) => return self.interrupted(interrupt),
            }
        }
    }

    async fn read_document(&mut self, body: &mut Incoming) {
        match self.collect(body).await {
            Ok(()) => {
                let read = self.last_read();
                let Scratch { reply, body, .. } = &mut *self.terms.scratch;
                let heard = reply.document(body);
                self.exchanged.chunks = u32::from(heard.token);
                // A document shows no first token, but when it was all there.
                self.exchanged.moments.last_token = heard.token.then(|| self.terms.clock.moment(read));
                self.verdict(read);
            }
            Err(interrupt) => self.interrupted(interrupt),
        }
    }

    async fn read_error(&mut self, status: StatusCode, headers: &HeaderMap, body: &mut Incoming) {
        let ended = self.collect(body).await;
        if let Err(Interrupt::Stopped) = ended {
            return self.interrupted(Interrupt::Stopped);
        }
        // A broken error body leaves the status as what counts.
        let mut error = error_of_body(&self.terms.scratch.body);
        if status.is_redirection() {
            let place = text(headers, &LOCATION).unwrap_or("nowhere");
            error.message = capped(&format!("redirects to `{place}`, and redirects are not followed"));
        }
        if error.message.is_empty() {
            error.message = status.to_string();
        }
        error.retry_after =
            retry_after(text(headers, &RETRY_AFTER_MS), text(headers, &RETRY_AFTER), text(headers, &DATE));
        self.exchanged.outcome = match status {
            StatusCode::TOO_MANY_REQUESTS => Outcome::RateLimited,
            _ if status.is_server_error() => Outcome::Http5xx,
            _ => Outcome::Http4xx,
        };
        self.exchanged.answered.error = Some(Box::new(error));
        self.end(if ended.is_ok() { self.last_read() } else { Instant::now() });
    }

    /// Reads `body` to its end, or up to the cap.
    async fn collect(&mut self, body: &mut Incoming) -> Result<(), Interrupt> {
        let deadline = self.begun + self.terms.limits.total;
        while let Some(bytes) = self.terms.link.piece(body, self.terms.watch, deadline).await? {
            self.terms.scratch.body.extend_from_slice(&bytes);
            if self.terms.scratch.body.len() > BODY_CAP {
                return Ok(());
            }
        }
        self.exchanged.reusable = true;
        Ok(())
    }

    /// Stamps the first event with the read that brought it.
    fn event(&mut self, came: bool, read: Instant) {
        if came && self.exchanged.moments.first_event.is_none() {
            self.exchanged.moments.first_event = Some(self.terms.clock.moment(read));
        }
    }

    /// Stamps what was heard with the read that brought it.
    fn hear(&mut self, heard: Heard, read: Instant) {
        if heard.payload {
            self.last_payload = Some(read);
        }
        if !heard.token {
            return;
        }
        let exchanged = &mut self.exchanged;
        // Several frames may come from one read, which is then one chunk.
        if self.last_content != Some(read) {
            exchanged.chunks += 1;
            let moment = self.terms.clock.moment(read);
            if let Some(before) = self.last_content.replace(read) {
                self.terms.scratch.gaps.push(moment.since(self.terms.clock.moment(before)));
            }
            exchanged.moments.first_token.get_or_insert(moment);
            exchanged.moments.last_token = Some(moment);
        }
        if heard.answer && exchanged.moments.first_answer.is_none() {
            exchanged.moments.first_answer = exchanged.moments.last_token;
        }
    }

    /// When the current wait has lasted too long.
    fn deadline(&self) -> Instant {
        let Deadlines { first_token, idle, total, .. } = self.terms.limits;
        let last = self.begun + total;
        if !self.terms.asked_stream && self.last_payload.is_none() {
            return last;
        }
        let next = match (self.last_payload, self.last_content) {
            (Some(payload), _) if self.terms.scratch.reply.is_decided() => payload + END_GRACE,
            (Some(payload), Some(_)) => payload + idle,
            _ => self.begun + first_token,
        };
        next.min(last)
    }

    fn verdict(&mut self, end: Instant) {
        (self.exchanged.outcome, self.exchanged.answered) = self.terms.scratch.reply.end();
        self.end(end);
    }

    fn interrupted(&mut self, interrupt: Interrupt) {
        let now = Instant::now();
        let limits = self.terms.limits;
        let (outcome, message) = match interrupt {
            Interrupt::Stopped => (Outcome::Cancelled, None),
            Interrupt::Broken(error) if is_garbled(&error) => (Outcome::ParseError, Some(causes(&error))),
            Interrupt::Broken(error) => (Outcome::Reset, Some(causes(&error))),
            Interrupt::Late if now >= self.begun + limits.total => {
                (Outcome::TimeoutTotal, Some(format!("not complete within {:?}", limits.total)))
            }
            Interrupt::Late if self.last_content.is_some() => {
                (Outcome::TimeoutIdle, Some(format!("no payload for {:?}", limits.idle)))
            }
            Interrupt::Late => (Outcome::TimeoutFirstToken, Some(format!("no token within {:?}", limits.first_token))),
        };
        // Usage, model and finish reason that did arrive are kept; the verdict on them is not asked for.
        let (_, answered) = self.terms.scratch.reply.end();
        let error = message.map(|message| Box::new(ErrorReply { message: capped(&message), ..ErrorReply::default() }));
        self.exchanged.answered = Answered { error, ..answered };
        self.exchanged.outcome = outcome;
        self.exchanged.reusable = false;
        self.exchanged.moments.end = None;
        self.end(now);
    }

    fn end(&mut self, end: Instant) {
        self.exchanged.moments.end.get_or_insert(self.terms.clock.moment(end));
    }

    fn last_read(&self) -> Instant {
        self.terms.link.stamps.read().expect("a reply that was begun was read")
    }
}

/// Whether what came was not HTTP, rather than cut short.
fn is_garbled(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    error.is_parse()
        || cause.is_some_and(|cause| matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
