//! A stream tells the same however it is cut into reads. The first byte of the input is the size of a read, less one.
#![no_main]

#[path = "../../tests/properties/sse.rs"]
mod sse;

libfuzzer_sys::fuzz_target!(|input: &[u8]| sse::holds(input));
