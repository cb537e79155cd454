//! Two shares held against each other at a margin: exact, however few the events.

use crate::stats::binomial::weights;
use crate::stats::proportions::{Share, expected_events, score, score_test};

/// The one-sided p-value of "`candidate` is greater than `baseline` by more than `margin`"; absent where either is a share
/// of nothing.
///
/// Pairs of counts are ordered by [`score`]. The p-value is the probability of a pair with at least the seen score where the
/// shares differ by just the margin, at that share of the baseline which makes it greatest (Chan, Statistics in Medicine 17,
/// 1998). So what lies at the margin is found beyond it no more often than a level says, be it one event that was seen or
/// none. The baseline's share is sought within its interval of confidence `1 − 1e-6`, and the rest is added to the p-value
/// (Berger and Boos, Journal of the American Statistical Association 89, 1994), which is therefore never less than that.
///
/// Where 10,000 events and as many others are to be expected of both, the p-value is that of [`score_test`], from which the
/// exact one differs by then by less than a fiftieth of itself.
pub fn exceeds_by(candidate: Share, baseline: Share, margin: f64) -> Option<f64> {
    if candidate.all == 0 || baseline.all == 0 {
        return None;
    }
    if margin.abs() >= 1.0 {
        // No two shares differ by more than 1, and by just 1 only where one is all and the other nothing.
        let is_least = candidate.of == 0 && baseline.of == baseline.all;
        return Some(if margin > 0.0 || (margin >= -1.0 && is_least) { 1.0 } else { 0.0 });
    }
    let seen = score(candidate, baseline, margin)?;
    if expected_events(candidate, baseline, margin)? >= MANY_EVENTS {
        return score_test(candidate, baseline, margin);
    }
    if candidate.of == 0 && baseline.of == 0 && margin >= 0.0 {
        // Where the baseline's share is 0 it has no event ever, and the candidate never fewer than were seen.
        return Some(1.0);
    }
    exact(candidate, baseline, margin, seen)
}

/// Expected events of which the normal law tells as much as the exact one, for a hundredth of the work.
const MANY_EVENTS: f64 = 10_000.0;

/// The chance that the baseline's share lies outside the interval that it is sought in.
const OUTSIDE: f64 = 1e-6;

/// Scores that are equal on paper may differ by so much of themselves, and each counts as at least as great.
const SLACK: f64 = 1e-7;

/// Chances that are so much less than the greatest are left out; all of them together are far less than [`OUTSIDE`].
const NEGLIGIBLE: f64 = 1e-14;

/// Places of the search in one standard deviation of a share. The chance of a region of pairs changes slowly on that scale, and
/// is looked at more closely around the greatest.
const PLACES: f64 = 3.0;

/// A place of the search is looked at more closely where its chance is so much of the greatest, and no neighbour's is greater.
const PEAK: f64 = 0.95;

/// Narrowings of a peak, each by the golden ratio: to a thousandth.
const NARROWINGS: usize = 16;

fn exact(candidate: Share, baseline: Share, margin: f64, seen: f64) -> Option<f64> {
    let (low, high) = baseline.interval(OUTSIDE)?;
    let low = low.max(-margin);
    if low > high {
        // No share that the baseline can have leaves the candidate one that is less by so much.
        return Some(OUTSIDE);
    }
    let region = Region::new(candidate, baseline, margin, seen, (low, high));
    let chance = |share: f64| region.chance(share.clamp(low, high));
    let mut places: Vec<f64> = evenly(low, high, baseline.all).collect();
    // Where one of the shares is nearly 0 it takes less to change the chance, and that may be the candidate's alone.
    let of_candidate = |share: f64| (share + margin).clamp(0.0, 1.0);
    places.extend(evenly(of_candidate(low), of_candidate(high), candidate.all).map(|share| share - margin));
    places.sort_by(f64::total_cmp);
    let chances: Vec<f64> = places.iter().map(|share| chance(*share)).collect();
    let greatest = chances.iter().copied().fold(0.0, f64::max);
    let peaks = (0..places.len()).filter_map(|place| {
        let (before, after) = (place.saturating_sub(1), (place + 1).min(places.len() - 1));
        let is_peak = chances[place] >= PEAK * greatest && chances[place] >= chances[before].max(chances[after]);
        is_peak.then(|| peak(chance, places[before], places[after]))
    });
    Some((peaks.fold(greatest, f64::max) + OUTSIDE).min(1.0))
}

/// Shares from `low` to `high`, so near each other that so many requests hardly tell neighbours apart.
fn evenly(low: f64, high: f64, requests: u64) -> impl Iterator<Item = f64> {
    // On this scale the standard deviation of a share is the same wherever it lies.
    let scale = |share: f64| share.sqrt().asin();
    let (from, to) = (scale(low), scale(high));
    let deviation = 0.5 / (requests as f64).sqrt();
    let steps = ((to - from) / deviation * PLACES).ceil().max(1.0) as u32;
    (0..=steps).map(move |step| (from + (to - from) * f64::from(step) / f64::from(steps)).sin().powi(2))
}

/// The greatest chance between two shares, where it rises and then falls (Kiefer, Proceedings of the American Mathematical Society
/// 4, 1953).
fn peak(chance: impl Fn(f64) -> f64, mut from: f64, mut to: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (to - GOLDEN * (to - from), from + GOLDEN * (to - from));
    let (mut of_left, mut of_right) = (chance(left), chance(right));
    for _ in 0..NARROWINGS {
        if of_left > of_right {
            (to, right, of_right) = (right, left, of_left);
            left = to - GOLDEN * (to - from);
            of_left = chance(left);
        } else {
            (from, left, of_left) = (left, right, of_right);
            right = from + GOLDEN * (to - from);
            of_right = chance(right);
        }
    }
    of_left.max(of_right)
}

/// The pairs of counts whose score is at least the seen one.
///
/// The score rises with the candidate's count and falls with the baseline's. So it is told by the least count of the candidate
/// for each of the baseline, which rises with that.
struct Region {
    candidates: u64,
    baselines: u64,
    margin: f64,
    /// The baseline's count that `least` begins with; fewer are never seen.
    first: u64,
    /// The least count of the candidate; one more than it can have where there is none.
    least: Vec<u64>,
}

impl Region {
    /// For shares of the baseline from `low` to `high`.
    fn new(candidate: Share, baseline: Share, margin: f64, seen: f64, (low, high): (f64, f64)) -> Self {
        let enough = seen - SLACK * seen.abs().max(1.0);
        let holds = |one: u64, other: u64| {
            let found = score(Share { of: one, ..candidate }, Share { of: other, ..baseline }, margin);
            found.is_some_and(|score| score >= enough)
        };
        let (first, _) = weights(baseline.all, low, NEGLIGIBLE);
        let (from, chances) = weights(baseline.all, high, NEGLIGIBLE);
        let (mut next, mut beyond) = (0, candidate.all + 1);
        while next < beyond {
            let middle = u64::midpoint(next, beyond);
            if holds(middle, first) { beyond = middle } else { next = middle + 1 }
        }
        let least = (first..from + chances.len() as u64).map(|other| {
            while next <= candidate.all && !holds(next, other) {
                next += 1;
            }
            next
        });
        Self { candidates: candidate.all, baselines: baseline.all, margin, first, least: least.collect() }
    }

    /// How probable it is where the baseline's share is `share` and the candidate's is greater by the margin.
    fn chance(&self, share: f64) -> f64 {
        let (from, of_baseline) = weights(self.baselines, share, NEGLIGIBLE);
        let (least, mut reached) = weights(self.candidates, (share + self.margin).clamp(0.0, 1.0), NEGLIGIBLE);
        let mut sum = 0.0;
        for chance in reached.iter_mut().rev() {
            sum += *chance;
            *chance = sum;
        }
        let with = |(index, chance): (usize, &f64)| {
            let place = (from + index as u64).checked_sub(self.first);
            let enough = place.and_then(|place| self.least.get(place as usize)).copied().unwrap_or(0);
            // Counts that are left out on either side are as good as never seen, so that it is all one.
            chance * reached.get(enough.saturating_sub(least) as usize).copied().unwrap_or(0.0)
        };
        let all: f64 = of_baseline.iter().sum();
        of_baseline.iter().enumerate().map(with).sum::<f64>() / (all * sum)
    }
}

#[cfg(test)]
mod tests;
