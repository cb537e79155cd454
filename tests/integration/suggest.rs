//! `suggest`: planted over-tiering is found, and nothing where there is none.

use crate::price_list::{Listed, price_list};
use crate::sandbox::{Ran, Sandbox};

/// A small and a large model, thirty times as dear.
fn registry(base_url: &str) -> String {
    let small = Listed { id: "small", tier: 1, context: 32_000, usd: ["0.10", "0.10"] };
    let large = Listed { id: "large", tier: 3, context: 32_000, usd: ["3.00", "3.00"] };
    price_list(base_url, &["us"], &[small, large])
}

const TABLE: &str = r#"schema = 1
registry = "registry.toml"
[[route]]
name = "everyday"
match = { tier = 1 }
primary = [ { model = "small" } ]
[[route]]
name = "premium"
primary = [ { model = "large" } ]
"#;

/// Summaries labelled tier 3, chat labelled tier 1, each measured on both models, of which the small one answers this well.
fn suggest(small_quality: f64, policy: &str) -> Ran {
    let sandbox = Sandbox::new();
    let model = |quality: f64, ms: u32| {
        format!(
            "ttft = {{ kind = \"constant\", median_ms = {ms} }}\nms_per_token = {{ kind = \"constant\", median_ms = 0.1 }}\n\
             answer_tokens = {{ median = 20, p99 = 20 }}\nquality = {quality}\n"
        )
    };
    let law = format!(
        "schema = 1\nclient = \"us\"\n[default]\n{0}[model.small]\n{1}[model.large]\n{0}",
        model(1.0, 4),
        model(small_quality, 2)
    );
    let line = |index: usize| {
        let (class, tier) = if index.is_multiple_of(2) { ("summarize", 3) } else { ("chat", 1) };
        let body =
            format!("{{\"messages\":[{{\"role\":\"user\",\"content\":\"{class} text {index}\"}}],\"max_tokens\":30}}");
        let expect = format!("{{\"tier\":{tier},\"contains\":\"sum\"}}");
        format!("{{\"custom_id\":\"{index}\",\"body\":{body},\"class\":\"{class}\",\"expect\":{expect}}}\n")
    };
    sandbox.write("law.toml", &law).write("mixed.jsonl", &(0..40).map(line).collect::<String>());
    let simulated = sandbox.simulate(&["--law", "law.toml", "--workload", "mixed.jsonl"]);
    sandbox.write("registry.toml", &registry(&simulated.base_url)).write("routes.toml", TABLE);
    sandbox.write("gate.toml", &format!("schema = 1\n[traffic]\nrequests_per_month = 1_000_000\n{policy}"));
    let what = ["run", "--registry", "registry.toml", "--workload", "mixed.jsonl", "--run-id", "night", "--live"];
    let load = ["--max-cost-usd", "10", "--requests-per-cell", "400", "--rounds", "10", "--prompt-cache", "natural"];
    sandbox.run(&[&what[..], &load].concat()).measures();
    sandbox.judge("reports/night", &[]);
    sandbox.run(&["suggest", "reports/night", "--routes", "routes.toml", "--policy", "gate.toml"]).exits_with(0)
}

#[test]
fn a_class_in_tier_3_that_tier_1_answers_as_well_is_suggested_with_what_it_saves() {
    let told = suggest(1.0, "");
    let line = told.stdout.lines().find(|line| line.starts_with("`summarize` ")).unwrap_or_else(|| panic!("{told}"));
    // $0.10 in place of $3.00, whatever the tokens.
    assert!(line.starts_with("`summarize` tier 3 → 1 saves 97 %, p95 "), "{line}");
    assert!(line.contains(" ms, quality 1.00 → 1.00 (n = 200)"), "{line}");
    assert!(line.ends_with(" a month"), "{line}");
    assert!(!told.stdout.contains("`chat`"), "{told}");
}

#[test]
fn nothing_is_suggested_that_would_answer_worse_than_it_may() {
    suggest(0.6, "").prints("nothing cheaper found that meets every limit and answers about as well");
    let floor = "[[regression]]\nmetric = \"quality_ratio\"\nmargin = \"60pp\"\n[[slo]]\nname = \"right\"\nmetric = \"quality_ratio\"\n\
                 min = 0.9\n";
    suggest(0.6, floor).prints("nothing cheaper found that meets every limit and answers about as well");
}
