//! What the shipped policy makes of a shipped A/B suite when nothing changed, over the wire: `cargo bench --bench shipped --
//! SEEDS [SUITE]` runs the program once for each seed from 1 on, against the simulated provider, and prints the table that
//! `benches/README.md` holds. SUITE is `ab`, of two registries, or `ab-routes`, of two routing tables.

use std::env;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tollmark::starter::{AB, AB_ROUTES, StarterFile};

/// Seeds where the command names no number.
const SEEDS: u64 = 50;

/// What became of the runs.
#[derive(Default)]
struct Seen {
    passed: u64,
    regressed: u64,
    inconclusive: u64,
    invalid: u64,
}

fn main() {
    // Cargo adds `--bench`.
    let seeds = env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(SEEDS);
    let folder = env::temp_dir().join(format!("tollmark-shipped-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let suite = if env::args().any(|word| word == "ab-routes") { AB_ROUTES } else { AB };
    tollmark(&folder).args(["init", "."]).stdout(Stdio::null()).status().expect("the program starts");
    // Nothing changes.
    for name in ["registry", "routes"] {
        let [from, to] = ["", ".candidate"].map(|kind| folder.join(format!("{name}{kind}.toml")));
        fs::copy(from, to).expect("the folder can be written");
    }
    let mut seen = Seen::default();
    for seed in 1..=seeds {
        let code = verdict(&folder, suite, seed);
        match code {
            0 => seen.passed += 1,
            3 => seen.regressed += 1,
            4 => seen.inconclusive += 1,
            5 => seen.invalid += 1,
            other => panic!("a run of the shipped suite ended with {other}"),
        }
        eprintln!("seed {seed}: exit code {code}");
        let _ = std::io::stderr().flush();
    }
    fs::remove_dir_all(&folder).expect("the folder is ours");
    println!("| seeds | passed | inconclusive | regressed | the client was too slow |\n|--:|--:|--:|--:|--:|");
    println!("| {seeds} | {} | {} | {} | {} |", seen.passed, seen.inconclusive, seen.regressed, seen.invalid);
}

/// The exit code of a run of the suite with `seed`, whose directory is not kept.
fn verdict(folder: &Path, suite: StarterFile, seed: u64) -> i32 {
    let mut command = tollmark(folder);
    command.args(["run", suite.name, "--ui", "none", "--run-id", "ab", "--seed", &seed.to_string()]);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program starts");
    fs::remove_dir_all(folder.join("reports")).expect("a run leaves its directory");
    status.code().unwrap_or(-1)
}

fn tollmark(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollmark"));
    command.current_dir(folder);
    command
}
