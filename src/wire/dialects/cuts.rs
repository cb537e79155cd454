//! What must hold for any bytes, cut into reads in any way. The fuzz targets under `fuzz/` hold the like.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::wire::{error_of_body, reset_after, retry_after};

/// `bytes` in the reads that `cuts` make of them.
fn cut<'b>(bytes: &'b [u8], cuts: &[Index]) -> Vec<&'b [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|place| &bytes[place[0]..place[1]]).collect()
}

/// Reads `bytes` as a document and as the body of an error.
fn document_and_error(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut reply = Reply::default();
    let heard = reply.document(bytes);
    prop_assert!(heard.payload || !heard.token);
    let (outcome, answered) = reply.end();
    prop_assert_ne!(outcome, Outcome::Truncated, "a document that was read to its end is whole");
    if let Some(usage) = answered.usage {
        prop_assert!(usage.cached_input <= usage.input && usage.reasoning <= usage.output, "{usage:?}");
    }
    let error = error_of_body(bytes);
    prop_assert!(error.message.chars().count() <= 300);
    prop_assert!(error.code.is_none_or(|code| code.chars().count() <= 300));
    Ok(())
}

#[test]
fn every_fixture_tells_the_same_byte_by_byte() {
    let names = streams();
    assert!(names.len() > 50, "the fixtures are found: {names:?}");
    for name in names {
        let bytes = fixture(&name);
        assert_eq!(told(bytes.chunks(1)), told([&bytes[..]]), "{name}");
    }
}

proptest! {
    #[test]
    fn any_cut_of_a_fixture_into_reads_tells_the_same(
        name in select(streams()),
        cuts in prop::collection::vec(any::<Index>(), 0..16),
    ) {
        let bytes = fixture(&name);
        prop_assert_eq!(told(cut(&bytes, &cuts)), told([&bytes[..]]), "{}", name);
    }

    #[test]
    fn a_damaged_fixture_ends_in_a_verdict_that_no_cut_changes(
        name in select(streams()),
        damage in prop::collection::vec((any::<Index>(), 0_usize..4, prop::collection::vec(any::<u8>(), 0..4)), 1..6),
        cuts in prop::collection::vec(any::<Index>(), 0..16),
    ) {
        let mut bytes = fixture(&name);
        for (place, removed, added) in damage {
            let start = place.index(bytes.len() + 1);
            let end = (start + removed).min(bytes.len());
            bytes.splice(start..end, added);
        }
        prop_assert_eq!(told(cut(&bytes, &cuts)), told([&bytes[..]]), "{}", name);
    }

    #[test]
    fn any_bytes_end_in_a_verdict_that_no_cut_changes(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(any::<Index>(), 0..16),
    ) {
        prop_assert_eq!(told(cut(&bytes, &cuts)), told([&bytes[..]]));
    }

    #[test]
    fn any_bytes_are_a_document_or_an_error_body_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        document_and_error(&bytes)?;
    }

    #[test]
    fn a_damaged_document_is_read_without_a_panic(place in any::<Index>(), byte in any::<u8>()) {
        for name in ["document_where_a_stream_was_asked_for.json", "error_inside_a_200.json"] {
            let mut bytes = fixture(name);
            let place = place.index(bytes.len());
            bytes[place] = byte;
            document_and_error(&bytes)?;
        }
    }

    #[test]
    fn any_counts_give_parts_no_larger_than_their_wholes(counts in prop::array::uniform5(prop::option::of(0_u64..12))) {
        let keys = ["prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens"];
        let fields = keys.iter().zip(counts).map(|(key, count)| {
            format!("\"{key}\":{}", count.map_or("null".to_owned(), |count| count.to_string()))
        });
        let fields = fields.collect::<Vec<_>>().join(",");
        document_and_error(format!("{{\"usage\":{{{fields}}}}}").as_bytes())?;
    }

    #[test]
    fn any_text_of_a_header_is_a_wait_or_none_without_a_panic(text in "\\PC{0,20}|[0-9.]{0,8}(h|m|s|ms)[0-9.]{0,8}s?") {
        retry_after(Some(&text), Some(&text), Some(&text));
        reset_after(&text);
    }
}
