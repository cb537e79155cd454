//! How far the token counts and costs of a run can be relied on, as notes and in words.

use std::collections::BTreeMap;

use crate::cost::Reconciled;
use crate::rundir::{CellNote, StatedNote, UsageNote};
use crate::tally::CellFigures;

/// What the figures of `cells` tell of their usage; a cell of which there is nothing to tell is left out.
pub fn usage_notes(cells: &[CellNote], figures: &[CellFigures]) -> Vec<UsageNote> {
    let note = |(cell, figures): (&CellNote, &CellFigures)| {
        let stated = figures.reconciled.map(|sums| StatedNote {
            requests: sums.requests,
            stated_usd: sums.stated,
            computed_usd: sums.computed,
        });
        let (contradicting, estimated) = (figures.requests_contradicting, figures.requests_estimated);
        (contradicting > 0 || estimated > 0 || stated.is_some()).then(|| UsageNote {
            cell: cell.cell.clone(),
            counted: figures.requests_counted,
            contradicting,
            estimated,
            stated,
        })
    };
    cells.iter().zip(figures).filter_map(note).collect()
}

/// What a user must know of `notes` to trust a cost, a line for each model of a provider and kind of trouble.
///
/// A stated cost is told where it differs by over one per cent from what a cell's price row makes of it.
pub fn usage_warnings(cells: &[CellNote], notes: &[UsageNote]) -> Vec<String> {
    let mut troubles: BTreeMap<(&str, &str), Trouble> = BTreeMap::new();
    for note in notes {
        let Some(cell) = cells.iter().find(|cell| cell.cell == note.cell) else { continue };
        troubles.entry((&cell.provider, &cell.model)).or_default().add(note);
    }
    troubles.iter().flat_map(|((provider, model), trouble)| trouble.in_words(provider, model)).collect()
}

/// What there is to tell of a model at a provider, over its cells.
#[derive(Default)]
struct Trouble {
    /// Over the cells where costs differ.
    off: Reconciled,
    off_cells: u64,
    contradicting: u64,
    counted: u64,
    estimated: u64,
}

impl Trouble {
    fn add(&mut self, note: &UsageNote) {
        let sums = |stated: StatedNote| Reconciled {
            requests: stated.requests,
            stated: stated.stated_usd,
            computed: stated.computed_usd,
        };
        if let Some(sums) = note.stated.map(sums).filter(Reconciled::is_off) {
            self.off += sums;
            self.off_cells += 1;
        }
        self.contradicting += note.contradicting;
        self.counted += note.counted;
        self.estimated += note.estimated;
    }

    fn in_words(&self, provider: &str, model: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if self.off_cells > 0 {
            let Reconciled { requests, stated, computed } = self.off;
            let place = if self.off_cells == 1 { "1 cell".to_owned() } else { format!("{} cells", self.off_cells) };
            let apart = self.off.in_per_cent().map_or_else(String::new, |apart| format!(", {apart}"));
            lines.push(format!(
                "provider `{provider}` states a cost of ${stated} for {requests} requests to `{model}` in {place}, and its \
                 price row makes it ${computed}{apart}: check the row with `tollmark registry show`"
            ));
        }
        if self.contradicting > 0 {
            lines.push(format!(
                "the usage adds up in no known way in {} of {} replies of `{model}` at `{provider}`: the completion count \
                 was taken at its word",
                self.contradicting, self.counted
            ));
        }
        if self.estimated > 0 {
            let replies =
                if self.estimated == 1 { "1 reply".to_owned() } else { format!("{} replies", self.estimated) };
            lines.push(format!(
                "{replies} of `{model}` at `{provider}` came without usage: tokens are estimated by a tokeniser there, \
                 and costs that rest on them are marked `~`"
            ));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rundir::fixture::manifest;

    fn note(cell: usize, stated: Option<(&str, &str)>) -> UsageNote {
        let sums = |(stated, computed): (&str, &str)| StatedNote {
            requests: 6,
            stated_usd: stated.parse().unwrap(),
            computed_usd: computed.parse().unwrap(),
        };
        UsageNote {
            cell: manifest().cells[cell].cell.clone(),
            counted: 6,
            contradicting: 0,
            estimated: 0,
            stated: stated.map(sums),
        }
    }

    #[test]
    fn a_difference_over_one_per_cent_names_both_sums_and_the_remedy() {
        let (off, fits) = (note(0, Some(("0.00103", "0.001"))), note(1, Some(("0.001005", "0.001"))));
        assert_eq!(
            usage_warnings(&manifest().cells, &[off, fits]),
            ["provider `acme` states a cost of $0.00103 for 6 requests to `small` in 1 cell, and its price row makes \
                 it $0.001, 2.9 % less: check the row with `tollmark registry show`"]
        );
        let free = usage_warnings(&manifest().cells, &[note(0, Some(("0", "0.001")))]);
        assert!(free[0].contains("makes it $0.001: check"), "{free:?}");
    }

    #[test]
    fn counts_in_doubt_are_told_once_for_each_model() {
        let doubtful = |cell| UsageNote { contradicting: 2, estimated: 1, ..note(cell, None) };
        let mut cells = manifest().cells;
        cells[1].model = "small".to_owned();
        assert_eq!(
            usage_warnings(&cells, &[doubtful(0), doubtful(1)]),
            [
                "the usage adds up in no known way in 4 of 12 replies of `small` at `acme`: the completion count was \
                 taken at its word",
                "2 replies of `small` at `acme` came without usage: tokens are estimated by a tokeniser there, and costs \
                 that rest on them are marked `~`"
            ]
        );
        assert_eq!(usage_warnings(&cells, &[note(0, None)]), Vec::<String>::new());
    }
}
