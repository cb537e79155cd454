//! Errors inside replies that began as a success.

use super::*;

/// A stream error with what the provider said, after one chunk of an answer.
fn after_one(code: Option<&str>, message: &str) -> Told {
    let answered = Answered { answer_hash: said("One"), error: error(code, message), ..Answered::default() };
    Told { events: "ap".into(), outcome: Outcome::StreamError, answered }
}

/// A stream error with what the provider said, and nothing else.
fn alone(events: &str, code: &str, message: &str) -> Told {
    let answered = Answered { error: error(Some(code), message), ..Answered::default() };
    Told { events: events.into(), outcome: Outcome::StreamError, answered }
}

#[test]
fn an_error_code_is_a_string_a_number_or_null() {
    assert_eq!(stream("error_code_is_a_string"), after_one(Some("engine_overloaded"), "no room"));
    assert_eq!(stream("error_code_is_a_number"), after_one(Some("503"), "no room"));
    assert_eq!(stream("error_code_is_null"), after_one(Some("server_error"), "no room"));
}

#[test]
fn an_error_is_bare_text_or_an_object_without_wrapper() {
    assert_eq!(stream("error_is_bare_text"), after_one(None, "no room"));
    assert_eq!(stream("error_object_without_wrapper"), alone("p.", "400", "too long"));
}

#[test]
fn a_null_error_on_every_chunk_is_none() {
    let told = stream("error_null_on_every_chunk");
    assert_eq!((told.events.as_str(), told.outcome, told.answered.error), ("apd", Outcome::Ok, None));
}

#[test]
fn an_error_before_any_token_is_a_stream_error() {
    assert_eq!(stream("error_before_any_token"), alone("p", "model_not_ready", "no room"));
}

#[test]
fn an_error_that_no_field_name_stands_before_is_a_stream_error() {
    assert_eq!(stream("error_without_data_field"), alone("p", "engine_overloaded", "no room"));
    let told = stream("error_over_several_lines_without_data_field");
    assert_eq!(told, after_one(Some("engine_overloaded"), "no room"));
}

#[test]
fn an_error_inside_a_200_is_a_stream_error() {
    // The reply of a document is done with its one event, and says nothing of why.
    assert_eq!(document("error_inside_a_200.json"), alone("d", "engine_overloaded", "no room"));
}
