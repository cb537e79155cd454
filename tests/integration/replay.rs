//! `run --routes`: a workload sent through a routing table, over real sockets.

use serde_json::Value;

use crate::replayed::{LAW, Replayed, TABLE, picos, registry, registry_with_window, replay};
use crate::sandbox::{Row, Sandbox};

#[test]
fn each_request_is_labelled_routed_and_paid_call_by_call_as_the_server_saw_it() {
    let replayed = replay(LAW, TABLE, &["--workload", "classify", "--requests-per-cell", "200", "--warmup", "4"]);
    replayed.adds_up();
    let whole = "routes/classify/c8";
    assert_eq!(replayed.cells[0]["cell"], whole);
    assert!(replayed.cells[0]["model"].is_empty() && replayed.cells[0]["route"].is_empty());
    let routes: Vec<&str> = replayed.cells[1..].iter().map(|row| row["route"].as_str()).collect();
    assert_eq!(routes, ["a person", "cheap", "rest"]);

    // The confusion matrix is the truth's, label by label, and the route that of the label.
    let mut confusion = vec![vec![0_u64; 6]; 5];
    for sample in &replayed.samples {
        let classified = &replayed.attempts_of(sample)[0];
        assert_eq!(classified["purpose"], "classify");
        let truth = &replayed.truth[&classified["request_id"]];
        let [labelled, answered] = ["tier_labelled", "tier_answered"].map(|column| truth[column].parse::<usize>());
        let answered = answered.unwrap();
        confusion[labelled.unwrap()][answered] += 1;
        assert_eq!(
            (sample["tier"].as_str(), sample["tier_by"].as_str()),
            (answered.to_string().as_str(), "classifier")
        );
        let route = match answered {
            4 => "a person",
            0 => "cheap",
            _ => "rest",
        };
        assert_eq!(sample["route"], route);
        assert_eq!(sample["outcome"] == "handed_off", answered == 4);
    }
    let labels = &replayed.routing(whole)["classifier"];
    assert_eq!(labels["confusion"], serde_json::json!(confusion));
    let right: u64 = (0..5).map(|tier| confusion[tier][tier]).sum();
    assert_eq!((labels["right"].as_u64(), labels["compared"].as_u64()), (Some(right), Some(200)));
    assert!(right > 150 && right < 200, "the law errs one time in ten: {right}");

    // What is drawn is drawn by route, and what is printed is there.
    for chart in ["ranking.svg", "percentiles.svg"] {
        assert!(replayed.sandbox.read(&format!("reports/r/{chart}")).contains(">cheap"), "{chart}");
    }
    assert!(!replayed.sandbox.path("reports/r/cost-latency.svg").exists());
    let again = replayed.sandbox.run(&["report", "reports/r"]).exits_with(0);
    assert!(again.stderr.contains("chart:  reports/r/ranking.svg"), "{again}");

    // A route's cell is its share of the whole, and persons are outside availability.
    let sum = |column: &str| -> u64 { replayed.cells[1..].iter().map(|row| row[column].parse::<u64>().unwrap()).sum() };
    let handed = replayed.samples.iter().filter(|sample| sample["outcome"] == "handed_off").count() as u64;
    assert_eq!(replayed.cell(whole)["requests"], (200 - handed).to_string());
    assert_eq!(sum("requests"), 200 - handed);
    assert_eq!(replayed.cell(whole)["availability"], "1.0");
    assert_eq!(replayed.routing(whole)["handed_off"], handed);
    assert_eq!(replayed.routing("routes/classify/c8/a-person")["human_cost_usd"], format!("{}", 2.5 * handed as f64));
    let cost: u128 = replayed.cells[1..].iter().map(|row| picos(&row["cost_usd"])).sum();
    assert_eq!(picos(&replayed.cell(whole)["cost_usd"]), cost);
    for text in ["summary.md", "report.html", "summary.json"] {
        assert!(replayed.sandbox.read(&format!("reports/r/{text}")).contains("cheap"), "{text}");
    }
    let schema = serde_json::from_str(include_str!("../../reports/summary.schema.json")).unwrap();
    let summary: Value = serde_json::from_str(&replayed.sandbox.read("reports/r/summary.json")).unwrap();
    let faults: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&summary).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(summary["counts"]["requests"], 200 - handed, "a route's requests are counted once");
}

/// Ten requests of tier 0 through `table`, which labels none of them in time.
fn ten_of_tier_0(table: &str) -> Replayed {
    let line = |index: usize| {
        format!(
            "{{\"custom_id\":\"{index}\",\"body\":{{\"messages\":[{{\"role\":\"user\",\"content\":\"Request {index}.\"}}],\
             \"max_tokens\":30}},\"expect\":{{\"tier\":0}}}}\n"
        )
    };
    let sandbox = Sandbox::new();
    let slow = LAW.replace("median_ms = 2", "median_ms = 40");
    sandbox.write("law.toml", &slow).write("registry.toml", &registry()).write("routes.toml", table);
    sandbox.write("ten.jsonl", &(0..10).map(line).collect::<String>());
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let arguments = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "ten.jsonl"];
    let amount = ["--requests-per-cell", "10", "--rounds", "1", "--warmup", "0", "--run-id", "r", "--concurrency", "2"];
    // Where all are handed over no request ends, which is not what this is about.
    let ran = sandbox.run(&[&arguments[..], &amount].concat());
    assert!([0, 5].contains(&ran.code), "{ran}");
    simulated.interrupt();
    Replayed::read(sandbox)
}

#[test]
fn a_person_who_was_handed_what_a_model_should_have_answered_is_paid_above_it() {
    let hasty = "model = \"small\"\ntimeout = \"1ms\"\ndefault_tier = 4";
    let table = TABLE.replace("model = \"small\"\ndefault_tier = 3", hasty);
    let told = |table: &str| {
        let replayed = ten_of_tier_0(table);
        let tiering = replayed.routing("routes/ten/c2")["tiering"].clone();
        assert_eq!(tiering["over"], 10);
        (tiering["over_priced"].as_u64().unwrap(), tiering["paid_above_usd"].as_str().unwrap().to_owned())
    };
    assert_eq!(told(&table), (10, "25".to_owned()));
    assert_eq!(told(&table.replace("human_cost_usd = \"2.50\"\n", "")), (0, "0".to_owned()));
}

#[test]
fn the_bill_of_routing_too_high_is_what_ten_requests_cost_above_the_labelled_tiers_model() {
    // Nobody answers the classifier with a tier: its answers are cut before any word, and the default tier is 3.
    let table =
        TABLE.replace("model = \"small\"\ndefault_tier = 3", "model = \"small\"\ntimeout = \"1ms\"\ndefault_tier = 3");
    let replayed = ten_of_tier_0(&table);
    let mut above = 0;
    for sample in &replayed.samples {
        assert_eq!((sample["tier_by"].as_str(), sample["route"].as_str()), ("default", "rest"));
        let [input, output] = ["input_tokens", "output_tokens"].map(|column| sample[column].parse::<u128>().unwrap());
        // A million tokens are $1.00 and $3.00 at the large model, $0.10 and $0.20 at the small one.
        above += input * (1_000_000 - 100_000) + output * (3_000_000 - 200_000);
    }
    let note = &replayed.routing("routes/ten/c2");
    let tiering = &note["tiering"];
    assert_eq!(
        (tiering["compared"].as_u64(), tiering["over"].as_u64(), tiering["under"].as_u64()),
        (Some(10), Some(10), Some(0))
    );
    assert_eq!(picos(tiering["paid_above_usd"].as_str().unwrap()), above);
    assert_eq!(note["classifier"]["defaulted"], 10);
    assert_eq!(note["classifier"]["confusion"][0][5], 10);
}

#[test]
fn a_prompt_over_every_window_is_answered_piece_by_piece_and_all_of_it_is_paid() {
    let sandbox = Sandbox::new();
    let text: String = (0..900).map(|number| format!("Paragraph {number} says this and that.\\n\\n")).collect();
    let line = format!(
        "{{\"custom_id\":\"long\",\"body\":{{\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}],\"max_tokens\":400}}}}\n"
    );
    let table = "schema = 1\nregistry = \"registry.toml\"\n[[route]]\nname = \"all\"\nprimary = [ { model = \"small\" } ]\n\
                 on_overflow = \"chunk\"\nchunk_with = \"small\"\n";
    sandbox.write("registry.toml", &registry_with_window(4_000));
    sandbox.write("law.toml", LAW).write("routes.toml", table).write("long.jsonl", &line);
    let simulated = sandbox.simulate(&["--law", "law.toml", "--truth", "truth.csv"]);
    let arguments = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "long.jsonl"];
    let amount = ["--requests-per-cell", "3", "--rounds", "1", "--warmup", "0", "--run-id", "r"];
    sandbox.run(&[&arguments[..], &amount].concat()).measures();
    simulated.interrupt();
    let replayed = Replayed::read(sandbox);
    replayed.adds_up();
    for sample in &replayed.samples {
        let attempts = replayed.attempts_of(sample);
        let (last, pieces) = attempts.split_last().unwrap();
        assert!(pieces.len() >= 2 && pieces.iter().all(|row| row["purpose"] == "chunk"), "{pieces:?}");
        assert_eq!((last["purpose"].as_str(), sample["outcome"].as_str()), ("stitch", "ok"));
        assert_eq!(
            (&sample["sent_at_ms"], &sample["last_token_at_ms"]),
            (&pieces[0]["sent_at_ms"], &last["last_token_at_ms"])
        );
    }
}

#[test]
fn two_tables_are_compared_in_one_run_prompt_by_prompt() {
    let sandbox = Sandbox::new();
    let candidate = TABLE.replace("primary = [ { model = \"large\" } ]", "primary = [ { model = \"small\" } ]");
    let candidate = candidate.replace("fallback = [ { model = \"small\" } ]", "fallback = [ { model = \"large\" } ]");
    sandbox.write("s/registry.toml", &registry()).write("s/routes.toml", TABLE).write("s/candidate.toml", &candidate);
    sandbox.write(
        "s/ab.toml",
        "schema = 1\nworkloads = [\"support\"]\nroutes = \"routes.toml\"\n[[variant]]\nname = \"baseline\"\n\
         [[variant]]\nname = \"candidate\"\nroutes = \"candidate.toml\"\n[load]\nconcurrency = 4\n\
         requests_per_cell = 24\nrounds = 2\nwarmup = 0\n",
    );
    sandbox.run(&["run", "s/ab.toml", "--run-id", "r"]).measures();
    let replayed = Replayed::read(sandbox);
    let of = |variant: &str| {
        let mut rows: Vec<&Row> = replayed.samples.iter().filter(|row| row["variant"] == variant).collect();
        rows.sort_by_key(|row| row["index"].parse::<u32>().unwrap());
        rows.iter()
            .map(|row| (row["index"].clone(), row["custom_id"].clone(), row["round"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("baseline").len(), 24);
    assert_eq!(of("baseline"), of("candidate"));
    let cells: Vec<&str> = replayed.cells.iter().map(|row| row["cell"].as_str()).take(2).collect();
    assert_eq!(cells, ["baseline/routes/support/c4", "candidate/routes/support/c4"]);
    let answered = replayed.samples.iter().filter(|row| row["variant"] == "candidate" && !row["model"].is_empty());
    assert!(answered.count() > 0);
    assert!(replayed.samples.iter().all(|row| row["variant"] != "candidate" || row["model"] != "large"));
}

#[test]
fn the_built_in_table_takes_every_shipped_workload_and_reads_back_the_same() {
    let sandbox = Sandbox::new();
    let workloads = ["support", "classify", "documents", "long-context"].map(|name| ["--workload", name]).concat();
    let amount = ["--requests-per-cell", "60", "--rounds", "2", "--warmup", "0", "--concurrency", "4", "--run-id", "r"];
    let run = ["run", "--routes", "built-in"];
    sandbox.run(&[&run[..], &workloads, &amount].concat()).measures();
    let replayed = Replayed::read(sandbox);
    assert_eq!(replayed.samples.len(), 4 * 60);
    let routes: std::collections::BTreeSet<&str> =
        replayed.samples.iter().map(|sample| sample["route"].as_str()).collect();
    let names = ["a person decides", "vision", "documents", "decisions", "everyday", "contractual", "premium"];
    for name in names {
        assert!(routes.contains(name), "{name} is not among {routes:?}");
    }
    let done = replayed.samples.iter().filter(|sample| ["ok", "handed_off"].contains(&sample["outcome"].as_str()));
    assert!(
        done.count() >= 230,
        "the law lets one call in some hundreds fail, and most of them are made again elsewhere"
    );
    // What is made again from the rows of requests is what was written.
    let before = replayed.sandbox.read("reports/r/cells.csv");
    std::fs::remove_file(replayed.sandbox.path("reports/r/cells.csv")).unwrap();
    replayed.sandbox.run(&["report", "reports/r"]).exits_with(0);
    assert_eq!(replayed.sandbox.read("reports/r/cells.csv"), before);
}

#[test]
fn a_table_with_mistakes_or_words_that_mean_nothing_beside_it_stop_the_run_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    sandbox
        .write("registry.toml", &registry())
        .write("routes.toml", &TABLE.replace("model = \"large\"", "model = \"lage\""));
    let run = ["run", "--routes", "routes.toml", "--workload", "support"];
    sandbox.run(&run).exits_with(2).says("did you mean `large`?").says("routes.toml");
    sandbox.run(&["run", "--routes", "built-in", "--model", "qwen3-8b"]).exits_with(2).says("`--model`");
    sandbox.run(&["run", "--trust-tiers"]).exits_with(2).says("`--routes`");
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn a_budget_holds_for_every_call_that_a_table_makes() {
    let sandbox = Sandbox::new();
    sandbox.write("law.toml", LAW).write("registry.toml", &registry()).write("routes.toml", TABLE);
    let simulated = sandbox.simulate(&["--law", "law.toml"]);
    let arguments = ["run", "--routes", "routes.toml", "--base-url", &simulated.base_url, "--workload", "autocomplete"];
    let amount =
        ["--requests-per-cell", "400", "--rounds", "1", "--warmup", "0", "--run-id", "r", "--concurrency", "4"];
    sandbox.run(&[&arguments[..], &amount, &["--max-cost-usd", "0.004"]].concat()).exits_with(6);
    let replayed = Replayed::read(sandbox);
    let spent: u128 = replayed.attempts.values().flatten().map(|row| picos(&row["cost_usd"])).sum();
    assert!(spent > 0 && spent <= 4_000_000_000, "{spent}");
    assert!(replayed.samples.len() < 400);
}

#[test]
fn a_limit_over_days_on_one_route_counts_the_requests_that_took_it() {
    let replayed = replay(LAW, TABLE, &["--workload", "classify", "--requests-per-cell", "200", "--warmup", "4"]);
    let sandbox = &replayed.sandbox;
    let limits = "schema = 1\n[[slo]]\nname = \"cheap\"\nmatch = { route = \"cheap\" }\nmetric = \"e2e_p50_ms\"\nmax = 60000\n\
                  window = \"30d\"\n";
    sandbox.write("gate.toml", limits);
    sandbox.judge("reports/r", &[]);
    let cheap: Vec<&Row> = replayed.samples.iter().filter(|sample| sample["route"] == "cheap").collect();
    assert!(cheap.len() > 10 && cheap.iter().all(|sample| sample["outcome"] == "ok"));
    sandbox.run(&["slim", "reports/r", "--out", "slim/r"]).exits_with(0);
    for (run, history) in [("reports/r", "reports"), ("slim/r", "slim")] {
        let told = sandbox.run(&["gate", run, "--policy", "gate.toml", "--history", history, "--format", "json"]);
        let verdict: Value = serde_json::from_str(&told.stdout).unwrap_or_else(|_| panic!("{told}"));
        let counted = &verdict["slos"][0];
        let counts = (counted["requests"].as_u64(), counted["bad"].as_u64());
        assert_eq!(counts, (Some(cheap.len() as u64), Some(0)), "{told}");
    }
}
