//! Two routing tables, by both gates: forecast from a measured run, and measured in one run of both.

use crate::price_list::{Listed, price_list};
use crate::sandbox::{Ran, Sandbox, Simulated, rows};
use tollmark::starter::GATE;

/// Four models of one price list: what the tables choose among.
const MODELS: [(&str, &str); 4] = [("plain", "1.00"), ("late", "1.00"), ("dear", "1.40"), ("cheap", "0.60")];

/// All answer within some dozen milliseconds, one of them 35 % later than the others.
const LAW: &str = "schema = 1\nclient = \"us\"\n[default]\nttft = { median_ms = 40, p99_ms = 56 }\n\
    ms_per_token = { kind = \"constant\", median_ms = 0.1 }\nanswer_tokens = { median = 10, p99 = 12 }\n\
    [model.late]\nttft = { median_ms = 54, p99_ms = 76 }\nms_per_token = { kind = \"constant\", median_ms = 0.1 }\n\
    answer_tokens = { median = 10, p99 = 12 }\n";

/// Two kinds of requests that have a route of their own, and one that has none.
fn table(names: [&str; 3]) -> String {
    let route = |(kind, model): (&str, &str)| {
        let matches = if kind == "rest" { String::new() } else { format!("match = {{ class = \"{kind}\" }}\n") };
        format!("[[route]]\nname = \"{kind}\"\n{matches}primary = [ {{ model = \"{model}\" }} ]\n")
    };
    let routes: String = ["typing", "letters", "rest"].into_iter().zip(names).map(route).collect();
    format!("schema = 1\nregistry = \"registry.toml\"\n{routes}")
}

/// A registry, a workload of three kinds, the shipped policy and a suite of two tables, at a simulator.
struct Team {
    sandbox: Sandbox,
    _server: Simulated,
}

fn team() -> Team {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", LAW);
    let server = sandbox.simulate(&["--law", "law.toml"]);
    let listed = |(id, price)| Listed { id, tier: 1, context: 32_000, usd: [price, price] };
    let registry = price_list(&server.base_url, &["us"], &MODELS.map(listed));
    let line = |index: usize| {
        format!(
            "{{\"custom_id\":\"{index}\",\"body\":{{\"messages\":[{{\"role\":\"user\",\"content\":\"Request {index}.\"}}],\
             \"max_tokens\":12}},\"class\":\"{}\"}}\n",
            ["typing", "letters", "others"][index % 3]
        )
    };
    // Of models and regions there are none here that the policy names.
    let names_none = |slo: &&str| !slo.contains("match = { model =") && !slo.contains("match = { tier =");
    let policy = GATE.text.split("[[slo]]").filter(names_none).collect::<Vec<_>>().join("[[slo]]");
    // A machine that stalls is no reason to be told of.
    let policy = policy.replace("route = \"autocomplete\"", "route = \"typing\"").replace("max = 1500", "max = 30_000");
    sandbox
        .write("registry.toml", &registry)
        .write("mixed.jsonl", &(0..60).map(line).collect::<String>())
        .write("routes.toml", &table(["plain", "plain", "plain"]))
        .write("gate.toml", &policy)
        .write(
            "ab.toml",
            "schema = 1\nname = \"ab\"\nlive = true\nworkloads = [\"mixed.jsonl\"]\nregistry = \"registry.toml\"\n\
             [[variant]]\nname = \"baseline\"\nroutes = \"routes.toml\"\n[[variant]]\nname = \"candidate\"\n\
             routes = \"candidate.toml\"\n[load]\nconcurrency = 32\nrequests_per_cell = 3000\nrounds = 20\nwarmup = 8\n\
             [budget]\nmax_cost_usd = \"5.00\"\n[gate]\npolicy = \"gate.toml\"\n",
        );
    Team { sandbox, _server: server }
}

impl Team {
    /// The verdict of a run of both tables, by its own policy.
    fn measured(&self, candidate: &str) -> Ran {
        self.sandbox.write("candidate.toml", candidate);
        // This machine may have been too busy for a verdict, which is then that of the same requests.
        let ran = self.sandbox.run(&["run", "ab.toml", "--run-id", "ab"]);
        assert!([0, 3, 4, 5].contains(&ran.code), "{ran}");
        self.sandbox.judge("reports/ab", &[]);
        let formats = ["json=verdict.json", "markdown=verdict.md", "junit=junit.xml", "svg=diff.svg", "text"];
        let formats = formats.map(|format| ["--format", format]).concat();
        self.sandbox.run(&[&["gate", "reports/ab", "--policy", "gate.toml"], &formats[..]].concat())
    }
}

/// The rules that are broken, each with the route that it is about; nothing is the whole.
fn broken(sandbox: &Sandbox) -> Vec<(String, String)> {
    let verdict: serde_json::Value = serde_json::from_str(&sandbox.read("verdict.json")).unwrap();
    let is_broken = |rule: &&serde_json::Value| rule["ruling"] == "broken";
    let told = |rule: &serde_json::Value| {
        let route = rule["pairs"][0]["route"].as_str().unwrap_or_default();
        (rule["metric"].as_str().unwrap().to_owned(), route.to_owned())
    };
    verdict["regressions"].as_array().unwrap().iter().filter(is_broken).map(told).collect()
}

#[test]
fn a_slower_and_a_dearer_route_are_each_found_where_they_are_with_the_line_that_did_it() {
    let team = team();
    let sandbox = &team.sandbox;
    let ran = team.measured(&table(["late", "dear", "plain"])).exits_with(3);
    let found = broken(sandbox);
    for (metric, route) in [("ttft_p50_ms", "typing"), ("cost_per_1k_requests_usd", "letters")] {
        assert!(found.contains(&(metric.to_owned(), route.to_owned())), "{found:?}\n{ran}");
    }
    assert!(found.iter().all(|(_, route)| route != "rest"), "{found:?}\n{ran}");
    assert!(!found.contains(&("cost_per_1k_requests_usd".to_owned(), "typing".to_owned())), "{found:?}");
    // Fifty requests a round are too few for a route's p99, and the table as a whole has them all.
    ran.prints("is told of the table as a whole: 3 routes in it had too few requests in a round")
        .prints("is about a list price, which an endpoint has and a routing table has not");

    let markdown = sandbox.read("verdict.md");
    assert!(markdown.starts_with("**REGRESSED: route "), "{markdown}");
    for told in
        ["- typing is slower: ttft p50 ", "- letters is dearer: cost per 1k requests ", "Cause: candidate.toml line "]
    {
        assert!(markdown.contains(told), "{told}: {markdown}");
    }
    assert!(markdown.contains("changed: candidate.toml line 6, \\`plain\\` → \\`late\\`"), "{markdown}");
    assert!(sandbox.read("diff.svg").contains("route letters") && sandbox.read("junit.xml").contains("letters"));
    let document: serde_json::Value = serde_json::from_str(&sandbox.read("verdict.json")).unwrap();
    let schema = serde_json::from_str(include_str!("../../reports/verdict.schema.json")).unwrap();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(document["tables"]["changes"].as_array().unwrap().len(), 2);
    assert!(sandbox.read("reports/ab/verdict.md").contains("letters"));
}

#[test]
fn a_cheaper_table_of_equal_latency_passes_and_so_does_one_in_another_order() {
    let team = team();
    // The routes that name a class in another order: no request could take both.
    let [typing, letters, rest] = ["plain", "cheap", "plain"];
    let told = table([typing, letters, rest]);
    let parts: Vec<&str> = told.split("[[route]]").collect();
    let reordered = [parts[0], parts[2], parts[1], parts[3]].join("[[route]]");
    let ran = team.measured(&reordered).exits_with(0);
    assert!(ran.stdout.starts_with("PASSED: "), "{ran}");
    ran.prints("letters is cheaper: cost per 1k requests ");
    team.sandbox.write("up.toml", "schema = 1\n[[slo]]\nname = \"up\"\nmetric = \"availability\"\nmin = 0.5\n");
    let asked = team.sandbox.run(&["gate", "reports/ab", "--policy", "up.toml"]).exits_with(0);
    asked.prints("\nPASSED: No comparison of the two tables was asked. Measured in ab");
    assert!(broken(&team.sandbox).is_empty());
    let cells = rows(&team.sandbox.read("reports/ab/cells.csv"));
    let of_routes = cells.iter().filter(|row| !row["route"].is_empty());
    assert!(of_routes.clone().count() == 6 && of_routes.clone().all(|row| row["requests"] == "1000"));
}

#[test]
fn a_route_that_is_given_to_people_is_told_of_and_nobody_is_said_to_save_by_it() {
    let team = team();
    let plain = table(["plain", "plain", "plain"]);
    let handed = plain.replacen(
        "match = { class = \"letters\" }\nprimary = [ { model = \"plain\" } ]",
        "match = { class = \"letters\" }\naction = \"hand_off\"",
        1,
    );
    let ran = team.measured(&handed);
    let markdown = team.sandbox.read("verdict.md");
    for told in [
        "- letters hands 0 → 1,000 of 1,000 requests to a person\n",
        "- all routes: who pays is unknown, since what a person costs is unknown\n",
        "|letters|mixed|33.3 %|",
        "→ ≥ $",
    ] {
        assert!(markdown.contains(told), "{told}: {markdown}\n{ran}");
    }
    assert!(!markdown.contains("cheaper") && !markdown.contains("No other route"), "{markdown}");
}

#[test]
fn a_forecast_stops_what_is_dearer_or_slower_and_lets_pass_what_is_cheaper_or_the_same() {
    let team = team();
    let sandbox = &team.sandbox;
    let models = MODELS.map(|(id, _)| ["--model", id]).concat();
    let what = ["run", "--registry", "registry.toml", "--live", "--max-cost-usd", "5", "--workload", "mixed.jsonl"];
    let load = ["--requests-per-cell", "1200", "--rounds", "20", "--concurrency", "16", "--run-id", "night"];
    sandbox.run(&[&what[..], &models[..], &load[..]].concat()).measures();
    sandbox.judge("reports/night", &[]);
    for (names, code) in [
        (["plain", "dear", "plain"], 3),
        (["late", "plain", "plain"], 3),
        (["plain", "cheap", "plain"], 0),
        (["plain", "plain", "plain"], 0),
    ] {
        sandbox.write("candidate.toml", &format!("# Another one.\n{}", table(names)));
        let tables = ["gate", "--routes", "candidate.toml", "--against", "routes.toml", "--policy", "gate.toml"];
        sandbox.run(&[&tables[..], &["--from", "reports/night"]].concat()).exits_with(code);
    }
}
