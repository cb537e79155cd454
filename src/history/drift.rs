//! Whether a night lies outside of what the nights before it let expect.

use crate::history::{Figure, History, Point, Series, Turn};
use crate::stats::expected;

/// Nights that a cell is held against at most.
pub const MOST_NIGHTS: usize = 30;

/// Nights without which nothing is said.
pub const LEAST_NIGHTS: usize = 10;

/// The chance that some cell of a clean night alarms for being slower; the same holds for faster.
pub const PER_NIGHT: f64 = 0.01;

/// A night outside of what was expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alert {
    /// The point of the series.
    pub point: usize,
    /// Which figure.
    pub figure: Figure,
    /// Its value over the mean of the nights before, which is the geometric one.
    pub ratio: f64,
}

/// How a cell's last night compares with those before it.
#[derive(Clone, Debug, PartialEq)]
pub enum Drift {
    /// The last night may not be judged.
    NotJudged,
    /// Fewer than [`LEAST_NIGHTS`] nights came before it since something changed, and how many.
    TooFew(usize),
    /// As expected.
    Steady,
    /// Slower or faster than expected, by what each figure says that does.
    Moved(Vec<Alert>),
}

impl Drift {
    /// Whether it got slower by any figure.
    pub fn is_slower(&self) -> bool {
        matches!(self, Self::Moved(alerts) if alerts.iter().any(|alert| alert.ratio > 1.0))
    }
}

/// Every night of `series` that lies outside of what the nights before it let expect, and what that means for the last one.
///
/// Logarithms of p50 and p95 are held against those of up to [`MOST_NIGHTS`] judged nights before since the last turn, and alert
/// outside `mean ± t(n − 1, 1 − 0.01/m) · s · √(1 + 1/n)`, where m is the number of cells judged in that night times the two
/// figures. Without m, 40 cells would alarm on half of all clean nights.
pub fn drift(judged: &Judged, series: &Series<'_>, turns: &[Turn]) -> (Vec<Alert>, Drift) {
    let mut alerts = Vec::new();
    for (point, at) in series.points.iter().enumerate().filter(|(_, at)| at.is_judged()) {
        for figure in Figure::WATCHED {
            let before = before(series, turns, point, figure);
            let Some(value) = figure.of(at.row).filter(|_| before.len() >= LEAST_NIGHTS).map(f64::ln) else { continue };
            let beyond = PER_NIGHT / (judged.of_night(at) * Figure::WATCHED.len()) as f64;
            let usual = expected(&before, beyond).expect("ten nights are more than one");
            // Nights that are all alike leave no room, and must not alarm over the last bit of a logarithm.
            if (value - usual.mean).abs() > usual.reach + 1e-9 {
                alerts.push(Alert { point, figure, ratio: (value - usual.mean).exp() });
            }
        }
    }
    let last = series.points.len() - 1;
    let of_last: Vec<Alert> = alerts.iter().filter(|alert| alert.point == last).copied().collect();
    let nights = before(series, turns, last, Figure::E2eP50).len();
    let drift = match () {
        () if !series.points[last].is_judged() => Drift::NotJudged,
        () if nights < LEAST_NIGHTS => Drift::TooFew(nights),
        () if of_last.is_empty() => Drift::Steady,
        () => Drift::Moved(of_last),
    };
    (alerts, drift)
}

/// The logarithms of `figure` in up to [`MOST_NIGHTS`] judged nights before `point` since the last turn.
pub(in crate::history) fn before(series: &Series<'_>, turns: &[Turn], point: usize, figure: Figure) -> Vec<f64> {
    let start = turns.iter().map(|turn| turn.point).filter(|turn| *turn <= point).max().unwrap_or(0);
    let judged = series.points[start..point].iter().rev().filter(|at| at.is_judged());
    judged.filter_map(|at| figure.of(at.row).map(f64::ln)).take(MOST_NIGHTS).collect()
}

/// How many cells of each night are judged, which is how many could alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged(Vec<usize>);

impl Judged {
    /// Counts them in `history`.
    pub fn of(history: &History) -> Self {
        let nights = history.nights.iter().enumerate();
        let count = nights
            .map(|(place, night)| night.cells.iter().filter(|row| Point { night, place, row }.is_judged()).count());
        Self(count.collect())
    }

    fn of_night(&self, at: &Point<'_>) -> usize {
        self.0.get(at.place).copied().unwrap_or(0).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::Clean;
    use crate::history::{series, turns};

    fn drift_of(history: &History, cell: usize) -> (Vec<Alert>, Drift) {
        let all = series(history);
        drift(&Judged::of(history), &all[cell], &turns(&all[cell]))
    }

    #[test]
    fn clean_nights_of_40_cells_alarm_no_more_often_than_stated() {
        // 20 histories of 60 nights, of which 50 are judged: 1,000 nights, each with a chance of 2 % for both sides.
        let mut alarming = 0;
        for seed in 0..20 {
            let history = Clean { cells: 40, nights: 60, seed, ..Clean::default() }.history();
            let (all, judged) = (series(&history), Judged::of(&history));
            let mut nights: Vec<usize> =
                all.iter().flat_map(|one| drift(&judged, one, &turns(one)).0).map(|alert| alert.point).collect();
            nights.sort_unstable();
            nights.dedup();
            alarming += nights.len();
        }
        // P(Binomial(1000, 0.02) > 34) is 0.1 %; p50 and p95 of a night go together, so there are fewer.
        assert!(alarming <= 34, "{alarming} of 1,000 clean nights");
        assert!(alarming >= 3, "{alarming}: so few that the bound cannot be the stated one");
    }

    #[test]
    fn a_night_half_again_as_slow_is_found_on_that_night_and_only_there() {
        let mut history = Clean { cells: 40, nights: 40, ..Clean::default() }.history();
        Clean::slow_down(&mut history, 7, 39, 1.5);
        let (alerts, verdict) = drift_of(&history, 7);
        assert!(verdict.is_slower(), "{verdict:?}");
        let of_last: Vec<_> = alerts.iter().filter(|alert| alert.point == 39).collect();
        assert_eq!(of_last.len(), 2);
        assert!(of_last.iter().all(|alert| (alert.ratio - 1.5).abs() < 0.2), "{of_last:?}");
        assert_eq!(drift_of(&history, 8).1, Drift::Steady);
    }

    #[test]
    fn a_turn_starts_anew_and_needs_ten_nights_again() {
        let mut history = Clean { cells: 1, nights: 40, ..Clean::default() }.history();
        Clean::slow_down(&mut history, 0, 30, 2.0);
        for night in &mut history.nights[30..] {
            night.tool_version = "0.2.0".to_owned();
        }
        let (alerts, verdict) = drift_of(&history, 0);
        assert_eq!(verdict, Drift::TooFew(9));
        assert!(alerts.iter().all(|alert| alert.point < 30));
    }

    #[test]
    fn nights_that_may_not_be_judged_are_neither_held_against_nor_judged() {
        let mut history = Clean { cells: 1, nights: 12, ..Clean::default() }.history();
        Clean::slow_down(&mut history, 0, 11, 3.0);
        history.nights[11].partial = true;
        assert_eq!(drift_of(&history, 0), (Vec::new(), Drift::NotJudged));
        history.nights[11].partial = false;
        history.nights[3].cells[0].valid = Some(false);
        assert!(drift_of(&history, 0).1.is_slower());
        history.nights[4].cells[0].valid = Some(false);
        assert_eq!(drift_of(&history, 0).1, Drift::TooFew(9));
    }

    #[test]
    fn nights_without_any_noise_alarm_over_a_change_alone() {
        let mut history = Clean { cells: 1, nights: 15, noise: 0.0, ..Clean::default() }.history();
        assert_eq!(drift_of(&history, 0), (Vec::new(), Drift::Steady));
        Clean::slow_down(&mut history, 0, 14, 1.01);
        assert!(drift_of(&history, 0).1.is_slower());
    }
}
