//! The forest plot: what became better and worse between two variants, a row a comparison, the worst first.

use crate::report::chart::canvas::{Align, Type};
use crate::report::chart::diff_axis::ChangeAxis;
use crate::report::chart::diff_columns::Columns;
use crate::report::chart::diff_list::{Drawn, HEADING, List, SCALE, ends};
use crate::report::chart::diff_rows::{DiffRow, Effect, Section, sections};
use crate::report::chart::diff_words::{caption, finding, signs};
use crate::report::chart::grid::MARGIN;
use crate::report::chart::head::Head;
use crate::report::chart::options::ChartOptions;
use crate::report::chart::sheet::{Middle, sheet};
use crate::report::chart::theme::Role;
use crate::report::verdict::Judgement;

/// Draws every comparison of `judgement` as a stand-alone SVG of 1,200 pixels' width and as high as its rows want; absent for
/// a run without two variants.
///
/// Each rule of the policy has an axis of its own, on which the baseline is the grey line of what did not change. A mark is
/// coloured where its rule is surely broken or surely holds, and grey where nothing is shown. What no figure can be told of
/// has its row too, with the reason. Of `options`, theme and prefix apply. The same run and policy give the same bytes,
/// whatever the order of the run's rows.
pub fn diff(judgement: &Judgement<'_>, options: &ChartOptions) -> Option<String> {
    (judgement.run.manifest.variants.len() > 1).then(|| draw(judgement, options).0)
}

/// From row to row in pixels, and the size of letters, by how many rows there are.
const ROOMY: (f64, f64) = (20.0, 12.0);
const DENSE: (f64, f64) = (14.0, 10.5);
const MOST_ROOMY: usize = 60;

fn draw(judgement: &Judgement<'_>, options: &ChartOptions) -> (String, Drawn) {
    let sections = sections(judgement);
    let rows: Vec<&DiffRow> = sections.iter().flat_map(Section::drawn).collect();
    let common = common_load(&rows);
    let look = if rows.len() > MOST_ROOMY { DENSE } else { ROOMY };
    let columns = Columns::of(&rows, common.is_none(), look.1);
    let axes: Vec<ChangeAxis> = sections.iter().map(|section| ChangeAxis::over(section, columns.plot)).collect();
    let arrows = sections.iter().zip(&axes).any(|(section, axis)| {
        let goes_on = |seen: Effect| ends(axis, seen).iter().any(|end| end.goes_on);
        section.drawn().iter().filter_map(|row| row.effect).any(goes_on)
    });
    let head = Head::of(judgement.run, finding(judgement, &sections), signs(&sections, arrows));
    sheet(options, &head, |canvas| {
        let mut drawn = Drawn::default();
        let mut top = head.height;
        for (section, axis) in sections.iter().zip(&axes) {
            let list = List { canvas, columns: &columns, axis, look, top };
            list.draw(section, &mut drawn);
            top += HEADING + SCALE + section.drawn().len() as f64 * look.0 + 10.0;
        }
        if sections.is_empty() {
            let letters = Type::new(13.0, Role::Muted);
            canvas.text("nothing to compare", (MARGIN, top + 12.0), letters, Align::Left);
            top += 24.0;
        }
        Middle { bottom: top, caption: caption(judgement, &sections, common.filter(|load| !load.is_empty())), drawn }
    })
}

/// The workload and load that all `rows` with one have in common; absent where they differ.
fn common_load<'a>(rows: &[&'a DiffRow]) -> Option<&'a str> {
    let mut loads = rows.iter().map(|row| row.load.as_str()).filter(|load| !load.is_empty());
    let first = loads.next().unwrap_or("");
    loads.all(|load| load == first).then_some(first)
}

#[cfg(test)]
mod tests;
