//! The loads of a run: flags over the suite, and nothing in either that would be passed over.

use std::time::Duration;

use crate::plan::{Amount, ArrivalKind, Arrivals, Load, LoadKeys, Rate};
use crate::run::RunError;
use crate::units::Positive;

/// Requests in flight of a closed load, unless told otherwise.
const CONCURRENCY: u32 = 8;
/// Requests in flight of an open load at most, unless told otherwise.
const MAX_IN_FLIGHT: u32 = 10_000;
/// Measured requests of a cell, unless told otherwise.
const REQUESTS: u32 = 400;

/// What flags or a suite say of the load; absent or empty: nothing.
#[derive(Clone, Debug, Default)]
pub struct LoadWords {
    /// Requests in flight, a cell each.
    pub concurrency: Vec<u32>,
    /// How requests arrive.
    pub arrivals: Option<ArrivalKind>,
    /// Requests a second, steady or in stages, a cell each.
    pub rate: Vec<Rate>,
    /// The spread of gaps.
    pub cv: Option<Positive>,
    /// How many times faster than recorded.
    pub speed: Option<Positive>,
    /// Requests in flight at most.
    pub max_in_flight: Option<u32>,
    /// How long an open load lasts.
    pub duration: Option<Duration>,
    /// Measured requests of a cell.
    pub requests_per_cell: Option<u32>,
}

impl From<&LoadKeys> for LoadWords {
    fn from(keys: &LoadKeys) -> Self {
        Self {
            concurrency: keys.concurrency.clone().unwrap_or_default(),
            arrivals: keys.arrivals,
            rate: keys.rate.clone().or_else(|| keys.stages.clone().map(|stages| vec![stages])).unwrap_or_default(),
            cv: keys.cv,
            speed: keys.speed,
            max_in_flight: keys.max_in_flight,
            duration: keys.duration,
            requests_per_cell: keys.requests_per_cell,
        }
    }
}

/// The loads, a cell each, and how much of each is measured.
///
/// Where flags name another kind of load than the suite, what the suite says of its own does not hold.
///
/// # Errors
/// A word that has no meaning in its kind of load, or one that the kind needs and nobody says.
pub(super) fn loads(flags: &LoadWords, suite: &LoadKeys) -> Result<(Vec<Load>, Amount), RunError> {
    let its_rate = if suite.stages.is_some() { "stages" } else { "rate" };
    let suite = LoadWords::from(suite);
    let its_kind = suite.kind().unwrap_or(ArrivalKind::Closed);
    let kind = match flags.kind() {
        // A rate alone says that the load is open, and leaves how to the suite.
        Some(_) if flags.arrivals.is_none() && !flags.rate.is_empty() && takes_rate(its_kind) => its_kind,
        kind => kind.unwrap_or(its_kind),
    };
    suite.check(its_kind, "", its_rate)?;
    flags.check(kind, "--", "rate")?;
    let same = kind == its_kind;
    let rate = first(flags.rate.clone(), suite.rate, same || takes_rate(kind));
    let speed = flags.speed.or(suite.speed.filter(|_| same)).unwrap_or(Positive::ONE);
    let cv = flags.cv.or(suite.cv.filter(|_| same));
    let max_in_flight = flags.max_in_flight.or(suite.max_in_flight).unwrap_or(MAX_IN_FLIGHT);
    let needs = |what| RunError::LoadNeeds { arrivals: name(kind), what };
    let open = |arrivals| Load::Open { arrivals, max_in_flight };
    if takes_rate(kind) && rate.is_empty() {
        return Err(needs("rate"));
    }
    if let Some(staged) = rate.iter().find(|rate| rate.stages().is_some())
        && flags.amount().is_some()
    {
        return Err(RunError::AmountOfStages { rate: staged.to_string() });
    }
    let rates = rate.into_iter();
    let loads = match kind {
        ArrivalKind::Closed => {
            let concurrency = first(flags.concurrency.clone(), suite.concurrency, same);
            let concurrency = if concurrency.is_empty() { vec![CONCURRENCY] } else { concurrency };
            concurrency.into_iter().map(|concurrency| Load::Closed { concurrency }).collect()
        }
        ArrivalKind::Recorded => vec![open(Arrivals::Recorded { speed })],
        ArrivalKind::Constant => rates.map(|rate| open(Arrivals::Constant { rate })).collect(),
        ArrivalKind::Poisson => rates.map(|rate| open(Arrivals::Poisson { rate })).collect(),
        ArrivalKind::Gamma => {
            let cv = cv.ok_or_else(|| needs("cv"))?;
            rates.map(|rate| open(Arrivals::Gamma { rate, cv })).collect()
        }
    };
    // A recording has an end of its own, which another kind of load knows nothing of.
    let recorded = kind == ArrivalKind::Recorded;
    let amount = flags
        .amount()
        .or(suite.requests_per_cell.filter(|_| same || !recorded).map(Amount::Requests))
        .or(suite.duration.filter(|_| same || kind != ArrivalKind::Closed && !recorded).map(Amount::Lasting))
        .unwrap_or(if recorded { Amount::Once } else { Amount::Requests(REQUESTS) });
    Ok((loads, amount))
}

impl LoadWords {
    /// The kind of load that is meant; absent when nothing is said of it.
    fn kind(&self) -> Option<ArrivalKind> {
        let closed = (!self.concurrency.is_empty()).then_some(ArrivalKind::Closed);
        let constant = (!self.rate.is_empty()).then_some(ArrivalKind::Constant);
        self.arrivals.or(constant).or(closed)
    }

    fn amount(&self) -> Option<Amount> {
        self.duration.map(Amount::Lasting).or(self.requests_per_cell.map(Amount::Requests))
    }

    /// Refuses what has no meaning in `kind`; `dashes` stand before the names of flags, and `rate` is how rates are given.
    fn check(&self, kind: ArrivalKind, dashes: &'static str, rate: &'static str) -> Result<(), RunError> {
        use ArrivalKind::{Closed, Gamma, Recorded};
        let open = kind != Closed;
        let flag = !dashes.is_empty();
        for (what, given, has_meaning) in [
            ("concurrency", !self.concurrency.is_empty(), !open),
            (rate, !self.rate.is_empty(), takes_rate(kind)),
            ("cv", self.cv.is_some(), kind == Gamma),
            ("speed", self.speed.is_some(), kind == Recorded),
            (if flag { "max-in-flight" } else { "max_in_flight" }, self.max_in_flight.is_some(), open),
            ("duration", self.duration.is_some(), open),
        ] {
            if given && !has_meaning {
                return Err(RunError::LoadWithout { word: format!("{dashes}{what}"), arrivals: name(kind) });
            }
        }
        if self.duration.is_some() && self.requests_per_cell.is_some() {
            return Err(RunError::TwoAmounts);
        }
        match self.rate.iter().find(|rate| rate.stages().is_some()) {
            Some(staged) if self.amount().is_some() => Err(RunError::AmountOfStages { rate: staged.to_string() }),
            _ => Ok(()),
        }
    }
}

const fn takes_rate(kind: ArrivalKind) -> bool {
    matches!(kind, ArrivalKind::Constant | ArrivalKind::Poisson | ArrivalKind::Gamma)
}

/// The list of the flags, or else that of the suite where it `holds`.
fn first<T>(flags: Vec<T>, suite: Vec<T>, holds: bool) -> Vec<T> {
    if !flags.is_empty() {
        flags
    } else if holds {
        suite
    } else {
        Vec::new()
    }
}

fn name(kind: ArrivalKind) -> &'static str {
    let named = ArrivalKind::ALL.into_iter().find(|(_, each)| *each == kind);
    named.expect("every kind has a name").0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positive(number: f64) -> Positive {
        Positive::new(number).unwrap()
    }

    fn steady(number: f64) -> Rate {
        Rate::Steady(positive(number))
    }

    fn constant(rate: f64) -> Load {
        Load::Open { arrivals: Arrivals::Constant { rate: steady(rate) }, max_in_flight: MAX_IN_FLIGHT }
    }

    fn refusal(flags: &LoadWords, suite: &LoadKeys) -> String {
        loads(flags, suite).unwrap_err().to_string()
    }

    #[test]
    fn without_a_word_the_load_is_closed() {
        let (loads, amount) = loads(&LoadWords::default(), &LoadKeys::default()).unwrap();
        assert_eq!((loads, amount), (vec![Load::Closed { concurrency: 8 }], Amount::Requests(400)));
    }

    #[test]
    fn a_list_of_rates_makes_a_load_each_and_sets_the_suites_concurrency_aside() {
        let suite = LoadKeys { concurrency: Some(vec![16]), requests_per_cell: Some(600), ..LoadKeys::default() };
        let flags = LoadWords { rate: vec![steady(5.0), steady(50.0)], ..LoadWords::default() };
        let expected = (vec![constant(5.0), constant(50.0)], Amount::Requests(600));
        assert_eq!(loads(&flags, &suite).unwrap(), expected);
    }

    #[test]
    fn a_rate_on_the_command_line_keeps_the_suites_arrivals() {
        let suite = LoadKeys {
            arrivals: Some(ArrivalKind::Gamma),
            rate: Some(vec![steady(5.0)]),
            cv: Some(positive(2.0)),
            duration: Some(Duration::from_secs(9)),
            max_in_flight: Some(7),
            ..LoadKeys::default()
        };
        let flags = LoadWords { rate: vec![steady(50.0)], ..LoadWords::default() };
        let arrivals = Arrivals::Gamma { rate: steady(50.0), cv: positive(2.0) };
        let expected = vec![Load::Open { arrivals, max_in_flight: 7 }];
        assert_eq!(loads(&flags, &suite).unwrap(), (expected, Amount::Lasting(Duration::from_secs(9))));
        let closed = LoadWords { concurrency: vec![2], ..LoadWords::default() };
        let expected = (vec![Load::Closed { concurrency: 2 }], Amount::Requests(400));
        assert_eq!(loads(&closed, &suite).unwrap(), expected);
    }

    #[test]
    fn a_recording_is_sent_once_whatever_a_suite_of_another_kind_says() {
        let suite = LoadKeys { concurrency: Some(vec![16]), requests_per_cell: Some(600), ..LoadKeys::default() };
        let flags =
            LoadWords { arrivals: Some(ArrivalKind::Recorded), speed: Some(positive(10.0)), ..LoadWords::default() };
        let arrivals = Arrivals::Recorded { speed: positive(10.0) };
        let expected = (vec![Load::Open { arrivals, max_in_flight: MAX_IN_FLIGHT }], Amount::Once);
        assert_eq!(loads(&flags, &suite).unwrap(), expected);
    }

    #[test]
    fn a_word_without_a_meaning_is_refused_and_so_is_a_missing_one() {
        let none = LoadKeys::default();
        let speed = LoadWords { speed: Some(positive(2.0)), ..LoadWords::default() };
        assert_eq!(refusal(&speed, &none), "`--speed` has no meaning with `closed` arrivals");
        let both = LoadWords { rate: vec![steady(2.0)], concurrency: vec![8], ..LoadWords::default() };
        assert_eq!(refusal(&both, &none), "`--concurrency` has no meaning with `constant` arrivals");
        let poisson = LoadWords { arrivals: Some(ArrivalKind::Poisson), ..LoadWords::default() };
        assert_eq!(refusal(&poisson, &none), "`poisson` arrivals need a `rate`");
        let gamma = LoadWords { arrivals: Some(ArrivalKind::Gamma), rate: vec![steady(2.0)], ..LoadWords::default() };
        assert_eq!(refusal(&gamma, &none), "`gamma` arrivals need a `cv`");
        let suite = LoadKeys { max_in_flight: Some(3), ..LoadKeys::default() };
        assert_eq!(refusal(&LoadWords::default(), &suite), "`max_in_flight` has no meaning with `closed` arrivals");
        let twice = LoadWords {
            duration: Some(Duration::from_secs(1)),
            requests_per_cell: Some(1),
            rate: vec![steady(1.0)],
            ..LoadWords::default()
        };
        assert_eq!(refusal(&twice, &none), "`duration` and `requests-per-cell` both say how much, must be one of them");
    }

    #[test]
    fn stages_say_themselves_how_much_they_bring() {
        let ramp: Rate = "10..200/60s".parse().unwrap();
        let staged = LoadKeys { stages: Some(ramp.clone()), ..LoadKeys::default() };
        let arrivals = Arrivals::Constant { rate: ramp.clone() };
        let expected = vec![Load::Open { arrivals, max_in_flight: MAX_IN_FLIGHT }];
        assert_eq!(loads(&LoadWords::default(), &staged).unwrap().0, expected);
        // What the suite says of another load does not hold, and so is no contradiction.
        let suite = LoadKeys { requests_per_cell: Some(600), ..LoadKeys::default() };
        let flags = LoadWords { rate: vec![ramp.clone()], ..LoadWords::default() };
        assert_eq!(loads(&flags, &suite).unwrap().0, expected);

        let twice = "`10..200/s over 60s` says itself how long it lasts, so nothing else may";
        let flags = LoadWords { requests_per_cell: Some(40), ..flags };
        assert_eq!(refusal(&flags, &suite), twice);
        let flags = LoadWords { duration: Some(Duration::from_secs(5)), ..LoadWords::default() };
        assert_eq!(refusal(&flags, &staged), twice);
        let both = LoadKeys { duration: Some(Duration::from_secs(5)), ..staged.clone() };
        assert_eq!(refusal(&LoadWords::default(), &both), twice);
        let recorded = LoadKeys { arrivals: Some(ArrivalKind::Recorded), ..staged };
        assert_eq!(refusal(&LoadWords::default(), &recorded), "`stages` has no meaning with `recorded` arrivals");
    }
}
