use super::fixture::{REGISTRY, attempt, forecast_in, forecast_of, kind, measured};
use super::*;
use crate::forecast::figures::Figures;
use crate::forecast::kinds::Kind;
use crate::forecast::labels::{Confusion, Counts};
use crate::forecast::source::Attempt;
use crate::sample::{Outcome, Usage};
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
        [
            "not measured: `small` on `chat` in far. Run `tollmark run --registry registry.toml --model small --region far \
          --workload chat.jsonl --requests-per-cell 1500` and add its directory"
        ]
    );
}

const TIERS: &str = "schema = 1\n[failover]\nregion_order = \"as_written\"\n[[route]]\nname = \"cheap\"\nmatch = { class = \"chat\" }\nprimary = [ { model = \"small\", regions = [\"near\"] } ]\n[[route]]\nname = \"dear\"\nprimary = [ { model = \"large\", regions = [\"near\"] } ]\n";

#[test]
fn traffic_that_no_route_takes_is_told() {
    let mut measured = measured(&[("small", "near", vec![vec![ok(100); 10]; 2])]);
    measured.kinds = vec![kind("chat", Some(1), 0.6), kind("code", None, 0.4)];
    let of_tier = |tier: u8| {
        ONE.split_once("[[route]]").unwrap().1.replace("\"all\"", &format!("\"{tier}\"\nmatch = {{ tier = {tier} }}"))
    };
    let routes: Vec<String> = (0..5).map(|tier| format!("[[route]]{}", of_tier(tier))).collect();
    let table = format!("schema = 1\n{}", routes.concat());
    let told = forecast_of(&measured, &table, None);
    close(told.untaken, 0.4);
    close(figures(&told).availability.unwrap().value, 0.6);
    let said = "no route takes 40.0 % of the traffic, which gets no answer: add a last route without `match`, or a `[classifier]`";
    assert_eq!(told.notes(), [said]);
    assert_eq!(forecast_of(&measured, ONE, None).notes(), [""; 0]);
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
    let table = classified();
    let right = |share: usize| {
        let answers = (0..10).map(|nth| Attempt { quality: Some(f32::from(u8::from(nth < share))), ..label(100) });
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
    close(figures.cost_per_thousand.dollars.value, 0.401 + 0.8 * 0.401 + 0.2 * 1.0);
    assert!(
        forecast.assumptions.iter().any(|said| said.starts_with("80.0 % of the labels are right")),
        "{:?}",
        forecast.assumptions
    );
}

const CLASSIFIER: &str = "[classifier]\nmodel = \"small\"\ntimeout = \"2s\"\nmax_tokens = 10\nprompt = \"Tier?\"\nmax_chars = 4000\ndefault_tier = 3\n";

/// [`TIERS`], told apart by the classifier's tiers 0 and others.
fn classified() -> String {
    TIERS
        .replace("[failover]", &format!("{CLASSIFIER}[failover]"))
        .replace("match = { class = \"chat\" }", "match = { tier = 0 }")
}

/// An answer of ten tokens at most, as a classifier gives them.
fn label(ms: u32) -> Attempt {
    Attempt { usage: Some(Usage { input: 400, output: 1, ..Usage::default() }), ..ok(ms) }
}

#[test]
fn a_confusion_seen_in_a_run_through_a_table_decides_where_requests_go() {
    let cells = [("small", "near", vec![vec![label(100); 10]; 2]), ("large", "near", vec![vec![ok(300); 10]; 2])];
    let mut measured = measured(&cells);
    measured.kinds = vec![kind("chat", Some(0), 1.0)];
    let mut counts = Counts::default();
    // Of tier 0 half is named so, a tenth tier 1, four tenths tier 4: no tier off as a rule.
    counts[0] = [50, 10, 0, 0, 40, 0];
    measured.confusions = vec![Confusion { model: "small".to_owned(), counts, unrecorded: BTreeMap::new() }];
    let forecast = forecast_of(&measured, &classified(), None);
    let shares: Vec<u32> = forecast.routes.iter().map(|route| (route.share * 100.0).round() as u32).collect();
    assert_eq!(shares, [50, 50]);
    let said = "50.0 % of the labels are right, as measured; wrong ones fall as they did in runs through a table";
    assert!(forecast.assumptions.iter().any(|one| one == said), "{:?}", forecast.assumptions);
}

#[test]
fn a_late_label_takes_its_limit_and_goes_where_the_default_says() {
    // Of ten questions one is answered after the classifier's two seconds.
    let small = [vec![label(100); 9], vec![label(5_000)]].concat();
    let cells = [("small", "near", vec![small; 2]), ("large", "near", vec![vec![ok(300); 10]; 2])];
    let mut measured = measured(&cells);
    measured.kinds = vec![kind("chat", Some(0), 1.0)];
    let forecast = forecast_of(&measured, &classified(), None);
    let shares: Vec<u32> = forecast.routes.iter().map(|route| (route.share * 100.0).round() as u32).collect();
    assert_eq!(shares, [90, 10]);
    let p50 = |route: usize| us(forecast.routes[route].figures.as_ref().unwrap().e2e.unwrap()[0].value);
    assert_eq!((p50(0), p50(1)), (200_000, 2_300_000));
}

#[test]
fn requests_that_are_escalated_cost_what_the_long_ones_of_their_class_do() {
    // One prompt of four is over the window of `small`, and twenty times as long.
    let one = |prompt: u32, tokens: u64| Attempt {
        prompt: Some(prompt),
        usage: Some(Usage { input: tokens, output: 0, ..Usage::default() }),
        ..ok(300)
    };
    let all = vec![one(0, 400), one(1, 400), one(2, 400), one(3, 8_000)];
    let cells = [("small", "near", vec![all[..3].to_vec(); 2]), ("large", "near", vec![all.clone(); 2])];
    let mut measured = measured(&cells);
    let ranks: std::sync::Arc<[Option<f32>]> = [0.125, 0.375, 0.625, 0.875].map(Some).into();
    let sources = std::sync::Arc::get_mut(&mut measured.sources).unwrap();
    sources.iter_mut().for_each(|source| source.ranks = ranks.clone());
    let lines = |tokens: u64, lines: u64, share: f64| Kind { tokens, lines, ..kind("chat", None, share) };
    measured.kinds = vec![lines(1_000, 3, 0.75), lines(9_000, 1, 0.25)];
    let table = format!("{ONE}on_overflow = \"escalate\"\nescalate_to = \"large\"\n");
    let told = forecast_of(&measured, &table, None);
    // A thousand requests: 750 of 400 tokens at $1 a million, 250 of 8,000 at $2.
    close(figures(&told).cost_per_thousand.dollars.value, 0.75 * 0.4 + 0.25 * 16.0);
    assert!(!told.assumptions.iter().any(|one| one.contains("none so long")), "{:?}", told.assumptions);
    let sources = std::sync::Arc::get_mut(&mut measured.sources).unwrap();
    sources[1].rounds = vec![all[..3].to_vec(); 2];
    let told = forecast_of(&measured, &table, None);
    close(figures(&told).cost_per_thousand.dollars.value, 0.75 * 0.4 + 0.25 * 0.8);
    assert!(told.assumptions.iter().any(|one| one.contains("none so long was measured")), "{:?}", told.assumptions);
}

#[test]
fn images_cost_what_the_price_list_says_of_each() {
    let mut seeing = measured(&[("small", "near", vec![vec![ok(100); 10]; 2])]);
    let registry = REGISTRY.replacen("tier = 1\n", "tier = 1\ncapabilities = [\"vision\"]\n", 1).replacen(
        "output = \"1\"\n",
        "output = \"1\"\nper_image = \"0.002\"\n",
        1,
    );
    let cost = |measured: &Measured| {
        let told = forecast_in(&registry, measured, ONE, None);
        (figures(&told).cost_per_thousand.dollars.value, told.assumptions.join("; "))
    };
    seeing.kinds[0] = Kind { has_image: true, images: Some(3), ..kind("chat", None, 1.0) };
    close(cost(&seeing).0, 0.5 + 3.0 * 2.0);
    // Runs of old do not say how many.
    seeing.kinds[0].images = None;
    let (dollars, said) = cost(&seeing);
    close(dollars, 0.5 + 2.0);
    assert!(said.contains("a request with images holds one: how many is not kept"), "{said}");
}

#[test]
fn shuffled_regions_share_the_classifier_and_each_order_of_a_fallback() {
    let table = classified().replace("as_written", "shuffled");
    let cells = [
        ("small", "near", vec![vec![label(100); 10]; 2]),
        ("small", "far", vec![vec![label(200); 10]; 2]),
        ("large", "near", vec![vec![ok(300); 10]; 2]),
    ];
    let mut measured = measured(&cells);
    measured.kinds = vec![kind("chat", Some(3), 1.0)];
    // Half of the questions go far: 100 or 200 ms, and then 300.
    let spans = figures(&forecast_of(&measured, &table, None)).e2e.unwrap();
    assert_eq!(spans.map(|span| us(span.value)), [400_000, 500_000, 500_000]);
    let fallback = format!("{ONE}fallback = [ {{ model = \"large\" }} ]\n").replace("as_written", "shuffled");
    let cells = [
        ("small", "near", vec![vec![failed(10); 10]; 2]),
        ("large", "near", vec![vec![ok(100); 10]; 2]),
        ("large", "far", vec![vec![ok(200); 10]; 2]),
    ];
    let told = forecast_of(&super::fixture::measured(&cells), &fallback, None);
    let shares: Vec<u32> = figures(&told).answered.iter().map(|one| (one.share * 100.0).round() as u32).collect();
    assert_eq!(shares, [50, 50]);
}

#[test]
fn a_breaker_that_would_open_is_named() {
    let table = ONE.replace(
        "region_order = \"as_written\"",
        "region_order = \"as_written\"\n[failover.breaker]\nattempt_error_ratio = 0.02\nwindow = \"60s\"\nmin_requests = 10\ncooldown = \"5s\"",
    );
    let said = |failing: usize| {
        let rounds = vec![[vec![ok(100); 50 - failing], vec![failed(10); failing]].concat(); 2];
        forecast_of(&measured(&[("small", "near", rounds)]), &table, None).assumptions.join("; ")
    };
    let would_open = "the breaker of `acme` in near would open: 10.0 % of its calls fail, more than 2.0 %";
    assert!(said(5).contains(would_open), "{}", said(5));
    assert!(!said(1).contains("would open") && said(1).contains("breakers stay closed"), "{}", said(1));
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
