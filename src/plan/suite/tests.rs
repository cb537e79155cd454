use super::*;

const NIGHTLY: &str = r#"schema = 1
name = "nightly"
live = true
registry = "registry.toml"
[[measure]]
workloads = ["workloads/support.jsonl"]
models = ["*"]
regions = ["*"]
[[measure]]
workloads = ["../autocomplete.jsonl", "/shared/classify.jsonl"]
models = ["step-3.5-flash", "qwen3-8b"]
[load]
concurrency = [8, 16]
arrivals = "gamma"
rate = [5, 0.5]
cv = 2
speed = 10
max_in_flight = 100
duration = "1m"
requests_per_cell = 400
rounds = 20
warmup = 8
parallel_cells = 4
seed = 7
stream = "recorded"
http2 = false
timeout_connect = "500ms"
timeout_first_token = "30s"
timeout_idle = "10s"
timeout_total = "2m"
[budget]
max_cost_usd = "5.00"
[gate]
policy = "gate.toml"
history = "../reports"
"#;

fn mistakes(text: &str) -> Vec<String> {
    Suite::parse("suite.toml", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_key_of_a_suite_is_read_and_paths_are_those_of_its_folder() {
    let suite = Suite::parse("suites/nightly.toml", NIGHTLY).unwrap();
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let paths = |paths: &[&str]| Some(paths.iter().map(PathBuf::from).collect::<Vec<_>>());
    assert_eq!(
        suite,
        Suite {
            source: "suites/nightly.toml".to_owned(),
            name: Some("nightly".to_owned()),
            live: Some(true),
            registry: Some(PathBuf::from("suites/registry.toml")),
            routes: None,
            measures: vec![
                Measure {
                    workloads: paths(&["suites/workloads/support.jsonl"]),
                    models: names(&["*"]),
                    regions: names(&["*"]),
                },
                Measure {
                    workloads: paths(&["suites/../autocomplete.jsonl", "/shared/classify.jsonl"]),
                    models: names(&["step-3.5-flash", "qwen3-8b"]),
                    regions: None,
                },
            ],
            variants: Vec::new(),
            load: LoadKeys {
                concurrency: Some(vec![8, 16]),
                arrivals: Some(ArrivalKind::Gamma),
                rate: Some([5.0, 0.5].map(|rate| Rate::Steady(Positive::new(rate).unwrap())).to_vec()),
                stages: None,
                cv: Positive::new(2.0),
                speed: Positive::new(10.0),
                max_in_flight: Some(100),
                duration: Some(Duration::from_secs(60)),
                requests_per_cell: Some(400),
                rounds: Some(20),
                warmup: Some(8),
                parallel_cells: Some(4),
                seed: Some(7),
                stream: Some(Streaming::AsRecorded),
                http2: Some(false),
                timeout_connect: Some(Duration::from_millis(500)),
                timeout_first_token: Some(Duration::from_secs(30)),
                timeout_idle: Some(Duration::from_secs(10)),
                timeout_total: Some(Duration::from_secs(120)),
            },
            max_cost_usd: Some("5".parse().unwrap()),
            gate: GateKeys {
                policy: Some(PathBuf::from("suites/gate.toml")),
                history: Some(PathBuf::from("suites/../reports")),
            },
        }
    );
}

#[test]
fn what_a_suite_leaves_out_is_absent() {
    let suite = Suite::parse("s.toml", "schema = 1\n").unwrap();
    assert_eq!(suite, Suite { source: "s.toml".to_owned(), ..Suite::default() });
}

#[test]
fn one_measure_may_stand_at_the_top_level() {
    let suite =
        Suite::parse("s.toml", "schema = 1\nmodels = [\"qwen*\"]\n[load]\nconcurrency = 4\nstream = true\n").unwrap();
    assert_eq!(suite.measures, [Measure { models: Some(vec!["qwen*".to_owned()]), ..Measure::default() }]);
    assert_eq!(suite.load.concurrency, Some(vec![4]));
    assert_eq!(suite.load.stream, Some(Streaming::On));
}

#[test]
fn a_measure_at_the_top_level_beside_others_is_refused() {
    assert_eq!(
        mistakes("schema = 1\nmodels = [\"*\"]\n[[measure]]\nregions = [\"*\"]\n"),
        ["suite.toml:2:10: `models` stands beside `[[measure]]`, must stand in it"]
    );
}

#[test]
fn the_mistakes_of_a_suite_are_shown_together() {
    let text = "\
schema = 1
name = \"a/b\"
[[measure]]
models = [\"qwen[\", 3]
workloads = []
[load]
concurrency = [0, 8, 8]
rate = [0, 5, 5.0]
request_per_cell = 4
stream = \"always\"
timeout_idle = 30
timeout_total = \"0s\"
[budget]
max_cost_usd = 5.00
[[variant]]
name = \"baseline\"
";
    assert_eq!(
        mistakes(text),
        [
            "suite.toml:2:8: `name` is `a/b`, must be letters, digits, `-`, `_` and `.`, the first no point",
            "suite.toml:4:11: `models` has `qwen[`, which is not a glob: invalid range pattern",
            "suite.toml:4:20: `models` is a whole number, must be a string in quotes",
            "suite.toml:5:13: `workloads` is an empty list, must have an element or be left out",
            "suite.toml:7:16: `concurrency` is 0, must be at least 1",
            "suite.toml:7:22: `concurrency` has 8 a second time, must have it once",
            "suite.toml:8:9: `rate` is 0, must be a number from 0.000001 to 1000000",
            "suite.toml:8:15: `rate` has 5/s a second time, must have it once",
            "suite.toml:9:1: `request_per_cell` is not a key of `[load]`",
            "suite.toml:10:10: `always` is not a value of `stream`",
            "suite.toml:11:16: `timeout_idle` is a whole number, must be a time in quotes, such as \"30s\"",
            "suite.toml:12:17: `timeout_total` is 0, must be at least \"1ms\"",
            "suite.toml:14:16: `max_cost_usd` is a number with a point, must be a decimal in quotes, such as \"0.25\"",
            "suite.toml:15:1: one `[[variant]]` alone, must be two: add another like `name = \"candidate\"`",
        ]
    );
}

#[test]
fn rates_may_ramp_and_follow_each_other_in_stages() {
    let load = |text: &str| Suite::parse("s.toml", &format!("schema = 1\n[load]\n{text}\n")).unwrap().load;
    assert_eq!(load("rate = [5, \"10..200/60s\"]").rate.unwrap()[1], "10..200/60s".parse().unwrap());
    let spike = load(
        "stages = [{ rate = 50, for = \"30s\" }, { rate = \"50..500\", for = \"10s\" }, { rate = 0, for = \"1m\" }, \
         { rate = 1_000.5, for = \"500ms\" }]",
    );
    let named = "50/s for 30s then 50..500/s over 10s then 0/s for 60s then 1000.5/s for 500ms";
    assert_eq!(spike.stages.unwrap().to_string(), named);
}

#[test]
fn the_mistakes_of_stages_are_shown_where_they_stand() {
    let text = "\
schema = 1
[load]
rate = \"10..200\"
duration = \"5s\"
requests_per_cell = 40
[[load.stages]]
rate = 0
for = \"1s\"
[[load.stages]]
rate = \"5-50\"
[[load.stages]]
rate = -5
for = \"0s\"
[[load.stages]]
rates = 5
";
    assert_eq!(
        mistakes(text),
        [
            "suite.toml:3:8: `rate` is `10..200`, must be a ramp such as `10..200/60s`: from 10 to 200 requests a \
             second within 60 s",
            "suite.toml:3:8: `rate` stands beside `stages`, must be one of them",
            "suite.toml:4:12: `duration` stands beside `stages`, which last as long as they say: leave it out",
            "suite.toml:5:21: `requests_per_cell` stands beside `stages`, which bring as many as they bring: leave it \
             out",
            "suite.toml:7:8: `rate` is 0 at the beginning or the end, must be more there: leave that stage out",
            "suite.toml:9:1: `for` is missing in `[[load.stages]]`, write it like `for = \"30s\"`",
            "suite.toml:10:8: `rate` is `5-50`, must be a number, or a ramp in quotes such as \"50..500\"",
            "suite.toml:12:8: `rate` must be 0, or from 0.000001 to 1000000, at either end",
            "suite.toml:13:7: `for` is 0, must be at least \"1ms\"",
            "suite.toml:14:1: `for` is missing in `[[load.stages]]`, write it like `for = \"30s\"`",
            "suite.toml:14:1: `rate` is missing in `[[load.stages]]`, write it like `rate = 50`",
            "suite.toml:15:1: `rates` is not a key of `[[load.stages]]`",
        ]
    );
    assert_eq!(
        mistakes("schema = 1\n[load]\nrate = [\"200\", \"0..0/1s\"]\n"),
        [
            "suite.toml:3:9: `rate` is `200` in quotes, must be a number without them",
            "suite.toml:3:16: `rate` is `0..0/1s`, must send something in its first stage and in its last: leave out a \
             stage of 0",
        ]
    );
}

#[test]
fn workload_globs_become_the_files_they_match_each_once() {
    let folder = tempfile::tempdir().unwrap();
    // A folder whose name looks like a glob.
    let folder = folder.path().join("a[b]");
    fs::create_dir_all(folder.join("workloads")).unwrap();
    for name in ["b.jsonl", "a.jsonl", "c.txt"] {
        fs::write(folder.join("workloads").join(name), "").unwrap();
    }
    let path = folder.join("suite.toml");
    fs::write(&path, "schema = 1\nworkloads = [\"workloads/*.jsonl\", \"workloads/a.jsonl\", \"gone.jsonl\"]\n")
        .unwrap();
    let suite = Suite::read(&path).unwrap();
    let expected = ["workloads/a.jsonl", "workloads/b.jsonl", "gone.jsonl"].map(|name| folder.join(name));
    assert_eq!(suite.measures[0].workloads.as_deref(), Some(expected.as_slice()));

    fs::write(&path, "schema = 1\nworkloads = [\"*.jsonl\"]\n").unwrap();
    let Err(SuiteError::Faulty(faults)) = Suite::read(&path) else { panic!("a glob without files was accepted") };
    let messages: Vec<&str> = faults.iter().map(crate::conf::Fault::message).collect();
    assert_eq!(messages, ["`workloads` names `*.jsonl`, which matches no file"]);
}

#[test]
fn a_suite_that_is_not_there_is_named() {
    let error = Suite::read(Path::new("nowhere/suite.toml")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read suite `nowhere/suite.toml`");
}

#[test]
fn a_built_in_workload_can_be_named_wherever_the_suite_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nightly.toml");
    std::fs::write(&path, "schema = 1\nworkloads = [\"support\", \"own\"]\n").unwrap();
    let workloads = Suite::read(&path).unwrap().measures[0].workloads.clone().unwrap();
    assert_eq!(workloads, [PathBuf::from("support"), folder.path().join("own")]);
}

#[test]
fn two_variants_differ_in_their_registry_or_url_and_the_first_is_the_baseline() {
    let text = "schema = 1\n[[variant]]\nname = \"baseline\"\n[[variant]]\nname = \"candidate\"\n\
                registry = \"cheaper.toml\"\nbase_url = \"http://127.0.0.1:8000/v1/\"\napi_key_env = \"OTHER_KEY\"\n";
    let suite = Suite::parse("suites/ab.toml", text).unwrap();
    let baseline = Variant { name: "baseline".to_owned(), ..Variant::default() };
    let candidate = Variant {
        name: "candidate".to_owned(),
        registry: Some(PathBuf::from("suites/cheaper.toml")),
        routes: None,
        base_url: Some("http://127.0.0.1:8000/v1".to_owned()),
        api_key_env: Some("OTHER_KEY".to_owned()),
    };
    assert_eq!(suite.variants, [baseline, candidate]);
    assert!(Suite::parse("ab.toml", "schema = 1\n").unwrap().variants.is_empty());
}

#[test]
fn what_cannot_be_compared_is_told_where_it_stands() {
    let told = |tables: &str| mistakes(&format!("schema = 1\n{tables}"));
    let named = |name: &str, more: &str| format!("[[variant]]\nname = \"{name}\"\n{more}");
    assert_eq!(
        told(&(named("a", "") + &named("b", "") + &named("c", "registry = \"x.toml\"\n"))),
        [
            "suite.toml:4:1: `b` says the same as `a`, so nothing is compared: must differ in `registry`, `routes` or `base_url`",
            "suite.toml:6:1: a third `[[variant]]`, must be two: a baseline and a candidate",
        ]
    );
    assert_eq!(
        told(&(named("a", "") + &named("a", "registry = \"x.toml\"\n"))),
        ["suite.toml:5:8: `name` is `a`, as that of the other variant is, must be another"]
    );
    assert_eq!(
        told(&(named("a/b", "api_key_env = \"K\"\n") + &named("b", "base_url = \"example\"\nroute = \"x\"\n"))),
        [
            "suite.toml:3:8: `name` is `a/b`, must be letters, digits, `-`, `_` and `.`, the first no point",
            "suite.toml:4:15: `api_key_env` stands without `base_url`, whose key it names: the registry names those of its \
             providers",
            "suite.toml:7:12: `base_url` is not a URL to call, must be like \"https://global-apis.com/v1\"",
            "suite.toml:8:1: `route` is not a key of `[[variant]]`",
        ]
    );
    assert_eq!(
        told("[[variant]]\n[[variant]]\nname = \"candidate\"\nregistry = \"x.toml\"\n"),
        ["suite.toml:2:1: `name` is missing in `[[variant]]`, write it like `name = \"candidate\"`"]
    );
}
