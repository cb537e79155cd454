//! Choices, deltas, content and usage in every state of being there.

use super::*;
use crate::wire::Sum;

/// What was told, where the finish reason is `stop` and no model is named.
fn ok(events: &str, answer: &str, usage: Option<Usage>) -> Told {
    let answered = Answered { usage, finish_reason: word("stop"), answer_hash: said(answer), ..Answered::default() };
    Told { events: events.into(), outcome: Outcome::Ok, answered }
}

#[test]
fn choices_may_be_empty_null_or_missing_at_any_place() {
    assert_eq!(stream("choices_empty_null_missing"), ok(".....a.apd", "One", usage(5, 0, 2, 0)));
}

#[test]
fn a_delta_may_be_missing_null_or_empty() {
    assert_eq!(stream("delta_missing_null_empty"), ok("...apd", "One", None));
}

#[test]
fn content_may_be_null_empty_text_or_a_list() {
    assert_eq!(stream("content_null_empty_text_list"), ok("....aaarpd", "One!", None));
}

#[test]
fn unknown_fields_may_stand_anywhere() {
    assert_eq!(stream("unknown_fields_anywhere"), ok("apd", "One", usage(3, 0, 1, 0)));
}

#[test]
fn id_model_and_created_may_be_empty() {
    assert_eq!(stream("id_model_and_created_empty"), ok("apd", "One", None));
}

#[test]
fn the_first_model_named_is_the_one_that_answers() {
    let told = stream("model_named_late");
    assert_eq!((told.events.as_str(), told.answered.model), (".apd", word("route-a")));
}

#[test]
fn a_tool_call_is_an_answer_from_its_first_argument_on() {
    let answered = Answered { usage: usage(40, 0, 14, 0), finish_reason: word("tool_calls"), ..Answered::default() };
    assert_eq!(stream("tool_call"), Told { events: "..aappd".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn a_refusal_in_words_is_an_answer() {
    assert_eq!(stream("refusal_in_words"), ok(".apd", "No.", None));
}

#[test]
fn a_content_filter_refuses() {
    let told = stream("content_filter");
    assert_eq!((told.events.as_str(), told.outcome), ("appd", Outcome::Refused));
    assert_eq!((told.answered.usage, told.answered.error), (usage(7, 0, 1, 0), None));
}

#[test]
fn a_reply_with_nothing_generated_is_empty() {
    let told = stream("nothing_generated");
    assert_eq!((told.events.as_str(), told.outcome), (".ppd", Outcome::Empty));
    assert_eq!((told.answered.usage, told.answered.answer_hash), (usage(7, 0, 0, 0), None));
}

#[test]
fn absent_usage_is_absent_and_not_zero() {
    assert_eq!(stream("usage_absent"), ok("apd", "One", None));
    assert_eq!(stream("usage_null_throughout"), ok("apd", "One", None));
}

#[test]
fn an_empty_usage_does_not_hide_a_whole_one() {
    assert_eq!(stream("usage_empty_beside_a_whole_one"), ok("apd", "One", usage(3, 0, 1, 0)));
}

#[test]
fn usage_that_does_not_add_up_trusts_the_completion_and_is_marked() {
    let told = stream("usage_does_not_add_up");
    assert_eq!((told.answered.usage, told.answered.usage_sum), (usage(8, 0, 7, 3), Sum::Off));
}

#[test]
fn cached_tokens_beside_the_prompt_are_added_to_it() {
    assert_eq!(stream("cached_beside_the_prompt"), ok("appd", "One", usage(108, 100, 1, 0)));
}
