//! What no gateway's file holds, with the line that says it.

use crate::routes::export::Lost;
use crate::routes::places::Places;
use crate::routes::table::{Action, OnOverflow, RegionOrder, Table};

/// The lost parts of a table, and where its keys stand.
pub(super) struct Losses<'t> {
    table: &'t Table,
    places: Places<'t>,
    lost: Vec<Lost>,
}

impl<'t> Losses<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self { table, places: Places::of(table), lost: Vec::new() }
    }

    /// Notes what stands on `line`.
    pub(super) fn note(&mut self, line: usize, what: impl Into<String>) {
        self.lost.push(Lost { line, what: what.into() });
    }

    /// Everything noted, by line.
    pub(super) fn finish(mut self) -> Vec<Lost> {
        self.lost.sort();
        self.lost
    }

    /// See [`Places::failover`]; the first line of a file without it.
    pub(super) fn failover(&self, key: &'static str) -> usize {
        self.places.failover(key).unwrap_or(1)
    }

    /// See [`Places::route`].
    pub(super) fn route(&self, index: usize, key: &'static str) -> usize {
        self.places.route(index, key)
    }

    /// Notes what only tollmark does.
    pub(super) fn note_common(&mut self) {
        if let Some(classifier) = &self.table.classifier {
            let what = format!("`{}` labels no request there: who calls must know the tier", classifier.model);
            self.note(classifier.line, what);
        }
        let order = match self.table.failover.region_order {
            RegionOrder::Nearest => {
                Some("the origin of a request is not known there: regions are tried as the registry lists them")
            }
            RegionOrder::Shuffled | RegionOrder::AsWritten => None,
        };
        if let Some(what) = order {
            self.note(self.failover("region_order"), what);
        }
        for (index, route) in self.table.routes.iter().enumerate() {
            let Action::Send { on_overflow, max_cost_per_request, .. } = &route.action else { continue };
            if let Some(limit) = max_cost_per_request {
                let line = self.route(index, "max_cost_per_request_usd");
                self.note(line, format!("no request is held to ${limit}"));
            }
            if let OnOverflow::Chunk { with } = on_overflow {
                let line = self.route(index, "on_overflow");
                self.note(line, format!("a prompt over the window is not cut up for `{with}`: it fails"));
            }
        }
    }
}
