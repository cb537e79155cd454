//! A folder of its own, the real program in it, and everything printed when an expectation fails.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A temporary folder that the program runs in.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What the program did.
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Data.
    pub(crate) stdout: String,
    /// Everything else.
    pub(crate) stderr: String,
    command: String,
    listing: String,
}

/// The program under way.
pub(crate) struct Started {
    /// Its process.
    pub(crate) child: Child,
    command: String,
}

/// A simulated provider in a process of its own, ended when dropped.
pub(crate) struct Simulated {
    child: Child,
    /// The URL to call, up to and including `/v1`.
    pub(crate) base_url: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::with_prefix("tollmark-test-").unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}\n{}", self.listing()))
    }

    /// The program with `arguments`, without keys, colours or a terminal.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollmark"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.finish(&mut self.command(arguments))
    }

    /// Waits for `command`, with which something special was done, and keeps what it printed.
    pub(crate) fn finish(&self, command: &mut Command) -> Ran {
        self.ended(&words(command), command.output().unwrap())
    }

    /// Starts the program without waiting for it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Started {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Started { child, command: words(&command) }
    }

    /// Waits for what [`Sandbox::start`] started.
    pub(crate) fn wait(&self, started: Started) -> Ran {
        self.ended(&started.command, started.child.wait_with_output().unwrap())
    }

    fn ended(&self, command: &str, output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            command: command.to_owned(),
            listing: self.listing(),
        }
    }

    /// The only run directory in `reports`, whose name holds the time and so is not known beforehand.
    pub(crate) fn only_run(&self) -> String {
        let names = fs::read_dir(self.path("reports")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut runs: Vec<String> = names.map(|name| name.into_string().unwrap()).filter(|it| it != "latest").collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        format!("reports/{}", runs.remove(0))
    }

    /// `tollmark simulate` on a free port, with further `arguments`.
    pub(crate) fn simulate(&self, arguments: &[&str]) -> Simulated {
        let mut command = self.command(&["simulate", "--listen", "127.0.0.1:0"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        if first.is_empty() {
            panic!(
                "the simulator did not start: {}",
                String::from_utf8_lossy(&child.wait_with_output().unwrap().stderr)
            );
        }
        Simulated { child, base_url: first.trim().to_owned() }
    }

    /// Gives every cell of `run` the judgement of `reasons`, valid without one, and has all made again from that.
    ///
    /// So a test does not depend on whether this machine kept up.
    pub(crate) fn judge(&self, run: &str, reasons: &[String]) -> Ran {
        let manifest = format!("{run}/manifest.json");
        let mut told: serde_json::Value = serde_json::from_str(&self.read(&manifest)).unwrap();
        for judged in told["validity"].as_array_mut().unwrap() {
            judged["valid"] = reasons.is_empty().into();
            judged["reasons"] = reasons.into();
        }
        self.write(&manifest, &told.to_string());
        fs::remove_file(self.path(run).join("cells.csv")).unwrap();
        self.run(&["report", run]).exits_with(0)
    }

    fn listing(&self) -> String {
        let mut names = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut names);
        names.sort();
        names.join("\n")
    }
}

fn words(command: &Command) -> String {
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    format!("tollmark {}", arguments.join(" "))
}

fn list(root: &Path, folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            list(root, &path, names);
        } else {
            let length = entry.metadata().map_or(0, |file| file.len());
            names.push(format!("{} ({length} bytes)", path.strip_prefix(root).unwrap().display()));
        }
    }
}

impl Ran {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Checks that the run was carried out: everything is valid but for what a busy machine makes late.
    ///
    /// On such a machine the program rightly says that it could not keep up, and no test shall depend on that.
    #[track_caller]
    pub(crate) fn measures(self) -> Self {
        let mut invalid = self.stderr.lines().filter(|line| line.starts_with("invalid: "));
        let of_the_client = [": the client's event loop was ", ": the client stamped ", ": the client sent requests "];
        // Beyond the first few the rest is counted, not told.
        let is_rest = |line: &str| line.ends_with(" more, listed in the report");
        let only_late = invalid.all(|line| is_rest(line) || of_the_client.iter().any(|words| line.contains(words)));
        assert!(self.code == 0 || (self.code == 5 && only_late), "{self}");
        self
    }

    /// Checks that stderr holds `text`.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr lacks: {text}\n{self}");
        self
    }

    /// Checks that stdout holds `text`.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "stdout lacks: {text}\n{self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, command, listing } = self;
        write!(f, "$ {command}\nexit code {code}\n-- stdout\n{stdout}\n-- stderr\n{stderr}\n-- files\n{listing}")
    }
}

impl Simulated {
    /// Ends it as a user would, so that its truth file is complete.
    pub(crate) fn interrupt(mut self) {
        interrupt(&self.child);
        assert!(self.child.wait().unwrap().success());
    }
}

/// Presses Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A row of a CSV file by column name.
pub(crate) type Row = BTreeMap<String, String>;

/// The rows of a CSV text.
pub(crate) fn rows(text: &str) -> Vec<Row> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
}
