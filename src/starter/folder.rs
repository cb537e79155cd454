//! The folder that `init` writes: everything that the suites, the policy and the workflow refer to.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::fsio::{FileError, write_whole};
use crate::registry::Registry;
use crate::routes::Table;
use crate::starter::files::{AB, AB_ROUTES, GATE, NIGHTLY};
use crate::workload::Workload;

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFile {
    /// Where it stands in the folder.
    pub path: String,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Its contents.
    pub bytes: Cow<'static, [u8]>,
}

/// The workloads of the suites, each with what it is.
const WORKLOADS: [(&str, &str); 2] = [
    ("autocomplete", "recorded requests: code while it is typed"),
    ("classify", "recorded requests: to be labelled with a tier"),
];

/// The line of the routing table that the candidate changes, and what it is there.
const CHANGE: (&str, &str) =
    (r#"primary = [ { model = "step-3.5-flash" } ]"#, r#"primary = [ { model = "deepseek-v4-flash" } ]"#);

/// Every file of the folder.
pub fn folder() -> Vec<FolderFile> {
    let routes = headed("# Which kind of request goes where.", Table::built_in_text()).replacen(
        "schema = 1\n",
        "schema = 1\nregistry = \"registry.toml\"\n",
        1,
    );
    let candidate = routes.replacen(CHANGE.0, CHANGE.1, 1);
    let registry = |title| headed(title, Registry::built_in_text());
    let mut files = vec![
        text("registry.toml", "models, regions and dated prices", registry("# What can be called, and what it costs.")),
        text(
            "registry.candidate.toml",
            "the same, to be changed and compared by ab.toml",
            registry("# What may be called, and what it would cost."),
        ),
        text("routes.toml", "which kind of request goes where", routes),
        text("routes.candidate.toml", "the same but for one line, which the gate stops", candidate),
        text(GATE.name, "what must hold", GATE.text.to_owned()),
        text(NIGHTLY.name, "every endpoint, every night", with_files(NIGHTLY.text)),
        text(AB.name, "two registries in one run", with_files(AB.text)),
        text(AB_ROUTES.name, "two routing tables in one run", with_files(AB_ROUTES.text)),
    ];
    for (name, about) in WORKLOADS {
        let bytes = Workload::built_in_file(name).expect("a test writes the folder");
        files.push(FolderFile { path: format!("workloads/{name}.jsonl"), about, bytes: Cow::Borrowed(bytes) });
    }
    let workflow = include_str!("workflow.yml").to_owned();
    files.push(text(".github/workflows/tollmark.yml", "forecast, A/B and nightly run on GitHub", workflow));
    files
}

/// Writes every file into `folder`, which is made where there is none, and returns them.
///
/// # Errors
/// One or more of them exist already, and nothing was written; or one cannot be written.
pub fn write_folder(folder: &Path) -> Result<Vec<FolderFile>, StarterError> {
    let files = self::folder();
    let path = |file: &FolderFile| folder.join(&file.path);
    // A link that points nowhere is there, too.
    let there: Vec<PathBuf> = files.iter().map(path).filter(|path| fs::symlink_metadata(path).is_ok()).collect();
    if !there.is_empty() {
        return Err(StarterError::Exists(there));
    }
    for file in &files {
        let within = path(file).parent().unwrap_or(folder).to_owned();
        fs::create_dir_all(&within).map_err(|source| StarterError::Folder { path: within, source })?;
    }
    for file in &files {
        write_whole(&path(file), &file.bytes)?;
    }
    Ok(files)
}

/// Why the files cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    /// They would replace others.
    #[error("{} already, must not be there: nothing was written", named(.0))]
    Exists(Vec<PathBuf>),
    /// A folder cannot be made.
    #[error("cannot make the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// `a` and `b` exist.
fn named(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last} exist", rest.join(", ")),
        _ => format!("{} exists", names.concat()),
    }
}

fn text(path: &str, about: &'static str, text: String) -> FolderFile {
    FolderFile { path: path.to_owned(), about, bytes: Cow::Owned(text.into_bytes()) }
}

/// `text` with another first line, since the built-in files say there that they are built in.
fn headed(title: &str, text: &str) -> String {
    format!("{title}\n{}", text.split_once('\n').map_or("", |(_, rest)| rest))
}

/// A suite that names the files of the workloads in the folder, not the built-in ones.
fn with_files(suite: &str) -> String {
    WORKLOADS.iter().fold(suite.to_owned(), |text, (name, _)| {
        text.replace(&format!("\"{name}\""), &format!("\"workloads/{name}.jsonl\""))
    })
}

#[cfg(test)]
mod tests;
