use super::*;
use crate::forecast::source::Attempt;
use crate::forecast::table::fixture::{attempt, kind, measured, registry, setting};
use crate::routes::{Table, resolve};
use crate::sample::Outcome;

const TABLE: &str = r#"schema = 1
[classifier]
model = "small"
timeout = "2s"
max_tokens = 200
prompt = "Tier?"
max_chars = 4000
default_tier = 1
[failover]
region_order = "as_written"
[[route]]
name = "cheap"
match = { tier = 1 }
primary = [ { model = "small", regions = ["near"] } ]
[[route]]
name = "dear"
primary = [ { model = "large", regions = ["near"] } ]
"#;

/// Answers of which so many of ten are right.
fn answers(ms: u32, right: usize) -> Vec<Vec<Attempt>> {
    let one = |nth: usize| Attempt { quality: Some(f32::from(u8::from(nth % 10 < right))), ..attempt(Outcome::Ok, ms) };
    vec![(0..50).map(one).collect(); 6]
}

/// `chat` is tier 3, which goes to `large`; `small` answers it so well.
fn found(small_right: usize, policy: &str) -> Suggestions {
    let mut measured = measured(&[("small", "near", answers(100, small_right)), ("large", "near", answers(300, 10))]);
    measured.kinds = vec![kind("chat", Some(3), 1.0)];
    found_in(&measured, policy)
}

fn found_in(measured: &Measured, policy: &str) -> Suggestions {
    let (registry, table) = (registry(), Table::parse("routes.toml", TABLE).unwrap());
    let resolved = resolve(&table, &registry).unwrap_or_else(|faults| panic!("{faults}"));
    let routing = Routing { table: &table, resolved: &resolved, registry: &registry };
    let policy = Policy::parse("gate.toml", &format!("schema = 1\n{policy}")).unwrap();
    suggest(measured, routing, &[1.0], (&policy, &setting()))
}

#[test]
fn what_a_cheaper_model_does_as_well_is_found() {
    let found = found(10, "");
    let told: Vec<(&str, &str)> = found.found.iter().map(|one| (one.subject.as_str(), one.change.as_str())).collect();
    assert_eq!(told, [("chat", "tier 3 → 1"), ("dear", "`large` → `small`")]);
    let one = &found.found[0];
    // With its label, $0.5 + $1 of a thousand become $0.5 + $0.5.
    assert!((one.saves - 1.0 / 3.0).abs() < 1e-9 && (one.saves_a_month.unwrap() - 500.0).abs() < 1e-6, "{one:?}");
    assert_eq!((one.p95_ms, one.quality), (Some(-200.0), (1.0, 1.0)));
}

#[test]
fn what_would_answer_worse_or_miss_a_limit_is_not_suggested() {
    assert_eq!(found(7, "").found, []);
    let bounded = "[[regression]]\nmetric = \"quality_ratio\"\nmargin = \"20pp\"\n";
    assert!(!found(9, bounded).found.is_empty(), "the policy lets quality fall by so much");
    let limit = "[[slo]]\nname = \"at once\"\nmetric = \"e2e_p99_ms\"\nmax = 150\n";
    assert_eq!(found(10, limit).found, [], "200 ms with its label");
}

#[test]
fn a_suggestion_says_where_the_policys_gate_would_find_it_slower() {
    let slow = "[[regression]]\nmetric = \"e2e_p50_ms\"\nmargin = \"10%\"\n";
    assert_eq!(found(10, slow).found[0].slower, []);
    let mut measured = measured(&[("small", "near", answers(400, 10)), ("large", "near", answers(300, 10))]);
    measured.kinds = vec![kind("chat", Some(3), 1.0)];
    let told = found_in(&measured, slow).found;
    // A label of 400 ms, and an answer of 300 or 400.
    let slower = told[0].slower[0];
    assert_eq!((slower.0, (slower.1 * 1e4).round() as u32), ("e2e_p50_ms", 1_429));
}

#[test]
fn cheaper_changes_of_unknown_quality_are_named() {
    let unchecked = |ms| vec![vec![attempt(Outcome::Ok, ms); 50]; 6];
    let mut measured = measured(&[("small", "near", unchecked(100)), ("large", "near", unchecked(300))]);
    measured.kinds = vec![kind("chat", Some(3), 1.0)];
    let told = found_in(&measured, "");
    let named: Vec<(&str, &str)> =
        told.of_unknown_quality.iter().map(|(subject, change)| (subject.as_str(), change.as_str())).collect();
    assert_eq!((told.found.len(), named), (0, vec![("chat", "tier 3 → 1"), ("dear", "`large` → `small`")]));
}
