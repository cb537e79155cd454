use super::*;
use crate::report::fixture;

#[test]
fn a_small_run_reads_whole() {
    let expected = r#"
**Cheapest meeting its tier's p99, simulated: tier 0 qwen3-8b $0.01 · tier 1 step-3.5-flash $0.15.**

**SIMULATED** · built-in simulator · suite demo · 2026-11-23T02:00:00Z · 48 s · 5 cells: 2 meet, 1 cannot be told, 2 are invalid · 2,050 requests, 62 failed (`rate_limited` 11, `timeout_idle` 1, `connect` 50) · ≥ \~$0.0987 · seed 7 · tollmark 0.1.0

|tier|model|region|p50 ms|p99 ms (95 %)|n|failed|$/M list|$/M eff.|cost|limit|standing|
|--:|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|
|0|qwen3-8b|us-west-2|102|184 (176–193)|600|0|$0.01|\~$0.0732|\~$0.00132|200 ms|● meets|
|1|step-3.5-flash|us-east-1|180|410 (398–431)|600|1 (0.17 %)|$0.15|$0.54|$0.0162|500 ms|● meets|
|1|&lt;script&gt;alert("x")&lt;/script&gt;\|\`a\`�\[31m &amp; ü🚀|eu-west-1|300|800\* (≥ 700)|600|10 (1.67 %)|$0.56|–|≥ $0.05|500 ms|✕ invalid|
|3|deepseek-v4-pro|eu-west-1|1,904|9,204\* (≥ 8,120)|200|1 (0.50 %)|$0.78|$1.91|$0.0312|10 s|○ cannot tell|
|–|glm-4-9b|–|–|–|50|50 (100 %)|–|–|–|–|✕ invalid|

Simulated. End-to-end latency of successes; the 95 % interval and the standing count failures. Effective $/M is all cost over generated tokens. Closed load has no due time: a stall hides what it kept from being sent. \* no upper end: too few requests, or too many failures. \~ rests on an assumed price. ≥ lacks a price.

<details><summary>Invalid cells: 2</summary>

- p/hostile/eu-west-1/autocomplete/c16: the provider throttled 1.67 % of requests
- p/glm-4-9b/autocomplete/c16: the provider throttled 1.67 % of requests

</details>

<details><summary>Left out: 1</summary>

- glm-4.6v, us-east-1: the workload \`documents\` has \| no images

</details>

<details><summary>Warnings: 1</summary>

- 10 rounds instead of 20: a turn would hold fewer than 5 × 16 requests

</details>

"#;
    assert_eq!(summary_markdown(&fixture::run(), &fixture::parts()), expected[1..]);
}

#[test]
fn no_name_is_read_as_markup() {
    assert_eq!(
        escaped("<b>a|b`c`\n*d* _e_ [f](https://x) ~g~ $h$ $0.15 @team \\"),
        "&lt;b&gt;a\\|b\\`c\\`�\\*d\\* \\_e\\_ \\[f\\](https&#58;//x) \\~g\\~ \\$h\\$ $0.15 &#64;\u{200B}team \\\\"
    );
}

#[test]
fn five_hundred_endpoints_stay_below_60_kb_and_the_rest_is_counted() {
    let mut run = fixture::large_run(125);
    let hostile = "|<`".repeat(60);
    run.warnings = vec![hostile.clone(); 400];
    run.manifest.warnings = Vec::new();
    let standings = fixture::large_standings(run.cells.len());
    let parts = Parts { headline: "A finding.", standings: &standings, charts: &[], sweeps: &[], bill: None };
    let text = summary_markdown(&run, &parts);
    assert!(text.len() < 60_000, "{}", text.len());
    let rows = text.lines().filter(|line| line.contains("|vendor-model-")).count();
    let more = text.lines().find(|line| line.ends_with(" more in report.html")).expect("the rows do not all fit");
    assert_eq!(more, format!("+{} more in report.html", 500 - rows));
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(text.contains("Warnings: 400"));
}

#[test]
fn an_interrupted_run_says_that_it_is_partial() {
    let mut run = fixture::run();
    run.manifest.status = crate::rundir::Status::Interrupted;
    let text = summary_markdown(&run, &fixture::parts());
    assert!(text.contains("⚠ The run was interrupted: less was measured than planned.\n"));
}

#[test]
fn two_renders_are_the_same() {
    let render = || summary_markdown(&fixture::large_run(50), &fixture::parts());
    assert_eq!(render(), render());
}

#[test]
fn every_reason_of_a_cell_is_told_however_many_there_are() {
    let mut run = fixture::run();
    let reasons = ["throttled 2 of 100 requests", "event loop was late", "stamped replies late", "sent requests late"];
    run.manifest.validity[4].reasons = reasons.map(|reason| format!("{reason} {}", "and so on ".repeat(8))).into();
    let text = summary_markdown(&run, &fixture::parts());
    for reason in reasons {
        assert!(text.contains(reason), "{reason} in {text}");
    }
}

#[test]
fn a_sweep_has_a_table_of_its_loads_with_every_name_escaped() {
    use crate::report::sketch;
    use crate::report::sweep::sweeps;

    let steps = [(1, 5.5, 180.0), (16, 80.0, 182.0), (64, 84.0, 691.0)];
    let mut run = sketch::of_rows(steps.map(|step| (sketch::swept("a|b", "us-west-2", step), false)).into());
    (run.cells[2].arrivals, run.cells[2].dropped) = (Some(800), Some(200));
    let swept = sweeps(&run, None);
    let text = summary_markdown(&run, &Parts { headline: "", standings: &[], charts: &[], sweeps: &swept, bill: None });
    assert!(text.contains("|a\\|b|us-west-2|autocomplete|16 in flight|80|182|366 (328–431)|–|knee|"), "{text}");
    assert!(text.contains("|–|saturated: 25.0 % dropped|"), "{text}");
    let none = summary_markdown(&run, &Parts { headline: "", standings: &[], charts: &[], sweeps: &[], bill: None });
    assert!(!none.contains("goodput/s"));
}

#[test]
fn a_quality_stands_with_its_interval_and_the_answers_that_it_is_a_share_of() {
    let mut run = fixture::run();
    (run.cells[0].quality_ratio, run.cells[0].requests_checked) = (Some(0.75), Some(4));
    let text = summary_markdown(&run, &fixture::parts());
    assert!(text.contains("|quality (95 %), n|") && text.contains("|0.75 (") && text.contains("), 4|"), "{text}");
    let shown = Shown::all(&run, &fixture::parts());
    assert_eq!((shown[0].quality_n.as_deref(), shown[1].quality_n.as_deref()), (Some("4"), None));
}
