//! What has no end takes no memory without end.

use std::process::Command;

use crate::sandbox::{Sandbox, rows};

/// The replies that flood the client as fast as it reads, and one too large to be an answer.
const LAW: &str = r#"
schema = 1
client = "us-west-2"
[default]
ttft = { kind = "constant", median_ms = 1 }
ms_per_token = { kind = "constant", median_ms = 1 }
answer_tokens = { median = 2, p99 = 2 }
[[fault]]
kind = "endless_line"
ratio = 0.5
[[fault]]
kind = "endless_headers"
ratio = 0.5
"#;

/// Address space for the whole program, of which it takes a third to start. A reply that were kept whole would fill
/// the rest in seconds.
const KIBIBYTES: &str = "1500000";

fn flooded(stream: &str) {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", LAW);
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    let program = env!("CARGO_BIN_EXE_tollmark");
    let mut command = Command::new("sh");
    let limited = format!("ulimit -v {KIBIBYTES} && exec \"$0\" \"$@\"");
    command.current_dir(sandbox.path("")).args(["-c", &limited, program, "run", "--base-url", &simulated.base_url]);
    command.args(["--model", "m", "--stream", stream, "--concurrency", "4", "--rounds", "1", "--warmup", "0"]);
    let ran = sandbox.finish(command.args(["--requests-per-cell", "24"])).exits_with(5);
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    assert_eq!(cells[0]["outcomes"], "parse_error=24", "{ran}");
}

#[test]
fn a_stream_without_end_is_given_up_before_it_fills_the_memory() {
    flooded("true");
}

#[test]
fn a_reply_in_one_piece_without_end_is_given_up_before_it_fills_the_memory() {
    flooded("false");
}
