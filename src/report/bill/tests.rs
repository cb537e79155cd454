use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::report::bill_csv::{bill_csv, measured};
use crate::report::fixture;
use crate::units::Moment;

/// A run of the models `a`, `b` and `c` at one provider, `b` with an override and `c` without a price of its prompts.
fn run() -> Run {
    let mut run = fixture::run();
    let note = run.manifest.cells[0].clone();
    let cell = |model: &str, price: serde_json::Value| {
        let mut cell = note.clone();
        cell.cell = format!("p/{model}/us/chat/c1");
        cell.model = model.to_owned();
        cell.price = serde_json::from_value(price).unwrap();
        cell
    };
    let price = |input: Option<&str>, output: &str| {
        json!({ "from": "2026-05-01", "currency": "USD", "input_usd_per_mtok": input, "output_usd_per_mtok": output,
            "assumed": [], "source": null })
    };
    let mut dear = price(Some("2"), "10");
    dear["overrides"] = json!([{ "input_tokens_over": 100, "input_usd_per_mtok": "4", "assumed": [] }]);
    let mut guess = price(Some("1"), "5");
    guess["cached_input_usd_per_mtok"] = json!("0.1");
    guess["assumed"] = json!(["input"]);
    run.manifest.cells = vec![cell("a", guess), cell("b", dear), cell("c", price(None, "1"))];
    run
}

fn spent<'a>(cell: usize, index: u32, input: u64, cached: u64, output: u64, cost: Option<&str>) -> Spent<'a> {
    let usage = Usage { input, cached_input: cached, output, ..Usage::default() };
    Spent {
        measured: true,
        cell,
        index,
        route: None,
        outcome: Outcome::Ok,
        attempts: 1,
        sent: Some(Moment(0)),
        usage: Some((usage, UsageSource::Provider)),
        cost: cost.map(|cost| cost.parse().unwrap()),
        custom_id: "line",
        class: None,
        service_tier: None,
    }
}

fn bill(run: &Run, rows: &[Spent<'_>]) -> Bill {
    let mut ledger = Ledger::new(run);
    rows.iter().for_each(|row| ledger.book(row));
    ledger.close()
}

#[test]
fn a_bill_of_five_requests_is_what_it_is_by_hand() {
    let run = run();
    let rows = [
        // 60 at $1, 40 from the cache at $0.10, 20 out at $5: assumed.
        spent(0, 0, 100, 40, 20, Some("0.000164")),
        // A failure that was billed: 10 at $1.
        spent(0, 1, 10, 0, 0, Some("0.00001")),
        // Beyond the cliff: 200 at $4, 10 out at $10.
        Spent { class: Some("chat"), custom_id: "long", ..spent(1, 0, 200, 0, 10, Some("0.0009")) },
        // A price that is unknown.
        spent(2, 0, 100, 0, 10, None),
        // A failure of which nothing is known.
        Spent { usage: None, ..spent(1, 1, 0, 0, 0, None) },
        // Warm-up.
        Spent { measured: false, ..spent(1, 0, 100, 0, 0, Some("0.0002")) },
    ];
    let bill = bill(&run, &rows);
    let told = |line: &Line| (line.name.clone(), line.share.cost.shown(6), line.share.requests);
    assert_eq!(
        bill.models.iter().map(told).collect::<Vec<_>>(),
        [
            ("b".to_owned(), "$0.000900".to_owned(), 2),
            ("a".to_owned(), "~$0.000174".to_owned(), 2),
            ("c".to_owned(), "unknown".to_owned(), 1)
        ]
    );
    assert_eq!(measured(&bill).cost.shown(6), "≥ ~$0.001074");
    assert_eq!((bill.total.cost.shown(6), bill.warmup.cost.shown(6)), ("≥ ~$0.001274".into(), "$0.000200".into()));
    assert_eq!((bill.total.requests, bill.total.without_usage), (6, 1));
    let a = bill.models[1].share;
    assert_eq!(a.per_thousand().unwrap().to_string(), "0.087");
    assert_eq!(a.effective().unwrap().to_string(), "8.70");
    assert_eq!(bill.classes.iter().map(told).map(|(name, ..)| name).collect::<Vec<_>>(), ["chat", ""]);
    let dearest: Vec<_> = bill.dearest.iter().map(|one| (one.custom_id.as_str(), one.cost.to_string())).collect();
    assert_eq!(dearest, [("long", "0.0009".to_owned()), ("line", "0.000164".to_owned())]);

    let moved: Vec<_> = bill
        .moves
        .iter()
        .map(|one| (one.from.0.as_str(), one.to.0.as_str(), one.share.cost.shown(6), one.after.shown(6)))
        .collect();
    // a's 110 in and 20 out at $2 and $10, neither request beyond the cliff; b's at $1 and $5; without c's prompt.
    assert!(moved.contains(&("a", "b", "~$0.000174".into(), "$0.000420".into())), "{moved:?}");
    assert!(moved.contains(&("b", "a", "$0.000900".into(), "~$0.000250".into())), "{moved:?}");
    assert!(moved.contains(&("a", "c", "~$0.000174".into(), "≥ $0.000020".into())), "{moved:?}");
    assert_eq!(moved.len(), 6);
}

/// A run through a table whose route `cheap` calls a model with an assumed price, and whose route `hands` hands over.
fn routed(human_cost: Option<&str>) -> Run {
    let mut run = run();
    let price = run.manifest.cells[0].price.take();
    let mut whole = run.manifest.cells[0].clone();
    whole.cell = "routes/chat/c1".to_owned();
    whole.model = String::new();
    let part = |route: &str| {
        let mut cell = whole.clone();
        (cell.cell, cell.part_of) = (format!("{}/{route}", whole.cell), Some(whole.cell.clone()));
        cell.route = Some(route.to_owned());
        cell
    };
    run.manifest.cells = vec![whole.clone(), part("cheap"), part("hands")];
    let routes = json!([{ "route": "cheap", "line": 2, "models": ["a"] },
        { "route": "hands", "line": 5, "models": [], "human_cost_usd": human_cost }]);
    let table = json!({ "file": { "source": "routes.toml", "sha256": "" }, "trust_tiers": true, "classifier": null,
        "default_tier": null, "routes": routes, "endpoints": [
            { "provider": "p", "model": "a", "region": null, "tier": 1, "price": price }] });
    run.manifest.tables = vec![serde_json::from_value(table).unwrap()];
    let calls = json!([{ "provider": "p", "model": "a", "region": null, "calls": 1, "failed": 0, "answered": 1,
        "cost_usd": "0.01" }]);
    let note = |cell: &str, endpoints: serde_json::Value| {
        json!({ "cell": cell, "requests": 1, "handed_off": 0, "human_cost_usd": null,
            "availability_before_failover": null, "availability": null, "first": null, "failed_over": null,
            "failed_all": 0, "endpoints": endpoints, "classifier": null, "tiering": null })
    };
    let notes = [
        note("routes/chat/c1", calls.clone()),
        note("routes/chat/c1/cheap", calls),
        note("routes/chat/c1/hands", json!([])),
    ];
    run.manifest.routing = notes.into_iter().map(|note| serde_json::from_value(note).unwrap()).collect();
    run
}

fn handed<'a>(attempts: u64, cost: Option<&str>) -> Spent<'a> {
    let outcome = Outcome::HandedOff;
    Spent { route: Some("hands"), outcome, attempts, usage: None, custom_id: "hand", ..spent(0, 1, 0, 0, 0, cost) }
}

#[test]
fn a_routed_request_is_billed_once_with_the_person_and_every_call_it_took() {
    let rows = [
        Spent { route: Some("cheap"), attempts: 3, ..spent(0, 0, 100, 0, 20, Some("0.01")) },
        // A classifier was asked, then a person.
        handed(1, Some("2.500001")),
        // Nobody was called, and no route took it.
        Spent { outcome: Outcome::NoRoute, attempts: 0, usage: None, ..spent(0, 2, 0, 0, 0, None) },
        // Held back by the run.
        Spent { outcome: Outcome::NotSent, attempts: 0, usage: None, ..spent(0, 3, 0, 0, 0, None) },
    ];
    let bill = bill(&routed(Some("2.50")), &rows);
    assert_eq!((bill.total.requests, bill.total.without_usage, bill.total.unpriced_people), (3, 1, 0));
    assert_eq!(bill.total.cost.exact().unwrap().to_string(), "2.510001");
    let told = "~$2.51 for 3 requests; what 1 cost is unknown, and in no amount";
    assert_eq!(crate::report::bill_tables::bill_sentence(&bill), told);
    let dearest: Vec<_> = bill.dearest.iter().map(|one| (one.custom_id.as_str(), one.usage.is_some())).collect();
    assert_eq!(dearest, [("hand", false), ("line", true)]);
    assert!(bill_csv(&bill).contains("request,,routes/chat/c1,hand,,,,1,0,,,,,2.500001,true,"));
}

#[test]
fn a_bill_says_of_whom_nobody_says_what_he_costs() {
    let known = bill(&routed(None), &[handed(1, Some("0.000001")), handed(0, None)]);
    assert_eq!((known.total.requests, known.total.without_usage, known.total.unpriced_people), (2, 0, 2));
    let told = "≥ $0.000001 for 2 requests; what a person costs is unknown, and in the amount of none of 2 hand-offs";
    assert_eq!(crate::report::bill_tables::bill_sentence(&known), told);
    let unknown = bill(&routed(None), &[handed(0, None)]);
    assert!(crate::report::bill_tables::bill_sentence(&unknown).starts_with("unknown for 1 request; "));
}

#[test]
fn a_fee_for_each_request_is_moved_with_each_request() {
    let mut run = run();
    run.manifest.cells[0].price.as_mut().unwrap().rates.per_request_usd = Some("0.01".parse().unwrap());
    let rows = [spent(2, 0, 0, 0, 10, Some("0.00001")), spent(2, 1, 0, 0, 10, Some("0.00001"))];
    let bill = bill(&run, &rows);
    let there = bill.moves.iter().find(|one| one.from.0 == "c" && one.to.0 == "a").unwrap();
    assert_eq!(there.after.exact().unwrap().to_string(), "0.0201");
}

#[test]
fn the_file_of_the_bill_has_exact_sums_and_empty_cells() {
    let bill = bill(&run(), &[spent(0, 0, 100, 40, 20, Some("0.000164")), spent(2, 0, 100, 0, 10, None)]);
    let text = bill_csv(&bill);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "total,,,,,,,2,0,200,40,30,0,,false,true,,,,,,");
    assert_eq!(lines[3], "model,,,a,global-apis,,,1,0,100,40,20,0,0.000164,true,true,,0.164,8.20,,,");
    assert!(lines.contains(&"request,,p/a/us/chat/c1,line,,,,1,0,100,40,20,0,0.000164,true,,,,,,,"), "{text}");
    let moved = "move,autocomplete,,a,global-apis,b,global-apis,1,0,100,40,20,0,0.000164,true,true,,0.164,,0.0004,";
    assert!(lines.iter().any(|line| line.starts_with(moved)), "{text}");
}

proptest! {
    #[test]
    fn in_any_order_every_view_sums_up_to_the_run_to_the_last_digit(
        requests in proptest::collection::vec(
            (0..3_usize, 0..2_000_u64, 0..2_000_u64, 0..900_u64, 0..4_u8, any::<bool>()), 1..60),
        order in any::<u64>(),
    ) {
        let run = run();
        let mut rows: Vec<Spent<'_>> = Vec::new();
        let mut sum = Usd::ZERO;
        for (index, (cell, input, cached, output, class, measured)) in requests.iter().enumerate() {
            let row = spent(*cell, index as u32, *input, *cached, *output, None);
            let price = run.manifest.cells[*cell].price.as_ref().unwrap().price();
            let (usage, _) = row.usage.unwrap();
            let asked = Asked { input_tokens: *input, at: "2026-11-23T02:00".parse().unwrap(), service_tier: None };
            let cost = cost::of(&usage, 0, Some(&price.rates_for(&asked))).exact();
            let class = [None, Some("x"), Some("y"), Some("z")][usize::from(*class)];
            sum += cost.filter(|_| *measured).unwrap_or(Usd::ZERO);
            rows.push(Spent { measured: *measured, cost, class, ..row });
        }
        let first = bill(&run, &rows);
        // Any other order of ending.
        rows.sort_by_key(|row| crate::rng::hash(&(order ^ u64::from(row.index)).to_le_bytes()));
        let second = bill(&run, &rows);
        prop_assert_eq!(first.dearest, second.dearest);
        prop_assert_eq!(first.moves, second.moves);
        for lines in [&second.models, &second.regions, &second.workloads] {
            prop_assert_eq!(lines.iter().map(|line| line.share.cost.known).sum::<Usd>(), sum);
        }
        prop_assert_eq!(second.total.cost.known, sum + second.warmup.cost.known);
        let sorted = |mut lines: Vec<Line>| { lines.sort_by(|a, b| a.name.cmp(&b.name)); lines };
        prop_assert_eq!(sorted(first.classes), sorted(second.classes));
    }
}
