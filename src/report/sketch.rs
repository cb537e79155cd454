//! Runs made up for the tests of reports: plausible figures from a law, with no randomness.

use std::path::PathBuf;

use serde_json::json;

use crate::rundir::{CellNote, CellRow, Manifest, Run};
use crate::units::{Latency, Micros};

/// The four regions of the made-up runs, with how much slower than the first each is.
pub(crate) const REGIONS: [(&str, f64); 4] =
    [("us-east-1", 1.0), ("us-west-2", 1.06), ("eu-west-1", 1.22), ("ap-southeast-1", 1.48)];

/// A model of a made-up run.
pub(crate) struct Figures {
    pub(crate) model: String,
    pub(crate) tier: Option<u8>,
    /// Dollars per million output tokens; absent: unknown.
    pub(crate) price: Option<String>,
    pub(crate) assumed: bool,
    pub(crate) p50_ms: f64,
    /// The spread of the lognormal law.
    pub(crate) sigma: f64,
}

/// Ten models over four regions, one of them absent from the second: 39 endpoints of `requests` requests each.
pub(crate) fn demo(requests: u64) -> Run {
    let model = |model: &str, tier, price: &str, assumed, p50_ms, sigma| Figures {
        model: model.to_owned(),
        tier: Some(tier),
        price: Some(price.to_owned()),
        assumed,
        p50_ms,
        sigma,
    };
    let models = [
        model("qwen3-8b", 0, "0.01", false, 118.0, 0.28),
        model("glm-4-9b", 0, "0.01", false, 150.0, 0.31),
        model("qwen2.5-7b", 0, "0.01", false, 131.0, 0.40),
        model("deepseek-v4-flash", 1, "0.25", false, 232.0, 0.30),
        model("qwen3-32b", 1, "0.28", false, 330.0, 0.37),
        model("step-3.5-flash", 1, "0.15", false, 172.0, 0.34),
        model("hunyuan-turbo", 2, "0.57", true, 505.0, 0.15),
        model("glm-4-32b", 2, "0.56", true, 470.0, 0.33),
        model("glm-4.6v", 2, "0.80", false, 540.0, 0.36),
        model("deepseek-v4-pro", 3, "0.78", false, 560.0, 0.34),
    ];
    let mut run = run(&models, requests, "autocomplete");
    remove(&mut run, |row| row.model == "deepseek-v4-flash" && row.region.as_deref() == Some("us-west-2"));
    run
}

/// Models whose names are markup, a table's border, emoji, control characters, or very long.
pub(crate) fn hostile() -> Vec<Figures> {
    let long = "x".repeat(200);
    let names = ["<script>alert(1)</script>", "a|b & \"c\"", "🦙-13b 模型", "bell\u{7}\u{0}\u{1b}[31m", &long];
    let model = |name: &str| Figures {
        model: name.to_owned(),
        tier: Some(1),
        price: Some("0.20".to_owned()),
        assumed: false,
        p50_ms: 200.0,
        sigma: 0.3,
    };
    names.into_iter().map(model).collect()
}

/// 184 models over four regions: 736 endpoints.
pub(crate) fn many(requests: u64) -> Run {
    let models: Vec<Figures> = (0..184_u32)
        .map(|index| {
            let spread = f64::from(index * 73 % 184) / 184.0;
            let tier = (index % 4) as u8;
            let price = 0.01 * 400_f64.powf(spread);
            Figures {
                model: format!("model-{index:03}"),
                tier: Some(tier),
                price: Some(format!("{price:.2}")),
                assumed: index % 9 == 0,
                p50_ms: [110.0, 190.0, 430.0, 500.0][tier as usize] * (0.7 + f64::from(index * 37 % 100) / 100.0),
                sigma: 0.15 + f64::from(index * 51 % 40) / 100.0,
            }
        })
        .collect();
    run(&models, requests, "autocomplete")
}

/// `models` in every region.
pub(crate) fn run(models: &[Figures], requests: u64, workload: &str) -> Run {
    let rows = models.iter().flat_map(|figures| {
        REGIONS.iter().map(move |(region, slower)| {
            let mut row = row(&figures.model, figures.tier, workload);
            row.cell = format!("global-apis/{}/{region}/{workload}/c16", figures.model);
            row.region = Some((*region).to_owned());
            row.list_output_usd_per_mtok = figures.price.as_ref().map(|price| price.parse().unwrap());
            row.effective_output_usd_per_mtok = row.list_output_usd_per_mtok;
            measure(&mut row, requests, figures.p50_ms * slower, figures.sigma);
            (row, figures.assumed)
        })
    });
    of_rows(rows.collect())
}

/// A row with 600 successes and no figure at all.
pub(crate) fn row(model: &str, tier: Option<u8>, workload: &str) -> CellRow {
    serde_json::from_value(json!({
        "run_id": "2026-09-01T030000Z-demo", "started_at": "2026-09-01T03:00:00Z",
        "cell": format!("global-apis/{model}/{workload}/c16"), "provider": "global-apis", "model": model,
        "tier": tier, "workload": workload, "load": "closed", "concurrency": 16, "simulated": true, "valid": true,
        "requests": 600, "ok": 600, "failed": 0, "rate_limited": 0, "requests_without_usage": 0,
        "price_from": "2026-05-01", "outcomes": "ok=600",
    }))
    .unwrap()
}

/// A row of a sweep: requests in flight, requests a second and median in milliseconds.
pub(crate) fn swept(model: &str, region: &str, (concurrency, rps, p50_ms): (u32, f64, f64)) -> CellRow {
    let mut row = row(model, Some(1), "autocomplete");
    row.cell = format!("global-apis/{model}/{region}/autocomplete/c{concurrency}");
    (row.region, row.concurrency, row.throughput_rps) = (Some(region.to_owned()), Some(concurrency), Some(rps));
    measure(&mut row, 600, p50_ms, 0.3);
    row
}

/// Fills the latencies of `row` in as a lognormal law gives them for `requests` successes.
pub(crate) fn measure(row: &mut CellRow, requests: u64, p50_ms: f64, sigma: f64) {
    let at = |z: f64| Some(Latency::Finite(Micros((p50_ms * (z * sigma).exp() * 1e3) as u32)));
    let doubt = 3.0 / (requests as f64).sqrt();
    (row.requests, row.ok, row.failed) = (requests, requests, 0);
    row.e2e_p50_ms = at(0.0);
    row.e2e_p99_ms = at(2.326);
    row.e2e_p99_low_ms = at(2.326 - 3.0 * doubt);
    row.e2e_p99_high_ms = if requests >= 368 { at(2.326 + 4.5 * doubt) } else { Some(Latency::Infinite) };
    row.e2e_max_ms = at(3.2);
    let first = |time: Option<Latency>| {
        time.map(|time| time.finite_ms().map_or(time, |ms| Latency::Finite(Micros((ms * 400.0) as u32))))
    };
    row.ttft_p50_ms = first(row.e2e_p50_ms);
    row.ttft_p99_ms = first(row.e2e_p99_ms);
    row.ttft_p99_low_ms = first(row.e2e_p99_low_ms);
    row.ttft_p99_high_ms = first(row.e2e_p99_high_ms);
    row.ttft_max_ms = first(row.e2e_max_ms);
}

/// A finished run of `rows`, each with whether its output price is an assumption.
pub(crate) fn of_rows(rows: Vec<(CellRow, bool)>) -> Run {
    let notes: Vec<CellNote> = rows.iter().map(|(row, assumed)| note(row, *assumed)).collect();
    let mut manifest: Manifest = serde_json::from_value(json!({
        "format_version": 1, "tool_version": "0.1.0", "run_id": "2026-09-01T030000Z-demo", "suite": "demo",
        "started_at": "2026-09-01T03:00:00Z", "finished_at": "2026-09-01T03:00:48Z", "status": "finished", "seed": 1,
        "destination": { "simulated": true, "hosts": ["built-in simulator"] },
        "load": {
            "rounds": 10, "parallel_cells": 39, "warmup": 8, "stream": "true", "http2": false,
            "prompt_cache": "natural", "timeout_connect_ms": 5000, "timeout_first_token_ms": 30000,
            "timeout_idle_ms": 30000, "timeout_total_ms": 120000,
        },
        "registry": { "source": "built-in", "sha256": "" }, "workloads": [], "cells": [], "left_out": [],
        "host": { "system": "linux x86_64", "processors": 2, "workers": 2, "open_files": 1024 },
        "warnings": [], "validity": [],
    }))
    .unwrap();
    manifest.cells = notes;
    let cells = rows.into_iter().map(|(row, _)| row).collect();
    Run { path: PathBuf::from("reports/2026-09-01T030000Z-demo"), manifest, cells, warnings: Vec::new() }
}

/// Takes the cells out of rows and manifest that `condemned` names.
pub(crate) fn remove(run: &mut Run, condemned: impl Fn(&CellRow) -> bool) {
    let gone: Vec<String> = run.cells.iter().filter(|row| condemned(row)).map(|row| row.cell.clone()).collect();
    run.cells.retain(|row| !gone.contains(&row.cell));
    run.manifest.cells.retain(|note| !gone.contains(&note.cell));
}

fn note(row: &CellRow, assumed: bool) -> CellNote {
    serde_json::from_value(json!({
        "cell": row.cell, "provider": row.provider, "model": row.model, "label": row.model, "region": row.region,
        "tier": row.tier, "workload": row.workload, "load": row.load, "concurrency": row.concurrency,
        "requests": row.requests, "distinct_prompts": 40,
        "price": {
            "from": "2026-05-01", "currency": "USD", "output_usd_per_mtok": row.list_output_usd_per_mtok,
            "assumed": if assumed { vec!["output"] } else { vec![] },
        },
    }))
    .unwrap()
}
