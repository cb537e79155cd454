//! Why a cell must not be judged, or what its requests do not support, stands wherever its figures do.

use serde_json::{Value, json};
use tollmark::sample::Outcome;
use tollmark::tally::{CellFigures, CellShape, Lags, Tally, reasons};
use tollmark::units::{Latency, Micros};

use crate::sandbox::{Sandbox, rows};

/// The figures of a cell of which nothing is known but its outcomes.
fn figures(outcomes: &[(Outcome, u32)]) -> CellFigures {
    let mut figures = Tally::new(&[CellShape { shares: vec![1] }], 0).figures(0);
    for (outcome, times) in outcomes {
        (0..*times).for_each(|_| figures.outcomes.add(*outcome));
    }
    figures
}

/// Every rule, broken by as little as can be: its reason, and how it begins.
fn broken_rules() -> Vec<(Vec<String>, &'static str)> {
    let sound = || figures(&[(Outcome::Ok, 99), (Outcome::RateLimited, 1)]);
    let prompt = Lags { event_loop_p99: Some(Micros(10_000)) };
    let late = Lags { event_loop_p99: Some(Micros(10_001)) };
    let lag = |micros| Some(Latency::Finite(Micros(micros)));
    assert_eq!(reasons(&sound(), prompt), Vec::<String>::new());
    vec![
        (
            reasons(&CellFigures { send_lag_p99: lag(5_001), ..sound() }, prompt),
            "the client sent requests 5.001 ms late",
        ),
        (
            reasons(&CellFigures { read_lag_p99: Some(Micros(1_001)), ..sound() }, prompt),
            "the client stamped replies 1.001 ms late",
        ),
        (reasons(&sound(), late), "the client's event loop was 10.001 ms late"),
        (reasons(&CellFigures { overflows: 1, ..sound() }, prompt), "1 times are beyond 1 h"),
        (
            reasons(&figures(&[(Outcome::Ok, 98), (Outcome::RateLimited, 2)]), prompt),
            "the provider throttled 2 of 100 requests (2.0 %)",
        ),
        (reasons(&figures(&[(Outcome::TimeoutIdle, 7)]), prompt), "all 7 requests failed (timeout_idle=7)"),
    ]
}

#[test]
fn the_reason_of_every_rule_stands_in_every_report() {
    let sandbox = Sandbox::new();
    let one = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "20", "--rounds", "1"];
    sandbox.run(&[&["run", "--run-id", "one"], &one[..]].concat()).measures();
    sandbox.judge("reports/one", &[]);
    assert!(!sandbox.read("reports/one/cost-latency.svg").contains("invalid"));
    for (reasons, begins) in broken_rules() {
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        let reason = &reasons[0];
        assert!(reason.starts_with(begins), "{reason}");
        let ran = sandbox.judge("reports/one", &reasons);
        let cells = rows(&sandbox.read("reports/one/cells.csv"));
        assert_eq!(cells[0]["valid"], "false", "{reason}");
        // At the terminal the table has the word, and the reason follows.
        let ran = ran.prints("✕ invalid").says(&format!("invalid: {}: {reason}", cells[0]["cell"]));
        let summary: Value = serde_json::from_str(&sandbox.read("reports/one/summary.json")).unwrap();
        let told = &summary["cells"][0];
        assert_eq!((&told["valid"], &told["standing"]), (&json!(false), &json!("invalid")), "{ran}");
        assert_eq!(told["invalid_because"], json!(reasons));
        let markdown = sandbox.read("reports/one/summary.md").replace('\\', "");
        assert!(markdown.contains("✕ invalid") && markdown.contains(reason), "{reason}\n{markdown}");
        // The apostrophe is written as a reference there.
        let page = sandbox.read("reports/one/report.html").replace("&#39;", "'");
        assert!(page.contains("invalid") && page.contains(reason), "{reason}");
        let chart = sandbox.read("reports/one/cost-latency.svg");
        assert!(chart.contains("invalid"), "{reason}");
    }
}

#[test]
fn a_provider_that_throttles_more_than_a_hundredth_ends_the_run_with_code_5_and_the_reason_in_the_manifest() {
    let sandbox = Sandbox::new();
    let law = "schema = 1\nclient = \"us-west-2\"\n[default]\nttft = { kind = \"constant\", median_ms = 1 }\n\
        ms_per_token = { kind = \"constant\", median_ms = 1 }\nanswer_tokens = { median = 2, p99 = 2 }\n\
        [[fault]]\nkind = \"rate_limited_seconds\"\nratio = 0.1\n";
    sandbox.write("law.toml", law);
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    let url = ["run", "--base-url", &simulated.base_url, "--model", "m", "--requests-per-cell", "100", "--rounds", "1"];
    let ran = sandbox.run(&url).exits_with(5).says(": the provider throttled ");
    let manifest: Value = serde_json::from_str(&sandbox.read("reports/latest/manifest.json")).unwrap();
    let judged = &manifest["validity"][0];
    assert_eq!(judged["valid"], json!(false), "{ran}");
    assert!(judged["reasons"][0].as_str().unwrap().contains("more than 1 %"), "{ran}");
    assert_eq!(rows(&sandbox.read("reports/latest/cells.csv"))[0]["valid"], "false");
}

#[test]
fn a_p99_of_too_few_requests_is_called_the_maximum_wherever_it_is_shown() {
    let sandbox = Sandbox::new();
    let one = ["--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "40", "--rounds", "1"];
    sandbox.run(&[&["run", "--run-id", "one"], &one[..]].concat()).measures();
    let ran = sandbox.judge("reports/one", &[]);
    let row = rows(&sandbox.read("reports/one/cells.csv")).remove(0);
    assert_eq!((&row["e2e_p99_ms"], &*row["e2e_p99_high_ms"]), (&row["e2e_max_ms"], "inf"));
    let shown = |text: &str| text.contains("max ");
    assert!(shown(&ran.stdout) && shown(&sandbox.read("reports/one/summary.md")), "{ran}");
    let summary: Value = serde_json::from_str(&sandbox.read("reports/one/summary.json")).unwrap();
    assert_eq!(
        (&summary["cells"][0]["p99_support"], &summary["cells"][0]["standing"]),
        (&json!("maximum"), &json!("cannot_tell"))
    );
    let page = sandbox.read("reports/one/report.html");
    assert!(shown(&page) && page.contains("max: below 100 successes the largest time stands in for the p99."));
    assert!(sandbox.read("reports/one/percentiles.svg").contains("Below 100 successes there is no p99."));
    assert!(sandbox.read("reports/one/percentiles.hgrm").contains("# n = 40; above 97.5 % the value is the maximum; "));
    let chart = sandbox.read("reports/one/cost-latency.svg");
    assert!(chart.contains("up to the maximum") && chart.contains("Below 100 successes a stem ends at the maximum"));
}
