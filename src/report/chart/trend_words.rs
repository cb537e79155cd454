//! What the trend chart says beside its pictures: the notice, the legend and the caption.

use crate::history::{CellLine, Drift, LEAST_NIGHTS, MOST_NIGHTS};
use crate::report::chart::legend::Sign;
use crate::report::figures;
use crate::report::parts::Word;
use crate::report::shown::LEAST_FOR_P99;
use crate::report::trend::words::origin;
use crate::rundir::CellRow;

/// What the picture must not be taken without; absent where every reply was live.
pub(crate) fn notice(lines: &[CellLine<'_>]) -> Option<String> {
    match origin(lines) {
        "live" => None,
        origin => Some(origin.to_uppercase()),
    }
}

/// The signs that stand in the panels of `lines`.
pub(crate) fn signs(lines: &[CellLine<'_>]) -> Vec<(Sign, String)> {
    let any = |test: &dyn Fn(&CellLine<'_>) -> bool| lines.iter().any(test);
    let unjudged = |line: &CellLine<'_>| line.series.points.iter().any(|point| !point.is_judged());
    let priced =
        |line: &CellLine<'_>| line.series.points.iter().any(|point| point.row.list_output_usd_per_mtok.is_some());
    let all = [
        (any(&|line| line.judged() > 0), Sign::Stretch, "p50 (firm) to p99 (thin)"),
        (
            any(&|line| line.alerts.iter().any(|alert| alert.ratio > 1.0)),
            Sign::Verdict(Some(Word::Misses)),
            "slower than expected",
        ),
        (
            any(&|line| line.alerts.iter().any(|alert| alert.ratio < 1.0)),
            Sign::Verdict(Some(Word::Meets)),
            "faster than expected",
        ),
        (
            any(&|line| matches!(line.drift, Drift::TooFew(_))),
            Sign::Verdict(Some(Word::CannotTell)),
            "too few nights to compare",
        ),
        (any(&|line| !line.changes.is_empty()), Sign::Knee, "a new level begins"),
        (any(&unjudged), Sign::Verdict(Some(Word::Invalid)), "not judged"),
        (any(&|line| !line.turns.is_empty()), Sign::Turn, "price, tool or workload changed: counting starts anew"),
        (any(&priced), Sign::Price, "list price of output tokens, from $0"),
    ];
    all.into_iter().filter(|(shown, ..)| *shown).map(|(_, sign, words)| (sign, words.to_owned())).collect()
}

/// What was measured, what an alert is, and what is not in the picture.
pub(crate) fn caption(lines: &[CellLine<'_>], all: usize) -> String {
    let rows = || lines.iter().flat_map(|line| &line.series.points).map(|point| point.row);
    let metric = match () {
        () if rows().all(CellRow::is_open_load) => "End-to-end latency of successes from the moment they were due",
        () if rows().any(CellRow::is_open_load) => {
            "End-to-end latency of successes, in open load from the moment they were due"
        }
        () => "End-to-end latency of successes",
    };
    let asked = || rows().map(|row| row.requests).filter(|requests| *requests > 0);
    let n = match (asked().min(), asked().max()) {
        (Some(least), Some(most)) => format!("n = {} requests a night", figures::count_or_range(least, most)),
        _ => "no request was measured".to_owned(),
    };
    let dates = || lines.iter().flat_map(|line| &line.series.points).map(|point| point.night.date());
    let window = match (dates().min(), dates().max()) {
        (Some(first), Some(last)) => format!(", from {first} to {last}"),
        _ => String::new(),
    };
    let mut says = vec![
        format!("Lower is better. {metric}, each cell on an axis of its own; {n}{window}, {}", origin(lines)),
        format!(
            "Alerts: p50 or p95 outside of what the {LEAST_NIGHTS} to {MOST_NIGHTS} judged nights before let expect (Student's t \
             on logarithms); over all cells by chance in 1 night of 100 on either side"
        ),
        "New levels of p50 are found over all nights together (PELT)".to_owned(),
    ];
    if rows().any(|row| row.ok > 0 && row.ok < LEAST_FOR_P99) {
        says.push(format!("Below {LEAST_FOR_P99} successes there is no p99"));
    }
    if all > lines.len() {
        says.push(format!(
            "Drawn are the {} cells that most deserve a look; the other {} are in the table and in trend.csv",
            lines.len(),
            figures::count((all - lines.len()) as u64)
        ));
    }
    says.join(". ") + "."
}
