//! Made-up runs of two variants in a directory, for the tests of gates and of their reports.

use std::fmt::Write;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rng::seeded;
use crate::rundir::Run;

/// A run, and the directory that it lives in.
pub(crate) struct MadeUp {
    pub(crate) run: Run,
    _folder: TempDir,
}

/// A cell of both variants.
#[derive(Clone)]
pub(crate) struct Cell {
    pub(crate) model: &'static str,
    pub(crate) region: &'static str,
    pub(crate) baseline: Side,
    /// Absent where the candidate has no such cell.
    pub(crate) candidate: Option<Side>,
}

/// A cell of one variant.
#[derive(Clone)]
pub(crate) struct Side {
    /// Requests a round.
    pub(crate) each: u32,
    /// The median of its end-to-end time in milliseconds; the first token comes after half of it.
    pub(crate) median_ms: f64,
    /// The share of its requests that fail, evenly spread.
    pub(crate) failing: f64,
    /// The share of its answers that are wrong, evenly spread; absent where nothing is expected of them.
    pub(crate) wrong: Option<f64>,
    /// Whether first tokens were seen.
    pub(crate) streamed: bool,
    /// Whether its figures may be judged.
    pub(crate) valid: bool,
    /// Requests planned, where it is not what was sent.
    pub(crate) planned: Option<u64>,
    /// Picodollars that a request costs; absent where that is not known.
    pub(crate) cost: Option<u64>,
    /// The input price, empty where it is unknown, and what is assumed.
    pub(crate) input: &'static str,
    pub(crate) output: &'static str,
    pub(crate) assumed: &'static [&'static str],
}

/// 1,000 requests in 20 rounds.
pub(crate) const SIDE: Side = Side {
    each: 50,
    median_ms: 200.0,
    failing: 0.0,
    wrong: None,
    streamed: true,
    valid: true,
    planned: None,
    cost: Some(20_000_000),
    input: "0.18",
    output: "0.25",
    assumed: &[],
};

/// A cell in which nothing changed.
pub(crate) const SAME: Cell = Cell { model: "small", region: "us", baseline: SIDE, candidate: Some(SIDE) };

/// A run of `cells` in `rounds` rounds, drawn from one seed.
pub(crate) fn made_up(rounds: u32, cells: &[Cell]) -> MadeUp {
    let folder = tempfile::tempdir().unwrap();
    let mut samples = HEADER.to_owned();
    let (mut notes, mut rows, mut validity) = (Vec::new(), Vec::new(), Vec::new());
    let mut rng = seeded(3, "made-up run directories");
    for (variant, of) in [("baseline", 0), ("candidate", 1)] {
        for cell in cells {
            let side = if of == 0 { Some(&cell.baseline) } else { cell.candidate.as_ref() };
            let Some(side) = side else { continue };
            let slug = format!("{variant}/acme/{}/{}/chat/c4", cell.model.replace(' ', "-"), cell.region);
            let (mut ok, mut failed) = (0, 0);
            for index in 0..rounds * side.each {
                let normal: f64 = (0..6).map(|_| rng.f64()).sum::<f64>() - 3.0;
                let took = side.median_ms * (0.4 * normal).exp();
                let hits = |share: f64| (f64::from(index + 1) * share).floor() > (f64::from(index) * share).floor();
                let fails = hits(side.failing);
                let right = side.wrong.filter(|_| !fails).map_or("", |wrong| if hits(wrong) { "0" } else { "1" });
                if fails {
                    failed += 1;
                } else {
                    ok += 1;
                }
                samples += &format!("{},{right}\n", row(side, &slug, index, took, fails));
            }
            notes.push(note(cell, side, variant, &slug, u64::from(ok + failed)));
            rows.push(figures(cell, side, variant, &slug, (ok, failed)));
            let reasons = if side.valid { json!([]) } else { json!(["the provider throttled 30 of 1000 requests"]) };
            validity.push(json!({ "cell": slug, "valid": side.valid, "reasons": reasons }));
        }
    }
    fs::write(folder.path().join("samples.csv"), samples).unwrap();
    let manifest = json!({
        "format_version": 1, "tool_version": "0.1.0", "run_id": "ab", "suite": "ab",
        "started_at": "2026-11-23T02:00:00Z", "finished_at": "2026-11-23T02:00:48Z", "status": "finished", "seed": 7,
        "destination": { "simulated": true, "hosts": ["built-in simulator"] },
        "load": { "rounds": rounds, "parallel_cells": 2, "warmup": 0, "stream": "true", "http2": false,
            "prompt_cache": "natural", "timeout_connect_ms": 5000, "timeout_first_token_ms": 30000,
            "timeout_idle_ms": 30000, "timeout_total_ms": 120_000 },
        "registry": { "source": "built-in", "sha256": "ab".repeat(32) },
        "workloads": [], "cells": notes, "left_out": [],
        "host": { "system": "linux x86_64", "processors": 2, "workers": 2, "open_files": 65536 },
        "warnings": [], "validity": validity, "variants": ["baseline", "candidate"],
    });
    let run = Run {
        path: folder.path().to_owned(),
        manifest: serde_json::from_value(manifest).unwrap(),
        cells: rows.into_iter().map(|row| serde_json::from_value(row).unwrap()).collect(),
        warnings: Vec::new(),
    };
    MadeUp { run, _folder: folder }
}

const HEADER: &str = "phase,round,cycle,variant,cell,index,custom_id,workload,simulated,outcome,reused,sent_at_ms,\
                      first_token_at_ms,first_answer_at_ms,last_token_at_ms,end_at_ms,chunks,cost_usd,quality\n";

fn row(side: &Side, slug: &str, index: u32, took: f64, fails: bool) -> String {
    let at = |ms: f64| format!("{ms:.3}");
    let first = if side.streamed && !fails { at(took / 2.0) } else { String::new() };
    let last = if fails { String::new() } else { at(took) };
    let cost = side.cost.filter(|_| !fails).map_or_else(String::new, |picos| format!("0.{picos:012}"));
    let outcome = if fails { "http_5xx" } else { "ok" };
    let (round, variant) = (index / side.each, slug.split('/').next().unwrap_or_default());
    let mut row = String::new();
    let _ = write!(
        row,
        "measured,{round},0,{variant},{slug},{index},r{},chat,true,{outcome},true,0.000,{first},{first},{last},{},2,{cost}",
        index % 60,
        at(took)
    );
    row
}

fn note(cell: &Cell, side: &Side, variant: &str, slug: &str, sent: u64) -> Value {
    let price = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    json!({ "cell": slug, "variant": variant, "provider": "acme", "model": cell.model, "label": cell.model,
        "region": cell.region, "tier": 1, "quality": null, "workload": "chat", "load": "closed", "concurrency": 4,
        "requests": side.planned.unwrap_or(sent), "distinct_prompts": 60,
        "price": { "from": "2026-05-01", "currency": "USD", "input_usd_per_mtok": price(side.input),
            "output_usd_per_mtok": price(side.output), "assumed": side.assumed, "source": "the catalogue" } })
}

fn figures(cell: &Cell, side: &Side, variant: &str, slug: &str, (ok, failed): (u32, u32)) -> Value {
    let ttft = if side.streamed && ok > 0 { json!((side.median_ms / 2.0).to_string()) } else { Value::Null };
    json!({ "run_id": "ab", "started_at": "2026-11-23T02:00:00Z", "cell": slug, "variant": variant,
        "provider": "acme", "model": cell.model, "region": cell.region, "tier": 1, "workload": "chat",
        "load": "closed", "concurrency": 4, "simulated": true, "valid": side.valid, "requests": ok + failed, "ok": ok,
        "failed": failed, "rate_limited": 0, "requests_without_usage": 0, "outcomes": format!("ok={ok}"),
        "quality_ratio": side.wrong.map(|wrong| 1.0 - wrong),
        "ttft_p50_ms": ttft })
}
