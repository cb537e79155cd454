//! The reports of a run, made of its directory alone, so that they are the same whenever they are made.

use crate::fsio::write_whole;
use crate::gate::Standing;
use crate::report::{
    Chart, ChartOptions, Judged, Parts, Word, cost_latency, headline, page, summary_json, summary_markdown,
};
use crate::rundir::{Run, RunDirError};

/// Writes every report of `run` into its directory.
///
/// # Errors
/// A file cannot be written.
pub fn write_reports(run: &Run) -> Result<(), RunDirError> {
    for (name, text) in render(run) {
        write_whole(&run.path.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// The finding in words.
pub fn headline_of(run: &Run) -> String {
    headline(run).to_string()
}

/// How each cell stands against its tier's limit, in the order of the run's cells; absent where there is no limit.
pub fn judged(run: &Run) -> Vec<Option<Judged>> {
    let judge = |row| {
        let limit = Standing::limit_of(row)?;
        let word = match Standing::of(row)? {
            _ if row.valid == Some(false) => Word::Invalid,
            Standing::Meets => Word::Meets,
            Standing::Misses => Word::Misses,
            Standing::CannotTell => Word::CannotTell,
        };
        Some(Judged { word, limit })
    };
    run.cells.iter().map(judge).collect()
}

/// Each report's file name and text.
fn render(run: &Run) -> Vec<(&'static str, String)> {
    let chart = cost_latency(run, &ChartOptions::default());
    let inlined = cost_latency(run, &ChartOptions { prefix: "cost-latency-".to_owned(), ..ChartOptions::default() });
    let headline = headline_of(run);
    let charts = [Chart { title: "Cost against latency", svg: &inlined }];
    let parts = Parts { headline: &headline, standings: &judged(run), charts: &charts };
    vec![
        ("cost-latency.svg", chart),
        ("report.html", page(run, &parts)),
        ("summary.md", summary_markdown(run, &parts)),
        ("summary.json", summary_json(run, &parts)),
    ]
}
