//! The wire: server-sent events and the chat-completions dialects; bytes in, events out, no I/O.

mod chat;
mod dollars;
mod error_body;
mod framing;
mod raw_usage;
mod refrain;
mod reply;
mod reset_after;
mod retry_after;
mod spoken;
mod sse;
mod text;
mod usage;

#[cfg(test)]
mod dialects;

pub use chat::{Choice, Chunk, Delta, FirstChoice, Function, ToolCall, UsageHolder};
pub use error_body::{capped, error_of_body};
pub use framing::Framing;
pub use reply::{Answered, Heard, Reply};
pub use reset_after::reset_after;
pub use retry_after::retry_after;
pub use sse::{EVENT_CAP, Event, EventParser, EventTooLong};
pub use text::{Content, Part, Text};
pub use usage::{Reported, Sum, UsageFields};
