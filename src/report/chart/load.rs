//! The load chart: latency, and requests a second that were answered in time, over the loads of a sweep.

use crate::report::chart::axes::LABELS_LEFT;
use crate::report::chart::canvas::Type;
use crate::report::chart::grid::{AXIS_TITLE, MARGIN, WIDTH};
use crate::report::chart::head::Head;
use crate::report::chart::load_line::{Line, names};
use crate::report::chart::load_panel::{self, Block, Drawn, HEIGHT, NAMES};
use crate::report::chart::load_words::{Facts, caption, finding, signs};
use crate::report::chart::options::ChartOptions;
use crate::report::chart::sheet::{Middle, sheet};
use crate::report::chart::theme::{LINES, Role};
use crate::report::sweep::{Sweep, blocks, telling};
use crate::rundir::Run;

/// Draws `sweeps`, those of `run`, as a stand-alone SVG of 1,200 pixels' width; absent where nothing was swept.
///
/// Each of up to three combinations of workload and kind of load has a plot of latency and, over the same loads, one of
/// requests a second. Above five endpoints in a plot those with the most and the least goodput are drawn. Of `options`,
/// theme and prefix apply. The same run gives the same bytes, whatever the order of its rows.
pub fn load(run: &Run, sweeps: &[Sweep<'_>], options: &ChartOptions) -> Option<String> {
    (!sweeps.is_empty()).then(|| draw(run, sweeps, options).0)
}

const MOST_BLOCKS: usize = 3;

/// The SVG, and where things stand in it.
fn draw(run: &Run, sweeps: &[Sweep<'_>], options: &ChartOptions) -> (String, Vec<Drawn>) {
    let all = blocks(sweeps);
    let shown = &all[..all.len().min(MOST_BLOCKS)];
    let facts = Facts { run, all: &all, shown };
    let mut lines: Vec<Vec<Line<'_>>> = Vec::new();
    let mut titles = Vec::new();
    for block in shown {
        let drawn = drawn_of(run, block);
        let (names, model) = names(run, &drawn);
        let (workload, load) = block[0].block();
        let load = (block[0].first().concurrency.is_none()).then(|| format!("{load} load"));
        titles.push([Some(workload.to_owned()), model, load].into_iter().flatten().collect::<Vec<_>>().join(" · "));
        let mut colours = LINES.into_iter();
        let colour = |sweep: &Sweep<'_>, colours: &mut dyn Iterator<Item = Role>| {
            let own = if run.is_baseline(sweep.first()) { None } else { colours.next() };
            own.unwrap_or(Role::Untold)
        };
        let line = drawn.iter().zip(names).map(|(sweep, name)| Line::new(sweep, name, colour(sweep, &mut colours)));
        lines.push(line.collect());
    }
    let head = Head::of(run, finding(&facts), signs(&lines));
    let bottom = head.height + HEIGHT * shown.len() as f64 + GAP * (shown.len().saturating_sub(1)) as f64;
    let caption = caption(&facts, &lines);
    sheet(options, &head, |canvas| {
        let mut drawn = Vec::new();
        for (index, lines) in lines.into_iter().enumerate() {
            let open = shown[index][0].first().concurrency.is_none();
            let block = Block {
                title: titles[index].clone(),
                lines,
                open,
                top: head.height + (HEIGHT + GAP) * index as f64,
                sides: (MARGIN + AXIS_TITLE + LABELS_LEFT, WIDTH - MARGIN - NAMES),
            };
            let of = load_panel::draw(canvas, &block);
            let letters = Type::new(12.0, Role::Muted);
            let middle = |plot: usize| (MARGIN + 6.0, f64::midpoint(of.frames[plot].y0, of.frames[plot].y1));
            canvas.text_upwards(if open { "Latency from due (log)" } else { "Latency (log)" }, middle(0), letters);
            canvas.text_upwards("Requests/s", middle(1), letters);
            drawn.push(of);
        }
        Middle { bottom: bottom + 2.0, caption, drawn }
    })
}

/// The sweeps of `block` that have a line: those that tell most, and where runs are compared what each is held against.
fn drawn_of<'s, 'a>(run: &Run, block: &[&'s Sweep<'a>]) -> Vec<&'s Sweep<'a>> {
    let is_baseline = |sweep: &&Sweep<'a>| run.is_baseline(sweep.first());
    let others: Vec<&Sweep<'_>> = block.iter().copied().filter(|sweep| !is_baseline(sweep)).collect();
    let chosen = telling(&others, LINES.len());
    let endpoint = |sweep: &Sweep<'a>| {
        let row = sweep.first();
        (&row.provider, &row.model, &row.region)
    };
    let wanted = |sweep: &&Sweep<'a>| match is_baseline(sweep) {
        true => chosen.iter().any(|other| endpoint(other) == endpoint(sweep)),
        false => chosen.iter().any(|other| std::ptr::eq(*other, *sweep)),
    };
    block.iter().copied().filter(wanted).collect()
}

/// Free between two blocks, in pixels.
const GAP: f64 = 12.0;

#[cfg(test)]
mod tests;
