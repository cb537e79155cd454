//! A stream tells the same however it is cut into reads. The first byte of the input is the size of a read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollmark::sample::Outcome;
use tollmark::wire::{Answered, EventParser, EventTooLong, Heard, Reply};

fuzz_target!(|input: &[u8]| {
    let Some((size, stream)) = input.split_first() else { return };
    let cut = told(stream.chunks(usize::from(*size) + 1));
    assert_eq!(cut, told([stream]));
});

/// The events as name and data with what each was heard to hold, and the verdict.
type Told = (Vec<(Vec<u8>, Vec<u8>, Heard)>, Result<(), EventTooLong>, Outcome, Answered);

fn told<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let (mut parser, mut reply, mut events) = (EventParser::default(), Reply::default(), Vec::new());
    let fed = reads.into_iter().try_for_each(|read| {
        parser.feed(read, |event| events.push((event.name.to_vec(), event.data.to_vec(), reply.event(event))))
    });
    let ended = fed.and_then(|()| {
        parser.finish(|event| events.push((event.name.to_vec(), event.data.to_vec(), reply.last_event(event))))
    });
    let (outcome, answered) = reply.end();
    (events, ended, outcome, answered)
}
