//! What a run cost: rows, cells and bill agree to the last digit.

use std::collections::BTreeMap;

use tollmark::units::Usd;

use crate::replayed::{LAW, TABLE, replay};
use crate::sandbox::{Row, Sandbox, rows};

fn sum<'a>(rows: impl Iterator<Item = &'a Row>, column: &str) -> Usd {
    rows.map(|row| row[column].parse::<Usd>().unwrap_or(Usd::ZERO)).sum()
}

#[test]
fn requests_cells_and_bill_have_the_same_sums_to_the_last_digit() {
    let sandbox = Sandbox::new();
    let few = ["--requests-per-cell", "20", "--rounds", "2", "--warmup", "3", "--region", "us-*"];
    sandbox.run(&[&["run", "--run-id", "one", "--workload", "autocomplete"], &few[..]].concat()).measures();
    let samples = rows(&sandbox.read("reports/one/samples.csv"));
    let cells = rows(&sandbox.read("reports/one/cells.csv"));
    let bill = rows(&sandbox.read("reports/one/bill.csv"));
    let measured = || samples.iter().filter(|row| row["phase"] == "measured");

    let mut by_cell: BTreeMap<&str, Usd> = BTreeMap::new();
    for row in measured() {
        *by_cell.entry(&row["cell"]).or_default() += row["cost_usd"].parse().unwrap_or(Usd::ZERO);
    }
    for cell in &cells {
        assert_eq!(by_cell[cell["cell"].as_str()].to_string(), cell["cost_usd"], "{}", cell["cell"]);
    }
    let all = sum(measured(), "cost_usd");
    for kind in ["model", "region", "workload", "class"] {
        assert_eq!(sum(bill.iter().filter(|row| row["kind"] == kind), "cost_usd"), all, "{kind}");
    }
    let of = |kind: &str| sum(bill.iter().filter(|row| row["kind"] == kind), "cost_usd");
    assert_eq!(of("total"), sum(samples.iter(), "cost_usd"));
    assert_eq!(of("warmup") + all, of("total"));

    // Every model's traffic at every other model's prices: ten of them, on one workload.
    let moves: Vec<&Row> = bill.iter().filter(|row| row["kind"] == "move").collect();
    assert_eq!(moves.len(), 10 * 9);
    let there = |from: &str, to: &str| moves.iter().find(|row| row["name"] == from && row["to"] == to).unwrap();
    let one = there("step-3.5-flash", "deepseek-v4-flash");
    let tokens = |column: &str| one[column].parse::<i128>().unwrap();
    // $0.18 and $0.25 a million, in picodollars a token.
    let expected = Usd::from_picos(tokens("input_tokens") * 180_000 + tokens("output_tokens") * 250_000);
    assert_eq!(one["cost_there_usd"], expected.to_string());

    for (file, words) in [
        ("summary.md", "**Cost:** "),
        ("summary.md", "The same tokens elsewhere"),
        ("report.html", "<h2 id=\"cost\">Cost</h2>"),
        ("summary.json", "\"dearest\""),
    ] {
        assert!(sandbox.read(&format!("reports/one/{file}")).contains(words), "{file}: {words}");
    }
}

#[test]
fn a_routed_run_is_billed_a_request_at_a_time_with_its_persons_and_its_classifier() {
    for table in [TABLE.to_owned(), TABLE.replace("human_cost_usd = \"2.50\"\n", "")] {
        let replayed = replay(LAW, &table, &["--workload", "classify", "--requests-per-cell", "60", "--warmup", "4"]);
        let handed = replayed.samples.iter().filter(|row| row["outcome"] == "handed_off").count();
        assert!(handed > 0);
        let bill = rows(&replayed.sandbox.read("reports/r/bill.csv"));
        let of = |kind: &str| bill.iter().find(|row| row["kind"] == kind).unwrap();
        let all = sum(replayed.samples.iter(), "cost_usd");
        assert_eq!(all.to_string(), replayed.cells[0]["cost_usd"]);
        for kind in ["model", "workload"] {
            let row = of(kind);
            assert_eq!(
                (row["cost_usd"].as_str(), row["requests"].as_str()),
                (all.to_string().as_str(), "60"),
                "{kind}"
            );
            assert_eq!(row["requests_without_usage"], "0", "{kind}");
            let each = row["cost_per_1k_requests_usd"].parse::<f64>().unwrap();
            assert!((each - all.as_f64() / 0.06).abs() < 1e-11, "{each}");
        }
        assert_eq!(of("total")["requests"], "64");
        let summary = replayed.sandbox.read("reports/r/summary.md");
        let person = "what a person costs is unknown";
        assert_eq!(summary.contains(person), !table.contains("human_cost_usd"), "{summary}");
    }
}
