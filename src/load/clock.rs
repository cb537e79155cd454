//! The run's clock.

use std::time::{Duration, Instant};

use crate::units::Moment;

/// The monotonic clock of a run, which counts from its start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// When the run started.
    pub origin: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// The moment of `instant`, in whole microseconds; the start of the run for anything before it.
    pub fn moment(self, instant: Instant) -> Moment {
        let micros = instant.saturating_duration_since(self.origin).as_micros();
        Moment(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// The moment that it is now.
    pub(crate) fn now(self) -> Moment {
        self.moment(Instant::now())
    }

    /// The instant of `moment`.
    pub(crate) fn instant(self, moment: Moment) -> Instant {
        self.origin + Duration::from_micros(moment.0)
    }

    /// Nanoseconds from the start of the run to now, as [`Pace`](crate::load::Pace) counts.
    pub(crate) fn nanos(self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
