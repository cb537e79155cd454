//! A small registry, tables and requests for the tests of this module.

use std::time::Duration;

use serde_json::{Value, json};

use crate::plan::{StreamOptions, Streaming};
use crate::registry::{Endpoint, Registry};
use crate::router::{Answer, BreakerEvent, Call, Ending, Facts, Router, RouterError, Setting, Step};
use crate::routes::{
    Action, Breaker, Classifier, Destination, Failover, FailoverOn, OnOverflow, RegionOrder, Resolved, ResolvedRoute,
    Route, RouteMatch, Table, Target,
};
use crate::sample::Outcome;
use crate::units::{Moment, Usd};
use crate::workload::{BadLines, Workload};

/// Regions `a`, `b` and `c`; seen from `b`, `c` is next. Windows of 2,000 tokens, but for `large`.
const REGISTRY: &str = r#"
schema = 1
[[provider]]
id = "p"
base_url = "http://p.example/v1"
[[region]]
id = "a"
near = ["b", "c"]
[[region]]
id = "b"
near = ["c"]
[[region]]
id = "c"
"#;

pub(super) fn registry() -> Registry {
    let model = |id: &str, facts: &str, regions: &str, price: &str| {
        let price = if price.is_empty() {
            String::new()
        } else {
            format!("[[model.at.price]]\nfrom = \"2026-01-01\"\ninput = \"{price}\"\noutput = \"{price}\"\n")
        };
        format!("[[model]]\nid = \"{id}\"\n{facts}\n[[model.at]]\nprovider = \"p\"\nregions = {regions}\n{price}")
    };
    let models = [
        model("small", "context = 2_000", r#"["a", "b", "c"]"#, "1"),
        model("twin", "context = 2_000", r#"["b", "a"]"#, "2"),
        model("large", "context = 100_000", r#"["c"]"#, "10"),
        model("eye", "context = 2_000\ncapabilities = [\"vision\"]", r#"["a"]"#, "1"),
        model("tagger", "", r#"["a", "b"]"#, "1"),
        model("unpriced", "", r#"["a"]"#, ""),
    ];
    Registry::parse("registry.toml", &format!("{REGISTRY}{}", models.concat())).unwrap()
}

pub(super) fn target(model: &str) -> Target {
    Target { model: model.into(), provider: None, regions: None, weight: 1.0, line: 1 }
}

pub(super) fn weighted(model: &str, weight: f64) -> Target {
    Target { weight, ..target(model) }
}

pub(super) fn within(model: &str, regions: &[&str]) -> Target {
    Target { regions: Some(regions.iter().map(|region| (*region).into()).collect()), ..target(model) }
}

/// What a route does, with all that can be said of it.
pub(super) struct Sends {
    pub(super) primary: Vec<Target>,
    pub(super) fallback: Vec<Target>,
    pub(super) on_overflow: OnOverflow,
    pub(super) params: Vec<(String, Value)>,
    pub(super) cap: Option<&'static str>,
}

/// A route to `primary` alone, which rejects what is too large.
pub(super) fn sends(primary: Vec<Target>) -> Sends {
    Sends { primary, fallback: Vec::new(), on_overflow: OnOverflow::Reject, params: Vec::new(), cap: None }
}

impl Sends {
    pub(super) fn action(self) -> Action {
        let Self { primary, fallback, on_overflow, params, cap } = self;
        let max_cost_per_request = cap.map(|cap| cap.parse().unwrap());
        Action::Send { primary, fallback, on_overflow, params, max_cost_per_request }
    }

    /// The route that takes everything.
    pub(super) fn route(self) -> Route {
        route(RouteMatch::default(), self.action())
    }
}

pub(super) fn route(matches: RouteMatch, action: Action) -> Route {
    Route { name: "r".into(), matches, match_span: 0..0, action, line: 7 }
}

pub(super) fn tier(tier: u8) -> RouteMatch {
    RouteMatch { tier: Some(tier), ..RouteMatch::default() }
}

/// A table that fails over on connections, timeouts, 5xx and 429, by distance, without breakers or a classifier.
pub(super) fn table(routes: Vec<Route>) -> Table {
    let on = vec![FailoverOn::Connect, FailoverOn::Timeout, FailoverOn::Http5xx, FailoverOn::RateLimited];
    let failover = Failover { on, timeout: Duration::from_secs(30), region_order: RegionOrder::Nearest, breaker: None };
    Table {
        source: "routes.toml".to_owned(),
        sha256: String::new(),
        text: String::new(),
        registry: None,
        classifier: None,
        failover,
        routes,
    }
}

/// A window of 60 s, 4 attempts, half of failures, a cooldown of 10 s.
pub(super) fn with_breaker(mut table: Table) -> Table {
    table.failover.breaker = Some(Breaker {
        attempt_error_ratio: 0.5,
        window: Duration::from_secs(60),
        min_requests: 4,
        cooldown: Duration::from_secs(10),
    });
    table
}

pub(super) fn with_classifier(mut table: Table) -> Table {
    table.classifier = Some(Classifier {
        model: "tagger".into(),
        timeout: Duration::from_secs(2),
        max_tokens: 10,
        prompt: "Which tier?".to_owned(),
        max_chars: 4_000,
        default_tier: 1,
        line: 1,
    });
    table
}

/// The endpoints of `table`'s names, also where `routes::resolve` would refuse what it does with them.
pub(super) fn resolve(table: &Table, registry: &Registry) -> Resolved {
    let destination = |target: &Target| {
        let model = registry.models.iter().position(|model| model.id == *target.model).unwrap();
        let offered = registry.endpoints().filter(|endpoint| endpoint.model == model).collect::<Vec<_>>();
        let there = |id: &str| offered.iter().copied().find(|at| registry.region(*at).unwrap().id == id).unwrap();
        let endpoints = match &target.regions {
            None => offered,
            Some(regions) => regions.iter().map(|id| there(id)).collect(),
        };
        Destination { model, endpoints, weight: target.weight, line: target.line }
    };
    let everywhere = |model: &str| destination(&target(model)).endpoints;
    let route = |action: &Action| {
        let Action::Send { primary, fallback, on_overflow, .. } = action else { return ResolvedRoute::default() };
        let (mut escalation, mut chunking) = (Vec::new(), Vec::new());
        match on_overflow {
            OnOverflow::Reject => {}
            OnOverflow::Escalate { to } => escalation = everywhere(to),
            OnOverflow::Chunk { with } => chunking = everywhere(with),
        }
        let [primary, fallback] = [primary, fallback].map(|targets| targets.iter().map(destination).collect());
        ResolvedRoute { primary, fallback, escalation, chunking }
    };
    Resolved {
        classifier: table.classifier.as_ref().map(|classifier| everywhere(&classifier.model)),
        routes: table.routes.iter().map(|each| route(&each.action)).collect(),
    }
}

pub(super) fn try_router(table: &Table, setting: Setting) -> Result<Router, RouterError> {
    let registry = registry();
    Router::new(table, &resolve(table, &registry), &registry, setting)
}

pub(super) fn setting() -> Setting {
    Setting {
        trust_tiers: false,
        streaming: Streaming::On,
        options: StreamOptions::Sent,
        started: "2026-11-28T00:00:00Z".parse().unwrap(),
        seed: 7,
    }
}

pub(super) fn router(table: &Table) -> Router {
    try_router(table, setting()).unwrap()
}

/// What `router` knows of the request on `line`.
pub(super) fn facts(router: &Router, line: &Value) -> Facts {
    let workload = Workload::parse("w", "w", line.to_string().as_bytes(), BadLines::Stop).unwrap();
    router.prepare(&workload).remove(0)
}

/// A request of ten tokens with an answer of 20.
pub(super) fn short() -> Value {
    json!({"custom_id": "x", "body": {"messages": [{"role": "user", "content": "hello world"}], "max_tokens": 20}})
}

/// `line` with one more key.
pub(super) fn with(mut line: Value, key: &str, value: Value) -> Value {
    line[key] = value;
    line
}

/// A request of about 5,000 tokens in paragraphs, with an instruction at the end, and an answer of 200.
pub(super) fn long() -> Value {
    let text: String =
        (0..400).map(|index| format!("Entry {index}: a crate was moved to another shelf.\n\n")).collect();
    let content = format!("{text}Which crate was lost?");
    json!({"custom_id": "x", "body": {"messages": [{"role": "user", "content": content}], "max_tokens": 200}})
}

pub(super) fn pictured() -> Value {
    let image = json!({"type": "image_url", "image_url": {"url": "x"}});
    json!({"custom_id": "x", "body": {"messages": [{"role": "user", "content": [image]}], "max_tokens": 20}})
}

/// An answer that cost nothing, without a token where it failed.
pub(super) fn said(outcome: Outcome, text: &str) -> Answer<'_> {
    Answer { outcome, first_token_seen: outcome.is_ok(), text: Some(text), cost: Some(Usd::ZERO) }
}

/// What came of a request.
pub(super) struct Walk {
    pub(super) calls: Vec<Call>,
    pub(super) ending: Ending,
    pub(super) events: Vec<BreakerEvent>,
}

impl Walk {
    /// Who was called, as `model@region`.
    pub(super) fn places(&self) -> Vec<String> {
        self.calls.iter().map(|call| place(call.endpoint)).collect()
    }
}

pub(super) fn place(endpoint: Endpoint) -> String {
    let registry = registry();
    format!("{}@{}", registry.model(endpoint).id, registry.region(endpoint).unwrap().id)
}

/// Carries out request `index` at the second `now`, with what `answer` makes of each call.
pub(super) fn walk_at<'t>(
    (router, facts): (&Router, &Facts),
    (index, now): (u32, u64),
    mut answer: impl FnMut(&Call) -> Answer<'t>,
) -> Walk {
    let now = Moment(now * 1_000_000);
    let mut passage = router.begin(facts, index);
    let (mut calls, mut events) = (Vec::new(), Vec::new());
    loop {
        match passage.next(now) {
            Step::Call(call) => {
                events.extend(call.event);
                events.extend(passage.answered(now, &answer(&call)));
                calls.push(call);
            }
            Step::End(ending) => return Walk { calls, ending, events },
        }
    }
}

/// The same for the first request at the start.
pub(super) fn walk<'t>(router: &Router, facts: &Facts, answer: impl FnMut(&Call) -> Answer<'t>) -> Walk {
    walk_at((router, facts), (0, 0), answer)
}

/// One request through `table` with calls that end with `outcomes` in turn, then all well.
pub(super) fn through(table: &Table, line: &Value, outcomes: &[Outcome]) -> Walk {
    let router = router(table);
    let mut outcomes = outcomes.iter();
    walk(&router, &facts(&router, line), |_| said(outcomes.next().copied().unwrap_or(Outcome::Ok), "fine"))
}
