//! What the fuzz targets under `fuzz/` hold, on bytes that proptest makes up: the same functions, without a fuzzer.
//!
//! `PROPTEST_CASES` says how many; `.ci/run` asks for many where it cannot fuzz.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[path = "../properties/chunk.rs"]
mod chunk;
#[path = "../properties/error_body.rs"]
mod error_body;
#[path = "../properties/sse.rs"]
mod sse;

/// What streams and documents are made of, so that made-up bytes come past the first few lines of a parser.
const PIECES: &[&str] = &[
    "data:",
    "data: ",
    "event: error",
    "event:",
    "id: 1",
    "retry: 9",
    ": note",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\u{feff}",
    "[DONE]",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    " ",
    "null",
    "true",
    "0",
    "7",
    "-1",
    "1e999",
    "18446744073709551616",
    "\"choices\":[{\"delta\":{",
    "}}]",
    "\"delta\":null",
    "\"message\":{",
    "\"content\":\"hi\"",
    "\"content\":null",
    "\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]",
    "\"reasoning_content\":\"hm\"",
    "\"reasoning\":\"hm\"",
    "\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]",
    "\"finish_reason\":\"stop\"",
    "\"finish_reason\":\"error\"",
    "\"usage\":{",
    "\"prompt_tokens\":3",
    "\"completion_tokens\":5",
    "\"total_tokens\":9",
    "\"cached_tokens\":4",
    "\"prompt_tokens_details\":{",
    "\"completion_tokens_details\":{",
    "\"reasoning_tokens\":6",
    "\"cost\":0.1",
    "\"cost\":-1",
    "\"cost_in_usd_ticks\":5",
    "\"error\":{",
    "\"error\":\"no\"",
    "\"code\":429",
    "\"code\":\"busy\"",
    "\"message\":\"no\"",
    "\"detail\":",
    "\"object\":\"error\"",
    "\\u0000",
    "\\ud800",
    "é",
];

/// Pieces in any order, with bytes of any kind among them.
fn patchwork() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..4),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// A recorded reply with some bytes taken out and others put in.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wire");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let damage = vec((any::<Index>(), 0_usize..6, vec(any::<u8>(), 0..6)), 0..6);
    (select(files), damage).prop_map(|(file, damage)| {
        let mut bytes = fs::read(file).unwrap();
        for (place, removed, added) in damage {
            let start = place.index(bytes.len() + 1);
            let end = (start + removed).min(bytes.len());
            bytes.splice(start..end, added);
        }
        bytes
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..200), patchwork(), damaged()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_tells_the_same_in_reads_of_any_size(size in any::<u8>(), stream in bytes()) {
        sse::holds(&[&[size][..], &stream].concat());
    }

    #[test]
    fn any_chunk_is_read_and_what_it_holds_is_sane(data in bytes()) {
        chunk::holds(&data);
    }

    #[test]
    fn any_error_body_is_read_and_what_is_kept_is_bounded(body in bytes()) {
        error_body::holds(&body);
    }
}
