//! Workload files: recorded requests, one a line.

mod request;

pub use request::{BadLine, Body, Expect, Prompt, Request, Workload};
