//! A suite: which workloads are sent to what, and how, from a file.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use glob::Pattern;

use crate::conf::{Document, Faults, Field, Table};
use crate::plan::cell::Streaming;
use crate::plan::rate::Rate;
use crate::plan::suite::stages::{read_rate, read_stages};
use crate::plan::suite::variants::read_variants;
use crate::units::{Positive, Usd};
use crate::workload::Workload;

/// What a suite file says. What it leaves out is absent: a flag, or else the default, decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suite {
    /// The file's path, as it was given.
    pub source: String,
    /// The name in the run directory's name; absent: the file's own.
    pub name: Option<String>,
    /// Whether the registry's providers are called; absent: the simulated provider is.
    pub live: Option<bool>,
    /// The registry, resolved against the suite's folder; absent: the built-in one.
    pub registry: Option<PathBuf>,
    /// The routing table that requests are sent through, resolved against the suite's folder, or `built-in`; absent: they
    /// go to endpoints.
    pub routes: Option<PathBuf>,
    /// What is measured on what; empty where the file says nothing of it.
    pub measures: Vec<Measure>,
    /// What is compared, the baseline first; empty where nothing is.
    pub variants: Vec<Variant>,
    /// How requests are sent.
    pub load: LoadKeys,
    /// The most that a run may cost.
    pub max_cost_usd: Option<Usd>,
    /// How the run is judged when it is done.
    pub gate: GateKeys,
}

/// The `[gate]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateKeys {
    /// The policy, resolved against the suite's folder; absent: the run is not judged.
    pub policy: Option<PathBuf>,
    /// The folder of earlier runs, resolved likewise; absent: the history is not asked.
    pub history: Option<PathBuf>,
}

/// Workloads, and the endpoints that each of them is sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Workload files, resolved against the suite's folder; absent: the default workloads.
    pub workloads: Option<Vec<PathBuf>>,
    /// Globs of models; absent: all.
    pub models: Option<Vec<String>>,
    /// Globs of regions; absent: all.
    pub regions: Option<Vec<String>>,
}

/// The `[load]` table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadKeys {
    /// Requests in flight in a cell, each 1 or more; several make a cell each.
    pub concurrency: Option<Vec<u32>>,
    /// How requests arrive.
    pub arrivals: Option<ArrivalKind>,
    /// Requests a second; several make a cell each.
    pub rate: Option<Vec<Rate>>,
    /// Requests a second from stage to stage; absent where `rate` is given.
    pub stages: Option<Rate>,
    /// The spread of gaps in gamma arrivals.
    pub cv: Option<Positive>,
    /// How many times faster than recorded.
    pub speed: Option<Positive>,
    /// Requests in flight of an open load at most, 1 or more.
    pub max_in_flight: Option<u32>,
    /// How long an open load lasts.
    pub duration: Option<Duration>,
    /// Measured requests of a cell, 1 or more.
    pub requests_per_cell: Option<u32>,
    /// Shares that a cell's requests are cut into, 1 or more.
    pub rounds: Option<u32>,
    /// Requests sent to a cell beforehand.
    pub warmup: Option<u32>,
    /// Cells in flight at once, 1 or more.
    pub parallel_cells: Option<u32>,
    /// The seed of everything random.
    pub seed: Option<u64>,
    /// Whether answers are streamed.
    pub stream: Option<Streaming>,
    /// HTTP/2 in place of HTTP/1.1.
    pub http2: Option<bool>,
    /// The limit of connecting.
    pub timeout_connect: Option<Duration>,
    /// The limit from sending to the first token.
    pub timeout_first_token: Option<Duration>,
    /// The limit between two reads.
    pub timeout_idle: Option<Duration>,
    /// The limit of a request as a whole.
    pub timeout_total: Option<Duration>,
}

/// The kinds of arrivals, before their rates are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrivalKind {
    /// The next is sent when one ends.
    Closed,
    /// At the recording's own times.
    Recorded,
    /// After equal gaps.
    Constant,
    /// After exponential gaps.
    Poisson,
    /// After gaps of a gamma law.
    Gamma,
}

impl ArrivalKind {
    /// Every kind by its name in files and flags.
    pub const ALL: [(&'static str, Self); 5] = [
        ("closed", Self::Closed),
        ("recorded", Self::Recorded),
        ("constant", Self::Constant),
        ("poisson", Self::Poisson),
        ("gamma", Self::Gamma),
    ];
}

impl Suite {
    /// Reads the suite file at `path`. Workload globs are replaced by the files they match, in the order of names.
    ///
    /// # Errors
    /// The file cannot be read as UTF-8 text, or has mistakes; a glob that matches no file is one.
    pub fn read(path: &Path) -> Result<Self, SuiteError> {
        let text =
            fs::read_to_string(path).map_err(|source| SuiteError::Unreadable { path: path.to_owned(), source })?;
        Ok(parse_with(&path.display().to_string(), &text, &matching_files)?)
    }

    /// Reads a suite from the contents of a file; `source` is its path, of which the folder is that of all paths
    /// in it. Workload globs are kept as they are.
    ///
    /// # Errors
    /// Every mistake of the file at once.
    pub fn parse(source: &str, text: &str) -> Result<Self, Faults> {
        parse_with(source, text, &|folder, path| Ok(vec![folder.join(path)]))
    }
}

/// Why there is no suite.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The file could not be read.
    #[error("cannot read suite `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has mistakes.
    #[error(transparent)]
    Faulty(#[from] Faults),
}

/// Turns a folder and a path or glob below it into files, or says what is wrong with it.
type FindFiles<'f> = &'f dyn Fn(&Path, &str) -> Result<Vec<PathBuf>, String>;

/// The files that a glob matches in the order of names; a path that is no glob is kept, whether it exists or not.
///
/// The name of a built-in workload stands for that, wherever the suite is.
fn matching_files(folder: &Path, path: &str) -> Result<Vec<PathBuf>, String> {
    let whole = folder.join(path);
    if !whole.exists() && Workload::built_in_names().any(|name| name == path) {
        return Ok(vec![PathBuf::from(path)]);
    }
    if whole.exists() || !path.contains(['*', '?', '[']) {
        return Ok(vec![whole]);
    }
    // The folder is no part of the glob, whatever letters its name has.
    let escaped = PathBuf::from(Pattern::escape(&folder.to_string_lossy())).join(path);
    let found = glob::glob(&escaped.to_string_lossy()).map_err(|error| format!("is not a glob: {}", error.msg))?;
    let files: Vec<PathBuf> = found.filter_map(Result::ok).filter(|path| path.is_file()).collect();
    if files.is_empty() { Err(format!("names `{path}`, which matches no file")) } else { Ok(files) }
}

fn parse_with(source: &str, text: &str, find: FindFiles<'_>) -> Result<Suite, Faults> {
    let folder = Path::new(source).parent().unwrap_or(Path::new(""));
    let document = Document::parse(source, text);
    let root = document.root();
    let suite = Suite {
        source: source.to_owned(),
        name: root.optional("name").and_then(read_name),
        live: root.optional("live").and_then(Field::boolean),
        registry: root.optional("registry").and_then(Field::string).map(|path| folder.join(path)),
        routes: root.optional("routes").and_then(|field| read_table(field, folder)),
        measures: read_measures(&root, folder, find),
        variants: read_variants(&root, folder),
        load: root.table("load").map(read_load).unwrap_or_default(),
        max_cost_usd: root.table("budget").and_then(|budget| {
            let limit = budget.optional("max_cost_usd").and_then(Field::decimal);
            budget.finish();
            limit
        }),
        gate: root.table("gate").map(|table| read_gate(table, folder)).unwrap_or_default(),
    };
    root.finish();
    document.finish(suite)
}

fn read_gate(table: Table<'_>, folder: &Path) -> GateKeys {
    let path = |key| table.optional(key).and_then(Field::string).map(|path| folder.join(path));
    let gate = GateKeys { policy: path("policy"), history: path("history") };
    table.finish();
    gate
}

/// The path of a routing table; `built-in` stands for the one of the program, wherever the suite is.
fn read_table(field: Field<'_>, folder: &Path) -> Option<PathBuf> {
    let path = field.string()?;
    Some(if path == BUILT_IN { PathBuf::from(path) } else { folder.join(path) })
}

/// The routing table that is part of the program.
const BUILT_IN: &str = "built-in";

/// A name that can be a part of a directory's.
fn read_name(field: Field<'_>) -> Option<String> {
    let name = field.string()?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if !name.chars().all(plain) || name.starts_with('.') {
        field.fault(&format!("is `{name}`, must be letters, digits, `-`, `_` and `.`, the first no point"));
    }
    Some(name.to_owned())
}

/// Every `[[measure]]`, or the one that stands at the top level.
fn read_measures(root: &Table<'_>, folder: &Path, find: FindFiles<'_>) -> Vec<Measure> {
    let tables = root.tables("measure");
    let top_level = read_measure(root, folder, find);
    if !tables.is_empty() {
        for key in ["workloads", "models", "regions"] {
            if let Some(field) = root.optional(key) {
                field.fault("stands beside `[[measure]]`, must stand in it");
            }
        }
    }
    let read = |table: Table<'_>| {
        let measure = read_measure(&table, folder, find);
        table.finish();
        measure
    };
    let mut measures: Vec<Measure> = tables.into_iter().map(read).collect();
    if top_level != Measure::default() {
        measures.push(top_level);
    }
    measures
}

fn read_measure(table: &Table<'_>, folder: &Path, find: FindFiles<'_>) -> Measure {
    Measure {
        workloads: table.optional("workloads").map(|field| read_workloads(field, folder, find)),
        models: table.optional("models").map(read_globs),
        regions: table.optional("regions").map(read_globs),
    }
}

fn read_workloads(field: Field<'_>, folder: &Path, find: FindFiles<'_>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for element in field.elements() {
        let Some(path) = element.string() else { continue };
        match find(folder, path) {
            // A file that two globs match is sent once.
            Ok(found) => files.extend(found.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>()),
            Err(problem) => element.fault(&problem),
        }
    }
    files
}

fn read_globs(field: Field<'_>) -> Vec<String> {
    let read = |element: Field<'_>| {
        let glob = element.string()?;
        if let Err(error) = Pattern::new(glob) {
            element.fault(&format!("has `{glob}`, which is not a glob: {}", error.msg));
        }
        Some(glob.to_owned())
    };
    field.elements().into_iter().filter_map(read).collect()
}

fn read_load(table: Table<'_>) -> LoadKeys {
    if table.optional("stages").is_some() {
        for (key, problem) in [
            ("rate", "stands beside `stages`, must be one of them"),
            ("duration", "stands beside `stages`, which last as long as they say: leave it out"),
            ("requests_per_cell", "stands beside `stages`, which bring as many as they bring: leave it out"),
        ] {
            if let Some(field) = table.optional(key) {
                field.fault(problem);
            }
        }
    }
    let count = |key, low| table.optional(key).and_then(|field| field.count(low));
    let timeout = |key| table.optional(key).and_then(Field::timeout);
    let load = LoadKeys {
        concurrency: table.optional("concurrency").map(|field| read_list(field, |element| element.count(1))),
        arrivals: table.optional("arrivals").and_then(|field| field.one_of(&ArrivalKind::ALL)),
        rate: table.optional("rate").map(|field| read_list(field, read_rate)),
        stages: read_stages(table.tables("stages")),
        cv: table.optional("cv").and_then(Field::positive),
        speed: table.optional("speed").and_then(Field::positive),
        max_in_flight: count("max_in_flight", 1),
        duration: timeout("duration"),
        requests_per_cell: count("requests_per_cell", 1),
        rounds: count("rounds", 1),
        warmup: count("warmup", 0),
        parallel_cells: count("parallel_cells", 1),
        seed: table.optional("seed").and_then(|field| field.integer(0..=u64::MAX)),
        stream: table.optional("stream").and_then(read_stream),
        http2: table.optional("http2").and_then(Field::boolean),
        timeout_connect: timeout("timeout_connect"),
        timeout_first_token: timeout("timeout_first_token"),
        timeout_idle: timeout("timeout_idle"),
        timeout_total: timeout("timeout_total"),
    };
    table.finish();
    load
}

/// One number, or a list of them, each once.
fn read_list<'d, T: PartialEq + Display>(field: Field<'d>, read: impl Fn(Field<'d>) -> Option<T>) -> Vec<T> {
    let elements = if field.is_list() { field.elements() } else { vec![field] };
    let mut all = Vec::new();
    for element in elements {
        let Some(number) = read(element) else { continue };
        if all.contains(&number) {
            element.fault(&format!("has {number} a second time, must have it once"));
        }
        all.push(number);
    }
    all
}

/// `true` and `false`, in quotes or without, or `"recorded"`.
fn read_stream(field: Field<'_>) -> Option<Streaming> {
    if field.is_string() {
        let words = [("true", Streaming::On), ("false", Streaming::Off), ("recorded", Streaming::AsRecorded)];
        return field.one_of(&words);
    }
    field.boolean().map(|on| if on { Streaming::On } else { Streaming::Off })
}

mod stages;
#[cfg(test)]
mod tests;
mod variants;

pub use variants::Variant;
