use super::*;
use crate::routes::table::{Action, OnOverflow, RouteMatch};
use crate::units::Usd;

const WHOLE: &str = r#"schema = 1
registry = "registry.toml"
[classifier]
model = "qwen3-8b"
timeout = "1500ms"
max_tokens = 3
prompt = "Which tier?"
max_chars = 100
default_tier = 2
[failover]
on = ["connect", "http_5xx", "empty"]
timeout = "20s"
region_order = "shuffled"
[failover.breaker]
attempt_error_ratio = 0.01
window = "30s"
min_requests = 50
cooldown = "5s"
[[route]]
name = "everyday"
match = { tier = 1, class = "chat", needs_vision = false }
primary = [
  { model = "deepseek-v4-flash", weight = 3 },
  { model = "qwen3-32b", weight = 0.5, provider = "global-apis" },
]
fallback = [ { model = "step-3.5-flash", regions = ["us-west-2", "eu-west-1"] } ]
on_overflow = "escalate"
escalate_to = "deepseek-v4-pro"
params = { temperature = 0, stop = ["\n"], reasoning = { effort = "low" }, top_p = 0.5 }
max_cost_per_request_usd = "0.01"
[[route]]
name = "a person decides"
match = { tier = 4 }
action = "hand_off"
human_cost_usd = "2.50"
[[route]]
name = "the rest"
primary = [ { model = "qwen3-32b" } ]
on_overflow = "chunk"
chunk_with = "deepseek-v4-flash"
"#;

fn faults(text: &str) -> Vec<String> {
    let faults = Table::parse("routes.toml", text).unwrap_err();
    faults.iter().map(|fault| format!("{}: {}", fault.line(), fault.message())).collect()
}

#[test]
fn every_key_of_a_table_is_read() {
    let table = Table::parse("conf/routes.toml", WHOLE).unwrap();
    assert_eq!(table.registry.as_deref(), Some(Path::new("conf/registry.toml")));
    let classifier = table.classifier.unwrap();
    assert_eq!((&*classifier.model, &*classifier.prompt, classifier.line), ("qwen3-8b", "Which tier?", 3));
    assert_eq!((classifier.timeout, classifier.max_tokens), (Duration::from_millis(1500), 3));
    assert_eq!((classifier.max_chars, classifier.default_tier), (100, 2));
    let failover = table.failover;
    assert_eq!(failover.on, [FailoverOn::Connect, FailoverOn::Http5xx, FailoverOn::Outcome(Outcome::Empty)]);
    assert_eq!((failover.timeout, failover.region_order), (Duration::from_secs(20), RegionOrder::Shuffled));
    let breaker = failover.breaker.unwrap();
    assert_eq!((breaker.attempt_error_ratio, breaker.min_requests), (0.01, 50));
    assert_eq!((breaker.window, breaker.cooldown), (Duration::from_secs(30), Duration::from_secs(5)));
    let [everyday, person, rest] = table.routes.as_slice() else { panic!("{:?}", table.routes) };
    let matches = RouteMatch { tier: Some(1), class: Some("chat".to_owned()), needs_vision: Some(false) };
    assert_eq!((&everyday.matches, everyday.line), (&matches, 19));
    let Action::Send { primary, fallback, on_overflow, params, max_cost_per_request } = &everyday.action else {
        panic!("{everyday:?}")
    };
    let shown = |target: &crate::routes::Target| (target.model.text.clone(), target.weight, target.line);
    let targets: Vec<_> = primary.iter().chain(fallback).map(shown).collect();
    let expected = [("deepseek-v4-flash", 3.0, 23), ("qwen3-32b", 0.5, 24), ("step-3.5-flash", 1.0, 26)];
    assert_eq!(targets, expected.map(|(model, weight, line)| (model.to_owned(), weight, line)));
    assert_eq!(primary[1].provider.as_deref(), Some("global-apis"));
    let regions: Vec<&str> = fallback[0].regions.iter().flatten().map(|region| &**region).collect();
    assert_eq!(regions, ["us-west-2", "eu-west-1"]);
    assert!(matches!(on_overflow, OnOverflow::Escalate { to } if **to == *"deepseek-v4-pro"));
    let json = serde_json::to_string(params).unwrap();
    assert_eq!(
        json, r#"[["reasoning",{"effort":"low"}],["stop",["\n"]],["temperature",0],["top_p",0.5]]"#,
        "in the order of keys"
    );
    assert_eq!(*max_cost_per_request, Some("0.01".parse().unwrap()));
    let human: Usd = "2.50".parse().unwrap();
    assert_eq!(person.action, Action::HandOff { human_cost: Some(human) });
    assert_eq!(rest.matches, RouteMatch::default());
    assert_eq!(&WHOLE[rest.match_span.clone()], "[[route]]", "which has no match to point at");
    assert!(matches!(&rest.action, Action::Send { on_overflow: OnOverflow::Chunk { .. }, .. }));
}

#[test]
fn what_a_table_leaves_out_has_the_documented_default() {
    let text = "schema = 1\n[classifier]\nmodel = \"m\"\n[failover.breaker]\n[[route]]\nname = \"all\"\n\
                primary = [{ model = \"m\" }]\n";
    let table = Table::parse("routes.toml", text).unwrap();
    let classifier = table.classifier.unwrap();
    assert_eq!((classifier.timeout, classifier.max_tokens), (Duration::from_secs(2), 10));
    assert_eq!((classifier.max_chars, classifier.default_tier, &*classifier.prompt), (4000, 1, PROMPT));
    let failover = table.failover;
    let all = [FailoverOn::Connect, FailoverOn::Timeout, FailoverOn::Http5xx, FailoverOn::RateLimited];
    assert_eq!((failover.on.as_slice(), failover.timeout), (&all[..], Duration::from_secs(30)));
    let breaker = failover.breaker.unwrap();
    assert_eq!((breaker.attempt_error_ratio, breaker.min_requests), (0.005, 200));
    assert_eq!((breaker.window, breaker.cooldown), (Duration::from_secs(60), Duration::from_secs(30)));
    let bare =
        Table::parse("routes.toml", "schema = 1\n[[route]]\nname = \"a\"\nprimary = [{ model = \"m\" }]\n").unwrap();
    assert_eq!((bare.classifier, bare.failover.breaker, bare.registry), (None, None, None));
    let Action::Send { on_overflow, fallback, params, .. } = &bare.routes[0].action else {
        panic!("no route that sends")
    };
    assert_eq!((on_overflow, fallback.len(), params.len()), (&OnOverflow::Reject, 0, 0));
}

#[test]
fn all_mistakes_of_a_table_are_found_at_once() {
    let text = r#"schema = 1
[classifier]
timeout = "0s"
default_tier = 5
[failover]
on = ["connect", "5xx", "http_5xx", "timeout_idle", "not_sent", "tiemout"]
region_order = "nearer"
[failover.breaker]
attempt_error_ratio = 2
[[route]]
name = "a"
match = { teir = 1 }
primary = [ { model = "m", weight = 0 }, { model = "n", weight = 0.0 } ]
fallback = [ { model = "m", weight = 2, regions = ["x", "x"] } ]
escalate_to = "m"
params = { stream = true, at = 2026-01-01 }
max_cost_per_request_usd = "0"
[[route]]
name = "a"
action = "hand_off"
primary = []
[[route]]
name = "c"
human_cost_usd = "1"
on_overflow = "chunk"
primary = [ { weight = -1 } ]
"#;
    assert_eq!(
        faults(text),
        [
            "2: `model` is missing in `[classifier]`, write it like `model = \"qwen3-8b\"`",
            "3: `timeout` is 0, must be at least \"1ms\"",
            "4: `default_tier` is 5, must be 0 to 4",
            "6: `on` names this a second time, must name it once",
            "6: `on` names `timeout_idle`, which comes after the first token, when nothing is tried again",
            "6: `on` names `not_sent`, after which there is nothing to try again",
            "6: `tiemout` is no group of outcomes and no outcome",
            "7: `nearer` is not a value of `region_order`",
            "9: `attempt_error_ratio` is 2, must be 0 to 1",
            "12: `teir` is not a key of `[route.match]`",
            "13: `primary` has no weight above 0, so that nobody would be called: one must have",
            "14: `weight` has no meaning in `fallback`, whose models are called in order",
            "14: `regions` names `x` a second time, must name it once",
            "15: `escalate_to` is used with `on_overflow = \"escalate\"` alone",
            "16: `stream` is set by the run, must be left out of `params`",
            "16: `at` is a date without quotes, must be a value that JSON has, such as a text in quotes",
            "17: `max_cost_per_request_usd` is 0, which would let nobody be called, must be more",
            "19: `name` is `a` a second time, must be different from all others",
            "21: `primary` has no meaning for a route that hands over to a person and calls nobody",
            "22: `chunk_with` is missing in `[[route]]`, write it like `chunk_with = \"deepseek-v4-flash\"`",
            "24: `human_cost_usd` has no meaning for a route that calls a model, needs `action = \"hand_off\"`",
            "26: `model` is missing in `[route.primary]`, write it like `model = \"qwen3-32b\"`",
            "26: `weight` is -1, must be 0 to 1000000",
        ]
    );
}

#[test]
fn a_slip_in_a_group_of_outcomes_is_told_what_was_meant() {
    let text = "schema = 1\n[failover]\non = [\"tiemout\"]\n[[route]]\nname = \"a\"\nprimary = [{ model = \"m\" }]\n";
    let faults = Table::parse("routes.toml", text).unwrap_err();
    assert_eq!(faults.iter().next().unwrap().hint(), Some("did you mean `timeout`?"));
}

#[test]
fn a_table_without_routes_or_targets_is_refused() {
    assert_eq!(faults("schema = 1\n"), ["1: there is no `[[route]]`, must have at least one"]);
    let empty = "schema = 1\n[[route]]\nname = \"a\"\nprimary = []\n";
    assert_eq!(faults(empty), ["4: `primary` is an empty list, must have an element or be left out"]);
    let none = "schema = 1\n[[route]]\nname = \"a\"\n";
    assert_eq!(faults(none).len(), 1);
}

#[test]
fn a_group_covers_its_outcomes_and_no_others() {
    let failover = Failover::default();
    let covered: Vec<&str> =
        Outcome::ALL.into_iter().filter(|outcome| failover.covers(*outcome)).map(Outcome::name).collect();
    assert_eq!(
        covered,
        [
            "rate_limited",
            "http_5xx",
            "timeout_connect",
            "timeout_first_token",
            "timeout_idle",
            "timeout_total",
            "dns",
            "connect",
            "tls",
            "reset"
        ]
    );
    assert!(FailoverOn::Outcome(Outcome::Dns).covers(Outcome::Dns));
    assert!(!FailoverOn::Outcome(Outcome::Dns).covers(Outcome::Tls));
}
