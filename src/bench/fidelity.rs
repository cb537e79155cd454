//! How true the reported times are, held against what the upstream did.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::bench::BenchError;
use crate::bench::passage::Passage;
use crate::plan::Streaming;
use crate::run::{Snapshot, Watch};
use crate::rundir::{read_manifest, read_samples};
use crate::sample::{Phase, Sample};
use crate::sim::{NullUpstream, Tempo, TrueTimes};
use crate::stats::rank;
use crate::units::Micros;

/// How long the upstream waits before the first token.
pub const FIRST_TOKEN: Duration = Duration::from_millis(50);
/// How long it waits before each further one.
pub const GAP: Duration = Duration::from_millis(10);

/// Reported times beside true ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fidelity {
    /// Streams in flight.
    pub streams: u32,
    /// Requests of which both sides told, without the first of every stream.
    pub requests: u64,
    /// Time to first token.
    pub ttft: Compared,
    /// End to end.
    pub e2e: Compared,
}

/// Quantiles of one metric, told by both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The median of what the upstream did.
    pub true_p50: Micros,
    /// Its 99th percentile.
    pub true_p99: Micros,
    /// The median of what the run reported.
    pub reported_p50: Micros,
    /// Its 99th percentile.
    pub reported_p99: Micros,
    /// The median of the distance between the two times of one request.
    pub apart_p50: Micros,
    /// Its 99th percentile.
    pub apart_p99: Micros,
}

/// Holds `requests` against an upstream that streams as a model would, with `streams` of them in flight.
///
/// The first reply of every stream comes before them. It brings the streams out of step, and is sent within the same
/// stretch, since all streams wait for each other after a warm-up and would be in step again.
///
/// # Errors
/// The run cannot be carried out or read again, or a request failed.
pub fn fidelity(streams: u32, requests: u32) -> Result<Fidelity, BenchError> {
    let tempo = Tempo::Paced { ttft: FIRST_TOKEN, gap: GAP };
    let upstream = NullUpstream::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tempo)?;
    let sent = streams + requests;
    let passage = Passage { concurrency: streams, requests: sent, warmup: 0, streaming: Streaming::On };
    let reported = passage.carry_out(&upstream, &mut Unwatched, reported)?;
    let failed = u64::from(sent) - reported.len() as u64;
    if failed > 0 {
        return Err(BenchError::Failed { failed, requests: u64::from(sent) });
    }
    Ok(compare(streams, &upstream.stop(), &reported))
}

struct Unwatched;

impl Watch for Unwatched {
    fn update(&mut self, _: &Snapshot) {}
}

/// The measured requests of the run at `path` that succeeded.
fn reported(path: &Path) -> Result<Vec<Sample>, BenchError> {
    let mut samples = Vec::new();
    read_samples(path, &read_manifest(path)?, |sample, _| {
        if sample.phase == Phase::Measured && sample.outcome.is_ok() {
            samples.push(sample);
        }
    })?;
    Ok(samples)
}

fn compare(streams: u32, truth: &[TrueTimes], reported: &[Sample]) -> Fidelity {
    let in_full_swing = truth.iter().filter(|times| !times.held_back);
    let truth: HashMap<&str, &TrueTimes> = in_full_swing.map(|times| (times.request_id.as_str(), times)).collect();
    let both = |sample: &Sample| {
        let times = truth.get(sample.request_id.as_deref()?)?;
        Some([(times.ttft, sample.ttft()?), (times.e2e, sample.e2e()?)])
    };
    let pairs: Vec<[(Micros, Micros); 2]> = reported.iter().filter_map(both).collect();
    let [ttft, e2e] = [0, 1].map(|metric| compared(pairs.iter().map(|pair| pair[metric])));
    Fidelity { streams, requests: pairs.len() as u64, ttft, e2e }
}

fn compared(pairs: impl Iterator<Item = (Micros, Micros)> + Clone) -> Compared {
    let mut real: Vec<Micros> = pairs.clone().map(|(real, _)| real).collect();
    let mut told: Vec<Micros> = pairs.clone().map(|(_, told)| told).collect();
    let mut apart: Vec<Micros> = pairs.map(|(real, told)| Micros(real.0.abs_diff(told.0))).collect();
    let [(true_p50, true_p99), (reported_p50, reported_p99), (apart_p50, apart_p99)] =
        [&mut real, &mut told, &mut apart].map(|times| {
            times.sort_unstable();
            let at = |q| times.get(rank(q, times.len()) - 1).copied().unwrap_or_default();
            (at(0.50), at(0.99))
        });
    Compared { true_p50, true_p99, reported_p50, reported_p99, apart_p50, apart_p99 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_each_side_and_distances_of_each_request() {
        let micros = |times: &[u32]| times.iter().copied().map(Micros).collect::<Vec<_>>();
        let (real, told) = (micros(&[100, 200, 300]), micros(&[150, 190, 305]));
        let expected = Compared {
            true_p50: Micros(200),
            true_p99: Micros(300),
            reported_p50: Micros(190),
            reported_p99: Micros(305),
            apart_p50: Micros(10),
            apart_p99: Micros(50),
        };
        assert_eq!(compared(real.into_iter().zip(told)), expected);
    }

    #[test]
    fn a_request_is_found_again_by_its_id_and_is_never_reported_to_be_faster_than_it_was() {
        let fidelity = fidelity(2, 4).unwrap();
        assert_eq!((fidelity.streams, fidelity.requests), (2, 4));
        for Compared { true_p50, reported_p50, .. } in [fidelity.ttft, fidelity.e2e] {
            assert!(true_p50 >= Micros(50_000), "{fidelity:?}");
            assert!(reported_p50 >= true_p50, "{fidelity:?}");
        }
    }
}
