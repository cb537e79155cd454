//! Rules that a run could not decide, told before it is carried out.

use std::fmt;

use crate::gate::measure::Bound;
use crate::gate::named::{Named, Pair, pairs};
use crate::gate::policy::{Policy, Regression, Severity, Slo};
use crate::gate::pools::{is_part, least_in_a_round, pools};
use crate::gate::shares::requests_to_rule_out;
use crate::stats::{least_p, least_requests};
use crate::units::grouped;

/// A cell that is to be measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlannedCell {
    /// Baseline or candidate; absent where nothing is compared. That of the first cell is the baseline.
    pub variant: Option<String>,
    /// Who is called.
    pub provider: String,
    /// What answers.
    pub model: String,
    /// Where.
    pub region: Option<String>,
    /// The model's tier.
    pub tier: Option<u8>,
    /// The route.
    pub route: Option<String>,
    /// The workload.
    pub workload: String,
    /// How requests are issued, as in `cells.csv`.
    pub load: String,
    /// Requests in flight asked for.
    pub concurrency: Option<u32>,
    /// Requests a second asked for.
    pub rate_rps: Option<f64>,
    /// Requests that it will send.
    pub requests: u64,
    /// Rounds that it is cut into.
    pub rounds: u32,
    /// Whether any of its answers is streamed, so that it has a first token.
    pub is_streamed: bool,
    /// Whether any of its lines says what a right answer is.
    pub has_expectations: bool,
}

/// A rule that a run could not decide. Its `Display` is a sentence for people, with the remedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Undecidable {
    /// What people call the rule.
    pub rule: String,
    /// The policy's line.
    pub line: Option<usize>,
    /// Cells, or pools of cells, in which it could not be decided.
    pub places: usize,
    /// Requests that the least of them sends, a variant.
    pub requests: u64,
    /// Requests that each cell would have to send; absent where it sends enough.
    pub needed_requests: Option<u64>,
    /// Rounds that the run has.
    pub rounds: u32,
    /// Rounds that it would have to have; absent where it has enough.
    pub needed_rounds: Option<u32>,
    /// What can still become of the rule.
    pub at_best: AtBest,
}

/// What can still become of a rule that cannot be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtBest {
    /// Nothing can be said of it.
    Inconclusive,
    /// It cannot be found to hold, but to be broken.
    Broken,
    /// It cannot be found broken, but to hold.
    Holds,
}

impl Undecidable {
    /// What is lacking and what follows from it, without the remedy.
    pub fn sentence(&self) -> String {
        let count = |number: u64| grouped(&number.to_string());
        let lack = match (self.needed_requests, self.needed_rounds) {
            (Some(requests), None) => {
                format!("needs {} requests, this suite sends {}", count(requests), count(self.requests))
            }
            (None, Some(rounds)) => format!("needs {rounds} rounds, this suite has {}", self.rounds),
            (Some(requests), Some(rounds)) => format!(
                "needs {} requests in {rounds} rounds, this suite sends {} in {}",
                count(requests),
                count(self.requests),
                self.rounds
            ),
            (None, None) => "cannot be decided by any number of requests".to_owned(),
        };
        let follows = match self.at_best {
            AtBest::Inconclusive => "it can only be inconclusive",
            AtBest::Broken => "it can only be inconclusive or broken",
            AtBest::Holds => "it can only be inconclusive or pass",
        };
        let places = if self.places > 1 { format!(" (in {} cells)", count(self.places as u64)) } else { String::new() };
        format!("rule `{}` {lack}: {follows}{places}", self.rule)
    }

    /// The flags of `run` that would help: `--requests-per-cell 2995`; empty where none would.
    pub fn remedy(&self) -> String {
        let requests = self.needed_requests.map(|requests| format!("--requests-per-cell {requests}"));
        let rounds = self.needed_rounds.map(|rounds| format!("--rounds {rounds}"));
        requests.into_iter().chain(rounds).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Undecidable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())?;
        match self.remedy() {
            none if none.is_empty() => Ok(()),
            remedy => write!(f, " (`{remedy}`)"),
        }
    }
}

/// The rules of `policy` that a run of `cells` cannot decide, in the policy's order, whatever it will measure.
///
/// An SLO must be able to hold where no request is bad; a comparison must have enough requests in each round for its
/// quantile, and enough rounds that the least p-value, `2^−rounds`, can pass Holm's over all rules that block. Rules about a
/// window of history, about list prices, and those that match nothing are left out.
pub fn undecidable(policy: &Policy, cells: &[PlannedCell]) -> Vec<Undecidable> {
    let named: Vec<Named<'_>> = cells.iter().map(Named::from).collect();
    let pairs = planned_pairs(&named);
    let slos = policy.slos.iter().filter(|slo| slo.window_days.is_none());
    let tests = |severity: Severity| {
        let slos = slos.clone().filter(|slo| slo.severity == severity);
        let of_slos: usize = slos.map(|slo| named.iter().filter(|cell| slo.matches.takes(cell)).count()).sum();
        let rules = policy.regressions.iter().filter(|rule| rule.severity == severity && !rule.measure.is_exact());
        of_slos + rules.map(|rule| pools(rule, &named, &pairs).len()).sum::<usize>()
    };
    let (blocking, warning) = (tests(Severity::Block), tests(Severity::Warn));
    let of_slos = slos.clone().filter_map(|slo| slo_undecidable(slo, cells, &named));
    let of_rules = policy.regressions.iter().filter(|rule| !rule.measure.is_exact()).filter_map(|rule| {
        let tests = if rule.severity == Severity::Block { blocking } else { warning };
        let mut pools = pools(rule, &named, &pairs);
        // How many requests take a route is not known before, and what it cannot tell its table does.
        pools.retain(|pool| !is_part(rule, &named, pool));
        rule_undecidable(rule, cells, &pools, policy.alpha, tests)
    });
    of_slos.chain(of_rules).collect()
}

/// The SLOs of `policy` over days of history that are about some of `cells`, in the policy's order.
pub fn windows<'p>(policy: &'p Policy, cells: &[PlannedCell]) -> Vec<&'p Slo> {
    let is_about = |slo: &&Slo| cells.iter().any(|cell| slo.matches.takes(&Named::from(cell)));
    policy.slos.iter().filter(|slo| slo.window_days.is_some()).filter(is_about).collect()
}

/// The pairs of two variants; none where nothing is compared.
pub(in crate::gate) fn planned_pairs(named: &[Named<'_>]) -> Vec<Pair> {
    let Some(baseline) = named.iter().find_map(|cell| cell.variant) else { return Vec::new() };
    let other = named.iter().filter_map(|cell| cell.variant).find(|variant| *variant != baseline);
    other.map_or_else(Vec::new, |candidate| pairs(named, baseline, candidate))
}

fn slo_undecidable(slo: &Slo, cells: &[PlannedCell], named: &[Named<'_>]) -> Option<Undecidable> {
    let allowed = slo.promise.bad_share();
    if allowed >= 1.0 {
        return None;
    }
    let needed = least_requests(1.0 - allowed, 0, slo.confidence);
    let lacking = || cells.iter().zip(named).filter(|(cell, named)| slo.matches.takes(named) && cell.requests < needed);
    let least = lacking().map(|(cell, _)| cell).min_by_key(|cell| cell.requests)?;
    Some(Undecidable {
        rule: slo.name.clone(),
        line: slo.line,
        places: lacking().count(),
        requests: least.requests,
        needed_requests: Some(needed),
        rounds: least.rounds,
        needed_rounds: None,
        at_best: AtBest::Broken,
    })
}

fn rule_undecidable(
    rule: &Regression,
    cells: &[PlannedCell],
    pools: &[Vec<Pair>],
    alpha: f64,
    tests: usize,
) -> Option<Undecidable> {
    // Only points tell how many requests it takes: a share of the baseline is known when that is.
    let of_shares = match rule.rule_out {
        Some(Bound::Points(rule_out)) if rule.measure.is_ratio() => requests_to_rule_out(rule_out, alpha),
        _ => None,
    };
    let lacks: Vec<Lack> =
        pools.iter().filter_map(|pool| lack_of(rule, cells, pool, alpha, tests, of_shares)).collect();
    let worst = lacks.iter().max_by_key(|lack| (lack.needed_requests, lack.needed_rounds))?;
    Some(Undecidable {
        rule: rule.title(),
        line: rule.line,
        places: lacks.len(),
        requests: worst.requests,
        needed_requests: worst.needed_requests,
        rounds: worst.rounds,
        needed_rounds: worst.needed_rounds,
        at_best: worst.at_best,
    })
}

/// What a pool lacks.
#[derive(Clone, Copy)]
struct Lack {
    requests: u64,
    needed_requests: Option<u64>,
    rounds: u32,
    needed_rounds: Option<u32>,
    at_best: AtBest,
}

/// `of_shares` is how many requests of a pool it takes where shares of them are compared.
fn lack_of(
    rule: &Regression,
    cells: &[PlannedCell],
    pool: &[Pair],
    alpha: f64,
    tests: usize,
    of_shares: Option<u64>,
) -> Option<Lack> {
    let of = || pool.iter().map(|pair| &cells[pair.baseline]);
    let requests = of().map(|cell| cell.requests).min()?;
    let rounds = of().map(|cell| cell.rounds.max(1)).min()?;
    let size = pool.len() as u64;
    if rule.measure.is_ratio() {
        let needed = of_shares?.div_ceil(size);
        let lack =
            Lack { requests, needed_requests: Some(needed), rounds, needed_rounds: None, at_best: AtBest::Broken };
        return (requests < needed).then_some(lack);
    }
    let fewest = rounds_needed(alpha, tests);
    let with_rounds = rounds.max(fewest);
    let each = least_in_a_round(rule.measure).div_ceil(size);
    let short_of_requests = of().map(|cell| cell.requests / u64::from(cell.rounds.max(1))).min()? < each;
    let needed = each * u64::from(with_rounds);
    let lack = Lack {
        requests,
        needed_requests: (needed > requests).then_some(needed),
        rounds,
        needed_rounds: (rounds < fewest).then_some(fewest),
        at_best: if short_of_requests || least_p(rounds as usize) > alpha {
            AtBest::Inconclusive
        } else {
            AtBest::Holds
        },
    };
    (short_of_requests || rounds < fewest).then_some(lack)
}

/// The rounds whose least p-value can pass Holm's over so many tests.
pub(crate) fn rounds_needed(alpha: f64, tests: usize) -> u32 {
    // A power that is reached exactly must not ask for one round more.
    ((tests.max(1) as f64 / alpha).log2() - 1e-9).ceil().max(1.0) as u32
}

impl<'a> From<&'a PlannedCell> for Named<'a> {
    fn from(cell: &'a PlannedCell) -> Self {
        Self {
            variant: cell.variant.as_deref(),
            provider: &cell.provider,
            model: &cell.model,
            region: cell.region.as_deref(),
            tier: cell.tier,
            route: cell.route.as_deref(),
            workload: &cell.workload,
            load: &cell.load,
            concurrency: cell.concurrency,
            rate_rps: cell.rate_rps,
        }
    }
}

#[cfg(test)]
mod tests;
