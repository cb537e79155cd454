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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plain_text::columns;
    use crate::report::sketch;
    use crate::report::sweep::sweeps;
    use crate::rundir::Run;

    const WIDE: TableStyle = TableStyle { width: 160, colour: false, all: false, unicode: true };

    fn run(models: usize) -> Run {
        let steps = [(1, 5.5, 180.0), (16, 80.0, 182.0), (64, 84.0, 691.0)];
        let row = |index| steps.map(|step| (sketch::swept(&format!("model-{index}"), "us-west-2", step), false));
        sketch::of_rows((0..models).flat_map(row).collect())
    }

    #[test]
    fn each_load_has_a_row_and_the_knee_is_named() {
        let expected = "
model    region             load  ended/s  p50 ms               p99 ms  remarks
model-0  us-west-2   1 in flight      5.5     180        362 (324–427)
model-0  us-west-2  16 in flight       80     182        366 (328–431)  knee
model-0  us-west-2  64 in flight       84     691  1,388 (1,244–1,638)
Goodput counts requests that succeeded within the tier's p99 limit; the knee has the most successes a second for their median latency.
";
        assert_eq!(sweep_table(&sweeps(&run(1), None), &WIDE), expected);
        assert_eq!(sweep_table(&[], &WIDE), "");
    }

    #[test]
    fn a_narrow_terminal_is_kept_to_and_what_is_cut_is_counted() {
        let run = run(7);
        let swept = sweeps(&run, None);
        for width in [30, 40, 80, 120] {
            let text = sweep_table(&swept, &TableStyle { width, ..WIDE });
            assert!(text.lines().all(|line| columns(line) <= width), "{width}: {text}");
            assert!(text.ends_with("+6 more loads: --all\n") && text.contains("knee"), "{text}");
        }
        let all = sweep_table(&swept, &TableStyle { all: true, ..WIDE });
        assert_eq!(all.matches("16 in flight").count(), 7);
    }
}
