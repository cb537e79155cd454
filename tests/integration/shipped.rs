//! The policy and the A/B suite to begin from, on two simulators: what changed is found, and only where it did.

use std::fs;

use tollmark::starter::{AB, GATE};

use crate::sandbox::{Ran, Sandbox, Simulated};

/// Two models of the suite in both of its regions.
const WHAT: [&str; 6] = ["--model", "step-3.5-flash", "--model", "hunyuan-turbo", "--workload", "autocomplete"];

/// Both models answer within a few dozen milliseconds; `more` is added behind the second one.
fn law(step: &str, hunyuan: &str) -> String {
    let model = "ttft = { median_ms = 24, p99_ms = 36 }\nms_per_token = { kind = \"constant\", median_ms = 0.1 }\n\
                 answer_tokens = { median = 10, p99 = 14 }\n";
    format!(
        "schema = 1\nclient = \"us-west-2\"\n[default]\n{model}[model.\"step-3.5-flash\"]\n{model}{step}\n\
         [model.hunyuan-turbo]\n{model}{hunyuan}\n"
    )
}

/// The built-in registry, all of it at `server`, with the price of step-3.5-flash at `output`.
fn registry(exported: &str, server: &Simulated, output: &str) -> String {
    let (before, of_step) = exported.split_once("id = \"step-3.5-flash\"").unwrap();
    assert!(of_step.contains("output = \"0.15\""));
    format!(
        "{before}id = \"step-3.5-flash\"{}",
        of_step.replacen("output = \"0.15\"", &format!("output = \"{output}\""), 1)
    )
    .replace("https://global-apis.com/v1", &server.base_url)
    .replace("api_key_env = \"GLOBAL_API_KEY\"\n", "")
}

/// The shipped policy without the promises about what is not measured here.
fn policy() -> String {
    let is_asked = |slo: &&str| !slo.contains("routing decisions are instant") && !slo.contains("premium answers");
    GATE.text.split("[[slo]]").filter(is_asked).collect::<Vec<_>>().join("[[slo]]")
}

fn lines<'a>(ran: &'a Ran, ruling: &str, measure: &str) -> Vec<&'a str> {
    let opening = format!("{ruling:12}");
    let is_of = |line: &&str| line.starts_with(&opening) && line.contains(&format!(": {measure}"));
    ran.stdout.lines().filter(is_of).collect()
}

#[test]
fn what_changed_is_found_where_it_did_and_what_is_half_gone_never_passes() {
    let sandbox = Sandbox::new();
    sandbox.write("was.law", &law("", "")).write(
        "is.law",
        &law(
            "[model.\"step-3.5-flash\".region.us-east-1]\nfactor = 1.5",
            "[model.hunyuan-turbo.region.us-west-2]\nerror_ratio = 0.02",
        ),
    );
    let (was, is) = (sandbox.simulate(&["--law", "was.law"]), sandbox.simulate(&["--law", "is.law"]));
    let exported = sandbox.run(&["registry", "export"]).exits_with(0).stdout;
    sandbox
        .write("registry.toml", &registry(&exported, &was, "0.15"))
        .write("registry.candidate.toml", &registry(&exported, &is, "0.151"))
        .write("gate.toml", &policy())
        .write("ab.toml", AB.text);
    let ran = sandbox.run(&[&["run", "ab.toml", "--live", "--run-id", "ab"], &WHAT[..]].concat());
    // This machine may have been too busy for a verdict, which is then that of the same requests.
    assert!(ran.code == 3 || ran.code == 5, "{ran}");
    sandbox.judge("reports/ab", &[]);
    let gate = ["gate", "reports/ab", "--policy", "gate.toml"];
    let ran = sandbox.run(&gate).exits_with(3);

    let [slower] = lines(&ran, "broken", "ttft p50")[..] else { panic!("{ran}") };
    assert!(slower.contains("step-3.5-flash in us-east-1 on autocomplete"), "{ran}");
    let [failing] = lines(&ran, "broken", "errors")[..] else { panic!("{ran}") };
    assert!(failing.contains("hunyuan-turbo in us-west-2 on autocomplete"), "{ran}");
    let dearer = lines(&ran, "broken", "list price of output $0.15 → $0.151 a million tokens (margin 0 %)");
    assert!(dearer.len() == 2 && dearer.iter().all(|line| line.contains(" step-3.5-flash in us-")), "{ran}");
    assert_eq!(lines(&ran, "broken", "list price").len(), 2, "{ran}");
    assert_eq!(lines(&ran, "broken", "cost"), Vec::<&str>::new(), "{ran}");
    // A region's requests also move the p99 of both regions together, and failures break promises. Nothing else is broken.
    let changed = ["step-3.5-flash in us-east-1 ", "hunyuan-turbo in us-west-2 ", " in 2 regions ", ": list price "];
    let broken: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("broken ")).collect();
    assert!(broken.iter().all(|line| changed.iter().any(|words| line.contains(words))), "{ran}");

    let samples = sandbox.read("reports/ab/samples.csv");
    let mut seen = 0;
    let half = samples.lines().filter(|line| {
        let of_cell = line.contains(",candidate/global-apis/hunyuan-turbo/us-east-1/");
        seen += usize::from(of_cell);
        !of_cell || seen % 2 == 0
    });
    sandbox.write("reports/ab/samples.csv", &(half.collect::<Vec<_>>().join("\n") + "\n"));
    fs::remove_file(sandbox.path("reports/ab/cells.csv")).unwrap();
    let ran = sandbox.run(&[&gate[..], &["--advisory"]].concat());
    assert!(ran.stdout.starts_with("ADVISORY: REGRESSED: "), "{ran}");
    let gone = lines(&ran, "invalid", "");
    assert!(gone.len() >= 2 && gone.iter().all(|line| line.contains("hunyuan-turbo")), "{ran}");
}
