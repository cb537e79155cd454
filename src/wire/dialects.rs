//! Every shape of reply seen in the wild, each in a file of `tests/fixtures/wire/`, read from its bytes to the verdict.

mod cuts;
mod errors;
mod framing;
mod kept;
mod providers;
mod shapes;

use std::fs;
use std::path::PathBuf;

use crate::rng::hash;
use crate::sample::{ErrorReply, Outcome, Usage};
use crate::wire::{Answered, EventParser, Heard, Reply};

/// What a reply told from its first byte to its last.
#[derive(Debug, PartialEq)]
struct Told {
    /// A letter for each event, in order: `r` a token of reasoning, `a` one of the answer, `p` a sign of life without
    /// a token, `d` the end, `.` nothing. The first `r` or `a` is the first token, the first `a` the first answer, and
    /// as many as there are of both are the chunks.
    events: String,
    outcome: Outcome,
    answered: Answered,
}

/// The bytes of a fixture.
fn fixture(name: &str) -> Vec<u8> {
    let path = folder().join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all fixtures of streams.
fn streams() -> Vec<String> {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".sse")).collect();
    names.sort();
    names
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wire")
}

/// The fixture `name` as a stream that arrives in one read.
fn stream(name: &str) -> Told {
    told([&fixture(&format!("{name}.sse"))[..]])
}

/// The fixture `name` as one document.
fn document(name: &str) -> Told {
    let mut reply = Reply::default();
    let events = letter(reply.document(&fixture(name))).to_string();
    told_of(events, reply.end())
}

/// A stream that arrives in `reads`, taken in as the measured path does it. What it keeps for others to read is
/// checked apart from its meaning; see [`kept`].
fn told<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let (events, ended) = taken_in(reads);
    told_of(events, ended)
}

fn told_of(events: String, (outcome, answered): (Outcome, Answered)) -> Told {
    Told { events, outcome, answered: Answered { raw_usage: None, words: None, ..answered } }
}

/// The usage of the fixture `name` as it was written, and the words of a reply without one: answer and reasoning.
fn kept(name: &str) -> (Option<String>, Option<(String, String)>) {
    let (_, (_, answered)) = taken_in([&fixture(&format!("{name}.sse"))[..]]);
    (answered.raw_usage.map(Into::into), answered.words.map(|words| (words.answer, words.reasoning)))
}

fn taken_in<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> (String, (Outcome, Answered)) {
    let (mut parser, mut reply, mut events) = (EventParser::default(), Reply::default(), String::new());
    let fed = reads.into_iter().try_for_each(|read| parser.feed(read, |event| events.push(letter(reply.event(event)))));
    let ended = fed.and_then(|()| parser.finish(|event| events.push(letter(reply.last_event(event)))));
    if let Err(error) = ended {
        reply.too_long(error);
    }
    let ended = reply.end();
    (events, ended)
}

fn letter(heard: Heard) -> char {
    match heard {
        Heard { answer: true, .. } => 'a',
        Heard { token: true, .. } => 'r',
        Heard { done: true, .. } => 'd',
        Heard { payload: true, .. } => 'p',
        _ => '.',
    }
}

fn usage(input: u64, cached_input: u64, output: u64, reasoning: u64) -> Option<Usage> {
    Some(Usage { input, cached_input, cache_write: 0, output, reasoning })
}

fn word(word: &str) -> Option<Box<str>> {
    Some(word.into())
}

/// The hash of a visible answer.
fn said(answer: &str) -> Option<u64> {
    Some(hash(answer.as_bytes()))
}

fn error(code: Option<&str>, message: &str) -> Option<Box<ErrorReply>> {
    Some(Box::new(ErrorReply { code: code.map(str::to_owned), message: message.to_owned(), retry_after: None }))
}
