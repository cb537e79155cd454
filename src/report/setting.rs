//! The rows of a run, taken apart by workload and load: figures of different ones are never compared.

use std::collections::BTreeMap;

use crate::rundir::{CellRow, Run};

/// One workload under one load, and its endpoints.
#[derive(Clone, Debug)]
pub(crate) struct Setting<'a> {
    /// The workload's name.
    pub(crate) workload: &'a str,
    /// `closed`, or the arrival process, with its stages if it has some.
    pub(crate) load: &'a str,
    /// Requests in flight asked for; absent in open load.
    pub(crate) concurrency: Option<u32>,
    /// Requests a second asked for; absent in closed load.
    pub(crate) rate_rps: Option<f64>,
    /// Its rows without those of routes, in the manifest's order.
    pub(crate) rows: Vec<&'a CellRow>,
}

/// Takes `run` apart, in the manifest's order whatever the order of the rows; rows it does not name come last.
pub(crate) fn settings(run: &Run) -> Vec<Setting<'_>> {
    let place: BTreeMap<&str, usize> =
        run.manifest.cells.iter().enumerate().map(|(index, note)| (note.cell.as_str(), index)).collect();
    let mut rows: Vec<&CellRow> = run.cells.iter().filter(|row| row.route.is_none()).collect();
    rows.sort_by_key(|row| (place.get(row.cell.as_str()).copied().unwrap_or(usize::MAX), row.cell.as_str()));
    let mut settings: Vec<Setting<'_>> = Vec::new();
    for row in rows {
        match settings.iter_mut().find(|setting| setting.holds(row)) {
            Some(setting) => setting.rows.push(row),
            None => settings.push(Setting {
                workload: &row.workload,
                load: &row.load,
                concurrency: row.concurrency,
                rate_rps: row.rate_rps,
                rows: vec![row],
            }),
        }
    }
    settings
}

/// The same with the routes of a routing table that answered something in the place of the table as a whole.
pub(crate) fn settings_by_route(run: &Run) -> Vec<Setting<'_>> {
    let mut settings = settings(run);
    for setting in &mut settings {
        if setting.rows.iter().all(|row| row.model.is_empty()) {
            let routes =
                run.cells.iter().filter(|row| row.route.is_some() && row.ok > 0 && setting.holds(row)).collect();
            setting.rows = routes;
        }
    }
    settings.retain(|setting| !setting.rows.is_empty());
    settings
}

impl Setting<'_> {
    /// The workload's name, with the load where another of `all` has the same workload.
    pub(crate) fn name(&self, all: &[Setting<'_>]) -> String {
        let alone = all.iter().filter(|other| other.workload == self.workload).count() <= 1;
        if alone { self.workload.to_owned() } else { format!("{}, {}", self.workload, self.pressure()) }
    }

    /// Workload and load in words: `autocomplete at 16 in flight`, `autocomplete under poisson load at 20/s`.
    pub(crate) fn under_its_load(&self) -> String {
        let joint = if self.concurrency.is_some() { "at" } else { "under" };
        format!("{} {joint} {}", self.workload, self.pressure())
    }

    /// The load in words: `16 in flight`, `poisson load at 20/s`, or `poisson load at 10..200/s over 60s`.
    pub(crate) fn pressure(&self) -> String {
        match (self.concurrency, self.rate_rps) {
            (Some(concurrency), _) => format!("{concurrency} in flight"),
            (None, Some(rate)) => format!("{} load at {rate}/s", self.load),
            // Where the rate has stages the file's text names them.
            (None, None) if self.load.contains(' ') => self.load.replacen(" at ", " load at ", 1),
            (None, None) => format!("{} load", self.load),
        }
    }

    fn holds(&self, row: &CellRow) -> bool {
        let rate = |rate: Option<f64>| rate.map(f64::to_bits);
        (self.workload, self.load, self.concurrency, rate(self.rate_rps))
            == (row.workload.as_str(), row.load.as_str(), row.concurrency, rate(row.rate_rps))
    }
}
