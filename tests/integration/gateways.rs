//! `routes export`: the gateways' files hold to their documentation, and hold what the table says.

mod schema;
mod yaml;

use std::fs;
use std::path::Path;

use serde_json::Value;
use tollmark::registry::{Endpoint, Registry};
use tollmark::routes::{Destination, Table, resolve};

use crate::sandbox::Sandbox;

/// Names that YAML and Portkey could trip over, weights, every way out of a window, and params.
const ROUTES: &str = r#"schema = 1
[classifier]
model = "qwen3-8b"
[failover]
on = ["timeout", "5xx", "http_4xx", "empty"]
timeout = "12500ms"
region_order = "as_written"
[failover.breaker]
attempt_error_ratio = 0.007
[[route]]
name = "no: \"one\" - a person"
match = { tier = 4 }
action = "hand_off"
[[route]]
name = "yes"
match = { tier = 1, class = "on", needs_vision = false }
primary = [
  { model = "deepseek-v4-flash", weight = 3, regions = ["eu-west-1", "us-east-1"] },
  { model = "qwen3-32b", weight = 0.5, regions = ["us-west-2"] },
]
fallback = [ { model = "step-3.5-flash" }, { model = "qwen3-32b", regions = ["us-east-1"] } ]
on_overflow = "escalate"
escalate_to = "deepseek-v4-pro"
params = { temperature = 0, stop = ["\n#"] }
max_cost_per_request_usd = "0.01"
[[route]]
name = "images: all"
match = { needs_vision = true }
primary = [ { model = "glm-4.6v" } ]
[[route]]
name = "the rest"
primary = [ { model = "qwen3-32b" } ]
on_overflow = "chunk"
chunk_with = "deepseek-v4-flash"
"#;

/// A route as both the table and a gateway's file say it: models by their names on the wire, with regions in order.
#[derive(Debug, PartialEq)]
struct Read {
    name: String,
    primary: Vec<(String, Vec<String>, f64)>,
    fallback: Vec<(String, Vec<String>)>,
}

/// What the table says.
fn said(table: &Table) -> Vec<Read> {
    let registry = Registry::built_in();
    let resolved = resolve(table, &registry).unwrap();
    let regions = |target: &Destination| -> Vec<String> {
        let region = |endpoint: &Endpoint| registry.region(*endpoint).unwrap().id.clone();
        target.endpoints.iter().map(region).collect()
    };
    let model = |target: &Destination| registry.offer(target.endpoints[0]).send_as.clone();
    let routes = table.routes.iter().zip(resolved.routes).filter(|(_, lists)| !lists.primary.is_empty());
    let read = |(route, lists): (&tollmark::routes::Route, tollmark::routes::ResolvedRoute)| Read {
        name: route.name.to_string(),
        primary: lists.primary.iter().map(|target| (model(target), regions(target), target.weight)).collect(),
        fallback: lists.fallback.iter().map(|target| (model(target), regions(target))).collect(),
    };
    routes.map(read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The deployments of the group `name`: model, regions by their `order`, weight.
fn group(config: &Value, name: &str) -> Vec<(String, Vec<String>, Option<f64>)> {
    let mut targets: Vec<(String, Vec<String>, Option<f64>)> = Vec::new();
    for entry in config["model_list"].as_array().unwrap().iter().filter(|entry| entry["model_name"] == name) {
        let called = &entry["litellm_params"];
        let model = called["model"].as_str().unwrap().strip_prefix("openai/").unwrap().to_owned();
        let region = text(&called["extra_headers"]["X-Region"]);
        let weight = called["weight"].as_f64();
        let order = called["order"].as_u64().unwrap();
        if order == 1 {
            targets.push((model, vec![region], weight));
            continue;
        }
        let last = targets.last_mut().unwrap();
        assert_eq!((&last.0, last.1.len() as u64 + 1, last.2), (&model, order, weight));
        last.1.push(region);
    }
    targets
}

/// What follows `name` in a list of fallbacks.
fn after(list: &Value, name: &str) -> Vec<String> {
    let found = list.as_array().into_iter().flatten().find_map(|entry| entry.get(name));
    found.and_then(Value::as_array).into_iter().flatten().map(text).collect()
}

fn from_litellm(config: &Value, names: impl Iterator<Item = String>) -> Vec<Read> {
    let read = |name: String| {
        let fallback = after(&config["router_settings"]["fallbacks"], &name);
        let only = |group: Vec<(String, Vec<String>, Option<f64>)>| {
            let [(model, regions, None)] = group.as_slice() else { panic!("{group:?}") };
            (model.clone(), regions.clone())
        };
        Read {
            primary: group(config, &name)
                .into_iter()
                .map(|(m, regions, weight)| (m, regions, weight.unwrap()))
                .collect(),
            fallback: fallback.iter().map(|name| only(group(config, name))).collect(),
            name,
        }
    };
    names.map(read).collect()
}

/// A target of Portkey: its model and regions in order.
fn target(value: &Value) -> (String, Vec<String>) {
    if value["strategy"]["mode"] == "fallback" {
        let parts: Vec<_> = value["targets"].as_array().unwrap().iter().map(target).collect();
        assert!(parts.iter().all(|(model, _)| *model == parts[0].0), "{parts:?}");
        return (parts[0].0.clone(), parts.into_iter().flat_map(|(_, regions)| regions).collect());
    }
    let provider = value["provider"].as_str().unwrap().strip_prefix("@global-apis-").unwrap();
    (text(&value["override_params"]["model"]), vec![provider.to_owned()])
}

fn from_portkey(config: &Value) -> Vec<Read> {
    let read = |route: &Value| {
        assert_eq!(route["strategy"]["mode"], "fallback");
        let [first, rest @ ..] = route["targets"].as_array().unwrap().as_slice() else { panic!("{route}") };
        let primary = if first["strategy"]["mode"] == "loadbalance" {
            let weighted = |part: &Value| {
                let (model, regions) = target(part);
                (model, regions, part["weight"].as_f64().unwrap())
            };
            first["targets"].as_array().unwrap().iter().map(weighted).collect()
        } else {
            let (model, regions) = target(first);
            vec![(model, regions, 1.0)]
        };
        Read { name: text(&route["name"]), primary, fallback: rest.iter().map(target).collect() }
    };
    config["targets"].as_array().unwrap().iter().map(read).collect()
}

/// Exports `routes.toml` of the sandbox, or the built-in table, and holds the file against its schema.
fn exported(sandbox: &Sandbox, table: &[&str], to: &str) -> (Value, String) {
    let ran = sandbox.run(&[&["routes", "export"], table, &["--to", to]].concat()).exits_with(0);
    let config = if to == "litellm" { yaml::parse(&ran.stdout) } else { serde_json::from_str(&ran.stdout).unwrap() };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gateways");
    let schema = fs::read_to_string(fixtures.join(format!("{to}.schema.json"))).unwrap();
    let mistakes = schema::mistakes(&serde_json::from_str(&schema).unwrap(), &config);
    assert!(mistakes.is_empty(), "{mistakes:#?}\n{ran}");
    (config, ran.stderr.clone())
}

#[test]
fn every_route_order_and_weight_comes_back_from_both_files() {
    let sandbox = Sandbox::new();
    sandbox.write("routes.toml", ROUTES);
    let own = Table::parse("routes.toml", ROUTES).unwrap();
    for (table, arguments) in [(own, &["routes.toml"][..]), (Table::built_in(), &[])] {
        let said = said(&table);
        assert!(said.len() > 2);
        let names = said.iter().map(|route| route.name.clone());
        assert_eq!(from_litellm(&exported(&sandbox, arguments, "litellm").0, names), said);
        assert_eq!(from_portkey(&exported(&sandbox, arguments, "portkey").0), said);
    }
}

#[test]
fn timeouts_conditions_and_params_are_those_of_the_table() {
    let sandbox = Sandbox::new();
    sandbox.write("routes.toml", ROUTES);
    let (litellm, _) = exported(&sandbox, &["routes.toml"], "litellm");
    let settings = &litellm["router_settings"];
    assert_eq!((&settings["timeout"], &settings["cooldown_time"]), (&Value::from(12.5), &Value::from(30)));
    assert_eq!(settings["num_retries"], 3, "the four regions of step-3.5-flash");
    let larger = after(&settings["context_window_fallbacks"], "yes");
    assert_eq!(group(&litellm, &larger[0])[0].0, "deepseek-v4-pro");
    let first = &litellm["model_list"][0];
    assert_eq!(
        (&first["litellm_params"]["temperature"], &first["litellm_params"]["stop"][0]),
        (&0.into(), &"\n#".into())
    );
    assert_eq!(first["litellm_params"]["api_key"], "os.environ/GLOBAL_API_KEY");
    assert_eq!(first["model_info"]["max_input_tokens"], 128_000);

    let (portkey, _) = exported(&sandbox, &["routes.toml"], "portkey");
    assert_eq!(portkey["request_timeout"], 12_500);
    let strategy = &portkey["strategy"];
    assert_eq!(strategy["default"], "the rest");
    assert_eq!(
        strategy["conditions"].to_string(),
        r#"[{"query":{"$and":[{"metadata.tier":{"$eq":"1"}},{"metadata.class":{"$eq":"on"}},{"metadata.needs_vision":{"$eq":"false"}}]},"then":"yes"},{"query":{"metadata.needs_vision":{"$eq":"true"}},"then":"images: all"}]"#
    );
    let route = &portkey["targets"][0]["strategy"];
    let codes: Vec<u64> = route["on_status_codes"].as_array().unwrap().iter().flat_map(Value::as_u64).collect();
    for (code, falls_over) in [(408, true), (500, true), (503, true), (404, true), (429, false), (200, false)] {
        assert_eq!(codes.contains(&code), falls_over, "{code}");
    }
    let breaker = &route["cb_config"];
    assert_eq!((&breaker["failure_threshold_percentage"], &breaker["minimum_requests"]), (&0.7.into(), &200.into()));
}

#[test]
fn what_a_gateway_cannot_hold_is_listed_with_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write("routes.toml", ROUTES);
    let (_, litellm) = exported(&sandbox, &["routes.toml"], "litellm");
    let (_, portkey) = exported(&sandbox, &["routes.toml"], "portkey");
    for (listed, line, what) in [
        (&litellm, 2, "`qwen3-8b` labels no request there"),
        (&litellm, 5, "every error is tried again"),
        (&litellm, 8, "`attempt_error_ratio`, `window` and `min_requests` have no counterpart"),
        (&litellm, 10, "hands over to a person"),
        (&litellm, 16, "what `yes` matches is not known there"),
        (&litellm, 17, "the next region is drawn among all targets"),
        (&litellm, 22, "the window is held against the prompt alone"),
        (&litellm, 25, "no request is held to $0.01"),
        (&litellm, 33, "is not cut up for `deepseek-v4-flash`"),
        (&portkey, 2, "`qwen3-8b` labels no request there"),
        (&portkey, 5, "`empty` has no status code"),
        (&portkey, 5, "a connection that fails falls back there"),
        (&portkey, 8, "`window` has no counterpart"),
        (&portkey, 10, "hands over to a person"),
        (&portkey, 16, "as metadata"),
        (
            &portkey,
            18,
            "set up the provider `@global-apis-eu-west-1` there: `https://global-apis.com/v1`, header `X-Region: eu-west-1`, the key of `GLOBAL_API_KEY`",
        ),
        (&portkey, 22, "a prompt over the window is not sent to `deepseek-v4-pro`"),
    ] {
        let found = listed
            .lines()
            .any(|said| said.starts_with(&format!("not held: routes.toml:{line}: ")) && said.contains(what));
        assert!(found, "line {line}: {what}\n{listed}");
    }
    assert!(!litellm.contains("not known there: regions are tried"), "as written is what it does: {litellm}");
}

#[test]
fn drawn_regions_share_a_weight_in_litellm_and_have_no_order() {
    let sandbox = Sandbox::new();
    sandbox.write("routes.toml", &ROUTES.replace("as_written", "shuffled"));
    let (config, _) = exported(&sandbox, &["routes.toml"], "litellm");
    let first = |key: &str| -> Vec<Value> {
        let entries = config["model_list"].as_array().unwrap().iter().filter(|entry| entry["model_name"] == "yes");
        entries.map(|entry| entry["litellm_params"].get(key).cloned().unwrap_or_default()).collect()
    };
    assert_eq!(first("weight"), [1.5.into(), 1.5.into(), Value::from(0.5)]);
    assert_eq!(first("order"), [Value::Null, Value::Null, Value::Null]);
    let (_, lost) = exported(&sandbox, &["routes.toml"], "portkey");
    assert!(lost.contains("routes.toml:7: a region that fails is not followed by another"), "{lost}");
}

#[test]
fn a_file_is_written_where_it_is_asked_for_and_no_key_is_in_it() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["routes", "export", "--to", "portkey", "--out", "portkey.json"]).exits_with(0);
    assert_eq!(ran.stdout, "portkey.json: 8 routes of 9\n");
    let written = fs::read_to_string(sandbox.path("portkey.json")).unwrap();
    assert!(serde_json::from_str::<Value>(&written).is_ok());
    assert!(!written.contains("api_key"), "{written}");
}
