//! A run rendered again from its directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::sandbox::Sandbox;

fn measured() -> Sandbox {
    let sandbox = Sandbox::new();
    let arguments = ["--model", "qwen*8b", "--region", "us-*", "--requests-per-cell", "20", "--rounds", "2"];
    sandbox.run(&[&["run", "--run-id", "one"], &arguments[..]].concat()).measures();
    sandbox
}

fn contents(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(sandbox.path("reports/one")).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn assert_same(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) {
    assert!(before.keys().eq(after.keys()), "{:?} became {:?}", before.keys(), after.keys());
    for (name, bytes) in before {
        assert!(*bytes == after[name], "{name} differs");
    }
}

#[test]
fn a_run_rendered_again_is_the_same_byte_for_byte() {
    let sandbox = measured();
    let before = contents(&sandbox);
    let first = sandbox.run(&["report", "reports/one"]).exits_with(0);
    assert_same(&before, &contents(&sandbox));
    let through_the_link = sandbox.run(&["report", "reports/latest"]).exits_with(0);
    assert_same(&before, &contents(&sandbox));
    assert_eq!(first.stdout, through_the_link.stdout);
}

#[test]
fn the_page_with_all_its_charts_has_no_id_twice() {
    let sandbox = measured();
    let page = sandbox.read("reports/one/report.html");
    let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let different: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), different.len(), "{ids:?}");
    for chart in ["cl-title", "rk-title", "pc-title", "tl-title"] {
        assert!(different.contains(chart), "{chart} in {ids:?}");
    }
}

#[test]
fn a_format_writes_its_files_alone_and_prints_their_paths() {
    let sandbox = measured();
    for (name, files) in [
        ("csv", "bill.csv cells.csv percentiles.hgrm"),
        ("json", "summary.json"),
        ("markdown", "summary.md"),
        ("html", "report.html"),
        ("svg", "cost-latency.svg percentiles.svg ranking.svg"),
        ("png", "cost-latency.png percentiles.png ranking.png"),
        ("prom", "metrics.prom"),
        ("json,prom", "metrics.prom summary.json"),
    ] {
        let before = contents(&sandbox);
        let paths: Vec<String> = files.split(' ').map(|file| format!("reports/one/{file}")).collect();
        let gone = paths.iter().filter(|path| !path.ends_with("cells.csv") && !path.ends_with(".png"));
        gone.for_each(|path| fs::remove_file(sandbox.path(path)).unwrap());
        let ran = sandbox.run(&["report", "reports/one", "--format", name]).exits_with(0);
        assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), paths);
        let mut after = contents(&sandbox);
        if name == "png" {
            assert!(after["ranking.png"].starts_with(b"\x89PNG\r\n"));
            after.retain(|file, _| !file.ends_with(".png"));
        }
        assert_same(&before, &after.into_iter().filter(|(file, _)| before.contains_key(file)).collect());
    }
    sandbox
        .run(&["report", "reports/one", "--format", "pdf"])
        .exits_with(2)
        .says("possible values: csv, json, markdown");
}

#[test]
fn a_sweep_has_a_chart_and_a_table_of_its_loads_that_come_back_as_they_were() {
    let sandbox = Sandbox::new();
    let one = ["run", "--run-id", "one", "--model", "step-3.5-flash", "--region", "us-west-2"];
    let load = ["--workload", "autocomplete", "--requests-per-cell", "20", "--rounds", "2", "--rate", "40,80,160"];
    let ran = sandbox.run(&[&one[..], &load].concat()).measures().prints("goodput/s");
    let before = contents(&sandbox);
    let text = |name: &str| String::from_utf8(before[name].clone()).unwrap();
    assert!(text("load.svg").contains("Requests a second asked for"), "{ran}");
    assert!(text("report.html").contains("ld-title") && text("report.html").contains("id=\"sweeps\""));
    let rows = |text: &str| text.lines().filter(|line| line.contains("constant, 80/s")).count();
    // Once among the cells, once among the loads.
    assert_eq!(rows(&text("summary.md")), 2, "{}", text("summary.md"));
    fs::remove_file(sandbox.path("reports/one/load.svg")).unwrap();
    let again = sandbox.run(&["report", "reports/one"]).exits_with(0);
    assert_same(&before, &contents(&sandbox));
    assert_eq!(again.stdout, ran.stdout);
}

#[test]
fn reports_that_were_deleted_come_back_as_they_were() {
    let sandbox = measured();
    let before = contents(&sandbox);
    for name in ["report.html", "summary.md", "summary.json", "cost-latency.svg"] {
        fs::remove_file(sandbox.path("reports/one").join(name)).unwrap();
    }
    sandbox.run(&["report", "reports/one"]).exits_with(0);
    assert_same(&before, &contents(&sandbox));
}

#[test]
fn lost_rows_of_cells_are_made_again_from_the_samples_with_a_warning() {
    let sandbox = measured();
    let before = contents(&sandbox);
    fs::remove_file(sandbox.path("reports/one/cells.csv")).unwrap();
    sandbox.run(&["report", "reports/one"]).exits_with(0).says("warning: reports/one: `cells.csv` is missing");
    let restored = contents(&sandbox);
    assert!(before["cells.csv"] == restored["cells.csv"], "{}", sandbox.read("reports/one/cells.csv"));
    sandbox.run(&["report", "reports/one"]).exits_with(0);
    assert_same(&before, &contents(&sandbox));
}

#[test]
fn a_table_of_all_cells_is_longer_than_the_one_that_matters_most() {
    let sandbox = measured();
    let all = sandbox.run(&["report", "reports/one", "--all"]).exits_with(0);
    let rows = all.stdout.lines().filter(|line| line.contains("qwen")).count();
    assert_eq!(rows, 2, "{all}");
}

#[test]
fn runs_of_the_same_second_have_a_directory_each() {
    let sandbox = Sandbox::new();
    let small = ["run", "--model", "qwen3-8b", "--region", "us-west-2", "--requests-per-cell", "4", "--rounds", "1"];
    let started: Vec<_> = (0..4).map(|_| sandbox.start(&small)).collect();
    for run in started {
        sandbox.wait(run).measures();
    }
    let runs = fs::read_dir(sandbox.path("reports")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(runs.filter(|name| name != "latest").count(), 4);
}

#[test]
fn a_chart_shows_the_price_the_latency_and_the_colours_that_are_asked_for() {
    let sandbox = measured();
    let plain = sandbox.read("reports/one/cost-latency.svg");
    let with = |flags: &[&str]| {
        sandbox.run(&[&["report", "reports/one"], flags].concat()).exits_with(0);
        sandbox.read("reports/one/cost-latency.svg")
    };
    assert!(plain.contains("List price, $ per million output tokens"));
    let effective = with(&["--x", "effective"]);
    assert!(effective.contains("Effective price, $ per million output tokens"));
    assert!(!effective.contains("List price, $ per million"));
    assert!(sandbox.read("reports/one/report.html").contains("Effective price, $ per million output tokens"));
    assert_ne!(with(&["--metric", "ttft"]), plain);
    let (light, dark) = (with(&["--theme", "light"]), with(&["--theme", "dark"]));
    assert!(plain.contains("prefers-color-scheme"));
    assert!(!light.contains("prefers-color-scheme") && !dark.contains("prefers-color-scheme"));
    assert_ne!(light, dark);
    assert_eq!(with(&[]), plain);
}
