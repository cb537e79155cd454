//! How many replies the client can take in a second, and what each costs it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::bench::BenchError;
use crate::bench::passage::Passage;
use crate::bench::stopwatch::Stopwatch;
use crate::plan::Streaming;
use crate::sim::{NullUpstream, Tempo};

/// What the client can do with everything on: parsing, usage, cost, histograms and rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceiling {
    /// Replies recorded in the time that was looked at.
    pub replies: u64,
    /// Replies in a second.
    pub replies_per_second: f64,
    /// The client's processor time for a reply, over all its threads.
    pub cpu_per_reply: Duration,
    /// The upstream's processor time for a reply.
    pub upstream_cpu_per_reply: Duration,
    /// The share of the time in which the upstream's thread ran, 0..1. Near 1, the upstream was the limit and not the
    /// client.
    pub upstream_busy_ratio: f64,
}

/// Sends `requests` to a null upstream that answers at once, with `concurrency` of them in flight.
///
/// # Errors
/// The run cannot be carried out, or a request failed.
pub fn ceiling(streaming: Streaming, concurrency: u32, requests: u32) -> Result<Ceiling, BenchError> {
    let upstream = NullUpstream::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Tempo::AtOnce)?;
    let mut stopwatch = Stopwatch::new(&upstream);
    let passage = Passage { concurrency, requests, warmup: concurrency, streaming };
    passage.carry_out(&upstream, &mut stopwatch, |_| Ok(()))?;
    let lap = stopwatch.lap().expect("a run tells how far it has come at its beginning and its end");
    if lap.failed > 0 {
        return Err(BenchError::Failed { failed: lap.failed, requests: u64::from(requests) });
    }
    let each = |time: Duration| time.div_f64(lap.replies.max(1) as f64);
    Ok(Ceiling {
        replies: lap.replies,
        replies_per_second: lap.replies as f64 / lap.wall.as_secs_f64(),
        cpu_per_reply: each(lap.client),
        upstream_cpu_per_reply: each(lap.upstream),
        upstream_busy_ratio: lap.upstream.as_secs_f64() / lap.wall.as_secs_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_is_counted_and_costs_some_time() {
        for streaming in [Streaming::On, Streaming::Off] {
            let ceiling = ceiling(streaming, 2, 20).unwrap();
            assert!((1..=20).contains(&ceiling.replies), "{ceiling:?}");
            assert!(ceiling.cpu_per_reply > Duration::ZERO, "{ceiling:?}");
            assert!(ceiling.upstream_cpu_per_reply > Duration::ZERO, "{ceiling:?}");
        }
    }
}
