use super::*;

/// The verdict on a stream of `events`, each the text after `data: `.
fn stream(events: &[&str]) -> (Outcome, Answered, Vec<Heard>) {
    let mut reply = Reply::default();
    let heard = events.iter().map(|data| reply.event(Event { name: b"", data: data.as_bytes() })).collect();
    let (outcome, answered) = reply.end();
    (outcome, answered, heard)
}

fn document(body: &str) -> (Outcome, Answered) {
    let mut reply = Reply::default();
    reply.document(body.as_bytes());
    reply.end()
}

/// A chunk with `delta` and nothing else.
fn delta(delta: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#)
}

/// What a chunk with `delta` is heard to hold: (token, answer).
fn heard(piece: &str) -> (bool, bool) {
    let heard = stream(&[&delta(piece)]).2[0];
    (heard.token, heard.answer)
}

const FINISH: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const ANSWER: &str = r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;

#[test]
fn thoughts_have_two_names_and_empty_ones_do_not_count() {
    assert_eq!(heard(r#"{"content":null,"reasoning_content":"Hm"}"#), (true, false));
    assert_eq!(heard(r#"{"content":null,"reasoning_content":""}"#), (false, false));
    assert_eq!(heard(r#"{"reasoning":"Hm"}"#), (true, false));
}

#[test]
fn content_is_a_list_of_thoughts_and_text() {
    assert_eq!(heard(r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]}]}"#), (true, false));
    assert_eq!(heard(r#"{"content":[{"type":"text","text":"Hi"}]}"#), (true, true));
    assert_eq!(heard(r#"{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":""}]}"#), (false, false));
    assert_eq!(heard(r#"{"content":["Hi"]}"#), (true, true));
    let listed = stream(&[&delta(r#"{"content":[{"type":"text","text":"H"},{"type":"text","text":"i"}]}"#)]);
    assert_eq!(listed.1.answer_hash, Some(hash(b"Hi")));
}

#[test]
fn reasoning_details_count_when_they_hold_something() {
    assert_eq!(heard(r#"{"content":"","reasoning_details":[{"type":"reasoning.text","text":"Hm"}]}"#), (true, false));
    assert_eq!(
        heard(r#"{"content":"","reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}"#),
        (true, false)
    );
    assert_eq!(heard(r#"{"content":"","reasoning_details":[]}"#), (false, false));
}

#[test]
fn a_tool_call_counts_from_its_first_argument_on() {
    assert_eq!(
        heard(r#"{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}"#),
        (false, false)
    );
    assert_eq!(heard(r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#), (true, true));
    assert_eq!(heard(r#"{"tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]}"#), (true, true));
    assert_eq!(heard(r#"{"function_call":{"name":"f","arguments":"{"}}"#), (true, true));
    let named = delta(r#"{"tool_calls":[{"function":{"name":"f","arguments":""}}]}"#);
    assert_eq!(stream(&[&named, "[DONE]"]).0, Outcome::Ok, "a call without arguments is an answer");
}

#[test]
fn choices_and_deltas_may_be_missing_null_or_empty() {
    for chunk in
        ["{}", r#"{"choices":null}"#, r#"{"choices":[{}]}"#, r#"{"choices":[{"delta":null,"finish_reason":null}]}"#]
    {
        let (outcome, _, heard) = stream(&[chunk, ANSWER, "[DONE]"]);
        assert_eq!((outcome, heard[0]), (Outcome::Ok, Heard::default()), "{chunk}");
    }
}

#[test]
fn content_with_escapes_is_hashed_as_the_text_it_means() {
    assert_eq!(stream(&[&delta(r#"{"content":"a\n\u00e9"}"#)]).1.answer_hash, Some(hash("a\né".as_bytes())));
}

#[test]
fn a_stream_is_truncated_without_both_finish_reason_and_done() {
    assert_eq!(stream(&[ANSWER]).0, Outcome::Truncated);
    assert_eq!(stream(&[]).0, Outcome::Truncated);
    assert_eq!(stream(&[ANSWER, FINISH]).0, Outcome::Ok);
    assert_eq!(stream(&[ANSWER, "[DONE]"]).0, Outcome::Ok);
    assert_eq!(stream(&[ANSWER, " [DONE] ", "more"]).0, Outcome::Ok);
}

#[test]
fn half_a_chunk_at_the_end_is_a_truncation_and_not_garbage() {
    let mut reply = Reply::default();
    reply.event(Event { name: b"", data: ANSWER.as_bytes() });
    reply.last_event(Event { name: b"", data: b"{\"choices\":[{\"del" });
    assert_eq!(reply.end().0, Outcome::Truncated);
}

#[test]
fn a_filtered_answer_is_refused_and_a_silent_one_empty() {
    assert_eq!(stream(&[ANSWER, &FINISH.replace("stop", "content_filter")]).0, Outcome::Refused);
    assert_eq!(stream(&[FINISH, "[DONE]"]).0, Outcome::Empty);
    assert_eq!(stream(&["[DONE]"]).0, Outcome::Empty);
    assert_eq!(document("").0, Outcome::Empty);
}

#[test]
fn a_document_is_read_like_a_stream_of_one() {
    let (outcome, answered) = document(
        r#"{"model":"m","choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#,
    );
    assert_eq!(outcome, Outcome::Ok);
    assert_eq!(answered.answer_hash, Some(hash(b"Hi")));
    assert_eq!((answered.finish_reason.as_deref(), answered.usage.unwrap().output), (Some("length"), 2));
    assert_eq!(document(r#"{"error":{"message":"no"}}"#).0, Outcome::StreamError);
    assert_eq!(document(r#"{"object":"error","message":"no","code":400}"#).0, Outcome::StreamError);
}

#[test]
fn what_is_not_json_is_a_parse_error_that_says_so() {
    let (outcome, answered, _) = stream(&["hello", ANSWER, "[DONE]"]);
    assert_eq!(outcome, Outcome::ParseError);
    let message = answered.error.unwrap().message;
    assert!(message.starts_with("an event is not a chunk of a chat completion: "), "{message}");
    assert_eq!(document("<html>").0, Outcome::ParseError);
}

#[test]
fn a_reply_that_was_ended_begins_anew() {
    let mut reply = Reply::default();
    reply.garbled("x");
    reply.end();
    assert_eq!(reply.end(), (Outcome::Truncated, Answered::default()));
}

#[test]
fn events_that_repeat_are_heard_as_if_each_came_first() {
    let bare = |word: &str| delta(&format!(r#"{{"content":"{word}"}}"#));
    let finished = r#"{"choices":[{"index":0,"delta":{"content":"!"},"finish_reason":"stop"}]}"#.to_owned();
    let thought = delta(r#"{"content":"a","reasoning":"b"}"#);
    let events = [bare("Hi"), bare(" you"), bare(""), bare(r"\n"), bare(" there"), thought.clone(), thought, finished];
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let (outcome, answered, together) = stream(&events);
    let alone: Vec<Heard> = events.iter().map(|event| stream(&[event]).2[0]).collect();
    assert_eq!(together, alone);
    assert_eq!(outcome, Outcome::Ok);
    assert_eq!(answered.answer_hash, Some(hash(b"Hi you\n thereaa!")));
}

#[test]
fn what_one_stream_repeats_says_nothing_of_the_next() {
    let mut reply = Reply::default();
    let mut say = |model: &str| {
        let event = format!(r#"{{"model":"{model}","choices":[{{"delta":{{"content":"Hi"}}}}]}}"#);
        reply.event(Event { name: b"", data: event.as_bytes() });
        reply.end().1.model
    };
    assert_eq!([say("a"), say("a"), say("b")], ["a", "a", "b"].map(|model| Some(Box::from(model))));
}

#[test]
fn the_last_service_tier_that_is_named_stands_whether_streamed_or_not() {
    let tier = |answered: Answered| answered.service_tier;
    let (opens, closes) = (r#"{"service_tier":"auto","choices":[]}"#, r#"{"service_tier":"flex","choices":[]}"#);
    assert_eq!(tier(stream(&[opens, ANSWER, closes, FINISH, r#"{"service_tier":null}"#]).1).as_deref(), Some("flex"));
    assert_eq!(tier(stream(&[ANSWER, FINISH, "[DONE]"]).1), None);
    assert_eq!(tier(document(closes).1).as_deref(), Some("flex"));
    assert_eq!(tier(document(r#"{"service_tier":7}"#).1), None, "a tier that is no word is none");
}
