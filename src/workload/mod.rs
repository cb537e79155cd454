//! Workload files: recorded requests, one a line.

mod body;
mod built_in;
mod check;
mod expect;
mod fields;
mod inspect;
mod line;
mod read;
mod request;
mod rest;
mod schema;
mod synthetic;
mod tokens;

pub use check::{Check, tier_named};
pub use inspect::{Blocks, Figures, Spread, check_text, inspect, inspect_text};
pub use read::{BadLines, WorkloadError};
pub use request::{BadLine, Body, Expect, Lengths, Prompt, Request, Workload};
pub use rest::{Rest, opening, text_offset};
pub use synthetic::Synthetic;
pub use tokens::{answer_tokens_at_most, prompt_tokens, prompt_tokens_at_most, text_tokens};
