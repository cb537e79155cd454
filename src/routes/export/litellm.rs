//! The `config.yaml` of the LiteLLM proxy.
//!
//! A route becomes a model group of its name, which the caller asks for; each region of a primary target becomes a
//! deployment with the target's `weight`, and with the region's place as its `order`. Each fallback target is a group of its own.
//! Fields: <https://docs.litellm.ai/docs/proxy/configs>, <https://docs.litellm.ai/docs/routing> (`weight`, `order`),
//! <https://docs.litellm.ai/docs/proxy/reliability> (`fallbacks`, `context_window_fallbacks`, `cooldown_time`).

use serde_json::Value;

use crate::registry::{Capability, Endpoint, Registry};
use crate::routes::export::lost::Losses;
use crate::routes::export::tree::Tree;
use crate::routes::export::{base_url, headers};
use crate::routes::resolve::{Destination, Resolved};
use crate::routes::table::{Action, OnOverflow, RegionOrder, Route, Table};

pub(super) fn written(table: &Table, resolved: &Resolved, registry: &Registry, losses: &mut Losses<'_>) -> String {
    let mut config = Config { table, registry, models: Vec::new(), fallbacks: Vec::new(), larger: Vec::new() };
    for (index, route) in table.routes.iter().enumerate() {
        note_route(index, route, &resolved.routes[index].primary, losses);
        let Action::Send { params, .. } = &route.action else { continue };
        let lists = &resolved.routes[index];
        for primary in &lists.primary {
            config.deploy(&route.name, primary, Some(primary.weight), params);
        }
        let named = |number: usize| format!("{} / fallback {number}", route.name);
        for (number, fallback) in lists.fallback.iter().enumerate() {
            config.deploy(&named(number + 1), fallback, None, params);
        }
        if !lists.fallback.is_empty() {
            let names = (1..=lists.fallback.len()).map(|number| Tree::from(named(number))).collect();
            config.fallbacks.push(Tree::Map(vec![(route.name.text.clone(), Tree::List(names))]));
        }
        if let Some(endpoint) = lists.escalation.first() {
            let name = format!("{} / larger window", route.name);
            let larger = Destination {
                model: endpoint.model,
                endpoints: lists.escalation.clone(),
                weight: 1.0,
                line: route.line,
            };
            config.deploy(&name, &larger, None, params);
            config.larger.push(Tree::Map(vec![(route.name.text.clone(), Tree::List(vec![Tree::from(name)]))]));
        }
    }
    note_failover(table, losses);
    config.text(resolved)
}

struct Config<'c> {
    table: &'c Table,
    registry: &'c Registry,
    models: Vec<Tree>,
    fallbacks: Vec<Tree>,
    larger: Vec<Tree>,
}

impl Config<'_> {
    /// Adds a deployment for each region of `destination` to the group `name`.
    fn deploy(&mut self, name: &str, destination: &Destination, weight: Option<f64>, params: &[(String, Value)]) {
        let shuffled = self.table.failover.region_order == RegionOrder::Shuffled;
        let regions = destination.endpoints.len() as f64;
        for (place, &endpoint) in destination.endpoints.iter().enumerate() {
            // Regions that are drawn share the target's weight; those that are tried in turn each have all of it.
            let weight = weight.map(|weight| if shuffled { weight / regions } else { weight });
            let order = (!shuffled).then_some(place + 1);
            let mut called = self.called(endpoint);
            called.extend(weight.map(|weight| ("weight".to_owned(), Tree::number(weight))));
            called.extend(order.map(|order| ("order".to_owned(), Tree::from(order))));
            // A client that tries the same region again would be a second attempt that the table does not make.
            called.push(("max_retries".to_owned(), Tree::from(0)));
            called.extend(params.iter().map(|(key, value)| (key.clone(), Tree::from(value.clone()))));
            let mut entry =
                vec![("model_name".to_owned(), Tree::from(name)), ("litellm_params".to_owned(), Tree::Map(called))];
            let known = self.known(endpoint);
            if !known.is_empty() {
                entry.push(("model_info".to_owned(), Tree::Map(known)));
            }
            self.models.push(Tree::Map(entry));
        }
    }

    /// How `endpoint` is called.
    fn called(&self, endpoint: Endpoint) -> Vec<(String, Tree)> {
        let registry = self.registry;
        let key = registry.provider(endpoint).api_key_env.as_ref();
        // Without one LiteLLM would send the key of OpenAI to whoever this is.
        let key = key.map_or_else(|| "none".to_owned(), |name| format!("os.environ/{name}"));
        let mut called = vec![
            ("model".to_owned(), Tree::from(format!("openai/{}", registry.offer(endpoint).send_as))),
            ("api_base".to_owned(), Tree::from(base_url(registry, endpoint))),
            ("api_key".to_owned(), Tree::from(key)),
        ];
        let headers = headers(registry, endpoint);
        if !headers.is_empty() {
            let headers = headers.into_iter().map(|(name, value)| (name, Tree::from(value))).collect();
            called.push(("extra_headers".to_owned(), Tree::Map(headers)));
        }
        called
    }

    fn known(&self, endpoint: Endpoint) -> Vec<(String, Tree)> {
        let model = self.registry.model(endpoint);
        let window = model.context.map(|tokens| ("max_input_tokens".to_owned(), Tree::from(tokens)));
        let sees = model.capabilities.contains(&Capability::Vision);
        window.into_iter().chain(sees.then(|| ("supports_vision".to_owned(), Tree::from(true)))).collect()
    }

    fn text(self, resolved: &Resolved) -> String {
        let failover = &self.table.failover;
        let regions = resolved.routes.iter().flat_map(|route| route.primary.iter().chain(&route.fallback));
        let most = regions.map(|destination| destination.endpoints.len()).max().unwrap_or(1);
        let mut settings = vec![
            ("routing_strategy".to_owned(), Tree::from("simple-shuffle")),
            ("enable_pre_call_checks".to_owned(), Tree::from(true)),
            ("timeout".to_owned(), Tree::number(failover.timeout.as_secs_f64())),
            ("num_retries".to_owned(), Tree::from(most - 1)),
        ];
        if let Some(breaker) = failover.breaker {
            settings.push(("cooldown_time".to_owned(), Tree::number(breaker.cooldown.as_secs_f64())));
        }
        for (key, list) in [("fallbacks", self.fallbacks), ("context_window_fallbacks", self.larger)] {
            if !list.is_empty() {
                settings.push((key.to_owned(), Tree::List(list)));
            }
        }
        let config = Tree::map([("model_list", Tree::List(self.models)), ("router_settings", Tree::Map(settings))]);
        format!(
            "# A LiteLLM proxy configuration, written by `tollmark routes export --to litellm`.\n{}",
            config.as_yaml()
        )
    }
}

fn note_route(index: usize, route: &Route, primary: &[Destination], losses: &mut Losses<'_>) {
    let Action::Send { on_overflow, .. } = &route.action else {
        losses.note(route.line, format!("`{}` hands over to a person: who calls must do that", route.name));
        return;
    };
    losses.note(
        losses.route(index, "match"),
        format!("what `{}` matches is not known there: who calls asks for the model `{}`", route.name, route.name),
    );
    if primary.len() > 1 && primary.iter().any(|destination| destination.endpoints.len() > 1) {
        losses.note(
            losses.route(index, "primary"),
            "after a failure the next region is drawn among all targets, not that of the same model",
        );
    }
    if let OnOverflow::Escalate { .. } = on_overflow {
        losses.note(
            losses.route(index, "on_overflow"),
            "the window is held against the prompt alone, without the answer",
        );
    }
}

fn note_failover(table: &Table, losses: &mut Losses<'_>) {
    losses.note(losses.failover("on"), "every error is tried again and falls back there, whatever `on` names");
    if table.failover.breaker.is_some() {
        losses.note(
            losses.failover("breaker"),
            "`attempt_error_ratio`, `window` and `min_requests` have no counterpart: the gateway's own rule opens the breaker",
        );
    }
}
