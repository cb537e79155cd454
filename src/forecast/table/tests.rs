use super::fixture::{attempt, forecast_of, kind, measured};
use super::*;
use crate::forecast::figures::Figures;
use crate::forecast::source::Attempt;
use crate::gate::Traffic;
use crate::sample::Outcome;
use crate::units::{Latency, Micros};

fn ok(ms: u32) -> Attempt {
    attempt(Outcome::Ok, ms)
}

fn failed(ms: u32) -> Attempt {
    attempt(Outcome::Http5xx, ms)
}

fn figures(forecast: &Forecast) -> &Figures {
    forecast.total.figures.as_ref().unwrap_or_else(|| panic!("{:?}", forecast.missing))
}

/// Microseconds; the greatest number is infinite.
fn us(latency: Latency) -> u32 {
    match latency {
        Latency::Finite(Micros(micros)) => micros,
        Latency::Infinite => u32::MAX,
    }
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

const ONE: &str = "schema = 1\n[failover]\nregion_order = \"as_written\"\n[[route]]\nname = \"all\"\nprimary = [ { model = \"small\", regions = [\"near\"] } ]\n";

#[test]
fn one_endpoint_alone_is_forecast_as_it_was_measured() {
    let rounds = vec![(1..=100).map(ok).collect(), (101..=200).map(ok).collect()];
    let forecast = forecast_of(&measured(&[("small", "near", rounds)]), ONE, None);
    let figures = figures(&forecast);
    assert_eq!(figures.e2e.unwrap().map(|span| us(span.value)), [100_000, 190_000, 198_000]);
    assert_eq!(figures.ttft.unwrap().map(|span| us(span.value)), [10_000, 19_000, 19_800]);
    // 500 tokens at $1 a million.
    close(figures.cost_per_thousand.dollars.value, 0.5);
    close(figures.month.unwrap().dollars.value, 500.0);
    close(figures.availability.unwrap().value, 1.0);
    assert_eq!(figures.requests, 200);
    assert!(figures.e2e.unwrap()[2].high == Latency::Infinite, "200 requests have no upper bound of p99");
    assert_eq!(forecast.routes[0].figures.as_ref(), Some(figures));
}

#[test]
fn weights_mix_times_and_costs() {
    let table = ONE.replace(
        "[ { model = \"small\", regions = [\"near\"] } ]",
        "[ { model = \"small\", regions = [\"near\"], weight = 3 }, { model = \"large\", regions = [\"near\"], weight = 1 } ]",
    );
    let cells = [("small", "near", vec![vec![ok(100); 10]; 2]), ("large", "near", vec![vec![ok(300); 10]; 2])];
    let forecast = forecast_of(&measured(&cells), &table, None);
    let figures = figures(&forecast);
    assert_eq!(figures.e2e.unwrap().map(|span| us(span.value)), [100_000, 300_000, 300_000]);
    close(figures.cost_per_thousand.dollars.value, 0.75 * 0.5 + 0.25 * 1.0);
    let shares: Vec<_> =
        figures.answered.iter().map(|one| (one.model.as_str(), (one.share * 1e4).round() as u32)).collect();
    assert_eq!(shares, [("small", 7_500), ("large", 2_500)]);
    // Kish: 1 / (0.75² / 20 + 0.25² / 20).
    assert_eq!(figures.requests, 32);
}

#[test]
fn a_call_that_fails_adds_its_time_and_the_next_is_called() {
    let table = format!("{ONE}fallback = [ {{ model = \"large\", regions = [\"near\"] }} ]\n");
    let mut small = vec![ok(100); 8];
    small.extend([failed(50), failed(50)]);
    let cells = [("small", "near", vec![small; 2]), ("large", "near", vec![vec![ok(300); 10]; 2])];
    let forecast = forecast_of(&measured(&cells), &table, None);
    let figures = figures(&forecast);
    assert_eq!(figures.e2e.unwrap().map(|span| us(span.value)), [100_000, 350_000, 350_000]);
    assert_eq!(us(figures.ttft.unwrap()[2].value), 80_000, "50 ms lost, and 30 to the first token");
    close(figures.availability.unwrap().value, 1.0);
    close(figures.first_availability.unwrap(), 0.8);
    // A failure had no tokens: 80 % at $0.5 and 20 % at $1 a thousand.
    close(figures.cost_per_thousand.dollars.value, 0.8 * 0.5 + 0.2 * 1.0);
    close(figures.failed_calls.unwrap(), 0.2 / 1.2);
}

#[test]
fn hosts_that_fail_together_do_so_in_the_forecast_too() {
    let table = format!("{ONE}fallback = [ {{ model = \"large\", regions = [\"near\"] }} ]\n");
    let half = || [vec![ok(100); 5], vec![failed(10); 5]].concat();
    let together =
        [("small", "near", vec![half(), vec![ok(100); 10]]), ("large", "near", vec![half(), vec![ok(100); 10]])];
    let apart =
        [("small", "near", vec![half(), vec![ok(100); 10]]), ("large", "near", vec![vec![ok(100); 10], half()])];
    let available = |cells: &[(&str, &str, Vec<Vec<Attempt>>)]| {
        figures(&forecast_of(&measured(cells), &table, None)).availability.unwrap().value
    };
    // A quarter of the first round fails on both: the mean over rounds is an eighth.
    close(available(&together), 1.0 - 0.125);
    close(available(&apart), 1.0);
}

#[test]
fn what_the_table_does_not_fail_over_on_is_lost() {
    let table = format!("{ONE}fallback = [ {{ model = \"large\", regions = [\"near\"] }} ]\n");
    let rounds = vec![[vec![ok(100); 9], vec![attempt(Outcome::Http4xx, 5)]].concat(); 2];
    let forecast = forecast_of(&measured(&[("small", "near", rounds)]), &table, None);
    close(figures(&forecast).availability.unwrap().value, 0.9);
    assert!(forecast.missing.is_empty(), "the fallback is never reached, so that it need not be measured");
}

#[test]
fn what_was_never_measured_is_named_and_has_no_figures() {
    let table = ONE.replace("\"near\"", "\"far\"");
    let measured = measured(&[("small", "near", vec![vec![ok(100); 10]; 2])]);
    let forecast = forecast_of(&measured, &table, None);
    assert_eq!(forecast.total.figures, None);
    let told = crate::forecast::remedies(&forecast.missing, &measured);
    assert_eq!(
        told,
        ["not measured: `small` on `chat` in far. Run `tollmark run --model small --region far --workload chat.jsonl \
          --requests-per-cell 1500` and add its directory"]
    );
}

const TIERS: &str = "schema = 1\n[failover]\nregion_order = \"as_written\"\n[[route]]\nname = \"cheap\"\nmatch = { class = \"chat\" }\nprimary = [ { model = \"small\", regions = [\"near\"] } ]\n[[route]]\nname = \"dear\"\nprimary = [ { model = \"large\", regions = [\"near\"] } ]\n";

#[test]
fn traffic_gives_routes_and_classes_their_shares() {
    let cells = [("small", "near", vec![vec![ok(100); 10]; 2]), ("large", "near", vec![vec![ok(300); 10]; 2])];
    let mut measured = measured(&cells);
    measured.kinds = vec![kind("chat", None, 0.5), kind("code", None, 0.5)];
    let traffic = |shares: &[(&str, f64)]| Traffic {
        requests_per_month: None,
        shares: shares.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect(),
        line: 2,
    };
    let share = |traffic: Option<&Traffic>| forecast_of(&measured, TIERS, traffic).routes[0].share;
    close(share(None), 0.5);
    close(share(Some(&traffic(&[("cheap", 0.9), ("dear", 0.1)]))), 0.9);
    close(share(Some(&traffic(&[("code", 0.2), ("chat", 0.8)]))), 0.8);
    let dear = forecast_of(&measured, TIERS, Some(&traffic(&[("cheap", 0.9), ("dear", 0.1)])));
    close(figures(&dear).cost_per_thousand.dollars.value, 0.9 * 0.5 + 0.1 * 1.0);
}

#[test]
fn a_prompt_over_the_window_goes_where_the_route_says() {
    let cells = [("small", "near", vec![vec![ok(100); 10]; 2]), ("large", "near", vec![vec![ok(300); 10]; 2])];
    let mut long = measured(&cells);
    long.kinds[0].tokens = 9_000;
    let escalates = format!("{ONE}on_overflow = \"escalate\"\nescalate_to = \"large\"\n");
    let p50 = |measured: &Measured, table: &str| us(figures(&forecast_of(measured, table, None)).e2e.unwrap()[0].value);
    assert_eq!(p50(&long, &escalates), 300_000);
    assert_eq!(
        figures(&forecast_of(&long, ONE, None)).availability.map(|share| share.value > 0.0),
        Some(false),
        "it is rejected"
    );
    let cut = format!("{ONE}on_overflow = \"chunk\"\nchunk_with = \"small\"\n");
    // 9,000 tokens in pieces of 5,160 are two, and a last call: three of 100 ms each.
    assert_eq!(p50(&long, &cut), 300_000);
    long.kinds[0].tokens = 8_192;
    assert_eq!(p50(&long, &escalates), 100_000, "the window is full and not over");
}

#[test]
fn the_classifier_adds_its_time_and_cost_and_errs_by_a_tier() {
    let classifier = "[classifier]\nmodel = \"small\"\ntimeout = \"2s\"\nmax_tokens = 10\nprompt = \"Tier?\"\nmax_chars = 4000\ndefault_tier = 3\n";
    let table = TIERS
        .replace("[failover]", &format!("{classifier}[failover]"))
        .replace("match = { class = \"chat\" }", "match = { tier = 0 }");
    let right = |share: usize| {
        let answers = (0..10).map(|nth| Attempt { quality: Some(f32::from(u8::from(nth < share))), ..ok(100) });
        vec![answers.collect::<Vec<_>>(); 2]
    };
    let cells = [("small", "near", right(8)), ("large", "near", vec![vec![ok(300); 10]; 2])];
    let mut measured = measured(&cells);
    measured.kinds = vec![kind("chat", Some(0), 1.0)];
    let forecast = forecast_of(&measured, &table, None);
    // A fifth is taken for tier 1 and goes to the last route.
    let shares: Vec<u32> = forecast.routes.iter().map(|route| (route.share * 100.0).round() as u32).collect();
    assert_eq!(shares, [80, 20]);
    let figures = figures(&forecast);
    assert_eq!(figures.e2e.unwrap().map(|span| us(span.value)), [200_000, 400_000, 400_000]);
    close(figures.cost_per_thousand.dollars.value, 0.5 + 0.8 * 0.5 + 0.2 * 1.0);
    assert!(
        forecast.assumptions.iter().any(|said| said.starts_with("80.0 % of the labels are right")),
        "{:?}",
        forecast.assumptions
    );
}

#[test]
fn the_same_input_gives_the_same_figures() {
    let table = format!("{ONE}fallback = [ {{ model = \"large\", regions = [\"near\"] }} ]\n");
    let mixed = || [(1..=90).map(|ms| ok(ms * 3)).collect(), vec![failed(50); 10]].concat();
    let cells = [("small", "near", vec![mixed(); 4]), ("large", "near", vec![(1..=40).map(ok).collect(); 4])];
    let once = forecast_of(&measured(&cells), &table, None);
    let again = forecast_of(&measured(&cells), &table, None);
    assert_eq!(figures(&once), figures(&again));
}

#[test]
fn a_share_of_what_nothing_belongs_to_is_told_and_an_unknown_name_refused() {
    use super::fixture::{registry, setting};
    use crate::forecast::traffic_shares;
    use crate::routes::{Table, resolve};
    let mut measured = measured(&[("small", "near", vec![vec![ok(100); 10]; 2])]);
    measured.kinds = vec![kind("chat", None, 1.0)];
    let (registry, table) = (registry(), Table::parse("routes.toml", TIERS).unwrap());
    let resolved = resolve(&table, &registry).unwrap();
    let routing = Routing { table: &table, resolved: &resolved, registry: &registry };
    let shares = |names: [&str; 2]| {
        let shares = names.map(|name| (name.to_owned(), 0.5)).to_vec();
        let traffic = Traffic { requests_per_month: None, shares, line: 2 };
        traffic_shares(&measured, routing, Some(&traffic), ("gate.toml", &setting()))
    };
    let found = shares(["cheap", "dear"]).unwrap();
    close(found.shares[0], 1.0);
    assert_eq!(found.notes().len(), 1);
    let refused = shares(["cheap", "deer"]).unwrap_err().to_string();
    assert!(refused.starts_with("gate.toml:2: `deer` in `[traffic] share` is no route"), "{refused}");
}
