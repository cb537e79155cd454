//! Windows, pieces, and what a request may cost.

use serde_json::{Value, json};

use crate::router::samples::{
    facts, long, router, said, sends, setting, short, table, target, through, try_router, walk, weighted,
};
use crate::router::{Answer, Call, CallBody, Overflowed, Purpose};
use crate::routes::{OnOverflow, Table};
use crate::sample::Outcome;
use crate::units::Usd;

fn overflowing(on_overflow: OnOverflow) -> Table {
    let mut sends = sends(vec![target("small"), target("twin")]);
    sends.fallback = vec![target("twin"), target("large")];
    sends.on_overflow = on_overflow;
    table(vec![sends.route()])
}

fn chunked() -> Table {
    overflowing(OnOverflow::Chunk { with: "small".into() })
}

fn text(body: &CallBody) -> String {
    let body: Value = serde_json::from_slice(&[&body.head[..], &body.rest].concat()).unwrap();
    body["messages"][0]["content"].as_str().unwrap().to_owned()
}

#[test]
fn a_prompt_over_every_primarys_window_is_rejected_and_nobody_is_called() {
    let walk = through(&overflowing(OnOverflow::Reject), &long(), &[]);
    assert_eq!((walk.ending.outcome, walk.calls.len(), walk.ending.overflowed), (Outcome::Overflow, 0, None));
    assert_eq!(walk.ending.route, Some(0));
    assert_eq!(through(&overflowing(OnOverflow::Reject), &short(), &[]).ending.outcome, Outcome::Ok);
}

#[test]
fn it_is_the_prompt_and_its_answer_that_must_fit_to_the_last_token() {
    let table = table(vec![sends(vec![target("small")]).route()]);
    let ending = |answer: u64| {
        let mut line = short();
        line["body"]["max_tokens"] = json!(answer);
        through(&table, &line, &[]).ending.outcome
    };
    // Two tokens of text and eight of framing.
    assert_eq!((ending(1_990), ending(1_991)), (Outcome::Ok, Outcome::Overflow));
}

#[test]
fn a_primary_that_holds_the_prompt_takes_it_alone_and_a_fallback_that_does_not_is_left_out() {
    let mut wide = sends(vec![weighted("small", 100.0), weighted("large", 0.1)]);
    wide.fallback = vec![target("twin")];
    let walk = through(&table(vec![wide.route()]), &long(), &[Outcome::Http5xx]);
    assert_eq!((walk.places(), walk.ending.overflowed), (vec!["large@c".to_owned()], None));
    assert_eq!(walk.ending.outcome, Outcome::Http5xx);
}

#[test]
fn an_unknown_window_rules_nothing_out() {
    let walk = through(&table(vec![sends(vec![target("unpriced")]).route()]), &long(), &[]);
    assert_eq!((walk.places(), walk.ending.overflowed), (vec!["unpriced@a".to_owned()], None));
}

#[test]
fn a_prompt_that_is_too_large_is_escalated_and_fails_over_as_usual() {
    let escalate = |to: &str| overflowing(OnOverflow::Escalate { to: to.into() });
    let walk = through(&escalate("unpriced"), &long(), &[Outcome::Http5xx]);
    assert_eq!(walk.places(), ["unpriced@a", "large@c"]);
    assert_eq!((walk.ending.outcome, walk.ending.overflowed), (Outcome::Ok, Some(Overflowed::Escalated)));
    assert_eq!(through(&escalate("twin"), &long(), &[]).ending.outcome, Outcome::Overflow, "no larger");
    assert_eq!(through(&escalate("large"), &short(), &[]).ending.overflowed, None);
}

#[test]
fn a_prompt_is_read_in_pieces_and_the_answers_are_stitched() {
    let router = router(&chunked());
    let mut line = long();
    line["origin"] = json!("b");
    let facts = facts(&router, &line);
    let replies: Vec<String> = (0..20).map(|piece| format!("nothing in {piece}")).collect();
    let walk = walk(&router, &facts, |call| match call.purpose {
        Purpose::Chunk { piece, .. } => said(Outcome::Ok, &replies[piece as usize]),
        _ => said(Outcome::Ok, "fine"),
    });
    let (last, pieces) = walk.calls.split_last().unwrap();
    let of = pieces.len() as u32;
    assert!(of >= 3, "{of}");
    assert_eq!(walk.ending.overflowed, Some(Overflowed::Chunked { pieces: of }));
    assert_eq!((walk.ending.outcome, walk.ending.attempts, walk.ending.failed_over), (Outcome::Ok, of + 1, false));
    for (index, call) in pieces.iter().enumerate() {
        assert_eq!(call.purpose, Purpose::Chunk { piece: index as u32, of });
        assert!(!call.body.stream && text(&call.body).ends_with("Which crate was lost?"));
    }
    assert_eq!((last.purpose, last.body.stream), (Purpose::Stitch, true));
    let stitched = text(&last.body);
    assert!(replies[..of as usize].iter().all(|reply| stitched.contains(reply)) && !stitched.contains("Entry 1:"));
    assert!(walk.places().iter().all(|place| place == "small@b"));
}

#[test]
fn a_piece_fails_over_across_regions_and_then_ends_the_request() {
    use Outcome::{Http5xx, Ok, RateLimited};
    let walk = through(&chunked(), &long(), &[Ok, Http5xx, Ok]);
    assert_eq!(walk.places()[..4], ["small@a", "small@a", "small@b", "small@a"]);
    assert!(walk.ending.failed_over && walk.ending.outcome.is_ok());
    let walk = through(&chunked(), &long(), &[Ok, Http5xx, RateLimited, Http5xx]);
    assert_eq!((walk.calls.len(), walk.ending.outcome, walk.ending.answered_by), (4, Http5xx, None));
}

#[test]
fn a_model_of_pieces_that_holds_the_prompt_whole_is_asked_once() {
    let walk = through(&overflowing(OnOverflow::Chunk { with: "large".into() }), &long(), &[]);
    assert_eq!((walk.places(), walk.calls[0].purpose), (vec!["large@c".to_owned()], Purpose::Answer));
    assert_eq!(walk.ending.overflowed, Some(Overflowed::Chunked { pieces: 1 }));
}

#[test]
fn what_cannot_be_cut_overflows() {
    let mut line = long();
    line["body"]["max_tokens"] = json!(1_900);
    let walk = through(&chunked(), &line, &[]);
    assert_eq!((walk.ending.outcome, walk.calls.len(), walk.ending.overflowed), (Outcome::Overflow, 0, None));
}

/// `small` at $1 and then `large` at $10, both ways, under a limit; a short request reads 32 tokens and writes 20.
fn capped(cap: &'static str) -> Table {
    let mut sends = sends(vec![target("small")]);
    sends.fallback = vec![target("large")];
    sends.cap = Some(cap);
    table(vec![sends.route()])
}

fn failing(cost: Option<&str>) -> impl Fn(&Call) -> Answer<'static> {
    let cost = cost.map(|cost| cost.parse::<Usd>().unwrap());
    move |_| Answer { outcome: Outcome::Http5xx, first_token_seen: false, text: None, cost }
}

#[test]
fn no_call_is_made_that_could_pass_the_limit_of_one_request() {
    let calls = |cap, cost| {
        let router = router(&capped(cap));
        let walk = walk(&router, &facts(&router, &short()), failing(cost));
        (walk.calls.len(), walk.ending.outcome)
    };
    assert_eq!(calls("0.000051", Some("0")), (0, Outcome::OverCost), "52 tokens at $1 do not fit");
    assert_eq!(calls("0.000052", Some("0")), (3, Outcome::Http5xx), "in no region of the dearer model");
    assert_eq!(calls("0.00052", Some("0")), (4, Outcome::Http5xx), "free failures leave all of the limit");
    assert_eq!(calls("0.000052", Some("0.000001")), (1, Outcome::Http5xx), "what was spent counts");
    assert_eq!(calls("0.000110", None), (2, Outcome::Http5xx), "and what nobody knows counts as its worst case");
}

#[test]
fn the_cheaper_fallback_is_called_where_the_limit_is_below_the_first() {
    let mut sends = sends(vec![target("large")]);
    sends.fallback = vec![target("small")];
    sends.cap = Some("0.0001");
    assert_eq!(through(&table(vec![sends.route()]), &short(), &[]).places(), ["small@a"]);
}

#[test]
fn pieces_are_only_begun_where_the_limit_covers_all_of_them() {
    let capped = |cap| {
        let mut sends = sends(vec![target("small")]);
        sends.on_overflow = OnOverflow::Chunk { with: "small".into() };
        sends.cap = Some(cap);
        through(&table(vec![sends.route()]), &long(), &[])
    };
    let all = capped("1");
    let worst: u64 = all.calls.iter().map(|call| call.body.input_bound + call.body.output_bound).sum();
    assert!(worst > 20_000, "{worst}");
    assert_eq!(all.ending.outcome, Outcome::Ok);
    assert_eq!((capped("0.02").calls.len(), capped("0.02").ending.outcome), (0, Outcome::OverCost));
}

#[test]
fn an_answer_without_a_bound_fits_no_limit() {
    let mut line = short();
    line["body"].as_object_mut().unwrap().remove("max_tokens");
    assert_eq!(through(&capped("0.001"), &line, &[]).ending.outcome, Outcome::OverCost, "2,000 tokens of the window");
    assert_eq!(through(&capped("0.01"), &line, &[]).ending.outcome, Outcome::Ok);
}

#[test]
fn a_limit_needs_every_price() {
    let mut sends = sends(vec![target("small"), target("unpriced")]);
    sends.cap = Some("1");
    let error = try_router(&table(vec![sends.route()]), setting()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "routes.toml:7: `max_cost_per_request_usd` needs a known input and output price of model `unpriced`, must be in \
         the registry"
    );
}
