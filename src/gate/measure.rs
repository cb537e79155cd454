//! What a regression rule holds against each other, and how much worse it may be.

use std::fmt;

use crate::gate::policy::Timed;

/// A figure that can get worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// A quantile of a latency.
    Quantile {
        /// Which latency.
        latency: Timed,
        /// Which quantile, 0 to 1.
        q: f64,
    },
    /// Dollars for a thousand requests.
    CostPerThousand,
    /// The list price of output tokens, which is exact.
    ListOutputPrice,
    /// The list price of input tokens, which is exact.
    ListInputPrice,
    /// Failed attempts over attempts.
    ErrorRatio,
    /// Successes over requests.
    Availability,
    /// Answers that were as expected over answers of which something was expected.
    Quality,
}

impl Measure {
    /// Every measure by its name in `cells.csv`.
    pub const ALL: [(&'static str, Self); 14] = [
        ("ttft_p50_ms", Self::Quantile { latency: Timed::Ttft, q: 0.5 }),
        ("ttft_p90_ms", Self::Quantile { latency: Timed::Ttft, q: 0.9 }),
        ("ttft_p95_ms", Self::Quantile { latency: Timed::Ttft, q: 0.95 }),
        ("ttft_p99_ms", Self::Quantile { latency: Timed::Ttft, q: 0.99 }),
        ("e2e_p50_ms", Self::Quantile { latency: Timed::E2e, q: 0.5 }),
        ("e2e_p90_ms", Self::Quantile { latency: Timed::E2e, q: 0.9 }),
        ("e2e_p95_ms", Self::Quantile { latency: Timed::E2e, q: 0.95 }),
        ("e2e_p99_ms", Self::Quantile { latency: Timed::E2e, q: 0.99 }),
        ("cost_per_1k_requests_usd", Self::CostPerThousand),
        ("list_output_usd_per_mtok", Self::ListOutputPrice),
        ("list_input_usd_per_mtok", Self::ListInputPrice),
        ("attempt_error_ratio", Self::ErrorRatio),
        ("availability", Self::Availability),
        ("quality_ratio", Self::Quality),
    ];

    /// Its name in `cells.csv`.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, measure)| *measure == self).map_or("", |(name, _)| name)
    }

    /// Whether it is read off a price list, so that no statistics are needed.
    pub const fn is_exact(self) -> bool {
        matches!(self, Self::ListOutputPrice | Self::ListInputPrice)
    }

    /// Whether it is a share of requests, whose changes are told in percentage points.
    pub const fn is_ratio(self) -> bool {
        matches!(self, Self::ErrorRatio | Self::Availability | Self::Quality)
    }

    /// Whether less of it is worse.
    pub const fn is_better_when_greater(self) -> bool {
        matches!(self, Self::Availability | Self::Quality)
    }

    /// The `rule_out` that holds where the file names none; absent for what is exact.
    ///
    /// Where the usual one is not wider than the margin it is two and a half times as wide. A bound in the measure's own unit
    /// is widened as much as the usual one is over a margin of 10 %, a cost threefold, and a share of requests fourfold, or
    /// half-way to all that it can change by.
    pub fn default_rule_out(self, margin: Bound) -> Option<Bound> {
        if self.is_exact() {
            return None;
        }
        let usual = match self {
            Self::Quantile { q, .. } if q < 0.9 => 0.25,
            Self::Quantile { q, .. } if q < 0.99 => 0.5,
            _ => 0.75,
        };
        Some(match (self, margin) {
            (Self::Quantile { .. }, Bound::Ratio(ratio)) if ratio < usual => Bound::Ratio(usual),
            (Self::Quantile { .. }, Bound::Ratio(ratio)) => Bound::Ratio(2.5 * ratio),
            (Self::Quantile { .. }, Bound::Absolute(size)) => Bound::Absolute(10.0 * usual * size),
            (Self::CostPerThousand, Bound::Ratio(ratio)) => Bound::Ratio(2.0 * ratio + 0.03),
            (_, Bound::Absolute(size)) => Bound::Absolute(3.0 * size),
            (_, bound) => {
                let size = bound.size();
                let most = self.most(bound).map_or(f64::INFINITY, |most| f64::midpoint(size, most));
                bound.of_size((4.0 * size).min(most))
            }
        })
    }

    /// What no change of it in the unit of `bound` can exceed; absent where one can be as great as it likes.
    ///
    /// Shares of requests differ by less than 100 points, and one of which more is better loses no more than all of itself.
    pub const fn most(self, bound: Bound) -> Option<f64> {
        match bound {
            Bound::Points(_) => Some(1.0),
            Bound::Ratio(_) if self.is_ratio() && self.is_better_when_greater() => Some(1.0),
            _ => None,
        }
    }

    /// A bound as people write it: `10 %`, `0.5 pp`, `50 ms`, `$0.10`.
    pub fn told(self, bound: Bound) -> String {
        // Tenths are not exact in binary, and nobody writes more than six digits.
        let number = |size: f64| (size * 1e6).round() / 1e6;
        match bound {
            Bound::Ratio(ratio) => format!("{} %", number(ratio * 100.0)),
            Bound::Points(points) => format!("{} pp", number(points * 100.0)),
            Bound::Absolute(size) if matches!(self, Self::Quantile { .. }) => format!("{} ms", number(size)),
            Bound::Absolute(size) => {
                let text = number(size).to_string();
                let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                if places < 2 { format!("${size:.2}") } else { format!("${text}") }
            }
        }
    }
}

/// As people say it: `ttft p50`, `cost per 1k requests`.
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quantile { latency, q } => {
                return write!(f, "{} p{}", latency.name(), (q * 1_000.0).round() / 10.0);
            }
            Self::CostPerThousand => "cost per 1k requests",
            Self::ListOutputPrice => "list price of output",
            Self::ListInputPrice => "list price of input",
            Self::ErrorRatio => "errors",
            Self::Availability => "availability",
            Self::Quality => "quality",
        })
    }
}

/// A change that is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// So much of the baseline: `"10%"` is 0.1.
    Ratio(f64),
    /// So many of all requests: `"0.5pp"` is 0.005.
    Points(f64),
    /// So much in the measure's own unit: `"50ms"` is 50, `"$0.10"` is 0.1.
    Absolute(f64),
}

impl Bound {
    /// The number in it.
    pub const fn size(self) -> f64 {
        match self {
            Self::Ratio(size) | Self::Points(size) | Self::Absolute(size) => size,
        }
    }

    /// The same in another size.
    #[must_use]
    pub const fn of_size(self, size: f64) -> Self {
        match self {
            Self::Ratio(_) => Self::Ratio(size),
            Self::Points(_) => Self::Points(size),
            Self::Absolute(_) => Self::Absolute(size),
        }
    }

    /// Whether both are told in the same unit.
    pub const fn is_like(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Ratio(_), Self::Ratio(_))
                | (Self::Points(_), Self::Points(_))
                | (Self::Absolute(_), Self::Absolute(_))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rules_out_is_always_wider_than_the_margin() {
        let p50 = Measure::Quantile { latency: Timed::Ttft, q: 0.5 };
        let p99 = Measure::Quantile { latency: Timed::E2e, q: 0.99 };
        for (measure, margin, expected) in [
            (p50, Bound::Ratio(0.1), Bound::Ratio(0.25)),
            (p50, Bound::Ratio(0.4), Bound::Ratio(1.0)),
            (p50, Bound::Absolute(40.0), Bound::Absolute(100.0)),
            (p99, Bound::Ratio(0.1), Bound::Ratio(0.75)),
            (p99, Bound::Absolute(40.0), Bound::Absolute(300.0)),
            (Measure::CostPerThousand, Bound::Ratio(0.03), Bound::Ratio(0.09)),
            (Measure::CostPerThousand, Bound::Absolute(0.1), Bound::Absolute(0.3)),
            (Measure::ErrorRatio, Bound::Points(0.005), Bound::Points(0.02)),
            (Measure::Quality, Bound::Ratio(0.05), Bound::Ratio(0.2)),
            (Measure::Quality, Bound::Ratio(0.4), Bound::Ratio(0.7)),
            (Measure::Availability, Bound::Points(0.3), Bound::Points(0.65)),
            (Measure::ErrorRatio, Bound::Ratio(0.4), Bound::Ratio(1.6)),
        ] {
            let found = measure.default_rule_out(margin).unwrap();
            assert!(found.is_like(expected) && (found.size() - expected.size()).abs() < 1e-12, "{measure} {margin:?}");
            assert!(found.size() > margin.size());
        }
        assert_eq!(Measure::ListInputPrice.default_rule_out(Bound::Ratio(0.0)), None);
    }

    #[test]
    fn a_measure_is_called_as_people_say_it() {
        let told: Vec<String> = Measure::ALL.iter().map(|(_, measure)| measure.to_string()).collect();
        assert_eq!(told[..4], ["ttft p50", "ttft p90", "ttft p95", "ttft p99"]);
        assert!(Measure::ALL.iter().all(|(name, measure)| measure.name() == *name));
        let p50 = Measure::Quantile { latency: Timed::Ttft, q: 0.5 };
        let bounds = [Bound::Ratio(0.1), Bound::Ratio(0.0), Bound::Absolute(50.0)].map(|bound| p50.told(bound));
        assert_eq!(bounds, ["10 %", "0 %", "50 ms"]);
        assert_eq!(Measure::Quality.told(Bound::Points(0.005)), "0.5 pp");
        let dollars = [0.1, 0.125, 2.0].map(|size| Measure::CostPerThousand.told(Bound::Absolute(size)));
        assert_eq!(dollars, ["$0.10", "$0.125", "$2.00"]);
    }
}
