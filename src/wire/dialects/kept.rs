//! What is kept of a reply beside its meaning: its usage as it was written, and its words where it has none.

use super::*;

/// What is kept of the fixture `name` when its stream breaks off before the event with its first whole usage.
fn words_before_usage(name: &str) -> (String, String) {
    let bytes = fixture(&format!("{name}.sse"));
    let text = str::from_utf8(&bytes).unwrap();
    let usage = text.find(r#""usage":{"#).unwrap();
    let begin = text[..usage].rfind("data: ").unwrap();
    let (_, (_, answered)) = taken_in([&bytes[..begin]]);
    assert_eq!((answered.usage, answered.raw_usage), (None, None), "{name}");
    answered.words.map(|words| (words.answer + &words.calls, words.reasoning)).unwrap()
}

#[test]
fn a_usage_is_kept_as_it_was_written_wherever_it_stands_and_no_words_with_it() {
    for (name, raw) in [
        (
            "usage_does_not_add_up",
            r#"{"prompt_tokens":8,"completion_tokens":7,"total_tokens":250,"completion_tokens_details":{"reasoning_tokens":3}}"#,
        ),
        ("moonshot", r#"{"prompt_tokens":19,"completion_tokens":3,"total_tokens":22,"cached_tokens":19}"#),
        ("usage_empty_beside_a_whole_one", r#"{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}"#),
        ("vllm", r#"{"prompt_tokens":15,"completion_tokens":6,"total_tokens":21}"#),
    ] {
        assert_eq!(kept(name), (Some(raw.to_owned()), None), "{name}");
    }
    let (raw, words) = kept("xai");
    assert!(raw.unwrap().ends_with(r#","num_sources_used":0,"cost_in_usd_ticks":51810000}"#) && words.is_none());
}

#[test]
fn every_usage_of_the_fixtures_reads_as_what_was_made_of_it() {
    for name in streams() {
        let (_, (_, answered)) = taken_in([&fixture(&name)[..]]);
        let read = answered.raw_usage.as_deref().map(|raw| {
            let fields: crate::wire::UsageFields<'_> = serde_json::from_str(raw).unwrap();
            fields.normalised().map(|(usage, _)| usage)
        });
        assert_eq!(read.flatten(), answered.usage, "{name}");
    }
}

#[test]
fn a_reply_without_usage_keeps_its_words() {
    for name in ["usage_absent", "usage_null_throughout"] {
        assert_eq!(kept(name), (None, Some(("One".to_owned(), String::new()))), "{name}");
    }
    assert_eq!(kept("nothing_generated").1, None);
}

#[test]
fn reasoning_is_kept_apart_and_once_in_whichever_field_it_stands() {
    for (name, answer, reasoning) in [
        ("deepseek", "4", "Two and two."),
        ("openrouter", "A lamp.", "First"),
        ("mistral", "Ten birds", "Let me see."),
        ("groq", "North.", "Weigh it."),
        ("tool_call", "lookup{\"port\": 80}", ""),
    ] {
        assert_eq!(words_before_usage(name), (answer.to_owned(), reasoning.to_owned()), "{name}");
    }
}

#[test]
fn nothing_of_a_reply_is_left_for_the_next_one() {
    let mut reply = Reply::default();
    let event = |text: &'static str| crate::wire::Event { name: b"", data: text.as_bytes() };
    reply.event(event(r#"{"choices":[{"delta":{"content":"old"}}],"usage":{"prompt_tokens":1}}"#));
    let (_, answered) = reply.end();
    assert_eq!(answered.raw_usage.as_deref(), Some(r#"{"prompt_tokens":1}"#), "kept though no count is whole");
    assert_eq!(answered.words.unwrap().answer, "old");
    reply.event(event(r#"{"choices":[{"delta":{"content":"new"}}]}"#));
    let (_, answered) = reply.end();
    assert_eq!((answered.raw_usage, answered.words.unwrap().answer.as_str()), (None, "new"));
}

#[test]
fn words_that_are_to_be_kept_are_kept_beside_a_usage_and_for_one_reply_alone() {
    let mut reply = Reply::default();
    let event = |text: &'static str| crate::wire::Event { name: b"", data: text.as_bytes() };
    let counted = r#"{"choices":[{"delta":{"content":"Yes"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
    let mut said = |keep: bool| {
        reply.keep_words(keep);
        reply.event(event(counted));
        reply.end().1.words.map(|words| words.answer)
    };
    assert_eq!([said(true), said(false)], [Some("Yes".to_owned()), None]);
}

#[test]
fn a_usage_of_another_shape_is_no_usage_and_no_failure() {
    let mut reply = Reply::default();
    let whole = br#"{"choices":[{"message":{"content":"Yes"},"finish_reason":"stop"}],"usage":["none"]}"#;
    reply.document(whole);
    let (outcome, answered) = reply.end();
    assert_eq!((outcome, answered.usage), (Outcome::Ok, None));
    assert_eq!(answered.raw_usage.as_deref(), Some(r#"["none"]"#));
}
