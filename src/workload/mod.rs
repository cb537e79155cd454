//! Workload files: recorded requests, one a line.

mod body;
mod built_in;
mod expect;
mod fields;
mod inspect;
mod line;
mod read;
mod request;
mod tokens;

pub use inspect::{Figures, Spread, check_text, inspect, inspect_text};
pub use read::{BadLines, WorkloadError};
pub use request::{BadLine, Body, Expect, Prompt, Request, Workload};
pub use tokens::{prompt_tokens, prompt_tokens_at_most};
