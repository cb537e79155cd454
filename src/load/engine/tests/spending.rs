//! What a budget lets through, and what it keeps back.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;

use super::upstream::{FINISH, TOKEN, Upstream, answer, destination, job, reply, run, streamed, toll};
use crate::load::Budget;
use crate::sample::Sample;
use crate::units::Usd;

/// The samples of up to `total` requests in a cell that `upstream` answers, the budget of a thousand picodollars left
/// behind, and whether it was used up. A request may cost 200.
fn spend(upstream: &Upstream, concurrency: u32, total: u32) -> (Vec<Sample>, i128, bool) {
    let budget = Arc::new(Budget::new(Usd::from_picos(1_000)));
    let mut job = job(vec![upstream.cell(concurrency, total)]);
    job.lanes[0].arms[0].outlets[0].toll = Some(toll());
    job.budget = Some(Arc::clone(&budget));
    let samples = run(job);
    (samples, budget.held().picos(), budget.is_exhausted())
}

/// What `samples` cost by the tariff, as their rows say.
fn cost(samples: &[Sample]) -> i128 {
    let tariff = toll().tariff;
    let cost = |sample: &Sample| {
        let (usage, _) = sample.usage?;
        tariff.charge(&usage, 0, sample.moments.sent, sample.service_tier.as_deref()).exact()
    };
    samples.iter().filter_map(cost).sum::<Usd>().picos()
}

#[test]
fn where_the_bill_is_unknown_the_worst_case_of_each_request_is_held() {
    // A server error may come after tokens were made and billed.
    for body in [streamed(&[TOKEN, "[DONE]"]), reply("500 E", "", ""), reply("504 E", "", "")] {
        let upstream = Upstream::saying(body);
        let (samples, held, exhausted) = spend(&upstream, 4, 100);
        assert_eq!((samples.len(), upstream.received().len()), (5, 5));
        assert_eq!((held, exhausted), (1_000, true));
    }
}

#[test]
fn what_is_reported_is_settled_and_what_is_turned_away_is_free() {
    for (body, spent) in [(answer(), 10 * (4 * 5 + 2 * 15)), (reply("429 T", "", ""), 0), (reply("400 B", "", "{}"), 0)]
    {
        let upstream = Upstream::saying(body);
        let (samples, held, exhausted) = spend(&upstream, 1, 10);
        assert_eq!((samples.len(), held, exhausted), (10, spent, false));
        assert_eq!(cost(&samples), held, "what the rows of the samples add up to");
    }
}

#[test]
fn a_provider_that_nobody_reaches_bills_nothing() {
    let upstream = Upstream::saying(answer());
    let mut cell = upstream.cell(2, 10);
    // Nobody listens there any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    cell.arms[0].outlets[0].destination = destination(gone);
    cell.arms[0].outlets[0].toll = Some(toll());
    let budget = Arc::new(Budget::new(Usd::from_picos(1_000)));
    let mut job = job(vec![cell]);
    job.budget = Some(Arc::clone(&budget));
    assert_eq!(run(job).len(), 10);
    assert_eq!((budget.held(), budget.is_exhausted()), (Usd::ZERO, false));
}

#[test]
fn a_stream_that_breaks_after_its_usage_is_settled_by_it() {
    let told =
        r#"{"choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#;
    let begun = streamed(&[told]);
    let begun = begun.trim_end_matches("0\r\n\r\n").to_owned();
    let upstream = Upstream::start(move |_, stream| {
        stream.write_all(begun.as_bytes()).unwrap();
        false
    });
    let (samples, held, _) = spend(&upstream, 1, 3);
    assert!(samples.len() == 3 && samples.iter().all(|sample| !sample.outcome.is_ok()), "{samples:?}");
    assert_eq!(held, 3 * 50);
}

#[test]
fn the_service_tier_of_the_answer_decides_what_is_settled() {
    let told = r#"{"service_tier":"flex","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let upstream = Upstream::saying(streamed(&[told, FINISH, "[DONE]"]));
    let (samples, held, _) = spend(&upstream, 1, 10);
    assert!(samples.iter().all(|sample| sample.service_tier.as_deref() == Some("flex")));
    assert_eq!((held, cost(&samples)), (10 * (4 * 5 + 2), held));
}

#[test]
fn usage_over_the_reservation_is_settled_in_full_and_ends_the_run() {
    let dear = FINISH.replace("\"prompt_tokens\":4", "\"prompt_tokens\":500").replace(",\"total_tokens\":6", "");
    let upstream = Upstream::saying(streamed(&[TOKEN, &dear, "[DONE]"]));
    let (samples, held, exhausted) = spend(&upstream, 1, 10);
    assert_eq!((samples.len(), held, exhausted), (1, 2_530, true));
}

#[test]
fn usage_that_no_counter_can_hold_ends_the_run_and_does_not_wrap() {
    let usage = format!("\"prompt_tokens\":{}", u64::MAX);
    let dear = FINISH.replace("\"prompt_tokens\":4", &usage).replace(",\"total_tokens\":6", "");
    let upstream = Upstream::saying(streamed(&[TOKEN, &dear, "[DONE]"]));
    let (samples, held, exhausted) = spend(&upstream, 1, 10);
    assert_eq!((samples.len(), held, exhausted), (1, i128::from(u64::MAX), true));
}

#[test]
fn warm_up_is_held_against_the_budget_too() {
    let upstream = Upstream::saying(answer());
    let budget = Arc::new(Budget::new(Usd::from_picos(10_000)));
    let mut job = job(vec![upstream.cell(1, 3)]);
    job.lanes[0].arms[0].outlets[0].toll = Some(toll());
    job.lanes[0].warmup = 4;
    job.budget = Some(Arc::clone(&budget));
    assert_eq!(run(job).len(), 7);
    assert_eq!(budget.held(), Usd::from_picos(7 * 50));
}
