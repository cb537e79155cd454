use super::*;
use crate::gate::fixture::{Cell, MadeUp, SAME, SIDE, Side, made_up};
use crate::gate::judge;
use crate::report::fixture::HOSTILE;

const RULES: &str = r#"schema = 1
[[slo]]
name = "answers | in <time>"
metric = "e2e_p95_ms"
max = 900
[[regression]]
metric = "ttft_p50_ms"
margin = "10%"
[[regression]]
metric = "e2e_p99_ms"
margin = "10%"
[[regression]]
metric = "cost_per_1k_requests_usd"
margin = "3%"
severity = "warn"
[[regression]]
metric = "attempt_error_ratio"
margin = "0.5pp"
rule_out = "2pp"
[[regression]]
metric = "list_output_usd_per_mtok"
margin = "0%"
"#;

/// One cell in which the candidate is slower, dearer and fails at times, and one that did not change.
fn worse() -> MadeUp {
    let candidate = Side { median_ms: 260.0, failing: 0.02, cost: Some(25_000_000), output: "0.30", ..SIDE };
    made_up(20, &[SAME, Cell { region: "eu", candidate: Some(candidate), ..SAME }])
}

fn told(rules: &str, made: &MadeUp, as_format: fn(&Judgement<'_>) -> String) -> String {
    let policy = Policy::parse("gate.toml", rules).unwrap();
    let judged = judge(&policy, &made.run).unwrap();
    as_format(&Judgement { policy: &policy, run: &made.run, judged: &judged, advisory: false })
}

#[test]
fn a_person_reads_the_worst_first_with_its_numbers() {
    let text = told(RULES, &worse(), verdict_text);
    insta::assert_snapshot!(text, @r#"
    REGRESSED: 4 broken, 2 cannot be told, 8 hold of gate.toml on ab, simulated

    broken      small in eu on chat at closed, 4: errors 0 % → 2.00 % (+2 pp, 95 % interval +2 to +2 pp; margin 0.5 pp), n = 1,000 each in 20 rounds, p < 0.0001  [gate.toml:16]
    broken      small in eu on chat at closed, 4: ttft p50 99 → 131 ms (+32 %, 95 % interval +29 to +36 %; margin 10 %), n = 1,000 each in 20 rounds, p < 0.0001  [gate.toml:6]
    broken      small in eu on chat at closed, 4: list price of output $0.25 → $0.30 a million tokens (margin 0 %)  [gate.toml:20]
    broken      small in eu on chat at closed, 4: cost per 1k requests $0.02 → $0.0245 per 1k (+22 %, 95 % interval +22 to +22 %; margin 3 %), n = 1,000 each in 20 rounds, p < 0.0001  [gate.toml:12, warns]
    cannot tell small in us on chat at closed, 4: e2e p99 384 → 390 ms (margin 10 %), n = 1,000 each – a round has too few requests: it takes 2,000 of each variant  [gate.toml:9]
    cannot tell small in eu on chat at closed, 4: e2e p99 370 ms → 120 s (margin 10 %), n = 1,000 each – a round has too few requests: it takes 2,000 of each variant  [gate.toml:9]
    holds       small in us on chat at closed, 4: list price of output $0.25 → $0.25 a million tokens (margin 0 %)  [gate.toml:20]
    holds       candidate: small in eu on chat at closed, 4: p95 e2e ≤ 900 ms; 20 of 1,000 over it or failed (5.00 % allowed)  [answers | in <time>, gate.toml:2]
    holds       small in us on chat at closed, 4: ttft p50 98 → 100 ms (+0.43 %, 95 % interval −3.2 to +4.2 %; margin 10 %), n = 1,000 each in 20 rounds  [gate.toml:6]
    holds       baseline: small in us on chat at closed, 4: p95 e2e ≤ 900 ms; 0 of 1,000 over it or failed (5.00 % allowed)  [answers | in <time>, gate.toml:2]
    holds       baseline: small in eu on chat at closed, 4: p95 e2e ≤ 900 ms; 0 of 1,000 over it or failed (5.00 % allowed)  [answers | in <time>, gate.toml:2]
    holds       candidate: small in us on chat at closed, 4: p95 e2e ≤ 900 ms; 0 of 1,000 over it or failed (5.00 % allowed)  [answers | in <time>, gate.toml:2]
    holds       small in us on chat at closed, 4: errors 0 % → 0 % (0 pp, 95 % interval −0.38 to +0.38 pp; margin 0.5 pp), n = 1,000 each  [gate.toml:16]
    holds       small in us on chat at closed, 4: cost per 1k requests $0.02 → $0.02 per 1k (0 %, 95 % interval 0 to 0 %; margin 3 %), n = 1,000 each in 20 rounds  [gate.toml:12, warns]
    "#);
}

#[test]
fn a_pull_request_opens_with_the_cause_and_folds_away_what_holds() {
    let markdown = told(RULES, &worse(), verdict_markdown);
    insta::assert_snapshot!(markdown, @r#"
    **REGRESSED: small in eu on chat at closed, 4**: errors 0 % → 2.00 % (+2 pp, 95 % interval +2 to +2 pp; margin 0.5 pp), n = 1,000 each in 20 rounds, p &lt; 0.0001.

    4 broken, 2 cannot be told, 8 hold of gate.toml on ab, simulated.

    ||where|asked|seen|rule|
    |---|---|---|---|---|
    |broken|small in eu on chat at closed, 4|errors ≤ +0.5 pp|0 % → 2.00 % (+2 pp, 95 % interval +2 to +2 pp; margin 0.5 pp), n = 1,000 each in 20 rounds, p &lt; 0.0001|gate.toml:16|
    |broken|small in eu on chat at closed, 4|ttft p50 ≤ +10 %|99 → 131 ms (+32 %, 95 % interval +29 to +36 %; margin 10 %), n = 1,000 each in 20 rounds, p &lt; 0.0001|gate.toml:6|
    |broken|small in eu on chat at closed, 4|list price of output ≤ +0 %|$0.25 → $0.30 a million tokens (margin 0 %)|gate.toml:20|
    |broken|small in eu on chat at closed, 4|cost per 1k requests ≤ +3 %|$0.02 → $0.0245 per 1k (+22 %, 95 % interval +22 to +22 %; margin 3 %), n = 1,000 each in 20 rounds, p &lt; 0.0001|gate.toml:12, warns|
    |cannot tell|small in us on chat at closed, 4|e2e p99 ≤ +10 %|384 → 390 ms (margin 10 %), n = 1,000 each – a round has too few requests: it takes 2,000 of each variant|gate.toml:9|
    |cannot tell|small in eu on chat at closed, 4|e2e p99 ≤ +10 %|370 ms → 120 s (margin 10 %), n = 1,000 each – a round has too few requests: it takes 2,000 of each variant|gate.toml:9|

    <details><summary>8 hold</summary>

    ||where|asked|seen|rule|
    |---|---|---|---|---|
    |holds|small in us on chat at closed, 4|list price of output ≤ +0 %|$0.25 → $0.25 a million tokens (margin 0 %)|gate.toml:20|
    |holds|candidate: small in eu on chat at closed, 4|p95 e2e ≤ 900 ms|20 of 1,000 over it or failed (5.00 % allowed)|answers \| in &lt;time&gt;, gate.toml:2|
    |holds|small in us on chat at closed, 4|ttft p50 ≤ +10 %|98 → 100 ms (+0.43 %, 95 % interval −3.2 to +4.2 %; margin 10 %), n = 1,000 each in 20 rounds|gate.toml:6|
    |holds|baseline: small in us on chat at closed, 4|p95 e2e ≤ 900 ms|0 of 1,000 over it or failed (5.00 % allowed)|answers \| in &lt;time&gt;, gate.toml:2|
    |holds|baseline: small in eu on chat at closed, 4|p95 e2e ≤ 900 ms|0 of 1,000 over it or failed (5.00 % allowed)|answers \| in &lt;time&gt;, gate.toml:2|
    |holds|candidate: small in us on chat at closed, 4|p95 e2e ≤ 900 ms|0 of 1,000 over it or failed (5.00 % allowed)|answers \| in &lt;time&gt;, gate.toml:2|
    |holds|small in us on chat at closed, 4|errors ≤ +0.5 pp|0 % → 0 % (0 pp, 95 % interval −0.38 to +0.38 pp; margin 0.5 pp), n = 1,000 each|gate.toml:16|
    |holds|small in us on chat at closed, 4|cost per 1k requests ≤ +3 %|$0.02 → $0.02 per 1k (0 %, 95 % interval 0 to 0 %; margin 3 %), n = 1,000 each in 20 rounds|gate.toml:12, warns|

    </details>
    "#);
}

#[test]
fn annotations_are_at_most_ten_and_anchored_at_the_policy() {
    let annotations = told(RULES, &worse(), verdict_annotations);
    insta::assert_snapshot!(annotations, @r#"
    ::error file=gate.toml,title=tollmark gate::REGRESSED: 4 broken, 2 cannot be told, 8 hold of gate.toml on ab, simulated
    ::error file=gate.toml,line=16,title=broken%3A errors ≤ +0.5 pp::small in eu on chat at closed, 4: errors 0 %25 → 2.00 %25 (+2 pp, 95 %25 interval +2 to +2 pp; margin 0.5 pp), n = 1,000 each in 20 rounds, p < 0.0001
    ::error file=gate.toml,line=6,title=broken%3A ttft p50 ≤ +10 %25::small in eu on chat at closed, 4: ttft p50 99 → 131 ms (+32 %25, 95 %25 interval +29 to +36 %25; margin 10 %25), n = 1,000 each in 20 rounds, p < 0.0001
    ::error file=gate.toml,line=20,title=broken%3A list price of output ≤ +0 %25::small in eu on chat at closed, 4: list price of output $0.25 → $0.30 a million tokens (margin 0 %25)
    ::error file=gate.toml,line=9,title=cannot tell%3A e2e p99 ≤ +10 %25::small in us on chat at closed, 4: e2e p99 384 → 390 ms (margin 10 %25), n = 1,000 each – a round has too few requests: it takes 2,000 of each variant
    ::error file=gate.toml,line=9,title=cannot tell%3A e2e p99 ≤ +10 %25::small in eu on chat at closed, 4: e2e p99 370 ms → 120 s (margin 10 %25), n = 1,000 each – a round has too few requests: it takes 2,000 of each variant
    ::warning file=gate.toml,line=12,title=broken%3A cost per 1k requests ≤ +3 %25::small in eu on chat at closed, 4: cost per 1k requests $0.02 → $0.0245 per 1k (+22 %25, 95 %25 interval +22 to +22 %25; margin 3 %25), n = 1,000 each in 20 rounds, p < 0.0001
    "#);
    let regions: Vec<&'static str> = vec!["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let slow = Side { median_ms: 2_000.0, each: 5, ..SIDE };
    let cells: Vec<Cell> = regions
        .into_iter()
        .map(|region| Cell { region, candidate: Some(slow.clone()), baseline: Side { each: 5, ..SIDE }, ..SAME })
        .collect();
    assert_eq!(told(RULES, &made_up(20, &cells), verdict_annotations).lines().count(), 10);
}

#[test]
fn every_rule_is_a_test_case_of_junit() {
    let junit = told(RULES, &worse(), verdict_junit);
    let document = roxmltree::Document::parse(&junit).unwrap();
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(cases.len(), 4 + 2 * 5);
    let case = |name: &str, class: &str| {
        let found = cases
            .iter()
            .find(|case| case.attribute("name") == Some(name) && case.attribute("classname") == Some(class));
        found.unwrap_or_else(|| panic!("no {name} of {class} in {junit}"))
    };
    let slower = case("ttft p50 ≤ +10 % on chat at closed, 4", "acme.small.eu");
    assert!(slower.children().any(|child| child.has_tag_name("failure")), "{junit}");
    let untold = case("e2e p99 ≤ +10 % on chat at closed, 4", "acme.small.us");
    assert!(untold.children().any(|child| child.has_tag_name("skipped")), "{junit}");
    let both = case("p95 e2e ≤ 900 ms on chat at closed, 4", "baseline.acme.small.us");
    assert!(!both.children().any(|child| child.has_tag_name("failure")), "{junit}");
}

#[test]
fn the_json_is_what_its_schema_says_and_has_every_number() {
    let text = told(RULES, &worse(), verdict_json);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schema = include_str!("../../../reports/verdict.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = validator.iter_errors(&document).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!((document["verdict"].as_str(), document["variants"][0].as_str()), (Some("regressed"), Some("baseline")));
    assert_eq!(document["slos"].as_array().unwrap().len() + document["regressions"].as_array().unwrap().len(), 14);
    let rules = document["regressions"].as_array().unwrap();
    let cost = rules.iter().find(|rule| rule["metric"] == "cost_per_1k_requests_usd").unwrap();
    assert_eq!((cost["severity"].as_str(), cost["ruling"].as_str()), (Some("warn"), Some("broken")));
    assert!((cost["change"].as_f64().unwrap() - 0.225).abs() < 0.01, "{cost}");
    let price = rules.iter().find(|rule| rule["metric"] == "list_output_usd_per_mtok").unwrap();
    assert_eq!((price["baseline"].as_f64(), price["candidate"].as_f64()), (Some(0.25), Some(0.3)));
}

#[test]
fn hostile_names_survive_every_format() {
    let slow = Side { median_ms: 400.0, ..SIDE };
    let made = made_up(20, &[Cell { model: HOSTILE, candidate: Some(slow), ..SAME }]);
    let rules = RULES.replace("answers | in <time>", "\\u001b[31m<b>|`a\\n::error::");
    for line in told(&rules, &made, verdict_markdown).lines().filter(|line| line.starts_with('|')) {
        assert_eq!(line.replace("\\|", "").matches('|').count(), 6, "{line}");
    }
    assert!(!told(&rules, &made, verdict_markdown).contains("<script>"));
    for line in told(&rules, &made, verdict_annotations).lines() {
        assert!(line.starts_with("::error file=gate.toml") || line.starts_with("::warning file=gate.toml"), "{line}");
    }
    assert!(roxmltree::Document::parse(&told(&rules, &made, verdict_junit)).is_ok());
    assert!(told(&rules, &made, verdict_text).chars().all(|symbol| symbol == '\n' || !symbol.is_control()));
    assert!(serde_json::from_str::<serde_json::Value>(&told(&rules, &made, verdict_json)).is_ok());
}

#[test]
fn markdown_stays_below_what_a_comment_may_hold() {
    let few = Side { each: 1, ..SIDE };
    let regions: Vec<&'static str> =
        (0..150).map(|region| &*Box::leak(format!("region-{region}").into_boxed_str())).collect();
    let cells: Vec<Cell> = regions
        .into_iter()
        .map(|region| Cell { region, baseline: few.clone(), candidate: Some(few.clone()), ..SAME })
        .collect();
    let markdown = told(RULES, &made_up(6, &cells), verdict_markdown);
    assert!(
        markdown.len() < 60_000 && markdown.contains(" rules more are in the other formats."),
        "{}",
        markdown.len()
    );
}

#[test]
fn a_run_with_one_variant_is_told_what_it_was_not_asked() {
    let mut made = made_up(20, &[SAME]);
    made.run.manifest.variants.clear();
    let text = told(RULES, &made, verdict_text);
    assert!(text.contains("not asked: 5 rules, each of which is about a baseline and a candidate"), "{text}");
}
