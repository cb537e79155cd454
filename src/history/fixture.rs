//! Made-up nights, for tests.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::history::{History, Night};
use crate::rng::seeded;
use crate::rundir::{CellRow, Manifest, write_cells, write_manifest};
use crate::units::{Latency, Micros};

/// Nights in which nothing happens but noise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clean {
    pub(crate) cells: usize,
    pub(crate) nights: usize,
    /// The spread of a night's logarithms.
    pub(crate) noise: f64,
    pub(crate) seed: u64,
}

impl Default for Clean {
    fn default() -> Self {
        Self { cells: 40, nights: 60, noise: 0.04, seed: 1 }
    }
}

impl Clean {
    pub(crate) fn history(self) -> History {
        let mut rng = seeded(self.seed, "clean nights");
        // Twelve uniforms make a normal draw as good as is needed here, which ends at six deviations.
        let mut normal = || (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        let nights = (0..self.nights)
            .map(|day| {
                let cells = (0..self.cells).map(|index| {
                    let mut row = cell(index, (120.0 + 9.0 * index as f64) * (self.noise * normal()).exp());
                    // A night's p95 is its median's neighbour, with some noise of its own.
                    times(&mut row.e2e_p95_ms, (self.noise / 2.0 * normal()).exp());
                    row
                });
                night(day as i64, cells.collect())
            })
            .collect();
        History { nights, warnings: Vec::new() }
    }

    /// Makes the cell `index` of one night take `ratio` times as long.
    pub(crate) fn slow_down(history: &mut History, index: usize, night: usize, ratio: f64) {
        let row = &mut history.nights[night].cells[index];
        for latency in [&mut row.e2e_p50_ms, &mut row.e2e_p95_ms, &mut row.e2e_p99_ms] {
            times(latency, ratio);
        }
    }
}

fn times(latency: &mut Option<Latency>, ratio: f64) {
    if let Some(Latency::Finite(Micros(micros))) = latency {
        *micros = (f64::from(*micros) * ratio).round() as u32;
    }
}

/// A valid cell of 600 successes with the median `p50_ms`.
pub(crate) fn cell(index: usize, p50_ms: f64) -> CellRow {
    let at = |times: f64| format!("{:.3}", p50_ms * times);
    serde_json::from_value(json!({
        "run_id": "r", "started_at": "", "cell": format!("acme/model-{index:02}/us/chat/c16"), "provider": "acme",
        "model": format!("model-{index:02}"), "region": "us", "tier": 1, "workload": "chat", "load": "closed",
        "concurrency": 16, "simulated": true, "valid": true, "requests": 600, "ok": 600, "failed": 0,
        "availability": 1.0, "rate_limited": 0, "requests_without_usage": 0, "outcomes": "ok=600",
        "e2e_p50_ms": at(1.0), "e2e_p95_ms": at(1.6), "e2e_p99_ms": at(2.2),
        "list_input_usd_per_mtok": "0.20", "list_output_usd_per_mtok": "0.50", "price_from": "2026-05-01",
        "cost_usd": "0.06", "all_prices_known": true, "cost_per_1k_requests_usd": "0.1",
    }))
    .unwrap()
}

/// The night `day` days after 23 September 2026 at 2 in the morning.
pub(crate) fn night(day: i64, mut cells: Vec<CellRow>) -> Night {
    let first: Timestamp = "2026-09-23T02:00:00Z".parse().unwrap();
    let started = first + SignedDuration::from_hours(24 * day);
    let run_id = format!("night-{day:03}");
    for row in &mut cells {
        (row.run_id, row.started_at) = (run_id.clone(), started.to_string());
    }
    Night {
        path: PathBuf::from(format!("reports/{run_id}")),
        run_id,
        started,
        tool_version: "0.1.0".to_owned(),
        partial: false,
        workloads: vec![("chat".to_owned(), "0".repeat(64))],
        cells,
    }
}

/// Makes the run directory `path` of what `night` holds.
pub(crate) fn write(path: &Path, night: &Night) {
    let notes: Vec<_> = night
        .cells
        .iter()
        .map(|row| {
            json!({
                "cell": row.cell, "provider": row.provider, "model": row.model, "label": row.model,
                "region": row.region, "tier": row.tier, "workload": row.workload, "load": row.load,
                "concurrency": row.concurrency, "requests": row.requests, "distinct_prompts": 40,
            })
        })
        .collect();
    let workloads: Vec<_> = night
        .workloads
        .iter()
        .map(|(name, sha256)| json!({ "name": name, "source": "built-in", "sha256": sha256, "requests": 40, "skipped_lines": 0 }))
        .collect();
    let manifest: Manifest = serde_json::from_value(json!({
        "format_version": 1, "tool_version": night.tool_version, "run_id": night.run_id, "suite": "nightly",
        "started_at": night.started.to_string(), "finished_at": night.started.to_string(),
        "status": if night.partial { "interrupted" } else { "finished" }, "seed": 1,
        "destination": { "simulated": true, "hosts": ["built-in simulator"] },
        "load": {
            "rounds": 10, "parallel_cells": 39, "warmup": 8, "stream": "true", "http2": false,
            "prompt_cache": "natural", "timeout_connect_ms": 5000, "timeout_first_token_ms": 30000,
            "timeout_idle_ms": 30000, "timeout_total_ms": 120000,
        },
        "registry": { "source": "built-in", "sha256": "" }, "workloads": workloads, "cells": notes, "left_out": [],
        "host": { "system": "linux x86_64", "processors": 2, "workers": 2, "open_files": 1024 },
        "warnings": [], "validity": [],
    }))
    .unwrap();
    fs::create_dir_all(path).unwrap();
    write_manifest(path, &manifest).unwrap();
    write_cells(path, &night.cells).unwrap();
}
