//! Attempts and failures of the recent past, counted without a lock.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::units::Moment;

/// Slices that a window is cut into.
pub(super) const SLICES: u64 = 16;

/// Bits of each of the two counts of a slice.
const COUNT_BITS: u32 = 20;
/// Bits that tell apart what a slot held before the breaker last closed.
const GENERATION_BITS: u32 = 6;
/// Bits that tell apart what a slot held in other laps of the ring.
const LAP_BITS: u32 = 64 - 2 * COUNT_BITS - GENERATION_BITS;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

/// Generations before they begin anew.
pub(super) const GENERATIONS: u64 = 1 << GENERATION_BITS;

/// A ring of time slices.
///
/// Sums run over the present slice and the 15 before it, so they reach back between 15/16 and the whole of the window. A
/// slice counts up to 1,048,575 attempts, and no more. What is told of a moment more than a window ago is forgotten.
#[derive(Debug)]
pub(super) struct Window {
    slice_us: u64,
    slots: [AtomicU64; SLICES as usize],
}

/// What a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) attempts: u32,
    pub(super) failures: u32,
}

impl Counts {
    /// The share of failures; 0 where there was no attempt.
    pub(super) fn ratio(self) -> f64 {
        f64::from(self.failures) / f64::from(self.attempts.max(1))
    }
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        let slice_us = (length.as_micros() / u128::from(SLICES)).clamp(1, u128::from(u64::MAX));
        Self { slice_us: slice_us as u64, slots: Default::default() }
    }

    /// Counts one attempt that ended `now`; the counts of other generations are not added to.
    pub(super) fn add(&self, generation: u64, now: Moment, failed: bool) {
        let slice = now.0 / self.slice_us;
        let tag = tag(generation, slice);
        let count = |held: u64| {
            let held_tag = held >> (2 * COUNT_BITS);
            if held_tag != tag && held_tag >> LAP_BITS == generation && is_later(held_tag, tag) {
                return None;
            }
            let (attempts, failures) = if held_tag == tag { counts(held) } else { (0, 0) };
            let full = attempts == COUNT_MAX;
            (!full).then(|| tag << (2 * COUNT_BITS) | (attempts + 1) << COUNT_BITS | (failures + u64::from(failed)))
        };
        // A slot that is full, or already of a later lap, stays as it is.
        let _ = self.slots[(slice % SLICES) as usize].fetch_update(Relaxed, Relaxed, count);
    }

    /// What was counted in `generation` within the window before `now`.
    pub(super) fn sum(&self, generation: u64, now: Moment) -> Counts {
        let last = now.0 / self.slice_us;
        let mut sum = Counts::default();
        for slice in last.saturating_sub(SLICES - 1)..=last {
            let held = self.slots[(slice % SLICES) as usize].load(Relaxed);
            if held >> (2 * COUNT_BITS) == tag(generation, slice) {
                let (attempts, failures) = counts(held);
                // Sixteen counts of 20 bits each fit.
                sum.attempts += attempts as u32;
                sum.failures += failures as u32;
            }
        }
        sum
    }
}

/// What marks the slot of `slice`: the generation, and the lap with 1 for the first, since an empty slot is all 0.
fn tag(generation: u64, slice: u64) -> u64 {
    let lap = (slice / SLICES + 1) & ((1 << LAP_BITS) - 1);
    (generation % GENERATIONS) << LAP_BITS | lap
}

/// Whether the lap of `held` is after that of `tag`, the shorter way round.
fn is_later(held: u64, tag: u64) -> bool {
    let ahead = held.wrapping_sub(tag) & ((1 << LAP_BITS) - 1);
    ahead < 1 << (LAP_BITS - 1)
}

fn counts(held: u64) -> (u64, u64) {
    (held >> COUNT_BITS & COUNT_MAX, held & COUNT_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW_US: u64 = 1_600;

    fn window() -> Window {
        Window::new(Duration::from_micros(WINDOW_US))
    }

    proptest! {
        #[test]
        fn what_is_counted_reaches_back_the_window_but_for_a_sixteenth_at_most(
            steps in proptest::collection::vec((0_u64..400, any::<bool>()), 1..200),
        ) {
            let (window, mut now, mut told) = (window(), 0, Vec::new());
            for (step, failed) in steps {
                now += step;
                window.add(3, Moment(now), failed);
                told.push((now, failed));
                let since = |reach: u64| -> (u32, u32) {
                    let recent = told.iter().filter(|(at, _)| now - at < reach);
                    (recent.clone().count() as u32, recent.filter(|(_, failed)| *failed).count() as u32)
                };
                let (least, most) = (since(WINDOW_US / 16 * 15), since(WINDOW_US));
                let Counts { attempts, failures } = window.sum(3, Moment(now));
                prop_assert!(least.0 <= attempts && attempts <= most.0, "{least:?} {attempts} {most:?}");
                prop_assert!(least.1 <= failures && failures <= most.1);
            }
        }
    }

    #[test]
    fn another_generation_begins_empty_and_the_old_one_is_gone_where_it_was_written_over() {
        let window = window();
        window.add(0, Moment(10), true);
        assert_eq!(window.sum(1, Moment(10)), Counts::default());
        window.add(1, Moment(20), false);
        assert_eq!(window.sum(1, Moment(20)), Counts { attempts: 1, failures: 0 });
        assert_eq!(window.sum(0, Moment(20)), Counts::default());
    }

    #[test]
    fn a_moment_a_window_ago_does_not_wipe_what_is_newer() {
        let window = window();
        window.add(0, Moment(WINDOW_US + 5), true);
        window.add(0, Moment(5), false);
        assert_eq!(window.sum(0, Moment(WINDOW_US + 5)), Counts { attempts: 1, failures: 1 });
    }

    #[test]
    fn a_slice_stops_counting_where_its_bits_end_and_its_ratio_stays() {
        let window = window();
        for index in 0..COUNT_MAX + 10 {
            window.add(0, Moment(1), index % 2 == 0);
        }
        let Counts { attempts, failures } = window.sum(0, Moment(1));
        assert_eq!((u64::from(attempts), u64::from(failures)), (COUNT_MAX, COUNT_MAX.div_ceil(2)));
    }

    #[test]
    fn on_many_threads_at_once_every_attempt_is_counted() {
        let window = window();
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let window = &window;
                scope.spawn(move || (0..1_000).for_each(|index| window.add(0, Moment(index), thread == 0)));
            }
        });
        assert_eq!(window.sum(0, Moment(1_000)), Counts { attempts: 4_000, failures: 1_000 });
    }
}
