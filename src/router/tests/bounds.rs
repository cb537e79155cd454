//! Whatever answers come, a request ends, and within the calls that its table allows.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use crate::router::samples::{
    facts, long, route, router, sends, short, table, target, tier, walk_at, weighted, with_breaker, with_classifier,
    within,
};
use crate::router::{Answer, Facts, Purpose, Router};
use crate::routes::OnOverflow;
use crate::sample::Outcome;
use crate::units::Usd;

/// A table with everything: a classifier, weights, fallbacks, a limit, breakers, pieces.
fn everything() -> Router {
    let mut first = sends(vec![weighted("small", 2.0), weighted("twin", 1.0)]);
    first.fallback = vec![within("small", &["c", "a"]), target("large")];
    first.on_overflow = OnOverflow::Chunk { with: "twin".into() };
    first.cap = Some("0.08");
    let mut rest = sends(vec![target("eye")]);
    rest.fallback = vec![target("unpriced")];
    rest.on_overflow = OnOverflow::Escalate { to: "large".into() };
    router(&with_breaker(with_classifier(table(vec![route(tier(1), first.action()), rest.route()]))))
}

/// What such a router knows of a short and a long request.
static LINES: LazyLock<[Facts; 2]> = LazyLock::new(|| {
    let router = everything();
    [facts(&router, &short()), facts(&router, &long())]
});

/// Outcome, whether a token came, whether its text is a tier, and its cost in microdollars.
type Reply = (usize, bool, bool, Option<i128>);

fn replies() -> impl Strategy<Value = Vec<Reply>> {
    let cost = proptest::option::of(0_i128..2_000);
    proptest::collection::vec((0..Outcome::ALL.len(), any::<bool>(), any::<bool>(), cost), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn every_request_ends_within_its_bounds_whatever_comes(
        requests in proptest::collection::vec((replies(), any::<bool>()), 1..12),
    ) {
        let router = everything();
        for (index, (replies, is_long)) in requests.iter().enumerate() {
            let facts = &LINES[usize::from(*is_long)];
            let (mut at, mut over) = (0, false);
            let mut seen: BTreeSet<(String, usize, u32)> = BTreeSet::new();
            let walk = walk_at((&router, facts), (index as u32, index as u64 * 3), |call| {
                let purpose = match call.purpose {
                    Purpose::Chunk { piece, .. } => format!("piece {piece}"),
                    purpose => purpose.kind().name().to_owned(),
                };
                let region = call.endpoint.region.unwrap_or_default() as u32;
                assert!(seen.insert((purpose, call.endpoint.model, region)), "an endpoint twice for one purpose");
                assert!(!over, "a call after the request had ended");
                let (outcome, first_token_seen, is_tier, cost) = replies[at % replies.len()];
                at += 1;
                let outcome = Outcome::ALL[outcome];
                let answering = !matches!(call.purpose, Purpose::Classify);
                over = answering && first_token_seen && !outcome.is_ok();
                let cost = cost.map(|micros| Usd::from_picos(micros * 1_000_000));
                Answer { outcome, first_token_seen, text: Some(if is_tier { "1" } else { "no" }), cost }
            });
            prop_assert_eq!(walk.ending.attempts as usize, walk.calls.len());
            let pieces = walk.calls.iter().map(|call| match call.purpose {
                Purpose::Chunk { of, .. } => of as usize,
                _ => 0,
            });
            // The classifier; seven endpoints at most, or two for each piece and the stitching.
            let most = 1 + 7.max(2 * (pieces.max().unwrap_or(0) + 1));
            prop_assert!(walk.calls.len() <= most, "{} of {most}", walk.calls.len());
            prop_assert_eq!(walk.ending.outcome.is_ok(), walk.ending.answered_by.is_some());
        }
    }

    #[test]
    fn the_same_answers_lead_the_same_way(replies in replies(), index in 0_u32..1_000) {
        let places = || {
            let router = everything();
            let mut at = 0;
            walk_at((&router, &LINES[0]), (index, 0), |_| {
                let (outcome, first_token_seen, _, _) = replies[at % replies.len()];
                at += 1;
                let outcome = Outcome::ALL[outcome];
                Answer { outcome, first_token_seen, text: Some("1"), cost: Some(Usd::ZERO) }
            })
            .places()
        };
        prop_assert_eq!(places(), places());
    }
}
