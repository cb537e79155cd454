//! What a gate finds: for each rule in each place a ruling, with what was seen.

use std::fmt;

use crate::gate::named::Pair;
use crate::units::{UsdPerMtok, grouped};

/// What became of one rule in one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The cells that it was held against.
    pub place: Place,
    /// What was seen there.
    pub seen: Seen,
    /// What that says.
    pub ruling: Ruling,
    /// The p-value of "it is not broken", adjusted by Holm over all rules of its severity; absent where nothing was tested.
    pub p: Option<f64>,
    /// Requests, of each variant where two are compared, and of all pooled cells together, that would settle it if what was
    /// seen stayed so; absent where it is settled, or no number would.
    pub would_settle: Option<u64>,
    /// What else is to be said of it, and for what cannot be judged why not.
    pub why: Option<Why>,
}

/// A rule of the policy, by its place in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// One of the SLOs.
    Slo(usize),
    /// One of the comparisons.
    Regression(usize),
}

/// What a rule was held against; numbers are places in the run's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One cell.
    Cell(usize),
    /// One pair of cells or several, whose requests are taken together; never empty.
    Pairs(Vec<Pair>),
}

/// The figures of a finding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen {
    /// Of an SLO.
    Counts {
        /// Requests that ended and count.
        requests: u64,
        /// Of these, those that the promise does not want: failed, or over the limit.
        bad: u64,
    },
    /// Of a comparison.
    Change(Change),
    /// Of list prices; absent is unknown.
    Prices {
        /// The baseline's.
        baseline: Option<UsdPerMtok>,
        /// The candidate's.
        candidate: Option<UsdPerMtok>,
    },
    /// There are none that may be judged.
    Nothing,
}

/// A measure of the baseline and of the candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The baseline's figure over all rounds, in the measure's unit; a failed request counts as its total deadline.
    pub baseline: f64,
    /// The candidate's.
    pub candidate: f64,
    /// The same two figures as the rounds have them on the mean, the geometric one where the margin is a share of the baseline:
    /// what `change` is the change of. Absent where no rounds were compared, those of shares of requests, and where a round has
    /// nothing to take a logarithm of.
    pub of_rounds: Option<[f64; 2]>,
    /// By how much the figure changed, in the unit of the rule's margin: a share of the baseline, a difference of shares, or a
    /// difference in the measure's unit. It is the mean of the rounds where these were compared, and then the change of
    /// `of_rounds`: one round with failures moves it as far as any other, and a figure over all rounds perhaps not at all.
    /// Absent where no round could be compared.
    pub change: Option<f64>,
    /// The lower end of its interval with confidence `1 − alpha` of the policy; absent where so few rounds have none.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The p-value of "not worse than the margin", by itself; absent where nothing was tested.
    pub p_worse: Option<f64>,
    /// The p-value of "worse than what is to be ruled out".
    pub p_ruled_out: Option<f64>,
    /// Rounds that were compared.
    pub rounds: usize,
    /// Whether rounds were compared, or their sums.
    pub by_rounds: bool,
    /// Requests of the baseline and of the candidate.
    pub requests: [u64; 2],
    /// Of these, those that count as their total deadline: they failed, or have no such time. None where no latency is compared.
    pub at_deadline: [u64; 2],
}

impl Change {
    /// The baseline's figure and the candidate's that `change` is the change of.
    pub fn figures(&self) -> [f64; 2] {
        self.of_rounds.unwrap_or([self.baseline, self.candidate])
    }
}

/// What is known of a rule in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruling {
    /// Surely broken.
    Broken,
    /// The figures may not be judged, or there are none.
    Invalid,
    /// Neither can be said.
    CannotTell,
    /// Surely kept.
    Holds,
}

/// What a whole policy makes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that blocks surely holds.
    Passed,
    /// Something that blocks is surely broken.
    Regressed,
    /// Something that blocks cannot be told, and the policy blocks on that.
    Inconclusive,
    /// Something that blocks cannot be judged, and nothing is surely broken; or nothing at all was measured.
    Invalid,
}

/// Why something cannot be judged or told, or what else is to be said. Its `Display` is a phrase for people; names in it are as
/// they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No request of a cell ended.
    NoRequests,
    /// A cell's figures may not be judged, for these reasons.
    NotValid(Vec<String>),
    /// So many requests of an open load could not be sent.
    Dropped(u64),
    /// The candidate has no such cell.
    Missing,
    /// Half of the requests or more are gone.
    Gone {
        /// Requests planned.
        planned: u64,
        /// Requests that ended and count.
        ended: u64,
    },
    /// The variants differ in their requests by more than a tenth.
    Unequal {
        /// The baseline's.
        baseline: u64,
        /// The candidate's.
        candidate: u64,
    },
    /// The baseline has the metric and the candidate does not.
    Vanished,
    /// The candidate has the metric and the baseline does not.
    New,
    /// A round has too few requests for the quantile; so many of each variant would do, in all rounds and pooled cells together.
    TooFewRequests(u64),
    /// So few rounds that no p-value can be small enough; so many would do.
    TooFewRounds {
        /// Rounds that would do.
        needed: u32,
        /// Rules that are tested together.
        tests: usize,
    },
    /// A price that is unknown or assumed does not bear equally on both sides.
    Price(String),
    /// So many requests have no known cost although their prices are known.
    Unpriced(u64),
    /// The margin is a share of the baseline's, which is 0.
    ShareOfNothing,
    /// The candidate's figure is exactly 0, and the baseline's is not.
    TurnedZero,
    /// It is one of several cells that it is true of.
    Of {
        /// The cell's slug.
        cell: String,
        /// What is true of it.
        why: Box<Self>,
    },
    /// The requests are those of so many runs within so many days.
    Window {
        /// Runs that measured the cell.
        runs: u32,
        /// Days up to this run.
        days: u32,
    },
    /// In a forecast: what was never measured, with the remedy.
    Unmeasured(String),
    /// Two runs are compared, and so many nights say how far nights differ though nothing changed.
    Nights(usize),
    /// Two runs are compared, and how far nights differ is not known.
    NightsUnknown,
    /// Two runs are compared, and with a single round nothing says how far the requests of one differ.
    OneRound,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |number: u64| grouped(&number.to_string());
        match self {
            Self::NoRequests => f.write_str("no request was measured"),
            Self::NotValid(reasons) if reasons.is_empty() => {
                f.write_str("the cell's figures may not be judged: see the report")
            }
            Self::NotValid(reasons) => f.write_str(&reasons.join("; ")),
            Self::Dropped(dropped) => {
                write!(f, "{} requests could not be sent on schedule: the load was more than it took", count(*dropped))
            }
            Self::Missing => f.write_str("the candidate has no such cell"),
            Self::Gone { planned, ended } => {
                write!(f, "{} of {} planned requests ended: too many are gone", count(*ended), count(*planned))
            }
            Self::Unequal { baseline, candidate } => write!(
                f,
                "the baseline has {} requests and the candidate {}: they are not comparable",
                count(*baseline),
                count(*candidate)
            ),
            Self::Vanished => f.write_str("the metric vanished: the baseline has it and the candidate does not"),
            Self::New => f.write_str("the candidate has the metric and the baseline does not"),
            Self::TooFewRequests(needed) => {
                write!(
                    f,
                    "a round has too few requests: it takes {} of each variant here, in all rounds together",
                    count(*needed)
                )
            }
            Self::TooFewRounds { needed, tests } => write!(
                f,
                "so few rounds cannot say that it is broken: among {} it takes {needed}",
                if *tests == 1 { "1 rule".to_owned() } else { format!("{tests} rules") }
            ),
            Self::Price(price) => write!(f, "{price}, which does not bear equally on both sides"),
            Self::Unpriced(requests) => write!(f, "the cost of {} requests is not known", count(*requests)),
            Self::ShareOfNothing => {
                f.write_str("the baseline's is 0, and so is any share of it: give the margin in pp")
            }
            Self::TurnedZero => f.write_str("it turned exactly 0"),
            Self::Of { cell, why } => write!(f, "{cell}: {why}"),
            Self::Window { runs: 1, days } => write!(f, "in 1 run of {days} days"),
            Self::Window { runs, days } => write!(f, "in {runs} runs of {days} days"),
            Self::Unmeasured(remedy) => f.write_str(remedy),
            Self::Nights(nights) => write!(f, "two runs, by how far {nights} nights of the history differ"),
            Self::NightsUnknown => f.write_str("how far two nights differ here is not known"),
            Self::OneRound => f.write_str("a run of one round does not say how far its own requests differ"),
        }
    }
}
