//! Nights from which on a cell is not what it was: another price, another tollmark, another workload.

use crate::history::Series;
use crate::rundir::CellRow;
use crate::units::UsdPerMtok;

/// The list prices of a cell for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// Of prompts; absent: unknown.
    pub input: Option<UsdPerMtok>,
    /// Of answers; absent: unknown.
    pub output: Option<UsdPerMtok>,
}

impl Prices {
    /// Those of `row`.
    pub fn of(row: &CellRow) -> Self {
        Self { input: row.list_input_usd_per_mtok, output: row.list_output_usd_per_mtok }
    }

    /// Those of `row`, and these where it knows none.
    fn then(self, row: &CellRow) -> Self {
        let now = Self::of(row);
        Self { input: now.input.or(self.input), output: now.output.or(self.output) }
    }

    /// Whether `next` names another figure where both are known.
    fn differs(self, next: Self) -> bool {
        let one = |a: Option<UsdPerMtok>, b: Option<UsdPerMtok>| a.zip(b).is_some_and(|(a, b)| a != b);
        one(self.input, next.input) || one(self.output, next.output)
    }
}

/// A night from which on a cell's price is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceStep {
    /// The point of the series at which the new price is first seen.
    pub point: usize,
    /// What held before.
    pub from: Prices,
    /// What holds from then on.
    pub to: Prices,
}

/// A night that nothing before it can be held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The first point after it.
    pub point: usize,
    /// Whether the list price changed.
    pub price: bool,
    /// Whether another version of tollmark measured.
    pub tool: bool,
    /// Whether the workload's file was another one.
    pub workload: bool,
}

/// Where the list price of `series` changes. A price that is not known is no price of 0: it is passed over.
pub fn price_steps(series: &Series<'_>) -> Vec<PriceStep> {
    let mut known = Prices::default();
    let mut steps = Vec::new();
    for (point, at) in series.points.iter().enumerate() {
        let next = known.then(at.row);
        if known.differs(next) {
            steps.push(PriceStep { point, from: known, to: next });
        }
        known = next;
    }
    steps
}

/// Where `series` starts anew, in the order of the nights.
pub fn turns(series: &Series<'_>) -> Vec<Turn> {
    let steps = price_steps(series);
    let workload = |point: usize| {
        let at = &series.points[point];
        at.night.workload(&at.row.workload)
    };
    (1..series.points.len())
        .map(|point| Turn {
            point,
            price: steps.iter().any(|step| step.point == point),
            tool: series.points[point].night.tool_version != series.points[point - 1].night.tool_version,
            workload: workload(point - 1).zip(workload(point)).is_some_and(|(before, now)| before != now),
        })
        .filter(|turn| turn.price || turn.tool || turn.workload)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::{cell, night};
    use crate::history::{History, series};

    fn priced(output: Option<&str>) -> CellRow {
        CellRow { list_output_usd_per_mtok: output.map(|price| price.parse().unwrap()), ..cell(0, 200.0) }
    }

    #[test]
    fn a_price_steps_when_another_is_seen_and_not_when_it_is_lost() {
        let prices = [None, Some("0.50"), Some("0.50"), None, Some("0.50"), Some("0.40"), None];
        let nights = prices.iter().enumerate().map(|(day, price)| night(day as i64, vec![priced(*price)])).collect();
        let history = History { nights, warnings: Vec::new() };
        let steps = price_steps(&series(&history)[0]);
        assert_eq!(steps.len(), 1);
        assert_eq!(steps[0].point, 5);
        assert_eq!(
            (steps[0].from.output, steps[0].to.output),
            (Some("0.50".parse().unwrap()), Some("0.40".parse().unwrap()))
        );
        assert_eq!(turns(&series(&history)[0]), [Turn { point: 5, price: true, tool: false, workload: false }]);
    }

    #[test]
    fn another_tool_and_another_workload_are_turns_too() {
        let mut nights: Vec<_> = (0..4).map(|day| night(day, vec![cell(0, 200.0)])).collect();
        for night in &mut nights[2..] {
            night.tool_version = "0.2.0".to_owned();
        }
        nights[3].workloads[0].1 = "f".repeat(64);
        let history = History { nights, warnings: Vec::new() };
        let found = turns(&series(&history)[0]);
        assert_eq!(
            found,
            [
                Turn { point: 2, price: false, tool: true, workload: false },
                Turn { point: 3, price: false, tool: false, workload: true }
            ]
        );
    }
}
