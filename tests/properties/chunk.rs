//! What holds for any bytes that are read as a chunk, or as a whole completion.

use tollmark::sample::Outcome;
use tollmark::wire::{Answered, Event, Reply};

/// They are read without a panic, and what they are taken to hold is sane.
pub(crate) fn holds(data: &[u8]) {
    let mut reply = Reply::default();
    let heard = reply.event(Event { name: b"", data });
    assert!(heard.token || !heard.answer, "an answer is a token");
    assert!(heard.payload || !heard.token, "a token is payload");
    is_sane(&reply.end().1);

    let heard = reply.document(data);
    assert!(heard.payload || !heard.token, "a token is payload");
    let (outcome, answered) = reply.end();
    assert_ne!(outcome, Outcome::Truncated, "a document that was read to its end is whole");
    is_sane(&answered);
}

fn is_sane(answered: &Answered) {
    if let Some(usage) = answered.usage {
        assert!(usage.cached_input <= usage.input, "cached tokens are part of the prompt");
        assert!(usage.reasoning <= usage.output, "reasoning is part of the output");
    }
    assert!(answered.stated_cost.is_none_or(|cost| cost.picos() >= 0), "a cost is 0 or more");
    assert!(answered.error.as_ref().is_none_or(|error| error.message.chars().count() <= 300), "a message is cut");
}
