//! `run --routes` while regions are down.

use crate::replayed::{LAW, Replayed, TABLE, picos, registry, replay, unlabelled};
use crate::sandbox::{Row, Sandbox};

#[test]
fn where_a_region_is_down_requests_are_answered_elsewhere_and_its_breaker_opens() {
    let law = format!("{LAW}[[outage]]\nregion = \"us\"\nfrom_s = 0\nuntil_s = 1000\nerror_ratio = 1\n");
    let replayed =
        replay(&law, &unlabelled(), &["--workload", "autocomplete", "--requests-per-cell", "200", "--warmup", "0"]);
    replayed.adds_up();
    let whole = "routes/autocomplete/c8";
    assert!(replayed.samples.iter().all(|sample| sample["outcome"] == "ok" && sample["region"] == "eu"));
    let note = replayed.routing(whole);
    let again = replayed.samples.iter().filter(|sample| sample["failed_over"] == "1").count() as u64;
    assert_eq!((note["availability"].as_f64(), note["failed_over"]["requests"].as_u64()), (Some(1.0), Some(again)));
    let before = note["availability_before_failover"].as_f64().unwrap();
    assert!((before - (200 - again) as f64 / 200.0).abs() < 1e-6);
    // With every attempt in `us` failed it opens as soon as ten are counted, however many of the eight in flight follow.
    let events = replayed.manifest["tables"][0]["breakers"].as_array().unwrap();
    assert_eq!((events[0]["region"].as_str(), events[0]["to"].as_str()), (Some("us"), Some("open")));
    // Another worker may count one more in the same moment.
    assert!(events[0]["attempts"].as_u64().unwrap() >= 10);
    assert_eq!(events[0]["error_ratio"].as_f64(), Some(1.0));
    assert!((10..100).contains(&again), "{again} tried `us` before it was skipped");
}

#[test]
fn where_every_target_is_down_requests_end_with_their_outcome() {
    let law = format!("{LAW}[[outage]]\nfrom_s = 0\nuntil_s = 1000\nerror_ratio = 1\n");
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", &law).write("registry.toml", &registry()).write("routes.toml", TABLE);
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    let arguments = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "autocomplete"];
    let amount = ["--requests-per-cell", "40", "--rounds", "1", "--warmup", "0", "--run-id", "r", "--concurrency", "8"];
    sandbox.run(&[&arguments[..], &amount].concat()).exits_with(5).says("http_5xx");
    let replayed = Replayed::read(sandbox);
    for sample in &replayed.samples {
        assert_eq!(sample["outcome"], "http_5xx");
        // The classifier once, then each of the route's four endpoints at most.
        let attempts: u32 = sample["attempts"].parse().unwrap();
        assert!((2..=5).contains(&attempts), "{sample:?}");
        assert_eq!(sample["tier_by"], "default");
    }
    assert_eq!(replayed.cell("routes/autocomplete/c8")["availability"], "0.0");
}

#[test]
fn a_region_that_dies_and_comes_back_is_left_alone_meanwhile_and_called_again_after() {
    let law = format!("{LAW}[[outage]]\nregion = \"us\"\nfrom_s = 3\nuntil_s = 8\nerror_ratio = 1\n");
    let replayed = replay(
        &law,
        &unlabelled(),
        &["--workload", "autocomplete", "--rate", "100", "--duration", "11s", "--warmup", "0"],
    );
    replayed.adds_up();
    // What failed is what the server says it failed, and every one of those was answered in the other region.
    let attempts = || replayed.attempts.values().flatten();
    let failed = attempts().filter(|row| row["outcome"] == "http_5xx").count();
    let down =
        |row: &&Row| !row["request_id"].is_empty() && replayed.truth[&row["request_id"]]["outcome"] == "http_5xx";
    assert_eq!(failed, attempts().filter(down).count());
    let note = &replayed.manifest["routing"][0];
    let answered = replayed.samples.iter().filter(|sample| sample["outcome"] == "ok").count();
    assert_eq!((replayed.samples.len(), answered), (1100, 1100), "more than 99.9 % are answered");
    assert_eq!(note["availability"].as_f64(), Some(1.0));
    assert!(note["availability_before_failover"].as_f64().unwrap() < 0.99, "one region alone was down: {note}");

    // How much dearer and later they were: by the server's own tokens, and no sooner than the server was done.
    let again: Vec<&Row> = replayed.samples.iter().filter(|sample| sample["failed_over"] == "1").collect();
    let told = &note["failed_over"];
    assert_eq!((told["requests"].as_u64(), again.len()), (Some(failed as u64), failed));
    let truth = |row: &Row| &replayed.truth[&row["request_id"]];
    let tokens = |row: &Row, column: &str| truth(row)[column].parse::<u128>().unwrap_or(0);
    let calls = || again.iter().flat_map(|sample| replayed.attempts_of(sample));
    // A million tokens are $1.00 and $3.00 at the large model, and what failed is not billed.
    let priced = calls().filter(|row| row["outcome"] == "ok");
    let cost: u128 =
        priced.map(|row| tokens(row, "input_tokens") * 1_000_000 + tokens(row, "output_tokens") * 3_000_000).sum();
    assert_eq!(picos(told["cost_usd"].as_str().unwrap()), cost);
    let mut times: Vec<f64> = again.iter().map(|sample| sample["e2e_ms"].parse().unwrap()).collect();
    for (sample, time) in again.iter().zip(&times) {
        let served: f64 = replayed.attempts_of(sample).iter().map(|row| served_ms(truth(row))).sum();
        assert!(*time >= served, "{sample:?}");
    }
    times.sort_by(f64::total_cmp);
    let median = told["e2e_p50_ms"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((median - times[times.len().div_ceil(2) - 1]).abs() < 1e-9, "{median} of {times:?}");

    let events = replayed.manifest["tables"][0]["breakers"].as_array().unwrap();
    let changes: Vec<(&str, &str)> =
        events.iter().map(|event| (event["region"].as_str().unwrap(), event["to"].as_str().unwrap())).collect();
    assert_eq!(changes[0], ("us", "open"));
    assert_eq!(changes[changes.len() - 1], ("us", "closed"));
    assert_eq!(changes.iter().filter(|(_, to)| *to == "closed").count(), 1, "it was down once: {changes:?}");
    // It opens within its window of ten seconds, at the share of failures that the server's record has by then.
    let [opened, closed] = [&events[0], &events[events.len() - 1]].map(|event| event["at_ms"].as_f64().unwrap());
    let sent = |row: &Row| row["sent_at_ms"].parse::<f64>().unwrap();
    let first = attempts().filter(down).map(sent).fold(f64::INFINITY, f64::min);
    assert!(opened > first && opened < first + 10e3, "{first} {opened}");
    let counted = events[0]["attempts"].as_u64().unwrap();
    let seen = replayed.truth.values().filter(|row| row["region"] == "us" && row["outcome"] != "http_5xx");
    let before = |row: &&Row| row["received_at_ms"].parse::<f64>().unwrap() < 3e3;
    assert!(counted >= seen.filter(before).count() as u64, "{counted}");
    let ratio = events[0]["error_ratio"].as_f64().unwrap();
    assert!((0.2..0.3).contains(&ratio), "{ratio}");
    // Meanwhile each call there is a probe, but for the few that were under way.
    let probes = changes.iter().filter(|(_, to)| *to == "half_open").count();
    let meanwhile = attempts().filter(|row| row["region"] == "us" && sent(row) > opened && sent(row) < closed);
    let meanwhile = meanwhile.count();
    assert!((probes..=probes + 8).contains(&meanwhile), "{probes} {meanwhile}");
    let after: Vec<&Row> = replayed.samples.iter().filter(|sample| sent(sample) > closed).collect();
    assert!(!after.is_empty() && after.iter().all(|sample| sample["region"] == "us" && sample["attempts"] == "1"));
    for text in ["summary.md", "report.html"] {
        assert!(replayed.sandbox.read(&format!("reports/r/{text}")).contains("us opened at"), "{text}");
    }
    assert!(replayed.sandbox.read("reports/r/report.html").contains("breaker of us closes"));
}

/// From having read a request to its last token, or to the end of a reply without one.
fn served_ms(truth: &Row) -> f64 {
    let moment = |column: &str| truth[column].parse::<f64>().ok();
    moment("last_token_at_ms").or_else(|| moment("end_at_ms")).unwrap() - moment("received_at_ms").unwrap()
}
