//! Samples into figures, histograms and rows: the work for every request that ended.

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput};
use serde_json::json;
use tempfile::tempdir;
use tollmark::rundir::{FORMAT_VERSION, Manifest, RunWriter};
use tollmark::sample::{HttpVersion, Moments, Outcome, Phase, Sample, Usage, UsageSource};
use tollmark::tally::{CellShape, Tally};
use tollmark::units::{Micros, Moment, Usd};
use tollmark::workload::Workload;

/// Requests of a round.
const REQUESTS: u32 = 1_000;

/// The built-in workload whose lines the rows name.
const WORKLOAD: &str = "autocomplete";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let samples: Vec<Sample> = (0..REQUESTS).map(sample).collect();
    tally(&mut criterion, &samples);
    rows(&mut criterion, &samples);
    criterion.final_summary();
}

/// A round tallied with 15 gaps a request, then encoded.
fn tally(criterion: &mut Criterion, samples: &[Sample]) {
    let mut group = criterion.benchmark_group("tally");
    group.throughput(Throughput::Elements(u64::from(REQUESTS)));
    let empty = Tally::new(&[CellShape { shares: vec![REQUESTS] }], 1);
    group.bench_function("a round recorded and encoded", |bencher| {
        bencher.iter_batched_ref(
            || empty.clone(),
            |tally| {
                for sample in samples {
                    for gap in 0..15 {
                        tally.chunk_gap(0, 0, Micros(10_000 + gap));
                    }
                    if let Some(done) = tally.record(sample, Some(Usd::from_picos(1_000))) {
                        let encoded = tally.encode_round(done, |_, histogram| {
                            black_box(histogram.len());
                            Ok::<_, std::io::Error>(())
                        });
                        encoded.expect("nothing is written");
                    }
                }
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Rows of `samples.csv` and `attempts.csv`, on real files.
fn rows(criterion: &mut Criterion, samples: &[Sample]) {
    let folder = tempdir().expect("there is a temporary folder");
    let mut writer = writer(folder.path());
    let mut group = criterion.benchmark_group("samples.csv");
    group.throughput(Throughput::Elements(u64::from(REQUESTS)));
    group.bench_function("rows", |bencher| {
        bencher.iter(|| {
            for sample in samples {
                writer.sample(sample, Some(Usd::from_picos(1_234_000))).expect("the file takes rows");
            }
        });
    });
    group.finish();
}

/// A writer that keeps nothing of what it is given but the first round: the files are removed from under it.
fn writer(folder: &Path) -> RunWriter {
    let workload = Workload::built_in(WORKLOAD).expect("the workload is built in");
    let writer = RunWriter::create(folder, &manifest(), &[workload]).expect("the folder is empty");
    for file in ["samples.csv", "attempts.csv"] {
        std::fs::remove_file(writer.path().join(file)).expect("the file was made");
    }
    writer
}

fn manifest() -> Manifest {
    let manifest = json!({
        "format_version": FORMAT_VERSION, "tool_version": "0", "run_id": "bench", "suite": "bench",
        "started_at": "2026-01-01T00:00:00Z", "finished_at": null, "status": "running", "seed": 1,
        "destination": {"simulated": true, "hosts": []},
        "load": {
            "rounds": 1, "parallel_cells": 1, "warmup": 0, "stream": "true", "http2": false,
            "prompt_cache": "natural", "timeout_connect_ms": 1, "timeout_first_token_ms": 1,
            "timeout_idle_ms": 1, "timeout_total_ms": 1,
        },
        "max_cost_usd": null, "registry": {"source": "built-in", "sha256": ""},
        "workloads": [{"name": WORKLOAD, "source": "built-in", "sha256": "", "requests": 1, "skipped_lines": 0}],
        "cells": [{
            "cell": "provider/model/region/autocomplete/c16", "provider": "provider", "model": "model",
            "label": "Model", "region": "region", "tier": 1, "quality": null, "workload": WORKLOAD,
            "load": "closed", "concurrency": 16, "requests": REQUESTS, "distinct_prompts": 1, "price": null,
        }],
        "left_out": [], "host": {"system": "", "processors": 1, "workers": 1, "open_files": 1},
        "warnings": [], "validity": [], "failures": [],
    });
    serde_json::from_value(manifest).expect("the manifest is of the present format")
}

fn sample(index: u32) -> Sample {
    let at = |micros: u64| Some(Moment(u64::from(index) * 1_000 + micros));
    // Times that are neither constant nor in order.
    let jitter = u64::from(index.wrapping_mul(2_654_435_761) % 5_000);
    Sample {
        phase: Phase::Measured,
        round: 0,
        cycle: 0,
        cell: 0,
        index,
        line: index % 50,
        outcome: Outcome::Ok,
        simulated: false,
        reused: true,
        http_version: Some(HttpVersion::Http11),
        moments: Moments {
            sent: at(0),
            headers: at(1_000),
            first_event: at(1_000),
            first_token: at(50_000 + jitter),
            first_answer: at(50_000 + jitter),
            last_token: at(200_000 + 2 * jitter),
            end: at(200_010 + 2 * jitter),
            ..Moments::default()
        },
        chunks: 16,
        usage: Some((
            Usage { input: 100, cached_input: 0, cache_write: 0, output: 16, reasoning: 0 },
            UsageSource::Provider,
        )),
        usage_contradicts: false,
        raw_usage: Some(r#"{"prompt_tokens":100,"completion_tokens":16,"total_tokens":116}"#.into()),
        stated_cost: None,
        words: None,
        service_tier: None,
        finish_reason: Some("stop".into()),
        status: Some(200),
        request_id: Some("req-1".into()),
        model_answered: Some("model".into()),
        answer_hash: Some(0x0123_4567_89ab_cdef),
        greedy: true,
        right: None,
        error: None,
        route: None,
        tries: None,
        passed: None,
    }
}
