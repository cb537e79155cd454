//! Imports point down: a module uses only modules of layers below its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Lowest first; modules in one row do not import each other.
const LAYERS: &[&[&str]] = &[
    &["digest", "fsio", "rng", "serve", "units"],
    &["conf", "stats"],
    &["sample", "workload"],
    &["wire"],
    &["registry"],
    &["cost", "routes"],
    &["plan"],
    &["router"],
    &["load", "tally", "sim"],
    &["rundir"],
    &["history"],
    &["gate"],
    &["forecast"],
    &["report", "starter"],
    &["run"],
    &["bench"],
    &["cli"],
];

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The top-level module that `path`, relative to `src`, belongs to.
fn module_of(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The text without line comments, so that a module named in prose is no import.
fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Every module named after `crate::`, with the line it stands on; also in paths that are no `use`.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in code_of(text).lines().enumerate() {
        for rest in line.split("crate::").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((index + 1, name));
        }
    }
    found
}

#[test]
fn a_module_imports_only_from_layers_below_its_own() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for file in &files {
        let relative = file.strip_prefix(&source).unwrap();
        let module = module_of(relative);
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        seen.insert(module.clone());
        let Some(layer) = layer_of(&module) else {
            faults.push(format!("src/{}: module `{module}` is in no layer", relative.display()));
            continue;
        };
        for (line, target) in imports(&fs::read_to_string(file).unwrap()) {
            let place = format!("src/{}:{line}", relative.display());
            match layer_of(&target) {
                _ if target == module => {}
                None => faults.push(format!("{place}: `crate::{target}` is no module: write the whole path")),
                Some(below) if below < layer => {}
                Some(_) => faults.push(format!("{place}: `{module}` imports `{target}`, which is not below it")),
            }
        }
    }
    for module in LAYERS.iter().flat_map(|layer| layer.iter()) {
        if !seen.contains(*module) {
            faults.push(format!("layer table: there is no module `{module}`"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_file_stays_short_enough_to_be_read_at_a_sitting() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let long: Vec<String> = files
        .iter()
        .map(|file| (file, fs::read_to_string(file).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > 400)
        .map(|(file, lines)| format!("{}: {lines} lines", file.strip_prefix(&source).unwrap().display()))
        .collect();
    assert!(long.is_empty(), "over 400 lines, to be split along their ideas:\n{}", long.join("\n"));
}
