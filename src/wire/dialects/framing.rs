//! Server-sent events however they are laid out, and what comes in their place.

use super::*;
use crate::wire::Framing;

/// The fixture says `On`, `e` and why it ends, and does no more than that.
fn says_one(name: &str, events: &str) {
    let answered = Answered { finish_reason: word("stop"), answer_hash: said("One"), ..Answered::default() };
    assert_eq!(stream(name), Told { events: events.into(), outcome: Outcome::Ok, answered }, "{name}");
}

#[test]
fn lines_end_in_lf_crlf_or_cr() {
    for end in ["lf", "crlf", "cr"] {
        says_one(&format!("lines_end_in_{end}"), "aapd");
    }
}

#[test]
fn no_space_after_the_colon_is_needed() {
    says_one("no_space_after_the_colon", "aapd");
}

#[test]
fn comments_and_blank_lines_are_no_events() {
    says_one("comments_and_blank_lines", "aapd");
}

#[test]
fn data_over_several_lines_is_one_event() {
    says_one("data_over_several_lines", "aad");
}

#[test]
fn event_id_and_retry_change_nothing() {
    says_one("event_id_and_retry", "a.apd");
}

#[test]
fn a_byte_order_mark_does_not_hide_the_first_event() {
    says_one("byte_order_mark", "aapd");
}

#[test]
fn done_may_be_absent_padded_or_followed_by_more() {
    says_one("done_absent", "aap");
    says_one("done_padded", "aapd");
    says_one("done_followed_by_more", "aapd....");
}

#[test]
fn no_blank_line_at_the_end_is_needed() {
    says_one("no_blank_line_at_the_end", "aapd");
}

#[test]
fn characters_of_many_bytes_are_one_answer_whether_escaped_or_not() {
    let told = stream("characters_of_many_bytes");
    assert_eq!((told.events.as_str(), told.outcome), ("aaad", Outcome::Ok));
    assert_eq!(told.answered.answer_hash, said("žluť🦊 狐🦊é"));
}

#[test]
fn a_stream_cut_short_within_an_event_is_truncated() {
    let answered = Answered { answer_hash: said("On"), ..Answered::default() };
    assert_eq!(stream("cut_short"), Told { events: "a.".into(), outcome: Outcome::Truncated, answered });
}

#[test]
fn a_stream_with_neither_finish_reason_nor_done_is_truncated() {
    let answered = Answered { answer_hash: said("One"), ..Answered::default() };
    let told = stream("neither_finish_reason_nor_done");
    assert_eq!(told, Told { events: "aa".into(), outcome: Outcome::Truncated, answered });
}

#[test]
fn broken_utf8_is_a_parse_error() {
    let told = stream("broken_utf8");
    assert_eq!((told.events.as_str(), told.outcome), ("ap.", Outcome::ParseError));
    assert_eq!(told.answered.answer_hash, said("On"));
}

#[test]
fn a_document_where_a_stream_was_asked_for_is_read_as_one() {
    assert_eq!(Framing::of(Some("application/json"), true), Framing::Document);
    let answered = Answered {
        usage: usage(4, 0, 3, 2),
        finish_reason: word("length"),
        model: word("small-1"),
        answer_hash: said("One"),
        ..Answered::default()
    };
    let told = document("document_where_a_stream_was_asked_for.json");
    assert_eq!(told, Told { events: "a".into(), outcome: Outcome::Ok, answered });
}

#[test]
fn a_page_of_a_proxy_is_no_reply_whatever_its_type_says() {
    assert_eq!(Framing::of(Some("text/html; charset=utf-8"), true), Framing::Foreign);
    assert_eq!(document("page_of_a_proxy.html").outcome, Outcome::ParseError);
    let as_stream = told([&fixture("page_of_a_proxy.html")[..]]);
    assert_eq!((as_stream.events.as_str(), as_stream.outcome), ("", Outcome::Truncated));
}
