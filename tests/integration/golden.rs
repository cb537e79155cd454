//! Reports of three small runs, held byte for byte against what they were.
//!
//! Where a change is meant, `TOLLMARK_GOLDEN=write cargo test golden` writes them anew; the difference is to be looked at.

use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;

/// Renders the run `name` of the fixtures and compares everything but the data it is made of, and the page, which holds the
/// same charts in a style that may change.
fn assert_golden(name: &str) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/runs");
    let (run, golden) = (fixtures.join(name), fixtures.join(format!("{name}-reports")));
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path(name)).unwrap();
    let mut given = Vec::new();
    for entry in fs::read_dir(&run).unwrap() {
        let entry = entry.unwrap();
        given.push(entry.file_name());
        fs::copy(entry.path(), sandbox.path(name).join(entry.file_name())).unwrap();
    }
    sandbox.run(&["report", name]).exits_with(0);
    let mut made: Vec<_> = fs::read_dir(sandbox.path(name)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    made.retain(|file| !given.contains(file) && file != "report.html");
    made.sort();
    if std::env::var("TOLLMARK_GOLDEN").is_ok_and(|word| word == "write") {
        fs::remove_dir_all(&golden).ok();
        fs::create_dir(&golden).unwrap();
        for file in &made {
            fs::copy(sandbox.path(name).join(file), golden.join(file)).unwrap();
        }
    }
    let mut known: Vec<_> = fs::read_dir(&golden).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    known.sort();
    assert_eq!(made, known, "the files of {name}");
    for file in made {
        let [is, was] =
            [sandbox.path(name), golden.clone()].map(|folder| fs::read_to_string(folder.join(&file)).unwrap());
        let differing = is.lines().zip(was.lines()).position(|(is, was)| is != was);
        let at = differing.map_or_else(String::new, |line| {
            format!(" at line {}:\n  {}\n  {}", line + 1, is.lines().nth(line).unwrap(), was.lines().nth(line).unwrap())
        });
        assert!(is == was, "{} differs{at}", Path::new(&file).display());
    }
}

#[test]
fn a_run_that_supports_p99_is_reported_as_it_was() {
    assert_golden("night");
}

#[test]
fn a_run_of_two_variants_is_reported_as_it_was() {
    assert_golden("variants");
}

#[test]
fn a_short_run_with_its_requests_is_reported_as_it_was() {
    assert_golden("short");
}
