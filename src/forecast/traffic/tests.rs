use std::collections::BTreeMap;

use super::*;
use crate::forecast::labels::{Confusion, Counts};
use crate::forecast::table::Forecast;
use crate::forecast::table::fixture::{forecast_of, kind, labelled, registry, setting};
use crate::routes::{Table, resolve};

/// Who chats goes to `cheap`, of others those of tier 1 to `dear` and those of tier 2 to `dearer`, as `small` labels them.
const TABLE: &str = r#"
schema = 1
[classifier]
model = "small"
timeout = "2s"
max_tokens = 10
prompt = "Tier?"
default_tier = 1
[failover]
region_order = "as_written"
[[route]]
name = "cheap"
match = { class = "chat" }
primary = [ { model = "small", regions = ["near"] } ]
[[route]]
name = "dear"
match = { tier = 1 }
primary = [ { model = "large", regions = ["near"] } ]
[[route]]
name = "dearer"
match = { tier = 2 }
primary = [ { model = "large", regions = ["near"] } ]
[[route]]
name = "seen"
match = { class = "pictures" }
primary = [ { model = "large", regions = ["near"] } ]
[[route]]
name = "rest"
primary = [ { model = "small", regions = ["near"] } ]
"#;

/// Nine labels of ten are right, and the others a tier off.
fn measured_traffic() -> Measured {
    let mut measured = labelled();
    measured.kinds = vec![kind("chat", None, 0.5), kind("code", Some(1), 0.3), kind("code", Some(2), 0.2)];
    let mut counts = Counts::default();
    (counts[1], counts[2]) = ([0, 90, 10, 0, 0, 0], [0, 10, 90, 0, 0, 0]);
    measured.confusions = vec![Confusion { model: "small".to_owned(), counts, unrecorded: BTreeMap::new() }];
    measured
}

fn traffic(shares: &[(&str, f64)]) -> Traffic {
    let shares = shares.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect();
    Traffic { requests_per_month: None, shares, line: 2 }
}

fn shared(measured: &Measured, shares: &[(&str, f64)]) -> Result<TrafficShares, ForecastError> {
    let (registry, table) = (registry(), Table::parse("routes.toml", TABLE).unwrap());
    let resolved = resolve(&table, &registry).unwrap_or_else(|faults| panic!("{faults:?}"));
    let routing = Routing { table: &table, resolved: &resolved, registry: &registry };
    traffic_shares(measured, routing, Some(&traffic(shares)), ("gate.toml", &setting()))
}

/// Routes and their shares in tenths of a per cent.
fn told(forecast: &Forecast) -> Vec<(&str, u32)> {
    let share = |share: f64| (share * 1e3).round() as u32;
    forecast.routes.iter().map(|route| (route.name.as_deref().unwrap(), share(route.share))).collect()
}

#[test]
fn routes_have_the_shares_that_a_policy_gives_them_though_labels_err() {
    let measured = measured_traffic();
    let shares = [("cheap", 0.6), ("dear", 0.25), ("dearer", 0.15)];
    let found = forecast_of(&measured, TABLE, Some(&traffic(&shares)));
    assert_eq!(told(&found), [("cheap", 600), ("dear", 250), ("dearer", 150)]);
    assert_eq!(shared(&measured, &shares).unwrap().notes(), [""; 0]);
}

#[test]
fn what_a_policy_does_not_name_has_no_share_and_what_a_wrong_label_makes_of_it_is_told() {
    let measured = measured_traffic();
    let shares = [("cheap", 0.7), ("dear", 0.3)];
    let found = forecast_of(&measured, TABLE, Some(&traffic(&shares)));
    assert_eq!(told(&found), [("cheap", 700), ("dear", 270), ("dearer", 30)]);
    let found = shared(&measured, &shares).unwrap();
    assert_eq!(found.shares[2].to_bits(), 0_f64.to_bits());
    let said = "`dear` gets 27.0 % of the traffic and not the policy's 30.0 %, as labels are not always right";
    assert_eq!(found.notes(), [said]);
    let (of_a_class, all) = (shared(&measured, &[("chat", 0.2), ("code", 0.8)]).unwrap(), [200, 480, 320]);
    assert_eq!(of_a_class.shares.iter().map(|share| (share * 1e3).round() as u32).collect::<Vec<_>>(), all);
}

#[test]
fn a_share_of_what_no_request_is_meant_for_is_not_measured() {
    let measured = measured_traffic();
    let found = forecast_of(&measured, TABLE, Some(&traffic(&[("cheap", 0.5), ("seen", 0.5)])));
    assert_eq!(told(&found), [("cheap", 500), ("seen", 500)]);
    assert!(found.routes[0].figures.is_some() && found.routes[1].figures.is_none() && found.total.figures.is_none());
    let remedy = "not measured: requests for route `seen`, which the policy gives a share of the traffic to, and of which the \
                  runs hold none. Run `tollmark run --registry registry.toml --model large --workload FILE \
                  --requests-per-cell 1500`, with such requests in FILE, and add its directory";
    assert_eq!(crate::forecast::remedies(&found.missing, &measured), [remedy]);
}

#[test]
fn shares_of_the_same_requests_and_of_nothing_are_refused() {
    let measured = measured_traffic();
    let refused = |shares: &[(&str, f64)]| shared(&measured, shares).unwrap_err().to_string();
    assert_eq!(
        refused(&[("code", 0.2), ("dear", 0.8)]),
        "gate.toml:2: `code` and `dear` in `[traffic] share` are both about requests of class `code` of tier 1 in workload \
         `chat`, must name each request once: by its route or by its class"
    );
    let told = refused(&[("cheap", 0.2), ("deer", 0.8)]);
    assert!(told.starts_with("gate.toml:2: `deer` in `[traffic] share` is no route"), "{told}");
}

#[test]
fn routes_that_a_classifier_mixes_get_their_shares_too() {
    let mut shares = [0.6, 0.4];
    fit(&mut shares, &[(&[0.9, 0.2], 0.6), (&[0.1, 0.8], 0.4)]);
    assert!((0.9 * shares[0] + 0.2 * shares[1] - 0.6).abs() < 1e-6, "{shares:?}");
    assert!((shares[0] + shares[1] - 1.0).abs() < 1e-12, "{shares:?}");
}
