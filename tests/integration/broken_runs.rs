//! Run directories that are partial, old, cut off, broken or none at all.

use std::fs;

use crate::sandbox::{Ran, Sandbox};

/// A small run, and the same without its requests.
fn measured() -> Sandbox {
    let sandbox = Sandbox::new();
    let arguments = ["--model", "qwen3-8b", "--region", "us-*", "--requests-per-cell", "20", "--rounds", "2"];
    sandbox.run(&[&["run", "--run-id", "one"], &arguments[..]].concat()).measures();
    sandbox.run(&["slim", "reports/one", "--out", "reports/slim"]).exits_with(0);
    sandbox
}

/// Renders `run` after its `file` has become what `change` makes of it.
fn broken(run: &str, file: &str, change: impl FnOnce(&mut Vec<u8>)) -> (Sandbox, Ran) {
    let sandbox = measured();
    let path = sandbox.path(&format!("reports/{run}/{file}"));
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    let ran = sandbox.run(&["report", &format!("reports/{run}")]);
    (sandbox, ran)
}

/// Without its last 40 bytes, which is in the middle of its last row.
fn cut(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len() - 40);
}

#[test]
fn a_file_cut_off_in_a_row_is_named_with_its_line_and_the_rest_is_reported() {
    for (run, file, says) in [
        ("one", "cells.csv", "reports/one/cells.csv:3: the row has "),
        ("slim", "cells.csv", "reports/slim/cells.csv:3: the row has "),
        ("one", "samples.csv", "reports/one/samples.csv:57: the last row is cut off and left out"),
        ("one", "latency.hlog", ": the log cannot be read from here on"),
    ] {
        let (sandbox, ran) = broken(run, file, cut);
        let ran = ran.exits_with(0).says(says).prints("qwen3-8b");
        let page = sandbox.read(&format!("reports/{run}/report.html"));
        assert!(page.contains("<h2 id=\"warnings\">Warnings</h2>"), "the page tells of it too\n{ran}");
    }
}

#[test]
fn a_broken_row_among_the_requests_takes_only_what_is_made_of_them() {
    let (sandbox, ran) = broken("one", "samples.csv", |bytes| {
        let text = String::from_utf8(std::mem::take(bytes)).unwrap();
        let lines = text.lines().enumerate().map(|(index, line)| if index == 9 { "garbage" } else { line });
        *bytes = (lines.collect::<Vec<_>>().join("\n") + "\n").into_bytes();
    });
    let ran = ran.exits_with(0).says("samples.csv:10: the row has 1 columns").says("the bill is left out");
    let page = sandbox.read("reports/one/report.html");
    assert!(page.contains("Ranking by p99") && !page.contains("Latency and failures over the run"), "{ran}");
    // Where the rows must be made of it, there is no going on.
    fs::remove_file(sandbox.path("reports/one/cells.csv")).unwrap();
    sandbox.run(&["report", "reports/one"]).exits_with(2).says("samples.csv:10: the row has 1 columns, must have ");
}

#[test]
fn an_older_format_is_read_and_a_newer_one_refused() {
    let with_version = |version: &str| {
        broken("one", "manifest.json", |bytes| {
            let text = String::from_utf8(std::mem::take(bytes)).unwrap();
            *bytes = text.replace("\"format_version\": 1", &format!("\"format_version\": {version}")).into_bytes();
        })
        .1
    };
    with_version("0").exits_with(0).says("manifest.json: format version 0 is older than this tollmark's 1");
    with_version("2").exits_with(2).says("has format version 2, this tollmark reads up to 1: use a newer one");
}

#[test]
fn what_no_report_can_be_made_of_is_said_to_be_that() {
    let (sandbox, ran) = broken("one", "manifest.json", |bytes| bytes.truncate(300));
    ran.exits_with(2).says("manifest.json` is not a manifest of tollmark").says("EOF while parsing");
    for file in ["cells.csv", "samples.csv"] {
        fs::remove_file(sandbox.path(&format!("reports/slim/{file}"))).ok();
    }
    sandbox
        .run(&["report", "reports/slim"])
        .exits_with(2)
        .says("holds neither `cells.csv` nor `samples.csv`, so there is nothing to report");
    sandbox.run(&["report", "nowhere"]).exits_with(2).says("is not a run directory, it must hold a `manifest.json`");
}

#[test]
fn rows_that_were_emptied_are_made_again() {
    let (_, ran) = broken("one", "cells.csv", Vec::clear);
    ran.exits_with(0).says("cells.csv:1: the file ends before all of its 2 cells").prints("qwen3-8b");
}
