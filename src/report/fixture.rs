//! A small run for the tests of reports: one cell of each kind that a report must treat differently.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::report::parts::{Chart, Judged, Parts, Word};
use crate::rundir::Run;
use crate::units::Micros;

/// The model whose name tries to be markup, a table border and a terminal command at once.
pub(crate) const HOSTILE: &str = "<script>alert(\"x\")</script>|`a`\u{1b}[31m & ü🚀";

/// Meets, meets, too few requests to tell, an invalid one with a hostile name, and one in which all failed.
pub(crate) fn run() -> Run {
    run_of(vec![
        json!({ "cell": "p/qwen3-8b/us-west-2/autocomplete/c16", "model": "qwen3-8b", "region": "us-west-2", "tier": 0,
            "requests": 600, "ok": 600, "failed": 0, "outcomes": "ok=600",
            "ttft_p50_ms": "61.2", "ttft_p99_ms": "95", "ttft_p99_low_ms": "90", "ttft_p99_high_ms": "99.5",
            "e2e_p50_ms": "102.4", "e2e_p99_ms": "184.042", "e2e_p99_low_ms": "176", "e2e_p99_high_ms": "193",
            "e2e_max_ms": "201", "cost_usd": "0.00132", "all_prices_known": true,
            "list_input_usd_per_mtok": "0.01", "list_output_usd_per_mtok": "0.01",
            "effective_output_usd_per_mtok": "0.0732" }),
        json!({ "cell": "p/step-3.5-flash/us-east-1/autocomplete/c16", "model": "step-3.5-flash",
            "region": "us-east-1", "tier": 1, "requests": 600, "ok": 599, "failed": 1,
            "outcomes": "ok=599;rate_limited=1", "ttft_p50_ms": "88", "ttft_p99_ms": "203", "ttft_p99_low_ms": "190",
            "ttft_p99_high_ms": "220", "e2e_p50_ms": "180", "e2e_p99_ms": "410", "e2e_p99_low_ms": "398",
            "e2e_p99_high_ms": "431", "e2e_max_ms": "460", "cost_usd": "0.0162", "all_prices_known": true,
            "list_input_usd_per_mtok": "0.13", "list_output_usd_per_mtok": "0.15",
            "effective_output_usd_per_mtok": "0.54" }),
        json!({ "cell": "p/deepseek-v4-pro/eu-west-1/autocomplete/c16", "model": "deepseek-v4-pro",
            "region": "eu-west-1", "tier": 3, "requests": 200, "ok": 199, "failed": 1,
            "outcomes": "ok=199;timeout_idle=1", "ttft_p50_ms": "640", "ttft_p99_ms": "1430",
            "ttft_p99_low_ms": "1200", "ttft_p99_high_ms": "inf", "e2e_p50_ms": "1903.5", "e2e_p99_ms": "9204.1",
            "e2e_p99_low_ms": "8120", "e2e_p99_high_ms": "inf", "e2e_max_ms": "10400", "cost_usd": "0.0312",
            "all_prices_known": true, "list_input_usd_per_mtok": "0.57", "list_output_usd_per_mtok": "0.78",
            "effective_output_usd_per_mtok": "1.91" }),
        json!({ "cell": "p/hostile/eu-west-1/autocomplete/c16", "model": HOSTILE, "region": "eu-west-1", "tier": 1,
            "valid": false, "requests": 600, "ok": 590, "failed": 10, "outcomes": "ok=590;rate_limited=10",
            "rate_limited": 10, "e2e_p50_ms": "300", "e2e_p99_ms": "800", "e2e_p99_low_ms": "700",
            "e2e_p99_high_ms": "inf", "e2e_max_ms": "900", "cost_usd": "0.05", "all_prices_known": false,
            "list_output_usd_per_mtok": "0.56" }),
        json!({ "cell": "p/glm-4-9b/autocomplete/c16", "model": "glm-4-9b", "valid": false, "requests": 50, "ok": 0,
            "failed": 50, "outcomes": "connect=50" }),
    ])
}

/// What stands beside [`run`].
pub(crate) fn parts() -> Parts<'static> {
    const fn judged(word: Word, limit_ms: u32) -> Option<Judged> {
        Some(Judged { word, limit: Micros(limit_ms * 1000) })
    }
    const STANDINGS: &[Option<Judged>] = &[
        judged(Word::Meets, 200),
        judged(Word::Meets, 500),
        judged(Word::CannotTell, 10_000),
        judged(Word::Misses, 500),
        None,
    ];
    Parts {
        headline: "Cheapest meeting its tier's p99, simulated: tier 0 qwen3-8b $0.01 · tier 1 step-3.5-flash $0.15.",
        standings: STANDINGS,
        sweeps: &[],
        bill: None,
        charts: &[Chart {
            title: "Cost against latency",
            svg: "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 10 10\" role=\"img\">\
                  <style>.cl-ink { fill: #1f2328; }</style><circle class=\"cl-ink\" cx=\"5\" cy=\"5\" r=\"4\"/></svg>",
        }],
    }
}

/// A run of `models` models in four regions, with every figure present and a failure here and there.
pub(crate) fn large_run(models: usize) -> Run {
    let regions = ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-1"];
    let rows = (0..models * regions.len()).map(|index| {
        let (model, region) = (format!("vendor-model-{:03}", index / 4), regions[index % 4]);
        let p50 = 150 + index % 97 * 9;
        json!({ "cell": format!("p/{model}/{region}/autocomplete/c16"), "model": model, "region": region,
            "tier": index / 4 % 4, "requests": 600, "ok": 597, "failed": 3, "outcomes": "ok=597;timeout_idle=3",
            "ttft_p50_ms": (p50 / 2).to_string(), "ttft_p99_ms": p50.to_string(),
            "ttft_p99_low_ms": (p50 - 9).to_string(), "ttft_p99_high_ms": (p50 + 11).to_string(),
            "e2e_p50_ms": p50.to_string(), "e2e_p99_ms": (p50 * 2).to_string(),
            "e2e_p99_low_ms": (p50 * 2 - 20).to_string(), "e2e_p99_high_ms": (p50 * 2 + 31).to_string(),
            "e2e_max_ms": (p50 * 3).to_string(), "cost_usd": format!("0.{:05}", 1000 + index),
            "all_prices_known": true, "list_input_usd_per_mtok": "0.18",
            "list_output_usd_per_mtok": format!("0.{:02}", 1 + index / 4 % 90),
            "effective_output_usd_per_mtok": format!("0.{:02}", 10 + index / 4 % 80) })
    });
    run_of(rows.collect())
}

/// Standings of [`large_run`]: of four cells two meet, one misses and one cannot be told.
pub(crate) fn large_standings(cells: usize) -> Vec<Option<Judged>> {
    let words = [Word::Meets, Word::Misses, Word::Meets, Word::CannotTell];
    (0..cells).map(|index| Some(Judged { word: words[index % 4], limit: Micros(500_000) })).collect()
}

fn run_of(rows: Vec<Value>) -> Run {
    let notes: Vec<Value> = rows.iter().map(note_of).collect();
    let validity: Vec<Value> = rows
        .iter()
        .map(|row| {
            let valid = row["valid"] != json!(false);
            let reasons = if valid { json!([]) } else { json!(["the provider throttled 1.67 % of requests"]) };
            json!({ "cell": row["cell"], "valid": valid, "reasons": reasons })
        })
        .collect();
    let manifest = json!({
        "format_version": 1, "tool_version": "0.1.0", "run_id": "2026-11-23T02-00-00Z-demo", "suite": "demo",
        "started_at": "2026-11-23T02:00:00Z", "finished_at": "2026-11-23T02:00:48Z", "status": "finished", "seed": 7,
        "destination": { "simulated": true, "hosts": ["built-in simulator"] },
        "load": { "rounds": 10, "parallel_cells": 39, "warmup": 8, "stream": "true", "http2": false,
            "prompt_cache": "natural", "timeout_connect_ms": 5000, "timeout_first_token_ms": 30000,
            "timeout_idle_ms": 30000, "timeout_total_ms": 120_000 },
        "registry": { "source": "built-in", "sha256": "ab".repeat(32) },
        "workloads": [{ "name": "autocomplete", "source": "built-in", "sha256": "cd".repeat(32), "requests": 64,
            "skipped_lines": 0 }],
        "cells": notes,
        "left_out": [{ "model": "glm-4.6v", "region": "us-east-1", "reason": "the workload `documents` has | no images" }],
        "host": { "system": "linux x86_64", "processors": 2, "workers": 2, "open_files": 65536 },
        "warnings": ["10 rounds instead of 20: a turn would hold fewer than 5 × 16 requests"],
        "validity": validity,
    });
    let cells = rows.into_iter().map(|row| {
        let mut full = json!({ "run_id": "2026-11-23T02-00-00Z-demo", "started_at": "2026-11-23T02:00:00Z",
            "provider": "global-apis", "workload": "autocomplete", "load": "closed", "concurrency": 16,
            "simulated": true, "valid": true, "rate_limited": 0, "requests_without_usage": 0 });
        let fields = full.as_object_mut().unwrap();
        fields.extend(row.as_object().unwrap().clone());
        serde_json::from_value(full).unwrap()
    });
    Run {
        path: PathBuf::from("reports/2026-11-23T02-00-00Z-demo"),
        cells: cells.collect(),
        manifest: serde_json::from_value(manifest).unwrap(),
        warnings: Vec::new(),
    }
}

fn note_of(row: &Value) -> Value {
    let assumed = if row["model"] == json!("qwen3-8b") { json!(["input"]) } else { json!([]) };
    json!({ "cell": row["cell"], "provider": "global-apis", "model": row["model"], "label": row["model"],
        "region": row["region"], "tier": row["tier"], "quality": null, "workload": "autocomplete", "load": "closed",
        "concurrency": 16, "requests": row["requests"], "distinct_prompts": 64,
        "price": { "from": "2026-05-01", "currency": "USD", "input_usd_per_mtok": row["list_input_usd_per_mtok"],
            "output_usd_per_mtok": row["list_output_usd_per_mtok"], "assumed": assumed, "source": "the catalogue" } })
}
