//! All that is known of each cell over the nights.

use crate::history::drift::before;
use crate::history::{
    Alert, Change, Drift, Figure, History, Judged, Month, PriceStep, Series, Spread, Turn, changes, drift, months,
    night_spread, price_steps, series, turns,
};

/// A cell over the nights, with what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CellLine<'h> {
    /// Its nights.
    pub series: Series<'h>,
    /// Where it starts anew.
    pub turns: Vec<Turn>,
    /// Where its list price changes.
    pub price_steps: Vec<PriceStep>,
    /// Nights outside of what was expected.
    pub alerts: Vec<Alert>,
    /// How its last night compares.
    pub drift: Drift,
    /// Where its level changes.
    pub changes: Vec<Change>,
    /// Its availability month by month.
    pub months: Vec<Month>,
    /// The night-to-night spread of its median; absent with fewer than three nights.
    pub spread: Option<Spread>,
}

impl CellLine<'_> {
    /// The geometric mean of `figure` over the nights that the last one is held against; absent without any.
    pub fn usual(&self, figure: Figure) -> Option<f64> {
        let logs = before(&self.series, &self.turns, self.series.points.len() - 1, figure);
        (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
    }

    /// Nights that may be judged.
    pub fn judged(&self) -> usize {
        self.series.points.iter().filter(|point| point.is_judged()).count()
    }

    /// How much there is to look at, most first: cells that moved in the `newest` night, slower ones before faster; those of which
    /// it may not be judged; those with alerts or changes among their last [`RECENT`] nights; the rest; those that are no longer
    /// measured.
    fn worth(&self, newest: usize) -> (u8, f64) {
        if self.series.last().place < newest {
            return (5, 0.0);
        }
        let size = |ratios: &mut dyn Iterator<Item = f64>| ratios.map(|ratio| ratio.ln().abs()).fold(0.0, f64::max);
        let recent = self.series.points.len().saturating_sub(RECENT);
        let mut of_late = (self.alerts.iter().map(|alert| (alert.point, alert.ratio)))
            .chain(self.changes.iter().map(|change| (change.point, change.ratio)))
            .filter(|(point, _)| *point >= recent)
            .map(|(_, ratio)| ratio);
        match &self.drift {
            Drift::Moved(alerts) if self.drift.is_slower() => (0, size(&mut alerts.iter().map(|alert| alert.ratio))),
            Drift::Moved(alerts) => (1, size(&mut alerts.iter().map(|alert| alert.ratio))),
            Drift::NotJudged => (2, 0.0),
            Drift::Steady | Drift::TooFew(_) => match size(&mut of_late) {
                moved if moved > 0.0 => (3, moved),
                _ => (4, self.spread.map_or(0.0, |spread| spread.of_ratios)),
            },
        }
    }
}

/// Nights in which an alert or a change is still news.
const RECENT: usize = 14;

/// Every cell of `history`, the one first that most deserves a look; of equal ones by their keys.
pub fn lines(history: &History) -> Vec<CellLine<'_>> {
    let judged = Judged::of(history);
    let mut all: Vec<_> = series(history).into_iter().map(|series| line(&judged, series)).collect();
    let newest = |simulated| {
        let of = all.iter().filter(|line| line.series.key.simulated == simulated);
        of.map(|line| line.series.last().place).max().unwrap_or(0)
    };
    let newest = [newest(false), newest(true)];
    all.sort_by(|a, b| {
        let worth = |line: &CellLine<'_>| line.worth(newest[usize::from(line.series.key.simulated)]);
        let ((rank, size), (other, other_size)) = (worth(a), worth(b));
        rank.cmp(&other).then(other_size.total_cmp(&size)).then_with(|| a.series.key.cmp(&b.series.key))
    });
    all
}

fn line<'h>(judged: &Judged, series: Series<'h>) -> CellLine<'h> {
    let turns = turns(&series);
    let (alerts, drift) = drift(judged, &series, &turns);
    CellLine {
        price_steps: price_steps(&series),
        changes: changes(&series),
        months: months(&series),
        spread: night_spread(&series, &turns, Figure::E2eP50),
        alerts,
        drift,
        turns,
        series,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::{Clean, cell, night};

    #[test]
    fn what_got_slower_comes_first_and_then_what_moved_of_late() {
        let mut history = Clean { cells: 12, nights: 40, ..Clean::default() }.history();
        Clean::slow_down(&mut history, 3, 39, 1.6);
        Clean::slow_down(&mut history, 4, 39, 0.5);
        (31..40).for_each(|night| Clean::slow_down(&mut history, 5, night, 1.4));
        history.nights[39].cells[6].valid = Some(false);
        let models: Vec<String> = lines(&history).iter().map(|line| line.series.key.model.clone()).collect();
        assert_eq!(models[..4], ["model-03", "model-04", "model-06", "model-05"]);
        // What is no longer measured is no news.
        history.nights.push(night(40, (0..12).filter(|index| *index != 3).map(|index| cell(index, 150.0)).collect()));
        let all = lines(&history);
        assert_eq!(all.last().unwrap().series.key.model, "model-03");
    }

    #[test]
    fn the_usual_figure_is_that_of_the_nights_before_the_last() {
        let mut history = Clean { cells: 1, nights: 6, noise: 0.0, ..Clean::default() }.history();
        let usual = lines(&history)[0].usual(Figure::E2eP50).unwrap();
        Clean::slow_down(&mut history, 0, 5, 9.0);
        assert!((lines(&history)[0].usual(Figure::E2eP50).unwrap() - usual).abs() < 1e-9);
        history.nights.truncate(1);
        assert_eq!(lines(&history)[0].usual(Figure::E2eP50), None);
    }
}
