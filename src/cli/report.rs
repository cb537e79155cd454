//! `tollmark report`: a run rendered again, and what every run ends with.

use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::cli::args::ReportArgs;
use crate::cli::exit::CliError;
use crate::cli::terminal::{colour, put, table_width};
use crate::report::{ChartOptions, Parts, TableStyle, table, visible, wrapped};
use crate::run::{Format, headline_of, judged, main_chart, swept, write_comparison, write_reports};
use crate::rundir::{Run, usage_warnings};

/// Reasons for which cells cannot be judged that are told at the end of a run.
const MOST_REASONS: usize = 5;

/// Renders the run in `args` again, or compares those that it names.
///
/// # Errors
/// One is no run directory, or something cannot be written.
pub(super) fn report(args: &ReportArgs) -> Result<ExitCode, CliError> {
    let runs = args.runs.iter().map(|path| Run::open(path)).collect::<Result<Vec<_>, _>>()?;
    for warning in runs.iter().flat_map(|run| &run.warnings) {
        eprintln!("warning: {warning}");
    }
    let look = ChartOptions {
        theme: args.theme.into(),
        metric: args.metric.into(),
        x: args.x.into(),
        overlay: args.overlay,
        ..ChartOptions::default()
    };
    let formats: Vec<Format> = match args.formats.is_empty() {
        true => Format::USUAL.to_vec(),
        false => args.formats.iter().map(|name| (*name).into()).collect(),
    };
    let (run, mut written) = match (runs.len(), &args.out) {
        (1, None) => {
            let run = runs.into_iter().next().expect("there is one");
            let written = write_reports(&run, &look, &formats)?;
            (run, written)
        }
        (1, Some(_)) => {
            return Err(CliError::Usage("`--out` is for several runs: one is rendered into its own directory"));
        }
        (_, None) => return Err(CliError::Usage("several runs need a folder for what is made of them: `--out DIR`")),
        (_, Some(folder)) => write_comparison(&runs, folder, &look, &formats)?,
    };
    for warning in &written.warnings {
        eprintln!("warning: {warning}");
    }
    if !args.formats.is_empty() {
        written.paths.sort();
        put(&written.paths.iter().map(|path| format!("{}\n", path.display())).collect::<String>())?;
        return Ok(ExitCode::SUCCESS);
    }
    print_result(&run, args.all)?;
    for warning in run.manifest.warnings.iter().filter(|_| args.runs.len() > 1) {
        eprintln!("warning: {}", visible(warning));
    }
    tell_usage(&run);
    tell_invalid(&run);
    print_paths(&run);
    if args.open {
        open(&run.path.join("report.html"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints headline and table to stdout.
///
/// # Errors
/// Nobody takes the output.
pub(super) fn print_result(run: &Run, all: bool) -> Result<(), CliError> {
    let headline = headline_of(run);
    let style = TableStyle { width: table_width(), colour: colour(stdout().is_terminal()), all, unicode: is_utf8() };
    let parts = Parts { headline: &headline, standings: &judged(run), charts: &[], sweeps: &swept(run)?, bill: None };
    // Lines of a terminal break between words; who reads a pipe gets the sentence as one line.
    let shown = match stdout().is_terminal() {
        true => wrapped(&headline, style.width).join("\n"),
        false => headline.clone(),
    };
    put(&format!("{shown}\n\n{}", table(run, &parts, &style)))?;
    Ok(())
}

/// Says on stderr why token counts and costs are in doubt, where they are.
pub(super) fn tell_usage(run: &Run) {
    for warning in usage_warnings(&run.manifest.cells, &run.manifest.usage) {
        eprintln!("warning: {}", visible(&warning));
    }
}

/// Says on stderr which cells cannot be judged, and why.
pub(super) fn tell_invalid(run: &Run) {
    let mut by_reason: Vec<(String, Vec<&str>)> = Vec::new();
    for cell in run.manifest.validity.iter().filter(|cell| !cell.valid) {
        let reason = visible(&cell.reasons.join("; "));
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, cells)) => cells.push(&cell.cell),
            None => by_reason.push((reason, vec![&cell.cell])),
        }
    }
    for (reason, cells) in by_reason.iter().take(MOST_REASONS) {
        match cells.as_slice() {
            [cell] => eprintln!("invalid: {cell}: {reason}"),
            cells => eprintln!("invalid: {} cells: {reason}", cells.len()),
        }
    }
    let more: usize = by_reason.iter().skip(MOST_REASONS).map(|(_, cells)| cells.len()).sum();
    if more > 0 {
        eprintln!("invalid: {more} more, listed in the report");
    }
}

/// Says on stderr where the reports are.
pub(super) fn print_paths(run: &Run) {
    let shown = run.path.display();
    eprintln!("\nreport: {shown}/report.html\nchart:  {shown}/{}", main_chart(run));
    // A run that died has no cells.csv: it would be taken for a whole one.
    if run.path.join("cells.csv").exists() {
        eprintln!("rows:   {shown}/cells.csv");
    }
}

/// Opens `path` with the desktop's own program; says so when there is none.
pub(super) fn open(path: &Path) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Command::new(opener).arg(path).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if started.is_err() {
        eprintln!("warning: cannot open a browser: `{opener}` is not installed");
    }
}

/// Whether the locale's characters are UTF-8; a pipe without a locale is taken to be.
pub(super) fn is_utf8() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_none_or(|locale| locale.to_lowercase().contains("utf"))
}
