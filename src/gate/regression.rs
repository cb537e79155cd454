//! The comparisons of a policy: what became of a candidate beside its baseline.

use crate::gate::comparison::{Comparison, RoundPair, compare_figures, quantile, round_quantiles};
use crate::gate::draft::{Draft, Test};
use crate::gate::finding::{Change, Finding, Place, Rule, Ruling, Seen, Why};
use crate::gate::measure::{Bound, Measure};
use crate::gate::named::Pair;
use crate::gate::observed::Round;
use crate::gate::obstacle::{pair_obstacle, price_obstacle};
use crate::gate::policy::{Regression, Timed};
use crate::gate::price::{cost_doubt, is_dearer, is_unpriced, list_price, list_price_doubt};
use crate::gate::shares::{SharePair, compare_shares};
use crate::gate::table_price::TablePrices;
use crate::rundir::{CellNote, Run};
use crate::stats::Share;

/// A run whose variants are compared.
#[derive(Clone, Copy, Debug)]
pub(in crate::gate) struct Compared<'a> {
    pub(in crate::gate) run: &'a Run,
    /// The rounds of each cell.
    pub(in crate::gate) observed: &'a [Vec<Round>],
    pub(in crate::gate) alpha: f64,
}

/// What `rule`, at `index` of the policy, finds in `pool`; absent where neither variant has the metric.
pub(in crate::gate) fn compare(
    compared: &Compared<'_>,
    index: usize,
    rule: &Regression,
    pool: Vec<Pair>,
) -> Option<Draft> {
    compare_by(compared, index, rule, pool, |rule, pool| compared.measured(rule, pool))
}

/// The same, with another way to compare what is measured.
pub(in crate::gate) fn compare_by(
    compared: &Compared<'_>,
    index: usize,
    rule: &Regression,
    pool: Vec<Pair>,
    measured: impl Fn(&Regression, &[Pair]) -> Option<Found>,
) -> Option<Draft> {
    let obstacle = if rule.measure.is_exact() { price_obstacle } else { pair_obstacle };
    let found = match pool.iter().find_map(|pair| obstacle(compared.run, *pair)) {
        Some(why) => Found::invalid(why),
        None if rule.measure.is_exact() => compared.prices(rule, pool[0])?,
        None => measured(rule, &pool)?,
    };
    Some(Draft {
        finding: Finding {
            rule: Rule::Regression(index),
            place: Place::Pairs(pool),
            seen: found.seen,
            ruling: found.ruling,
            p: None,
            would_settle: found.would_settle,
            why: found.why,
        },
        test: found.test,
    })
}

/// What is found, before all tests are taken together.
pub(in crate::gate) struct Found {
    pub(in crate::gate) seen: Seen,
    pub(in crate::gate) ruling: Ruling,
    pub(in crate::gate) why: Option<Why>,
    pub(in crate::gate) would_settle: Option<u64>,
    pub(in crate::gate) test: Option<Test>,
}

impl Found {
    fn invalid(why: Why) -> Self {
        Self { seen: Seen::Nothing, ruling: Ruling::Invalid, why: Some(why), would_settle: None, test: None }
    }

    /// What nothing was tested for.
    pub(in crate::gate) fn untested(seen: Seen, why: Why) -> Self {
        Self { seen, ruling: Ruling::CannotTell, why: Some(why), would_settle: None, test: None }
    }
}

impl Compared<'_> {
    fn note(&self, place: usize) -> Option<&CellNote> {
        let slug = &self.run.cells[place].cell;
        self.run.manifest.cells.iter().find(|note| note.cell == *slug)
    }

    fn notes(&self, pair: Pair) -> Option<(&CellNote, &CellNote)> {
        Some((self.note(pair.baseline)?, self.note(pair.candidate?)?))
    }

    fn prices(&self, rule: &Regression, pair: Pair) -> Option<Found> {
        let (was, is) = self.notes(pair)?;
        let [baseline, candidate] = [was, is].map(|note| list_price(note, rule.measure));
        let seen = Seen::Prices { baseline, candidate };
        if let Some(price) = list_price_doubt(was, is, rule.measure) {
            return Some(Found::untested(seen, Why::Price(price)));
        }
        let (baseline, candidate) = (baseline?, candidate?);
        let broken = is_dearer(baseline, candidate, rule.margin);
        let turned_zero = candidate.picos_per_token() == 0 && baseline.picos_per_token() > 0;
        Some(Found {
            seen,
            ruling: if broken { Ruling::Broken } else { Ruling::Holds },
            why: turned_zero.then_some(Why::TurnedZero),
            would_settle: None,
            test: None,
        })
    }

    /// The rounds of both variants in which `measure` can be compared, or what there is to say instead; absent where neither
    /// variant has it.
    pub(in crate::gate) fn rounds_of(
        &self,
        measure: Measure,
        pool: &[Pair],
    ) -> Option<Result<Vec<(Round, Round)>, Found>> {
        match self.vanished(measure, pool) {
            Metric::Both => {}
            Metric::Neither => return None,
            Metric::BaselineAlone => return Some(Err(Found::invalid(Why::Vanished))),
            Metric::CandidateAlone => return Some(Err(Found::invalid(Why::New))),
        }
        // What is unknown on both sides leaves nothing to compare, see `is_unpriced`.
        let cancels = |pair: &&Pair| measure == Measure::CostPerThousand && self.is_unpriced(**pair);
        let pool: Vec<Pair> = pool.iter().filter(|pair| !cancels(pair)).copied().collect();
        let rounds = self.pooled(&pool);
        if measure == Measure::CostPerThousand {
            let doubt = pool.iter().find_map(|pair| self.cost_doubt(*pair));
            if let Some(price) = doubt {
                return Some(Err(Found::untested(Seen::Nothing, Why::Price(price))));
            }
            let unpriced = rounds.iter().map(|(was, is)| was.unpriced + is.unpriced).sum();
            if unpriced > 0 {
                return Some(Err(Found::untested(Seen::Nothing, Why::Unpriced(unpriced))));
            }
        }
        Some(Ok(rounds))
    }

    fn measured(&self, rule: &Regression, pool: &[Pair]) -> Option<Found> {
        let rounds = match self.rounds_of(rule.measure, pool)? {
            Ok(rounds) => rounds,
            Err(found) => return Some(found),
        };
        let rule_out = rule.rule_out?;
        match rule.measure {
            Measure::Quantile { latency, q } => {
                let deadline = self.run.manifest.load.timeout_total_ms as f64;
                let of = |(was, is): &(Round, Round)| RoundPair {
                    baseline: was.times_ms(latency, deadline),
                    candidate: is.times_ms(latency, deadline),
                };
                let values: Vec<RoundPair> = rounds.iter().map(of).collect();
                let all = |of: fn(&RoundPair) -> &Vec<f64>| {
                    quantile(&values.iter().flat_map(of).copied().collect::<Vec<_>>(), q)
                };
                let figures = (all(|round| &round.baseline)?, all(|round| &round.candidate)?);
                let mut found = match round_quantiles(&values, q) {
                    Ok(each) => by_rounds(&rounds, figures, &each, rule.margin, rule_out, self.alpha),
                    Err(needed) => Found {
                        would_settle: Some(needed),
                        ..Found::untested(Seen::Change(change(&rounds, figures, None)), Why::TooFewRequests(needed))
                    },
                };
                if let Seen::Change(change) = &mut found.seen {
                    change.at_deadline = at_deadline(&rounds, latency);
                }
                Some(found)
            }
            Measure::CostPerThousand => self.cost(&rounds, rule.margin, rule_out),
            Measure::ErrorRatio => self.shares(rule, rule_out, &rounds, Round::attempt_failures),
            Measure::Quality => self.shares(rule, rule_out, &rounds, |round| round.answers),
            _ => self.shares(rule, rule_out, &rounds, Round::failures),
        }
    }

    fn cost(&self, rounds: &[(Round, Round)], margin: Bound, rule_out: Bound) -> Option<Found> {
        let both = together(rounds);
        let figures = (both.0.cost_per_thousand()?, both.1.cost_per_thousand()?);
        let each: Vec<(f64, f64)> =
            rounds.iter().filter_map(|(was, is)| Some((was.cost_per_thousand()?, is.cost_per_thousand()?))).collect();
        Some(by_rounds(rounds, figures, &each, margin, rule_out, self.alpha))
    }

    fn shares(
        &self,
        rule: &Regression,
        rule_out: Bound,
        rounds: &[(Round, Round)],
        bad: impl Fn(&Round) -> Share,
    ) -> Option<Found> {
        let pairs: Vec<SharePair> =
            rounds.iter().map(|(was, is)| SharePair { baseline: bad(was), candidate: bad(is) }).collect();
        let sum = |shares: &mut dyn Iterator<Item = Share>| {
            shares.fold(Share { of: 0, all: 0 }, |sum, one| Share { of: sum.of + one.of, all: sum.all + one.all })
        };
        let was = sum(&mut pairs.iter().map(|pair| pair.baseline));
        let is = sum(&mut pairs.iter().map(|pair| pair.candidate));
        let better_when_greater = rule.measure.is_better_when_greater();
        let figure = |share: Share| {
            let bad = share.of as f64 / share.all.max(1) as f64;
            if better_when_greater { 1.0 - bad } else { bad }
        };
        let figures = (figure(was), figure(is));
        let points = |bound: Bound| match bound {
            Bound::Ratio(ratio) => ratio * figures.0,
            Bound::Points(size) | Bound::Absolute(size) => size,
        };
        let bounds = (points(rule.margin), points(rule_out));
        if bounds.1 <= 0.0 {
            return Some(Found::untested(Seen::Change(change(rounds, figures, None)), Why::ShareOfNothing));
        }
        let comparison = compare_shares(&pairs, bounds.0, bounds.1, self.alpha)?;
        let mut seen = change(rounds, figures, Some(&comparison));
        if better_when_greater {
            let less = |bound: Option<f64>| bound.map(|bound| -bound);
            (seen.change, seen.low, seen.high) = (less(seen.change), less(seen.high), less(seen.low));
        }
        let test = match comparison.tested {
            Some(_) => Test::Rounds { comparison, requests: seen.requests[0] },
            None => Test::Sums { comparison, baseline: was, candidate: is, bounds },
        };
        Some(tested(seen, test))
    }

    /// The rounds of both variants, the cells of `pool` taken together. Where one has more of them, as two runs may, the other's
    /// are empty.
    fn pooled(&self, pool: &[Pair]) -> Vec<(Round, Round)> {
        let mut rounds: Vec<(Round, Round)> = Vec::new();
        let of = |place: Option<usize>| place.map_or(&[][..], |place| &self.observed[place]);
        for (baseline, candidate) in pool.iter().map(|pair| (of(Some(pair.baseline)), of(pair.candidate))) {
            let count = rounds.len().max(baseline.len()).max(candidate.len());
            rounds.resize_with(count, Default::default);
            rounds.iter_mut().zip(baseline).for_each(|((was, _), round)| was.merge(round));
            rounds.iter_mut().zip(candidate).for_each(|((_, is), round)| is.merge(round));
        }
        rounds
    }

    /// What bears on the costs of one side alone; absent where both may be relied on alike.
    fn cost_doubt(&self, pair: Pair) -> Option<String> {
        let (was, is) = self.notes(pair)?;
        match TablePrices::of_both(&self.run.manifest, (was, is)) {
            Some([was, is]) => was.doubt_beside(&is),
            None => cost_doubt(was, is),
        }
    }

    /// Whether the pair has no cost, because the same prices are unknown on both sides.
    fn is_unpriced(&self, pair: Pair) -> bool {
        let unpriced =
            self.notes(pair).is_some_and(|(was, is)| match TablePrices::of_both(&self.run.manifest, (was, is)) {
                Some(both) => both.iter().all(TablePrices::has_none),
                None => is_unpriced(was) && is_unpriced(is),
            });
        unpriced && self.cost_doubt(pair).is_none()
    }

    /// Which variants have the metric in every cell; one that any pair has on one side alone is had by that side alone.
    fn vanished(&self, measure: Measure, pool: &[Pair]) -> Metric {
        let has = |place: usize| match measure {
            Measure::Quantile { latency, .. } => {
                self.observed[place].iter().any(|round| !round.times(latency).is_empty())
            }
            Measure::Quality => self.observed[place].iter().any(|round| round.answers.all > 0),
            _ => true,
        };
        let of = |pair: &Pair| match measure {
            // What lacks a price on one side alone is told by the name of the price.
            Measure::CostPerThousand => [!self.is_unpriced(*pair); 2],
            _ => [has(pair.baseline), pair.candidate.is_some_and(has)],
        };
        let sides: Vec<[bool; 2]> = pool.iter().map(of).collect();
        if sides.iter().all(|side| *side == [false; 2]) {
            return Metric::Neither;
        }
        match sides.iter().find(|[was, is]| was != is) {
            None => Metric::Both,
            Some([true, _]) => Metric::BaselineAlone,
            Some(_) => Metric::CandidateAlone,
        }
    }
}

enum Metric {
    Both,
    Neither,
    BaselineAlone,
    CandidateAlone,
}

/// All rounds of either variant taken together.
pub(in crate::gate) fn together(rounds: &[(Round, Round)]) -> (Round, Round) {
    let mut both = (Round::default(), Round::default());
    for (was, is) in rounds {
        both.0.merge(was);
        both.1.merge(is);
    }
    both
}

fn by_rounds(
    rounds: &[(Round, Round)],
    figures: (f64, f64),
    each: &[(f64, f64)],
    margin: Bound,
    rule_out: Bound,
    alpha: f64,
) -> Found {
    let comparison = compare_figures(each, margin, rule_out, alpha);
    let seen = Change { of_rounds: mean_figures(each, margin), ..change(rounds, figures, Some(&comparison)) };
    tested(seen, Test::Rounds { comparison, requests: seen.requests[0] })
}

/// The mean of the rounds' figures on either side, on the scale that `margin` compares on; absent without a round, and where a
/// logarithm of one cannot be taken.
fn mean_figures(each: &[(f64, f64)], margin: Bound) -> Option<[f64; 2]> {
    let is_ratio = matches!(margin, Bound::Ratio(_));
    if each.is_empty() || (is_ratio && each.iter().any(|(was, is)| was.min(*is) <= 0.0)) {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| {
        let values = each.iter().map(of);
        let sum: f64 = if is_ratio { values.map(f64::ln).sum() } else { values.sum() };
        let mean = sum / each.len() as f64;
        if is_ratio { mean.exp() } else { mean }
    };
    Some([mean(|(was, _)| *was), mean(|(_, is)| *is)])
}

fn tested(seen: Change, test: Test) -> Found {
    let turned_zero = seen.candidate <= 0.0 && seen.baseline > 0.0;
    Found {
        seen: Seen::Change(seen),
        ruling: Ruling::CannotTell,
        why: turned_zero.then_some(Why::TurnedZero),
        would_settle: None,
        test: Some(test),
    }
}

pub(in crate::gate) fn change(
    rounds: &[(Round, Round)],
    figures: (f64, f64),
    comparison: Option<&Comparison>,
) -> Change {
    let requests = |of: fn(&(Round, Round)) -> u64| rounds.iter().map(of).sum();
    Change {
        baseline: figures.0,
        candidate: figures.1,
        change: comparison.map(|found| found.change),
        low: comparison.and_then(|found| found.low),
        high: comparison.and_then(|found| found.high),
        p_worse: comparison.map(|found| found.p_worse),
        p_ruled_out: comparison.map(|found| found.p_ruled_out),
        of_rounds: None,
        rounds: comparison.map_or(0, |found| found.rounds),
        by_rounds: comparison.is_some_and(|found| found.tested.is_some()),
        requests: [requests(|(was, _)| was.requests), requests(|(_, is)| is.requests)],
        at_deadline: [0; 2],
    }
}

/// Requests of either side that count as their total deadline where `latency` is compared.
pub(in crate::gate) fn at_deadline(rounds: &[(Round, Round)], latency: Timed) -> [u64; 2] {
    let without = |round: &Round| round.requests.saturating_sub(round.times(latency).len() as u64);
    [rounds.iter().map(|(was, _)| without(was)).sum(), rounds.iter().map(|(_, is)| without(is)).sum()]
}
