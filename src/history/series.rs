//! One cell over the nights.

use std::collections::BTreeMap;

use crate::history::{History, Night};
use crate::rundir::CellRow;

/// What makes a cell of one night the same as one of another. Simulated replies are never taken for live ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// Whether replies came from a simulator.
    pub simulated: bool,
    /// Baseline or candidate; absent outside an A/B run.
    pub variant: Option<String>,
    /// The route; absent for an endpoint cell and a routed total.
    pub route: Option<String>,
    /// Who was called.
    pub provider: String,
    /// What answered.
    pub model: String,
    /// Where.
    pub region: Option<String>,
    /// The workload's name.
    pub workload: String,
    /// How requests were issued.
    pub load: String,
    /// Requests in flight; absent in open load.
    pub concurrency: Option<u32>,
    /// Requests a second, as `cells.csv` writes them; absent in closed load.
    pub rate_rps: Option<String>,
    /// A routed cell's slug, since all rows of one have the same names but another target; absent elsewhere.
    pub slug: Option<String>,
}

impl CellKey {
    /// That of `row`.
    pub fn of(row: &CellRow) -> Self {
        Self {
            simulated: row.simulated,
            variant: row.variant.clone(),
            route: row.route.clone(),
            provider: row.provider.clone(),
            model: row.model.clone(),
            region: row.region.clone(),
            workload: row.workload.clone(),
            load: row.load.clone(),
            concurrency: row.concurrency,
            rate_rps: row.rate_rps.map(|rate| rate.to_string()),
            slug: row.route.as_ref().map(|_| row.cell.clone()),
        }
    }
}

/// A cell in one night.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<'h> {
    /// The run.
    pub night: &'h Night,
    /// Its place among the runs of the history.
    pub place: usize,
    /// The cell's row.
    pub row: &'h CellRow,
}

impl Point<'_> {
    /// Whether its latencies and cost may be held against those of other nights: the run went to its end, the cell was not found
    /// invalid, no request was dropped and some succeeded.
    pub fn is_judged(&self) -> bool {
        let row = self.row;
        !self.night.partial && row.valid != Some(false) && !row.is_saturated() && row.ok > 0
    }

    /// Whether its failures are the provider's: the figures may be judged, or else it is the provider that made them so, by
    /// throttling or by failing every request. A run that was stopped tells of the requests that ended.
    pub fn counts_for_availability(&self) -> bool {
        let row = self.row;
        let by_provider = row.ok == 0 || row.rate_limited * 100 > row.requests;
        row.requests > 0 && (row.valid != Some(false) || by_provider)
    }
}

/// A cell over the nights in which it was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Series<'h> {
    /// Which cell.
    pub key: CellKey,
    /// Its nights, in their order; at least one.
    pub points: Vec<Point<'h>>,
}

impl<'h> Series<'h> {
    /// The last night.
    pub fn last(&self) -> &Point<'h> {
        self.points.last().expect("a cell is in a history because it has a night")
    }

    /// What tells it from the other cells, without comma or space: the slug, `simulated/` before it where it is, and the route
    /// behind it.
    pub fn name(&self) -> String {
        let simulated = if self.key.simulated { "simulated/" } else { "" };
        let route = self.key.route.as_deref().map_or_else(String::new, |route| format!("#{}", safe(route)));
        format!("{simulated}{}{route}", self.last().row.cell)
    }
}

/// Every cell of `history`, in the order of their keys.
pub fn series(history: &History) -> Vec<Series<'_>> {
    let mut all: BTreeMap<CellKey, Vec<Point<'_>>> = BTreeMap::new();
    for (place, night) in history.nights.iter().enumerate() {
        for row in &night.cells {
            let points = all.entry(CellKey::of(row)).or_default();
            // A run that holds a cell twice has two that nothing tells apart: the first stands for both.
            if points.last().is_none_or(|last| last.place != place) {
                points.push(Point { night, place, row });
            }
        }
    }
    all.into_iter().map(|(key, points)| Series { key, points }).collect()
}

fn safe(name: &str) -> String {
    let kept = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    name.chars().map(|letter| if kept(letter) { letter } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::{cell, night};

    #[test]
    fn simulated_and_live_nights_of_a_cell_are_two_series() {
        let live = CellRow { simulated: false, ..cell(0, 200.0) };
        let nights = vec![night(0, vec![cell(0, 200.0)]), night(1, vec![live]), night(2, vec![cell(0, 210.0)])];
        let history = History { nights, warnings: Vec::new() };
        let all = series(&history);
        let told: Vec<(bool, usize, String)> =
            all.iter().map(|one| (one.key.simulated, one.points.len(), one.name())).collect();
        let slug = &history.nights[0].cells[0].cell;
        assert_eq!(told, [(false, 1, slug.clone()), (true, 2, format!("simulated/{slug}"))]);
    }

    #[test]
    fn regions_loads_variants_and_routes_are_told_apart() {
        let row = cell(0, 200.0);
        let with = |change: fn(&mut CellRow)| {
            let mut row = cell(0, 200.0);
            change(&mut row);
            row
        };
        let rows = vec![
            row.clone(),
            with(|row| row.region = None),
            with(|row| row.concurrency = Some(64)),
            with(|row| (row.concurrency, row.rate_rps) = (None, Some(2.5))),
            with(|row| row.variant = Some("candidate".to_owned())),
            with(|row| row.route = Some("every day".to_owned())),
        ];
        let history = History { nights: vec![night(0, rows)], warnings: Vec::new() };
        let all = series(&history);
        assert_eq!(all.len(), 6);
        assert!(all.iter().any(|one| one.name() == format!("simulated/{}#every-day", row.cell)));
    }

    #[test]
    fn what_cannot_be_judged_still_counts_against_the_provider_where_that_is_why() {
        let told = |change: fn(&mut CellRow), partial| {
            let mut row = cell(0, 200.0);
            change(&mut row);
            let night = Night { partial, ..night(0, vec![row]) };
            let point = Point { night: &night, place: 0, row: &night.cells[0] };
            (point.is_judged(), point.counts_for_availability())
        };
        assert_eq!(told(|_| (), false), (true, true));
        assert_eq!(told(|_| (), true), (false, true));
        assert_eq!(told(|row| row.valid = Some(false), false), (false, false));
        assert_eq!(told(|row| (row.valid, row.ok, row.failed) = (Some(false), 0, 600), false), (false, true));
        assert_eq!(told(|row| (row.valid, row.rate_limited) = (Some(false), 30), false), (false, true));
        assert_eq!(told(|row| (row.arrivals, row.dropped) = (Some(700), Some(9)), false), (false, true));
    }
}
