use std::collections::BTreeMap;

use crate::forecast::kinds::Kind;
use crate::forecast::labels::{Confusion, Counts};
use crate::forecast::measured::Measured;
use crate::forecast::table::Forecast;
use crate::forecast::table::fixture::{forecast_of, kind, labelled};

/// `small` is asked for tiers; what it names 0 stays with it, else `large` answers.
const TABLE: &str = r#"
schema = 1
[classifier]
model = "small"
timeout = "2s"
max_tokens = 10
prompt = "Tier?"
max_chars = 4000
default_tier = 3
[failover]
region_order = "as_written"
[[route]]
name = "cheap"
match = { tier = 0 }
primary = [ { model = "small", regions = ["near"] } ]
[[route]]
name = "dear"
primary = [ { model = "large", regions = ["near"] } ]
"#;

fn dollars(forecast: &Forecast) -> f64 {
    forecast.total.figures.as_ref().unwrap().cost_per_thousand.dollars.value
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

#[test]
fn a_label_costs_what_the_tables_own_question_does_and_not_what_the_measured_ones_did() {
    let mut measured = labelled();
    // With the table's five bytes of prompt 100 tokens, and one of the answer.
    measured.kinds = vec![Kind { asked_bytes: Some(395), ..kind("chat", Some(3), 1.0) }, kind("code", Some(0), 0.0)];
    let told = forecast_of(&measured, TABLE, None);
    close(dollars(&told), 0.101 + 1.0);
    assert!(told.assumptions.iter().any(|said| said == "a question for a tier has a token for every four bytes"));
    // A text is cut to 4,000 characters.
    measured.kinds[0].asked_bytes = Some(1_000_000);
    close(dollars(&forecast_of(&measured, TABLE, None)), 1.0 + 4_005.0 / 4.0 / 1e3 + 0.001);
    // Runs of old do not say how much text there is.
    measured.kinds[0].asked_bytes = None;
    let told = forecast_of(&measured, TABLE, None);
    close(dollars(&told), 0.401 + 1.0);
    assert!(told.assumptions.iter().any(|said| said.ends_with("how much text requests hold is not kept")));
}

#[test]
fn requests_without_a_recorded_tier_are_labelled_as_runs_through_a_table_saw_it() {
    let mut measured = labelled();
    measured.kinds = vec![kind("chat", Some(0), 0.0), kind("code", None, 1.0)];
    let shares = |measured: &Measured| -> Vec<u32> {
        forecast_of(measured, TABLE, None).routes.iter().map(|route| (route.share * 100.0).round() as u32).collect()
    };
    assert_eq!(shares(&measured), [100], "the default tier");
    let of = ("chat".to_owned(), Some("code".to_owned()));
    let unrecorded = BTreeMap::from([(of, [30, 0, 0, 40, 20, 10])]);
    measured.confusions = vec![Confusion { model: "small".to_owned(), counts: Counts::default(), unrecorded }];
    assert_eq!(shares(&measured), [30, 70]);
    let said = forecast_of(&measured, TABLE, None).assumptions.join("; ");
    assert!(!said.contains("no recorded tier"), "{said}");
}

#[test]
fn a_limit_of_cost_that_requests_would_pass_is_told_as_one() {
    let said = |cap: &str| {
        let table = TABLE.replace("name = \"dear\"", &format!("name = \"dear\"\nmax_cost_per_request_usd = \"{cap}\""));
        let mut measured = labelled();
        measured.kinds = vec![kind("chat", Some(3), 1.0)];
        forecast_of(&measured, &table, None).assumptions.join("; ")
    };
    assert!(said("0.01").contains("no request of `dear` comes to its `max_cost_per_request_usd`"), "{}", said("0.01"));
    let refused = "`dear` answers all requests, though its `max_cost_per_request_usd` of $0.0001 would refuse those that \
                   cost $0.001000 as a mean";
    assert!(said("0.0001").contains(refused), "{}", said("0.0001"));
}

#[test]
fn how_right_an_answer_made_of_pieces_is_is_not_known() {
    let mut measured = labelled();
    measured.kinds = vec![Kind { tokens: 9_000, ..kind("chat", None, 0.5) }, kind("code", None, 0.5)];
    let (_, rest) = TABLE.split_once("[failover]").unwrap();
    let table = format!("schema = 1\n[failover]{}", rest.replace("match = { tier = 0 }\n", ""));
    let table =
        table.replacen("\"near\"] } ]\n", "\"near\"] } ]\non_overflow = \"chunk\"\nchunk_with = \"small\"\n", 1);
    let (table, _) = table.split_once("[[route]]\nname = \"dear\"").unwrap();
    let said = forecast_of(&measured, table, None).assumptions.join("; ");
    assert!(said.contains("50.0 % of the traffic is in no figure of quality"), "{said}");
}
