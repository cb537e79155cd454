use crate::conf::Faults;
use crate::gate::Policy;
use crate::plan::Suite;
use crate::registry::Registry;
use crate::starter::{StarterError, folder, write_folder};
use crate::workload::{BadLines, Workload};

fn contents(path: &str) -> String {
    let file = folder().into_iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path}"));
    String::from_utf8(file.bytes.into_owned()).unwrap()
}

fn read<T>(path: &str, parsed: impl FnOnce(&str, &str) -> Result<T, Faults>) -> T {
    parsed(path, &contents(path)).unwrap_or_else(|faults| panic!("{}", faults.drawn(false, 120)))
}

#[test]
fn a_candidate_is_its_baseline_but_for_one_line() {
    let differing = |a: &str, b: &str| -> Vec<(String, String)> {
        let (a, b) = (contents(a), contents(b));
        assert_eq!(a.lines().count(), b.lines().count());
        let both = a.lines().zip(b.lines()).filter(|(a, b)| a != b);
        both.map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    };
    let [(was, is)] = &differing("routes.toml", "routes.candidate.toml")[..] else { panic!("one line") };
    assert!(was.contains("step-3.5-flash") && is.contains("deepseek-v4-flash"), "{was} {is}");
    let [(title, _)] = &differing("registry.toml", "registry.candidate.toml")[..] else { panic!("the title") };
    assert!(title.starts_with("# "), "{title}");
    for name in ["registry.toml", "routes.toml"] {
        assert!(!contents(name).contains("no other is given"), "{name}");
    }
}

#[test]
fn suites_name_files_of_the_folder_alone() {
    let paths: Vec<String> = folder().into_iter().map(|file| file.path).collect();
    for name in ["nightly.toml", "ab.toml", "ab-routes.toml"] {
        let suite = read(name, Suite::parse);
        let workloads = suite.measures.iter().flat_map(|measure| measure.workloads.iter().flatten());
        let variants = suite.variants.iter().flat_map(|variant| variant.registry.iter().chain(&variant.routes));
        let named = workloads.chain(variants).chain(&suite.gate.policy).chain(&suite.registry);
        let named: Vec<String> = named.map(|path| path.to_str().unwrap().to_owned()).collect();
        assert!(named.len() >= 3 && named.iter().all(|name| paths.contains(name)), "{name}: {named:?}");
    }
    for path in paths.iter().filter(|path| path.ends_with(".jsonl")) {
        Workload::parse("a", path, contents(path).as_bytes(), BadLines::Stop).unwrap();
    }
    read("registry.toml", Registry::parse);
    read("gate.toml", Policy::parse);
}

#[test]
fn nothing_is_written_where_a_file_is_there_already() {
    let temporary = tempfile::tempdir().unwrap();
    let inside = temporary.path().join("new/deeper");
    let written = write_folder(&inside).unwrap();
    for file in &written {
        assert_eq!(std::fs::read(inside.join(&file.path)).unwrap(), *file.bytes, "{}", file.path);
    }
    for file in written.iter().filter(|file| file.path != "gate.toml" && file.path != "ab.toml") {
        std::fs::remove_file(inside.join(&file.path)).unwrap();
    }
    std::fs::write(inside.join("gate.toml"), "mine").unwrap();
    let error = write_folder(&inside).unwrap_err();
    assert!(matches!(&error, StarterError::Exists(paths) if paths.len() == 2), "{error}");
    assert!(error.to_string().contains("gate.toml` and `") && error.to_string().contains("ab.toml` exist already"));
    assert_eq!(std::fs::read(inside.join("gate.toml")).unwrap(), b"mine");
    assert!(!inside.join("nightly.toml").exists());
}
