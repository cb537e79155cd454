//! `tollmark gate`: a run held against a policy, as a verdict and an exit code.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::exit::{CliError, code_of_verdict};
use crate::cli::gate_args::GateArgs;
use crate::cli::gate_names::policy_for;
use crate::cli::gate_routes::gate_routes;
use crate::cli::gate_runs::gate_runs;
use crate::cli::self_test::tell_self_test;
use crate::cli::terminal::put;
use crate::cli::verdict_args::{VerdictFormat, VerdictName};
use crate::fsio::{FileError, write_whole};
use crate::gate::judge_over;
use crate::history::History;
use crate::report::{
    ChartOptions, Judgement, diff, verdict_annotations, verdict_json, verdict_junit, verdict_markdown, verdict_text,
};
use crate::rundir::Run;

/// Judges the run in `args`, and tells the verdict in each format that was asked for.
///
/// # Errors
/// The policy or the run cannot be read, a rule is about nothing that the run measured, or a file cannot be written.
pub(super) fn gate(args: &GateArgs) -> Result<ExitCode, CliError> {
    let Some(path) = &args.run else {
        return if args.self_test.is_empty() { gate_routes(args) } else { tell_self_test(args) };
    };
    if let Some(against) = &args.against {
        return gate_runs(args, against.as_ref(), path);
    }
    let run = open(path)?;
    let policy = policy_for(args, &[&run])?;
    if run.manifest.variants.len() < 2 && args.formats.iter().any(|format| format.name == VerdictName::Svg) {
        return Err(CliError::Usage(
            "`--format svg` draws what changed between two variants, and this run has one: run a suite with two `[[variant]]`",
        ));
    }
    let history = history_of(args, &run)?;
    let judged = judge_over(&policy, &run, history.as_ref())?;
    // The built-in policy is for every run, and much of it is about what one run does not measure.
    if args.policy.is_some() {
        judged.refuse_no_question(&policy, &run)?;
    }
    let judgement = Judgement { policy: &policy, run: &run, judged: &judged, advisory: args.advisory, apart: false };
    tell(&args.formats, |name| rendered(name, &judgement))?;
    Ok(code_of_verdict(judged.verdict, args.advisory))
}

/// The run at `path`, with what could not be read of it told.
///
/// # Errors
/// It cannot be read.
pub(super) fn open(path: &Path) -> Result<Run, CliError> {
    let run = Run::open(path)?;
    for warning in &run.warnings {
        eprintln!("warning: {warning}");
    }
    Ok(run)
}

/// The history that `args` name, with `run` in it; absent where they name none.
///
/// # Errors
/// It cannot be read.
pub(super) fn history_of(args: &GateArgs, run: &Run) -> Result<Option<History>, CliError> {
    let history = args.history.as_deref().map(History::read).transpose()?.map(|history| history.with(run));
    for warning in history.iter().flat_map(|history| &history.warnings) {
        eprintln!("warning: {warning}");
    }
    Ok(history)
}

/// Writes and prints a verdict in `formats`, each as `rendered` says.
///
/// # Errors
/// Two formats would be mixed, or a file cannot be written.
pub(super) fn tell(formats: &[VerdictFormat], rendered: impl Fn(VerdictName) -> String) -> Result<(), CliError> {
    let printed = printed(formats)?;
    refuse_one_file_for_two(formats)?;
    for format in formats {
        if let Some(file) = &format.file {
            write_whole(file, rendered(format.name).as_bytes())?;
        }
    }
    for name in printed {
        put(&rendered(name))?;
    }
    if formats.iter().any(|format| format.name == VerdictName::Github) {
        add_to_job_summary(&rendered(VerdictName::Markdown))?;
    }
    Ok(())
}

/// What goes to standard output: the text, unless something else was asked for there.
///
/// # Errors
/// A format that a program reads would be mixed with another.
fn printed(formats: &[VerdictFormat]) -> Result<Vec<VerdictName>, CliError> {
    let printed: Vec<VerdictName> =
        formats.iter().filter(|format| format.file.is_none()).map(|format| format.name).collect();
    let mixes = |name: &VerdictName| !matches!(name, VerdictName::Text | VerdictName::Github);
    if printed.len() > 1 && printed.iter().any(mixes) {
        return Err(CliError::Usage(
            "two formats cannot both go to standard output: give one a file, such as `--format junit=junit.xml`",
        ));
    }
    // GitHub takes its commands out of the log, and a person reads the rest of it.
    Ok(match printed[..] {
        [] => vec![VerdictName::Text],
        [VerdictName::Github] => vec![VerdictName::Text, VerdictName::Github],
        _ => printed,
    })
}

/// The second would take the place of the first.
fn refuse_one_file_for_two(formats: &[VerdictFormat]) -> Result<(), CliError> {
    let files: Vec<PathBuf> = formats
        .iter()
        .filter_map(|format| format.file.as_deref())
        .map(|file| std::path::absolute(file).unwrap_or_else(|_| file.to_owned()))
        .collect();
    if (1..files.len()).any(|index| files[..index].contains(&files[index])) {
        return Err(CliError::Usage(
            "two formats cannot go to one file: give each its own, such as `--format json=verdict.json --format junit=junit.xml`",
        ));
    }
    Ok(())
}

pub(super) fn rendered(name: VerdictName, judgement: &Judgement<'_>) -> String {
    let options = ChartOptions { prefix: "df-".to_owned(), ..ChartOptions::default() };
    match name {
        VerdictName::Text => verdict_text(judgement),
        VerdictName::Json => verdict_json(judgement),
        VerdictName::Junit => verdict_junit(judgement),
        VerdictName::Markdown => verdict_markdown(judgement),
        VerdictName::Github => verdict_annotations(judgement),
        VerdictName::Svg => diff(judgement, &options).unwrap_or_default(),
    }
}

/// Appends to the summary of the workflow job that this runs in; does nothing outside of one.
fn add_to_job_summary(markdown: &str) -> Result<(), FileError> {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    let opened = OpenOptions::new().create(true).append(true).open(&path);
    opened.and_then(|mut file| file.write_all(markdown.as_bytes())).map_err(|source| FileError::Write { path, source })
}
