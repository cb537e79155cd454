//! Which endpoint is called first, and what it is sent.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::plan::Streaming;
use crate::router::samples::{
    facts, place, router, said, sends, setting, short, table, target, through, try_router, walk, walk_at, weighted,
    with, within,
};
use crate::router::{Router, Setting};
use crate::routes::RegionOrder;
use crate::sample::Outcome;

const ALL_FAIL: [Outcome; 9] = [Outcome::Http5xx; 9];

#[test]
fn regions_are_tried_from_the_nearest_to_the_request_on() {
    let table = table(vec![sends(vec![target("small")]).route()]);
    let from = |origin: &str| through(&table, &with(short(), "origin", json!(origin)), &ALL_FAIL).places();
    assert_eq!(from("b"), ["small@b", "small@c", "small@a"], "itself, then its `near`, then the rest");
    assert_eq!(from("c"), ["small@c", "small@a", "small@b"], "it lists none, so as the registry does");
    assert_eq!(from("moon"), ["small@a", "small@b", "small@c"]);
    assert_eq!(through(&table, &short(), &ALL_FAIL).places(), ["small@a", "small@b", "small@c"]);
}

#[test]
fn only_the_regions_of_the_target_are_called() {
    let table = table(vec![sends(vec![within("small", &["c", "b"])]).route()]);
    assert_eq!(through(&table, &short(), &ALL_FAIL).places(), ["small@b", "small@c"]);
}

#[test]
fn regions_as_written_stay_so_wherever_the_request_comes_from() {
    let mut table = table(vec![sends(vec![within("small", &["c", "a", "b"])]).route()]);
    table.failover.region_order = RegionOrder::AsWritten;
    let line = with(short(), "origin", json!("b"));
    assert_eq!(through(&table, &line, &ALL_FAIL).places(), ["small@c", "small@a", "small@b"]);
}

fn first_calls(router: &Router, requests: u32) -> Vec<String> {
    let facts = facts(router, &short());
    let walk = |index| walk_at((router, &facts), (index, 0), |_| said(Outcome::Ok, "fine"));
    (0..requests).map(|index| place(walk(index).calls[0].endpoint)).collect()
}

fn shares(calls: &[String]) -> BTreeMap<&str, usize> {
    let mut shares = BTreeMap::new();
    calls.iter().for_each(|call| *shares.entry(call.as_str()).or_default() += 1);
    shares
}

#[test]
fn shuffled_regions_come_first_equally_often_and_the_same_for_the_same_seed() {
    let mut table = table(vec![sends(vec![target("small")]).route()]);
    table.failover.region_order = RegionOrder::Shuffled;
    let calls = first_calls(&router(&table), 3_000);
    let shares = shares(&calls);
    // Four standard deviations of a third of 3,000 are 103.
    assert!(shares.len() == 3 && shares.values().all(|count| count.abs_diff(1_000) < 103), "{shares:?}");
    assert_eq!(calls, first_calls(&router(&table), 3_000));
    let other = try_router(&table, Setting { seed: 8, ..setting() }).unwrap();
    assert_ne!(calls, first_calls(&other, 3_000));
}

#[test]
fn weights_share_the_traffic_in_the_long_run_and_do_not_depend_on_timing() {
    let table = table(vec![sends(vec![weighted("small", 3.0), weighted("twin", 1.0), weighted("large", 0.0)]).route()]);
    let calls = first_calls(&router(&table), 4_000);
    let shares = shares(&calls);
    // Four standard deviations of a quarter of 4,000 are 110.
    assert!(shares.len() == 2 && shares["twin@a"].abs_diff(1_000) < 110, "{shares:?}");

    let router = router(&table);
    let facts = facts(&router, &short());
    let backwards: Vec<String> = (0..4_000)
        .rev()
        .map(|index| {
            let walk = walk_at((&router, &facts), (index, u64::from(index % 7)), |_| said(Outcome::Http5xx, ""));
            place(walk.calls[0].endpoint)
        })
        .collect();
    assert!(backwards.iter().rev().eq(&calls));
}

#[test]
fn the_recorded_body_is_sent_under_the_models_name_with_the_routes_parameters() {
    let mut plain = sends(vec![target("small")]);
    plain.params = vec![("temperature".to_owned(), json!(0)), ("max_tokens".to_owned(), json!(5))];
    let table = table(vec![plain.route()]);
    let walk = through(&table, &short(), &[Outcome::Http5xx]);
    let sent = |call: usize| -> Value {
        let body = &walk.calls[call].body;
        serde_json::from_slice(&[&body.head[..], &body.rest].concat()).unwrap()
    };
    let expected = json!({"model": "small", "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "hello world"}], "temperature": 0, "max_tokens": 5});
    assert_eq!((sent(0), sent(1)), (expected.clone(), expected));
    let [first, second] = [&walk.calls[0].body, &walk.calls[1].body];
    assert_eq!(first.rest.as_ptr(), second.rest.as_ptr(), "shared");
    assert_eq!((first.input_bound, first.output_bound, first.paced_tokens), (11 + 8 + 13, 5, 37));
    assert!(first.rest[first.text_at.unwrap()..].starts_with(b"hello"));
}

#[test]
fn answers_are_streamed_as_the_run_asks() {
    let table = table(vec![sends(vec![target("small")]).route()]);
    let streamed = |streaming, recorded: Value| {
        let router = try_router(&table, Setting { streaming, ..setting() }).unwrap();
        let mut line = short();
        line["body"]["stream"] = recorded;
        walk(&router, &facts(&router, &line), |_| said(Outcome::Ok, "fine")).calls[0].body.stream
    };
    assert!(!streamed(Streaming::Off, json!(true)) && streamed(Streaming::On, json!(false)));
    assert!(!streamed(Streaming::AsRecorded, json!(false)) && streamed(Streaming::AsRecorded, json!(true)));
}
