//! A config object of Portkey.
//!
//! The routes are the targets of a `conditional` strategy on the caller's metadata `tier`, `class` and `needs_vision`;
//! each is a `fallback` over its primaries, which a `loadbalance` shares by weight, and then its fallbacks; a target in
//! several regions is a `fallback` over these. Fields: <https://portkey.ai/docs/product/ai-gateway/configs>,
//! <https://portkey.ai/docs/product/ai-gateway/conditional-routing>,
//! <https://portkey.ai/docs/product/ai-gateway/circuit-breaker>.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::registry::{Endpoint, Registry};
use crate::routes::export::lost::Losses;
use crate::routes::export::tree::Tree;
use crate::routes::export::{base_url, headers};
use crate::routes::resolve::{Destination, Resolved, ResolvedRoute};
use crate::routes::table::{Action, FailoverOn, OnOverflow, RegionOrder, Route, RouteMatch, Table};
use crate::sample::Outcome;

pub(super) fn written(table: &Table, resolved: &Resolved, registry: &Registry, losses: &mut Losses<'_>) -> String {
    let codes = status_codes(table, losses);
    let mut config = Config { table, registry, codes, providers: BTreeMap::new() };
    let routes = table.routes.iter().zip(&resolved.routes).enumerate();
    let mut targets = Vec::new();
    let mut conditions = Vec::new();
    let mut default = None;
    for (index, (route, lists)) in routes {
        let Action::Send { params, on_overflow, .. } = &route.action else {
            losses.note(route.line, format!("`{}` hands over to a person: keep such requests from the gateway, where the default route would take them", route.name));
            continue;
        };
        if let OnOverflow::Reject = on_overflow {
            let what = format!(
                "what is over the window of `{}` is not rejected there: it is sent, and fails as the model sees it",
                route.name
            );
            losses.note(losses.route(index, "on_overflow"), what);
        }
        if let OnOverflow::Escalate { to } = on_overflow {
            let what = format!(
                "a prompt over the window is not sent to `{to}`: it fails, and falls back where 400 is in `on`"
            );
            losses.note(losses.route(index, "on_overflow"), what);
        }
        targets.push(config.route(route, lists, params));
        match query(&route.matches) {
            Some(query) => {
                conditions.push(Tree::map([("query", query), ("then", Tree::from(&*route.name))]));
                let what = format!(
                    "who calls must send what `{}` matches as metadata: `tier`, `class`, `needs_vision`, as texts",
                    route.name
                );
                losses.note(losses.route(index, "match"), what);
            }
            None => default = Some(route),
        }
    }
    let sending = table.routes.iter().rev().find(|route| matches!(route.action, Action::Send { .. }));
    let needed = default.is_none() && targets.len() > 1;
    if let Some(last) = sending.filter(|_| needed) {
        losses
            .note(last.line, format!("a default route is required there: `{}` takes what no route matches", last.name));
    }
    for (line, what) in config.providers.values() {
        losses.note(*line, what.clone());
    }
    config.text(targets, conditions, default.or(sending))
}

struct Config<'c> {
    table: &'c Table,
    registry: &'c Registry,
    codes: Vec<u16>,
    /// What to set up in the gateway for each provider slug, and the first line that needs it.
    providers: BTreeMap<String, (usize, String)>,
}

impl Config<'_> {
    fn route(&mut self, route: &Route, lists: &ResolvedRoute, params: &[(String, Value)]) -> Tree {
        let mut primaries: Vec<Tree> = lists.primary.iter().map(|primary| self.target(primary, params)).collect();
        let first = if primaries.len() == 1 {
            primaries.remove(0)
        } else {
            let weighted = primaries.into_iter().zip(&lists.primary);
            let weighted = weighted.map(|(target, primary)| with(target, "weight", Tree::number(primary.weight)));
            Tree::map([
                ("strategy", Tree::map([("mode", Tree::from("loadbalance"))])),
                ("targets", Tree::List(weighted.collect())),
            ])
        };
        let fallbacks = lists.fallback.iter().map(|fallback| self.target(fallback, params));
        let all: Vec<Tree> = std::iter::once(first).chain(fallbacks.collect::<Vec<_>>()).collect();
        Tree::map([("name", Tree::from(&*route.name)), ("strategy", self.in_turn()), ("targets", Tree::List(all))])
    }

    /// One region, or all of them in turn or shared.
    fn target(&mut self, destination: &Destination, params: &[(String, Value)]) -> Tree {
        let line = destination.line;
        let mut regions: Vec<Tree> =
            destination.endpoints.iter().map(|endpoint| self.leaf(*endpoint, line, params)).collect();
        if regions.len() == 1 {
            return regions.remove(0);
        }
        let strategy = match self.table.failover.region_order {
            RegionOrder::Shuffled => Tree::map([("mode", Tree::from("loadbalance"))]),
            RegionOrder::Nearest | RegionOrder::AsWritten => self.in_turn(),
        };
        Tree::map([("strategy", strategy), ("targets", Tree::List(regions))])
    }

    fn leaf(&mut self, endpoint: Endpoint, line: usize, params: &[(String, Value)]) -> Tree {
        let slug = self.provider(endpoint, line);
        let mut overrides = vec![("model".to_owned(), Tree::from(&*self.registry.offer(endpoint).send_as))];
        overrides.extend(params.iter().map(|(key, value)| (key.clone(), Tree::from(value.clone()))));
        Tree::map([("provider", Tree::from(format!("@{slug}"))), ("override_params", Tree::Map(overrides))])
    }

    /// The slug of the provider in the gateway: it holds URL, headers and key, which a config does not.
    fn provider(&mut self, endpoint: Endpoint, line: usize) -> String {
        let provider = self.registry.provider(endpoint);
        let region = self.registry.region(endpoint).map(|region| format!("-{}", region.id)).unwrap_or_default();
        let name = format!("{}{region}", provider.id).to_lowercase();
        let slug: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        let headers: Vec<String> = headers(self.registry, endpoint)
            .iter()
            .map(|(name, value)| format!(", header `{name}: {value}`"))
            .collect();
        let key = provider.api_key_env.as_ref().map(|name| format!(", the key of `{name}`")).unwrap_or_default();
        let url = base_url(self.registry, endpoint);
        let what = format!("set up the provider `@{slug}` there: `{url}`{}{key}", headers.concat());
        self.providers.entry(slug.clone()).or_insert((line, what));
        slug
    }

    /// One target after the other, with the table's breaker.
    fn in_turn(&self) -> Tree {
        let codes = || Tree::List(self.codes.iter().map(|code| Tree::from(*code)).collect());
        let mut strategy = vec![("mode".to_owned(), Tree::from("fallback")), ("on_status_codes".to_owned(), codes())];
        if let Some(breaker) = self.table.failover.breaker {
            let cooldown = u64::try_from(breaker.cooldown.as_millis()).unwrap_or(u64::MAX);
            let config = Tree::map([
                // Rounded, since 0.007 of one is not 0.7 % in binary.
                ("failure_threshold_percentage", Tree::number((breaker.attempt_error_ratio * 1e8).round() / 1e6)),
                ("minimum_requests", Tree::from(breaker.min_requests)),
                ("cooldown_interval", Tree::from(cooldown)),
                ("failure_status_codes", codes()),
            ]);
            strategy.push(("cb_config".to_owned(), config));
        }
        Tree::Map(strategy)
    }

    fn text(self, mut targets: Vec<Tree>, conditions: Vec<Tree>, default: Option<&Route>) -> String {
        let millis = u64::try_from(self.table.failover.timeout.as_millis()).unwrap_or(u64::MAX);
        let timeout = ("request_timeout", Tree::from(millis));
        if conditions.is_empty() && targets.len() == 1 {
            return with(targets.remove(0), timeout.0, timeout.1).as_json();
        }
        let default = default.map_or("", |route| &route.name);
        let strategy = Tree::map([
            ("mode", Tree::from("conditional")),
            ("conditions", Tree::List(conditions)),
            ("default", Tree::from(default)),
        ]);
        Tree::map([("strategy", strategy), timeout, ("targets", Tree::List(targets))]).as_json()
    }
}

/// `tree`, a map, with one more key.
fn with(tree: Tree, key: &str, value: Tree) -> Tree {
    match tree {
        Tree::Map(mut entries) => {
            entries.push((key.to_owned(), value));
            Tree::Map(entries)
        }
        other => other,
    }
}

/// The condition on the caller's metadata; absent for a route that takes everything.
fn query(matches: &RouteMatch) -> Option<Tree> {
    let equals = |key: &str, value: String| Tree::map([(key, Tree::map([("$eq", Tree::from(value))]))]);
    let tier = matches.tier.map(|tier| equals("metadata.tier", tier.to_string()));
    let class = matches.class.clone().map(|class| equals("metadata.class", class));
    let vision = matches.needs_vision.map(|needs| equals("metadata.needs_vision", needs.to_string()));
    let mut all: Vec<Tree> = tier.into_iter().chain(class).chain(vision).collect();
    match all.len() {
        0 => None,
        1 => Some(all.remove(0)),
        _ => Some(Tree::map([("$and", Tree::List(all))])),
    }
}

/// Codes of servers in use: those that are registered, and those of proxies and of providers under load.
const SERVER_ERRORS: [u16; 21] =
    [500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530];
/// Codes of requests that are refused, but for 429.
const CLIENT_ERRORS: [u16; 14] = [400, 401, 402, 403, 404, 405, 406, 409, 410, 413, 414, 415, 422, 451];
/// What the gateway answers itself when `request_timeout` has passed.
const GATEWAY_TIMEOUT: u16 = 408;

/// The codes after which the next target is called. What has none is noted.
fn status_codes(table: &Table, losses: &mut Losses<'_>) -> Vec<u16> {
    let line = losses.failover("on");
    let mut codes = Vec::new();
    let mut connects = false;
    for group in &table.failover.on {
        match group {
            FailoverOn::Connect => connects = true,
            FailoverOn::Timeout | FailoverOn::Outcome(Outcome::TimeoutTotal) => codes.push(GATEWAY_TIMEOUT),
            FailoverOn::Http5xx => codes.extend(SERVER_ERRORS),
            FailoverOn::RateLimited => codes.push(429),
            FailoverOn::Outcome(Outcome::Http4xx) => codes.extend(CLIENT_ERRORS),
            FailoverOn::Outcome(outcome) => {
                losses.note(
                    line,
                    format!("`{outcome}` has no status code, and falls back there or not as the gateway sees it"),
                );
            }
        }
    }
    if !connects {
        losses.note(line, "a connection that fails falls back there, whatever `on` names");
    }
    if table.failover.breaker.is_some() {
        losses.note(
            losses.failover("breaker"),
            "`window` has no counterpart: failures count as long as the gateway remembers them",
        );
    }
    if table.failover.region_order == RegionOrder::Shuffled {
        losses.note(
            losses.failover("region_order"),
            "a region that fails is not followed by another, but by the next of `fallback`",
        );
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}
