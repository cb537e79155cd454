//! The reports of a run, made of its directory alone, so that they are the same whenever they are made.

use crate::fsio::write_whole;
use crate::report::{
    Bill, Chart, ChartOptions, Judged, Parts, Sweep, Theme, bill_csv, cost_latency, headline, load, page, percentiles,
    prometheus_text, ranking, spectrum_text, summary_json, summary_markdown, sweeps,
};
use crate::rundir::{Run, RunDirError, Spectra};

/// Writes every report of `run` into its directory. The charts are drawn as `look` says, but for their prefix; those
/// inside the page follow the reader's theme.
///
/// # Errors
/// The run's log cannot be read, or a file cannot be written.
pub fn write_reports(run: &Run, look: &ChartOptions) -> Result<(), RunDirError> {
    let spectra = Spectra::read(&run.path)?;
    let bill = Bill::of(run)?;
    for (name, text) in render(run, spectra.as_ref(), bill.as_ref(), look) {
        write_whole(&run.path.join(name), text.as_bytes())?;
    }
    Ok(())
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

/// Each report's file name and text; those of the spectrum only where the run kept its log.
fn render(
    run: &Run,
    spectra: Option<&Spectra>,
    bill: Option<&Bill>,
    look: &ChartOptions,
) -> Vec<(&'static str, String)> {
    let alone = |prefix: &str| ChartOptions { prefix: prefix.to_owned(), ..look.clone() };
    let prefixed = |prefix: &str| ChartOptions { theme: Theme::Auto, ..alone(prefix) };
    let inlined = cost_latency(run, &prefixed("cost-latency-"));
    let ranked = ranking(run, &prefixed("ranking-"));
    let spectrum = spectra.map(|spectra| percentiles(run, spectra, &prefixed("percentiles-")));
    let swept = sweeps(run, spectra);
    let load_chart = load(run, &swept, &prefixed("load-"));
    let headline = headline_of(run);
    let mut charts = vec![Chart { title: "Cost against latency", svg: &inlined }];
    charts.push(Chart { title: "Ranking by p99", svg: &ranked });
    charts.extend(spectrum.as_ref().map(|svg| Chart { title: "Latency by percentile", svg }));
    charts.extend(load_chart.as_ref().map(|svg| Chart { title: "Latency and goodput by load", svg }));
    let parts = Parts { headline: &headline, standings: &judged(run), charts: &charts, sweeps: &swept, bill };
    let mut reports = vec![
        ("cost-latency.svg", cost_latency(run, &alone("cl-"))),
        ("ranking.svg", ranking(run, &alone("rk-"))),
        ("report.html", page(run, &parts)),
        ("summary.md", summary_markdown(run, &parts)),
        ("summary.json", summary_json(run, &parts)),
    ];
    reports.push(("metrics.prom", prometheus_text(run, spectra)));
    reports.extend(bill.map(|bill| ("bill.csv", bill_csv(bill))));
    if let Some(spectra) = spectra {
        reports.push(("percentiles.svg", percentiles(run, spectra, &alone("pc-"))));
        reports.push(("percentiles.hgrm", spectrum_text(run, spectra)));
    }
    reports.extend(load(run, &swept, &alone("load-")).map(|svg| ("load.svg", svg)));
    reports
}
