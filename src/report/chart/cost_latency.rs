//! The cost-latency chart: price against latency, a panel a region, so that colour is free for the verdict.

use crate::report::chart::axes::{Axes, Room};
use crate::report::chart::canvas::{Align, Canvas, Type};
use crate::report::chart::caption::{Facts, caption};
use crate::report::chart::grid::{AXIS_TITLE, Grid, MARGIN, WIDTH};
use crate::report::chart::head::Head;
use crate::report::chart::mark::{Mark, Metric, PriceAxis, mark};
use crate::report::chart::options::ChartOptions;
use crate::report::chart::panel::{self, Drawn, Panel};
use crate::report::chart::sheet::{Middle, sheet};
use crate::report::chart::strip;
use crate::report::chart::theme::{REGIONS, Role};
use crate::report::setting::{Setting, settings};
use crate::rundir::Run;

/// Draws every endpoint of `run` by price and latency, as a stand-alone SVG of 1,200 pixels' width.
///
/// Up to three workloads have a row of panels each, under the first load of theirs; the caption names what the run
/// holds beside that. An endpoint without a price or without a success is counted in the caption and not drawn.
/// The same run gives the same bytes, whatever the order of its rows.
pub fn cost_latency(run: &Run, options: &ChartOptions) -> String {
    draw(run, options).0
}

/// Above so many marks in one panel not all are named.
const MOST_NAMED: usize = 25;

/// The same where regions share a panel and each model is named once.
const MOST_OVERLAID: usize = 60;

const MOST_WORKLOADS: usize = 3;

/// The SVG, and where things stand in it.
pub(crate) fn draw(run: &Run, options: &ChartOptions) -> (String, Vec<Drawn>) {
    let all = settings(run);
    let chosen = first_of_each_workload(&all);
    let rows: Vec<_> = chosen.iter().flat_map(|setting| setting.rows.iter().map(|row| (*setting, *row))).collect();
    let mut marks: Vec<(&Setting<'_>, Mark)> =
        rows.iter().filter_map(|(setting, row)| Some((*setting, mark(run, row, options.metric, options.x)?))).collect();
    let mut regions: Vec<Option<&str>> = Vec::new();
    for (_, row) in &rows {
        if !regions.contains(&row.region.as_deref()) {
            regions.push(row.region.as_deref());
        }
    }
    // More regions than there are colours and shapes have panels of their own after all.
    let overlay = options.overlay && (2..=REGIONS.len()).contains(&regions.len());
    if overlay {
        for (_, mark) in &mut marks {
            mark.overlaid = regions.iter().position(|region| *region == mark.region.as_deref());
        }
    }
    let panels: Vec<Option<Option<&str>>> = match overlay {
        true => vec![None],
        false => regions.iter().copied().map(Some).collect(),
    };
    let several = chosen.len() > 1;
    let each = |setting| panels.iter().map(move |region| (setting, *region));
    let cells: Vec<Cell<'_>> = chosen
        .iter()
        .flat_map(|setting| each(*setting))
        .map(|(setting, region)| Cell::new(setting, region, &marks, several))
        .collect();
    let most = if overlay { MOST_OVERLAID } else { MOST_NAMED };
    let dense = cells.iter().any(|cell| cell.marks.iter().filter(|mark| !mark.baseline).count() > most);
    let columns = panels.len();
    let figures: Vec<Mark> = marks.iter().map(|(_, mark)| mark.clone()).collect();
    let head = Head::new(run, &figures, options.x, dense);
    let grid = Grid::new(columns, chosen.len(), dense, head.height);
    let axes = axes(&marks, &chosen, &grid, dense);
    let panels: Vec<Panel<'_>> = cells
        .into_iter()
        .enumerate()
        .map(|(index, cell)| Panel {
            title: cell.title,
            marks: cell.marks,
            rect: grid.rect(index),
            labelled: grid.labelled(index),
            dense,
        })
        .collect();

    sheet(options, &head, |canvas| {
        let drawn: Vec<Drawn> = panels
            .iter()
            .enumerate()
            .map(|(index, panel)| panel::draw(canvas, &axes[index / columns], panel))
            .collect();
        axis_titles(canvas, options, &grid);
        let keys = drawn.iter().zip(&panels).filter(|(drawn, _)| !drawn.key.is_empty());
        let key: Vec<String> =
            keys.map(|(drawn, panel)| format!("{}: {}", panel.title, drawn.key.join(", "))).collect();
        let facts = Facts {
            run,
            all: &all,
            shown: &chosen,
            marks: &figures,
            key: &key,
            dense,
            dodged: drawn.iter().any(|panel| panel.dodged),
            metric: options.metric,
            x: options.x,
        };
        Middle { bottom: grid.bottom() + AXIS_TITLE, caption: caption(&facts), drawn }
    })
}

/// The first setting of each workload, or the very first one where there are too many for a row each.
pub(crate) fn first_of_each_workload<'a, 'b>(all: &'b [Setting<'a>]) -> Vec<&'b Setting<'a>> {
    let mut chosen: Vec<&Setting<'_>> = Vec::new();
    for setting in all {
        if !chosen.iter().any(|other| other.workload == setting.workload) {
            chosen.push(setting);
        }
    }
    if chosen.len() > MOST_WORKLOADS {
        chosen.truncate(1);
    }
    chosen
}

/// A panel before it has a place.
struct Cell<'m> {
    title: String,
    marks: Vec<&'m Mark>,
}

impl<'m> Cell<'m> {
    /// The panel of `region`, or of all of them where that is absent; the inner one is that of a nameless region.
    fn new(
        setting: &Setting<'_>,
        region: Option<Option<&str>>,
        marks: &'m [(&Setting<'_>, Mark)],
        several: bool,
    ) -> Self {
        let wanted = |mark: &Mark| region.is_none_or(|region| mark.region.as_deref() == region);
        let here = |(of, mark): &&(&Setting<'_>, Mark)| std::ptr::eq(*of, setting) && wanted(mark);
        let parts = [several.then_some(setting.workload), region.unwrap_or(Some("All regions"))];
        Self {
            title: parts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            marks: marks.iter().filter(here).map(|(_, mark)| mark).collect(),
        }
    }
}

/// The axes of each of `chosen`, with room for what stands beside the data.
///
/// Prices are shared by all panels. Latencies are shared by the regions of a workload alone: what a short and a long
/// answer take is never compared, and on one axis each would leave the other little of it.
fn axes(marks: &[(&Setting<'_>, Mark)], chosen: &[&Setting<'_>], grid: &Grid, dense: bool) -> Vec<Axes> {
    let over = |wanted: &dyn Fn(&Setting<'_>) -> bool| {
        let figures = marks.iter().filter(|(setting, _)| wanted(setting)).map(|(_, mark)| mark.clone());
        if dense {
            // A dense picture has no intervals, so that they must not take room; limits are named at the right.
            let bare: Vec<Mark> = figures.map(|mark| Mark { low: None, high: None, ..mark }).collect();
            let room = Room { left: 68.0, right: 92.0, above: 28.0, below: 14.0 };
            return Axes::over(&bare, grid.wide, grid.high, &room);
        }
        let room = Room { left: 68.0, right: 64.0, above: 28.0, below: strip::HEIGHT + 22.0 };
        Axes::over(&figures.collect::<Vec<_>>(), grid.wide, grid.high, &room)
    };
    let all = over(&|_| true);
    let of =
        |setting: &&Setting<'_>| Axes { latency: over(&|other| std::ptr::eq(*setting, other)).latency, ..all.clone() };
    chosen.iter().map(of).collect()
}

fn axis_titles(canvas: &Canvas<'_>, options: &ChartOptions, grid: &Grid) {
    let letters = Type::new(12.0, Role::Muted);
    let up = match options.metric {
        Metric::E2e => "End-to-end latency (log)",
        Metric::Ttft => "Time to first token (log)",
    };
    let across = match options.x {
        PriceAxis::List => "List price, $ per million output tokens (log)",
        PriceAxis::Effective => "Effective price, $ per million output tokens (log)",
    };
    let (first, last) = grid.span();
    canvas.text_upwards(up, (MARGIN + 6.0, f64::midpoint(first, last)), letters);
    let middle = f64::midpoint(grid.left, WIDTH - MARGIN);
    canvas.text(across, (middle, grid.bottom() + 8.0), letters, Align::Centre);
}

#[cfg(test)]
mod tests;
