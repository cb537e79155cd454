//! A breaker: a region that fails too often is left alone for a while, then probed with one request.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::time::Duration;

use crate::router::window::{Counts, GENERATIONS, Window};
use crate::routes::Breaker as Rule;
use crate::sample::Outcome;
use crate::units::Moment;

/// Whether a region is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// It is.
    Closed,
    /// It is not, until the cooldown has passed.
    Open,
    /// One request is under way that finds out.
    HalfOpen,
}

impl BreakerState {
    /// The name used in files: `closed`, `open`, `half_open`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// A change of a breaker's state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerEvent {
    /// When.
    pub at: Moment,
    /// Index into the registry's providers.
    pub provider: usize,
    /// Index into the registry's regions; absent where the registry names none.
    pub region: Option<usize>,
    /// The state before.
    pub from: BreakerState,
    /// The state after. The same as before, half-open, where a probe never reported and another follows it.
    pub to: BreakerState,
    /// The share of failed attempts in the window, where that opened it; absent in any other change.
    pub error_ratio: Option<f64>,
    /// The attempts in the window, where their failures opened it; absent in any other change.
    pub attempts: Option<u32>,
}

/// The breaker of one region at one provider, shared by all threads without a lock.
///
/// Attempts count when they end. Those that began before the breaker last closed again say nothing of the region as it is
/// now and are left out: else a timeout of 30 s that began in an outage of 5 s would open it once more long after.
#[derive(Debug)]
pub(super) struct Breaker {
    place: (usize, Option<usize>),
    rule: Rule,
    /// How long a probe may stay silent before another is let through.
    lease: Duration,
    /// State, generation and a moment, see [`Word`].
    word: AtomicU64,
    window: Window,
}

/// What one attempt is to the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ticket {
    /// An attempt like any other, of this generation.
    Ordinary(u64),
    /// The probe; the word that stands for it.
    Probe(u64),
    /// Made against an open breaker, because every other one was open too: it counts for nothing.
    Desperate,
}

/// What an attempt says of the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It answers, if only to turn the request away.
    Up,
    /// It fails.
    Down,
    /// Nothing: the caller gave up of its own accord.
    None,
}

/// What `outcome` says of the availability of the region that it came from.
pub(super) const fn sign(outcome: Outcome) -> Sign {
    use Outcome as O;
    match outcome {
        O::Ok | O::Refused | O::Http4xx | O::Empty => Sign::Up,
        O::Truncated | O::RateLimited | O::Http5xx | O::StreamError | O::ParseError => Sign::Down,
        O::TimeoutConnect | O::TimeoutFirstToken | O::TimeoutIdle | O::TimeoutTotal => Sign::Down,
        O::Dns | O::Connect | O::Tls | O::Reset => Sign::Down,
        O::NotSent | O::OverBudget | O::Cancelled => Sign::None,
        O::HandedOff | O::NoRoute | O::Overflow | O::OverCost => Sign::None,
    }
}

impl Breaker {
    /// A closed breaker of the region at the provider, by their indices; attempts there take `timeout` at most.
    pub(super) fn new(place: (usize, Option<usize>), rule: Rule, timeout: Duration) -> Self {
        let closed = Word { state: BreakerState::Closed, generation: 0, moment: 0 };
        let lease = timeout.saturating_add(rule.cooldown);
        Self { place, rule, lease, word: AtomicU64::new(closed.packed()), window: Window::new(rule.window) }
    }

    /// The right to call the region `now`, and the change that comes with it; absent: it is to be skipped.
    pub(super) fn admit(&self, now: Moment) -> Option<(Ticket, Option<BreakerEvent>)> {
        let packed = self.word.load(Acquire);
        let word = Word::read(packed);
        let over = |length: Duration| now.0 >= Moment(word.moment).after(length).0;
        let probes = match word.state {
            BreakerState::Closed => return Some((Ticket::Ordinary(word.generation), None)),
            BreakerState::Open => over(Duration::ZERO),
            BreakerState::HalfOpen => over(self.lease),
        };
        let probe = Word { state: BreakerState::HalfOpen, moment: now.0, ..word };
        (probes && self.change(packed, probe)).then(|| {
            let event = self.event(now, word.state, BreakerState::HalfOpen, None);
            (Ticket::Probe(probe.packed()), Some(event))
        })
    }

    /// Takes in what came of the attempt that `ticket` was given for, and the change that follows from it.
    pub(super) fn record(&self, ticket: Ticket, sign: Sign, now: Moment) -> Option<BreakerEvent> {
        match ticket {
            Ticket::Desperate => None,
            Ticket::Ordinary(generation) => self.count(generation, sign, now),
            Ticket::Probe(packed) => {
                let probe = Word::read(packed);
                let next = match sign {
                    Sign::Up => {
                        let generation = (probe.generation + 1) % GENERATIONS;
                        Word { state: BreakerState::Closed, generation, moment: now.0 }
                    }
                    Sign::Down => {
                        let until = now.after(self.rule.cooldown).0;
                        Word { state: BreakerState::Open, moment: until, ..probe }
                    }
                    // The next request may ask at once.
                    Sign::None => Word { state: BreakerState::Open, moment: now.0, ..probe },
                };
                // A probe whose lease ran out no longer speaks.
                let spoke = self.change(packed, next);
                spoke.then(|| self.event(now, BreakerState::HalfOpen, next.state, None))
            }
        }
    }

    fn count(&self, generation: u64, sign: Sign, now: Moment) -> Option<BreakerEvent> {
        let packed = self.word.load(Acquire);
        let word = Word::read(packed);
        if word.state != BreakerState::Closed || word.generation != generation || sign == Sign::None {
            return None;
        }
        self.window.add(generation, now, sign == Sign::Down);
        let counts = self.window.sum(generation, now);
        if counts.attempts < self.rule.min_requests || counts.ratio() <= self.rule.attempt_error_ratio {
            return None;
        }
        let open = Word { state: BreakerState::Open, moment: now.after(self.rule.cooldown).0, ..word };
        let opened = self.change(packed, open);
        opened.then(|| self.event(now, BreakerState::Closed, BreakerState::Open, Some(counts)))
    }

    /// Replaces the word `from`; false where another thread was first.
    fn change(&self, from: u64, to: Word) -> bool {
        self.word.compare_exchange(from, to.packed(), AcqRel, Acquire).is_ok()
    }

    fn event(&self, at: Moment, from: BreakerState, to: BreakerState, counts: Option<Counts>) -> BreakerEvent {
        let (provider, region) = self.place;
        let (error_ratio, attempts) = (counts.map(Counts::ratio), counts.map(|counts| counts.attempts));
        BreakerEvent { at, provider, region, from, to, error_ratio, attempts }
    }
}

/// All of a breaker's state in 64 bits: 2 of state, 6 of generation, 56 of microseconds.
#[derive(Clone, Copy, Debug)]
struct Word {
    state: BreakerState,
    /// How often it has closed, modulo [`GENERATIONS`].
    generation: u64,
    /// Closed: since when. Open: until when. Half-open: when the probe was let through.
    moment: u64,
}

/// Bits of the moment: 2,283 years.
const MOMENT_BITS: u32 = 56;

impl Word {
    const fn packed(self) -> u64 {
        (self.state as u64) << 62 | self.generation << MOMENT_BITS | self.moment & ((1 << MOMENT_BITS) - 1)
    }

    const fn read(packed: u64) -> Self {
        let state = match packed >> 62 {
            0 => BreakerState::Closed,
            1 => BreakerState::Open,
            _ => BreakerState::HalfOpen,
        };
        let generation = packed >> MOMENT_BITS & (GENERATIONS - 1);
        Self { state, generation, moment: packed & ((1 << MOMENT_BITS) - 1) }
    }
}

#[cfg(test)]
mod tests;
