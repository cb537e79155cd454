//! How far a cell's figures are apart from one night to the next, though nothing changed.

use crate::history::{Figure, Series, Turn};
use crate::rundir::CellRow;

/// What nights differ by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The standard deviation of the logarithm of one night's figure over another's.
    pub of_ratios: f64,
    /// Pairs of neighbouring nights that it rests on, at least two.
    pub pairs: usize,
}

/// The night-to-night spread of `figure` over `series`, whose turns are `turns`; absent with fewer than two pairs of neighbouring
/// nights that may be held against each other, and so with fewer than three nights.
///
/// It is the root of the mean squared step between neighbours, so that a level that moves slowly is not taken for noise (von
/// Neumann, Kent, Bellinson, Hart, Annals of Mathematical Statistics 12, 1941). Two nights on different sides of a turn are no
/// pair, and a night that may not be judged is passed over.
pub fn night_spread(series: &Series<'_>, turns: &[Turn], figure: Figure) -> Option<Spread> {
    let (of_ratios, pairs) = step_spread(series, turns, |row| figure.of(row).map(f64::ln))?;
    Some(Spread { of_ratios, pairs })
}

/// The same of the differences of any figure, with the pairs of nights that it rests on.
pub fn step_spread(series: &Series<'_>, turns: &[Turn], of: impl Fn(&CellRow) -> Option<f64>) -> Option<(f64, usize)> {
    let mut squares = Vec::new();
    let mut before: Option<f64> = None;
    for (index, point) in series.points.iter().enumerate() {
        if turns.iter().any(|turn| turn.point == index) {
            before = None;
        }
        let Some(now) = of(point.row).filter(|_| point.is_judged()) else { continue };
        squares.extend(before.map(|before| (now - before).powi(2)));
        before = Some(now);
    }
    let pairs = squares.len();
    (pairs >= 2).then(|| ((squares.iter().sum::<f64>() / pairs as f64).sqrt(), pairs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::{Clean, cell, night};
    use crate::history::{History, series, turns};

    fn spread_of(medians: &[f64], change: impl Fn(&mut History)) -> Option<Spread> {
        let nights = medians.iter().enumerate().map(|(day, p50)| night(day as i64, vec![cell(0, *p50)])).collect();
        let mut history = History { nights, warnings: Vec::new() };
        change(&mut history);
        let one = &series(&history)[0];
        night_spread(one, &turns(one), Figure::E2eP50)
    }

    #[test]
    fn three_nights_have_a_spread_and_two_have_none() {
        assert_eq!(spread_of(&[100.0, 110.0], |_| ()), None);
        let found = spread_of(&[100.0, 110.0, 100.0], |_| ()).unwrap();
        assert!((found.of_ratios - 1.1_f64.ln()).abs() < 1e-9 && found.pairs == 2, "{found:?}");
    }

    #[test]
    fn a_turn_parts_the_nights_about_it_and_an_invalid_night_is_passed_over() {
        let turned = |history: &mut History| history.nights[2].tool_version = "0.2.0".to_owned();
        // The versions are 1, 1, 2, 1, so of three pairs only the first is left.
        assert_eq!(spread_of(&[100.0, 110.0, 900.0, 900.0], turned), None);
        let invalid = |history: &mut History| history.nights[1].cells[0].valid = Some(false);
        let found = spread_of(&[100.0, 900.0, 110.0, 100.0], invalid).unwrap();
        assert!((found.of_ratios - 1.1_f64.ln()).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn the_spread_of_many_nights_is_that_of_a_ratio_of_two() {
        let history = Clean { cells: 1, nights: 400, noise: 0.05, ..Clean::default() }.history();
        let one = &series(&history)[0];
        let found = night_spread(one, &turns(one), Figure::E2eP95).unwrap();
        assert!((found.of_ratios - 0.05 * 2_f64.sqrt()).abs() < 0.006, "{found:?}");
        assert_eq!(night_spread(one, &turns(one), Figure::CostPerThousand).map(|spread| spread.pairs), Some(399));
    }
}
