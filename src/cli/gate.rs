//! `tollmark gate`: a run held against a policy, as a verdict and an exit code.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::args::GateArgs;
use crate::cli::exit::{CliError, code_of_verdict};
use crate::cli::terminal::put;
use crate::cli::verdict_args::{VerdictFormat, VerdictName};
use crate::fsio::{FileError, write_whole};
use crate::gate::{Policy, judge_slos};
use crate::report::{Judgement, verdict_annotations, verdict_json, verdict_junit, verdict_markdown, verdict_text};
use crate::rundir::Run;

/// Judges the run in `args`, and tells the verdict in each format that was asked for.
///
/// # Errors
/// The policy or the run cannot be read, an SLO is about nothing that the run measured, or a file cannot be written.
pub(super) fn gate(args: &GateArgs) -> Result<ExitCode, CliError> {
    let printed = printed(&args.formats)?;
    let policy = Policy::read(&args.policy)?;
    let run = Run::open(&args.run)?;
    for warning in &run.warnings {
        eprintln!("warning: {warning}");
    }
    let (findings, verdict) = judge_slos(&policy, &run)?;
    for (index, slo) in policy.slos.iter().enumerate().filter(|(_, slo)| slo.window_days.is_none()) {
        if !run.cells.is_empty() && !findings.iter().any(|finding| finding.slo == index) {
            return Err(CliError::NothingMatches {
                policy: policy.source,
                line: slo.line.unwrap_or(1),
                slo: slo.name.clone(),
                run: run.path.display().to_string(),
            });
        }
    }
    let judgement = Judgement { policy: &policy, run: &run, findings: &findings, verdict, advisory: args.advisory };
    for format in &args.formats {
        if let Some(file) = &format.file {
            write_whole(file, rendered(format.name, &judgement).as_bytes())?;
        }
    }
    for name in printed {
        put(&rendered(name, &judgement))?;
    }
    if args.formats.iter().any(|format| format.name == VerdictName::Github) {
        add_to_job_summary(&verdict_markdown(&judgement))?;
    }
    Ok(code_of_verdict(verdict, args.advisory))
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

fn rendered(name: VerdictName, judgement: &Judgement<'_>) -> String {
    match name {
        VerdictName::Text => verdict_text(judgement),
        VerdictName::Json => verdict_json(judgement),
        VerdictName::Junit => verdict_junit(judgement),
        VerdictName::Markdown => verdict_markdown(judgement),
        VerdictName::Github => verdict_annotations(judgement),
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
