//! The simulated provider's HTTP: which request gets which reply.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::rng::{extend_hash, hash};
use crate::sample::Outcome;
use crate::serve::Takeover;
use crate::sim::ask::Ask;
use crate::sim::endpoint::{Endpoint, Stay};
use crate::sim::labels::Labels;
use crate::sim::law::Law;
use crate::sim::message::{Message, Usage, error_body, models_body};
use crate::sim::raw::Raw;
use crate::sim::reply::Reply;
use crate::sim::scene::Scene;
use crate::sim::script::{Answer, Fault, Task, Text, Topic, Wording};
use crate::sim::staging::{Staged, TOKENS, stage};
use crate::sim::truth::TruthRow;
use crate::sim::visit::{Clock, Visit};
use crate::units::Moment;

/// The header by which a request chooses its region.
const REGION: &str = "x-region";

/// The header that marks every reply as simulated.
const SIMULATED: HeaderName = HeaderName::from_static("x-tollmark-simulated");

/// The header with the request's number.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 64 << 20;

/// When the headers of a stream are sent, as a share of the time to the first token.
const HEADERS_SHARE: f64 = 0.6;

/// Of so many prompts without a label, how many belong to tiers 0 to 3: most are of every day, and none asks for a person.
const UNLABELLED: [u64; 4] = [4, 12, 3, 1];

/// Everything that replies depend on; shared by all threads.
#[derive(Debug)]
pub(super) struct Provider {
    law: Law,
    seed: u64,
    labels: Labels,
    /// The models that are answered; empty: any.
    models: BTreeSet<String>,
    clock: Clock,
    truth: Option<SyncSender<TruthRow>>,
    requests: AtomicU64,
    /// Endpoints by the hash of model and region. Written when a pair is first asked for, else only read.
    endpoints: RwLock<HashMap<u64, Arc<Endpoint>>>,
}

/// What the caller did wrong.
struct Refusal {
    status: StatusCode,
    code: Option<&'static str>,
    message: String,
}

impl Provider {
    /// A provider of the law's models, and of `models`; when there are none of these, of any model.
    pub(super) fn new(
        law: Law,
        seed: u64,
        labels: Labels,
        models: Vec<String>,
        clock: Clock,
        truth: Option<SyncSender<TruthRow>>,
    ) -> Self {
        let own = if models.is_empty() { Vec::new() } else { law.models().map(str::to_owned).collect() };
        let models = models.into_iter().chain(own).collect();
        let (requests, endpoints) = (AtomicU64::new(0), RwLock::default());
        Self { law, seed, labels, models, clock, truth, requests, endpoints }
    }

    /// Answers one request, or does to its connection what a rehearsed fault wants done.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Reply>, Takeover> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let mut response = match (request.method(), request.uri().path()) {
            (&Method::POST, "/v1/chat/completions") => self.complete(number, request).await?,
            (&Method::GET, "/v1/models") => json(StatusCode::OK, self.models(), None),
            (method, path) => {
                let message = format!("there is no `{method} {path}` here");
                refused(&Refusal { status: StatusCode::NOT_FOUND, code: Some("not_found"), message }, None)
            }
        };
        let headers = response.headers_mut();
        headers.insert(SIMULATED, HeaderValue::from_static("1"));
        let id = HeaderValue::try_from(format!("sim-{number}")).expect("letters and digits are a header value");
        headers.insert(REQUEST_ID, id);
        Ok(response)
    }

    fn models(&self) -> Bytes {
        if self.models.is_empty() {
            return models_body(self.law.models());
        }
        models_body(self.models.iter().map(String::as_str))
    }

    async fn complete(&self, number: u64, request: Request<Incoming>) -> Result<Response<Reply>, Takeover> {
        let (parts, body) = request.into_parts();
        let region = self.region(&parts.headers);
        let body = Limited::new(body, LONGEST_BODY).collect().await.map(http_body_util::Collected::to_bytes);
        let received = Instant::now();
        let row = empty_row(number, self.clock.at(received.into_std()), &region);
        let mut visit = Visit::new(row, self.clock, self.truth.clone());
        let Ok(body) = body else {
            let message = format!("the body is longer than {LONGEST_BODY} bytes, or was broken off");
            let refusal = Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, code: None, message };
            return Ok(refused(&refusal, Some(visit)));
        };
        let ask = match self.read(&body) {
            Ok(ask) => ask,
            Err(refusal) => return Ok(refused(&refusal, Some(visit))),
        };
        let endpoint = self.endpoint(&ask.model, &region);
        let stay = endpoint.enter();
        let topic = self.topic(&ask, visit.row());
        let since_start = Duration::from_micros(visit.row().received.0);
        let mut script = stay.endpoint().next_script(&stay, topic, since_start);
        let expected = self.labels.expected(&ask);
        if let (Some(expected), Answer::Text(text), true) = (expected, &mut script.answer, script.right) {
            expected.put_right(text, ask.max_tokens());
        }
        visit.row().model = Arc::clone(&stay.endpoint().model);
        visit.row().stream = ask.streamed();
        let due = |ms: f64| received + Duration::from_secs_f64(ms / 1e3);
        let text = match &script.answer {
            Answer::Text(text) => text.clone(),
            &Answer::Fault(fault) => {
                stay.endpoint().wait(due(script.ttft_ms)).await;
                return Ok(failed(fault, visit));
            }
            &Answer::Rehearsed(kind) => {
                stay.endpoint().wait(due(script.ttft_ms)).await;
                let scene = Scene {
                    request: number,
                    model: &ask.model,
                    streamed: ask.streamed(),
                    usage_wanted: ask.usage_wanted(),
                    input_tokens: ask.prompt_tokens(),
                };
                visit.row().right = expected.map(|expected| expected.is_met_by(&scene.text(TOKENS)));
                return rehearsed(stage(kind, scene, Timestamp::now()), visit, stay);
            }
        };
        visit.row().right = expected.map(|expected| expected.is_met_by(&text));
        let message = message(number, &ask, text, stay.endpoint(), visit.row());
        if !visit.row().stream {
            stay.endpoint().wait(due(script.e2e_ms())).await;
            visit.row().status = Some(StatusCode::OK.as_u16());
            return Ok(json(StatusCode::OK, message.whole(), Some((visit, Outcome::Ok))));
        }
        let headers_due = due(script.ttft_ms * HEADERS_SHARE);
        stay.endpoint().wait(headers_due).await;
        let wake = Box::pin(sleep_until(headers_due));
        visit.row().status = Some(StatusCode::OK.as_u16());
        let mut response = Response::new(Reply::streamed(message, &script, received, wake, visit, stay));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Ok(response)
    }

    /// The region asked for, or the client's own.
    fn region(&self, headers: &HeaderMap) -> String {
        let named = headers.get(REGION).and_then(|region| region.to_str().ok());
        named.unwrap_or_else(|| self.law.client()).to_owned()
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<Ask<'a>, Refusal> {
        let ask =
            Ask::parse(body).map_err(|message| Refusal { status: StatusCode::BAD_REQUEST, code: None, message })?;
        if self.models.is_empty() || self.models.contains(&*ask.model) {
            return Ok(ask);
        }
        let message = format!("the model `{}` does not exist", ask.model);
        Err(Refusal { status: StatusCode::NOT_FOUND, code: Some("model_not_found"), message })
    }

    fn endpoint(&self, model: &str, region: &str) -> Arc<Endpoint> {
        let key = extend_hash(extend_hash(hash(model.as_bytes()), b"\0"), region.as_bytes());
        let known = self.endpoints.read().expect("no thread panics with the endpoints").get(&key).cloned();
        known.unwrap_or_else(|| {
            let mut endpoints = self.endpoints.write().expect("no thread panics with the endpoints");
            let new = || Arc::new(Endpoint::new(&self.law, self.seed, model, region));
            Arc::clone(endpoints.entry(key).or_insert_with(new))
        })
    }

    fn topic(&self, ask: &Ask<'_>, row: &mut TruthRow) -> Topic {
        let prompt = ask.prompt_hash();
        let task = if ask.classifies() {
            row.tier_labelled = ask.last_user_text().and_then(|text| self.labels.tier(&text));
            Task::Classify(row.tier_labelled.unwrap_or_else(|| likely_tier(prompt)))
        } else {
            Task::Write
        };
        Topic { max_tokens: ask.max_tokens(), prompt, task }
    }
}

/// The tier of a prompt that no workload labels, by its number.
fn likely_tier(prompt: u64) -> u8 {
    let mut place = prompt % UNLABELLED.iter().sum::<u64>();
    let is_it = |of: &u64| {
        let is_it = place < *of;
        place = place.saturating_sub(*of);
        is_it
    };
    UNLABELLED.iter().position(is_it).unwrap_or(1) as u8
}

/// A row of which nothing is known but that the request came.
fn empty_row(request: u64, received: Moment, region: &str) -> TruthRow {
    TruthRow {
        request,
        model: "".into(),
        region: region.into(),
        received,
        first_token: None,
        last_token: None,
        end: received,
        status: None,
        outcome: Outcome::Cancelled,
        stream: false,
        input_tokens: None,
        output_tokens: None,
        tier_answered: None,
        tier_labelled: None,
        right: None,
    }
}

/// The message with `text`, entered into the row.
fn message(number: u64, ask: &Ask<'_>, text: Text, endpoint: &Endpoint, row: &mut TruthRow) -> Message {
    let (input, output) = (ask.prompt_tokens(), text.tokens);
    let usage = Usage { input, output, cost: endpoint.stated_cost(input, output) };
    row.input_tokens = Some(usage.input);
    row.output_tokens = Some(usage.output);
    if let Wording::Tier(tier) = text.wording {
        row.tier_answered = Some(tier);
    }
    Message::new(number, &ask.model, ask.streamed(), text, usage, ask.usage_wanted())
}

/// The reply to a request that the law lets fail.
fn failed(fault: Fault, mut visit: Visit) -> Response<Reply> {
    let (status, outcome, kind, message) = match fault {
        Fault::Internal => (500, Outcome::Http5xx, "server_error", "the model failed while it answered"),
        Fault::Unavailable => (503, Outcome::Http5xx, "server_error", "the model is not available"),
        Fault::RateLimited(_) => (429, Outcome::RateLimited, "rate_limit_error", "too many requests a minute"),
    };
    visit.row().status = Some(status);
    let status = StatusCode::from_u16(status).expect("the statuses above are valid");
    let mut response = json(status, error_body(kind, None, message), Some((visit, outcome)));
    if let Fault::RateLimited(wait) = fault {
        let seconds = wait.as_millis().div_ceil(1000) as u64;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Gives a request the fault that was staged for it.
fn rehearsed(staged: Staged, mut visit: Visit, stay: Stay) -> Result<Response<Reply>, Takeover> {
    match staged {
        Staged::Reply(reply, outcome) => {
            visit.row().status = Some(reply.status().as_u16());
            Ok(reply.map(|body| Reply::whole(body, Some((visit, outcome)))))
        }
        Staged::Raw(raw) => {
            visit.row().status = raw.status;
            Err(Takeover::new(|stream| done(raw, stream, visit, stay)))
        }
    }
}

/// Does `raw` to the connection. Where the client's limits say what to take it for, the visit counts as given up.
async fn done(raw: Raw, stream: TcpStream, mut visit: Visit, _stay: Stay) {
    // That the client leaves is how most of this ends.
    let _ = raw.play(stream).await;
    match raw.outcome {
        Some(Outcome::Ok) if visit.row().stream => visit.wrote_tokens(true),
        Some(outcome) => visit.wrote_whole(outcome),
        None => {}
    }
}

/// The reply to a request that cannot be served.
fn refused(refusal: &Refusal, visit: Option<Visit>) -> Response<Reply> {
    let body = error_body("invalid_request_error", refusal.code, &refusal.message);
    let visit = visit.map(|mut visit| {
        visit.row().status = Some(refusal.status.as_u16());
        (visit, Outcome::Http4xx)
    });
    json(refusal.status, body, visit)
}

fn json(status: StatusCode, body: Bytes, visit: Option<(Visit, Outcome)>) -> Response<Reply> {
    let mut response = Response::new(Reply::whole(body, visit));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_without_a_label_are_mostly_of_every_day_and_none_is_for_a_person() {
        let mut tiers = [0; 5];
        (0..20).for_each(|prompt| tiers[usize::from(likely_tier(prompt))] += 1);
        assert_eq!(tiers, [4, 12, 3, 1, 0]);
    }
}
