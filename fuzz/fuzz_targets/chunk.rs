//! One chunk, or a whole completion, is read without a panic, and what it holds is sane.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollmark::sample::Outcome;
use tollmark::wire::{Answered, Event, Reply};

fuzz_target!(|data: &[u8]| {
    let mut reply = Reply::default();
    let heard = reply.event(Event { name: b"", data });
    assert!(heard.token || !heard.answer, "an answer is a token");
    assert!(heard.payload || !heard.token, "a token is payload");
    check(&reply.end().1);

    reply.document(data);
    let (outcome, answered) = reply.end();
    assert_ne!(outcome, Outcome::Truncated, "a document that was read to its end is whole");
    check(&answered);
});

fn check(answered: &Answered) {
    if let Some(usage) = answered.usage {
        assert!(usage.cached_input <= usage.input, "cached tokens are part of the prompt");
        assert!(usage.reasoning <= usage.output, "reasoning is part of the output");
    }
    assert!(answered.stated_cost.is_none_or(|cost| cost.picos() >= 0), "a cost is 0 or more");
}
