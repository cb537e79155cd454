use super::*;

fn cell(variant: Option<&str>, region: &str, requests: u64, rounds: u32) -> PlannedCell {
    PlannedCell {
        variant: variant.map(str::to_owned),
        provider: "acme".into(),
        model: "small".into(),
        region: Some(region.into()),
        tier: Some(1),
        route: None,
        workload: "chat".into(),
        load: "closed".into(),
        concurrency: Some(4),
        rate_rps: None,
        requests,
        rounds,
        is_streamed: true,
        has_expectations: true,
    }
}

fn two_variants(regions: &[&str], requests: u64, rounds: u32) -> Vec<PlannedCell> {
    let of = |variant| regions.iter().map(move |region| cell(Some(variant), region, requests, rounds));
    of("baseline").chain(of("candidate")).collect()
}

fn told(rules: &str, cells: &[PlannedCell]) -> Vec<String> {
    let policy = Policy::parse("gate.toml", &format!("schema = 1\n{rules}")).unwrap();
    undecidable(&policy, cells).iter().map(ToString::to_string).collect()
}

const NINES: &str = "[[slo]]\nname = \"three nines\"\nmetric = \"availability\"\nmin = 0.999\n";
const P99: &str = "[[regression]]\nmetric = \"e2e_p99_ms\"\nmargin = \"10%\"\n";

#[test]
fn an_slo_that_so_few_requests_cannot_certify_is_named_with_how_many_would() {
    assert_eq!(
        told(NINES, &[cell(None, "us", 1_000, 20)]),
        ["rule `three nines` needs 2,995 requests, this suite sends 1,000: it can only be inconclusive or broken \
          (`--requests-per-cell 2995`)"]
    );
    assert_eq!(told(NINES, &[cell(None, "us", 2_995, 20)]), [""; 0]);
    let three = [cell(None, "us", 1_000, 20), cell(None, "eu", 400, 20), cell(None, "ap", 5_000, 20)];
    let found = told(NINES, &three);
    assert!(found[0].contains("sends 400") && found[0].contains("broken (in 2 cells)"), "{found:?}");
}

#[test]
fn a_quantile_needs_a_request_beyond_it_in_each_round() {
    assert_eq!(
        told(P99, &two_variants(&["us"], 1_000, 20)),
        ["rule `e2e p99 ≤ +10 %` needs 2,000 requests, this suite sends 1,000: it can only be inconclusive \
          (`--requests-per-cell 2000`)"]
    );
    assert_eq!(told(P99, &two_variants(&["us"], 2_000, 20)), [""; 0]);
    let pooled = format!("{P99}pool = \"route\"\n");
    assert_eq!(told(&pooled, &two_variants(&["us", "eu"], 1_000, 20)), [""; 0]);
}

#[test]
fn so_few_rounds_that_no_p_value_can_pass_holm_are_said() {
    let many: Vec<String> = (0..40).map(|region| region.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    // 40 tests at 5 % ask for a p-value of 1/800, and 2^-10 is the first below it.
    let rule = "[[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\n";
    assert_eq!(
        told(rule, &two_variants(&many, 1_000, 9)),
        [
            "rule `ttft p50 ≤ +10 %` needs 10 rounds, this suite has 9: it can only be inconclusive or pass (in 40 cells) \
          (`--rounds 10`)"
        ]
    );
    assert_eq!(told(rule, &two_variants(&many, 1_000, 10)), [""; 0]);
    let few = told(rule, &two_variants(&["us"], 1_000, 4));
    assert!(few[0].contains("needs 5 rounds, this suite has 4: it can only be inconclusive ("), "{few:?}");
    assert_eq!([(0.05, 1), (0.05, 40), (0.05, 0), (0.0625, 1)].map(|(a, m)| rounds_needed(a, m)), [5, 10, 5, 4]);
}

#[test]
fn both_are_asked_for_together() {
    let found = told(P99, &two_variants(&["us"], 300, 3));
    assert_eq!(
        found,
        [
            "rule `e2e p99 ≤ +10 %` needs 500 requests in 5 rounds, this suite sends 300 in 3: it can only be inconclusive \
          (`--requests-per-cell 500 --rounds 5`)"
        ]
    );
}

#[test]
fn a_share_needs_enough_requests_to_rule_an_increase_out() {
    let rule = "[[regression]]\nmetric = \"attempt_error_ratio\"\nmargin = \"0.5pp\"\nrule_out = \"2pp\"\n";
    let found = told(rule, &two_variants(&["us"], 50, 20));
    assert!(found.len() == 1 && found[0].contains("it can only be inconclusive or broken"), "{found:?}");
    assert_eq!(told(rule, &two_variants(&["us"], 1_000, 20)), [""; 0]);
}

#[test]
fn without_two_variants_no_comparison_is_asked() {
    assert_eq!(told(P99, &[cell(None, "us", 10, 1), cell(None, "eu", 10, 1)]), [""; 0]);
    assert_eq!(
        told("[[slo]]\nname = \"a\"\nmetric = \"e2e_p50_ms\"\nmax = 5\nmatch = { model = \"x\" }\n", &[]),
        [""; 0]
    );
}
