use super::*;
use crate::gate::{Bound, Pool};

const WHOLE: &str = r#"schema = 1
alpha = 0.01
inconclusive = { ab = "warn", runs = "block" }

[[slo]]
name = "autocomplete stays instant"
match = { model = "step-*", workload = "autocomplete", tier = 1 }
metric = "e2e_p99_ms"
max = 500
confidence = 0.99

[[slo]]
name = "typing never waits"
metric = "ttft_share_over"
over_ms = 1500.5
max = "1%"
severity = "warn"

[[slo]]
name = "three nines over the month"
metric = "availability"
min = 0.999
window = "30d"

[[regression]]
metric = "e2e_p99_ms"
pool = "all"
margin = "10%"

[[regression]]
metric = "attempt_error_ratio"
margin = "0.5pp"
rule_out = "3pp"

[[regression]]
metric = "list_output_usd_per_mtok"
margin = "0%"
"#;

fn faults(text: &str) -> Vec<(usize, String)> {
    let faults = read_policy("gate.toml", text, None, false).unwrap_err();
    faults.iter().map(|fault| (fault.line(), fault.message().to_owned())).collect()
}

#[test]
fn a_policy_is_read_with_what_it_leaves_out() {
    let policy = read_policy("gate.toml", WHOLE, None, false).unwrap();
    assert!((policy.alpha - 0.01).abs() < 1e-12);
    assert_eq!((policy.inconclusive.ab, policy.inconclusive.runs), (Severity::Warn, Severity::Block));
    let [instant, typing, month] = policy.slos.as_slice() else { panic!("{policy:?}") };
    assert_eq!(instant.promise, Promise::Quantile { latency: Timed::E2e, q: 0.99, max: Micros(500_000) });
    assert_eq!((instant.line, instant.matches.tier), (Some(5), Some(1)));
    assert_eq!(typing.promise, Promise::ShareOver { latency: Timed::Ttft, over: Micros(1_500_500), max: 0.01 });
    assert_eq!((typing.severity, month.window_days), (Severity::Warn, Some(30)));
    let [p99, errors, price] = policy.regressions.as_slice() else { panic!("{policy:?}") };
    assert_eq!((p99.rule_out, p99.pool), (Some(Bound::Ratio(0.75)), Pool::All));
    assert_eq!((errors.margin, errors.rule_out), (Bound::Points(0.005), Some(Bound::Points(0.03))));
    assert_eq!((price.margin, price.rule_out), (Bound::Ratio(0.0), None));
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let slo = |lines: &str| faults(&format!("schema = 1\n[[slo]]\nname = \"x\"\n{lines}"));
    let rule = |lines: &str| faults(&format!("schema = 1\n[[regression]]\n{lines}"));
    for (found, line, says) in [
        (slo("metric = \"e2e_p98_ms\"\nmax = 5"), 4, "`e2e_p98_ms` is not a metric that an SLO can be about"),
        (slo("metric = \"e2e_p99_ms\""), 2, "`max` is missing"),
        (slo("metric = \"e2e_p99_ms\"\nmax = 5\nmin = 1"), 6, "`min` has no meaning for `e2e_p99_ms`"),
        (slo("metric = \"availability\"\nmin = 1"), 4, "no number of requests can certify"),
        (slo("metric = \"e2e_share_over\"\nover_ms = 9\nmax = \"0%\""), 4, "no number of requests can certify"),
        (slo("metric = \"e2e_p99_ms\"\nmax = 5\nconfidence = 1"), 6, "must lie between 0.5 and 1"),
        (slo("metric = \"e2e_p99_ms\"\nmax = 5\nmatch = { modle = \"a\" }"), 6, "`modle` is not a key"),
        (slo("metric = \"e2e_p99_ms\"\nmax = 5\nmatch = { model = \"[a\" }"), 6, "which is no glob"),
        (slo("metric = \"availability\"\nmin = 0.9\nwindow = \"1h\""), 6, "must be whole days such as \"30d\""),
        (rule("metric = \"e2e_p99_ms\"\nmargin = 10"), 4, "has no unit, must be a text such as \"10%\""),
        (
            rule("metric = \"e2e_p99_ms\"\nmargin = \"0%\""),
            4,
            "is 0, which whatever is measured breaks by chance alone",
        ),
        (rule("metric = \"e2e_p99_ms\"\nmargin = \"1pp\""), 4, "points are for shares of requests alone"),
        (rule("metric = \"e2e_p99_ms\"\nmargin = \"10%\"\nrule_out = \"5%\""), 5, "must be greater than `margin`"),
        (rule("metric = \"list_output_usd_per_mtok\"\nmargin = \"0%\"\nrule_out = \"5%\""), 5, "which is exact"),
        (rule("margin = \"10%\""), 2, "`metric` is missing"),
    ] {
        assert!(found.iter().any(|(at, message)| *at == line && message.contains(says)), "{says}: {found:?}");
    }
}

#[test]
fn an_slo_that_nothing_could_break_is_refused_as_one_that_nothing_could_keep_is() {
    for promise in [
        "metric = \"availability\"\nmin = 0",
        "metric = \"quality_ratio\"\nmin = \"0%\"",
        "metric = \"e2e_share_over\"\nover_ms = 9\nmax = \"100%\"",
        "metric = \"ttft_share_over\"\nover_ms = 9\nmax = 1",
    ] {
        let found = faults(&format!("schema = 1\n[[slo]]\nname = \"x\"\n{promise}"));
        let expected = "`metric` may be bad in every request, so that nothing could break the rule";
        assert_eq!(found, [(4, expected.to_owned())], "{promise}");
    }
}

#[test]
fn an_alpha_that_no_run_could_show_is_refused_with_the_range_that_is_sensible() {
    for (alpha, says) in [
        ("1e-300", "`alpha` is 1e-300, must be at least 0.000001: more surely no run could show anything"),
        ("0", "`alpha` is 0, must be at least 0.000001 and below 0.5"),
        ("0.5", "`alpha` is 0.5, must be at least 0.000001 and below 0.5"),
    ] {
        assert_eq!(faults(&format!("schema = 1\nalpha = {alpha}\n")), [(2, says.to_owned())]);
    }
    let least = read_policy("gate.toml", "schema = 1\nalpha = 0.000001\n", None, false).unwrap();
    assert!(least.alpha > 0.0 && least.alpha < 2e-6);
}
