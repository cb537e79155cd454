use proptest::prelude::*;

use super::*;

/// The events of a stream that arrives in `reads`, as `name|data`, and the error that ended it.
fn events_of<'a>(reads: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Option<EventTooLong>) {
    let mut events = Vec::new();
    let mut parser = EventParser::default();
    let mut keep = |event: Event<'_>| {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        events.push(format!("{}|{}", text(event.name), text(event.data)));
    };
    for read in reads {
        if let Err(error) = parser.feed(read, &mut keep) {
            return (events, Some(error));
        }
    }
    let end = parser.finish(&mut keep).err();
    (events, end)
}

fn whole(stream: &str) -> Vec<String> {
    events_of([stream.as_bytes()]).0
}

#[test]
fn lines_end_in_lf_crlf_or_cr() {
    for stream in ["data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n", "data: a\r\rdata: b\r\r"] {
        assert_eq!(whole(stream), ["|a", "|b"], "{stream:?}");
    }
}

#[test]
fn a_crlf_split_over_two_reads_ends_one_line() {
    let reads: [&[u8]; 4] = [b"data: a\r", b"\ndata: b\r\n\r", b"\n", b"data: c\n\n"];
    assert_eq!(events_of(reads).0, ["|a\nb", "|c"]);
}

#[test]
fn the_space_after_the_colon_is_optional_and_only_one_is_dropped() {
    assert_eq!(whole("data:a\n\ndata:  b\n\ndata\n\n"), ["|a", "| b", "|"]);
}

#[test]
fn comments_and_blank_lines_may_stand_anywhere() {
    assert_eq!(whole("\n\n: OPENROUTER PROCESSING\n\ndata: a\n: keep-alive\n\n\n:\n\ndata: b\n\n"), ["|a", "|b"]);
}

#[test]
fn data_lines_are_joined_by_a_newline() {
    assert_eq!(whole("data: a\ndata: b\ndata:\n\n"), ["|a\nb\n"]);
}

#[test]
fn an_event_name_belongs_to_its_event_alone() {
    assert_eq!(whole("event: error\ndata: a\n\ndata: b\n\nevent: x\n\ndata: c\n\n"), ["error|a", "|b", "|c"]);
}

#[test]
fn id_retry_and_unknown_fields_are_passed_over() {
    assert_eq!(whole("id: 1\nretry: 10\ndatabase: x\ndata: a\n\n"), ["|a"]);
}

#[test]
fn json_without_a_field_name_is_an_event_of_its_own_and_nothing_within_another() {
    assert_eq!(whole("{\"x\":1}"), ["|{\"x\":1}"]);
    assert_eq!(
        whole("data: a\n\n{\n  \"x\": [\n1,\n2\n  ]\n}\n\ndata: b\n\n"),
        ["|a", "|{\n  \"x\": [\n1,\n2\n  ]\n}", "|b"]
    );
    assert_eq!(whole("data: a\n{\"x\":1}\n\n[1]\n\n \n"), ["|a"]);
}

#[test]
fn a_byte_order_mark_opens_the_stream_only() {
    assert_eq!(whole("\u{feff}data: a\n\n\u{feff}data: b\n\n"), ["|a"]);
}

#[test]
fn the_last_event_needs_no_blank_line() {
    assert_eq!(whole("data: a\n\ndata: [DONE]"), ["|a", "|[DONE]"]);
    assert_eq!(whole("data: a\n\ndata: [DONE]\n"), ["|a", "|[DONE]"]);
}

#[test]
fn an_event_within_one_read_is_not_copied() {
    let read = b"data: first\n\n".to_vec();
    let mut parser = EventParser::default();
    let mut borrowed = false;
    parser.feed(&read, |event| borrowed = read.as_ptr_range().contains(&event.data.as_ptr())).unwrap();
    assert!(borrowed);
}

#[test]
fn an_event_over_the_cap_is_an_error_and_one_at_the_cap_is_not() {
    let of_length = |length: usize| format!("data: a\n\ndata:{}\n\n", "x".repeat(length - 5));
    assert_eq!(events_of([of_length(EVENT_CAP).as_bytes()]).1, None);
    assert_eq!(events_of([of_length(EVENT_CAP + 1).as_bytes()]), (vec!["|a".to_owned()], Some(EventTooLong)));
    let long = of_length(EVENT_CAP + 1);
    assert_eq!(events_of(long.as_bytes().chunks(4096)), (vec!["|a".to_owned()], Some(EventTooLong)));
    let joined = format!("data:{0}\ndata:{0}\n\n", "x".repeat(EVENT_CAP / 2));
    assert_eq!(events_of([joined.as_bytes()]).1, Some(EventTooLong));
}

#[test]
fn a_cleared_parser_knows_nothing_of_the_last_stream() {
    let mut parser = EventParser::default();
    parser.feed(b"event: error\ndata: a\ndata: half", |_| panic!("nothing ended")).unwrap();
    parser.clear();
    let mut seen = 0;
    parser
        .feed("\u{feff}data: b\n\n".as_bytes(), |event| {
            assert_eq!((event.name, event.data), (&b""[..], &b"b"[..]));
            seen += 1;
        })
        .unwrap();
    assert_eq!(seen, 1);
}

proptest! {
    #[test]
    fn any_cut_of_the_bytes_into_reads_gives_the_same_events(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "data: ", "data:", "data", "event: error", "event:", ":", " ", "a", "é", "\u{feff}", "{\"x\":1}", "{", "}", "[DONE]",
                "\n", "\n", "\n\n", "\r", "\r\n", "\r\n\r\n", "id: 7", "x",
            ]),
            0..40,
        ),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let stream = pieces.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let reads = cuts.windows(2).map(|cut| &stream.as_bytes()[cut[0]..cut[1]]);
        prop_assert_eq!(events_of(reads), events_of([stream.as_bytes()]));
    }
}
