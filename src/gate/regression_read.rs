//! A `[[regression]]` of a policy file, with every mistake named where it stands.

use crate::conf::{Field, Table};
use crate::gate::measure::{Bound, Measure};
use crate::gate::policy::{Pool, Regression};
use crate::gate::policy_names::KnownNames;
use crate::gate::policy_read::{read_match, read_severity};

pub(in crate::gate) fn read_regression(table: Table<'_>, known: Option<&KnownNames>) -> Option<Regression> {
    let line = table.line();
    let matches = read_match(&table, known);
    if matches.variant.is_some() {
        table.fault("`variant` has no meaning in `[[regression]]`, which holds the variants against each other");
    }
    let severity = read_severity(&table);
    let pools = [("cell", Pool::Cell), ("route", Pool::Route), ("all", Pool::All)];
    let pool = table.optional("pool").map_or(Some(Pool::Cell), |field| field.one_of(&pools));
    let measure = table.required("metric", "metric = \"ttft_p50_ms\"").and_then(|field| field.one_of(&Measure::ALL));
    let margin = table.required("margin", "margin = \"10%\"");
    let rule_out = table.optional("rule_out");
    table.finish();
    let measure = measure?;
    let given = margin?;
    let margin = read_bound(given, measure)?;
    if margin.size() <= 0.0 && !measure.is_exact() {
        given.fault_with_hint(
            "is 0, which whatever is measured breaks by chance alone",
            "only a list price is exact: give a margin such as \"10%\"",
        );
        return None;
    }
    let rule_out = match rule_out {
        Some(field) if measure.is_exact() => {
            field.fault("has no meaning for a list price, which is exact");
            return None;
        }
        Some(field) => Some(read_rule_out(field, measure, margin)?),
        None => measure.default_rule_out(margin),
    };
    Some(Regression { measure, matches, margin, rule_out, pool: pool?, severity, line: Some(line) })
}

fn read_rule_out(field: Field<'_>, measure: Measure, margin: Bound) -> Option<Bound> {
    let bound = read_bound(field, measure)?;
    if !bound.is_like(margin) {
        field.fault("must be in the unit of `margin`: one change cannot be told on two scales");
        return None;
    }
    if bound.size() <= margin.size() {
        field.fault("must be greater than `margin`: between them lies what cannot be told");
        return None;
    }
    Some(bound)
}

/// `"10%"` of the baseline, `"0.5pp"` of all requests, `"50ms"`, or `"$0.10"`.
fn read_bound(field: Field<'_>, measure: Measure) -> Option<Bound> {
    let example = if measure.is_ratio() { "\"0.5pp\"" } else { "\"10%\"" };
    if !field.is_string() {
        field.fault(&format!("has no unit, must be a text such as {example}"));
        return None;
    }
    let text = field.string()?;
    let Some((number, unit)) = number_and_unit(text) else {
        field.fault(&format!("is `{text}`, must be a text such as {example}"));
        return None;
    };
    let bound = match unit {
        Unit::Percent => Bound::Ratio(number / 100.0),
        Unit::Points if measure.is_ratio() => Bound::Points(number / 100.0),
        Unit::Ms if matches!(measure, Measure::Quantile { .. }) => Bound::Absolute(number),
        Unit::Usd if matches!(measure, Measure::CostPerThousand) || measure.is_exact() => Bound::Absolute(number),
        Unit::Points => {
            field.fault(&format!("is `{text}`: points are for shares of requests alone, must be such as {example}"));
            return None;
        }
        Unit::Ms | Unit::Usd => {
            let name = measure.name();
            field.fault(&format!("is `{text}`, which is not the unit of `{name}`, must be such as {example}"));
            return None;
        }
    };
    if measure.most(bound).is_some_and(|most| bound.size() >= most) {
        field.fault(&format!("is `{text}`, and `{}` cannot change by more: must be such as {example}", measure.name()));
        return None;
    }
    let most = match bound {
        Bound::Absolute(_) => 1e6,
        Bound::Ratio(_) | Bound::Points(_) => 10.0,
    };
    if !(0.0..=most).contains(&bound.size()) {
        field.fault(&format!("is `{text}`, must be a text such as {example}"));
        return None;
    }
    Some(bound)
}

#[derive(Clone, Copy)]
enum Unit {
    Percent,
    Points,
    Ms,
    Usd,
}

fn number_and_unit(text: &str) -> Option<(f64, Unit)> {
    let (digits, unit) = if let Some(digits) = text.strip_suffix("pp") {
        (digits, Unit::Points)
    } else if let Some(digits) = text.strip_suffix('%') {
        (digits, Unit::Percent)
    } else if let Some(digits) = text.strip_suffix("ms") {
        (digits, Unit::Ms)
    } else {
        (text.strip_prefix('$')?, Unit::Usd)
    };
    let number: f64 = digits.trim().parse().ok()?;
    number.is_finite().then_some((number, unit))
}

#[cfg(test)]
mod tests {
    use crate::gate::{Bound, Policy};

    fn read(lines: &str) -> Result<crate::gate::Regression, Vec<String>> {
        match Policy::parse("gate.toml", &format!("schema = 1\n[[regression]]\n{lines}")) {
            Ok(mut policy) => Ok(policy.regressions.remove(0)),
            Err(faults) => Err(faults.iter().map(|fault| format!("{}: {}", fault.line(), fault.message())).collect()),
        }
    }

    #[test]
    fn bounds_are_read_in_the_measures_own_unit_too() {
        let rule = read("metric = \"e2e_p95_ms\"\nmargin = \"50ms\"").unwrap();
        assert_eq!((rule.margin, rule.rule_out), (Bound::Absolute(50.0), Some(Bound::Absolute(250.0))));
        let rule = read("metric = \"cost_per_1k_requests_usd\"\nmargin = \"$0.10\"\nrule_out = \"$ 0.5\"").unwrap();
        assert_eq!((rule.margin, rule.rule_out), (Bound::Absolute(0.1), Some(Bound::Absolute(0.5))));
        let rule = read("metric = \"quality_ratio\"\nmargin = \"1pp\"").unwrap();
        assert_eq!(rule.title(), "quality ≥ −1 pp");
    }

    #[test]
    fn a_bound_of_the_wrong_unit_is_a_mistake_with_its_line() {
        for (lines, says) in [
            ("metric = \"e2e_p95_ms\"\nmargin = \"$1\"", "4: `margin` is `$1`, which is not the unit of `e2e_p95_ms`"),
            (
                "metric = \"availability\"\nmargin = \"100pp\"",
                "4: `margin` is `100pp`, and `availability` cannot change by more: must be such as \"0.5pp\"",
            ),
            (
                "metric = \"quality_ratio\"\nmargin = \"5%\"\nrule_out = \"150%\"",
                "5: `rule_out` is `150%`, and `quality_ratio` cannot change by more",
            ),
            ("metric = \"availability\"\nmargin = \"50ms\"", "4: `margin` is `50ms`, which is not the unit of"),
            ("metric = \"e2e_p95_ms\"\nmargin = \"NaN%\"", "4: `margin` is `NaN%`, must be a text such as \"10%\""),
            ("metric = \"e2e_p95_ms\"\nmargin = \"-5%\"", "4: `margin` is `-5%`, must be a text such as \"10%\""),
            (
                "metric = \"e2e_p95_ms\"\nmargin = \"50ms\"\nrule_out = \"50%\"",
                "5: `rule_out` must be in the unit of `margin`",
            ),
            (
                "metric = \"e2e_p95_ms\"\nmargin = \"5%\"\nmatch = { variant = \"a\" }",
                "2: `variant` has no meaning in `[[regression]]`",
            ),
        ] {
            let faults = read(lines).unwrap_err();
            assert!(faults.iter().any(|fault| fault.starts_with(says)), "{says}: {faults:?}");
        }
    }
}
