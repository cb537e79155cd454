//! `registry diff`: what moved, and what that does to a bill.

use tollmark::units::{Usd, UsdPerMtok};

use crate::sandbox::{Row, Sandbox, rows};

const AFTER: &str = r#"schema = 1
[[provider]]
id = "global-apis"
base_url = "https://global-apis.invalid/v1"
[[region]]
id = "us-west-2"
[[model]]
id = "step-3.5-flash"
[[model.at]]
provider = "global-apis"
regions = ["us-west-2"]
[[model.at.price]]
from = "2026-05-01"
currency = "USD"
input = "0.13"
output = "0.21"
"#;

fn tokens(samples: &[Row], model: &str, column: &str) -> u64 {
    let rows = samples.iter().filter(|row| row["model"] == model);
    rows.map(|row| row[column].parse::<u64>().unwrap()).sum()
}

#[test]
fn a_dearer_price_is_told_with_what_it_does_to_the_bill_of_a_run() {
    let sandbox = Sandbox::new();
    sandbox.write("after.toml", AFTER);
    let run = ["run", "--quick", "--model", "step-3.5-flash", "--model", "qwen3-8b", "--region", "us-west-2"];
    sandbox.run(&[&run[..], &["--run-id", "night"]].concat()).measures();
    let samples = rows(&sandbox.read("reports/night/samples.csv"));
    let per_mtok = |text: &str| text.parse::<UsdPerMtok>().unwrap();
    let step = |column| tokens(&samples, "step-3.5-flash", column);
    let expected = |output: &str| {
        let cost: Usd = per_mtok("0.13").of(step("input_tokens")) + per_mtok(output).of(step("output_tokens"));
        cost.to_string()
    };

    let compared = ["registry", "diff", "built-in", "after.toml", "--run", "reports/night", "--on", "2026-11-23"];
    let csv = sandbox.run(&[&compared[..], &["--format", "csv"]].concat()).exits_with(0).stdout;
    let found = rows(&csv);
    let moved: Vec<_> = found.iter().filter(|row| row["change"] == "moved").collect();
    assert_eq!(moved.len(), 1, "{csv}");
    let told = ["model", "figure", "before_usd", "after_usd", "change_usd", "change_ratio"].map(|key| &moved[0][key]);
    assert_eq!(told, ["step-3.5-flash", "output_usd_per_mtok", "0.15", "0.21", "0.06", "0.4"]);
    let bills: Vec<_> = found.iter().filter(|row| row["kind"] == "bill").collect();
    assert_eq!(bills.len(), 1, "the other model is not in both\n{csv}");
    assert_eq!((&bills[0]["before_usd"], &bills[0]["after_usd"]), (&expected("0.15"), &expected("0.21")));

    let text = sandbox.run(&compared).exits_with(0).stdout;
    for words in
        ["1 of 1 prices moved, 0 added, 9 removed", "+40.0 %", "qwen3-8b at global-apis, which are not in both"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let json = sandbox.run(&[&compared[..], &["--format", "json"]].concat()).exits_with(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["bill"]["total"]["after"]["known_usd"], expected("0.21"));
}

#[test]
fn a_price_list_against_itself_has_not_moved() {
    let ran = Sandbox::new().run(&["registry", "diff", "built-in", "built-in", "--on", "2026-11-23"]).exits_with(0);
    ran.prints("0 of 10 prices moved, 0 added, 0 removed");
}

#[test]
fn a_day_that_is_none_a_file_with_mistakes_and_a_folder_that_is_no_run_are_bad_input() {
    let sandbox = Sandbox::new();
    sandbox.write("after.toml", &AFTER.replace("\"0.21\"", "\"-0.21\""));
    sandbox.run(&["registry", "diff", "built-in", "built-in", "--on", "2026-02-30"]).exits_with(2).says("--on");
    sandbox
        .run(&["registry", "diff", "built-in", "after.toml"])
        .exits_with(2)
        .says("after.toml:16:10")
        .says("negative");
    sandbox.run(&["registry", "diff", "built-in", "built-in", "--run", "nowhere"]).exits_with(2).says("nowhere");
}
