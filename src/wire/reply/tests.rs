use super::*;
use crate::wire::sse::EventParser;

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
fn openai_opens_with_an_empty_role_chunk_and_ends_with_usage_without_choices() {
    let (outcome, answered, heard) = stream(&[
        r#"{"id":"c","model":"gpt-5-2026","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x1"}"#,
        r#"{"id":"c","model":"gpt-5-2026","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}],"usage":null}"#,
        r#"{"id":"c","model":"gpt-5-2026","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}],"usage":null}"#,
        r#"{"id":"c","model":"gpt-5-2026","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
        r#"{"id":"c","model":"gpt-5-2026","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#,
        "[DONE]",
    ]);
    assert_eq!(outcome, Outcome::Ok);
    assert_eq!(heard.iter().map(|heard| heard.token).collect::<Vec<_>>(), [false, true, true, false, false, false]);
    assert!(!heard[0].payload && heard[3].payload && heard[4].payload && heard[5].done);
    assert_eq!(answered.usage, Some(Usage { input: 9, cached_input: 0, output: 2, reasoning: 0 }));
    assert_eq!(answered.finish_reason.as_deref(), Some("stop"));
    assert_eq!(answered.model.as_deref(), Some("gpt-5-2026"));
    assert_eq!(answered.answer_hash, Some(hash(b"Hello")));
    assert_eq!(answered.error, None);
}

#[test]
fn azure_opens_without_choices_and_without_a_model() {
    let (outcome, answered, heard) = stream(&[
        r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#,
        ANSWER,
        FINISH,
        "[DONE]",
    ]);
    assert_eq!((outcome, answered.model), (Outcome::Ok, None));
    assert_eq!(heard[0], Heard::default());
}

#[test]
fn deepseek_reasons_beside_null_content_and_reports_usage_on_the_finish_chunk() {
    assert_eq!(heard(r#"{"content":null,"reasoning_content":"Hm"}"#), (true, false));
    assert_eq!(heard(r#"{"content":null,"reasoning_content":""}"#), (false, false));
    let (outcome, answered, _) = stream(&[
        &delta(r#"{"content":"4","reasoning_content":null}"#),
        r#"{"choices":[{"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10,"prompt_cache_hit_tokens":5}}"#,
        "[DONE]",
    ]);
    assert_eq!(outcome, Outcome::Ok);
    assert_eq!(answered.usage, Some(Usage { input: 7, cached_input: 5, output: 3, reasoning: 0 }));
    assert_eq!(
        document("\n\n\n{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}").0,
        Outcome::Ok
    );
}

#[test]
fn a_provider_out_of_resources_did_not_answer() {
    let finish = FINISH.replace("stop", "insufficient_system_resource");
    let (outcome, answered, _) = stream(&[ANSWER, &finish, "[DONE]"]);
    assert_eq!(outcome, Outcome::StreamError);
    assert_eq!(answered.error.unwrap().code.as_deref(), Some("insufficient_system_resource"));
}

#[test]
fn vllm_reasons_under_another_name_and_its_running_usage_is_replaced() {
    assert_eq!(heard(r#"{"reasoning":"Hm"}"#), (true, false));
    let running = |tokens: u32| {
        format!(
            r#"{{"choices":[{{"delta":{{"content":"x"}}}}],"usage":{{"prompt_tokens":4,"completion_tokens":{tokens},"total_tokens":{}}}}}"#,
            tokens + 4
        )
    };
    let (_, answered, _) = stream(&[&running(1), &running(2), &running(3), ANSWER, "[DONE]"]);
    assert_eq!(answered.usage.unwrap().output, 3);
}

#[test]
fn groq_repeats_usage_in_an_extension_and_names_its_error_events() {
    let usage =
        r#"{"choices":[],"x_groq":{"id":"r","usage":{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5}}}"#;
    assert_eq!(stream(&[ANSWER, FINISH, usage]).1.usage.unwrap().input, 4);

    let mut reply = Reply::default();
    let mut parser = EventParser::default();
    let body = format!(
        "data: {ANSWER}\n\nevent: error\ndata: {{\"error\":{{\"message\":\"over capacity\",\"code\":503}}}}\n\n"
    );
    parser.feed(body.as_bytes(), |event| _ = reply.event(event)).unwrap();
    let (outcome, answered) = reply.end();
    let error = answered.error.unwrap();
    assert_eq!(
        (outcome, error.code.as_deref(), error.message.as_str()),
        (Outcome::StreamError, Some("503"), "over capacity")
    );
}

#[test]
fn openrouter_puts_an_error_beside_choices_and_usage() {
    let (outcome, answered, _) = stream(&[
        ANSWER,
        r#"{"error":{"code":"server_error","message":"disconnected"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
    ]);
    assert_eq!((outcome, answered.error.unwrap().message.as_str()), (Outcome::StreamError, "disconnected"));
    let null = r#"{"error":null,"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}"#;
    assert_eq!(stream(&[null]).0, Outcome::Ok);
}

#[test]
fn moonshot_keeps_usage_in_its_choice() {
    let finish = r#"{"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"cached_tokens":2}}]}"#;
    assert_eq!(stream(&[ANSWER, finish]).1.usage, Some(Usage { input: 3, cached_input: 2, output: 1, reasoning: 0 }));
}

#[test]
fn mistral_lists_thoughts_and_text() {
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
