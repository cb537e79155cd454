//! A forecast at a terminal.

use comfy_table::{CellAlignment, Table, presets};

use crate::report::forecast::Foretold;
use crate::report::forecast::words::{HEADINGS, answers, headline, remarks, row};

/// The forecast in plain text: a table of routes, who answers them, and what it rests on; ended by a line feed.
pub fn forecast_text(told: &Foretold<'_>) -> String {
    let mut text = format!("{}\n\n{}\n", headline(told), table(told));
    for (index, line) in answers(told).iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        text.push_str(&format!("{gap}{line}\n"));
    }
    for (index, line) in remarks(told).iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        text.push_str(&format!("{gap}{line}\n"));
    }
    text
}

fn table(told: &Foretold<'_>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty().set_header(HEADINGS);
    for route in told.forecast.routes.iter().chain([&told.forecast.total]) {
        table.add_row(row(route));
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}
