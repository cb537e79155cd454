//! What a provider says of its tokens and costs, held against what can be worked out.

use crate::canned::Canned;
use crate::sandbox::{Ran, Sandbox, rows};

const REGISTRY: &str = "schema = 1\n[[provider]]\nid = \"p\"\nbase_url = \"BASE_URL\"\n[[model]]\nid = \"m\"\n\
    [[model.at]]\nprovider = \"p\"\n[[model.at.price]]\nfrom = \"2020-01-01\"\ncurrency = \"USD\"\ninput = \"1\"\n\
    output = \"2\"\n";

const LAW: &str = "schema = 1\nclient = \"here\"\n[default]\nttft = { kind = \"constant\", median_ms = 1 }\n\
    ms_per_token = { kind = \"constant\", median_ms = 0.1 }\nanswer_tokens = { median = 5, p99 = 5 }\n";

/// Six requests to the model of [`REGISTRY`] at `base_url`.
fn measured(sandbox: &Sandbox, base_url: &str) -> Ran {
    sandbox.write("registry.toml", &REGISTRY.replace("BASE_URL", base_url));
    let small = ["--requests-per-cell", "6", "--rounds", "1", "--concurrency", "2"];
    sandbox
        .run(&[&["run", "--live", "--max-cost-usd", "1", "--registry", "registry.toml"], &small[..]].concat())
        .measures()
}

/// The same at a simulator that says it charges `charges`.
fn charged(sandbox: &Sandbox, charges: &str) -> Ran {
    sandbox.write("law.toml", &format!("{LAW}{charges}"));
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    measured(sandbox, &simulated.base_url)
}

/// The column of the latest run's `samples.csv` as dollars without their point, in picodollars, measured rows only.
fn picos(sandbox: &Sandbox, column: &str) -> Vec<u128> {
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    let amount = |text: &String| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<12}").parse().unwrap()
    };
    samples.iter().filter(|row| row["phase"] == "measured").map(|row| amount(&row[column])).collect()
}

#[test]
fn a_price_row_that_is_three_per_cent_off_is_found_out_in_every_report() {
    let sandbox = Sandbox::new();
    let ran = charged(&sandbox, "[default.charges]\ninput = \"1.03\"\noutput = \"2.06\"\n");
    let (stated, computed) = (picos(&sandbox, "stated_cost_usd"), picos(&sandbox, "cost_usd"));
    assert_eq!(
        stated.iter().map(|picos| picos * 100).collect::<Vec<_>>(),
        computed.iter().map(|picos| picos * 103).collect::<Vec<_>>()
    );
    let said = [
        "provider `p` states a cost of $",
        " for 6 requests to `m` in 1 cell, and its price row makes it $",
        ", 2.9 % less: check the row with `tollmark registry show`",
    ];
    for part in said {
        assert!(ran.stderr.contains(part), "{part}\n{ran}");
    }
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/latest/manifest.json")).unwrap();
    let note = &manifest["usage"][0]["stated"];
    assert_eq!(note["requests"], 6);
    let samples = rows(&sandbox.read("reports/latest/cells.csv"));
    assert_eq!(note["computed_usd"], samples[0]["cost_usd"].as_str());
    for file in ["manifest.json", "summary.md", "report.html"] {
        let text = sandbox.read(&format!("reports/latest/{file}"));
        assert!(text.contains("2.9 % less"), "{file}\n{ran}");
    }

    let before =
        ["summary.md", "summary.json", "report.html"].map(|file| sandbox.read(&format!("reports/latest/{file}")));
    let again = sandbox.run(&["report", "reports/latest"]).exits_with(0);
    let after =
        ["summary.md", "summary.json", "report.html"].map(|file| sandbox.read(&format!("reports/latest/{file}")));
    assert!(before == after && again.stderr.contains("2.9 % less"), "{again}");
}

#[test]
fn half_a_per_cent_is_no_matter_and_a_provider_that_states_nothing_is_not_spoken_of() {
    let sandbox = Sandbox::new();
    let ran = charged(&sandbox, "[default.charges]\ninput = \"1.005\"\noutput = \"2.01\"\n");
    assert!(!ran.stderr.contains("states a cost"), "{ran}");
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/latest/manifest.json")).unwrap();
    assert_eq!(manifest["usage"][0]["stated"]["requests"], 6, "{ran}");

    let ran = charged(&sandbox, "");
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("reports/latest/manifest.json")).unwrap();
    assert_eq!(manifest["usage"].as_array().map(Vec::len), Some(0), "{ran}");
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    assert!(samples.iter().all(|row| row["stated_cost_usd"].is_empty()), "{ran}");
}

#[test]
fn a_law_that_charges_less_than_nothing_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", &format!("{LAW}[default.charges]\ninput = \"-1\"\noutput = \"2\"\n"));
    let refused = sandbox.run(&["simulate", "--listen", "127.0.0.1:0", "--law", "law.toml"]).exits_with(2);
    refused.says("law.toml:8").says("is negative, must be 0 or more");
}

#[test]
fn the_usage_of_each_reply_is_kept_as_it_came() {
    let sandbox = Sandbox::new();
    let ran = measured(&sandbox, &Canned::streaming().base_url);
    let attempts = rows(&sandbox.read("reports/latest/attempts.csv"));
    let raw = r#"{"prompt_tokens":9,"completion_tokens":2}"#;
    assert!(attempts.len() >= 6 && attempts.iter().all(|row| row["raw_usage"] == raw), "{ran}");
}

#[test]
fn counts_that_add_up_in_no_known_way_are_told_with_how_many_they_are() {
    let sandbox = Sandbox::new();
    let body = include_str!("../fixtures/wire/usage_does_not_add_up.sse");
    let ran = measured(&sandbox, &Canned::start("text/event-stream", "", body).base_url);
    let told = "the usage adds up in no known way in 6 of 6 replies of `m` at `p`: the completion count was taken at its \
                word";
    assert!(ran.stderr.contains(told), "{ran}");
    assert!(sandbox.read("reports/latest/manifest.json").contains(told), "{ran}");
    assert_eq!(rows(&sandbox.read("reports/latest/cells.csv"))[0]["output_tokens"], "42", "{ran}");
}

#[test]
fn a_reply_without_usage_is_estimated_from_its_words_and_its_cost_marked() {
    let sandbox = Sandbox::new();
    // Two words of reasoning and three of the answer.
    let body = "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hello world\"}}]}\n\n\
        data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n\
        data: {\"choices\":[{\"delta\":{\"content\":\" world\"}}]}\n\n\
        data: {\"choices\":[{\"delta\":{\"content\":\" hello\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let ran = measured(&sandbox, &Canned::start("text/event-stream", "", body).base_url);
    let cells = rows(&sandbox.read("reports/latest/cells.csv"));
    let cell = &cells[0];
    let expected = [
        ("requests_without_usage", "6"),
        ("requests_estimated", "6"),
        ("output_tokens", "30"),
        ("reasoning_tokens", "12"),
        ("all_prices_known", "true"),
    ];
    for (column, value) in expected {
        assert_eq!(cell[column], value, "{column}\n{ran}");
    }
    let input: u128 = cell["input_tokens"].parse().unwrap();
    assert_eq!(picos(&sandbox, "cost_usd").iter().sum::<u128>(), input * 1_000_000 + 30 * 2_000_000, "{ran}");
    assert!(
        ran.stdout.contains("~$") && ran.stdout.contains("~ rests on an assumed price or on estimated tokens"),
        "{ran}"
    );
    assert!(ran.stderr.contains("6 replies of `m` at `p` came without usage"), "{ran}");
    assert!(sandbox.read("reports/latest/summary.md").contains("or on estimated tokens"), "{ran}");
}

#[test]
fn a_reply_that_breaks_off_is_billed_by_its_words_and_one_without_a_word_is_not() {
    let sandbox = Sandbox::new();
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"hello world\"}}]}\n\n";
    let cut = Canned::start("text/event-stream", "", body);
    let run = |base_url: &str| {
        let small = ["--requests-per-cell", "6", "--rounds", "1", "--concurrency", "2"];
        sandbox.run(&[&["run", "--base-url", base_url, "--model", "m"], &small[..]].concat()).exits_with(5)
    };
    let ran = run(&cut.base_url);
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    let told =
        |row: &crate::sandbox::Row| [&row["outcome"], &row["output_tokens"], &row["usage_source"]].map(String::clone);
    assert!(samples.iter().all(|row| told(row) == ["truncated", "2", "estimated"]), "{ran}");
    assert_eq!(
        rows(&sandbox.read("reports/latest/cells.csv"))[0]["requests_without_usage"],
        "0",
        "it counts successes"
    );

    let ran = run(&Canned::start("text/event-stream", "", "data: {\"choices\":[]}\n\n").base_url);
    let samples = rows(&sandbox.read("reports/latest/samples.csv"));
    assert!(samples.iter().all(|row| told(row) == ["truncated", "", ""] && row["input_tokens"].is_empty()), "{ran}");
}
