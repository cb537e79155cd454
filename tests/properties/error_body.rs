//! What holds for any body of a failed reply.

use tollmark::wire::error_of_body;

/// It is read without a panic, and what is kept of it is bounded.
pub(crate) fn holds(body: &[u8]) {
    let error = error_of_body(body);
    assert!(error.message.chars().count() <= 300, "a message is cut");
    assert!(error.code.is_none_or(|code| code.chars().count() <= 300), "a code is cut");
}
