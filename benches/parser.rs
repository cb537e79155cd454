//! Bytes of a reply into what was answered: the work for every read.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use tollmark::wire::{EventParser, Reply};

/// Pieces of content in the streamed reply.
const CONTENT_EVENTS: usize = 16;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    streamed(&mut criterion);
    plain(&mut criterion);
    criterion.final_summary();
}

/// A streamed reply of 19 events, whole, event by event as a model sends it, and cut at odd places.
fn streamed(criterion: &mut Criterion) {
    let events = events();
    let whole: Vec<u8> = events.concat().into_bytes();
    let mut group = criterion.benchmark_group("streamed reply");
    group.throughput(Throughput::Bytes(whole.len() as u64));
    let (mut parser, mut reply) = (EventParser::default(), Reply::default());
    let mut read = |pieces: &[&[u8]]| {
        parser.clear();
        for piece in pieces {
            let fed = parser.feed(piece, |event| {
                black_box(reply.event(event));
            });
            fed.expect("no event is over the cap");
        }
        black_box(reply.end());
    };
    let by_event: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
    let odd: Vec<&[u8]> = whole.chunks(61).collect();
    group.bench_function("in one read", |bencher| bencher.iter(|| read(&[&whole])));
    group.bench_function("a read an event", |bencher| bencher.iter(|| read(&by_event)));
    group.bench_function("reads of 61 bytes", |bencher| bencher.iter(|| read(&odd)));
    group.finish();
}

/// The same words in one document.
fn plain(criterion: &mut Criterion) {
    let words = " word".repeat(CONTENT_EVENTS);
    let body = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1767225600,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{words}"}},"finish_reason":"stop"}}],"usage":{USAGE}}}"#
    );
    let mut group = criterion.benchmark_group("plain reply");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("document", |bencher| {
        bencher.iter_batched_ref(
            Reply::default,
            |reply| {
                black_box(reply.document(body.as_bytes()));
                black_box(reply.end());
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

const USAGE: &str = r#"{"prompt_tokens":100,"completion_tokens":16,"total_tokens":116}"#;

fn events() -> Vec<String> {
    let event = |choices: &str, usage: &str| {
        let opening = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1767225600,"model":"m""#;
        format!("data: {opening},\"choices\":{choices},\"usage\":{usage}}}\n\n")
    };
    let content = event(r#"[{"index":0,"delta":{"content":" word"},"finish_reason":null}]"#, "null");
    let mut events = vec![content; CONTENT_EVENTS];
    events.push(event(r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#, "null"));
    events.push(event("[]", USAGE));
    events.push("data: [DONE]\n\n".to_owned());
    events
}
