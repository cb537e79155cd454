//! The sweeps of a run as a terminal shows them, below its cells.

use crate::report::aligned::{Column, Kind, Line, NAMES, TableStyle, fitted, in_charset, line, painted};
use crate::report::plain_text::{clipped, wrapped};
use crate::report::sweep::Sweep;
use crate::report::sweep_rows::{SWEEP_LEGEND, SweepRow, sweep_rows, telling_rows};

/// Columns that a name may take.
const NAME_ROOM: usize = 28;

/// A blank line and a row for each load, each line ended by a line feed; nothing where nothing was swept.
pub(crate) fn sweep_table(sweeps: &[Sweep<'_>], style: &TableStyle) -> String {
    if sweeps.is_empty() {
        return String::new();
    }
    let rows = if style.all { sweep_rows(sweeps) } else { telling_rows(sweeps) };
    let grid = fitted(grid(&rows, style), style.width);
    let mut text = format!("\n{}", line(&grid, style, Line::Heading));
    for row in 0..rows.len() {
        text.push_str(&line(&grid, style, Line::Row(row, None)));
    }
    let mut notes = vec![SWEEP_LEGEND.to_owned()];
    let cut = sweeps.iter().map(|sweep| sweep.steps.len()).sum::<usize>() - rows.len();
    if cut > 0 {
        notes.push(format!("+{cut} more loads: --all"));
    }
    for note in notes.iter().flat_map(|note| wrapped(&in_charset(note, style), style.width)) {
        text.push_str(&painted(&note, "2", style));
        text.push('\n');
    }
    text
}

fn grid(rows: &[SweepRow], style: &TableStyle) -> Vec<Column> {
    let column = |title: &str, kind, dispensable, text: &dyn Fn(&SweepRow) -> Option<String>| {
        Column::new(title, kind, dispensable, rows.iter().map(text), style)
    };
    let name = |name: &str| Some(clipped(name, NAME_ROOM));
    let mut grid = vec![
        column("model", Kind::Name, None, &|row| name(&row.model)),
        column("region", Kind::Name, Some(NAMES + 2), &|row| row.region.as_deref().and_then(name)),
    ];
    if rows.iter().any(|row| row.workload != rows[0].workload) {
        grid.push(column("workload", Kind::Name, Some(NAMES + 1), &|row| name(&row.workload)));
    }
    grid.extend([
        column("load", Kind::Figure, None, &|row| Some(row.load.clone())),
        column("ended/s", Kind::Figure, Some(4), &|row| row.achieved.clone()),
        column("p50 ms", Kind::Figure, Some(3), &|row| row.p50.clone()),
        column("p99 ms", Kind::Figure, Some(5), &|row| row.p99.clone()),
        column("goodput/s", Kind::Figure, Some(6), &|row| row.goodput.clone()),
        column("remarks", Kind::Words, None, &|row| Some(row.remarks.clone().unwrap_or_default())),
    ]);
    grid.retain(|column| !column.is_dispensable() || column.is_known(style));
    grid
}
