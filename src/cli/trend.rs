//! `tollmark trend`: the history of the runs under a folder.

use std::fs;
use std::io::{IsTerminal, stdout};
use std::process::ExitCode;

use crate::cli::exit::CliError;
use crate::cli::report::is_utf8;
use crate::cli::terminal::{colour, put, table_width};
use crate::cli::trend_args::{TrendArgs, TrendFormat};
use crate::fsio::{FileError, write_whole};
use crate::history::{History, lines, series};
use crate::report::{ChartOptions, TableStyle, pngs, trend, trend_csv, trend_table};

/// Tells what became of each cell over the runs in `args`, and writes it to files.
///
/// # Errors
/// There is no run under the folder, or something cannot be written.
pub(super) fn trended(args: &TrendArgs) -> Result<ExitCode, CliError> {
    let history = History::read(&args.runs)?;
    for warning in &history.warnings {
        eprintln!("warning: {warning}");
    }
    let lines = lines(&history);
    let folder = args.out.as_ref().unwrap_or(&args.runs);
    fs::create_dir_all(folder).map_err(|source| FileError::Write { path: folder.clone(), source })?;
    let formats = match args.formats.is_empty() {
        true => vec![TrendFormat::Csv, TrendFormat::Svg],
        false => args.formats.clone(),
    };
    let wanted = |format| formats.contains(&format);
    let look = ChartOptions { theme: args.theme.into(), prefix: "tr-".to_owned(), ..ChartOptions::default() };
    let chart = (wanted(TrendFormat::Svg) || wanted(TrendFormat::Png)).then(|| trend(&history, &lines, &look));
    let mut paths = Vec::new();
    let mut write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        write_whole(&path, bytes)?;
        paths.push(format!("{}\n", path.display()));
        Ok::<_, FileError>(())
    };
    if wanted(TrendFormat::Csv) {
        write("trend.csv", trend_csv(&series(&history)).as_bytes())?;
    }
    if let Some(chart) = chart {
        if wanted(TrendFormat::Png) {
            write("trend.png", &pngs([chart.as_str()])[0])?;
        }
        if wanted(TrendFormat::Svg) {
            write("trend.svg", chart.as_bytes())?;
        }
    }
    if !args.formats.is_empty() {
        put(&paths.concat())?;
        return Ok(ExitCode::SUCCESS);
    }
    let is_terminal = stdout().is_terminal();
    let style = TableStyle { width: table_width(), colour: colour(is_terminal), all: args.all, unicode: is_utf8() };
    put(&trend_table(&history, &lines, &style))?;
    eprint!("\n{}", paths.concat());
    Ok(ExitCode::SUCCESS)
}
