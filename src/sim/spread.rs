//! How a simulated time or length varies from request to request.

use std::f64::consts::TAU;

/// The standard normal distribution's 99th percentile.
const Z99: f64 = 2.326_347_874_040_841;

/// A distribution of positive numbers: constant or lognormal, with an optional second mode of slow ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    median: f64,
    sigma: f64,
    slow: Option<Slow>,
}

/// The second mode: a share of the draws is longer by a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slow {
    ratio: f64,
    factor: f64,
}

impl Spread {
    /// Always `value`.
    ///
    /// # Errors
    /// The value is not positive.
    pub fn constant(value: f64) -> Result<Self, SpreadError> {
        if !(value > 0.0 && value.is_finite()) {
            return Err(SpreadError::Median(value));
        }
        Ok(Self { median: value, sigma: 0.0, slow: None })
    }

    /// Lognormal, given by its median and its 99th percentile.
    ///
    /// # Errors
    /// The median is not positive, or the percentile lies below it.
    pub fn lognormal(median: f64, p99: f64) -> Result<Self, SpreadError> {
        let constant = Self::constant(median)?;
        if !(p99 >= median && p99.is_finite()) {
            return Err(SpreadError::P99 { median, p99 });
        }
        Ok(Self { sigma: (p99 / median).ln() / Z99, ..constant })
    }

    /// The same, but a share of `ratio` of the draws is `factor` times as long.
    ///
    /// # Errors
    /// The ratio is not within 0 to 1, or the factor is below 1.
    pub fn with_slow(self, ratio: f64, factor: f64) -> Result<Self, SpreadError> {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(SpreadError::SlowRatio(ratio));
        }
        if !(factor >= 1.0 && factor.is_finite()) {
            return Err(SpreadError::SlowFactor(factor));
        }
        Ok(Self { slow: Some(Slow { ratio, factor }), ..self })
    }

    /// The next value. How many random numbers it takes depends on the distribution alone, never on their values.
    pub fn draw(&self, rng: &mut fastrand::Rng) -> f64 {
        let value = if self.sigma > 0.0 { self.median * (self.sigma * normal(rng)).exp() } else { self.median };
        match self.slow {
            Some(slow) if rng.f64() < slow.ratio => value * slow.factor,
            _ => value,
        }
    }
}

/// Numbers that make no distribution.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SpreadError {
    /// The median is not positive.
    #[error("median is {0}, must be over 0")]
    Median(f64),
    /// The 99th percentile lies below the median.
    #[error("p99 is {p99}, must be at least the median, {median}")]
    P99 {
        /// The median given.
        median: f64,
        /// The percentile given.
        p99: f64,
    },
    /// The share of slow draws is no ratio.
    #[error("slow ratio is {0}, must be 0 to 1")]
    SlowRatio(f64),
    /// Slow draws would be faster.
    #[error("slow factor is {0}, must be at least 1")]
    SlowFactor(f64),
}

/// A standard normal number, after Box and Muller, Annals of Mathematical Statistics 29 (1958).
fn normal(rng: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (TAU * rng.f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::seeded;

    const DRAWS: usize = 20_000;

    fn sorted_draws(spread: &Spread, seed: u64) -> Vec<f64> {
        let mut rng = seeded(seed, "draws");
        let mut draws: Vec<f64> = (0..DRAWS).map(|_| spread.draw(&mut rng)).collect();
        draws.sort_by(f64::total_cmp);
        draws
    }

    /// The ranks between which the order statistic of a true `q`-quantile lies, four standard errors each way.
    fn bracket(draws: &[f64], q: f64) -> (f64, f64) {
        let n = draws.len() as f64;
        let error = 4.0 * (n * q * (1.0 - q)).sqrt();
        (draws[(n * q - error) as usize], draws[(n * q + error).min(n - 1.0) as usize])
    }

    #[test]
    fn a_lognormal_spread_has_the_median_and_the_99th_percentile_it_was_given() {
        for seed in 0..5 {
            let draws = sorted_draws(&Spread::lognormal(180.0, 410.0).unwrap(), seed);
            for (q, truth) in [(0.5, 180.0), (0.99, 410.0)] {
                let (low, high) = bracket(&draws, q);
                assert!(low <= truth && truth <= high, "{q}: {truth} outside {low} to {high}");
            }
        }
    }

    #[test]
    fn the_slow_mode_takes_its_share_of_the_draws() {
        let spread = Spread::constant(10.0).unwrap().with_slow(0.02, 5.0).unwrap();
        let draws = sorted_draws(&spread, 1);
        assert!(draws.iter().all(|&draw| draw.to_bits() == 10f64.to_bits() || draw.to_bits() == 50f64.to_bits()));
        let slow = draws.iter().filter(|&&draw| draw > 10.0).count() as f64;
        let error = 4.0 * (DRAWS as f64 * 0.02 * 0.98).sqrt();
        assert!((slow - 400.0).abs() < error, "{slow}");
    }

    #[test]
    fn the_same_seed_gives_the_same_draws() {
        let spread = Spread::lognormal(50.0, 90.0).unwrap();
        assert_eq!(sorted_draws(&spread, 7), sorted_draws(&spread, 7));
        assert_ne!(sorted_draws(&spread, 7), sorted_draws(&spread, 8));
    }

    #[test]
    fn impossible_numbers_are_refused_with_what_would_be_right() {
        let message = |spread: Result<Spread, SpreadError>| spread.unwrap_err().to_string();
        assert_eq!(message(Spread::constant(0.0)), "median is 0, must be over 0");
        assert_eq!(message(Spread::lognormal(9.0, 8.0)), "p99 is 8, must be at least the median, 9");
        let one = Spread::constant(1.0).unwrap();
        assert_eq!(message(one.clone().with_slow(1.5, 2.0)), "slow ratio is 1.5, must be 0 to 1");
        assert_eq!(message(one.with_slow(0.5, 0.5)), "slow factor is 0.5, must be at least 1");
    }
}
