//! Run directories of many nights, made up from a seed.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tollmark::rng::seeded;
use tollmark::rundir::{CellRow, Manifest, write_cells, write_manifest};

/// What is made up.
#[derive(Clone, Copy)]
pub(crate) struct Nights {
    pub(crate) models: usize,
    pub(crate) regions: usize,
    pub(crate) nights: usize,
    pub(crate) simulated: bool,
}

const REGIONS: [&str; 4] = ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-1"];

impl Nights {
    /// Writes a run directory a night into `folder`, from 23 September 2026 on.
    ///
    /// The first model is half again as slow in its first region in the last night, the second a fifth slower from two thirds
    /// of the nights on in all regions, and the third is cheaper from half of them on; one run was stopped, and from a third
    /// of the nights on another version of tollmark measured.
    pub(crate) fn write(self, folder: &Path) {
        let mut rng = seeded(1, "made-up nights");
        let mut normal = move || (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos();
        for night in 0..self.nights {
            let mut cells = Vec::new();
            for model in 0..self.models {
                for region in 0..self.regions {
                    let slow = match (model, region) {
                        (0, 0) if night + 1 == self.nights => 1.5,
                        (1, _) if night * 3 >= self.nights * 2 => 1.2,
                        _ => 1.0,
                    };
                    let base = (90.0 + 140.0 * model as f64) * (1.0 + 0.08 * region as f64);
                    let p50 = base * slow * (0.03 * normal()).exp();
                    let tail = 2.1 * (0.06 * normal()).exp();
                    let price = if model == 2 && night * 2 >= self.nights { "0.32" } else { "0.50" };
                    let failed = if model == 1 && night % 9 == 4 { 3 } else { 0 };
                    cells.push(self.row(night, (model, region), (p50, tail), price, failed));
                }
            }
            self.write_night(folder, night, &cells);
        }
    }

    fn row(self, night: usize, place: (usize, usize), (p50, tail): (f64, f64), price: &str, failed: u64) -> CellRow {
        let (model, region) = (format!("model-{:02}", place.0), REGIONS[place.1 % REGIONS.len()]);
        let ms = |value: f64| format!("{value:.3}");
        serde_json::from_value(json!({
            "run_id": name(night), "started_at": started(night).to_string(),
            "cell": format!("acme/{model}/{region}/chat/c16"), "provider": "acme", "model": model, "region": region,
            "tier": 1, "workload": "chat", "load": "closed", "concurrency": 16, "simulated": self.simulated, "valid": true,
            "requests": 600, "ok": 600 - failed, "failed": failed, "availability": (600.0 - failed as f64) / 600.0,
            "rate_limited": 0, "requests_without_usage": 0, "outcomes": format!("ok={}", 600 - failed),
            "e2e_p50_ms": ms(p50), "e2e_p95_ms": ms(p50 * tail * 0.8), "e2e_p99_ms": ms(p50 * tail),
            "ttft_p50_ms": ms(p50 * 0.4), "ttft_p95_ms": ms(p50 * tail * 0.3), "ttft_p99_ms": ms(p50 * tail * 0.4),
            "list_input_usd_per_mtok": "0.20", "list_output_usd_per_mtok": price, "price_from": "2026-05-01",
            "cost_usd": "0.06", "all_prices_known": true, "cost_per_1k_requests_usd": "0.1",
        }))
        .unwrap()
    }

    fn write_night(self, folder: &Path, night: usize, cells: &[CellRow]) {
        let notes: Vec<_> = cells
            .iter()
            .map(|row| {
                json!({
                    "cell": row.cell, "provider": row.provider, "model": row.model, "label": row.model,
                    "region": row.region, "tier": row.tier, "workload": row.workload, "load": row.load,
                    "concurrency": row.concurrency, "requests": row.requests, "distinct_prompts": 40,
                })
            })
            .collect();
        let stopped = self.nights > 8 && night == 7;
        let version = if night * 3 >= self.nights { "0.2.0" } else { "0.1.0" };
        let manifest: Manifest = serde_json::from_value(json!({
            "format_version": 1, "tool_version": version, "run_id": name(night), "suite": "nightly",
            "started_at": started(night).to_string(), "finished_at": started(night).to_string(),
            "status": if stopped { "interrupted" } else { "finished" }, "seed": 1,
            "destination": { "simulated": self.simulated, "hosts": ["built-in simulator"] },
            "load": {
                "rounds": 10, "parallel_cells": 39, "warmup": 8, "stream": "true", "http2": false,
                "prompt_cache": "natural", "timeout_connect_ms": 5000, "timeout_first_token_ms": 30000,
                "timeout_idle_ms": 30000, "timeout_total_ms": 120_000,
            },
            "registry": { "source": "built-in", "sha256": "" },
            "workloads": [{
                "name": "chat", "source": "built-in", "sha256": "0", "requests": 40, "skipped_lines": 0,
            }],
            "cells": notes, "left_out": [],
            "host": { "system": "linux x86_64", "processors": 2, "workers": 2, "open_files": 1024 },
            "warnings": [], "validity": [],
        }))
        .unwrap();
        let path = folder.join(name(night));
        fs::create_dir_all(&path).unwrap();
        write_manifest(&path, &manifest).unwrap();
        write_cells(&path, cells).unwrap();
    }
}

/// The run's id.
pub(crate) fn name(night: usize) -> String {
    format!("night-{night:03}")
}

fn started(night: usize) -> Timestamp {
    let first: Timestamp = "2026-09-23T02:00:00Z".parse().unwrap();
    first + SignedDuration::from_hours(24 * night as i64)
}
