use proptest::prelude::*;

use super::*;

const MS: u64 = 1_000;

/// A window of 160 ms, 10 attempts, a fifth of failures, a cooldown of 50 ms; attempts take 30 ms at most.
fn breaker() -> Breaker {
    let rule = Rule {
        attempt_error_ratio: 0.2,
        window: Duration::from_millis(160),
        min_requests: 10,
        cooldown: Duration::from_millis(50),
    };
    Breaker::new((1, Some(2)), rule, Duration::from_millis(30))
}

fn at(ms: u64) -> Moment {
    Moment(ms * MS)
}

fn attempt(breaker: &Breaker, now: Moment, sign: Sign) -> Option<BreakerEvent> {
    let (ticket, _) = breaker.admit(now).unwrap();
    breaker.record(ticket, sign, now)
}

/// A breaker that opened at 9 ms.
fn opened() -> Breaker {
    let breaker = breaker();
    let events: Vec<BreakerEvent> = (0..10).filter_map(|ms| attempt(&breaker, at(ms), Sign::Down)).collect();
    let expected = BreakerEvent {
        at: at(9),
        provider: 1,
        region: Some(2),
        from: BreakerState::Closed,
        to: BreakerState::Open,
        error_ratio: Some(1.0),
        attempts: Some(10),
    };
    assert_eq!(events, [expected]);
    breaker
}

fn states(event: Option<BreakerEvent>) -> Option<(BreakerState, BreakerState)> {
    event.map(|event| (event.from, event.to))
}

#[test]
fn it_opens_when_enough_attempts_failed_too_often_and_not_before() {
    let breaker = breaker();
    // A fifth is not over a fifth.
    for ms in 0..10 {
        assert_eq!(attempt(&breaker, at(ms), if ms % 5 == 0 { Sign::Down } else { Sign::Up }), None);
    }
    let event = attempt(&breaker, at(10), Sign::Down).unwrap();
    assert_eq!((event.attempts, event.error_ratio), (Some(11), Some(3.0 / 11.0)));
    assert_eq!(breaker.admit(at(11)), None);
}

#[test]
fn a_success_that_completes_the_number_opens_it_too() {
    let breaker = breaker();
    for ms in 0..9 {
        assert_eq!(attempt(&breaker, at(ms), Sign::Down), None);
    }
    assert_eq!(states(attempt(&breaker, at(9), Sign::Up)), Some((BreakerState::Closed, BreakerState::Open)));
}

#[test]
fn failures_older_than_the_window_are_forgotten() {
    let breaker = breaker();
    for ms in 0..9 {
        attempt(&breaker, at(ms), Sign::Down);
    }
    for ms in 170..200 {
        assert_eq!(attempt(&breaker, at(ms), Sign::Up), None);
    }
}

#[test]
fn after_the_cooldown_one_probe_is_let_through_and_its_success_closes_with_an_empty_window() {
    let breaker = opened();
    assert_eq!(breaker.admit(at(58)), None);
    let (ticket, event) = breaker.admit(at(59)).unwrap();
    assert_eq!(states(event), Some((BreakerState::Open, BreakerState::HalfOpen)));
    assert_eq!(breaker.admit(at(60)), None, "one probe at a time");
    let event = breaker.record(ticket, Sign::Up, at(61));
    assert_eq!(states(event), Some((BreakerState::HalfOpen, BreakerState::Closed)));
    for ms in 62..71 {
        assert_eq!(attempt(&breaker, at(ms), Sign::Down), None);
    }
    assert!(attempt(&breaker, at(71), Sign::Down).is_some(), "ten attempts of the new window");
}

#[test]
fn a_failed_probe_opens_it_for_another_cooldown() {
    let breaker = opened();
    let (ticket, _) = breaker.admit(at(59)).unwrap();
    let event = breaker.record(ticket, Sign::Down, at(70));
    assert_eq!(states(event), Some((BreakerState::HalfOpen, BreakerState::Open)));
    assert_eq!(breaker.admit(at(119)), None);
    assert!(breaker.admit(at(120)).is_some());
}

#[test]
fn a_probe_that_was_given_up_leaves_its_place_to_the_next_request() {
    let breaker = opened();
    let (ticket, _) = breaker.admit(at(59)).unwrap();
    breaker.record(ticket, Sign::None, at(60));
    assert!(breaker.admit(at(60)).is_some());
}

#[test]
fn a_probe_that_never_reports_is_replaced_after_a_while_and_no_longer_heard() {
    let breaker = opened();
    let (lost, _) = breaker.admit(at(59)).unwrap();
    assert_eq!(breaker.admit(at(138)), None);
    let (_, event) = breaker.admit(at(139)).unwrap();
    assert_eq!(states(event), Some((BreakerState::HalfOpen, BreakerState::HalfOpen)));
    assert_eq!(breaker.record(lost, Sign::Up, at(140)), None);
    assert_eq!(breaker.admit(at(141)), None);
}

#[test]
fn what_began_before_it_opened_does_not_count_once_it_has_closed_again() {
    let breaker = breaker();
    let (early, _) = breaker.admit(at(0)).unwrap();
    for ms in 0..10 {
        attempt(&breaker, at(ms), Sign::Down);
    }
    assert_eq!(breaker.record(early, Sign::Down, at(20)), None, "it is open already");
    let (probe, _) = breaker.admit(at(59)).unwrap();
    breaker.record(probe, Sign::Up, at(60));
    for _ in 0..20 {
        assert_eq!(breaker.record(early, Sign::Down, at(61)), None);
    }
}

#[test]
fn a_call_made_in_despair_changes_nothing() {
    let breaker = opened();
    for sign in [Sign::Up, Sign::Down, Sign::None] {
        assert_eq!(breaker.record(Ticket::Desperate, sign, at(59)), None);
    }
    assert!(matches!(breaker.admit(at(59)), Some((Ticket::Probe(_), _))));
}

#[test]
fn of_many_threads_exactly_one_gets_the_probe() {
    for _ in 0..50 {
        let breaker = opened();
        let admitted: usize = std::thread::scope(|scope| {
            let ask = || (59..80).filter(|ms| breaker.admit(at(*ms)).is_some()).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1);
    }
}

#[test]
fn every_outcome_has_a_sign() {
    let down = Outcome::ALL.into_iter().filter(|outcome| sign(*outcome) == Sign::Down).map(Outcome::name);
    let expected = [
        "truncated",
        "rate_limited",
        "http_5xx",
        "stream_error",
        "parse_error",
        "timeout_connect",
        "timeout_first_token",
        "timeout_idle",
        "timeout_total",
        "dns",
        "connect",
        "tls",
        "reset",
    ];
    assert_eq!(down.collect::<Vec<_>>(), expected);
    assert!(Outcome::ALL.into_iter().all(|outcome| outcome.counts() || sign(outcome) == Sign::None));
}

/// What the breaker should do, told in lists and without atomics: attempts of the present slices since it last closed.
#[derive(Default)]
struct Model {
    told: Vec<(u64, bool)>,
    open_until: Option<u64>,
}

impl Model {
    /// What comes of an attempt that begins and ends `now`, and how many were let through.
    fn attempt(&mut self, now: u64, failed: bool) -> Option<(BreakerState, BreakerState)> {
        if let Some(until) = self.open_until {
            if now < until {
                return None;
            }
            // The probe.
            self.told.clear();
            self.open_until = failed.then_some(now + 50 * MS);
            let next = if failed { BreakerState::Open } else { BreakerState::Closed };
            return Some((BreakerState::HalfOpen, next));
        }
        self.told.push((now, failed));
        let slice = |at: u64| at / (10 * MS);
        let recent = || self.told.iter().filter(|(at, _)| slice(now) - slice(*at) < 16);
        let (attempts, failures) = (recent().count(), recent().filter(|(_, failed)| *failed).count());
        let opens = attempts >= 10 && failures as f64 / attempts as f64 > 0.2;
        opens.then(|| {
            self.open_until = Some(now + 50 * MS);
            (BreakerState::Closed, BreakerState::Open)
        })
    }
}

proptest! {
    #[test]
    fn it_does_what_a_plain_model_of_it_does(
        steps in proptest::collection::vec((0_u64..12 * MS, 0_u32..100), 1..400),
        failing in 0_u32..100,
    ) {
        let (breaker, mut model, mut now) = (breaker(), Model::default(), 0);
        for (step, draw) in steps {
            now += step;
            let failed = draw < failing;
            let expected = model.attempt(now, failed);
            let sign = if failed { Sign::Down } else { Sign::Up };
            let admitted = breaker.admit(Moment(now));
            let event = admitted.and_then(|(ticket, _)| breaker.record(ticket, sign, Moment(now)));
            prop_assert_eq!(states(event), expected);
        }
    }
}
