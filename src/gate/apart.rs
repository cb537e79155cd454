//! A run held against an earlier one: advice on what was measured, and a verdict on promises and list prices.

use crate::gate::finding::{Finding, Rule, Ruling, Verdict};
use crate::gate::judge::{Judged, ruled, verdict};
use crate::gate::kept_rounds::can_compare;
use crate::gate::measure::Measure;
use crate::gate::named::Named;
use crate::gate::nights::compare_nights;
use crate::gate::observed::observe;
use crate::gate::policy::{Policy, Severity};
use crate::gate::regression::{Compared, compare_by};
use crate::gate::regressions::{compared_drafts, pairs_taken};
use crate::gate::slo::slo_drafts;
use crate::history::History;
use crate::rundir::{CellNote, CellRow, RoutingNote, Run, RunDirError, TableNote, Validity};

/// Two runs held against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Apart {
    /// The policy, in which comparisons of what was measured only warn: that is how they are judged here.
    pub policy: Policy,
    /// The cells of the candidate and, behind them, those of the baseline: what findings refer to.
    pub run: Run,
    /// What became of the policy.
    pub judged: Judged,
}

/// Holds `candidate` against every rule of `policy` by itself, and against `baseline`, an earlier run of the same.
///
/// SLOs and list prices are judged as in a single run. Comparisons of what was measured in two different nights are advice: an
/// unchanged provider differs by more than a tenth from one night to the next, so that without a `history` nothing is concluded
/// from them, and with one no more than what its nights allow. They never make the verdict worse than inconclusive, and that
/// only where the policy blocks on inconclusive runs; but where a rule that blocks finds nothing to compare, as where a cell or a
/// metric vanished, the verdict is invalid.
///
/// # Errors
/// The files of a run cannot be read.
pub fn judge_runs(
    policy: &Policy,
    baseline: &Run,
    candidate: &Run,
    history: Option<&History>,
) -> Result<Apart, RunDirError> {
    let mut not_asked = Vec::new();
    let mut drafts = slo_drafts(policy, candidate, history, &mut not_asked)?;
    let joined = joined(baseline, candidate);
    let can_compare = can_compare(baseline) && can_compare(candidate);
    let measures = can_compare && policy.regressions.iter().any(|rule| !rule.measure.is_exact());
    let mut observed = observe(candidate, &vec![measures; candidate.cells.len()])?;
    observed.extend(observe(baseline, &vec![measures; baseline.cells.len()])?);
    let named: Vec<Named<'_>> = joined.cells.iter().map(Named::from).collect();
    let pairs = pairs_taken(&joined, &named, VARIANTS[0], VARIANTS[1]);
    let compared = Compared { run: &joined, observed: &observed, alpha: policy.alpha };
    let before = history.map(|history| before(history, candidate));
    let found = |index: usize, pool| {
        compare_by(&compared, index, &policy.regressions[index], pool, |rule, pool| {
            compare_nights(&compared, rule, pool, before.as_ref())
        })
    };
    let may_ask = |measure: Measure| measure.is_exact() || can_compare;
    drafts.extend(compared_drafts(policy, &named, &pairs, may_ask, found, &mut not_asked));
    let advisory = advisory(policy);
    let findings = ruled(&advisory, drafts);
    let verdict = match verdict(&advisory, &findings) {
        Verdict::Passed | Verdict::Inconclusive if any(policy, &findings, &[Ruling::Invalid]) => Verdict::Invalid,
        Verdict::Passed
            if policy.inconclusive.runs == Severity::Block
                && any(policy, &findings, &[Ruling::Broken, Ruling::CannotTell]) =>
        {
            Verdict::Inconclusive
        }
        verdict => verdict,
    };
    Ok(Apart { policy: advisory, run: joined, judged: Judged { findings, not_asked, verdict } })
}

/// The names by which cells of either run are told apart while they are compared.
const VARIANTS: [&str; 2] = ["baseline", "candidate"];

/// The policy with comparisons of what was measured as warnings.
fn advisory(policy: &Policy) -> Policy {
    let mut advisory = policy.clone();
    for rule in advisory.regressions.iter_mut().filter(|rule| !rule.measure.is_exact()) {
        rule.severity = Severity::Warn;
    }
    advisory
}

/// Whether any comparison that would block within one run came out so.
fn any(policy: &Policy, findings: &[Finding], rulings: &[Ruling]) -> bool {
    findings.iter().any(|finding| {
        matches!(finding.rule, Rule::Regression(_))
            && policy.severity(finding.rule) == Severity::Block
            && rulings.contains(&finding.ruling)
    })
}

/// The nights of `history` before `run`: what is held against them must not be among them.
fn before(history: &History, run: &Run) -> History {
    let started = run.manifest.started_at.parse().ok();
    let nights = history.nights.iter().filter(|night| started.is_some_and(|started| night.started < started));
    History { nights: nights.cloned().collect(), warnings: Vec::new() }
}

/// One run of two variants: the cells of `candidate`, in their order, then those of `baseline`.
fn joined(baseline: &Run, candidate: &Run) -> Run {
    let mut manifest = candidate.manifest.clone();
    let name = |run: &Run| run.manifest.run_id.clone();
    manifest.run_id = format!("{} against {}", name(candidate), name(baseline));
    let partial = [candidate, baseline].map(|run| run.manifest.status).into_iter().find(|status| status.is_partial());
    manifest.status = partial.unwrap_or(manifest.status);
    manifest.variants = VARIANTS.map(str::to_owned).to_vec();
    let sides = [(candidate, VARIANTS[1]), (baseline, VARIANTS[0])];
    let slug = |variant: &str, cell: &str| format!("{variant}/{cell}");
    manifest.cells = sides
        .iter()
        .flat_map(|(run, variant)| {
            run.manifest.cells.iter().map(|note| CellNote {
                cell: slug(variant, &note.cell),
                variant: Some((*variant).to_owned()),
                ..note.clone()
            })
        })
        .collect();
    manifest.validity = sides
        .iter()
        .flat_map(|(run, variant)| {
            run.manifest.validity.iter().map(|one| Validity { cell: slug(variant, &one.cell), ..one.clone() })
        })
        .collect();
    manifest.tables = sides
        .iter()
        .flat_map(|(run, variant)| {
            let of = |table: &TableNote| TableNote { variant: Some((*variant).to_owned()), ..table.clone() };
            run.manifest.tables.iter().map(of)
        })
        .collect();
    manifest.routing = sides
        .iter()
        .flat_map(|(run, variant)| {
            let of = |note: &RoutingNote| RoutingNote { cell: slug(variant, &note.cell), ..note.clone() };
            run.manifest.routing.iter().map(of)
        })
        .collect();
    let cells = sides.iter().flat_map(|(run, variant)| {
        run.cells.iter().map(|row| CellRow {
            cell: slug(variant, &row.cell),
            variant: Some((*variant).to_owned()),
            ..row.clone()
        })
    });
    Run { path: candidate.path.clone(), manifest, cells: cells.collect(), warnings: Vec::new() }
}

#[cfg(test)]
mod tests;
