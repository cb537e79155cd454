//! One chunk, or a whole completion, is read without a panic, and what it holds is sane.
#![no_main]

#[path = "../../tests/properties/chunk.rs"]
mod chunk;

libfuzzer_sys::fuzz_target!(|data: &[u8]| chunk::holds(data));
