//! Every command of the README does what it says, in the order in which it stands there.

use std::fs;
use std::path::Path;

use crate::sandbox::Sandbox;

/// The blocks of the README that are marked with `language`.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    readme.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The words of a command without its comment.
fn words(line: &str) -> Vec<String> {
    line.split(" #").next().unwrap().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_commands_of_the_readme_run_one_after_the_other() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let sandbox = Sandbox::new();
    let server = sandbox.simulate(&[]);
    let suites = blocks(&readme, "toml");
    assert_eq!(suites.len(), 3, "the README shows one suite, another load for it, and a policy");
    // Nothing may leave this machine, so that the simulator stands in for the providers.
    assert!(suites[0].contains("live = true"));
    sandbox.write("nightly.toml", &suites[0].replace("live = true", "live = false")).write("gate.toml", &suites[2]);

    let (before, after) = suites[0].split_once("[load]").expect("the suite has a load");
    let after = after.split_once("\n[").expect("the suite goes on after its load").1;
    sandbox.write("open.toml", &format!("{before}{}[{after}", suites[1]).replace("live = true", "live = false"));
    let planned = sandbox.run(&["run", "open.toml", "--dry-run"]).exits_with(0);
    assert!(planned.stdout.contains("50..500"), "{planned}");

    let mut commands = 0;
    let mut shown = blocks(&readme, "sh");
    // The steps of the workflow, as its runner would do them.
    shown.extend(blocks(&readme, "yaml").into_iter().map(|block| block.replace("      - run: ", "")));
    for line in shown.iter().flat_map(|block| block.lines()).filter(|line| line.starts_with("tollmark ")) {
        let mut arguments: Vec<String> = words(line).split_off(1);
        for argument in &mut arguments {
            *argument = argument.replace("http://127.0.0.1:8000/v1", &server.base_url);
        }
        if arguments[0] == "run" && !line.contains("--requests-per-cell") {
            // A forecast takes twelve rounds to say that a table is surely worse.
            let few = if line.contains("llm/") { ["60", "12"] } else { ["20", "2"] };
            arguments.extend(["--requests-per-cell", few[0], "--rounds", few[1]].map(str::to_owned));
        }
        if line.starts_with("tollmark gate --routes") {
            sandbox.judge("reports/latest", &[]);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let told = sandbox.run(&arguments).exits_with(3);
            let head = told.stdout.split(" (+").next().unwrap();
            assert!(head.starts_with("REGRESSED: route autocomplete (50.0 % of traffic): "), "{told}");
            let cause = "llm/routes.candidate.toml line 29, `step-3.5-flash` → `deepseek-v4-flash`.";
            assert!(told.stdout.lines().next().unwrap().ends_with(cause), "{told}");
            let changed = blocks(&readme, "diff").concat();
            let lines = ["routes.toml", "routes.candidate.toml"].map(|name| sandbox.read(&format!("llm/{name}")));
            let differing = lines[0].lines().zip(lines[1].lines()).filter(|(was, is)| was != is);
            assert_eq!(differing.map(|(was, is)| format!("-{was}\n+{is}\n")).collect::<String>(), changed);
            commands += 1;
            continue;
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        // A debug build beside other tests may be too slow to be believed, which is what 5 says; and so few requests may tell
        // nothing, which is what 4 says where there is a policy.
        let ran = sandbox.run(&arguments);
        let may_not_tell = ran.code == 4 && line.contains("--policy");
        assert!([0, 5].contains(&ran.code) || may_not_tell, "{ran}");
        commands += 1;
    }
    assert!(commands >= 11, "the README shows {commands} commands");
}

#[test]
fn the_readme_points_only_at_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["README.md", "reports/README.md", "workloads/README.md", "deploy/README.md"] {
        let text = fs::read_to_string(root.join(name)).unwrap();
        let folder = root.join(name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            assert!(link.starts_with("https://") || folder.join(link).exists(), "{name}: `{link}` is not there");
        }
    }
}
