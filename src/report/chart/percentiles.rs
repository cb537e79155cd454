//! The percentile chart: the whole distribution of each endpoint, a panel a region.

use crate::gate::Standing;
use crate::report::chart::canvas::{Align, Type};
use crate::report::chart::caption::n;
use crate::report::chart::cost_latency::first_of_each_workload;
use crate::report::chart::grid::{AXIS_TITLE, Grid, MARGIN, WIDTH};
use crate::report::chart::head::Head;
use crate::report::chart::legend::{self, Sign};
use crate::report::chart::options::ChartOptions;
use crate::report::chart::percentile_panel::{self, Panel, Scale};
use crate::report::chart::rect::Rect;
use crate::report::chart::sheet::{Middle, sheet};
use crate::report::chart::spectrum::{Line, line};
use crate::report::chart::theme::Role;
use crate::report::figures;
use crate::report::headline::{Headline, letters, origin, partial, without_a_p99};
use crate::report::setting::{Setting, settings_by_route};
use crate::rundir::{CellRow, Run, Spectra};

/// Draws end-to-end latency over percentiles as a stand-alone SVG of 1,200 pixels' width.
///
/// A line ends where its endpoint's requests support no more, and is thin where they give no upper bound. Above 16
/// lines in a panel those that matter to the verdict are drawn over a band of all. Of `options`, theme and prefix
/// apply. The same run gives the same bytes, whatever the order of its rows.
pub fn percentiles(run: &Run, spectra: &Spectra, options: &ChartOptions) -> String {
    draw(run, spectra, options).0
}

/// Above so many lines in one panel not all are drawn.
const MOST_LINES: usize = 16;

/// The SVG, and where names stand in each panel.
fn draw(run: &Run, spectra: &Spectra, options: &ChartOptions) -> (String, Vec<(Rect, Vec<Rect>)>) {
    let all = settings_by_route(run);
    let chosen = first_of_each_workload(&all);
    let rows: Vec<&CellRow> = chosen.iter().flat_map(|setting| setting.rows.iter().copied()).collect();
    let mut regions: Vec<Option<&str>> = Vec::new();
    for row in &rows {
        if !regions.contains(&row.region.as_deref()) {
            regions.push(row.region.as_deref());
        }
    }
    let lines: Vec<(&Setting<'_>, Line<'_>)> = chosen
        .iter()
        .flat_map(|setting| setting.rows.iter().map(move |row| (*setting, *row)))
        .filter_map(|(setting, row)| Some((setting, line(run, row, spectra.of(&row.cell)?)?)))
        .collect();
    let here = |setting: &Setting<'_>, region: Option<&str>| -> Vec<&Line<'_>> {
        let of = |(one, line): &&(&Setting<'_>, Line<'_>)| {
            std::ptr::eq(*one, setting) && line.row.region.as_deref() == region
        };
        lines.iter().filter(of).map(|(_, line)| line).collect()
    };
    let places: Vec<(&Setting<'_>, Option<&str>)> =
        chosen.iter().flat_map(|setting| regions.iter().map(move |region| (*setting, *region))).collect();
    let dense = places
        .iter()
        .any(|(setting, region)| here(setting, *region).iter().filter(|line| !line.baseline).count() > MOST_LINES);
    let drawn: Vec<&Line<'_>> = lines.iter().map(|(_, line)| line).collect();

    let head = Head::of(run, finding(run, &drawn, chosen.len() > 1), signs(&drawn, dense));
    let grid = Grid::new(regions.len(), chosen.len(), dense, head.height);
    let rail = percentile_panel::rail(&drawn, grid.wide);
    let scale = scale(&drawn);
    sheet(options, &head, |canvas| {
        let mut names = Vec::new();
        for (index, (setting, region)) in places.iter().enumerate() {
            let rect = grid.rect(index);
            let parts = [(chosen.len() > 1).then_some(setting.workload), *region];
            let panel = Panel {
                title: parts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
                lines: here(setting, *region),
                rect: Rect { x1: rect.x1 - rail, ..rect },
                rail,
                labelled: grid.labelled(index),
                dense,
            };
            names.push((rect, percentile_panel::draw(canvas, &scale, &panel)));
        }
        let letters = Type::new(12.0, Role::Muted);
        let (first, last) = grid.span();
        canvas.text_upwards("End-to-end latency (log)", (MARGIN + 6.0, f64::midpoint(first, last)), letters);
        let across = (f64::midpoint(grid.left, WIDTH - MARGIN), grid.bottom() + 8.0);
        canvas.text("Percentile of successes, as 1 / (1 − q) (log)", across, letters, Align::Centre);
        let caption = caption(run, spectra, &all, &chosen, &rows, &drawn, dense);
        Middle { bottom: grid.bottom() + AXIS_TITLE, caption, drawn: names }
    })
}

/// Ranges that hold all lines; the axis reaches p99 whatever n is, so that what is missing can be seen.
fn scale(lines: &[&Line<'_>]) -> Scale {
    let furthest = lines.iter().map(|line| line.end().0).fold(120.0, f64::max);
    let latencies = || lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
    let (least, most) = latencies().fold((f64::MAX, 0.0_f64), |ends, ms| (ends.0.min(ms), ends.1.max(ms)));
    let latency = if least > most { (10.0, 1_000.0) } else { (least * 0.92, (most * 1.08).max(least * 4.0)) };
    Scale { furthest, latency }
}

/// The endpoints whose p99 is nearest to and furthest from their median, and on how many that rests.
fn finding(run: &Run, lines: &[&Line<'_>], several: bool) -> Headline {
    let origin = origin(run);
    // In tenths, as they are shown, so that of those that look equal the run's first is named.
    let ratios: Vec<(u64, &Line<'_>)> = lines
        .iter()
        .filter(|line| line.row.valid != Some(false) && !line.baseline)
        .filter_map(|line| {
            let median = line.points.iter().find(|point| point.0 >= 2.0)?.1;
            Some(((line.p99? / median * 10.0).round() as u64, *line))
        })
        .collect();
    let steadiest = ratios.iter().min_by_key(|(ratio, _)| ratio);
    let wildest = ratios.iter().rev().max_by_key(|(ratio, _)| ratio);
    let times = |tenths: u64| format!("{}.{} times", tenths / 10, tenths % 10);
    let place = |line: &Line<'_>| {
        let region = line.row.region.as_deref().map_or(String::new(), |region| format!(" in {region}"));
        let workload = if several { format!(" on {}", line.row.workload) } else { String::new() };
        format!("{}{region}{workload}", line.name)
    };
    let count = ratios.len();
    let mut sentences = match (steadiest, wildest) {
        (Some((least, steady)), Some((most, wild))) if least < most => vec![
            format!(
                "Steadiest, {origin}: {}, p99 {} its median. Least steady: {}, {}.",
                place(steady),
                times(*least),
                place(wild),
                times(*most)
            ),
            format!(
                "As measured {} with 100 successes or more.",
                if steady.row.route.is_some() { format!("on {count} routes") } else { format!("at {count} endpoints") }
            ),
        ],
        (Some((ratio, line)), _) if count == 1 => {
            vec![format!("p99 is {} the median, {origin}: {}.", times(*ratio), place(line))]
        }
        (Some((ratio, _)), _) => {
            vec![format!("p99 is {} the median at each of {count} endpoints, {origin}.", times(*ratio))]
        }
        _ => {
            let rows: Vec<&CellRow> = lines.iter().map(|line| line.row).collect();
            vec![without_a_p99(&rows, "", origin)]
        }
    };
    sentences.extend(partial(run.manifest.status).map(str::to_owned));
    Headline { sentences }
}

fn signs(lines: &[&Line<'_>], dense: bool) -> Vec<(Sign, String)> {
    let marks: Vec<_> = lines.iter().map(|line| (line.baseline, line.standing)).collect();
    let mut signs = legend::verdict_signs(legend::OF_AN_ENDPOINT, &marks);
    let more = [
        (
            lines.iter().any(|line| line.p99.is_some() && Standing::limit_of(line.row).is_some()),
            Sign::Limit,
            "the tiers' limits of p99",
        ),
        (
            lines.iter().any(|line| line.bounded < line.points.len()),
            Sign::Thin,
            "thin: no upper bound at this n, or failures",
        ),
        (dense, Sign::Band, "from the fastest to the slowest of all"),
    ];
    signs.extend(more.into_iter().filter(|(shown, ..)| *shown).map(|(_, sign, words)| (sign, words.to_owned())));
    signs
}

fn caption(
    run: &Run,
    spectra: &Spectra,
    all: &[Setting<'_>],
    chosen: &[&Setting<'_>],
    rows: &[&CellRow],
    lines: &[&Line<'_>],
    dense: bool,
) -> String {
    let names: Vec<String> = chosen.iter().map(|setting| setting.under_its_load()).collect();
    let mut says = vec![
        format!("Lower and flatter is better. End-to-end latency of successes; {}", n(rows)),
        format!("{}, from {}, {}", names.join("; "), run.manifest.started_at, origin(run)),
        "A line ends where n supports no more: at the percentile that one request lies above, (1 − q) · n = 1; it is \
         thin where the 95 % interval has no upper end"
            .to_owned(),
    ];
    says.extend(letters(run));
    if lines.iter().any(|line| line.p99.is_none()) {
        says.push("Below 100 successes there is no p99".to_owned());
    }
    let failed: u64 = lines.iter().map(|line| line.row.failed).sum();
    match failed {
        0 => {}
        1 => says.push("1 failed request has no latency and is left out".to_owned()),
        more => says.push(format!("{} failed requests have no latency and are left out", figures::count(more))),
    }
    if dense {
        says.push(
            "Named are the cheapest of each tier that meets its limit and the worst misses of each panel; all are in \
             percentiles.hgrm"
                .to_owned(),
        );
    }
    let missing = rows.len() - lines.len();
    if missing > 0 {
        says.push(format!("Not drawn: {missing} without a success"));
    }
    if all.len() > chosen.len() {
        let more = (all.len() - chosen.len()) as u64;
        let are = if more == 1 { "is" } else { "are" };
        says.push(format!(
            "{} of workload and load {are} in percentiles.hgrm",
            figures::several(more, "more combination")
        ));
    }
    if !spectra.warnings.is_empty() {
        says.push("Not whole: a part of latency.hlog cannot be read".to_owned());
    }
    says.join(". ") + "."
}

#[cfg(test)]
mod tests;
