//! What holds for any stream, however it is cut into reads.

use tollmark::sample::Outcome;
use tollmark::wire::{Answered, EventParser, EventTooLong, Heard, Reply};

/// The events as name and data with what each was heard to hold, and the verdict.
type Told = (Vec<(Vec<u8>, Vec<u8>, Heard)>, Result<(), EventTooLong>, Outcome, Answered);

/// A stream tells the same in reads of any size as in one. The first byte of `input` is the size of a read, less one.
pub(crate) fn holds(input: &[u8]) {
    let Some((size, stream)) = input.split_first() else { return };
    let cut = told(stream.chunks(usize::from(*size) + 1));
    assert_eq!(cut, told([stream]), "in reads of {} bytes and in one", usize::from(*size) + 1);
}

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
