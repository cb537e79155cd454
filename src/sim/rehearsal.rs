//! Faults that can be rehearsed: which there are, and which requests the law gives them to.

use serde::Deserialize;

use crate::sim::law::Ratio;
use crate::sim::timetable::matches;

/// A way in which a reply goes wrong, as `kind` in a law's `[[fault]]` names it in snake case.
///
/// A refused connection is none of them, because whoever has read a request has accepted its connection: call a port
/// where nobody listens for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection is reset before a byte of the reply.
    ResetBeforeHeaders,
    /// The connection is reset after the headers.
    ResetAfterHeaders,
    /// The connection is closed within the status line.
    HalfStatusLine,
    /// Header lines follow one another without end, as fast as the client reads.
    EndlessHeaders,
    /// The answer goes on without end, some tokens every few milliseconds.
    EndlessBody,
    /// A line of the body goes on without end, as fast as the client reads.
    EndlessLine,
    /// The answer holds bytes that are not UTF-8.
    BrokenUtf8,
    /// The body is compressed, whatever the request accepts.
    UnaskedGzip,
    /// Status 307 with another place to ask.
    Redirect,
    /// Two interim replies, 100 and 103, and then the answer: not the client's failure, nor the server's.
    InformationalFirst,
    /// Status 204 without a body.
    NoContent,
    /// Status 400 to a stream that asks for its usage by `stream_options`, an answer to any other request.
    StreamOptionsRefused,
    /// Status 403 with a page of HTML.
    HtmlError,
    /// Status 429 with `retry-after-ms: 1500`.
    RateLimitedMs,
    /// Status 429 with `retry-after: 2`.
    RateLimitedSeconds,
    /// Status 429 with `retry-after: 1.5`.
    RateLimitedFloat,
    /// Status 429 with a `retry-after` two seconds after the reply's `date`.
    RateLimitedDate,
    /// The connection is closed in the middle of the answer.
    CutMidStream,
    /// The reply ends in order in the middle of the answer, with neither finish reason nor `[DONE]`.
    EndedEarly,
    /// Nothing is ever said.
    Silent,
    /// Nothing more is said after some tokens.
    SilentMidStream,
    /// Comments without end, and no token; blank lines in a reply that is not streamed.
    KeepAlives,
    /// Comments without end after some tokens.
    KeepAlivesMidStream,
    /// An error object in a reply of status 200.
    ErrorInStream,
    /// The same, said in a stream without the `data:` that would make it an event.
    BareError,
    /// A reply that is complete but for an answer.
    EmptyAnswer,
    /// Status 200 with a page of HTML.
    WrongContentType,
}

/// A fault that the law gives to a share of the requests.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rehearsal {
    kind: FaultKind,
    ratio: Ratio,
    #[serde(default = "everything")]
    model: String,
    #[serde(default = "everything")]
    region: String,
}

/// The faults rehearsed at one endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rehearsals {
    shares: Vec<(FaultKind, f64)>,
}

impl Rehearsals {
    /// Those of `all` that name `model` in `region`.
    pub fn of(model: &str, region: &str, all: &[Rehearsal]) -> Self {
        let here = all.iter().filter(|one| matches(&one.model, model) && matches(&one.region, region));
        Self { shares: here.map(|one| (one.kind, one.ratio.0)).collect() }
    }

    /// Draws the fault of one request; absent: it is answered. Without a fault to rehearse nothing is drawn.
    ///
    /// The shares add up in the order of the law; what is beyond 1 never happens.
    pub fn draw(&self, rng: &mut fastrand::Rng) -> Option<FaultKind> {
        if self.shares.is_empty() {
            return None;
        }
        let mut left = rng.f64();
        let hit = |&&(_, ratio): &&(FaultKind, f64)| {
            left -= ratio;
            left < 0.0
        };
        self.shares.iter().find(hit).map(|(kind, _)| *kind)
    }
}

fn everything() -> String {
    "*".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::seeded;

    fn rehearsal(text: &str) -> Result<Rehearsal, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn each_fault_comes_at_its_ratio_where_it_is_to_come() {
        let all = [
            rehearsal("kind = \"redirect\"\nratio = 0.1\nmodel = \"glm-*\"").unwrap(),
            rehearsal("kind = \"broken_utf8\"\nratio = 0.3\nregion = \"us-east-1\"").unwrap(),
        ];
        let here = Rehearsals::of("glm-4-9b", "us-east-1", &all);
        let mut rng = seeded(1, "requests");
        let drawn: Vec<_> = (0..1000).map(|_| here.draw(&mut rng)).collect();
        let count = |kind| drawn.iter().filter(|one| **one == kind).count() as f64;
        for (kind, ratio) in [(Some(FaultKind::Redirect), 0.1), (Some(FaultKind::BrokenUtf8), 0.3), (None, 0.6)] {
            let error = 4.0 * f64::sqrt(1000.0 * ratio * (1.0 - ratio));
            assert!((count(kind) - 1000.0 * ratio).abs() < error, "{kind:?}: {}", count(kind));
        }
        assert_eq!(Rehearsals::of("qwen3-8b", "us-west-2", &all), Rehearsals::default());
    }

    #[test]
    fn a_law_without_faults_draws_what_it_drew_before() {
        let (mut drawn, mut untouched) = (seeded(1, "requests"), seeded(1, "requests"));
        assert_eq!(Rehearsals::default().draw(&mut drawn), None);
        assert_eq!(drawn.u64(..), untouched.u64(..));
    }

    #[test]
    fn an_unknown_fault_is_refused_with_the_known_ones() {
        let error = rehearsal("kind = \"flood\"\nratio = 1").unwrap_err();
        assert!(error.contains("unknown variant `flood`, expected one of `reset_before_headers`"), "{error}");
        let error = rehearsal("kind = \"silent\"\nratio = 2").unwrap_err();
        assert!(error.contains("is 2, must be 0 to 1"), "{error}");
    }
}
