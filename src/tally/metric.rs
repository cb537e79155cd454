//! The latencies that are tallied, and the histogram that holds one.

use std::fmt;

use hdrhistogram::Histogram;

use crate::sample::Sample;
use crate::units::Micros;

/// The highest time a histogram holds: one hour. What lies beyond is an overflow and counted as such.
pub const HIGHEST_MICROS: u64 = 3_600_000_000;

/// A latency of a request, or of its chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Time to first token.
    Ttft,
    /// End to end.
    E2e,
    /// End to end from the moment the schedule named.
    E2eFromDue,
    /// How late a request was sent.
    SendLag,
    /// Time per output token.
    Tpot,
    /// The TCP handshake.
    Connect,
    /// The gap between two reads with content.
    Itl,
}

impl Metric {
    /// Those of which a request has at most one value each, in the order of reports; chunk gaps come many a request.
    pub const PER_REQUEST: [Self; 6] =
        [Self::Ttft, Self::E2e, Self::E2eFromDue, Self::SendLag, Self::Tpot, Self::Connect];

    /// The name in the tags of `latency.hlog` and the columns of `cells.csv`: `e2e_from_due`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ttft => "ttft",
            Self::E2e => "e2e",
            Self::E2eFromDue => "e2e_from_due",
            Self::SendLag => "send_lag",
            Self::Tpot => "tpot",
            Self::Connect => "connect",
            Self::Itl => "itl",
        }
    }

    /// The value of `sample`; absent where it has none, and for chunk gaps, which a sample does not hold.
    pub fn of(self, sample: &Sample) -> Option<Micros> {
        match self {
            Self::Ttft => sample.ttft(),
            Self::E2e => sample.e2e(),
            Self::E2eFromDue => sample.e2e_from_due(),
            Self::SendLag => sample.send_lag(),
            Self::Tpot => sample.tpot(),
            Self::Connect => sample.moments.connect,
            Self::Itl => None,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An empty histogram of microseconds, 1 µs to [`HIGHEST_MICROS`] at three digits, that never resizes.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, HIGHEST_MICROS, 3).expect("the bounds are within what a histogram can hold")
}
