//! A small run for the tests of this module.

use std::sync::Arc;

use crate::rundir::{
    CellNote, DestinationNote, FORMAT_VERSION, FileNote, HostNote, LoadNote, Manifest, PriceNote, RatesNote, Status,
    WorkloadNote,
};
use crate::sample::{HttpVersion, Moments, Outcome, Phase, Sample, Usage, UsageSource};
use crate::units::{Micros, Moment, Usd};
use crate::workload::{Body, Prompt, Request, Workload};

/// Two cells of six requests in two rounds, on a workload of three lines.
pub(in crate::rundir) fn manifest() -> Manifest {
    let sha256 = "0".repeat(64);
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: "0.1.0".into(),
        run_id: "2026-11-23T02-00-00Z-demo".into(),
        suite: "demo".into(),
        started_at: "2026-11-23T02:00:00Z".into(),
        finished_at: Some("2026-11-23T02:01:00Z".into()),
        status: Status::Finished,
        seed: 7,
        destination: DestinationNote { simulated: Some(true), hosts: vec!["built-in simulator".into()] },
        load: LoadNote {
            rounds: 2,
            parallel_cells: 2,
            warmup: 1,
            stream: "true".into(),
            http2: false,
            prompt_cache: "natural".into(),
            timeout_connect_ms: 5_000,
            timeout_first_token_ms: 30_000,
            timeout_idle_ms: 30_000,
            timeout_total_ms: 120_000,
        },
        max_cost_usd: None,
        registry: FileNote { source: "built-in".into(), sha256: sha256.clone() },
        policy: None,
        policy_text: None,
        workloads: vec![WorkloadNote {
            name: "chat".into(),
            source: "built-in".into(),
            sha256,
            requests: 3,
            skipped_lines: 0,
            synthetic: 0,
            kinds: vec![],
        }],
        cells: vec![cell("small"), cell("large")],
        left_out: vec![],
        host: HostNote { system: "linux x86_64".into(), processors: 2, workers: 2, open_files: 1_024 },
        warnings: vec![],
        validity: vec![],
        failures: vec![],
        usage: vec![],
        variants: vec![],
        tables: Vec::new(),
        routing: Vec::new(),
        sides: vec![],
    }
}

fn cell(model: &str) -> CellNote {
    CellNote {
        variant: None,
        route: None,
        part_of: None,
        cell: format!("acme/{model}/us/chat/c2"),
        provider: "acme".into(),
        model: model.into(),
        label: model.to_uppercase(),
        region: Some("us".into()),
        tier: Some(1),
        quality: None,
        workload: "chat".into(),
        load: "closed".into(),
        concurrency: Some(2),
        rate_rps: None,
        stages: Vec::new(),
        cv: None,
        speed: None,
        max_in_flight: None,
        requests: 6,
        distinct_prompts: 3,
        synthetic_prompts: 0,
        price: Some(PriceNote {
            from: "2026-05-01".into(),
            currency: "USD".into(),
            usd_per_unit: None,
            rates: RatesNote {
                input_usd_per_mtok: Some("0.18".parse().unwrap()),
                output_usd_per_mtok: Some("0.25".parse().unwrap()),
                ..RatesNote::default()
            },
            overrides: Vec::new(),
            source: None,
        }),
        promised: None,
    }
}

/// The workload of [`manifest`]; its second line has a name that CSV must quote.
pub(in crate::rundir) fn workload() -> Workload {
    let request = |(index, custom_id): (usize, &str)| Request {
        line: index + 1,
        custom_id: custom_id.into(),
        timestamp_ms: None,
        session_id: None,
        delay_ms: None,
        class: (index == 0).then(|| "greeting".into()),
        origin: None,
        expect: None,
        prompt: Prompt::Body(Body {
            fields: vec![],
            stream: None,
            max_tokens: None,
            most_tokens: None,
            answers: 1,
            images: 0,
            messages: 1,
            other_bytes: 0,
            text: Arc::from(""),
        }),
    };
    Workload {
        name: "chat".into(),
        source: "built-in".into(),
        sha256: "0".repeat(64),
        requests: ["a-1", "b,\"2\"\n", "c-3"].into_iter().enumerate().map(request).collect(),
        bad_lines: vec![],
    }
}

/// The measured request `index` of `cell`: sent 100 ms after its predecessor, slower with each.
pub(in crate::rundir) fn success(cell: u32, index: u32) -> Sample {
    let sent = u64::from(index) * 100_000 + 250;
    let took = 80_000 + u64::from(index) * 1_001 + u64::from(cell) * 50_000;
    let at = |micros| Some(Moment(sent + micros));
    Sample {
        phase: Phase::Measured,
        round: index / 3,
        cycle: index / 3,
        cell,
        index,
        line: index % 3,
        outcome: Outcome::Ok,
        simulated: true,
        reused: index > 0,
        http_version: Some(HttpVersion::Http11),
        moments: Moments {
            due: None,
            sent: at(0),
            headers: at(took / 4),
            first_event: at(took / 3),
            first_token: at(took / 2),
            first_answer: at(took / 2),
            last_token: at(took),
            end: at(took + 7),
            dns: None,
            connect: (index == 0).then_some(Micros(321)),
            tls: None,
        },
        chunks: 4,
        usage: Some((
            Usage { input: 43, cached_input: 10, cache_write: 0, output: 21 + u64::from(index), reasoning: 0 },
            UsageSource::Provider,
        )),
        usage_contradicts: false,
        raw_usage: Some(r#"{"prompt_tokens":43}"#.into()),
        stated_cost: (index == 4).then_some(Usd::from_picos(14_000_000)),
        words: None,
        service_tier: None,
        finish_reason: Some("stop".into()),
        status: Some(200),
        request_id: Some("req-1".into()),
        model_answered: Some("m".into()),
        answer_hash: Some(u64::from(index) + 10),
        greedy: true,
        right: (index < 4).then_some(index > 0),
        error: None,
        route: None,
        tries: None,
        passed: None,
    }
}

/// A request that got no further than its headers.
pub(in crate::rundir) fn failure(cell: u32, index: u32, outcome: Outcome) -> Sample {
    let Sample { moments, .. } = success(cell, index);
    Sample {
        outcome,
        moments: Moments { sent: moments.sent, headers: moments.headers, end: moments.end, ..Moments::default() },
        chunks: 0,
        usage: None,
        raw_usage: None,
        finish_reason: None,
        status: Some(429),
        answer_hash: None,
        right: None,
        ..success(cell, index)
    }
}
