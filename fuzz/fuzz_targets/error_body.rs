//! An error body is read without a panic, and what is kept of it is bounded.
#![no_main]

#[path = "../../tests/properties/error_body.rs"]
mod error_body;

libfuzzer_sys::fuzz_target!(|body: &[u8]| error_body::holds(body));
