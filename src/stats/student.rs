//! Where the next value of a series is expected, from those before it.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Where the next of some normal values is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The mean of those before it.
    pub mean: f64,
    /// How far from the mean it may lie on either side.
    pub reach: f64,
}

/// The range that a further value of the normal law of `values` exceeds with the probability `beyond` on each side, 0 to 0.5;
/// absent with fewer than two values.
///
/// It is `mean ± t(n − 1, 1 − beyond) · s · √(1 + 1/n)` (Hahn and Meeker, Statistical Intervals, section 4.7).
pub fn expected(values: &[f64], beyond: f64) -> Option<Expected> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    let reach = student_quantile(n - 1.0, 1.0 - beyond) * deviation * (1.0 + 1.0 / n).sqrt();
    Some(Expected { mean, reach })
}

/// The `p`-quantile of Student's t with `freedom` degrees of freedom, p within 0 and 1, both excluded.
pub fn student_quantile(freedom: f64, p: f64) -> f64 {
    let law = StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom are above 0");
    law.inverse_cdf(p)
}

/// The probability of a value above `t` under Student's t with `freedom` degrees of freedom.
pub fn student_tail(freedom: f64, t: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom are above 0").sf(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_t_are_the_published_ones() {
        // Fisher and Yates, table III.
        for (freedom, p, published) in [
            (9.0, 0.95, 1.833),
            (9.0, 0.995, 3.250),
            (29.0, 0.975, 2.045),
            (29.0, 0.9995, 3.659),
            (1.0, 0.975, 12.706),
            (120.0, 0.99, 2.358),
        ] {
            let found = student_quantile(freedom, p);
            assert!((found - published).abs() < 5.1e-4, "t({freedom}, {p}) = {found}");
        }
        // Far out, where many tests at once send it: the tail it leaves is the one asked for.
        let law = StudentsT::new(0.0, 1.0, 29.0).unwrap();
        for beyond in [1.25e-4, 1e-5, 1e-6] {
            let left = law.sf(student_quantile(29.0, 1.0 - beyond));
            assert!((left / beyond - 1.0).abs() < 1e-4, "{beyond}: {left}");
        }
    }

    #[test]
    fn the_tail_and_the_quantile_are_each_other_turned_round() {
        for (freedom, p) in [(1.0, 0.9), (6.0, 0.975), (20.0, 0.5)] {
            let tail = student_tail(freedom, student_quantile(freedom, p));
            assert!((tail - (1.0 - p)).abs() < 1e-9, "{freedom} {p}: {tail}");
        }
    }

    #[test]
    fn the_next_value_is_expected_about_the_mean_and_one_value_foretells_nothing() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        let next = expected(&ten, 0.025).unwrap();
        // s = 3.02765, t(9, 0.975) = 2.262157.
        assert!((next.mean - 5.5).abs() < 1e-12 && (next.reach - 2.262_157 * 3.027_650 * 1.1_f64.sqrt()).abs() < 1e-4);
        assert_eq!(expected(&[4.0], 0.01), None);
        let same = expected(&[4.0; 12], 0.01).unwrap();
        assert!(same.reach.abs() < 1e-12);
    }
}
