//! How a verdict's formats are asked for on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

/// A format of a verdict, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictFormat {
    /// Which.
    pub name: VerdictName,
    /// The file to write; absent: standard output.
    pub file: Option<PathBuf>,
}

/// A format of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerdictName {
    /// For a person.
    Text,
    /// For programs.
    Json,
    /// For a CI that shows tests.
    Junit,
    /// For a pull request.
    Markdown,
    /// Annotations in a GitHub workflow, and the summary of its job.
    Github,
    /// The variants held against each other, as a picture.
    Svg,
}

impl FromStr for VerdictFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("names no file after `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let name = VerdictName::from_str(name, false)
            .map_err(|_| format!("`{name}` is no format, must be text, json, junit, markdown, github or svg"))?;
        Ok(Self { name, file })
    }
}
