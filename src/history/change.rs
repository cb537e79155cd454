//! Nights from which on a cell is faster or slower than before, found over the whole series.

use crate::history::{Figure, Series};
use crate::stats::{change_points, noise};

/// A new level of a cell's median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The point of the series at which it begins.
    pub point: usize,
    /// The geometric mean from there to the next change over that from the one before, odd nights moved to their neighbours: above
    /// 1 is slower.
    pub ratio: f64,
}

/// Nights that a level lasts at least.
const LEAST: usize = 3;

/// What a change must explain, in squares of the noise, times the logarithm of the nights: more than the 2 that a place and a
/// level take by the Bayesian criterion, because there are many places where it could be (Zhang and Siegmund, Biometrics 63,
/// 2007), and because the noise is an estimate.
const PENALTY: f64 = 4.0;

/// How far a night may be from the median of its neighbours, in units of the noise: what is beyond is an odd night and no level,
/// and is moved there (Hampel's identifier, as in Pearson, IEEE Transactions on Control Systems Technology 10, 2002).
const ODD: f64 = 2.5;

/// Where the level of the median of `series` changes, over all of its judged nights.
///
/// PELT on logarithms in units of their own noise, see [`change_points`].
pub fn changes(series: &Series<'_>) -> Vec<Change> {
    let judged = series.points.iter().enumerate().filter(|(_, at)| at.is_judged());
    let (points, logs): (Vec<usize>, Vec<f64>) =
        judged.filter_map(|(point, at)| Some((point, Figure::E2eP50.of(at.row)?.ln()))).unzip();
    let Some(unit) = noise(&logs).map(|unit| unit.max(LEAST_NOISE)) else { return Vec::new() };
    let scaled = without_odd_nights(&logs.iter().map(|log| log / unit).collect::<Vec<_>>());
    let places = change_points(&scaled, PENALTY * (logs.len() as f64).ln(), LEAST);
    let ends: Vec<usize> = [0].into_iter().chain(places).chain([logs.len()]).collect();
    let means: Vec<f64> = ends.windows(2).map(|pair| unit * mean(&scaled[pair[0]..pair[1]])).collect();
    let change = |(place, pair): (&usize, &[f64])| Change { point: points[*place], ratio: (pair[1] - pair[0]).exp() };
    ends[1..].iter().zip(means.windows(2)).map(change).collect()
}

/// A tenth of a per cent: no smaller noise is believed, so that nights that are almost all the same do not make a change of
/// every rounding.
const LEAST_NOISE: f64 = 0.001;

/// The values with those that are far from the median of the five about them moved nearer.
fn without_odd_nights(values: &[f64]) -> Vec<f64> {
    let near = |at: usize| {
        let mut about = values[at.saturating_sub(2)..(at + 3).min(values.len())].to_vec();
        about.sort_by(f64::total_cmp);
        let middle = f64::midpoint(about[(about.len() - 1) / 2], about[about.len() / 2]);
        values[at].clamp(middle - ODD, middle + ODD)
    };
    (0..values.len()).map(near).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::Clean;
    use crate::history::series;

    #[test]
    fn each_new_level_is_found_with_its_night_and_its_size() {
        let mut history = Clean { cells: 2, nights: 60, ..Clean::default() }.history();
        for night in 20..60 {
            Clean::slow_down(&mut history, 1, night, if night < 45 { 1.25 } else { 0.9 });
        }
        let all = series(&history);
        assert_eq!(changes(&all[0]), []);
        let found = changes(&all[1]);
        assert_eq!(found.iter().map(|change| change.point).collect::<Vec<_>>(), [20, 45]);
        assert!((found[0].ratio - 1.25).abs() < 0.04 && (found[1].ratio - 0.72).abs() < 0.04, "{found:?}");
    }

    #[test]
    fn clean_series_seldom_have_a_change() {
        let history = Clean { cells: 400, nights: 60, seed: 5, ..Clean::default() }.history();
        let found: usize = series(&history).iter().map(|one| changes(one).len()).sum();
        assert!(found <= 4, "{found} changes in 400 clean series of 60 nights");
    }

    #[test]
    fn one_odd_night_and_one_that_may_not_be_judged_are_no_change() {
        let mut history = Clean { cells: 1, nights: 40, seed: 2, ..Clean::default() }.history();
        Clean::slow_down(&mut history, 0, 17, 1.5);
        Clean::slow_down(&mut history, 0, 39, 2.0);
        for night in 25..30 {
            Clean::slow_down(&mut history, 0, night, 4.0);
            history.nights[night].partial = true;
        }
        assert_eq!(changes(&series(&history)[0]), []);
    }

    #[test]
    fn nights_all_alike_have_no_change_and_a_step_among_them_is_one() {
        let mut history = Clean { cells: 1, nights: 12, noise: 0.0, ..Clean::default() }.history();
        assert_eq!(changes(&series(&history)[0]), []);
        (6..12).for_each(|night| Clean::slow_down(&mut history, 0, night, 1.5));
        assert_eq!(changes(&series(&history)[0]).iter().map(|change| change.point).collect::<Vec<_>>(), [6]);
    }
}
