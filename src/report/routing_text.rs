//! How a routing table did, as a terminal shows it below the cells.

use crate::report::aligned::{Column, Kind, Line, NAMES, TableStyle, fitted, in_charset, line, painted};
use crate::report::plain_text::{clipped, wrapped};
use crate::report::routing::{routing_sentences, routing_tables};
use crate::rundir::Run;

/// Columns that a name may take.
const NAME_ROOM: usize = 28;

/// A blank line, a row for each table and route, and what is to be known of them, each line ended by a line feed; nothing
/// where `run` has no routing table.
pub(crate) fn routing_text(run: &Run, style: &TableStyle) -> String {
    let Some(routes) = routing_tables(run).into_iter().next() else { return String::new() };
    let differ = |column: usize| routes.rows.iter().any(|row| row[column] != routes.rows[0][column]);
    let column = |(place, heading): (usize, &&str)| {
        let is_name = place < routes.names;
        let texts = routes.rows.iter().map(|row| Some(clipped(&row[place], NAME_ROOM)));
        // Which route it is stands last to go; of the figures the last ones matter least.
        let dispensable = match place {
            0 => Some(NAMES),
            1 => None,
            _ => u8::try_from(place).ok(),
        };
        Column::new(heading, if is_name { Kind::Name } else { Kind::Figure }, dispensable, texts, style)
    };
    let shown = routes.headings.iter().enumerate().filter(|(place, _)| *place > 0 || differ(0));
    let grid = fitted(shown.map(column).collect(), style.width);
    let mut text = format!("\n{}", line(&grid, style, Line::Heading));
    for row in 0..routes.rows.len() {
        text.push_str(&line(&grid, style, Line::Row(row, None)));
    }
    for sentence in routing_sentences(run) {
        for part in wrapped(&in_charset(&sentence, style), style.width) {
            text.push_str(&painted(&part, "2", style));
            text.push('\n');
        }
    }
    text
}
