//! A change of a routing table at a terminal.

use comfy_table::{CellAlignment, Table, presets};

use crate::report::forecast::change::{COLUMNS, Changed, row};

/// The change in plain text: the verdict and its cause, what moves on which route, who gains and who pays, and what it rests on;
/// ended by a line feed.
pub fn change_text(changed: &Changed<'_>) -> String {
    let (head, said) = changed.story();
    let mut text = format!("{head}: {}.\n\n", said.join(". "));
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty().set_header(COLUMNS);
    for contrast in changed.contrasts {
        table.add_row(row(contrast));
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    text.push_str(&format!("{}\n", table.trim_fmt()));
    for lines in [changed.gains(), changes(changed), changed.remarks()] {
        for (index, line) in lines.iter().enumerate() {
            let gap = if index == 0 { "\n" } else { "" };
            text.push_str(&format!("{gap}{line}\n"));
        }
    }
    text
}

/// What differs in the files, a line each.
pub(super) fn changes(changed: &Changed<'_>) -> Vec<String> {
    changed.changes.iter().map(|change| format!("changed: {}", changed.told(change))).collect()
}
