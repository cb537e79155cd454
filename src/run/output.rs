//! The reports of a run, made of its directory alone, so that they are the same whenever they are made.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fsio::write_whole;
use crate::report::{
    Bill, Chart, ChartOptions, Judged, Parts, Sweep, Theme, Timeline, bill_csv, changes_csv, cost_latency,
    cost_quality, diff, headline, load, page, percentiles, pngs, prometheus_text, ranking, spectra_together,
    spectrum_text, summary_json, summary_markdown, sweeps, timeline, together,
};
use crate::run::compared::Compared;
use crate::rundir::{Run, RunDirError, Spectra, keep_rebuilt, write_cells};

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `cells.csv` and `bill.csv`, and `percentiles.hgrm`, which is a table too.
    Csv,
    /// `summary.json`.
    Json,
    /// `summary.md`.
    Markdown,
    /// `report.html`.
    Html,
    /// The charts.
    Svg,
    /// The charts, for tools that refuse SVG.
    Png,
    /// `metrics.prom`.
    Prom,
}

impl Format {
    /// What every run leaves: all but the pictures that few need.
    pub const USUAL: [Self; 6] = [Self::Csv, Self::Json, Self::Markdown, Self::Html, Self::Svg, Self::Prom];
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The files.
    pub paths: Vec<PathBuf>,
    /// What could not be read on the way, with file and line; not those of the run itself.
    pub warnings: Vec<String>,
}

/// Writes the reports of `run` that `formats` name into its directory. The charts are drawn as `look` says, but for their
/// prefix; those inside the page follow the reader's theme.
///
/// The rows in `cells.csv` are written only where they had to be made again. What is made of a file that is broken has
/// what was readable of it, or is left out.
///
/// # Errors
/// A file cannot be read, or cannot be written.
pub fn write_reports(run: &Run, look: &ChartOptions, formats: &[Format]) -> Result<Written, RunDirError> {
    let mut warnings = Vec::new();
    let spectra = Spectra::read(&run.path)?;
    warnings.extend(spectra.iter().flat_map(|spectra| spectra.warnings.iter().cloned()));
    let bill = readable(Bill::of(run), "the bill", &mut warnings)?;
    let drawn = [Format::Html, Format::Svg, Format::Png].iter().any(|format| formats.contains(format));
    let compared = if drawn { Compared::of(run, &mut warnings) } else { Ok(None) };
    let compared = readable(compared, "the picture of what changed", &mut warnings)?;
    let timeline = match formats.contains(&Format::Html) {
        true => readable(Timeline::of(run), "the timeline", &mut warnings)?,
        false => None,
    };
    warnings.extend(timeline.iter().flat_map(|timeline| timeline.warnings.iter().cloned()));
    warnings.retain(|warning| !run.warnings.contains(warning));
    // The page tells of them too.
    let told = Run { warnings: run.warnings.iter().chain(&warnings).cloned().collect(), ..run.clone() };
    let sources = Sources {
        spectra: spectra.as_ref(),
        bill: bill.as_ref(),
        timeline: timeline.as_ref(),
        compared: compared.as_ref(),
    };
    let mut paths = Vec::new();
    for (name, bytes) in render(&told, sources, look, formats) {
        let path = run.path.join(name);
        write_whole(&path, &bytes)?;
        paths.push(path);
    }
    if formats.contains(&Format::Csv) {
        keep_rebuilt(run)?;
        paths.push(run.path.join("cells.csv"));
    }
    Ok(Written { paths, warnings })
}

/// What was read, or nothing and a warning where a row of its file is broken: the other reports can do without.
fn readable<T>(
    read: Result<Option<T>, RunDirError>,
    what: &str,
    warnings: &mut Vec<String>,
) -> Result<Option<T>, RunDirError> {
    match read {
        Err(error @ RunDirError::BadRow { .. }) => {
            warnings.push(format!("{error}: {what} is left out"));
            Ok(None)
        }
        other => other,
    }
}

/// Compares `runs`, the first of which the others are held against, and writes the reports that `formats` name into
/// `folder`, which is made where it is missing; returns what they are as one run, and what was written. What is known of one run
/// alone, as its bill, has no report.
///
/// # Errors
/// `folder` holds a run, a log cannot be read, or a file cannot be written.
pub fn write_comparison(
    runs: &[Run],
    folder: &Path,
    look: &ChartOptions,
    formats: &[Format],
) -> Result<(Run, Written), RunDirError> {
    if folder.join("manifest.json").exists() {
        return Err(RunDirError::IsARun { path: folder.to_owned() });
    }
    let spectra = runs.iter().map(|run| Spectra::read(&run.path)).collect::<Result<Vec<_>, _>>()?;
    let warnings = spectra.iter().flatten().flat_map(|spectra| spectra.warnings.iter().cloned()).collect();
    let spectra = spectra_together(runs, spectra);
    let whole = together(runs, folder);
    fs::create_dir_all(folder).map_err(|source| RunDirError::Create { path: folder.to_owned(), source })?;
    // A run's id is no label of a metric, so there is nothing to compare by.
    let formats: Vec<Format> = formats.iter().copied().filter(|format| *format != Format::Prom).collect();
    let sources = Sources { spectra: spectra.as_ref(), bill: None, timeline: None, compared: None };
    let mut written = Written { paths: Vec::new(), warnings };
    for (name, bytes) in render(&whole, sources, look, &formats) {
        write_whole(&folder.join(&name), &bytes)?;
        written.paths.push(folder.join(name));
    }
    if formats.contains(&Format::Csv) {
        write_whole(&folder.join("changes.csv"), changes_csv(&whole).as_bytes())?;
        write_cells(folder, &whole.cells)?;
        written.paths.extend(["changes.csv", "cells.csv"].map(|name| folder.join(name)));
    }
    Ok((whole, written))
}

/// The finding in words.
pub fn headline_of(run: &Run) -> String {
    headline(run).to_string()
}

/// What the run swept, with goodput as far as its log tells it; empty where nothing was swept.
///
/// # Errors
/// The run's log cannot be read.
pub fn swept(run: &Run) -> Result<Vec<Sweep<'_>>, RunDirError> {
    // Most runs sweep nothing, and their log need not be read for that.
    if sweeps(run, None).is_empty() {
        return Ok(Vec::new());
    }
    Ok(sweeps(run, Spectra::read(&run.path)?.as_ref()))
}

/// How each cell stands against its tier's limit, in the order of the run's cells; absent where there is no limit.
pub fn judged(run: &Run) -> Vec<Option<Judged>> {
    run.cells.iter().map(Judged::of).collect()
}

/// A chart with its file's stem and its title on the page.
struct Picture {
    stem: &'static str,
    title: &'static str,
    svg: String,
}

const COST_LATENCY: &str = "cost-latency.svg";

/// The chart to look at first: what endpoints cost and how slow they are, or how the routes of a routing table stand.
pub fn main_chart(run: &Run) -> &'static str {
    let is_routed = !run.cells.is_empty() && run.cells.iter().all(|row| row.model.is_empty());
    if is_routed { "ranking.svg" } else { COST_LATENCY }
}

/// Every chart of which `run` has something to show, in the order of the page.
fn pictures(run: &Run, sources: Sources<'_>, swept: &[Sweep<'_>], look: &ChartOptions) -> Vec<Picture> {
    let Sources { spectra, compared, .. } = sources;
    let with = |prefix: &str| ChartOptions { prefix: prefix.to_owned(), ..look.clone() };
    let differing = compared.and_then(|compared| diff(&compared.judgement(run), &with("df-")));
    let all = [
        ("diff", "What changed, against the margins", differing),
        // A routing table as a whole has no price of its own, and no tier.
        (
            "cost-latency",
            "Cost against latency",
            main_chart(run).eq(COST_LATENCY).then(|| cost_latency(run, &with("cl-"))),
        ),
        ("ranking", "Ranking by p99", Some(ranking(run, &with("rk-")))),
        ("percentiles", "Latency by percentile", spectra.map(|spectra| percentiles(run, spectra, &with("pc-")))),
        ("cost-quality", "Cost against quality", cost_quality(run, &with("cq-"))),
        ("load", "Latency and goodput by load", load(run, swept, &with("ld-"))),
    ];
    all.into_iter().filter_map(|(stem, title, svg)| Some(Picture { stem, title, svg: svg? })).collect()
}

/// What was read of a run beside its rows; absent: the directory does not hold it.
#[derive(Clone, Copy)]
struct Sources<'a> {
    spectra: Option<&'a Spectra>,
    bill: Option<&'a Bill>,
    timeline: Option<&'a Timeline>,
    compared: Option<&'a Compared>,
}

/// Each report's file name and bytes; those of the spectrum only where the run kept its log.
fn render(run: &Run, sources: Sources<'_>, look: &ChartOptions, formats: &[Format]) -> Vec<(String, Vec<u8>)> {
    let Sources { spectra, bill, timeline: over_time, .. } = sources;
    let wants = |format| formats.contains(&format);
    let swept = sweeps(run, spectra);
    let drawn = |theme| pictures(run, sources, &swept, &ChartOptions { theme, ..look.clone() });
    let inlined = if wants(Format::Html) { drawn(Theme::Auto) } else { Vec::new() };
    let over_time = over_time.filter(|_| wants(Format::Html)).map(|over_time| {
        timeline(run, over_time, &ChartOptions { theme: Theme::Auto, prefix: "tl-".to_owned(), ..look.clone() })
    });
    let mut charts: Vec<Chart<'_>> =
        inlined.iter().map(|picture| Chart { title: picture.title, svg: &picture.svg }).collect();
    charts.extend(over_time.as_ref().map(|svg| Chart { title: "Latency and failures over the run", svg }));
    let (headline, standings) = (headline_of(run), judged(run));
    let parts = Parts { headline: &headline, standings: &standings, charts: &charts, sweeps: &swept, bill };

    let mut texts: Vec<(String, String)> = Vec::new();
    let mut text = |format, name: &str, made: &dyn Fn() -> Option<String>| {
        if wants(format) {
            texts.extend(made().map(|text| (name.to_owned(), text)));
        }
    };
    text(Format::Html, "report.html", &|| Some(page(run, &parts)));
    text(Format::Markdown, "summary.md", &|| Some(summary_markdown(run, &parts)));
    text(Format::Json, "summary.json", &|| Some(summary_json(run, &parts)));
    text(Format::Prom, "metrics.prom", &|| Some(prometheus_text(run, spectra)));
    text(Format::Csv, "bill.csv", &|| bill.map(bill_csv));
    text(Format::Csv, "percentiles.hgrm", &|| spectra.map(|spectra| spectrum_text(run, spectra)));
    let mut files: Vec<(String, Vec<u8>)> = texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    if wants(Format::Svg) || wants(Format::Png) {
        let pictures = if look.theme == Theme::Auto && wants(Format::Html) { inlined } else { drawn(look.theme) };
        if wants(Format::Png) {
            let bytes = pngs(pictures.iter().map(|picture| picture.svg.as_str()));
            files.extend(pictures.iter().map(|picture| format!("{}.png", picture.stem)).zip(bytes));
        }
        if wants(Format::Svg) {
            let svg = |picture: Picture| (format!("{}.svg", picture.stem), picture.svg.into_bytes());
            files.extend(pictures.into_iter().map(svg));
        }
    }
    files
}
