//! Whether a cell's figures tell of the provider, or of something else.

use crate::sample::Outcome;
use crate::tally::CellFigures;
use crate::units::{Latency, Micros};

/// How far the client itself was behind; absent where it was not observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lags {
    /// 99th percentile of how late the event loop woke up, over the run.
    pub event_loop_p99: Option<Micros>,
}

/// Why the figures of a cell must not be judged, in words; empty when they may.
pub fn reasons(figures: &CellFigures, lags: Lags) -> Vec<String> {
    [
        no_answer(figures),
        throttled(figures),
        overflow(figures),
        late_loop(lags),
        late_stamps(figures),
        late_sends(figures),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a reason comes down to, whatever its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing was answered.
    NoAnswer,
    /// The provider refused too many requests.
    Throttled,
    /// Times are beyond what a histogram holds.
    Overflow,
    /// The client itself was late.
    LateClient,
}

impl Cause {
    /// That of one of the [`reasons`], which a run keeps in words; absent for other words.
    pub fn of(reason: &str) -> Option<Self> {
        const SAID: [(&str, Cause); 6] = [
            ("no request ended", Cause::NoAnswer),
            ("its one request failed", Cause::NoAnswer),
            (" requests failed (", Cause::NoAnswer),
            ("the provider throttled", Cause::Throttled),
            (" times are beyond", Cause::Overflow),
            ("the client", Cause::LateClient),
        ];
        SAID.into_iter().find(|(words, _)| reason.contains(words)).map(|(_, cause)| cause)
    }

    /// What to do about it, beginning with a verb; absent where that depends on what failed.
    pub const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::NoAnswer | Self::Overflow => None,
            Self::Throttled => Some("lower `--concurrency` or `--rate`, or ask the provider for a higher limit"),
            Self::LateClient => Some("lower `--parallel-cells` or `--concurrency`, or measure on a quieter machine"),
        }
    }
}

fn no_answer(figures: &CellFigures) -> Option<String> {
    match (figures.outcomes.requests(), figures.outcomes.ok()) {
        (0, _) => Some("no request ended".to_owned()),
        (1, 0) => Some(format!("its one request failed ({})", figures.outcomes)),
        (requests, 0) => Some(format!("all {requests} requests failed ({})", figures.outcomes)),
        _ => None,
    }
}

fn throttled(figures: &CellFigures) -> Option<String> {
    let (refused, requests) = (figures.outcomes.of(Outcome::RateLimited), figures.outcomes.requests());
    (refused * 100 > requests).then(|| {
        let percent = refused as f64 * 100.0 / requests as f64;
        format!("the provider throttled {refused} of {requests} requests ({percent:.1} %), more than 1 %")
    })
}

fn overflow(figures: &CellFigures) -> Option<String> {
    (figures.overflows > 0)
        .then(|| format!("{} times are beyond 1 h, the most that a histogram holds", figures.overflows))
}

fn late_loop(lags: Lags) -> Option<String> {
    let (lag, limit) = (lags.event_loop_p99?, Micros(10_000));
    (lag > limit).then(|| format!("the client's event loop was {lag} ms late at p99, more than 10 ms"))
}

fn late_stamps(figures: &CellFigures) -> Option<String> {
    let (lag, limit) = (figures.read_lag_p99?, share_of_ttft(figures, 1_000));
    (lag > limit).then(|| format!("the client stamped replies {lag} ms late at p99, more than {limit} ms"))
}

fn late_sends(figures: &CellFigures) -> Option<String> {
    let Latency::Finite(lag) = figures.send_lag_p99? else { return None };
    let limit = share_of_ttft(figures, 5_000);
    (lag > limit).then(|| format!("the client sent requests {lag} ms late at p99, more than {limit} ms"))
}

/// One per cent of the median time to first token, but at least `least` microseconds.
fn share_of_ttft(figures: &CellFigures, least: u32) -> Micros {
    let median = match figures.ttft.map(|ttft| ttft.p50) {
        Some(Latency::Finite(Micros(median))) => median,
        _ => 0,
    };
    Micros(least.max(median / 100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Outcome;
    use crate::tally::{CellShape, Tally};

    /// The figures of a cell of which nothing is known but its outcomes.
    fn figures(outcomes: &[(Outcome, u32)]) -> CellFigures {
        let mut figures = Tally::new(&[CellShape { shares: vec![1] }], 0).figures(0);
        for (outcome, times) in outcomes {
            (0..*times).for_each(|_| figures.outcomes.add(*outcome));
        }
        figures
    }

    #[test]
    fn one_throttled_request_in_a_hundred_is_valid_and_two_are_not() {
        let with =
            |ok, limited| reasons(&figures(&[(Outcome::Ok, ok), (Outcome::RateLimited, limited)]), Lags::default());
        assert_eq!(with(99, 1), Vec::<String>::new());
        assert_eq!(with(98, 2), ["the provider throttled 2 of 100 requests (2.0 %), more than 1 %"]);
    }

    #[test]
    fn a_cell_without_a_success_is_invalid() {
        assert_eq!(reasons(&figures(&[(Outcome::Connect, 3)]), Lags::default()), ["all 3 requests failed (connect=3)"]);
        assert_eq!(reasons(&figures(&[(Outcome::Cancelled, 3)]), Lags::default()), ["no request ended"]);
    }

    #[test]
    fn a_client_that_kept_up_is_valid_at_the_limit_and_not_beyond() {
        let lags = |micros| Lags { event_loop_p99: Some(Micros(micros)) };
        let measured = figures(&[(Outcome::Ok, 1)]);
        assert_eq!(reasons(&measured, lags(10_000)), Vec::<String>::new());
        assert_eq!(
            reasons(&measured, lags(10_001)),
            ["the client's event loop was 10.001 ms late at p99, more than 10 ms"]
        );
    }

    #[test]
    fn every_reason_has_its_cause_and_a_late_client_a_remedy() {
        let mut measured = figures(&[(Outcome::Ok, 1), (Outcome::RateLimited, 1)]);
        measured.overflows = 2;
        measured.read_lag_p99 = Some(Micros(1_001));
        measured.send_lag_p99 = Some(Latency::Finite(Micros(6_000)));
        let lags = Lags { event_loop_p99: Some(Micros(10_001)) };
        let causes: Vec<Option<Cause>> = reasons(&measured, lags).iter().map(|reason| Cause::of(reason)).collect();
        let late = Some(Cause::LateClient);
        assert_eq!(causes, [Some(Cause::Throttled), Some(Cause::Overflow), late, late, late]);
        for outcomes in [&[][..], &[(Outcome::Connect, 1)], &[(Outcome::Connect, 3)]] {
            assert_eq!(Cause::of(&reasons(&figures(outcomes), Lags::default())[0]), Some(Cause::NoAnswer));
        }
        assert_eq!(Cause::of("somebody said so"), None);
        assert!(Cause::LateClient.remedy().unwrap().contains("`--parallel-cells`"));
    }

    #[test]
    fn every_reason_is_given() {
        let mut measured = figures(&[(Outcome::Ok, 1)]);
        measured.overflows = 2;
        measured.read_lag_p99 = Some(Micros(1_001));
        measured.send_lag_p99 = Some(Latency::Finite(Micros(6_000)));
        assert_eq!(
            reasons(&measured, Lags::default()),
            [
                "2 times are beyond 1 h, the most that a histogram holds",
                "the client stamped replies 1.001 ms late at p99, more than 1.000 ms",
                "the client sent requests 6.000 ms late at p99, more than 5.000 ms",
            ]
        );
    }
}
