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
    told_of(&Policy::parse("gate.toml", rules).unwrap(), made, as_format)
}

fn told_of(policy: &Policy, made: &MadeUp, as_format: fn(&Judgement<'_>) -> String) -> String {
    let judged = judge(policy, &made.run).unwrap();
    as_format(&Judgement { policy, run: &made.run, judged: &judged, advisory: false, apart: false })
}

const FORMATS: [fn(&Judgement<'_>) -> String; 5] =
    [verdict_text, verdict_markdown, verdict_annotations, verdict_junit, verdict_json];

/// Twelve cells that have so few requests that hardly anything can be told.
fn few(each: u32) -> MadeUp {
    let side = Side { each, ..SIDE };
    let cells = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"].map(|region| Cell {
        region,
        baseline: side.clone(),
        candidate: Some(side.clone()),
        ..SAME
    });
    made_up(20, &cells)
}

#[test]
fn a_person_reads_the_worst_first_with_its_numbers() {
    let text = told(RULES, &worse(), verdict_text);
    insta::assert_snapshot!(text, @r#"
    REGRESSED: 4 broken, 2 cannot be told, 8 hold of gate.toml on ab, simulated

    broken      small in eu on chat at closed, 4: errors 0 % → 2.00 % (+2 pp, 95 % interval +2 to +2 pp; margin 0.5 pp, holds if surely within 2 pp), n = 1,000 each in 20 rounds, p < 0.0001  [gate.toml:16]
    broken      small in eu on chat at closed, 4: ttft p50 99 → 131 ms (+32 %, 95 % interval +29 to +36 %; margin 10 %, holds if surely within 25 %), n = 1,000 each in 20 rounds, requests without a first token (0 and 20) taken as 120 s, p < 0.0001  [gate.toml:6]
    broken      small in eu on chat at closed, 4: list price of output $0.25 → $0.30 a million tokens (margin 0 %)  [gate.toml:20]
    broken      small in eu on chat at closed, 4: cost per 1k requests $0.02 → $0.0245 (+22 %, 95 % interval +22 to +22 %; margin 3 %, holds if surely within 9 %), n = 1,000 each in 20 rounds, p < 0.0001  [gate.toml:12, warns]
    cannot tell small in eu on chat at closed, 4 and 1 more place: e2e p99 370 ms → 120 s (margin 10 %, holds if surely within 75 %), n = 1,000 each, failures (0 and 20) taken as 120 s – a round has too few requests: it takes 2,000 of each variant here, in all rounds together  [gate.toml:9]
    holds       candidate: small in eu on chat at closed, 4 and 3 more places: p95 e2e ≤ 900 ms; 20 of 1,000 over it or failed (5.00 % allowed)  [answers | in <time>, gate.toml:2]
    holds       small in us on chat at closed, 4: ttft p50 98 → 99 ms (+0.43 %, 95 % interval −3.2 to +4.2 %; margin 10 %, holds if surely within 25 %), n = 1,000 each in 20 rounds  [gate.toml:6]
    holds       small in us on chat at closed, 4: errors 0 % → 0 % (0 pp, 95 % interval −0.38 to +0.38 pp; margin 0.5 pp, holds if surely within 2 pp), n = 1,000 each  [gate.toml:16]
    holds       small in us on chat at closed, 4: list price of output $0.25 → $0.25 a million tokens (margin 0 %)  [gate.toml:20]
    holds       small in us on chat at closed, 4: cost per 1k requests $0.02 → $0.02 (0 %, 95 % interval 0 to 0 %; margin 3 %, holds if surely within 9 %), n = 1,000 each in 20 rounds  [gate.toml:12, warns]

    A comparison is broken where it is surely worse than its margin, holds where it surely stays within its second bound, and cannot be told in between.

    The figures of latency and cost, their change and its interval are means over the rounds, in which a failed request counts as its total deadline: they need not be those of all requests together.
    "#);
}

#[test]
fn a_pull_request_opens_with_the_cause_and_folds_away_what_holds() {
    let markdown = told(RULES, &worse(), verdict_markdown);
    insta::assert_snapshot!(markdown, @r#"
    **REGRESSED: small in eu on chat at closed, 4**: errors 0 % → 2.00 % (+2 pp, 95 % interval +2 to +2 pp; margin 0.5 pp, holds if surely within 2 pp), n = 1,000 each in 20 rounds, p &lt; 0.0001.

    4 broken, 2 cannot be told, 8 hold of gate.toml on ab, simulated.

    ||where|asked|seen|rule|
    |---|---|---|---|---|
    |broken|small in eu on chat at closed, 4|errors ≤ +0.5 pp|0 % → 2.00 % (+2 pp, 95 % interval +2 to +2 pp; margin 0.5 pp, holds if surely within 2 pp), n = 1,000 each in 20 rounds, p &lt; 0.0001|gate.toml:16|
    |broken|small in eu on chat at closed, 4|ttft p50 ≤ +10 %|99 → 131 ms (+32 %, 95 % interval +29 to +36 %; margin 10 %, holds if surely within 25 %), n = 1,000 each in 20 rounds, requests without a first token (0 and 20) taken as 120 s, p &lt; 0.0001|gate.toml:6|
    |broken|small in eu on chat at closed, 4|list price of output ≤ +0 %|$0.25 → $0.30 a million tokens (margin 0 %)|gate.toml:20|
    |broken|small in eu on chat at closed, 4|cost per 1k requests ≤ +3 %|$0.02 → $0.0245 (+22 %, 95 % interval +22 to +22 %; margin 3 %, holds if surely within 9 %), n = 1,000 each in 20 rounds, p &lt; 0.0001|gate.toml:12, warns|
    |cannot tell|small in eu on chat at closed, 4 and 1 more place|e2e p99 ≤ +10 %|370 ms → 120 s (margin 10 %, holds if surely within 75 %), n = 1,000 each, failures (0 and 20) taken as 120 s – a round has too few requests: it takes 2,000 of each variant here, in all rounds together|gate.toml:9|

    <details><summary>8 hold</summary>

    ||where|asked|seen|rule|
    |---|---|---|---|---|
    |holds|candidate: small in eu on chat at closed, 4|p95 e2e ≤ 900 ms|20 of 1,000 over it or failed (5.00 % allowed)|answers \| in &lt;time&gt;, gate.toml:2|
    |holds|small in us on chat at closed, 4|ttft p50 ≤ +10 %|98 → 99 ms (+0.43 %, 95 % interval −3.2 to +4.2 %; margin 10 %, holds if surely within 25 %), n = 1,000 each in 20 rounds|gate.toml:6|
    |holds|baseline: small in us on chat at closed, 4|p95 e2e ≤ 900 ms|0 of 1,000 over it or failed (5.00 % allowed)|answers \| in &lt;time&gt;, gate.toml:2|
    |holds|baseline: small in eu on chat at closed, 4|p95 e2e ≤ 900 ms|0 of 1,000 over it or failed (5.00 % allowed)|answers \| in &lt;time&gt;, gate.toml:2|
    |holds|candidate: small in us on chat at closed, 4|p95 e2e ≤ 900 ms|0 of 1,000 over it or failed (5.00 % allowed)|answers \| in &lt;time&gt;, gate.toml:2|
    |holds|small in us on chat at closed, 4|errors ≤ +0.5 pp|0 % → 0 % (0 pp, 95 % interval −0.38 to +0.38 pp; margin 0.5 pp, holds if surely within 2 pp), n = 1,000 each|gate.toml:16|
    |holds|small in us on chat at closed, 4|list price of output ≤ +0 %|$0.25 → $0.25 a million tokens (margin 0 %)|gate.toml:20|
    |holds|small in us on chat at closed, 4|cost per 1k requests ≤ +3 %|$0.02 → $0.02 (0 %, 95 % interval 0 to 0 %; margin 3 %, holds if surely within 9 %), n = 1,000 each in 20 rounds|gate.toml:12, warns|

    </details>

    A comparison is broken where it is surely worse than its margin, holds where it surely stays within its second bound, and cannot be told in between.

    The figures of latency and cost, their change and its interval are means over the rounds, in which a failed request counts as its total deadline: they need not be those of all requests together.
    "#);
}

#[test]
fn annotations_are_at_most_ten_and_anchored_at_the_policy() {
    let annotations = told(RULES, &worse(), verdict_annotations);
    insta::assert_snapshot!(annotations, @r#"
    ::error file=gate.toml,title=tollmark gate::REGRESSED: 4 broken, 2 cannot be told, 8 hold of gate.toml on ab, simulated%0AA comparison is broken where it is surely worse than its margin, holds where it surely stays within its second bound, and cannot be told in between.%0AThe figures of latency and cost, their change and its interval are means over the rounds, in which a failed request counts as its total deadline: they need not be those of all requests together.
    ::error file=gate.toml,line=16,title=broken%3A errors ≤ +0.5 pp::small in eu on chat at closed, 4: errors 0 %25 → 2.00 %25 (+2 pp, 95 %25 interval +2 to +2 pp; margin 0.5 pp, holds if surely within 2 pp), n = 1,000 each in 20 rounds, p < 0.0001
    ::error file=gate.toml,line=6,title=broken%3A ttft p50 ≤ +10 %25::small in eu on chat at closed, 4: ttft p50 99 → 131 ms (+32 %25, 95 %25 interval +29 to +36 %25; margin 10 %25, holds if surely within 25 %25), n = 1,000 each in 20 rounds, requests without a first token (0 and 20) taken as 120 s, p < 0.0001
    ::error file=gate.toml,line=20,title=broken%3A list price of output ≤ +0 %25::small in eu on chat at closed, 4: list price of output $0.25 → $0.30 a million tokens (margin 0 %25)
    ::error file=gate.toml,line=9,title=cannot tell%3A e2e p99 ≤ +10 %25::small in eu on chat at closed, 4 and 1 more place: e2e p99 370 ms → 120 s (margin 10 %25, holds if surely within 75 %25), n = 1,000 each, failures (0 and 20) taken as 120 s – a round has too few requests: it takes 2,000 of each variant here, in all rounds together
    ::warning file=gate.toml,line=12,title=broken%3A cost per 1k requests ≤ +3 %25::small in eu on chat at closed, 4: cost per 1k requests $0.02 → $0.0245 (+22 %25, 95 %25 interval +22 to +22 %25; margin 3 %25, holds if surely within 9 %25), n = 1,000 each in 20 rounds, p < 0.0001
    "#);
    let rules = RULES.to_owned()
        + &(1..=9)
            .map(|pp| format!("[[regression]]\nmetric = \"availability\"\nmargin = \"0.{pp}pp\"\n"))
            .collect::<String>();
    assert_eq!(told(&rules, &few(1), verdict_annotations).lines().count(), 10);
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
        (0..300).map(|region| &*Box::leak(format!("region-{region}").into_boxed_str())).collect();
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

#[test]
fn the_change_in_brackets_is_the_change_of_the_figures_before_it() {
    let document: serde_json::Value = serde_json::from_str(&told(RULES, &worse(), verdict_json)).unwrap();
    let rules = document["regressions"].as_array().unwrap();
    let compared: Vec<_> = rules.iter().filter(|rule| rule["baseline_of_rounds"].is_number()).collect();
    // The time to first token and the cost of both cells.
    assert_eq!(compared.len(), 4);
    for rule in compared {
        let number = |name: &str| rule[name].as_f64().unwrap();
        let by = number("candidate_of_rounds") / number("baseline_of_rounds") - 1.0;
        assert!((by - number("change")).abs() < 1e-9, "{rule}");
    }
    for as_format in FORMATS {
        let text = told(RULES, &worse(), as_format);
        assert!(
            text.contains("means over the rounds, in which a failed request counts as its total deadline"),
            "{text}"
        );
        assert!(text.contains("requests without a first token (0 and 20) taken as 120 s"), "{text}");
    }
}

#[test]
fn both_bounds_of_a_rule_are_told_in_every_format() {
    for as_format in FORMATS {
        let text = told(RULES, &worse(), as_format).replace("%25", "%");
        assert!(text.contains("; margin 10 %, holds if surely within 25 %)"), "{text}");
        assert!(text.contains("(margin 0 %)"), "a list price has one bound: {text}");
    }
}

#[test]
fn each_rule_that_cannot_be_told_has_a_line_with_its_worst_place_and_how_many_more_there_are() {
    let text = told(RULES, &few(1), verdict_text);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("cannot tell ")).collect();
    for (rule, more) in [("gate.toml:9]", 11), ("gate.toml:16]", 11), ("gate.toml:2]", 23)] {
        let told: Vec<&&str> = lines.iter().filter(|line| line.ends_with(rule)).collect();
        assert_eq!(told.len(), 1, "{rule} in {text}");
        assert!(told[0].contains(&format!(" and {more} more places: ")), "{text}");
    }
    assert!(!text.contains("cannot tell 1"), "{text}");
    let annotations = told(RULES, &few(1), verdict_annotations);
    for line in ["line=2,", "line=9,", "line=16,"] {
        assert_eq!(annotations.matches(line).count(), 1, "{annotations}");
    }
}

#[test]
fn one_cause_in_many_cells_is_told_once_with_what_to_do() {
    let throttled = Side { valid: false, ..SIDE };
    let cell = |region| Cell { region, baseline: throttled.clone(), candidate: Some(throttled.clone()), ..SAME };
    let made = made_up(20, &["us", "eu", "ap"].map(cell));
    let text = told(RULES, &made, verdict_text);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("invalid ")).collect();
    assert_eq!(lines.len(), 2, "what stops and what warns: {text}");
    assert!(
        lines[0].contains(" and 5 more cells: the provider throttled 30 of 1000 requests; lower `--concurrency`"),
        "{text}"
    );
    assert!(lines[0].ends_with("  [gate.toml:2, 6, 9, 16]"), "{text}");
    assert!(told(RULES, &made, verdict_markdown).contains("|4 rules|"));
}

#[test]
fn an_invalid_verdict_has_errors_in_junit_although_its_rules_only_warn() {
    let throttled = Side { valid: false, ..SIDE };
    let made = made_up(20, &[Cell { baseline: throttled.clone(), candidate: Some(throttled), ..SAME }]);
    let rules = "schema = 1\n[[slo]]\nname = \"up\"\nmetric = \"availability\"\nmin = 0.5\nseverity = \"warn\"\n";
    assert!(told(rules, &made, verdict_text).starts_with("INVALID: "));
    let junit = told(rules, &made, verdict_junit);
    assert!(junit.contains("errors=\"2\"") && !junit.contains("<skipped"), "{junit}");
}

#[test]
fn what_did_not_change_is_the_last_of_what_holds() {
    let text = told(&RULES.replace("severity = \"warn\"\n", ""), &made_up(20, &[SAME]), verdict_text);
    let at = |measure: &str| text.find(measure).unwrap_or_else(|| panic!("no {measure} in {text}"));
    assert!(at(": ttft p50 ") < at(": list price of output "), "{text}");
}

#[test]
fn rules_of_the_built_in_policy_stand_in_no_file() {
    let text = told_of(Policy::built_in(), &worse(), verdict_text);
    assert!(text.lines().next().unwrap().contains(" of the built-in policy on ab"), "{text}");
    assert!(!text.contains("[]") && !told_of(Policy::built_in(), &worse(), verdict_junit).contains("[]"), "{text}");
    let annotations = told_of(Policy::built_in(), &worse(), verdict_annotations);
    assert!(
        annotations.starts_with("::error title=tollmark gate::") && !annotations.contains("file="),
        "{annotations}"
    );
}

#[test]
fn the_json_has_what_decided_an_slo_and_why_a_rule_was_not_asked() {
    let rules = RULES.to_owned()
        + "[[slo]]\nname = \"others\"\nmetric = \"availability\"\nmin = 0.5\nmatch = { model = \"glm\" }\n";
    let document: serde_json::Value = serde_json::from_str(&told(&rules, &worse(), verdict_json)).unwrap();
    let slo = document["slos"].as_array().unwrap().iter().find(|slo| slo["bad"] == 20).unwrap();
    let number = |name: &str| slo[name].as_f64().unwrap();
    // 20 of 1,000: Clopper and Pearson's ends, each with 95 %.
    assert!(
        (number("bad_ratio_low") - 0.0133).abs() < 5e-4 && (number("bad_ratio_high") - 0.0290).abs() < 5e-4,
        "{slo}"
    );
    assert!(slo["ruling"] == "holds" && number("p_holds") <= 0.05, "{slo}");
    let unasked = &document["not_asked"][0];
    assert_eq!((&unasked["rule"], &unasked["file"]), (&"others".into(), &"gate.toml".into()));
    assert_eq!((&unasked["line"], &unasked["reason"]), (&23.into(), &"nothing_matches".into()));
    assert_eq!(unasked["told"], "`others` matches nothing that was measured");
}

#[test]
fn every_format_says_that_less_was_measured_than_planned() {
    let mut made = worse();
    made.run.manifest.status = crate::rundir::Status::OverBudget;
    for format in FORMATS {
        let told = told(RULES, &made, format);
        assert!(told.contains("simulated, partial: the run was stopped by its budget"), "{told}");
    }
}
