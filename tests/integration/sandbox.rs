//! A folder of its own, the real program in it, and everything printed when an expectation fails.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A temporary folder that the program runs in.
pub struct Sandbox {
    folder: TempDir,
}

/// What the program did.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
    command: String,
    listing: String,
}

/// A simulated provider in a process of its own, ended when dropped.
pub struct Simulated {
    child: Child,
    /// The URL to call, up to and including `/v1`.
    pub base_url: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: TempDir::with_prefix("tollmark-test-").unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}\n{}", self.listing()))
    }

    /// The program with `arguments`, without keys, colours or a terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollmark"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.finish(&mut self.command(arguments), arguments)
    }

    pub fn finish(&self, command: &mut Command, arguments: &[&str]) -> Ran {
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            command: format!("tollmark {}", arguments.join(" ")),
            listing: self.listing(),
        }
    }

    /// `tollmark simulate` on a free port, with further `arguments`.
    pub fn simulate(&self, arguments: &[&str]) -> Simulated {
        let mut command = self.command(&["simulate", "--listen", "127.0.0.1:0"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        Simulated { child, base_url: first.trim().to_owned() }
    }

    fn listing(&self) -> String {
        let mut names = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut names);
        names.sort();
        names.join("\n")
    }
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
    pub fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Checks that stderr holds `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr lacks: {text}\n{self}");
        self
    }

    /// Checks that stdout holds `text`.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
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
    pub fn interrupt(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The rows of a CSV text by column name.
pub fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
}
