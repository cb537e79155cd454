//! Made-up runs of two routing tables, judged as stored ones are, for tests that need many of them.

use serde_json::json;

use crate::gate::draft::Draft;
use crate::gate::finding::Rule;
use crate::gate::good::limit_of;
use crate::gate::judge::{Judged, ruled, verdict};
use crate::gate::named::Named;
use crate::gate::observed::Round;
use crate::gate::policy::{Policy, Promise, Timed};
use crate::gate::regression::{Compared, compare};
use crate::gate::regressions::{compared_drafts, pairs_taken};
use crate::gate::slo::{is_taken, slo_draft};
use crate::rundir::{CellRow, Run};
use crate::units::{Micros, Usd};

/// A request that a table carried out.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// 0 for the baseline, 1 for the candidate.
    pub(crate) variant: usize,
    pub(crate) workload: &'static str,
    pub(crate) route: String,
    pub(crate) round: u32,
    /// Its times; absent where it was handed to a person.
    pub(crate) times: Option<(Micros, Micros)>,
    pub(crate) cost: Usd,
}

const VARIANTS: [&str; 2] = ["baseline", "candidate"];

/// What `policy` makes of a run of `rounds` rounds in which the requests `carried` were sent, by the code that judges stored runs.
pub(crate) fn judge_carried(policy: &Policy, rounds: u32, carried: &[Carried]) -> Judged {
    let mut places: Vec<(usize, &str, Option<&str>)> = Vec::new();
    let mut observed: Vec<Vec<Round>> = Vec::new();
    for request in carried {
        for route in [None, Some(request.route.as_str())] {
            let place = (request.variant, request.workload, route);
            let index = places.iter().position(|known| *known == place).unwrap_or_else(|| {
                places.push(place);
                observed.push(vec![Round::default(); rounds as usize]);
                places.len() - 1
            });
            add(&mut observed[index][request.round as usize], request);
        }
    }
    let run = run_of(rounds, &places, &observed);
    let named: Vec<Named<'_>> = run.cells.iter().map(Named::from).collect();
    let pairs = pairs_taken(&run, &named, VARIANTS[0], VARIANTS[1]);
    let compared = Compared { run: &run, observed: &observed, alpha: policy.alpha };
    let mut not_asked = Vec::new();
    let mut drafts = promises(policy, &run, &observed);
    let found = |index, pool| compare(&compared, index, &policy.regressions[index], pool);
    drafts.extend(compared_drafts(policy, &named, &pairs, |_| true, found, &mut not_asked));
    let findings = ruled(policy, drafts);
    let verdict = verdict(policy, &findings);
    Judged { findings, not_asked, verdict }
}

fn add(round: &mut Round, request: &Carried) {
    round.cost += request.cost;
    match request.times {
        Some((ttft, e2e)) => {
            round.requests += 1;
            round.attempts += 1;
            round.ttft.push(ttft.0);
            round.e2e.push(e2e.0);
        }
        None => round.handed += 1,
    }
}

fn promises(policy: &Policy, run: &Run, observed: &[Vec<Round>]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (index, slo) in policy.slos.iter().enumerate() {
        let cells = run.cells.iter().enumerate();
        for (cell, _) in cells.filter(|(_, row)| slo.matches.takes(&Named::from(*row)) && is_taken(row)) {
            let requests: u64 = observed[cell].iter().map(|round| round.requests).sum();
            let over = |limit: Option<(Timed, Micros)>| match limit {
                Some((latency, limit)) => {
                    observed[cell].iter().flat_map(|round| round.times(latency)).filter(|time| **time > limit.0).count()
                }
                None => 0,
            };
            assert!(!matches!(slo.promise, Promise::Quality { .. }), "no answer is made up");
            let bad = over(limit_of(&slo.promise)) as u64;
            drafts.push(slo_draft((index, slo), cell, (requests, bad), true, None));
        }
    }
    drafts.sort_by_key(|draft| match draft.finding.rule {
        Rule::Slo(index) | Rule::Regression(index) => index,
    });
    drafts
}

fn run_of(rounds: u32, places: &[(usize, &str, Option<&str>)], observed: &[Vec<Round>]) -> Run {
    let slug = |place: &(usize, &str, Option<&str>)| {
        let (variant, workload, route) = *place;
        let route = route.map_or_else(String::new, |route| format!("/{route}"));
        format!("{}/routes/{workload}/c32{route}", VARIANTS[variant])
    };
    let sums = |index: usize| {
        let sum = |of: fn(&Round) -> u64| observed[index].iter().map(of).sum::<u64>();
        (sum(|round| round.requests), sum(|round| round.handed))
    };
    let row = |(index, place): (usize, &(usize, &str, Option<&str>))| -> CellRow {
        let (requests, handed) = sums(index);
        CellRow {
            cell: slug(place),
            variant: Some(VARIANTS[place.0].to_owned()),
            route: place.2.map(str::to_owned),
            workload: place.1.to_owned(),
            load: "closed".to_owned(),
            concurrency: Some(32),
            simulated: true,
            valid: Some(true),
            requests,
            ok: requests,
            outcomes: format!("ok={requests};handed_off={handed}"),
            ..CellRow::default()
        }
    };
    let note = |(index, place): (usize, &(usize, &str, Option<&str>))| {
        let (requests, handed) = sums(index);
        let part_of = place.2.map(|_| slug(&(place.0, place.1, None)));
        json!({ "cell": slug(place), "variant": VARIANTS[place.0], "route": place.2, "part_of": part_of, "provider": "",
            "model": "", "label": "routes.toml", "region": null, "tier": null, "quality": null, "workload": place.1,
            "load": "closed", "concurrency": 32, "requests": requests + handed, "distinct_prompts": 60, "price": null })
    };
    let price = json!({ "from": "2026-05-01", "currency": "USD", "input_usd_per_mtok": "0.18",
        "output_usd_per_mtok": "0.25", "assumed": [], "source": "the catalogue" });
    let endpoint = json!({ "provider": "acme", "model": "m", "region": null, "tier": 1, "price": price });
    let file = json!({ "source": "routes.toml", "sha256": "ab".repeat(32) });
    let tables = VARIANTS.map(|variant| {
        json!({ "variant": variant, "file": file, "trust_tiers": false, "classifier": null, "default_tier": null,
            "routes": [], "endpoints": [endpoint] })
    });
    let routing = |(index, place): (usize, &(usize, &str, Option<&str>))| {
        let (requests, handed) = sums(index);
        let calls = json!({ "provider": "acme", "model": "m", "region": null, "calls": requests, "failed": 0,
            "answered": requests, "cost_usd": "0.1" });
        json!({ "cell": slug(place), "requests": requests, "handed_off": handed, "human_cost_usd": null,
            "availability_before_failover": 1.0, "availability": 1.0, "first": null, "failed_over": null,
            "failed_all": 0, "endpoints": [calls], "classifier": null, "tiering": null })
    };
    let each = || places.iter().enumerate();
    let manifest = json!({
        "format_version": 1, "tool_version": "0.1.0", "run_id": "ab-routes", "suite": "ab-routes",
        "started_at": "2026-11-23T02:00:00Z", "finished_at": "2026-11-23T02:00:48Z", "status": "finished", "seed": 7,
        "destination": { "simulated": true, "hosts": ["built-in simulator"] },
        "load": { "rounds": rounds, "parallel_cells": 2, "warmup": 0, "stream": "true", "http2": false,
            "prompt_cache": "natural", "timeout_connect_ms": 5000, "timeout_first_token_ms": 30000,
            "timeout_idle_ms": 30000, "timeout_total_ms": 120_000 },
        "registry": { "source": "built-in", "sha256": "ab".repeat(32) }, "workloads": [],
        "cells": each().map(note).collect::<Vec<_>>(), "left_out": [],
        "host": { "system": "linux x86_64", "processors": 2, "workers": 2, "open_files": 65536 },
        "warnings": [], "validity": [], "variants": VARIANTS, "tables": tables,
        "routing": each().map(routing).collect::<Vec<_>>(),
    });
    Run {
        path: "ab-routes".into(),
        manifest: serde_json::from_value(manifest).unwrap(),
        cells: each().map(row).collect(),
        warnings: Vec::new(),
    }
}
