//! What is tried again, where, and what breakers make of it.

use crate::router::samples::{
    facts, place, route, router, said, sends, short, table, target, through, tier, walk_at, with_breaker,
    with_classifier, within,
};
use crate::router::{Answer, BreakerState, Ending, Purpose, Router};
use crate::routes::{FailoverOn, Table};
use crate::sample::Outcome;
use crate::units::{Moment, Usd};

fn guarded() -> Table {
    let mut sends = sends(vec![target("small")]);
    sends.fallback = vec![within("twin", &["b"]), target("small"), target("large")];
    table(vec![sends.route()])
}

#[test]
fn after_the_regions_of_the_target_come_those_of_each_fallback_and_no_endpoint_twice() {
    let walk = through(&guarded(), &short(), &[Outcome::Http5xx; 4]);
    assert_eq!(walk.places(), ["small@a", "small@b", "small@c", "twin@b", "large@c"]);
    assert_eq!(walk.calls.iter().map(|call| call.attempt).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let endpoints: Vec<_> = router(&guarded()).endpoints().collect();
    assert!(endpoints.len() == 5 && walk.calls.iter().all(|call| endpoints[call.place] == call.endpoint));
    let Ending { outcome, answered_by, attempts, failed_over, .. } = walk.ending;
    assert_eq!((outcome, attempts, failed_over), (Outcome::Ok, 5, true));
    assert_eq!(answered_by.map(place).as_deref(), Some("large@c"));
}

#[test]
fn where_everybody_fails_the_request_ends_with_the_last_outcome() {
    use Outcome::{Connect, Http5xx, RateLimited, TimeoutTotal};
    let walk = through(&guarded(), &short(), &[Http5xx, Connect, RateLimited, TimeoutTotal, Http5xx]);
    assert_eq!((walk.ending.outcome, walk.calls.len(), walk.ending.answered_by), (Http5xx, 5, None));
}

#[test]
fn only_the_outcomes_that_the_table_names_are_tried_again() {
    let tried_again = |on: Vec<FailoverOn>| -> Vec<&str> {
        let mut table = guarded();
        table.failover.on = on;
        let failures = Outcome::ALL.into_iter().filter(|outcome| !outcome.is_ok());
        failures.filter(|outcome| through(&table, &short(), &[*outcome]).calls.len() > 1).map(Outcome::name).collect()
    };
    assert_eq!(tried_again(vec![FailoverOn::Connect]), ["dns", "connect", "tls", "reset"]);
    let timeouts = ["timeout_connect", "timeout_first_token", "timeout_idle", "timeout_total"];
    assert_eq!(tried_again(vec![FailoverOn::Timeout]), timeouts);
    assert_eq!(tried_again(vec![FailoverOn::Http5xx, FailoverOn::RateLimited]), ["rate_limited", "http_5xx"]);
    assert_eq!(tried_again(vec![FailoverOn::Outcome(Outcome::Empty)]), ["empty"]);
    assert!(tried_again(vec![FailoverOn::Outcome(Outcome::Cancelled)]).is_empty(), "the run itself gave up");
}

#[test]
fn nothing_is_tried_again_after_the_first_token() {
    let router = router(&guarded());
    let facts = facts(&router, &short());
    let late = Answer { outcome: Outcome::TimeoutIdle, first_token_seen: true, text: None, cost: None };
    let walk = walk_at((&router, &facts), (0, 0), |_| late);
    assert_eq!((walk.calls.len(), walk.ending.outcome), (1, Outcome::TimeoutIdle));
}

#[test]
fn the_ending_is_told_again_as_often_as_it_is_asked_for() {
    let router = router(&guarded());
    let facts = facts(&router, &short());
    let mut passage = router.begin(&facts, 0);
    passage.next(Moment(0));
    passage.answered(Moment(1), &said(Outcome::Ok, "fine"));
    let endings = [passage.next(Moment(2)), passage.next(Moment(3))].map(|step| format!("{step:?}"));
    assert!(endings[0] == endings[1] && endings[0].starts_with("End("), "{endings:?}");
}

/// Requests at the second `now` until region `a` is open: each fails there and is answered in `b`.
fn break_a(router: &Router, now: u64) -> usize {
    let facts = facts(router, &short());
    let fail_a = |place: String| if place.ends_with("@a") { Outcome::Http5xx } else { Outcome::Ok };
    for index in 0..10 {
        let walk = walk_at((router, &facts), (index, now), |call| said(fail_a(place(call.endpoint)), "fine"));
        if let [event] = walk.events[..] {
            let states = (event.from, event.to, event.provider, event.region);
            assert_eq!(states, (BreakerState::Closed, BreakerState::Open, 0, Some(0)));
            assert_eq!((event.at, event.error_ratio, event.attempts), (Moment(now * 1_000_000), Some(1.0), Some(4)));
            return index as usize + 1;
        }
    }
    panic!("it never opened");
}

#[test]
fn a_region_that_fails_too_often_is_skipped_then_probed_by_one_request_and_back() {
    let router = router(&with_breaker(table(vec![sends(vec![target("small")]).route()])));
    let facts = facts(&router, &short());
    assert_eq!(break_a(&router, 0), 4);
    let skipping = walk_at((&router, &facts), (20, 9), |_| said(Outcome::Ok, "fine"));
    assert_eq!((skipping.places(), skipping.ending.skipped), (vec!["small@b".to_owned()], 1));
    assert!(!skipping.ending.failed_over, "nothing had failed for this request");

    let mut probe = router.begin(&facts, 21);
    let crate::router::Step::Call(call) = probe.next(Moment(10_000_000)) else { panic!() };
    assert_eq!((place(call.endpoint).as_str(), call.event.unwrap().to), ("small@a", BreakerState::HalfOpen));
    let other = walk_at((&router, &facts), (22, 10), |_| said(Outcome::Ok, "fine"));
    assert_eq!(other.places(), ["small@b"], "the probe is still under way");
    let event = probe.answered(Moment(11_000_000), &said(Outcome::Ok, "fine")).unwrap();
    assert_eq!((event.from, event.to), (BreakerState::HalfOpen, BreakerState::Closed));
    assert_eq!(walk_at((&router, &facts), (23, 11), |_| said(Outcome::Ok, "fine")).places(), ["small@a"]);
}

#[test]
fn where_every_region_is_skipped_all_are_called_in_order_as_if_none_were() {
    let only = with_breaker(table(vec![sends(vec![within("small", &["a", "b"])]).route()]));
    let router = router(&only);
    let facts = facts(&router, &short());
    for index in 0..10 {
        walk_at((&router, &facts), (index, 0), |_| said(Outcome::Http5xx, ""));
    }
    let walk = walk_at((&router, &facts), (20, 5), |_| said(Outcome::Http5xx, ""));
    assert_eq!((walk.places(), walk.ending.outcome), (vec!["small@a".into(), "small@b".into()], Outcome::Http5xx));
    assert_eq!((walk.events.len(), walk.ending.skipped), (0, 0), "such calls count for nothing");
    let back = walk_at((&router, &facts), (21, 6), |_| said(Outcome::Ok, "fine"));
    assert_eq!((back.places(), back.ending.outcome), (vec!["small@a".into()], Outcome::Ok));
}

#[test]
fn a_region_left_out_is_not_tried_when_another_failed() {
    let router = router(&with_breaker(table(vec![sends(vec![within("small", &["a", "b"])]).route()])));
    break_a(&router, 0);
    let walk = walk_at((&router, &facts(&router, &short())), (30, 1), |_| said(Outcome::Http5xx, ""));
    assert_eq!((walk.places(), walk.ending.skipped), (vec!["small@b".to_owned()], 1));
}

#[test]
fn a_late_label_is_no_failure_of_its_region_and_a_failed_one_is() {
    let opened = |outcome| {
        let routes = vec![route(tier(1), sends(vec![within("small", &["c"])]).action())];
        let router = router(&with_breaker(with_classifier(table(routes))));
        let facts = facts(&router, &short());
        let answer = |purpose| if purpose == Purpose::Classify { said(outcome, "") } else { said(Outcome::Ok, "fine") };
        (0..9).any(|index| !walk_at((&router, &facts), (index, 0), |call| answer(call.purpose)).events.is_empty())
    };
    assert!(!opened(Outcome::TimeoutTotal) && opened(Outcome::Http5xx));
}

#[test]
fn what_the_run_holds_back_ends_the_request_with_that() {
    for outcome in [Outcome::Cancelled, Outcome::OverBudget, Outcome::NotSent] {
        let walk = through(&guarded(), &short(), &[Outcome::Http5xx, outcome]);
        assert_eq!((walk.calls.len(), walk.ending.outcome), (2, outcome));
        let routes = vec![route(tier(1), sends(vec![target("small")]).action())];
        let label = through(&with_classifier(table(routes)), &short(), &[outcome]);
        assert_eq!((label.calls.len(), label.ending.outcome), (1, outcome));
    }
}

#[test]
fn an_answer_of_unknown_cost_is_taken_as_any_other() {
    let router = router(&guarded());
    let unknown = Answer { outcome: Outcome::Ok, first_token_seen: true, text: None, cost: None::<Usd> };
    assert_eq!(walk_at((&router, &facts(&router, &short())), (0, 0), |_| unknown).ending.outcome, Outcome::Ok);
}
