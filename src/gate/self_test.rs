//! Whether comparisons cry wolf on a user's own requests: those of one variant, pretended to be of two.

use crate::gate::finding::{Ruling, Why};
use crate::gate::judge::{Judged, Unasked, ruled, verdict};
use crate::gate::measure::Measure;
use crate::gate::named::{Named, pairs};
use crate::gate::observed::{Round, observe_as, places_of_notes};
use crate::gate::policy::Policy;
use crate::gate::regression::{Compared, compare};
use crate::gate::regressions::compared_drafts;
use crate::rng::seeded;
use crate::rundir::{CellNote, CellRow, Run, RunDirError, Validity};

/// The names of the pretended variants.
const PRETENDED: [&str; 2] = ["one half", "other half"];

/// A run of which the requests were split, and what the comparisons of a policy make of the halves.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfTest {
    /// The run with its cells doubled: what findings refer to.
    pub run: Run,
    /// What became of the comparisons. Whatever is broken is a false alarm, since nothing differs.
    pub judged: Judged,
}

impl SelfTest {
    /// Whether any comparison could be tested.
    pub fn tells(&self) -> bool {
        self.judged.findings.iter().any(|finding| finding.p.is_some())
    }

    /// Why no comparison could be tested; absent where one could.
    pub fn untold(&self) -> Option<Untold> {
        let Judged { findings, not_asked, .. } = &self.judged;
        if self.tells() {
            return None;
        }
        if findings.is_empty() {
            let lacks = not_asked.iter().any(|unasked| matches!(unasked.reason, Unasked::NoMetric { .. }));
            return Some(if lacks { Untold::NoMetric } else { Untold::NothingMatches });
        }
        let invalid = findings.iter().filter(|finding| finding.ruling == Ruling::Invalid);
        let why = invalid.clone().find_map(|finding| finding.why.as_ref()).map(|why| match why {
            // The cell is one of the two that were made of it.
            Why::Of { why, .. } => why.as_ref().clone(),
            why => why.clone(),
        });
        Some(match why {
            Some(why) if invalid.count() == findings.len() => Untold::NotJudged(why),
            _ => Untold::TooFewRequests,
        })
    }
}

/// Why a run tells nothing of any comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untold {
    /// It measured nothing that one of them matches.
    NothingMatches,
    /// It does not have what they are about.
    NoMetric,
    /// Its figures may not be judged, for the first such reason.
    NotJudged(Why),
    /// Half of its requests are too few in a round, or its rounds are.
    TooFewRequests,
}

/// Splits the requests of `run` into two pretended variants, and holds them against each other by the comparisons of `policy`.
///
/// Of two neighbours of a cell a coin sends one to either variant, so that both have the same weather. There is one draw a run,
/// from its seed and name. Of a run with variants the baseline alone is split.
///
/// # Errors
/// The run's files cannot be read.
pub fn self_test(policy: &Policy, run: &Run) -> Result<SelfTest, RunDirError> {
    let baseline = run.manifest.variants.first();
    let taken: Vec<usize> = (0..run.cells.len())
        .filter(|place| run.cells[*place].variant.as_ref() == baseline && run.cells[*place].route.is_none())
        .collect();
    let observed = split(run, &taken)?;
    let run = doubled(run, &taken, &observed);
    let named: Vec<Named<'_>> = run.cells.iter().map(Named::from).collect();
    let pairs = pairs(&named, PRETENDED[0], PRETENDED[1]);
    let compared = Compared { run: &run, observed: &observed, alpha: policy.alpha };
    let mut not_asked = Vec::new();
    let found = |index, pool| compare(&compared, index, &policy.regressions[index], pool);
    // List prices of a cell and itself are no question.
    let may_ask = |measure: Measure| !measure.is_exact();
    let drafts = compared_drafts(policy, &named, &pairs, may_ask, found, &mut not_asked);
    let findings = ruled(policy, drafts);
    let verdict = verdict(policy, &findings);
    Ok(SelfTest { judged: Judged { findings, not_asked, verdict }, run })
}

/// The rounds of both halves of each cell in `taken`, one after the other.
fn split(run: &Run, taken: &[usize]) -> Result<Vec<Vec<Round>>, RunDirError> {
    let is_open: Vec<Option<bool>> =
        taken.iter().flat_map(|place| [Some(run.cells[*place].is_open_load()); 2]).collect();
    let coins: Vec<Vec<bool>> = taken.iter().map(|place| coins(run, &run.cells[*place])).collect();
    let of_note: Vec<Option<usize>> = places_of_notes(run)
        .into_iter()
        .map(|place| place.and_then(|place| taken.iter().position(|taken| *taken == place)))
        .collect();
    observe_as(run, &is_open, |cell, sample| {
        let cell = of_note[cell]?;
        let coin = coins[cell].get(sample.index as usize / 2)?;
        let is_other = (sample.index % 2 == 1) ^ coin;
        Some(2 * cell + usize::from(is_other))
    })
}

/// A coin for each two neighbours of a cell.
fn coins(run: &Run, row: &CellRow) -> Vec<bool> {
    let mut rng = seeded(run.manifest.seed, &format!("the halves of {} in {}", row.cell, run.manifest.run_id));
    let note = run.manifest.cells.iter().find(|note| note.cell == row.cell);
    let requests = note.map_or(row.requests, |note| note.requests.max(row.requests));
    (0..requests.div_ceil(2)).map(|_| rng.bool()).collect()
}

/// `run` with two cells for each in `taken`, of the requests that each half got.
fn doubled(run: &Run, taken: &[usize], observed: &[Vec<Round>]) -> Run {
    let mut cells: Vec<CellRow> = Vec::new();
    let mut notes: Vec<CellNote> = Vec::new();
    let mut validity: Vec<Validity> = Vec::new();
    for (index, place) in taken.iter().enumerate() {
        let row = &run.cells[*place];
        for (half, name) in PRETENDED.iter().enumerate() {
            let slug = format!("{name}/{}", row.cell);
            let requests = observed[2 * index + half].iter().map(|round| round.requests).sum();
            let variant = Some((*name).to_owned());
            cells.push(CellRow { cell: slug.clone(), variant: variant.clone(), requests, ..row.clone() });
            let note = run.manifest.cells.iter().find(|note| note.cell == row.cell);
            notes.extend(note.map(|note| CellNote {
                cell: slug.clone(),
                variant,
                requests: note.requests / 2,
                ..note.clone()
            }));
            let judged = run.manifest.validity.iter().find(|judged| judged.cell == row.cell);
            validity.extend(judged.map(|judged| Validity { cell: slug.clone(), ..judged.clone() }));
        }
    }
    let mut manifest = run.manifest.clone();
    manifest.variants = PRETENDED.map(str::to_owned).to_vec();
    (manifest.cells, manifest.validity) = (notes, validity);
    Run { path: run.path.clone(), manifest, cells, warnings: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Seen;
    use crate::gate::fixture::{Cell, SAME, SIDE, Side, made_up};

    const RULES: &str = "schema = 1\n[[regression]]\nmetric = \"ttft_p50_ms\"\nmargin = \"10%\"\nrule_out = \"60%\"\n\
                         [[regression]]\nmetric = \"list_output_usd_per_mtok\"\nmargin = \"0%\"\n";

    fn policy(rules: &str) -> Policy {
        Policy::parse("gate.toml", rules).unwrap()
    }

    #[test]
    fn neighbours_go_to_both_halves_and_the_candidate_is_left_out() {
        let slow = Side { median_ms: 900.0, ..SIDE };
        let made = made_up(20, &[Cell { candidate: Some(slow), ..SAME }]);
        let tested = self_test(&policy(RULES), &made.run).unwrap();
        assert_eq!((tested.run.cells.len(), tested.judged.findings.len()), (2, 1), "{:?}", tested.judged);
        assert!(tested.tells() && tested.judged.findings[0].ruling == Ruling::Holds, "{:?}", tested.judged);
        let Seen::Change(change) = tested.judged.findings[0].seen else { panic!("{:?}", tested.judged) };
        assert_eq!((change.requests, change.rounds), ([500, 500], 20));
        assert_eq!(self_test(&policy(RULES), &made.run).unwrap(), tested, "one draw a run");
    }

    #[test]
    fn runs_of_different_names_are_split_otherwise() {
        let mut made = made_up(20, &[SAME]);
        let change = |run: &Run| match self_test(&policy(RULES), run).unwrap().judged.findings[0].seen {
            Seen::Change(change) => change.candidate,
            _ => panic!("a median is compared"),
        };
        let first = change(&made.run);
        made.run.manifest.run_id = "another".to_owned();
        assert!((first - change(&made.run)).abs() > f64::EPSILON);
    }

    #[test]
    fn halves_that_are_too_small_for_a_rule_tell_nothing() {
        let p99 = "schema = 1\n[[regression]]\nmetric = \"e2e_p99_ms\"\nmargin = \"10%\"\n";
        let tested = self_test(&policy(p99), &made_up(20, &[SAME]).run).unwrap();
        assert_eq!(tested.untold(), Some(Untold::TooFewRequests));
        assert!(!tested.tells() && tested.judged.findings[0].would_settle == Some(2_000), "{:?}", tested.judged);
    }

    #[test]
    fn what_may_not_be_judged_and_what_matches_nothing_are_told_apart_from_too_few_requests() {
        let mut made = made_up(20, &[SAME]);
        assert_eq!(self_test(&policy(RULES), &made.run).unwrap().untold(), None);
        let other = RULES.replace("metric = \"ttft", "match = { model = \"glm-*\" }\nmetric = \"ttft");
        assert_eq!(self_test(&policy(&other), &made.run).unwrap().untold(), Some(Untold::NothingMatches));
        made.run.cells.iter_mut().for_each(|cell| cell.valid = Some(false));
        let reasons = vec!["the client was late".to_owned()];
        made.run.manifest.validity = made
            .run
            .cells
            .iter()
            .map(|cell| Validity { cell: cell.cell.clone(), valid: false, reasons: reasons.clone() })
            .collect();
        let untold = self_test(&policy(RULES), &made.run).unwrap().untold();
        assert_eq!(untold, Some(Untold::NotJudged(Why::NotValid(reasons))));
    }
}
