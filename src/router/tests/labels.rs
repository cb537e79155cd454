//! Labels, and the routes that they lead to.

use std::time::Duration;

use serde_json::json;

use crate::router::samples::{
    facts, pictured, place, registry, resolve, route, router, said, sends, setting, short, table, target, through,
    tier, try_router, walk, walk_at, with, with_classifier,
};
use crate::router::{Answer, Labelled, Purpose, Router, Setting};
use crate::routes::{Action, RouteMatch, Table};
use crate::sample::{LabelledBy, Outcome};
use crate::units::Usd;

/// Tier 0 to `small`, 1 to `twin`, 4 to a person; nothing takes the rest.
fn tiers() -> Table {
    table(vec![
        route(tier(0), sends(vec![target("small")]).action()),
        route(tier(1), sends(vec![target("twin")]).action()),
        route(tier(4), Action::HandOff { human_cost: Some("2.50".parse().unwrap()) }),
    ])
}

fn recorded(tier: u8) -> serde_json::Value {
    with(short(), "expect", json!({ "tier": tier }))
}

#[test]
fn the_classifiers_answer_picks_the_route_and_its_call_is_counted() {
    let router = router(&with_classifier(tiers()));
    let facts = facts(&router, &short());
    let walk = walk(&router, &facts, |call| {
        said(Outcome::Ok, if call.purpose == Purpose::Classify { "Tier 0." } else { "fine" })
    });
    assert_eq!(walk.places(), ["tagger@a", "small@a"]);
    let [label, answer] = &walk.calls[..] else { panic!() };
    assert_eq!((label.purpose, label.deadline), (Purpose::Classify, Duration::from_secs(2)));
    assert_eq!((answer.purpose, answer.deadline), (Purpose::Answer, Duration::from_secs(30)));
    assert!(!label.body.stream && answer.body.stream);
    assert_eq!(label.body.head, r#"{"model":"tagger","stream":false"#);
    assert_eq!(walk.ending.label, Some(Labelled { tier: 0, by: LabelledBy::Classifier }));
    assert_eq!((walk.ending.route, walk.ending.attempts, walk.ending.failed_over), (Some(0), 2, false));
    assert_eq!(walk.ending.answered_by.map(place).as_deref(), Some("small@a"));
}

#[test]
fn a_late_failed_or_senseless_label_is_the_default_tier_and_nobody_else_is_asked() {
    let router = router(&with_classifier(tiers()));
    let facts = facts(&router, &short());
    for (outcome, text) in [
        (Outcome::TimeoutTotal, "0"),
        (Outcome::Http5xx, "0"),
        (Outcome::Connect, ""),
        (Outcome::Refused, "0"),
        (Outcome::Ok, "I would say zero"),
        (Outcome::Ok, "7"),
    ] {
        let walk = walk(&router, &facts, |call| match call.purpose {
            Purpose::Classify => said(outcome, text),
            _ => said(Outcome::Ok, "fine"),
        });
        assert_eq!(walk.places(), ["tagger@a", "twin@a"], "{outcome} {text}");
        assert_eq!(walk.ending.label, Some(Labelled { tier: 1, by: LabelledBy::Default }));
        assert!(!walk.ending.failed_over);
    }
    let silent = Answer { outcome: Outcome::Ok, first_token_seen: true, text: None, cost: Some(Usd::ZERO) };
    let walk = walk(&router, &facts, |_| silent);
    assert_eq!(walk.ending.label.unwrap().by, LabelledBy::Default);
}

#[test]
fn a_recorded_tier_is_used_where_it_is_trusted_or_there_is_no_classifier() {
    let label = Some(Labelled { tier: 0, by: LabelledBy::Recorded });
    let alone = through(&tiers(), &recorded(0), &[]);
    assert_eq!((alone.places(), alone.ending.label), (vec!["small@a".to_owned()], label));

    let trusting = try_router(&with_classifier(tiers()), Setting { trust_tiers: true, ..setting() }).unwrap();
    let trusted = walk(&trusting, &facts(&trusting, &recorded(0)), |_| said(Outcome::Ok, "1"));
    assert_eq!((trusted.places(), trusted.ending.label), (vec!["small@a".to_owned()], label));
    let unlabelled = walk(&trusting, &facts(&trusting, &short()), |_| said(Outcome::Ok, "1"));
    assert_eq!(unlabelled.places(), ["tagger@a", "twin@a"], "nothing is recorded that could be trusted");

    let doubting = router(&with_classifier(tiers()));
    let asked = walk(&doubting, &facts(&doubting, &recorded(0)), |_| said(Outcome::Ok, "1"));
    assert_eq!(asked.ending.label, Some(Labelled { tier: 1, by: LabelledBy::Classifier }));
}

#[test]
fn nobody_is_asked_for_a_tier_that_decides_nothing() {
    let class = RouteMatch { class: Some("chat".into()), ..RouteMatch::default() };
    let mut routes = vec![route(class, sends(vec![target("small")]).action())];
    routes.extend(tiers().routes);
    let table = with_classifier(table(routes));
    let walk = through(&table, &with(short(), "class", json!("chat")), &[]);
    assert_eq!((walk.places(), walk.ending.label), (vec!["small@a".to_owned()], None));
    let doubted = through(&table, &with(recorded(0), "class", json!("chat")), &[]);
    assert_eq!(doubted.ending.label, None, "a tier that is not trusted is no label");
    let other = through(&table, &with(short(), "class", json!("mail")), &[]);
    assert_eq!(other.places(), ["tagger@a", "twin@a"]);
}

#[test]
fn the_first_route_that_matches_wins_and_none_is_an_outcome_of_its_own() {
    let class = RouteMatch { class: Some("chat".into()), tier: Some(0), ..RouteMatch::default() };
    let mut routes = vec![route(class, sends(vec![target("large")]).action())];
    routes.extend(tiers().routes);
    let table = table(routes);
    let chat = |tier| with(recorded(tier), "class", json!("chat"));
    assert_eq!(through(&table, &chat(0), &[]).ending.route, Some(0));
    assert_eq!(through(&table, &recorded(0), &[]).ending.route, Some(1));
    assert_eq!(through(&table, &chat(1), &[]).ending.route, Some(2));
    for line in [recorded(3), short()] {
        let lost = through(&table, &line, &[]);
        assert_eq!((lost.ending.outcome, lost.ending.route, lost.calls.len()), (Outcome::NoRoute, None, 0));
    }
}

#[test]
fn a_request_is_handed_to_a_person_without_a_call_and_at_a_cost() {
    let walk = through(&tiers(), &recorded(4), &[]);
    assert_eq!((walk.ending.outcome, walk.calls.len()), (Outcome::HandedOff, 0));
    assert_eq!(walk.ending.human_cost, Some("2.50".parse().unwrap()));
    assert!(!walk.ending.outcome.counts());
}

#[test]
fn a_request_with_an_image_goes_to_models_that_see_and_nowhere_without_one() {
    let mut fallback = sends(vec![target("small")]);
    fallback.fallback = vec![target("twin"), target("eye")];
    let seen = through(&table(vec![fallback.route()]), &pictured(), &[]);
    assert_eq!(seen.ending.outcome, Outcome::Overflow, "2,008 tokens of it are over the window of 2,000");

    let roomy = table(vec![sends(vec![target("small"), target("eye")]).route()]);
    let mut registry = registry();
    registry.models.iter_mut().for_each(|model| model.context = None);
    let resolved = resolve(&roomy, &registry);
    let router = Router::new(&roomy, &resolved, &registry, setting()).unwrap();
    let facts = facts(&router, &pictured());
    for index in 0..20 {
        let walk = walk_at((&router, &facts), (index, 0), |_| said(Outcome::Ok, "fine"));
        assert_eq!(walk.places(), ["eye@a"]);
    }
    let blind = through(&table(vec![sends(vec![target("small")]).route()]), &pictured(), &[]);
    assert_eq!((blind.ending.outcome, blind.ending.route), (Outcome::NoRoute, Some(0)));
}

#[test]
fn a_route_for_images_takes_only_those() {
    let images = RouteMatch { needs_vision: Some(true), ..RouteMatch::default() };
    let table = table(vec![route(images, Action::HandOff { human_cost: None }), sends(vec![target("small")]).route()]);
    assert_eq!(through(&table, &pictured(), &[]).ending.outcome, Outcome::HandedOff);
    assert_eq!(through(&table, &short(), &[]).ending.route, Some(1));
}
