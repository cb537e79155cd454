//! Reading a workload: bytes in, every good request or every bad line out.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::sha256;
use crate::workload::built_in;
use crate::workload::line::parse_line;
use crate::workload::request::{BadLine, Request, Workload};

/// What is done about lines that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLines {
    /// The workload is refused, with all of them.
    Stop,
    /// They are left out and kept in [`Workload::bad_lines`].
    Skip,
}

/// A workload that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// The file could not be read.
    #[error("cannot read workload `{}`", path.display())]
    Read {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// There is no line in it.
    #[error("workload `{workload}` is empty, must hold one request a line")]
    Empty {
        /// Where it came from.
        workload: String,
    },
    /// Lines that are no requests, in file order.
    #[error("{}", shown(workload, lines))]
    BadLines {
        /// Where it came from.
        workload: String,
        /// All of them; the message shows the first twenty.
        lines: Vec<BadLine>,
    },
}

impl Workload {
    /// Reads the file at `path`; its name without the ending becomes the workload's.
    ///
    /// # Errors
    /// When the file cannot be read, and as for [`Workload::parse`].
    pub fn read(path: &Path, on_bad: BadLines) -> Result<Self, WorkloadError> {
        let bytes = std::fs::read(path).map_err(|cause| WorkloadError::Read { path: path.to_owned(), cause })?;
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
        Self::parse(&name, &path.display().to_string(), &bytes, on_bad)
    }

    /// Reads `bytes` as one request a line; `source` is what messages call them.
    ///
    /// A byte order mark, blank lines and CRLF are accepted. Times need not rise, and lines are never reordered.
    ///
    /// # Errors
    /// When there is no line at all, when a line is bad and `on_bad` is to stop, or when no line is good.
    pub fn parse(name: &str, source: &str, bytes: &[u8], on_bad: BadLines) -> Result<Self, WorkloadError> {
        let mut requests = Vec::new();
        let mut bad_lines = Vec::new();
        let mut first_uses: HashMap<String, usize> = HashMap::new();
        let mut sessions: HashSet<String> = HashSet::new();
        let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii_end();
            if line.is_empty() {
                continue;
            }
            let number = index + 1;
            let parsed = text_of(line).and_then(|text| parse_line(number, text));
            let request = parsed.and_then(|request| among_others(request, &mut first_uses)).and_then(|request| {
                let begins = request.session_id.clone().is_some_and(|session| sessions.insert(session));
                // A line that was left out may have been the turn before.
                if begins && bad_lines.is_empty() { at_the_beginning(request) } else { Ok(request) }
            });
            match request {
                Ok(request) => requests.push(request),
                Err(problems) => bad_lines.push(BadLine { line: number, problem: problems.join("; ") }),
            }
        }
        if requests.is_empty() && bad_lines.is_empty() {
            return Err(WorkloadError::Empty { workload: source.to_owned() });
        }
        if requests.is_empty() || (on_bad == BadLines::Stop && !bad_lines.is_empty()) {
            return Err(WorkloadError::BadLines { workload: source.to_owned(), lines: bad_lines });
        }
        Ok(Self { name: name.to_owned(), source: source.to_owned(), sha256: sha256(bytes), requests, bad_lines })
    }

    /// The workload of this name that comes with the program; absent: there is none, see [`Workload::built_in_names`].
    pub fn built_in(name: &str) -> Option<Self> {
        let bytes = built_in::bytes_of(name)?;
        Some(Self::parse(name, "built-in", bytes, BadLines::Stop).expect("the embedded files hold good lines alone"))
    }

    /// The file of the workload of this name that comes with the program; absent: there is none.
    pub fn built_in_file(name: &str) -> Option<&'static [u8]> {
        built_in::bytes_of(name)
    }

    /// The names of the workloads that come with the program, in alphabetical order.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        built_in::names()
    }

    /// The names that the `.jsonl` files in the folder of the file at `path` would have as workloads, in no order; none where
    /// the folder cannot be read. None of the files is opened.
    pub fn names_beside(path: &Path) -> Vec<String> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let workloads = files.filter(|file| file.extension().is_some_and(|ending| ending == "jsonl"));
        workloads.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect()
    }
}

/// The request, unless a line before has its name: `first_uses` says which.
fn among_others(request: Request, first_uses: &mut HashMap<String, usize>) -> Result<Request, Vec<String>> {
    match first_uses.entry(request.custom_id.clone()) {
        Entry::Vacant(free) => {
            free.insert(request.line);
            Ok(request)
        }
        Entry::Occupied(first) => {
            Err(vec![format!("`custom_id` is `{}` as on line {}, must be unique", first.key(), first.get())])
        }
    }
}

/// The first turn of a session, unless it waits for an answer that no line asks for.
fn at_the_beginning(request: Request) -> Result<Request, Vec<String>> {
    match (request.delay_ms, &request.session_id) {
        (Some(delay @ 1..), Some(session)) => {
            let problem = format!("`delay` is {delay} and no turn of session `{session}` comes before");
            Err(vec![problem + ", must be left out of the first"])
        }
        _ => Ok(request),
    }
}

/// The line as text; a problem that names the first byte which is none.
fn text_of(line: &[u8]) -> Result<&str, Vec<String>> {
    std::str::from_utf8(line).map_err(|error| {
        let column = error.valid_up_to() + 1;
        vec![format!("is not UTF-8 at column {column}, must be UTF-8 throughout")]
    })
}

/// Bad lines as a message of at most this many lines.
const MOST_SHOWN: usize = 20;

/// Bad lines one below the other, each with its place; `workload` is where they came from.
pub(super) fn shown(workload: &str, lines: &[BadLine]) -> String {
    let mut shown: Vec<String> =
        lines.iter().take(MOST_SHOWN).map(|bad| format!("{workload}:{}: {}", bad.line, bad.problem)).collect();
    if lines.len() > MOST_SHOWN {
        shown.push(format!("+{} more", lines.len() - MOST_SHOWN));
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str) -> String {
        format!(r#"{{"custom_id":"{id}","body":{{"messages":[{{"role":"user","content":"x"}}]}}}}"#)
    }

    fn parse(text: &str, on_bad: BadLines) -> Result<Workload, WorkloadError> {
        Workload::parse("chat", "chat.jsonl", text.as_bytes(), on_bad)
    }

    #[test]
    fn a_byte_order_mark_blank_lines_and_crlf_are_accepted() {
        let text = format!("\u{feff}{}\r\n\r\n{}\n", line("a"), line("b"));
        let workload = parse(&text, BadLines::Stop).unwrap();
        let lines: Vec<_> =
            workload.requests.iter().map(|request| (request.line, request.custom_id.as_str())).collect();
        assert_eq!(lines, [(1, "a"), (3, "b")]);
    }

    #[test]
    fn all_bad_lines_are_shown_at_once_each_with_its_place() {
        let text = format!("{}\n{{]\n{}\n{}\n", line("a"), line("b"), line("a"));
        assert_eq!(
            parse(&text, BadLines::Stop).unwrap_err().to_string(),
            "chat.jsonl:2: is not JSON at column 2: key must be a string\n\
             chat.jsonl:4: `custom_id` is `a` as on line 1, must be unique"
        );
    }

    #[test]
    fn a_delay_needs_a_turn_before_it() {
        let turn = |id: &str, session: &str, delay: u32| {
            format!(
                r#"{{"custom_id":"{id}","input_length":1,"output_length":1,"session_id":"{session}","delay":{delay}}}"#
            )
        };
        let good = [turn("a", "s", 0), turn("b", "t", 0), turn("c", "s", 800)].join("\n");
        let delays = |workload: Workload| -> Vec<_> { workload.requests.iter().map(|each| each.delay_ms).collect() };
        assert_eq!(delays(parse(&good, BadLines::Stop).unwrap()), [Some(0), Some(0), Some(800)]);
        let bad = [turn("a", "s", 0), turn("b", "t", 800)].join("\n");
        assert_eq!(
            parse(&bad, BadLines::Stop).unwrap_err().to_string(),
            "chat.jsonl:2: `delay` is 800 and no turn of session `t` comes before, must be left out of the first"
        );
        // The turn before may be among the lines that are skipped.
        let cut = format!("oops\n{}", turn("b", "t", 800));
        assert_eq!(delays(parse(&cut, BadLines::Skip).unwrap()), [Some(800)]);
    }

    #[test]
    fn beyond_twenty_bad_lines_are_counted() {
        let message = parse(&"[]\n".repeat(23), BadLines::Stop).unwrap_err().to_string();
        assert_eq!(message.lines().count(), 21);
        assert!(message.ends_with("\nchat.jsonl:20: is not a JSON object\n+3 more"), "{message}");
    }

    #[test]
    fn bad_lines_are_left_out_and_kept_when_told_to_skip() {
        let text = format!("{}\noops\n{}\n{}", line("a"), line("a"), line("c"));
        let workload = parse(&text, BadLines::Skip).unwrap();
        assert_eq!(workload.requests.iter().map(|request| request.line).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(workload.bad_lines.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 3]);
        assert!(matches!(parse("oops", BadLines::Skip), Err(WorkloadError::BadLines { .. })));
    }

    #[test]
    fn an_empty_file_is_an_error_and_so_are_bytes_that_are_no_text() {
        let empty = parse("\n \n", BadLines::Stop).unwrap_err().to_string();
        assert_eq!(empty, "workload `chat.jsonl` is empty, must hold one request a line");
        let broken = Workload::parse("x", "x.jsonl", b"{}\n{\"a\xff\"}", BadLines::Stop).unwrap_err().to_string();
        assert!(broken.ends_with("x.jsonl:2: is not UTF-8 at column 4, must be UTF-8 throughout"), "{broken}");
    }

    #[test]
    fn a_file_is_named_after_its_stem_and_a_missing_one_keeps_the_cause() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("night.shift.jsonl");
        std::fs::write(&path, line("a")).unwrap();
        let workload = Workload::read(&path, BadLines::Stop).unwrap();
        assert_eq!((workload.name.as_str(), workload.source), ("night.shift", path.display().to_string()));
        let error = Workload::read(&dir.path().join("none.jsonl"), BadLines::Stop).unwrap_err();
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn the_fingerprint_is_that_of_the_bytes() {
        let workload = parse(&line("a"), BadLines::Stop).unwrap();
        let expected = "f41c7e2468c4c10e8fce435502fa7e67d02ce71bf1cd84e69bfa96508359c1fb";
        assert_eq!(workload.sha256, expected);
    }

    #[test]
    fn every_built_in_workload_is_good() {
        for name in Workload::built_in_names() {
            let workload = Workload::built_in(name).unwrap();
            assert_eq!((workload.name.as_str(), workload.source.as_str()), (name, "built-in"));
            assert!(!workload.requests.is_empty());
        }
        assert!(Workload::built_in("nothing").is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_however_broken_stop_the_reader(cut in 0_usize..400, byte: u8, tail in ".{0,40}") {
            let mut bytes = format!("{}\n{}", line("a"), line("b")).into_bytes();
            let at = cut % bytes.len();
            bytes[at] = byte;
            bytes.splice(at + 1..at + 1, tail.into_bytes());
            let good = Workload::parse("x", "x", &bytes, BadLines::Skip).map_or(0, |workload| workload.requests.len());
            proptest::prop_assert!(good <= 2 + bytes.iter().filter(|byte| **byte == b'\n').count());
        }
    }
}
