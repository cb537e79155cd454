//! The axis of a section of the forest plot: change from better to worse, with nothing changed at 0.

use crate::gate::Regression;
use crate::report::chart::diff_rows::Section;
use crate::report::verdict::by_words;

/// The axis that all rows of a section share.
#[derive(Clone, Debug)]
pub(crate) struct ChangeAxis {
    /// Whether it is of logarithms: half and double are equally far from unchanged.
    log: bool,
    /// Its ends on its own scale; 0 lies between them.
    ends: (f64, f64),
    /// Where these stand, in pixels.
    plot: (f64, f64),
}

/// How many times the farthest bound an axis reaches: beyond, a change is an arrow, so that the margin stays in sight.
const REACH: f64 = 12.0;

/// A log axis without a bound reaches from a tenth to ten times.
const FACTOR: f64 = 10.0;

/// Left free at either end of the plot for a mark and an arrow, in pixels.
const ROOM: f64 = 16.0;

impl ChangeAxis {
    /// The axis that holds the changes, intervals and bounds of `section` between the pixels of `plot`.
    pub(crate) fn over(section: &Section<'_>, plot: (f64, f64)) -> Self {
        let log = section.is_log();
        let scaled = |by: f64| if log { by.max(LEAST).ln_1p() } else { by };
        let worse = if section.rule.measure.is_better_when_greater() { -1.0 } else { 1.0 };
        let bounds = || section.drawn().iter().flat_map(|row| [Some(row.margin), row.rule_out]).flatten();
        let bounds: Vec<f64> = bounds().filter(|size| size.is_finite()).map(|size| scaled(worse * size)).collect();
        let effects = section.drawn().iter().filter_map(|row| row.effect);
        let figures: Vec<f64> =
            effects.flat_map(|seen| [Some(seen.at), seen.low, seen.high]).flatten().map(scaled).collect();
        let farthest = bounds.iter().fold(0.0_f64, |most, bound| most.max(bound.abs()));
        let reach = match farthest {
            farthest if farthest > 0.0 => farthest * REACH,
            _ if log => FACTOR.ln(),
            _ => figures.iter().fold(0.0_f64, |most, figure| most.max(figure.abs())),
        };
        let within = figures.iter().map(|figure| figure.clamp(-reach, reach)).chain(bounds);
        let (low, high) = within.fold((0.0_f64, 0.0_f64), |ends, at| (ends.0.min(at), ends.1.max(at)));
        // What is all alike still needs an axis, and the better side is never without room.
        let wide = (high - low).max(if log { FACTOR.ln() / 20.0 } else { reach * 1e-3 }).max(f64::MIN_POSITIVE);
        let (low, high) = (low.min(-wide * 0.2), high.max(wide * 0.2));
        let a_pixel = (high - low) / (plot.1 - plot.0 - 2.0 * ROOM);
        Self { log, ends: (low - ROOM * a_pixel, high + ROOM * a_pixel), plot }
    }

    /// Where a change stands, in pixels: outside of the plot where it is beyond the axis.
    pub(crate) fn x(&self, by: f64) -> f64 {
        let at = if self.log { by.max(LEAST).ln_1p() } else { by };
        let along = (at - self.ends.0) / (self.ends.1 - self.ends.0);
        self.plot.0 + along * (self.plot.1 - self.plot.0)
    }

    /// The pixels between which marks stand.
    pub(crate) const fn inside(&self) -> (f64, f64) {
        (self.plot.0 + 6.0, self.plot.1 - 6.0)
    }

    /// Round changes with their labels, at least [`GAP`] pixels apart, in no order.
    pub(crate) fn ticks(&self, rule: &Regression) -> Vec<(f64, String)> {
        let mut taken: Vec<f64> = Vec::new();
        let mut ticks = Vec::new();
        let candidates = if self.log { LOG_TICKS.to_vec() } else { self.steps() };
        for by in candidates {
            let x = self.x(by);
            let inside = self.plot.0 + GAP / 2.0 <= x && x <= self.plot.1 - GAP / 2.0;
            if inside && taken.iter().all(|other| (other - x).abs() >= GAP) {
                taken.push(x);
                ticks.push((x, label(rule, by, self.log)));
            }
        }
        ticks
    }

    /// Multiples of a round step across a linear axis, 0 first.
    fn steps(&self) -> Vec<f64> {
        let least = (self.ends.1 - self.ends.0) / (self.plot.1 - self.plot.0) * GAP;
        let decade = 10_f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0].map(|digit| digit * decade).into_iter().find(|step| *step >= least);
        let step = step.unwrap_or(10.0 * decade);
        (0..MOST_STEPS).flat_map(|count| [f64::from(count) * step, f64::from(-count) * step]).collect()
    }
}

/// What a share of the baseline is drawn no lower than: what became 0 has no logarithm, and is an arrow.
const LEAST: f64 = -1.0 + 1e-9;

/// Pixels between labels.
const GAP: f64 = 58.0;

/// More steps than a plot has room for.
const MOST_STEPS: i32 = 30;

/// Changes that a log axis names, those first that it had better name.
const LOG_TICKS: [f64; 27] = [
    0.0, 1.0, -0.5, 0.1, -0.1, 0.5, -0.9, 9.0, 0.25, -0.25, 0.05, -0.05, 4.0, -0.8, 2.0, 99.0, -0.99, 999.0, -0.999,
    0.2, -0.2, 0.02, -0.02, 0.01, -0.01, 29.0, 299.0,
];

fn label(rule: &Regression, by: f64, log: bool) -> String {
    match by {
        by if by.abs() < f64::MIN_POSITIVE => "0".to_owned(),
        // Per cents beyond that are hard to read as multiples.
        by if log && by >= 2.0 => format!("×{}", crate::units::grouped(&format!("{:.0}", by + 1.0))),
        by => by_words(rule, by),
    }
}
