//! What is reported is what the server did.

use crate::sandbox::{Sandbox, rows};

/// A law without chance in its shape: every request takes the same time, so that quantiles are known exactly.
const CONSTANT: &str = r#"
schema = 1
client = "us-west-2"
[default]
ttft = { kind = "constant", median_ms = 40 }
ms_per_token = { kind = "constant", median_ms = 2 }
answer_tokens = { kind = "constant", median = 20 }
"#;

fn number(row: &std::collections::BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("`{column}` is `{}`", row[column]))
}

/// The nearest-rank quantile, written again here so that the program is not its own witness.
fn quantile(mut values: Vec<f64>, q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(q * values.len() as f64).ceil() as usize - 1]
}
