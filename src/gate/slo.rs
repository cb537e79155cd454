//! The SLOs of a policy: what became of each in each cell of a run.

use crate::gate::draft::{Draft, Test};
use crate::gate::finding::{Finding, Place, Rule, Ruling, Seen, Why};
use crate::gate::good::{Counted, Wanted, count, limit_of};
use crate::gate::judge::{NotAsked, Unasked};
use crate::gate::named::Named;
use crate::gate::obstacle::obstacle;
use crate::gate::policy::{Policy, Promise, Slo, Timed};
use crate::gate::promise::kept;
use crate::gate::window::window_drafts;
use crate::history::History;
use crate::rundir::{CellRow, Run, RunDirError};

/// Every SLO of `policy`, for each cell of `run` that it matches: about this run alone, or over the runs of `history` in its window;
/// those that cannot be asked go to `not_asked`.
pub(in crate::gate) fn slo_drafts(
    policy: &Policy,
    run: &Run,
    history: Option<&History>,
    not_asked: &mut Vec<NotAsked>,
) -> Result<Vec<Draft>, RunDirError> {
    let mut asked: Vec<Asked<'_>> = Vec::new();
    for (index, slo) in policy.slos.iter().enumerate() {
        let mut unasked = |reason| not_asked.push(NotAsked { rule: Rule::Slo(index), reason });
        if slo.window_days.is_some() {
            continue;
        }
        let cells = (0..run.cells.len()).filter(|cell| slo.matches.takes(&Named::from(&run.cells[*cell])));
        let cells: Vec<usize> = cells.filter(|cell| is_taken(&run.cells[*cell])).collect();
        if cells.is_empty() {
            unasked(Unasked::NothingMatches);
        } else if slo.promise.is_about_answers() && !run.has_samples() {
            unasked(Unasked::NoRequests);
        } else if !has_metric(&slo.promise, cells.iter().map(|cell| &run.cells[*cell])) {
            unasked(Unasked::NoMetric { places: cells.len(), of: cells.len() });
        } else {
            asked.extend(cells.into_iter().map(|cell| Asked { index, slo, cell }));
        }
    }
    let wanted: Vec<Wanted<'_>> =
        asked.iter().map(|one| Wanted { row: &run.cells[one.cell], promise: &one.slo.promise }).collect();
    let counted = count(run, &wanted)?;
    let mut drafts: Vec<Draft> = asked.iter().zip(counted).map(|(asked, counted)| asked.draft(run, counted)).collect();
    drafts.extend(window_drafts(policy, run, history, not_asked)?);
    // In the policy's order, which windows would break.
    drafts.sort_by_key(|draft| match draft.finding.rule {
        Rule::Slo(index) | Rule::Regression(index) => index,
    });
    Ok(drafts)
}

/// Whether the cell is no route that not one request took: nothing is promised of what nobody asked for, while its table as a
/// whole must have been asked.
pub(in crate::gate) const fn is_taken(row: &CellRow) -> bool {
    row.route.is_none() || row.requests > 0
}

/// An SLO in a cell.
struct Asked<'a> {
    index: usize,
    slo: &'a Slo,
    cell: usize,
}

impl Asked<'_> {
    fn draft(&self, run: &Run, Counted { requests, good }: Counted) -> Draft {
        let bad = requests.saturating_sub(good);
        let why = obstacle(run, self.cell).or_else(|| (requests == 0).then_some(Why::NoRequests));
        let is_judged = why.is_none();
        slo_draft((self.index, self.slo), self.cell, (requests, bad), is_judged, why)
    }
}

/// What `bad` of so many requests say of an SLO, where they may be judged.
pub(in crate::gate) fn slo_draft(
    (index, slo): (usize, &Slo),
    cell: usize,
    (requests, bad): (u64, u64),
    is_judged: bool,
    why: Option<Why>,
) -> Draft {
    let allowed = slo.promise.bad_share();
    let kept = kept(requests, bad, allowed).filter(|_| is_judged);
    Draft {
        finding: Finding {
            rule: Rule::Slo(index),
            place: Place::Cell(cell),
            seen: Seen::Counts { requests, bad },
            ruling: if kept.is_some() { Ruling::CannotTell } else { Ruling::Invalid },
            p: None,
            would_settle: None,
            why,
        },
        test: kept.map(|kept| Test::Promise { kept, allowed, confidence: slo.confidence }),
    }
}

/// Whether any of the cells has what is promised, as far as it has answers at all.
pub(in crate::gate) fn has_metric<'a>(promise: &Promise, mut rows: impl Iterator<Item = &'a CellRow>) -> bool {
    match promise {
        Promise::Quality { .. } => rows.any(|row| row.quality_ratio.is_some() || row.ok == 0),
        Promise::Consistency { .. } => rows.any(|row| row.answer_variants.is_some() || row.ok == 0),
        _ if matches!(limit_of(promise), Some((Timed::Ttft, _))) => {
            rows.any(|row| row.ttft_p50_ms.is_some() || row.ok == 0)
        }
        _ => true,
    }
}
